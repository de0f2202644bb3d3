#pragma once
/*
 * Several paths looked up in one tree after the other, cheaply: a folder whose id is the one of the
 * tree before is not read again, and a tree is scanned once for all names that are wanted in it.
 */
#include "forkpoint/mirror/mirror.h"

enum { FP_SOURCE_MAX_PATHS = 64 };

struct fp_source_node {
	struct fp_str name; /* of this folder or file in its parent */
	uint32_t parent;    /* 0 is the root */
	int path;	    /* number of the path that ends here, or -1 */
	bool has_children;
	struct fp_oid tree; /* the folder that was read last */
	struct fp_oid oid;  /* of the entry in the parent that was read last; zero = absent */
	bool is_folder;
};

struct fp_source_paths {
	struct fp_source_node *nodes;
	uint32_t count;
	size_t capacity;
	struct fp_oid *blobs; /* per path: what the last look-up found; zero = no such file */
	char **names;	      /* per path: a copy */
	uint32_t path_count;
};

void fp_source_paths_release(struct fp_source_paths *paths);
/* The path's number; the same path twice has one. */
int fp_source_paths_add(
	struct fp_source_paths *paths, const char *path, uint32_t *number, struct fp_error *error);
/* Fills in blobs for a tree. On failure nothing is remembered. */
int fp_source_paths_look_up(struct fp_source_paths *paths, struct fp_mirror *mirror,
	const struct fp_oid *tree, struct fp_error *error);
