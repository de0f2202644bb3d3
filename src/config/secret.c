/* Secrets, from the environment or from files. */
#include "forkpoint/config/secret.h"

#include "forkpoint/base/file.h"

#include <stdlib.h>

static int read_environment(const char *name, struct fp_buf *buf, struct fp_error *error)
{
	const char *value = getenv(name);

	if (!value)
		return fp_error_set(error, FP_ERROR_DENIED,
			"the environment variable %s, which should hold a secret, is not set where "
			"Forkpoint runs",
			name);
	fp_buf_add_text(buf, value);
	return 0;
}

static int read_file(const char *path, struct fp_buf *buf, struct fp_error *error)
{
	if (fp_file_read(path, buf, error) < 0) {
		fp_error_prefix(error, "the secret's file cannot be read");
		error->code = FP_ERROR_DENIED;
		return -FP_ERROR_DENIED;
	}
	while (buf->len && (buf->data[buf->len - 1] == '\n' || buf->data[buf->len - 1] == '\r'))
		buf->data[--buf->len] = '\0';
	return 0;
}

int fp_config_secret_read(
	const struct fp_config_secret *secret, struct fp_buf *buf, struct fp_error *error)
{
	int r = 0;

	fp_buf_clear(buf);
	if (secret->env)
		r = read_environment(secret->env, buf, error);
	else if (secret->file)
		r = read_file(secret->file, buf, error);
	return r < 0 ? r : fp_buf_check(buf, error);
}
