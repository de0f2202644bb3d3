#pragma once
#include "forkpoint/config/config.h"

/* Whether the two differ in what is bound to the start: that stays as it is, and the log says so.
 */
bool fp_config_needs_restart(const struct fp_config *old, const struct fp_config *new);
