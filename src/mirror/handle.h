#pragma once
/* What stands behind a struct fp_mirror; for this layer's files only. */
#include "forkpoint/mirror/mirror.h"

#include <git2.h>

struct fp_mirror {
	git_repository *repo;
	git_odb *odb;
	char *path;
};

/* 1: nothing at the path; -FP_ERROR_FOREIGN: another user's, or no folder. */
int fp_mirror_check_owner(const char *path, struct fp_error *error);
/* The blob's bytes; -FP_ERROR_LIMIT, its size in the text, when it is larger than content->max. */
int fp_mirror_blob_read(struct fp_mirror *mirror, const struct fp_oid *blob, struct fp_buf *content,
	struct fp_error *error);

/* As fp_mirror_keep, for who holds the mirror's lock already. */
int fp_keep_commits(git_repository *repo, git_odb *odb, const struct fp_oid *oids, size_t count,
	struct fp_error *error);
