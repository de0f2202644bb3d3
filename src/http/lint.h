#pragma once
/* Findings about a repository in the request's form. */
#include "forkpoint/http/request.h"

/* 0, or a negative value when memory or room ran out. */
int fp_lint_write(struct fp_request *request, const struct fp_snapshot *snapshot,
	const struct fp_snapshot_repository *repository, struct fp_buf *buf);
