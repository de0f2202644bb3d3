#pragma once
/*
 * Versions: the present state of each that was ever seen, and the events that led to it.
 *
 * Rows in memory are what the database holds, kept up by the same events, so that a change costs
 * what changed and not the reading of everything. They are shared (fp_version_rows_share) and then
 * never written again: changing them makes others, which share the texts.
 */
#include "forkpoint/base/texts.h"
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
	bool not_yet_seen;	/* only of rows as they were at another time: it was seen later */
};

struct fp_version_rows {
	struct fp_version_row *items; /* in fp_version_text_compare's order */
	size_t count;
	char *download;			  /* URL template of the last listing, or NULL */
	struct fp_version_memory *memory; /* private; NULL for rows made by hand: items, each
					   * text and download are then their own allocations */
};

/* *revision gets the number of the package's newest version event, 0 = none. */
int fp_store_load_versions(struct fp_store *store, int64_t package, struct fp_version_rows *rows,
	int64_t *revision, struct fp_error *error);
void fp_version_rows_release(struct fp_version_rows *rows);

/* Another handle on the same rows, to be released like the first. 0 or -FP_ERROR_MEMORY. */
int fp_version_rows_share(struct fp_version_rows *rows, struct fp_version_rows *shared);
/* The row of exactly that text; NULL. */
const struct fp_version_row *fp_version_rows_find(
	const struct fp_version_rows *rows, struct fp_str text);

/* Rows on their way, in any order. Starts zeroed. */
struct fp_version_rows_writer {
	struct fp_version_row *items;
	size_t count, capacity;
	struct fp_texts *texts;
};

/* row's own text is not looked at. 0 or -FP_ERROR_MEMORY, as the next. */
int fp_version_rows_add(struct fp_version_rows_writer *writer, const struct fp_version_row *row,
	struct fp_str text);
/* Sorts what was added and empties the writer. */
int fp_version_rows_finish(
	struct fp_version_rows_writer *writer, const char *download, struct fp_version_rows *rows);
void fp_version_rows_writer_release(struct fp_version_rows_writer *writer);

/* The numbers are in the database; feed/truth.h has the first five too. */
enum {
	FP_VERSION_EVENT_SEEN = 1,
	FP_VERSION_EVENT_LISTED,
	FP_VERSION_EVENT_UNLISTED,
	FP_VERSION_EVENT_VANISHED,
	FP_VERSION_EVENT_RETURNED,
	FP_VERSION_EVENT_UNAVAILABLE,
	FP_VERSION_EVENT_AVAILABLE,
};

struct fp_version_event {
	int kind;
	struct fp_str text; /* the version; for a new one, as the feed writes it */
	int64_t published_us;
};

struct fp_version_missed {
	int64_t version; /* row id */
	unsigned missed;
};

/* Rows after these events. versions: per event the row that it happened to, 0 = it changed nothing.
 * 0 or -FP_ERROR_MEMORY with *rows untouched. */
int fp_version_rows_change(struct fp_version_rows *rows, const struct fp_version_event *events,
	const int64_t *versions, size_t count, const struct fp_version_missed *missed,
	size_t missed_count, const char *download, int64_t now_us);

/*
 * Writes events, counts of misses and the download template in one transaction, and changes the
 * package's rows (NULL: none are kept) as fp_store_load_versions would then give them. After an
 * error the rows are as they were, and those of the database perhaps newer.
 */
int fp_store_apply_version_events(struct fp_store *store, int64_t package,
	struct fp_version_rows *rows, const struct fp_version_event *events, size_t count,
	const struct fp_version_missed *missed, size_t missed_count, const char *download,
	int64_t now_us, int64_t *revision, struct fp_error *error);
