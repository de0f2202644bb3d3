#pragma once
/* Refs: where they point, and every movement that was seen, with its time. */
#include "forkpoint/base/oid.h"
#include "forkpoint/store/store.h"

struct fp_ref_row {
	char *name;	      /* full */
	struct fp_oid oid;    /* what it names */
	struct fp_oid commit; /* peeled; zero when it leads to no commit */
	int64_t since_us;     /* when it was first seen there */
};

struct fp_ref_rows {
	struct fp_ref_row *items; /* by name, byte order */
	size_t count;
};

/* The present refs. *revision gets the number of the repository's newest ref event, 0 = none. */
int fp_store_load_refs(struct fp_store *store, int64_t repository, struct fp_ref_rows *rows,
	int64_t *revision, struct fp_error *error);
void fp_ref_rows_release(struct fp_ref_rows *rows);

enum fp_ref_movement {
	FP_REF_CREATED = 1,
	FP_REF_FORWARD,	  /* the old commit is an ancestor of the new one */
	FP_REF_REWRITTEN, /* it is not: a force push */
	FP_REF_DELETED,
};

struct fp_ref_event {
	const char *name;
	enum fp_ref_movement movement;
	struct fp_oid old_oid, new_oid;	      /* zero where there was or is none */
	struct fp_oid old_commit, new_commit; /* peeled */
};

/* Writes the events and the present refs after them in one transaction. */
int fp_store_apply_ref_events(struct fp_store *store, int64_t repository,
	const struct fp_ref_event *events, size_t count, int64_t now_us, int64_t *revision,
	struct fp_error *error);

const char *fp_ref_movement_name(enum fp_ref_movement movement);

/* The newest events first: for /repos/{repo}. Calls `row` for each, at most `limit`. */
typedef int fp_ref_event_fn(
	void *context, int64_t event, int64_t at_us, const struct fp_ref_event *row);
int fp_store_list_ref_events(struct fp_store *store, int64_t repository, int64_t before_event,
	unsigned limit, fp_ref_event_fn *row, void *context, struct fp_error *error);
