#pragma once
/* Versions: the present state of each that was ever seen, and the events that led to it. */
#include "forkpoint/store/store.h"

struct fp_version_row {
	int64_t id;
	char *text; /* letter for letter */
	int64_t first_seen_us;
	int64_t published_us;	/* -1 = not known */
	int64_t unlisted_us;	/* -1 = listed */
	int64_t vanished_us;	/* -1 = there */
	int64_t returned_us;	/* last time that it came back, -1 = never */
	unsigned missed;	/* complete listings in a row that lacked it */
	int64_t unavailable_us; /* when its download was last found missing, -1 = not */
};

struct fp_version_rows {
	struct fp_version_row *items; /* in fp_version_text_compare's order */
	size_t count;
	char *download; /* URL template of the last listing, or NULL */
};

/* *revision gets the number of the package's newest version event, 0 = none. */
int fp_store_load_versions(struct fp_store *store, int64_t package, struct fp_version_rows *rows,
	int64_t *revision, struct fp_error *error);
void fp_version_rows_release(struct fp_version_rows *rows);

/* kind: 1 seen, 2 listed, 3 unlisted, 4 vanished, 5 returned (feed/truth.h has the names), 6
 * unavailable, 7 available. */
struct fp_version_event {
	int kind;
	struct fp_str text; /* the version; for a new one, as the feed writes it */
	int64_t published_us;
};

struct fp_version_missed {
	int64_t version; /* row id */
	unsigned missed;
};

/* Writes events, counts of misses and the download template in one transaction. */
int fp_store_apply_version_events(struct fp_store *store, int64_t package,
	const struct fp_version_event *events, size_t count, const struct fp_version_missed *missed,
	size_t missed_count, const char *download, int64_t now_us, int64_t *revision,
	struct fp_error *error);
