/*
 * forkpoint serve: starts the parts in order, waits for signals, stops them in reverse.
 *
 * SIGTERM and SIGINT stop; SIGHUP reads the configuration again. A configuration that was in force
 * is kept until the end, because snapshots made under it may still be read.
 */
#include "commands.h"
#include "daemon.h"
#include "hook_secrets.h"

#include "forkpoint/base/file.h"
#include "forkpoint/base/log.h"
#include "forkpoint/base/time.h"
#include "forkpoint/mirror/mirror.h"
#include "forkpoint/service/as_of.h"
#include "forkpoint/service/overrides.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

enum { FILES_KEPT = 128 };
static const int64_t LOG_AGAIN_US = 60 * FP_US_PER_S;

static void wake_server(void *context)
{
	struct daemon *daemon = context;
	struct fp_http_server *server = atomic_load(&daemon->server);

	if (server)
		fp_http_server_wake(server);
}

/* Something was published, or a look ended. */
static void on_look(void *context)
{
	struct daemon *daemon = context;
	struct fp_watch *watch = atomic_load(&daemon->watch);

	wake_server(daemon);
	if (watch)
		fp_watch_look(watch);
}

enum trouble_news { NO_NEWS, TROUBLE, RECOVERED };

static enum trouble_news take_trouble(struct daemon_trouble *trouble, const struct fp_error *error)
{
	int64_t now_us = fp_clock_monotonic_us();
	bool before = trouble->text[0] != '\0';

	if (error && before && now_us - trouble->logged_us < LOG_AGAIN_US &&
		strcmp(trouble->text, error->text) == 0)
		return NO_NEWS;
	snprintf(trouble->text, sizeof(trouble->text), "%s", error ? error->text : "");
	trouble->logged_us = now_us;
	if (error)
		return TROUBLE;
	return before ? RECOVERED : NO_NEWS;
}

static void on_watch_trouble(void *context, const struct fp_error *error)
{
	struct daemon *daemon = context;
	enum trouble_news news = take_trouble(&daemon->watching, error);

	if (news == TROUBLE)
		fp_log_error(FP_LOG_ERROR, "events.failed", error, "retry_s=1");
	else if (news == RECOVERED)
		fp_log(FP_LOG_INFO, "events.recovered", "events=kept");
}

static void on_recorder_trouble(void *context, const struct fp_error *error)
{
	struct daemon *daemon = context;
	enum trouble_news news = take_trouble(&daemon->recording, error);

	if (news == TROUBLE)
		fp_log_error(FP_LOG_ERROR, "recorder.failed", error, "data_dir=%s",
			daemon_data_dir(daemon));
	else if (news == RECOVERED)
		fp_log(FP_LOG_INFO, "recorder.recovered", "data_dir=%s", daemon_data_dir(daemon));
}

static void on_recorder_turned(void *context, const struct fp_recorder_state *state,
	const struct fp_recorder_state *before)
{
	const char *data_dir = daemon_data_dir(context);

	if (state->disk_low != before->disk_low)
		fp_log(state->disk_low ? FP_LOG_WARNING : FP_LOG_INFO,
			state->disk_low ? "disk.low" : "disk.enough",
			"data_dir=%s free=%llu wanted=%llu", data_dir,
			(unsigned long long)state->disk_free_bytes,
			(unsigned long long)state->disk_wanted_bytes);
	if (state->log_held && !before->log_held)
		fp_log(FP_LOG_WARNING, "database.log_held",
			"data_dir=%s held=%llu text=\"somebody has been reading facts.db for long; "
			"its log grows until he ends\"",
			data_dir, (unsigned long long)state->log.held_bytes);
	if (!state->log_held && before->log_held)
		fp_log(FP_LOG_INFO, "database.log_freed", "data_dir=%s", data_dir);
}

/* On the thread that syncs, thousands of times a second. */
static void on_synced(void *context, const struct fp_error *error)
{
	struct daemon *daemon = context;
	struct fp_http_server *server = atomic_load(&daemon->server);
	enum trouble_news news = NO_NEWS;

	if (server)
		fp_http_server_wake_held(server);
	if (error || daemon->syncing.text[0])
		news = take_trouble(&daemon->syncing, error);
	if (news == TROUBLE)
		fp_log_error(FP_LOG_ERROR, "journal.not_synced", error, "retry_ms=500");
	else if (news == RECOVERED)
		fp_log(FP_LOG_INFO, "journal.synced_again", "data_dir=%s", daemon_data_dir(daemon));
}

/* ---- starting ---- */

static void raise_file_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
}

/* Connections must not take the descriptors that databases, feeds and mirrors work with. */
static unsigned connections_within_limit(unsigned wanted)
{
	struct rlimit limit;
	rlim_t room;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur == RLIM_INFINITY)
		return wanted;
	room = limit.rlim_cur > 2 * FILES_KEPT ? limit.rlim_cur - FILES_KEPT : limit.rlim_cur / 2;
	if (room >= wanted)
		return wanted;
	fp_log(FP_LOG_WARNING, "http.fewer_connections",
		"max_connections=%u wanted=%u text=\"the limit of open files is %llu: raise it "
		"(ulimit -n, LimitNOFILE) or lower http.max_connections\"",
		(unsigned)room, wanted, (unsigned long long)limit.rlim_cur);
	return (unsigned)room;
}

static int start_recorder(struct daemon *daemon, uint64_t last_id, struct fp_error *error)
{
	const struct fp_config *config = daemon_config(daemon);
	const struct fp_recorder_listener listener = {
		.trouble = on_recorder_trouble,
		.turned = on_recorder_turned,
		.context = daemon,
	};
	int r = fp_journal_open(
		config->data_dir, config->history_journal_bytes, last_id, &daemon->journal, error);

	if (r >= 0 && config->history_durability == FP_DURABILITY_MACHINE)
		r = fp_journal_sync_start(
			daemon->journal, config->data_dir, on_synced, daemon, error);
	if (r >= 0)
		r = fp_recorder_start(
			daemon->journal, config->data_dir, &listener, &daemon->recorder, error);
	if (r >= 0)
		fp_recorder_set_limits(
			daemon->recorder, config->history_keep_us, config->history_max_bytes);
	return r;
}

/* A line for each. */
static void log_notes(struct fp_buf *notes)
{
	for (char *note = notes->data, *end; note && (end = strchr(note, '\n')); note = end + 1) {
		*end = '\0';
		fp_log(FP_LOG_INFO, "store.prepared", "text=%s", fp_log_quote(note).text);
	}
}

static int open_store(struct daemon *daemon, struct fp_error *error)
{
	const struct fp_config *config = daemon_config(daemon);
	FP_CLEANUP(fp_store_close_cleanup) struct fp_store *store = NULL;
	struct fp_buf FP_CLEANUP_BUF notes = {0};
	uint64_t last_id = 0;
	int r = fp_folder_create(config->data_dir, error);

	fp_buf_init(&notes, 64 * 1024);
	if (r >= 0)
		r = fp_store_prepare(config->data_dir, &daemon->lock, &notes, error);
	log_notes(&notes);
	if (r >= 0)
		r = daemon_note_config(daemon, error);
	if (r >= 0)
		r = fp_store_open(config->data_dir, true, &store, error);
	if (r >= 0)
		r = fp_store_last_record_id(store, &last_id, error);
	if (r >= 0)
		r = start_recorder(daemon, last_id, error);
	return r;
}

static int start_sync(struct daemon *daemon, struct fp_error *error)
{
	const struct fp_config *config = daemon_config(daemon);
	const struct fp_sync_options options = {
		.data_dir = config->data_dir,
		.program = "/proc/self/exe",
		.woken = on_look,
		.context = daemon,
	};
	struct fp_settings *settings = fp_settings_from_config(config);
	struct fp_snapshot *first = settings ? fp_snapshot_new(settings) : NULL;

	fp_settings_unref(settings);
	daemon->publisher = first ? fp_publisher_new(first) : NULL;
	if (!daemon->publisher) {
		fp_snapshot_free(first);
		return fp_error_memory(error);
	}
	return fp_sync_start(&options, config, daemon->publisher, &daemon->sync, error);
}

/* ---- libgit2 ---- */

/* libgit2 reads the system's certificates, which takes as long as the databases: beside them. */
struct library_start {
	pthread_t thread;
	int result;
	struct fp_error error;
};

static void *start_library(void *context)
{
	struct library_start *start = context;

	start->result = fp_mirror_library_init(&start->error);
	return NULL;
}

static int open_store_and_library(struct daemon *daemon, struct fp_error *error)
{
	struct library_start library = {0};
	bool is_beside = pthread_create(&library.thread, NULL, start_library, &library) == 0;
	int r = open_store(daemon, error);

	if (is_beside)
		pthread_join(library.thread, NULL);
	else
		start_library(&library);
	daemon->library_open = library.result >= 0;
	if (r < 0 || library.result >= 0)
		return r;
	*error = library.error;
	return library.result;
}

/* Decisions of earlier runs come into force before anything is answered. */
static int load_overrides(struct daemon *daemon, struct fp_error *error)
{
	FP_CLEANUP(fp_store_close_cleanup) struct fp_store *store = NULL;
	int r = fp_store_open(daemon->service.data_dir, false, &store, error);

	if (r >= 0)
		r = fp_service_expire_overrides(&daemon->service, store, error);
	if (r >= 0)
		r = fp_service_publish_overrides(&daemon->service, store, error);
	return r;
}

static int start_watch(struct daemon *daemon, struct fp_error *error)
{
	const struct fp_watch_options options = {
		.service = &daemon->service,
		.told = wake_server,
		.trouble = on_watch_trouble,
		.context = daemon,
	};
	struct fp_watch *watch;
	int r = fp_watch_start(&options, &watch, error);

	if (r < 0)
		return r;
	daemon->service.watch = watch;
	atomic_store(&daemon->watch, watch);
	return 0;
}

static int start_server(struct daemon *daemon, struct fp_error *error)
{
	const struct fp_config *config = daemon_config(daemon);
	FP_CLEANUP_FREE struct fp_http_listen *listen =
		calloc(config->listen_count + 1, sizeof(*listen));
	struct fp_http_options options = {
		.listen = listen,
		.listen_count = config->listen_count,
		.threads = config->http_threads,
		.max_connections = connections_within_limit(config->http_max_connections),
		.allow_origin = config->http_allow_origin,
	};
	struct fp_http_server *server;
	int r;

	if (!listen)
		return fp_error_memory(error);
	for (size_t i = 0; i < config->listen_count; i++)
		listen[i] =
			(struct fp_http_listen){config->listen[i].address, config->listen[i].port};
	daemon->worlds = fp_worlds_new();
	daemon->sticky = fp_sticky_new(config->history_sticky_us);
	daemon->hooks = fp_hooks_new();
	if (!daemon->worlds || !daemon->sticky || !daemon->hooks ||
		fp_hooks_set_from_config(daemon->hooks, config) < 0)
		return fp_error_memory(error);
	r = fp_sticky_load(daemon->sticky, config->data_dir, fp_clock_real_us(), error);
	if (r < 0)
		return r;
	daemon->service = (struct fp_service){
		.publisher = daemon->publisher,
		.journal = daemon->journal,
		.recorder = daemon->recorder,
		.answers_unrecorded = config->history_when_full == FP_WHEN_FULL_ANSWER,
		.unrecorded = &daemon->unrecorded,
		.data_dir = config->data_dir,
		.outside = fp_sync_outside(daemon->sync),
		.worlds = daemon->worlds,
		.hooks = daemon->hooks,
		.sticky = daemon->sticky,
		.settings_from_text = fp_settings_from_text,
		.started_us = fp_clock_real_us(),
	};
	r = load_overrides(daemon, error);
	if (r >= 0)
		r = start_watch(daemon, error);
	if (r >= 0)
		r = fp_http_server_start(&options, &daemon->service, &server, error);
	if (r < 0)
		return r;
	atomic_store(&daemon->server, server);
	for (size_t i = 0; i < config->listen_count; i++)
		fp_log(FP_LOG_INFO, "http.listening", "address=%s port=%u",
			config->listen[i].address,
			i ? config->listen[i].port : fp_http_server_port(server));
	return 0;
}

static int start(struct daemon *daemon, struct fp_error *error)
{
	int r = daemon_read_config(daemon, error);

	if (r < 0)
		return r;
	daemon_set_log_level(daemon);
	raise_file_limit();
	r = open_store_and_library(daemon, error);
	if (r >= 0)
		r = start_sync(daemon, error);
	if (r >= 0)
		r = start_server(daemon, error);
	return r;
}

/* ---- stopping ---- */

static void stop(struct daemon *daemon)
{
	struct fp_http_server *server = atomic_load(&daemon->server);

	fp_http_server_stop(server);
	fp_sync_stop(daemon->sync); /* its threads wake the server and the watch */
	fp_watch_stop(atomic_load(&daemon->watch));
	fp_http_server_free(server);
	fp_recorder_stop(daemon->recorder);
	fp_journal_close(daemon->journal);
	fp_worlds_free(daemon->worlds);
	fp_hooks_free(daemon->hooks);
	fp_sticky_free(daemon->sticky);
	fp_publisher_free(daemon->publisher);
	if (daemon->library_open)
		fp_mirror_library_shutdown();
	fp_store_unlock(daemon->lock);
	for (size_t i = 0; i < daemon->config_count; i++)
		fp_config_free(daemon->configs[i]);
}

/* ---- running ---- */

static void wait_for_signals(struct daemon *daemon, const sigset_t *signals)
{
	int signal_number;

	while (sigwait(signals, &signal_number) == 0) {
		if (signal_number == SIGHUP) {
			daemon_reload(daemon);
			continue;
		}
		fp_log(FP_LOG_INFO, "daemon.stopping", "signal=%s",
			signal_number == SIGTERM ? "TERM" : "INT");
		return;
	}
}

/* Blocked in every thread, taken by sigwait; a client that leaves must not kill the daemon. */
static void take_signals(sigset_t *signals)
{
	sigemptyset(signals);
	sigaddset(signals, SIGTERM);
	sigaddset(signals, SIGINT);
	sigaddset(signals, SIGHUP);
	pthread_sigmask(SIG_BLOCK, signals, NULL);
	signal(SIGPIPE, SIG_IGN);
}

int fp_command_serve(int count, char **arguments)
{
	struct daemon *daemon;
	struct fp_error error;
	sigset_t signals;
	int r;

	if (count != 2 || strcmp(arguments[0], "--config") != 0) {
		fputs("forkpoint: usage: forkpoint serve --config FILE\n", stderr);
		return FP_EXIT_USAGE;
	}
	daemon = calloc(1, sizeof(*daemon));
	if (!daemon)
		return FP_EXIT_FAILURE;
	daemon->config_path = arguments[1];
	take_signals(&signals);
	r = start(daemon, &error);
	if (r >= 0) {
		fp_log(FP_LOG_INFO, "daemon.started", "version=%s", FP_VERSION);
		wait_for_signals(daemon, &signals);
	} else {
		fp_log_error(FP_LOG_ERROR, "daemon.not_started", &error, "version=%s", FP_VERSION);
	}
	stop(daemon);
	if (r >= 0)
		fp_log(FP_LOG_INFO, "daemon.stopped", "version=%s", FP_VERSION);
	free(daemon);
	return r < 0 ? FP_EXIT_FAILURE : FP_EXIT_OK;
}
