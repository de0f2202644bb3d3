#pragma once
/*
 * Lint: what in a repository, its packages and its configuration will surprise somebody sooner or
 * later. Memory only, but takes its time: not for event loops.
 */
#include "forkpoint/service/service.h"

enum fp_lint_code {
	FP_LINT_SHARED_LABEL,	    /* several branches make one label */
	FP_LINT_NOT_PACKAGEABLE,    /* a branch makes no legal label */
	FP_LINT_UNPARSABLE_VERSION, /* no client reads it */
	FP_LINT_REFUSED_VERSION,    /* NuGet's own client refuses it, others read it */
	FP_LINT_UNRECOGNISED_VERSION,
	FP_LINT_STAMP_OVERFLOW,	     /* the grammar cannot write today's stamps */
	FP_LINT_NO_PACKAGE,	     /* a tracked branch has no database at all */
	FP_LINT_TRACKS_OTHER_BRANCH, /* a branch's own tree names another PGO branch */
	FP_LINT_ANCESTRY_DISAGREES,  /* a tip's answer was not trained on an ancestor */
	FP_LINT_SAME_MINUTE,	     /* commits that one stamp stands for */
	FP_LINT_NOT_READ,	     /* what could not be looked at yet */
	FP_LINT_CODE_COUNT,
};

enum fp_lint_severity { FP_LINT_NOTE, FP_LINT_WARNING, FP_LINT_ERROR };

/* "shared-label", …; "note", "warning", "error". */
const char *fp_lint_code_name(enum fp_lint_code code);
const char *fp_lint_severity_name(enum fp_lint_severity severity);
/* What to do about it: a sentence. */
const char *fp_lint_advice(enum fp_lint_code code);

struct fp_finding {
	enum fp_lint_code code;
	enum fp_lint_severity severity;
	struct fp_str subject; /* a branch, a package */
	struct fp_str text;    /* a sentence */
};

/* The finding lives until the callback returns; a negative value ends the list and is returned. */
typedef int fp_finding_fn(void *context, const struct fp_finding *finding);

/* Of one repository of the snapshot. 0 or a negative value. */
int fp_service_lint(struct fp_worker *worker, const struct fp_snapshot *snapshot,
	const struct fp_snapshot_repository *repository, fp_finding_fn *row, void *context);
