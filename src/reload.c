/* The configurations of the running daemon: the first, and those that SIGHUP brings. */
#include "daemon.h"
#include "hook_secrets.h"

#include "forkpoint/base/log.h"
#include "forkpoint/base/time.h"

#include <stdio.h>

enum { PROBLEMS_MAX_BYTES = 1024 * 1024 };

struct fp_config *daemon_config(const struct daemon *daemon)
{
	return daemon->configs[daemon->config_count - 1];
}

const char *daemon_data_dir(const struct daemon *daemon)
{
	return daemon->configs[0]->data_dir;
}

int daemon_read_config(struct daemon *daemon, struct fp_error *error)
{
	struct fp_config_problems problems = {0};
	struct fp_buf FP_CLEANUP_BUF text = {0};
	struct fp_config *config = NULL;
	int r;

	fp_buf_init(&text, PROBLEMS_MAX_BYTES);
	if (daemon->config_count == DAEMON_CONFIGS_MAX)
		return fp_error_set(error, FP_ERROR_LIMIT,
			"the configuration was read %d times; restart to read it again",
			DAEMON_CONFIGS_MAX);
	r = fp_config_read(daemon->config_path, &config, &problems, error);
	if (r > 0) {
		fp_config_problems_write(&problems, daemon->config_path, &text);
		if (text.len)
			fputs(text.data, stderr);
		r = fp_error_set(error, FP_ERROR_INVALID, "%s has %zu problem%s, see above",
			daemon->config_path, problems.count, problems.count == 1 ? "" : "s");
	}
	fp_config_problems_release(&problems);
	if (r >= 0)
		daemon->configs[daemon->config_count++] = config;
	return r;
}

void daemon_set_log_level(const struct daemon *daemon)
{
	enum fp_log_level level;

	if (fp_log_parse_level(daemon_config(daemon)->log_level, &level))
		fp_log_set_level(level);
}

int daemon_note_config(const struct daemon *daemon, struct fp_error *error)
{
	const struct fp_config *config = daemon_config(daemon);
	FP_CLEANUP(fp_store_close_cleanup) struct fp_store *store = NULL;
	struct fp_buf FP_CLEANUP_BUF text = {0};
	int r = fp_store_open(daemon_data_dir(daemon), false, &store, error);

	fp_buf_init(&text, FP_CONFIG_PRINTED_MAX_BYTES);
	fp_config_print(config, &text);
	if (r >= 0)
		r = fp_buf_check(&text, error);
	if (r >= 0)
		r = fp_store_note_config(
			store, config->digest, fp_buf_str(&text), fp_clock_real_us(), error);
	return r;
}

/* The file that was just read comes into force, or is as if it had never been read. */
static int apply_config(struct daemon *daemon, struct fp_error *error)
{
	struct fp_config *config = daemon_config(daemon);
	int r = daemon_note_config(daemon, error);

	if (r >= 0)
		r = fp_sync_reload(daemon->sync, config, error);
	if (r >= 0)
		return fp_hooks_set_from_config(daemon->hooks, config) < 0 ? fp_error_memory(error)
									   : 0;
	daemon->config_count--;
	fp_config_free(config);
	return r;
}

/* Compared with the start's, so that every reading says what still waits for the next one. */
static void warn_of_restart(const struct daemon *daemon)
{
	struct fp_buf FP_CLEANUP_BUF names = {0};

	fp_buf_init(&names, 4096);
	fp_config_write_restart(daemon->configs[0], daemon_config(daemon), &names);
	if (names.len > 0)
		fp_log(FP_LOG_WARNING, "config.needs_restart", "settings=%s",
			fp_log_quote(fp_buf_str(&names).ptr).text);
}

void daemon_reload(struct daemon *daemon)
{
	struct fp_error error;
	int r = daemon_read_config(daemon, &error);

	if (r < 0) {
		fp_log_error(FP_LOG_ERROR, "config.refused", &error, "file=%s",
			fp_log_quote(daemon->config_path).text);
		return;
	}
	r = apply_config(daemon, &error);
	if (r < 0) {
		fp_log_error(FP_LOG_ERROR, "config.not_applied", &error, "file=%s",
			fp_log_quote(daemon->config_path).text);
		return;
	}
	daemon_set_log_level(daemon);
	fp_sticky_set_keep(daemon->sticky, daemon_config(daemon)->history_sticky_us);
	fp_recorder_set_limits(daemon->recorder, daemon_config(daemon)->history_keep_us,
		daemon_config(daemon)->history_max_bytes);
	fp_log(FP_LOG_INFO, "config.applied", "digest=%s", daemon_config(daemon)->digest);
	warn_of_restart(daemon);
}
