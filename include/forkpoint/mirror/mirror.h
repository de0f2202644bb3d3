#pragma once
/*
 * A mirror clone on disk, read only: its refs, its commits, blobs of a commit's tree. Everything
 * local; nothing here talks to an upstream (see fetch.h). A struct fp_mirror belongs to one thread
 * at a time; several may be open on one path.
 */
#include "forkpoint/base/buf.h"
#include "forkpoint/base/error.h"
#include "forkpoint/core/commit.h"

#include <stdatomic.h>
#include <stdbool.h>

/* Once at start, before any thread (libgit2's own globals, caches, limits), and once at the end. */
int fp_mirror_library_init(struct fp_error *error);
void fp_mirror_library_shutdown(void);

struct fp_mirror;

/* 1 when there is no mirror at path (yet); -FP_ERROR_FOREIGN another user's; -FP_ERROR_CORRUPT. */
int fp_mirror_open(const char *path, struct fp_mirror **mirror, struct fp_error *error);
void fp_mirror_close(struct fp_mirror *mirror);
FP_DEFINE_CLEANUP(struct fp_mirror *, fp_mirror_close)

struct fp_mirror_ref {
	char *name;	      /* full: refs/heads/main */
	struct fp_oid oid;    /* what it names; an annotated tag's own id */
	struct fp_oid commit; /* peeled; zero when it leads to no commit */
};

struct fp_mirror_refs {
	struct fp_mirror_ref *items; /* by name, byte order; none below refs/forkpoint/ */
	size_t count;
};

int fp_mirror_read_refs(
	struct fp_mirror *mirror, struct fp_mirror_refs *refs, struct fp_error *error);
void fp_mirror_refs_release(struct fp_mirror_refs *refs);

/* What the walk asks of its caller. Non-zero returns end the walk and are handed up. */
struct fp_mirror_walk {
	const struct fp_oid *tips;
	size_t tip_count;
	/* Whether the caller has the commit (then it has all its ancestors, too). */
	bool (*is_known)(void *context, const struct fp_oid *oid);
	/* Each new commit once, parents before children; the row is valid during the call. */
	int (*emit)(void *context, const struct fp_commit_row *row, struct fp_error *error);
	/* Now and then: commits read so far (the total is not known before the walk is through),
	 * and then commits emitted of how many. */
	void (*progress)(void *context, uint64_t read, uint64_t emitted, uint64_t total);
	void *context;
	const atomic_bool *cancelled; /* may be NULL */
	unsigned threads;	      /* readers side by side; 0 = one per core, at most 4 */
};

/* Every commit that is reachable from the tips and not known. -FP_ERROR_CORRUPT when an object is
 * missing or damaged (the text names it), -FP_ERROR_CANCELLED. Nothing is emitted before the whole
 * set was read, so a failure leaves the caller as it was. */
int fp_mirror_walk_commits(
	struct fp_mirror *mirror, const struct fp_mirror_walk *walk, struct fp_error *error);

/* Reads every object that there is and holds it against its id. -FP_ERROR_CORRUPT names the first
 * that is damaged. Takes as long as reading the whole mirror does. */
int fp_mirror_read_all(struct fp_mirror *mirror, uint64_t *objects, struct fp_error *error);

enum fp_object_type {
	FP_OBJECT_MISSING,
	FP_OBJECT_COMMIT,
	FP_OBJECT_TREE,
	FP_OBJECT_BLOB,
	FP_OBJECT_TAG
};
enum fp_object_type fp_mirror_object_type(struct fp_mirror *mirror, const struct fp_oid *oid);

/* The blob at a path of a tree. 1: no such path, or no blob. -FP_ERROR_LIMIT: larger than
 * content->max (the blob's id is filled in all the same). content may be NULL to learn the id. */
int fp_mirror_find_blob(struct fp_mirror *mirror, const struct fp_oid *tree, const char *path,
	struct fp_oid *blob, struct fp_buf *content, struct fp_error *error);

/* The same for a file of a commit's tree, by the commit's id. */
int fp_mirror_read_file(struct fp_mirror *mirror, const struct fp_oid *commit, const char *path,
	struct fp_buf *content, struct fp_error *error);

/* Keeps the commits reachable for ever, by refs of our own below refs/forkpoint/kept/. What is no
 * commit of this mirror is left out. -FP_ERROR_BUSY while a fetch goes on: ask again later;
 * -FP_ERROR_CANCELLED soon after *cancelled (may be NULL) becomes true. */
int fp_mirror_keep(struct fp_mirror *mirror, const struct fp_oid *oids, size_t count,
	const atomic_bool *cancelled, struct fp_error *error);

/*
 * Brings commits, with all that they lead to and that the mirror lacks, from another repository's
 * folder: a damaged mirror that was set aside. Its refs need not be readable. What cannot be read
 * there is left out; what came is kept as by fp_mirror_keep. *rescued gets how many of the commits
 * came. -FP_ERROR_BUSY, -FP_ERROR_CANCELLED.
 */
int fp_mirror_rescue(struct fp_mirror *mirror, const char *from, const struct fp_oid *oids,
	size_t count, const atomic_bool *cancelled, size_t *rescued, struct fp_error *error);

/* Bytes on disk, and pack files, for /repos. */
struct fp_mirror_size {
	uint64_t bytes;
	unsigned packs;
};
int fp_mirror_measure(const char *path, struct fp_mirror_size *size, struct fp_error *error);

/* Rolls many small packs into one, without stopping readers. 1 when there was nothing to do (no
 * more packs than the threshold); -FP_ERROR_BUSY while a fetch goes on. */
int fp_mirror_consolidate(struct fp_mirror *mirror, unsigned pack_threshold,
	const atomic_bool *cancelled, struct fp_error *error);
