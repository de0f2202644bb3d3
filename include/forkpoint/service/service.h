#pragma once
/*
 * The use cases, without a word of HTTP. A struct fp_service is shared and immutable but for what
 * it points to; each calling thread has a struct fp_worker of its own with its reader slot, its
 * working memory and its read-only connection.
 *
 * Every question is asked of one snapshot:
 *     snapshot = fp_worker_enter(worker); …ask, render…; fp_worker_leave(worker);
 * What is asked of memory alone never blocks; functions that read the database say so.
 */
#include "forkpoint/core/nuget_version.h"
#include "forkpoint/service/answer.h"
#include "forkpoint/core/outside.h"
#include "forkpoint/store/journal.h"
#include "forkpoint/store/recorder.h"

struct fp_hooks;
struct fp_watch;

/* Answers that were given without a record. */
struct fp_unrecorded {
	_Atomic uint64_t count;
	_Atomic int64_t logged_us; /* when that was last logged, monotonic */
};

struct fp_service {
	struct fp_publisher *publisher;
	struct fp_journal *journal;
	bool answers_unrecorded;	  /* what cannot be recorded is answered all the same */
	struct fp_unrecorded *unrecorded; /* may be NULL where that is not so */
	struct fp_recorder *recorder;	  /* to be hurried by readers; may be NULL */
	const char *data_dir;
	struct fp_outside outside;
	struct fp_worlds *worlds; /* of time travel; may be NULL */
	struct fp_sticky *sticky; /* builds; NULL: none are */
	/* Settings out of a configuration as it was kept; NULL when it cannot be read. */
	struct fp_settings *(*settings_from_text)(struct fp_str text);
	int64_t started_us;
	struct fp_watch *watch; /* NULL: nobody tells events */
	struct fp_hooks *hooks; /* NULL: no webhooks are taken */
};

struct fp_worker;

int fp_worker_new(
	const struct fp_service *service, struct fp_worker **worker, struct fp_error *error);
void fp_worker_free(struct fp_worker *worker);
const struct fp_snapshot *fp_worker_enter(struct fp_worker *worker);
/* The same; *now_us gets the moment of what is answered from it (see store/snapshot.h). */
const struct fp_snapshot *fp_worker_enter_at(struct fp_worker *worker, int64_t *now_us);
void fp_worker_leave(struct fp_worker *worker);

/*
 * Resolves (RULES.md). *answer is cleared and filled; its outcome says how it ended. Always
 * succeeds: what goes wrong inside is FP_OUTCOME_INTERNAL. Memory only.
 */
void fp_service_resolve(struct fp_worker *worker, const struct fp_snapshot *snapshot,
	const struct fp_question *question, int64_t now_us, struct fp_answer *answer);

/* Those of the names that are near the wanted one, at most FP_NEAREST_MAX. */
void fp_answer_suggest(struct fp_str *nearest, size_t *nearest_count, struct fp_str wanted,
	const struct fp_str *names, size_t count);
/* Repository names near an unknown one, at most FP_NEAREST_MAX. */
void fp_service_suggest_repositories(const struct fp_snapshot *snapshot, struct fp_str wanted,
	struct fp_str *nearest, size_t *nearest_count);
/* The same of a repository's packages. */
void fp_service_suggest_packages(const struct fp_repository_settings *settings,
	struct fp_str wanted, struct fp_str *nearest, size_t *nearest_count);

/* ---- stamp ---- */

struct fp_stamp_answer {
	/* As in /resolve up to the step requested-version, with the built commit in the place of
	 * the fork point: a training run publishes under the commit that it was made from. */
	struct fp_answer answer;
	bool published;			     /* the feed has that version: */
	uint32_t published_index;	     /* in the package's catalog */
	uint32_t same_stamp[FP_TRAINED_MAX]; /* other commits of the branch with the same stamp */
	uint32_t same_stamp_count;
	uint32_t revision; /* arcade: the one that is free; 0 elsewhere */
};

void fp_stamp_answer_init(struct fp_stamp_answer *answer);
void fp_stamp_answer_release(struct fp_stamp_answer *answer);
/* outcome branch-not-packageable when the branch makes no legal label; stamp-overflow and the
 * other problems stand in answer.requested_problem with outcome ok. Memory only. */
void fp_service_stamp(struct fp_worker *worker, const struct fp_snapshot *snapshot,
	const struct fp_question *question, int64_t now_us, struct fp_stamp_answer *answer);
/* "stamp-overflow", …; and a sentence about it. NULL for FP_REQUESTED_FINE. */
const char *fp_requested_problem_code(enum fp_requested_problem problem);
void fp_stamp_write_problem(const struct fp_stamp_answer *answer, struct fp_buf *buf);

/* ---- decode ---- */

struct fp_decode_reading {
	bool taken;
	const char *why;	   /* static sentence when not taken */
	struct fp_decoded decoded; /* slices into the version asked about */
	/* With a repository: */
	uint32_t branches[FP_TRAINED_MAX]; /* of the mirror, that the label can mean */
	uint32_t branch_count;		   /* all there are */
	uint32_t commits[FP_TRAINED_MAX];  /* whose stamp it is, newest first */
	uint32_t commit_count;
};

struct fp_decode_answer {
	enum fp_outcome outcome; /* ok or unknown-repository */
	struct fp_str nearest[FP_NEAREST_MAX];
	size_t nearest_count;
	bool is_nuget;					     /* NuGet's own client takes it */
	bool is_version;				     /* servers do */
	char normalised[FP_VERSION_MAX_BYTES + 16];	     /* "" when it is no version */
	struct fp_decode_reading readings[FP_GRAMMAR_COUNT]; /* by enum fp_grammar */
	const struct fp_snapshot_repository *repository;     /* NULL where none was asked */
	/* By the first of the repository's packages that has it; NULL. */
	const struct fp_catalog_version *listed;
	bool unread; /* that none lists it is not known: one has not been read yet */
};

/* Memory only; commits without a catalog's stamp are found by a pass over the graph. */
void fp_service_decode(struct fp_worker *worker, const struct fp_snapshot *snapshot,
	struct fp_str version, struct fp_str repo, struct fp_decode_answer *answer);

/* ---- versions ---- */

enum fp_version_status {
	FP_VERSION_STATUS_ANY,
	FP_VERSION_STATUS_LISTED,
	FP_VERSION_STATUS_UNLISTED,
	FP_VERSION_STATUS_VANISHED,
	FP_VERSION_STATUS_UNRECOGNISED,
	FP_VERSION_STATUS_QUARANTINED, /* whatever else: only asked for */
	FP_VERSION_STATUS_COUNT,
};

const char *fp_version_status_name(enum fp_version_status status);

struct fp_versions_query {
	struct fp_str repo, package;   /* package empty: the default one */
	struct fp_str branch, release; /* empty: any */
	enum fp_version_status status;
	uint32_t offset, limit; /* in the order below */
};

struct fp_versions_answer {
	enum fp_outcome outcome; /* ok, unknown-…, not-ready, bad-request (release) */
	struct fp_buf detail;
	struct fp_str nearest[FP_NEAREST_MAX];
	size_t nearest_count;
	const struct fp_snapshot_repository *repository;
	const struct fp_snapshot_package *package;
	uint32_t *items; /* version indices, newest stamp first, unrecognised ones last */
	size_t count;	 /* of this page */
	size_t capacity;
	size_t total; /* of all pages */
};

void fp_versions_answer_init(struct fp_versions_answer *answer);
void fp_versions_answer_release(struct fp_versions_answer *answer);
void fp_service_versions(struct fp_worker *worker, const struct fp_snapshot *snapshot,
	const struct fp_versions_query *query, struct fp_versions_answer *answer);
enum fp_version_status fp_catalog_version_status(const struct fp_catalog_version *version);

/* ---- record ---- */

/* A fresh id for an answer, and its record; see store/journal.h. Memory only. */
uint64_t fp_service_next_id(const struct fp_service *service);
int fp_service_record(const struct fp_service *service, const struct fp_record *record,
	struct fp_hash128 *hash, struct fp_error *error);

/* The sync that what this thread recorded waits for, 0 = none; see store/journal.h. */
uint64_t fp_service_ask_sync(const struct fp_service *service);
bool fp_service_is_synced(const struct fp_service *service, uint64_t sync);

/*
 * One past answer by id, whole. Reads the database. 0 with *stored (release it); 1 no such id; 2:
 * it was given a moment ago and is on its way to the database: ask again in some milliseconds (the
 * recorder was hurried).
 */
int fp_service_history_get(struct fp_worker *worker, uint64_t id, struct fp_stored_record *stored,
	struct fp_error *error);
/* The answer with that content, for replay URLs; outcomes likewise. */
int fp_service_answer_get(struct fp_worker *worker, struct fp_hash128 hash,
	struct fp_stored_record *stored, struct fp_error *error);

/* ---- ref events ---- */

/* The newest movements of a repository's refs, newest first, at most `limit`. Reads the database.
 */
int fp_service_ref_events(struct fp_worker *worker, const struct fp_snapshot_repository *repository,
	unsigned limit, fp_ref_event_fn *row, void *context, struct fp_error *error);

/* ---- ready? ---- */

struct fp_readiness {
	bool ready;
	size_t repositories, repositories_ready;
	size_t packages, packages_ready;
	uint64_t journal_waiting, journal_room;
	bool journal_full; /* hardly any room */
	struct fp_recorder_state recorder;
	uint64_t unrecorded; /* answers since start */
};

/* Ready when every repository has been ingested and every package's feed read once. */
void fp_service_readiness(struct fp_worker *worker, const struct fp_snapshot *snapshot,
	struct fp_readiness *readiness);
