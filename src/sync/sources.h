#pragma once
/*
 * What the files of this layer share: the sync itself, its sources, and their jobs.
 *
 * A source is looked at by one thread at a time; what is its job's own needs no lock. What is seen
 * from other threads too (its schedule, who waits for it, its status) is guarded by the sync's
 * lock, which is never held while something blocks.
 */
#include "forkpoint/core/nuget_version.h"
#include "forkpoint/feed/feed.h"
#include "forkpoint/mirror/source.h"
#include "forkpoint/store/publications.h"
#include "forkpoint/store/versions.h"
#include "forkpoint/sync/feed_connection.h"
#include "forkpoint/sync/schedule.h"
#include "forkpoint/sync/sync.h"
#include "ticket.h"

#include <pthread.h>

/* Somebody waits for a source's next look; for a commit, if sha is not empty. */
struct fp_waiting_look {
	char sha[FP_OID_HEX + 1];
	struct fp_ticket *ticket;
};

struct fp_waiting_looks {
	struct fp_waiting_look *items;
	size_t count, capacity;
};

/* Different commits that may be waited for: an upstream that lacks one is asked for each alone. */
enum { FP_WAITING_COMMITS_MAX = 256 };

/* Commits that were looked for in vain a moment ago, and how many may be looked for. */
enum { FP_VAIN_MAX = 1024 };

struct fp_vain_looks {
	struct {
		char sha[FP_OID_HEX + 1];
		int64_t until_us;
	} items[FP_VAIN_MAX];
	size_t next;	      /* the oldest is overwritten */
	double tokens;	      /* of a bucket that fills with time */
	int64_t tokens_at_us; /* 0 = never used: full */
};

/* What time travel was told of a source: see noted.c. Starts zeroed, but for synced_us. */
struct fp_noted {
	bool is_noted; /* its revision, at least once in this run */
	int64_t revision, arrivals;
	char *text;
	int64_t pending_us; /* when what could not be written was published; 0 = it was */
	bool begun;	    /* trouble is known */
	int64_t synced_us;  /* of the last reading that was published; -1 = none */
	char *trouble;
};

struct fp_repository_source {
	const struct fp_config_repository *config;
	size_t index; /* in the configuration and the snapshot */
	int64_t id;
	char *path; /* of the mirror */
	struct fp_store *store;
	struct fp_graph *graph;
	struct fp_source_spec spec;
	struct fp_source_branch_spec *branch_specs;
	struct fp_source_release_spec *release_specs;
	struct fp_source_reader *reader;
	uint32_t stored_commits, stored_facts;
	bool whole;	    /* what is stored reaches up to the refs; false in a first reading */
	uint32_t reachable; /* of the graph's commits; see migrations/derived.sql */
	struct fp_ref_rows refs;
	int64_t revision;
	int64_t synced_us;
	int64_t arrivals; /* newest commit that came by its id */
	struct fp_noted noted;
	bool rescued;  /* what a mirror that was set aside had was looked for */
	bool taken_in; /* refs and commits are as the mirror has them: only a fetch changes that */
	struct fp_kept_reaches kept; /* until the first snapshot */
	struct fp_scratch scratch;
	struct fp_repository_status status; /* under the sync's lock */
	struct fp_vain_looks vain;	    /* under the sync's lock */
};

/* One package id of a feed. */
struct fp_feed_package {
	char *id;
	int64_t row;
	struct fp_version_rows rows; /* as the database has them, if is_loaded */
	bool is_loaded;
	int64_t revision;
	bool read; /* its feed was read for it at least once, ever */
	int64_t synced_us;
	enum fp_verify_download verify;
	struct fp_map found; /* versions whose files were there when they were asked for */
	bool pending_misses; /* a version was missing once: the next look decides */
	struct fp_noted noted;
	char failure[256];	      /* why its last look failed, if others' did not; or empty */
	char doubt[160];	      /* why the last list was not believed whole; or empty */
	struct fp_feed_status status; /* under the sync's lock */
};

struct fp_feed_source {
	const struct fp_config_feed *config;
	size_t index;
	struct fp_store *store;
	struct fp_feed_connection connection;
	struct fp_feed_package *packages;
	size_t package_count;
	size_t next; /* the package that the next look begins with */
};

struct fp_source {
	struct fp_sync *sync;
	struct fp_repository_source *repository; /* one of these two */
	struct fp_feed_source *feed;
	/* under the sync's lock: */
	struct fp_schedule schedule;
	bool running;
	bool anew; /* somebody wants the next look to ask without validators: fp_feed_ask_anew */
	struct fp_waiting_looks waiting; /* for the look after the one that is running */
};

struct fp_sync {
	struct fp_sync_options options;
	const struct fp_config *config;
	struct fp_settings *settings;
	struct fp_publisher *publisher;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct fp_source
		*sources; /* repositories first, in the configuration's order, then feeds */
	size_t source_count;
	pthread_t *threads;
	size_t thread_count;
	atomic_bool cancelled;
	int64_t stale_before_us; /* `stale_after` of the settings before; -1 */
};

static inline struct fp_source *fp_sync_repository(struct fp_sync *sync, size_t index)
{
	return &sync->sources[index];
}

static inline struct fp_source *fp_sync_feed(struct fp_sync *sync, size_t index)
{
	return &sync->sources[sync->config->repository_count + index];
}

/* ---- jobs: repository_source.c, repository_look.c, feed_source.c, feed_package.c ---- */

int fp_repository_source_new(struct fp_sync *sync, size_t index,
	struct fp_repository_source **source, struct fp_error *error);
void fp_repository_source_free(struct fp_repository_source *source);
/*
 * Looks once; `looks` are those who wait for it, and are settled. Returns 0 or the error that is to
 * count as a failure. Two are none, and leave the looks to the next look: -FP_ERROR_BUSY (somebody
 * else is at work on the mirror) and -FP_ERROR_CANCELLED.
 */
int fp_repository_source_look(struct fp_sync *sync, struct fp_repository_source *source,
	struct fp_waiting_looks *looks, struct fp_error *error);
/* Settles those who wait for a commit that is served by now: it came while they began to. Nobody
 * where the graph has commits that are not served: the next look finds out. With the sync's lock
 * held, by the thread that looks at the source. */
void fp_repository_source_settle_known(
	struct fp_repository_source *source, struct fp_waiting_looks *looks);
/* Writes the commits and facts that the store does not have yet. whole: the commits reach up to the
 * refs. */
int fp_repository_source_store_commits(
	struct fp_repository_source *source, bool whole, struct fp_error *error);
/* Whether refs and arrivals that are written lead to every commit of the graph. Where they do not,
 * each change of the branches costs a pass over the graph. */
bool fp_repository_source_is_reachable(const struct fp_repository_source *source);
/* They do from here on; kept for the next start, which finds it out again where it is not. */
void fp_repository_source_note_reachable(struct fp_repository_source *source);
/* Branches from what is loaded, that know what is reachable. */
int fp_repository_source_branches(struct fp_repository_source *source,
	const struct fp_repository_settings *settings, const struct fp_branches *previous,
	struct fp_branches **branches, struct fp_error *error);
/* ---- repository_reaches.c ---- */

/* When all looks have ended: what the next run's start need not build. */
void fp_repository_sources_keep_reaches(struct fp_sync *sync);
int fp_repository_source_load_reaches(struct fp_repository_source *source, struct fp_error *error);

int fp_feed_source_new(
	struct fp_sync *sync, size_t index, struct fp_feed_source **source, struct fp_error *error);
void fp_feed_source_free(struct fp_feed_source *source);
/* anew: see fp_feed_ask_anew. *retry_after_us gets what the feed asked for. */
int fp_feed_source_look(struct fp_sync *sync, struct fp_feed_source *source, bool anew,
	int64_t *retry_after_us, struct fp_error *error);
/* Reads the package's rows if they are not loaded. */
int fp_feed_package_load(
	struct fp_feed_source *source, struct fp_feed_package *package, struct fp_error *error);
/* Looks, and writes what is new; 1 when anything changed. */
int fp_feed_package_look(struct fp_feed_source *source, struct fp_feed_package *package,
	struct fp_feed_report *report, struct fp_error *error);
/* Writes what happened to a package's versions, and changes its rows by it. */
int fp_feed_package_write(struct fp_feed_source *source, struct fp_feed_package *package,
	const struct fp_version_event *events, size_t count, const struct fp_version_missed *missed,
	size_t missed_count, const char *download, struct fp_error *error);
struct fp_feed_package *fp_feed_source_find(struct fp_feed_source *source, struct fp_str id);

/* ---- publish.c ---- */

/* Publishes a snapshot with a repository's new branches (taken over; NULL: as they are), its time
 * and its trouble (NULL: none). */
int fp_publish_repository(struct fp_sync *sync, size_t index, struct fp_branches *branches,
	int64_t synced_us, const char *trouble, struct fp_error *error);
/* Publishes what a feed's packages are now; changed says whether catalogs must be made anew. */
int fp_publish_feed(struct fp_sync *sync, struct fp_feed_source *source, bool changed,
	const char *trouble, struct fp_error *error);

/* The same into a snapshot that is not published yet. 0 or -FP_ERROR_MEMORY. */
int fp_fill_repository(struct fp_snapshot *snapshot, size_t index, struct fp_branches *branches,
	int64_t synced_us, const char *trouble);
int fp_fill_feed(struct fp_snapshot *snapshot, struct fp_feed_source *source, bool changed,
	const char *trouble);

/* ---- noted.c ---- */

/* A source as it was just published. */
struct fp_source_state {
	const char *kind; /* "repository", "package" */
	enum fp_publication_kind publication;
	int64_t id;
	bool is_served; /* false: the rest of this is not published */
	int64_t revision, arrivals;
	const char *text;
	int64_t synced_us;
	const char *trouble;
	int64_t stale_after_us;
	int64_t stale_before_us; /* what it was until these settings, -1 = not known */
};

/* Before a publication: a source that was never read before is served from then on, after a restart
 * too. There is no gap that this could hide. */
int fp_note_first_reading(struct fp_store *store, const struct fp_noted *noted, const char *kind,
	int64_t id, int64_t synced_us, struct fp_error *error);
void fp_note_published(struct fp_store *store, struct fp_noted *noted,
	const struct fp_source_state *state, int64_t published_us);
void fp_noted_release(struct fp_noted *noted);

/* Of the branches in the snapshot that was published. */
struct fp_published_refs {
	bool are_served;
	int64_t revision, arrivals;
};

/* published_us 0: nothing was published, nothing is noted. */
void fp_note_repository(struct fp_sync *sync, struct fp_repository_source *source,
	const struct fp_published_refs *refs, int64_t synced_us, const char *trouble,
	int64_t published_us);
void fp_note_feed(struct fp_sync *sync, struct fp_feed_source *source, bool changed,
	const char *trouble, int64_t published_us);
/* Everything, with the settings. */
void fp_note_loaded(struct fp_sync *sync, int64_t published_us);

/* ---- looks.c ---- */

/* With the sync's lock held. */
int fp_waiting_looks_add(
	struct fp_waiting_looks *looks, struct fp_str sha, struct fp_ticket *ticket);
/* A reference to the ticket of who waits for that commit already; NULL. */
struct fp_ticket *fp_waiting_looks_join(const struct fp_waiting_looks *looks, struct fp_str sha);
/* Whether no further commit may be waited for. */
bool fp_waiting_looks_are_full(const struct fp_waiting_looks *looks);
/* Gives the next look what this one did not come to; without memory for it, they are settled as
 * failed. */
void fp_waiting_looks_move(struct fp_waiting_looks *from, struct fp_waiting_looks *to);
void fp_waiting_looks_settle(struct fp_waiting_looks *looks, enum fp_look_result result);
void fp_vain_looks_note(struct fp_vain_looks *vain, const char *sha, int64_t now_us);
/* Whether a commit may be looked for now. */
enum fp_look_refusal fp_vain_looks_judge(
	struct fp_vain_looks *vain, struct fp_str sha, int64_t now_us, int64_t *retry_after_us);

/* ---- load.c ---- */

/* Makes sources and settings of sync->config and publishes them as one snapshot; until then what
 * was published before is served. */
int fp_sync_load(struct fp_sync *sync, struct fp_error *error);
void fp_sync_unload(struct fp_sync *sync);
