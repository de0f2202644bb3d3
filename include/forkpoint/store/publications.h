#pragma once
/*
 * What answers were made of, and since when: the revisions of every source as they were published,
 * and the times in which a source was older than it should be. Time travel reads it.
 */
#include "forkpoint/base/oid.h"
#include "forkpoint/store/store.h"

enum fp_publication_kind {
	FP_PUBLISHED_REFS = 1,	    /* id: repository; revision: of ref events */
	FP_PUBLISHED_VERSIONS,	    /* id: package; revision: of version events; text: download */
	FP_PUBLISHED_CONFIGURATION, /* id: 0; revision: number of the configuration */
	FP_PUBLISHED_OVERRIDES,	    /* id: 0; revision: of overrides */
	FP_PUBLISHED_ARRIVALS,	    /* id: repository; revision: of commit arrivals */
	FP_PUBLISHED_STALE_AFTER,   /* id: 0; revision: the setting's microseconds */
};

struct fp_publication {
	enum fp_publication_kind kind;
	int64_t id, revision;
	const char *text; /* or NULL */
	int64_t at_us;	  /* the snapshot's published_us */
};

/* Keeps it, unless the newest of its source says the same. */
int fp_store_note_publication(
	struct fp_store *store, const struct fp_publication *publication, struct fp_error *error);
/* What was in force at that moment: 1 when nothing was yet. *text (NULL: not wanted) is malloc'ed
 * or NULL. */
int fp_store_find_publication(struct fp_store *store, enum fp_publication_kind kind, int64_t id,
	int64_t at_us, int64_t *revision, char **text, struct fp_error *error);
/* The moment of the source's first; 1 when there is none. */
int fp_store_first_publication(struct fp_store *store, enum fp_publication_kind kind, int64_t id,
	int64_t *at_us, struct fp_error *error);

/* Number of the configuration with that digest, 1 = none. */
int fp_store_find_configuration(
	struct fp_store *store, const char *digest, int64_t *number, struct fp_error *error);
/* Its text, as fp_store_note_config was given it. 1 = none of that number. */
int fp_store_load_configuration(
	struct fp_store *store, int64_t number, struct fp_buf *text, struct fp_error *error);

/* A commit that was asked for by its id has come. *arrival gets its number. */
int fp_store_add_arrival(struct fp_store *store, int64_t repository, const struct fp_oid *oid,
	int64_t now_us, int64_t *arrival, struct fp_error *error);
/* The newest arrival of a repository, 0 = none. */
int fp_store_last_arrival(
	struct fp_store *store, int64_t repository, int64_t *arrival, struct fp_error *error);

/* ---- gaps: kind is "repository" or "package", as for fp_store_set_synced ---- */

struct fp_sync_gap {
	int64_t since_us; /* the last complete look */
	int64_t from_us;  /* no answer knew it before */
	int64_t until_us; /* -1 = it goes on */
	const char *trouble;
};

int fp_store_add_gap(struct fp_store *store, const char *kind, int64_t id,
	const struct fp_sync_gap *gap, struct fp_error *error);
/* Ends those of the source that go on. */
int fp_store_end_gaps(struct fp_store *store, const char *kind, int64_t id, int64_t until_us,
	struct fp_error *error);
/* The gap that the moment lies in, one with trouble before one without, and of several the one of
 * the oldest look: a newer one was done by then and not yet published. 1 when it is in none.
 * *trouble is malloc'ed or NULL. */
int fp_store_find_gap(struct fp_store *store, const char *kind, int64_t id, int64_t at_us,
	int64_t *since_us, char **trouble, struct fp_error *error);
