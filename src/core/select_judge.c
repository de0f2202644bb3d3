/* One version and one query: the rules read from top to bottom. */
#include "group.h"

enum fp_rejection fp_select_judge(const struct fp_catalog *catalog,
	const struct fp_catalog_version *version, const struct fp_select_query *query)
{
	const struct fp_decoded *decoded = &version->decoded;

	if (version->standing == FP_REJECTION_UNRECOGNISED ||
		version->standing == FP_REJECTION_UNLISTED ||
		version->standing == FP_REJECTION_NOT_YET_SEEN)
		return version->standing;
	if (!fp_grammar_release_matches(decoded, &query->release))
		return FP_REJECTION_OTHER_RELEASE;
	if (!fp_group_is_of_branch(query, decoded->grammar, decoded->label))
		return FP_REJECTION_OTHER_BRANCH;
	if (decoded->minute > query->minute)
		return FP_REJECTION_AFTER_FORK_POINT;
	return version->standing;
}
