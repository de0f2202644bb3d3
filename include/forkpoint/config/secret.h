#pragma once
/* Secrets are read when they are needed, from where the configuration says they stand. */
#include "forkpoint/base/buf.h"
#include "forkpoint/config/config.h"

/* Replaces buf's content by the secret, without trailing line ends; empty when none is configured.
 * -FP_ERROR_DENIED when the variable is not set or the file cannot be read: the text names the
 * variable or file, never the value. */
int fp_config_secret_read(
	const struct fp_config_secret *secret, struct fp_buf *buf, struct fp_error *error);
