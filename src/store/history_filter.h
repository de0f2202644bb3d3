#pragma once
/* What a question about the history asks for, as numbers. */
#include "forkpoint/store/history_list.h"

#include "postings.h"
#include "segments.h"

/* Numbers that are asked for, rising; `any`: all are. */
struct fp_id_set {
	bool any;
	int64_t *ids;
	size_t count, capacity;
};

bool fp_id_set_has(const struct fp_id_set *set, int64_t id);

/* By kind of index: see enum fp_index_kind. */
struct fp_history_filter {
	struct fp_id_set sets[FP_INDEX_BUILD + 1];
	bool impossible; /* something is asked for that no request has */
	int64_t since_us, until_us;
};

void fp_history_filter_release(struct fp_history_filter *filter);
/* Looks up what the query names. */
int fp_history_filter_make(struct fp_store *store, const struct fp_history_query *query,
	struct fp_history_filter *filter, struct fp_error *error);
/* Whether any request of the times asked for will do. */
bool fp_history_filter_is_open(const struct fp_history_filter *filter);

/* The requests of an indexed segment that have what is asked for. *work grows with what was read,
 * in units of about one row of requests. */
int fp_history_filter_places(struct fp_store *store, const struct fp_history_filter *filter,
	int64_t segment, struct fp_places *places, int64_t *work, struct fp_error *error);
