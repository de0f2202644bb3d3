#pragma once
#include "forkpoint/config/config.h"
#include "forkpoint/service/hooks.h"

/* Reads the secrets and puts them in force. A hook whose secret cannot be read is off, which the
 * log says. 0 or -FP_ERROR_MEMORY. */
int fp_hooks_set_from_config(struct fp_hooks *hooks, const struct fp_config *config);
