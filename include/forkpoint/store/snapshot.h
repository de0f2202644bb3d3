#pragma once
/*
 * The snapshot: everything that an answer depends on, at one moment, in memory and immutable.
 *
 * A snapshot is made of parts that many snapshots share and that are counted: a repository's
 * branches with their graph, a package's catalog, the training commits. A synchronisation makes the
 * parts that changed, puts them together with the others, and publishes the result with one pointer
 * swap. Readers take no lock: each reading thread has a slot in which it announces the snapshot
 * that it reads, and a snapshot that was replaced is freed when no slot names it any more.
 */
#include "forkpoint/base/map.h"
#include "forkpoint/core/catalog.h"
#include "forkpoint/core/select.h"
#include "forkpoint/graph/closure.h"
#include "forkpoint/graph/pivot.h"
#include "forkpoint/graph/trained.h"
#include "forkpoint/store/commits.h"
#include "forkpoint/store/overrides.h"
#include "forkpoint/store/refs.h"
#include "forkpoint/store/versions.h"

#include <stdatomic.h>

/* ---- a repository's branches ---- */

struct fp_branch {
	struct fp_str name; /* short: release/2.4 */
	uint32_t tip;	    /* FP_NO_COMMIT when the ref leads to no commit of the graph */
	bool tracked;
	struct fp_reach
		*reach; /* of the pivot and of tracked branches, as far as there is room; or NULL */
	/* Former names from the configuration; borrowed from it (see fp_settings). */
	const struct fp_str *aliases;
	size_t alias_count;
	/* Other branches of the mirror that share a label with this one, former names' labels
	 * included, in either style and case. */
	uint32_t *twins;
	size_t twin_count;
};

/* What a commit's tree says; NULs where there is none. */
struct fp_facts {
	bool has_release;
	struct fp_release release; /* slices into release_text */
	struct fp_str release_text;
	struct fp_str release_source; /* the file, or "fixed" */
	struct fp_str release_problem;
	struct fp_str branch, branch_source, branch_problem;
};

struct fp_branches {
	atomic_uint references;
	struct fp_graph_view view;
	struct fp_ref_rows refs; /* all of them, by name */
	uint32_t *ref_commits;	 /* per ref: its commit's index or FP_NO_COMMIT */
	struct fp_branch *items; /* refs/heads/ only, by name */
	size_t count;
	const struct fp_reach
		*pivot; /* one of the items' or the basis'; NULL when no branch has commits */
	struct fp_map by_name;	/* short name → index */
	struct fp_facts *facts; /* by the graph's facts numbers */
	size_t facts_count;
	int64_t revision; /* newest ref event */
	int64_t arrivals; /* newest commit that came by its id; set by who builds it */
	/* The view's commits that these know, see fp_branches_limit. bits NULL: all. */
	struct fp_closure known;
	struct fp_branches *basis; /* private: whose facts these are, NULL = its own */
	void *memory;		   /* private: texts */
};

struct fp_branches *fp_branches_ref(struct fp_branches *branches);
void fp_branches_unref(struct fp_branches *branches);
FP_DEFINE_CLEANUP(struct fp_branches *, fp_branches_unref)

/* The branch of that short name; NULL. */
const struct fp_branch *fp_branches_find(const struct fp_branches *branches, struct fp_str name);
/* The ref of that full name; SIZE_MAX. */
size_t fp_branches_find_ref(const struct fp_branches *branches, struct fp_str name);

/* Whether these branches know the commit of their view. */
static inline bool fp_branches_knows(const struct fp_branches *branches, uint32_t commit)
{
	return !branches->known.bits || fp_closure_has(&branches->known, commit);
}

/* A commit of the view that these branches know; FP_NO_COMMIT. */
uint32_t fp_branches_find_commit(const struct fp_branches *branches, const struct fp_oid *oid);
/* As fp_graph_find_prefix, of those. */
size_t fp_branches_find_prefix(
	const struct fp_branches *branches, struct fp_str hex, uint32_t *found, size_t max);

/* ---- what configuration says that answers depend on ---- */

struct fp_package_settings {
	struct fp_str id, feed;
	enum fp_grammar *grammars;
	size_t grammar_count;
	enum fp_label_style patch_style;
	bool keep_unlisted;
	struct fp_str *branches; /* globs, for unlabelled packages */
	size_t branch_count;
	struct fp_str *set;
	size_t set_count;
};

struct fp_alias_settings {
	struct fp_str branch;
	struct fp_str *names;
	size_t name_count;
};

/* Where a tree names a database itself; one of element and package is empty. */
struct fp_pin_settings {
	struct fp_str file, element, package;
};

struct fp_repository_settings {
	struct fp_str name, url;      /* url without credentials */
	struct fp_str source_digest;  /* of what says how commits' trees are read */
	struct fp_str default_branch; /* empty = none */
	struct fp_str *tracked;
	size_t tracked_count;
	struct fp_alias_settings *aliases;
	size_t alias_count;
	bool committer_time;
	struct fp_package_settings *packages;
	size_t package_count;
	struct fp_pin_settings *pins;
	size_t pin_count;
};

/* A token that clients may bear: known by its digest. */
struct fp_token_settings {
	struct fp_str name;
	const uint8_t *sha256; /* 32 bytes */
	bool may_sync, may_override;
};

/* Immutable and counted; made from the configuration file by main (sync may not be needed for it),
 * shared by all snapshots made while it is in force. */
struct fp_settings {
	atomic_uint references;
	struct fp_str digest; /* hex */
	int64_t stale_after_us;
	struct fp_repository_settings *repositories;
	size_t repository_count;
	struct fp_token_settings *tokens;
	size_t token_count;
	void (*free)(struct fp_settings *settings); /* the maker's */
	void *owned;				    /* the maker's */
};

struct fp_settings *fp_settings_ref(struct fp_settings *settings);
void fp_settings_unref(struct fp_settings *settings);

/* ---- a package ---- */

struct fp_package_state {
	atomic_uint references;
	struct fp_catalog *catalog;
	struct fp_version_rows rows; /* what the catalog was made of, in its order */
	int64_t revision;	     /* newest version event */
	/* Versions that the state which this one was made of has not; all, if it was made of none.
	 */
	uint32_t *fresh;
	uint32_t fresh_count;
	bool is_all_fresh;
};

struct fp_package_state *fp_package_state_ref(struct fp_package_state *state);
void fp_package_state_unref(struct fp_package_state *state);
/* Takes rows over (they are emptied), also on failure. sets: the rows of the set's other ids, for
 * incomplete-set; NULL where a version counts as missing. last: a state of the same settings and
 * earlier rows, to be changed rather than made anew; or NULL. NULL when out of memory. */
struct fp_package_state *fp_package_state_new(const struct fp_package_settings *settings,
	struct fp_version_rows *rows, const struct fp_version_rows *const *sets, int64_t revision,
	const struct fp_package_state *last);

/* Marks what these overrides quarantine in a state that nobody else has yet. 0 or
 * -FP_ERROR_MEMORY. */
int fp_package_state_quarantine(struct fp_package_state *state,
	const struct fp_package_settings *settings, struct fp_str repo,
	const struct fp_overrides *overrides);
/* The quarantines that take a version out of selection, oldest first: the one after `last`, or the
 * first for NULL. NULL behind the last one, and for no version. */
const struct fp_override *fp_overrides_next_quarantine(const struct fp_overrides *overrides,
	struct fp_str repo, struct fp_str package, const struct fp_catalog_version *version,
	const struct fp_override *last);
/* A reference to the state as it is under these overrides: itself, or a new one. NULL when out of
 * memory. */
struct fp_package_state *fp_package_state_under(struct fp_package_state *state,
	const struct fp_package_settings *settings, struct fp_str repo,
	const struct fp_overrides *overrides);

/* ---- the snapshot ---- */

struct fp_snapshot_package {
	const struct fp_package_settings *settings;
	struct fp_package_state *state; /* NULL until the feed was read for the first time */
	int64_t feed_synced_us;		/* -1 = never */
	char *feed_trouble;		/* why the last look failed; NULL = it did not */
	/* Since when answers were made of that state; 0 = since this snapshot's publication. */
	int64_t since_us;
	int64_t times_since_us; /* the same of the time and the trouble; who sets them sets 0 */
};

struct fp_snapshot_repository {
	const struct fp_repository_settings *settings;
	struct fp_branches *branches; /* NULL until the first ingest is through */
	struct fp_trained *trained;   /* for the packages' stamps; NULL with branches */
	int64_t refs_synced_us;	      /* -1 = never */
	char *refs_trouble;	      /* why the last fetch failed; NULL = it did not */
	int64_t since_us;	      /* of the branches, as a package's */
	int64_t times_since_us;
	struct fp_snapshot_package *packages; /* settings->package_count of them */
};

struct fp_snapshot {
	uint64_t number; /* of publication, from 1 */
	/* When it was published; 0 until somebody saw it published. See fp_reader_enter_at. */
	_Atomic int64_t published_us;
	int64_t after_us; /* the last one's */
	/* The moment that it was made for, of one of another time; 0 = it is published. */
	int64_t past_us;
	int64_t stale_after_us; /* as the settings have it, or had it then */
	struct fp_settings *settings;
	int64_t settings_since_us;		     /* of the settings, as a package's */
	struct fp_snapshot_repository *repositories; /* settings->repository_count of them */
	struct fp_map by_name;			     /* repository name → index */
	struct fp_overrides *overrides; /* that the packages' states are under; NULL = none */
	int64_t overrides_since_us;	/* of them, as a package's */
};

/* A private snapshot without content for these settings: every part NULL. Not yet published. */
struct fp_snapshot *fp_snapshot_new(struct fp_settings *settings);
/* A private copy that shares every part, to be changed and published. */
struct fp_snapshot *fp_snapshot_copy(const struct fp_snapshot *snapshot);
/* Puts a private snapshot without packages under the overrides of a published one. */
void fp_snapshot_take_overrides(struct fp_snapshot *snapshot, const struct fp_snapshot *from);
void fp_snapshot_free(struct fp_snapshot *snapshot);
/* When a snapshot was published; it must have been. */
int64_t fp_snapshot_published_us(const struct fp_snapshot *snapshot);
/* Since when one of its parts is in force; part_us as the part says, 0 = since then. */
int64_t fp_snapshot_since(const struct fp_snapshot *snapshot, int64_t part_us);
const struct fp_snapshot_repository *fp_snapshot_find(
	const struct fp_snapshot *snapshot, struct fp_str name);

/* Setters for a private snapshot; they take over one reference of what they are given. */
void fp_snapshot_set_branches(
	struct fp_snapshot_repository *repository, struct fp_branches *branches);
void fp_snapshot_set_state(struct fp_snapshot_package *package, struct fp_package_state *state);
/* Takes the overrides over, NULL = none, and puts every package's state under them. 0 or
 * -FP_ERROR_MEMORY: then the snapshot is not whole. */
int fp_snapshot_set_overrides(struct fp_snapshot *snapshot, struct fp_overrides *overrides);
/* text is copied; NULL clears. 0 or -FP_ERROR_MEMORY. */
int fp_snapshot_set_trouble(char **trouble, const char *text);
/* Makes `trained` anew from the branches and all packages' stamps. */
int fp_snapshot_retrain(struct fp_snapshot_repository *repository);
/* The same when only one package's state was set since: costs what is fresh in that. */
int fp_snapshot_retrain_fresh(
	struct fp_snapshot_repository *repository, const struct fp_package_state *state);

/* Reaches over a graph that another run of the daemon built. */
struct fp_kept_reaches {
	struct fp_reach **items;
	size_t count;
};
void fp_kept_reaches_release(struct fp_kept_reaches *kept);

/*
 * Branches from rows: takes refs over (they are emptied), also on failure; previous and kept (of
 * the view's graph; either may be NULL) lend their reaches; facts' texts are copied. NULL when out
 * of memory.
 */
struct fp_branches *fp_branches_build(const struct fp_repository_settings *settings,
	const struct fp_graph_view *view, struct fp_ref_rows *refs, int64_t revision,
	const struct fp_facts_rows *facts, const struct fp_branches *previous,
	const struct fp_kept_reaches *kept, struct fp_scratch *scratch);

/*
 * From here on the branches know only those of the view's commits that the tips lead to. A view has
 * others when it is of another time than the branches, and when a look that was cut off left some.
 * For branches that nobody else has yet. 1 when that is not every commit of the view; else 0, or
 * -FP_ERROR_MEMORY.
 */
int fp_branches_limit(struct fp_branches *branches, const struct fp_oid *tips, size_t tip_count);

/*
 * Branches as they were at another time: takes refs over as fp_branches_build does. now lends its
 * view, its facts, and the reaches of branches that have not moved; which of the view's commits
 * were known then is not found out yet. Any thread. NULL when out of memory.
 */
struct fp_branches *fp_branches_build_past(const struct fp_repository_settings *settings,
	struct fp_branches *now, struct fp_ref_rows *refs);

/* ---- publishing and reading ---- */

enum { FP_READERS_MAX = 256 };

struct fp_publisher;

/* With a first snapshot, which it takes over. */
struct fp_publisher *fp_publisher_new(struct fp_snapshot *first);
/* No reader may be reading. */
void fp_publisher_free(struct fp_publisher *publisher);

/* Writers hold the publisher's lock from reading the current snapshot to publishing the next. */
const struct fp_snapshot *fp_publisher_lock(struct fp_publisher *publisher);
/* Publishes (takes over) the next one and unlocks; NULL only unlocks. Returns the moment of
 * publication, 0 without one. */
int64_t fp_publisher_unlock(struct fp_publisher *publisher, struct fp_snapshot *next);
/* Frees replaced snapshots that nobody reads any more; publishing does so too. */
void fp_publisher_collect(struct fp_publisher *publisher);

/* A reading thread's slot; NULL when FP_READERS_MAX have one. */
struct fp_reader;
struct fp_reader *fp_reader_new(struct fp_publisher *publisher);
void fp_reader_free(struct fp_reader *reader);
/* The current snapshot, which stays until fp_reader_leave. Not nested. No lock, no wait. */
const struct fp_snapshot *fp_reader_enter(struct fp_reader *reader);
/*
 * The same; *now_us gets the moment of what is answered from it. Moments order exactly with
 * publications: it is at or after this snapshot's published_us, and before the next one's. So the
 * snapshot that an answer was made of can be told from its moment.
 */
const struct fp_snapshot *fp_reader_enter_at(struct fp_reader *reader, int64_t *now_us);
void fp_reader_leave(struct fp_reader *reader);
