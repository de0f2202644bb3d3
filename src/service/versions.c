/* /versions: the mirrored versions of a package. */
#include "locate.h"

#include "forkpoint/base/array.h"

#include <stdlib.h>

static const char *const status_names[] = {
	[FP_VERSION_STATUS_ANY] = "any",
	[FP_VERSION_STATUS_LISTED] = "listed",
	[FP_VERSION_STATUS_UNLISTED] = "unlisted",
	[FP_VERSION_STATUS_VANISHED] = "vanished",
	[FP_VERSION_STATUS_UNRECOGNISED] = "unrecognised",
	[FP_VERSION_STATUS_QUARANTINED] = "quarantined",
};

_Static_assert(FP_ARRAY_SIZE(status_names) == FP_VERSION_STATUS_COUNT, "a name for every status");

const char *fp_version_status_name(enum fp_version_status status)
{
	return status_names[status];
}

enum fp_version_status fp_catalog_version_status(const struct fp_catalog_version *version)
{
	if (version->row.vanished_us >= 0)
		return FP_VERSION_STATUS_VANISHED;
	if (version->decoded.grammar == FP_GRAMMAR_NONE)
		return FP_VERSION_STATUS_UNRECOGNISED;
	if (version->row.unlisted_us >= 0)
		return FP_VERSION_STATUS_UNLISTED;
	return FP_VERSION_STATUS_LISTED;
}

void fp_versions_answer_init(struct fp_versions_answer *answer)
{
	*answer = (struct fp_versions_answer){0};
	fp_buf_init(&answer->detail, 4096);
}

void fp_versions_answer_release(struct fp_versions_answer *answer)
{
	fp_buf_release(&answer->detail);
	free(answer->items);
}

/* What the query keeps, worked out once. */
struct filter {
	const struct fp_branches *branches; /* NULL: any branch */
	const struct fp_branch *branch;	    /* NULL: one that the mirror lacks, by its name alone */
	struct fp_str branch_name;	    /* empty: any */
	bool any_release;
	struct fp_release release;
	enum fp_version_status status;
};

static bool names_branch(struct fp_str name, const struct fp_decoded *decoded)
{
	if (fp_label_matches(name, FP_LABEL_HYPHEN, decoded->label))
		return true;
	return decoded->grammar == FP_GRAMMAR_PATCH_STAMP &&
	       fp_label_matches(name, FP_LABEL_UNDERSCORE, decoded->label);
}

static bool keeps_branch(const struct filter *filter, const struct fp_decoded *decoded)
{
	if (filter->branch_name.len == 0)
		return true;
	if (decoded->label.len == 0)
		return false;
	if (names_branch(filter->branch_name, decoded))
		return true;
	for (size_t i = 0; filter->branch && i < filter->branch->alias_count; i++)
		if (names_branch(filter->branch->aliases[i], decoded))
			return true;
	return false;
}

static bool keeps_status(enum fp_version_status status, const struct fp_catalog_version *version)
{
	switch (status) {
	case FP_VERSION_STATUS_ANY: return true;
	case FP_VERSION_STATUS_QUARANTINED: return version->row.quarantined;
	default: return status == fp_catalog_version_status(version);
	}
}

static bool keeps(const struct filter *filter, const struct fp_catalog_version *version)
{
	bool recognised = version->decoded.grammar != FP_GRAMMAR_NONE;

	if (!keeps_status(filter->status, version))
		return false;
	if (!recognised)
		return filter->any_release && filter->branch_name.len == 0;
	return (filter->any_release ||
		       fp_grammar_release_matches(&version->decoded, &filter->release)) &&
	       keeps_branch(filter, &version->decoded);
}

static bool set_filter(const struct fp_versions_query *query, struct fp_versions_answer *answer,
	struct filter *filter)
{
	*filter = (struct filter){
		.status = query->status,
		.any_release = query->release.len == 0,
		.branch_name = fp_branch_short_name(query->branch),
	};
	if (answer->repository->branches && query->branch.len)
		filter->branch =
			fp_branches_find(answer->repository->branches, filter->branch_name);
	if (filter->any_release || fp_release_parse(query->release, &filter->release))
		return true;
	answer->outcome = FP_OUTCOME_BAD_REQUEST;
	fp_buf_addf(&answer->detail,
		"release \"%.*s\" is none; it takes MAJOR.MINOR[.PATCH][-PRERELEASE], such as 2.4 "
		"or 2.8.0-prerelease",
		FP_STR_ARG(query->release));
	return false;
}

/* Borrowed by qsort's comparison, which takes no context in ISO C. */
struct ordered {
	const struct fp_catalog_version *version;
	uint32_t index;
};

/* Newest stamp first; what no grammar reads last; ties in falling version order. */
static int compare_newest_first(const void *a, const void *b)
{
	const struct ordered *left = a, *right = b;
	bool left_read = left->version->decoded.grammar != FP_GRAMMAR_NONE;
	bool right_read = right->version->decoded.grammar != FP_GRAMMAR_NONE;
	fp_minute left_minute = left_read ? left->version->decoded.minute : 0;
	fp_minute right_minute = right_read ? right->version->decoded.minute : 0;

	if (left_read != right_read)
		return left_read ? -1 : 1;
	if (left_minute != right_minute)
		return left_minute > right_minute ? -1 : 1;
	return left->index > right->index ? -1 : left->index < right->index;
}

static int list_page(const struct fp_catalog *catalog, const struct filter *filter,
	const struct fp_versions_query *query, struct fp_versions_answer *answer)
{
	FP_CLEANUP_FREE struct ordered *kept = NULL;
	size_t capacity = 0;

	for (uint32_t i = 0; i < catalog->version_count; i++) {
		if (!keeps(filter, &catalog->versions[i]))
			continue;
		if (fp_array_reserve((void **)&kept, &capacity, answer->total + 1, sizeof(*kept)) <
			0)
			return -FP_ERROR_MEMORY;
		kept[answer->total++] = (struct ordered){&catalog->versions[i], i};
	}
	if (answer->total)
		qsort(kept, answer->total, sizeof(*kept), compare_newest_first);
	for (size_t i = query->offset; i < answer->total && answer->count < query->limit; i++) {
		if (fp_array_reserve((void **)&answer->items, &answer->capacity, answer->count + 1,
			    sizeof(*answer->items)) < 0)
			return -FP_ERROR_MEMORY;
		answer->items[answer->count++] = kept[i].index;
	}
	return 0;
}

static void take_outcome(struct fp_versions_answer *answer, const struct fp_answer *located)
{
	answer->outcome = located->outcome;
	answer->nearest_count = located->nearest_count;
	memcpy(answer->nearest, located->nearest, sizeof(answer->nearest));
	fp_buf_add_str(&answer->detail, fp_buf_str(&located->detail));
}

/* Repository and package of the query, as for a question about a commit. */
static bool locate(const struct fp_snapshot *snapshot, const struct fp_versions_query *query,
	struct fp_versions_answer *answer)
{
	struct fp_question question = {.repo = query->repo, .package = query->package};
	struct fp_answer located;
	bool found;

	fp_answer_init(&located);
	fp_answer_clear(&located);
	located.snapshot = snapshot;
	located.repository = fp_snapshot_find(snapshot, query->repo);
	found = (located.repository || fp_locate_repository(&located, snapshot, &question)) &&
		fp_locate_package(&located, &question);
	answer->repository = located.repository;
	answer->package = located.package;
	take_outcome(answer, &located);
	fp_answer_release(&located);
	return found;
}

/* A branch may be gone whose versions are still there; one of which nothing is known is none. */
static bool is_branch_known(const struct filter *filter, const struct fp_versions_answer *answer)
{
	const struct fp_catalog *catalog = answer->package->state->catalog;

	if (!filter->branch_name.len || filter->branch || !answer->repository->branches)
		return true;
	for (uint32_t i = 0; i < catalog->version_count; i++)
		if (catalog->versions[i].decoded.grammar != FP_GRAMMAR_NONE &&
			keeps_branch(filter, &catalog->versions[i].decoded))
			return true;
	return false;
}

static bool check_branch(const struct fp_snapshot *snapshot, const struct fp_versions_query *query,
	const struct filter *filter, struct fp_versions_answer *answer)
{
	struct fp_question question = {
		.repo = query->repo, .package = query->package, .branch = query->branch};
	struct fp_answer located;
	bool found;

	if (is_branch_known(filter, answer))
		return true;
	fp_answer_init(&located);
	fp_answer_clear(&located);
	found = fp_locate_repository(&located, snapshot, &question) &&
		fp_locate_package(&located, &question) && fp_locate_branch(&located, &question);
	if (!found)
		take_outcome(answer, &located);
	fp_answer_release(&located);
	return found;
}

void fp_service_versions(struct fp_worker *worker, const struct fp_snapshot *snapshot,
	const struct fp_versions_query *query, struct fp_versions_answer *answer)
{
	struct filter filter;

	fp_buf_clear(&answer->detail);
	answer->count = answer->total = 0;
	if (!locate(snapshot, query, answer) || !set_filter(query, answer, &filter) ||
		!check_branch(snapshot, query, &filter, answer))
		return;
	if (list_page(answer->package->state->catalog, &filter, query, answer) < 0) {
		fp_buf_add_text(&answer->detail, "out of memory");
		answer->outcome = FP_OUTCOME_INTERNAL;
	}
}
