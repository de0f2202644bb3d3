#pragma once
/*
 * Events: what happened, as /events tells it, numbered in the order in which it is told. They are
 * made of facts (version and ref events) and of what the service sees; `told` remembers up to which
 * facts they were made.
 */
#include "forkpoint/store/refs.h"
#include "forkpoint/store/versions.h"

struct fp_event {
	int64_t id; /* set by the store */
	int64_t at_us;
	struct fp_str kind, repo;
	struct fp_str document; /* a JSON object */
};

/* What the tip of a tracked branch gets. */
struct fp_tip_answer {
	struct fp_str repo, branch, package;
	struct fp_str sha, version, outcome;
};

/* What one round of telling adds. */
struct fp_telling {
	struct fp_event *events;
	size_t event_count;
	const struct fp_tip_answer *tips; /* those that are new */
	size_t tip_count;
	int64_t version_facts, ref_facts; /* told up to there; 0 = as before */
};

/* In one transaction; the events get their ids. */
int fp_store_tell(struct fp_store *store, const struct fp_telling *telling, struct fp_error *error);
/* Up to which facts events were told. */
int fp_store_get_told(
	struct fp_store *store, int64_t *version_facts, int64_t *ref_facts, struct fp_error *error);

/* Slices given to callbacks live until these return; a negative value ends and is returned. */
typedef int fp_event_fn(void *context, const struct fp_event *event);
/* Those behind `after`, oldest first. */
int fp_store_list_events(struct fp_store *store, int64_t after, unsigned limit, fp_event_fn *row,
	void *context, struct fp_error *error);
int fp_store_last_event(struct fp_store *store, int64_t *event, struct fp_error *error);
/* Keeps the newest `keep`; deletes at most `limit`. */
int fp_store_prune_events(
	struct fp_store *store, int64_t keep, unsigned limit, struct fp_error *error);

typedef int fp_tip_answer_fn(void *context, const struct fp_tip_answer *tip);
int fp_store_list_tip_answers(
	struct fp_store *store, fp_tip_answer_fn *row, void *context, struct fp_error *error);

/* A version event with the names of its package. */
struct fp_version_fact {
	int64_t event, at_us;
	int kind; /* as in struct fp_version_event */
	struct fp_str feed, package, version;
	bool first_look; /* part of what the first look at its package found */
};

typedef int fp_version_fact_fn(void *context, const struct fp_version_fact *fact);
int fp_store_list_version_facts(struct fp_store *store, int64_t after, unsigned limit,
	fp_version_fact_fn *row, void *context, struct fp_error *error);

struct fp_ref_fact {
	int64_t event, at_us;
	struct fp_str repo;
	const char *name;
	enum fp_ref_movement movement;
	struct fp_oid old_commit, new_commit;
	bool first_look; /* part of what the first look at its repository found */
};

typedef int fp_ref_fact_fn(void *context, const struct fp_ref_fact *fact);
int fp_store_list_ref_facts(struct fp_store *store, int64_t after, unsigned limit,
	fp_ref_fact_fn *row, void *context, struct fp_error *error);
