#pragma once
/* The parts of lint. Each tells its findings through fp_linting_tell. */
#include "line.h"

#include "forkpoint/service/lint.h"

struct fp_linting {
	struct fp_worker *worker;
	const struct fp_snapshot *snapshot;
	const struct fp_snapshot_repository *repository;
	struct fp_buf text; /* of the finding at hand */
	fp_finding_fn *row;
	void *context;
};

/* Tells one finding whose text stands in linting->text, and empties that. */
int fp_linting_tell(struct fp_linting *linting, enum fp_lint_code code,
	enum fp_lint_severity severity, struct fp_str subject);

int fp_lint_branches(struct fp_linting *linting);
int fp_lint_versions(struct fp_linting *linting, const struct fp_snapshot_package *package);
/* About a tracked branch's commits. */
int fp_lint_commits(struct fp_linting *linting, const struct fp_branch *branch);
/* About a tracked branch's tip and a package. */
int fp_lint_tip(struct fp_linting *linting, const struct fp_branch *branch,
	const struct fp_snapshot_package *package);
