#pragma once
/* The running daemon: its parts, started and stopped by serve.c, and its configurations. */
#include "forkpoint/config/config.h"
#include "forkpoint/http/server.h"
#include "forkpoint/service/sticky.h"
#include "forkpoint/service/watch.h"
#include "forkpoint/sync/sync.h"

enum { DAEMON_CONFIGS_MAX = 1024 };

/* What lasts is logged when it begins, when it changes, and once a minute; of one thread. */
struct daemon_trouble {
	char text[FP_ERROR_TEXT_MAX]; /* "" = none */
	int64_t logged_us;
};

struct daemon {
	const char *config_path;
	/* The first is the start's, the last is in force; but for the first they are the main
	 * thread's alone. */
	struct fp_config *configs[DAEMON_CONFIGS_MAX];
	size_t config_count;
	struct fp_store_lock *lock;
	struct fp_journal *journal;
	struct fp_recorder *recorder;
	struct fp_unrecorded unrecorded;
	struct fp_publisher *publisher;
	struct fp_sync *sync;
	struct fp_worlds *worlds;
	struct fp_hooks *hooks;
	struct fp_sticky *sticky;
	struct fp_service service;
	_Atomic(struct fp_watch *) watch;
	_Atomic(struct fp_http_server *) server;
	bool library_open;
	struct daemon_trouble recording, syncing, watching;
};

/* ---- reload.c: configurations ---- */

/* The one in force. */
struct fp_config *daemon_config(const struct daemon *daemon);
/* Bound to the start, so that every thread may ask. */
const char *daemon_data_dir(const struct daemon *daemon);
/* Reads the file and makes it the last one; its problems go to standard error. */
int daemon_read_config(struct daemon *daemon, struct fp_error *error);
/* Keeps the text of the one in force beside what is answered under it. */
int daemon_note_config(const struct daemon *daemon, struct fp_error *error);
void daemon_set_log_level(const struct daemon *daemon);
/* Reads the file again and puts it in force; where that fails, the log says why and all stays. */
void daemon_reload(struct daemon *daemon);
