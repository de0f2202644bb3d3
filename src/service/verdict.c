/* What is to be said of a version that a build used, beside the answer. */
#include "forkpoint/service/verdict.h"

#include "forkpoint/core/nuget_version.h"

#include "line.h"
#include "verdict_ancestry.h"

const char *fp_verdict_name(enum fp_verdict verdict)
{
	static const char *const names[FP_VERDICT_COUNT] = {
		[FP_VERDICT_MATCH] = "match",
		[FP_VERDICT_UNRECOGNISED] = "unrecognised",
		[FP_VERDICT_REFORMATTED] = "reformatted",
		[FP_VERDICT_NEVER_SEEN] = "never-seen",
		[FP_VERDICT_OTHER_RELEASE] = "other-release",
		[FP_VERDICT_OTHER_BRANCH] = "other-branch",
		[FP_VERDICT_NEWER_THAN_FORK_POINT] = "newer-than-fork-point",
		[FP_VERDICT_QUARANTINED] = "quarantined",
		[FP_VERDICT_VANISHED] = "vanished",
		[FP_VERDICT_NOT_AN_ANCESTOR] = "not-an-ancestor",
		[FP_VERDICT_OLDER] = "older",
	};

	return names[verdict];
}

static const struct fp_catalog *catalog_of(const struct fp_answer *answer)
{
	return answer->package->state->catalog;
}

static uint32_t index_of(const struct fp_answer *answer, const struct fp_catalog_version *version)
{
	return version ? (uint32_t)(version - catalog_of(answer)->versions) : FP_SELECT_NO_VERSION;
}

/* ---- the same in another grammar ---- */

static bool labels_are_one(struct fp_str a, struct fp_str b)
{
	if (a.len != b.len)
		return false;
	for (size_t i = 0; i < a.len; i++) {
		char left = fp_char_lower(a.ptr[i]), right = fp_char_lower(b.ptr[i]);

		/* The styles replace by different characters. */
		if (left != right && (left == '_' ? '-' : left) != (right == '_' ? '-' : right))
			return false;
	}
	return true;
}

static bool says_the_same(const struct fp_decoded *a, const struct fp_decoded *b)
{
	return a->grammar != b->grammar && b->grammar != FP_GRAMMAR_NONE &&
	       a->minute == b->minute && a->release.major == b->release.major &&
	       a->release.minor == b->release.minor && labels_are_one(a->label, b->label);
}

/* The one that the feed still has before one that it had; and the very release before one that
 * differs in what the other grammar cannot say. */
static bool is_closer(const struct fp_catalog_version *version,
	const struct fp_catalog_version *best, const struct fp_decoded *decoded)
{
	bool gone = version->row.vanished_us >= 0;

	if (!best)
		return true;
	if (gone != (best->row.vanished_us >= 0))
		return !gone;
	return fp_release_equal(&version->decoded.release, &decoded->release) &&
	       !fp_release_equal(&best->decoded.release, &decoded->release);
}

static const struct fp_catalog_version *find_reformatted(
	const struct fp_answer *answer, const struct fp_decoded *decoded)
{
	const struct fp_catalog *catalog = catalog_of(answer);
	const struct fp_catalog_version *best = NULL;

	if (decoded->grammar == FP_GRAMMAR_ARCADE || decoded->grammar == FP_GRAMMAR_NONE)
		return NULL;
	for (uint32_t i = 0; i < catalog->version_count; i++)
		if (catalog->versions[i].standing != FP_REJECTION_NOT_YET_SEEN &&
			says_the_same(decoded, &catalog->versions[i].decoded) &&
			is_closer(&catalog->versions[i], best, decoded))
			best = &catalog->versions[i];
	return best;
}

/* ---- a version that the feed has or had ---- */

static const char *why_gone(const struct fp_catalog_version *version)
{
	if (version->row.vanished_us >= 0)
		return "vanished";
	switch (version->standing) {
	case FP_REJECTION_UNLISTED:
	case FP_REJECTION_UNAVAILABLE:
	case FP_REJECTION_INCOMPLETE_SET: return fp_rejection_name(version->standing);
	default: return NULL;
	}
}

static bool is_quarantined(const struct fp_catalog_version *version)
{
	return version->row.quarantined || version->standing == FP_REJECTION_QUARANTINED;
}

static int judge_known(struct fp_worker *worker, const struct fp_answer *answer,
	const struct fp_catalog_version *version, struct fp_judgement *judgement)
{
	const struct fp_decoded *decoded = &version->decoded;
	const struct fp_select_query *query = &answer->query;
	int r;

	judgement->gone = why_gone(version);
	if (index_of(answer, version) == answer->selection.chosen)
		judgement->verdict = FP_VERDICT_MATCH;
	else if (decoded->grammar == FP_GRAMMAR_NONE)
		judgement->verdict = FP_VERDICT_UNRECOGNISED;
	else if (version->standing == FP_REJECTION_NOT_YET_SEEN)
		judgement->verdict = FP_VERDICT_NEVER_SEEN; /* at that time */
	else if (!fp_grammar_release_matches(decoded, &query->release))
		judgement->verdict = FP_VERDICT_OTHER_RELEASE;
	else if (!fp_query_is_label(query, decoded))
		judgement->verdict = FP_VERDICT_OTHER_BRANCH;
	else if (decoded->minute > query->minute)
		judgement->verdict = FP_VERDICT_NEWER_THAN_FORK_POINT;
	else if (is_quarantined(version))
		judgement->verdict = FP_VERDICT_QUARANTINED;
	else if (judgement->gone)
		judgement->verdict = FP_VERDICT_VANISHED;
	else {
		r = fp_verdict_is_off_line(worker, answer, decoded);
		if (r < 0)
			return r;
		judgement->verdict = r ? FP_VERDICT_NOT_AN_ANCESTOR : FP_VERDICT_OLDER;
	}
	return 0;
}

/* Two rows can be one version to NuGet: what counts is which one a client gets. */
static const struct fp_catalog_version *find_used(
	const struct fp_answer *answer, struct fp_str used)
{
	const struct fp_catalog_version *chosen =
		fp_answer_version(answer, answer->selection.chosen);
	struct fp_nuget_version asked, answered;

	if (chosen && fp_nuget_version_parse(used, &asked) &&
		fp_nuget_version_parse(chosen->row.text, &answered) &&
		fp_nuget_version_compare(&asked, &answered) == 0)
		return chosen;
	return fp_catalog_find(catalog_of(answer), used);
}

int fp_verdict_judge(struct fp_worker *worker, const struct fp_answer *answer, struct fp_str used,
	struct fp_judgement *judgement)
{
	const struct fp_package_settings *settings = answer->package->settings;
	const struct fp_catalog_version *version = find_used(answer, used);
	struct fp_judgement original = {0};
	int r;

	*judgement = (struct fp_judgement){.version = index_of(answer, version)};
	fp_grammar_read_first(
		settings->grammars, settings->grammar_count, used, &judgement->decoded);
	if (version)
		return judge_known(worker, answer, version, judgement);
	if (judgement->decoded.grammar == FP_GRAMMAR_NONE) {
		/* In a grammar that the package no longer has, or never had. */
		for (int i = 0; i < FP_GRAMMAR_COUNT; i++)
			if (fp_grammar_read((enum fp_grammar)i, used, &judgement->decoded, NULL))
				break;
			else
				judgement->decoded.grammar = FP_GRAMMAR_NONE;
	}
	version = find_reformatted(answer, &judgement->decoded);
	if (!version) {
		struct fp_decoded own;

		fp_grammar_read_first(settings->grammars, settings->grammar_count, used, &own);
		judgement->verdict = own.grammar == FP_GRAMMAR_NONE ? FP_VERDICT_UNRECOGNISED
								    : FP_VERDICT_NEVER_SEEN;
		return 0;
	}
	r = judge_known(worker, answer, version, &original);
	if (r < 0)
		return r;
	judgement->verdict = FP_VERDICT_REFORMATTED;
	judgement->version = index_of(answer, version);
	judgement->reformatted = original.verdict;
	judgement->gone = original.gone;
	return 0;
}
