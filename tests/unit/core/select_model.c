/* A plain reading of the rules, to compare with. */
#include "select_model.h"

#include "forkpoint/core/nuget_version.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static int compare_texts(const void *a, const void *b)
{
	const struct model_version *left = a, *right = b;

	return fp_version_text_compare(fp_str(left->text), fp_str(right->text));
}

void model_sort(struct model *model)
{
	qsort(model->versions, model->count, sizeof(model->versions[0]), compare_texts);
}

void model_label(const char *branch, bool underscore, char *label)
{
	strcpy(label, branch);
	for (char *c = label; *c; c++)
		if (strchr(underscore ? "/.-" : "/.@><", *c))
			*c = underscore ? '_' : '-';
}

static bool is_of_release(const struct model_version *version, const struct model_query *query)
{
	if (version->major != query->major || version->minor != query->minor ||
		version->patch != query->patch)
		return false;
	if (version->grammar == FP_GRAMMAR_ARCADE && query->prerelease[0] == '\0')
		return true;
	return strcasecmp(version->prerelease, query->prerelease) == 0;
}

static bool is_of_branch(const struct model_version *version, const struct model_query *query)
{
	if (version->grammar == FP_GRAMMAR_ARCADE)
		return query->takes_unlabelled;
	for (size_t i = 0; i < query->name_count; i++) {
		char hyphens[MODEL_TEXT_MAX], underscores[MODEL_TEXT_MAX];

		model_label(query->names[i], false, hyphens);
		model_label(query->names[i], true, underscores);
		if (strcasecmp(version->label, hyphens) == 0)
			return true;
		if (version->grammar == FP_GRAMMAR_PATCH_STAMP &&
			strcasecmp(version->label, underscores) == 0)
			return true;
	}
	return false;
}

static int64_t day_of(int64_t minute)
{
	return minute / 1440; /* the tests stay after 2000 */
}

/* An arcade version is eligible by its day, the others by their minute. */
static bool is_after(const struct model_version *version, const struct model_query *query)
{
	if (version->grammar == FP_GRAMMAR_ARCADE)
		return day_of(version->minute) > day_of(query->minute);
	return version->minute > query->minute;
}

enum fp_rejection model_judge(const struct model *model, const struct model_version *version,
	const struct model_query *query)
{
	if (version->grammar == FP_GRAMMAR_NONE)
		return FP_REJECTION_UNRECOGNISED;
	if (version->unlisted && !model->keep_unlisted)
		return FP_REJECTION_UNLISTED;
	if (!is_of_release(version, query))
		return FP_REJECTION_OTHER_RELEASE;
	if (!is_of_branch(version, query))
		return FP_REJECTION_OTHER_BRANCH;
	if (is_after(version, query))
		return FP_REJECTION_AFTER_FORK_POINT;
	if (version->quarantined)
		return FP_REJECTION_QUARANTINED;
	if (version->unavailable)
		return FP_REJECTION_UNAVAILABLE;
	return version->incomplete ? FP_REJECTION_INCOMPLETE_SET : FP_REJECTION_NONE;
}

/* <0: a is taken before b. */
static int compare_newest(const struct model *model, uint32_t a, uint32_t b)
{
	const struct model_version *left = &model->versions[a], *right = &model->versions[b];

	if (left->minute != right->minute)
		return left->minute > right->minute ? -1 : 1;
	if (left->revision != right->revision)
		return left->revision > right->revision ? -1 : 1;
	return a > b ? -1 : a < b;
}

static int compare_indices(const void *a, const void *b, void *model)
{
	return compare_newest(model, *(const uint32_t *)a, *(const uint32_t *)b);
}

/* Those with this code, newest first. */
static uint32_t list(const struct model *model, const struct model_query *query,
	enum fp_rejection code, uint32_t *indices)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < model->count; i++)
		if (!model->versions[i].vanished &&
			model_judge(model, &model->versions[i], query) == code)
			indices[count++] = i;
	if (count)
		qsort_r(indices, count, sizeof(*indices), compare_indices, (void *)model);
	return count;
}

uint32_t model_eligible(
	const struct model *model, const struct model_query *query, uint32_t *indices)
{
	return list(model, query, FP_REJECTION_NONE, indices);
}

/* With its quarantine lifted, would it be chosen? */
static uint32_t find_quarantined_better(
	const struct model *model, const struct model_query *query, uint32_t chosen)
{
	uint32_t indices[MODEL_VERSIONS_MAX];
	uint32_t count = list(model, query, FP_REJECTION_QUARANTINED, indices);

	for (uint32_t i = 0; i < count; i++) {
		const struct model_version *version = &model->versions[indices[i]];

		if (version->unavailable || version->incomplete)
			continue;
		if (chosen == FP_SELECT_NO_VERSION || compare_newest(model, indices[i], chosen) < 0)
			return indices[i];
	}
	return FP_SELECT_NO_VERSION;
}

struct fp_selection model_select(const struct model *model, const struct model_query *query)
{
	struct fp_selection selection = {.chosen = FP_SELECT_NO_VERSION,
		.runner_up = FP_SELECT_NO_VERSION,
		.nearest_newer = FP_SELECT_NO_VERSION};
	uint32_t indices[MODEL_VERSIONS_MAX], count;

	for (int code = FP_REJECTION_NONE + 1; code < FP_REJECTION_COUNT; code++)
		selection.total += selection.rejected[code] =
			list(model, query, (enum fp_rejection)code, indices);
	count = list(model, query, FP_REJECTION_AFTER_FORK_POINT, indices);
	if (count)
		selection.nearest_newer = indices[count - 1];
	count = model_eligible(model, query, indices);
	selection.eligible = count;
	selection.total += count;
	if (count > 0)
		selection.chosen = indices[0];
	if (count > 1)
		selection.runner_up = indices[1];
	selection.quarantined_better = find_quarantined_better(model, query, selection.chosen);
	selection.day_granular =
		count > 0 && model->versions[indices[0]].grammar == FP_GRAMMAR_ARCADE &&
		day_of(model->versions[indices[0]].minute) == day_of(query->minute);
	return selection;
}

static void find_other_release(
	const struct model *model, const struct model_query *query, struct model_misses *misses)
{
	uint32_t indices[MODEL_VERSIONS_MAX], newest = FP_SELECT_NO_VERSION;
	uint32_t count = list(model, query, FP_REJECTION_OTHER_RELEASE, indices);

	misses->newest_other_release = FP_SELECT_NO_VERSION;
	for (uint32_t i = count; i-- > 0;) {
		const struct model_version *version = &model->versions[indices[i]];

		if (!is_of_branch(version, query))
			continue;
		newest = indices[i];
		if (!is_after(version, query))
			misses->newest_other_release = indices[i];
	}
	if (misses->newest_other_release == FP_SELECT_NO_VERSION)
		misses->newest_other_release = newest;
}

static bool is_listed(const struct model_misses *misses, const char *label)
{
	for (size_t i = 0; i < misses->other_label_count; i++)
		if (strcasecmp(misses->other_labels[i], label) == 0)
			return true;
	return false;
}

struct model_misses model_find_misses(const struct model *model, const struct model_query *query)
{
	struct model_misses misses = {0};
	uint32_t indices[MODEL_VERSIONS_MAX];
	uint32_t count = list(model, query, FP_REJECTION_OTHER_BRANCH, indices);

	find_other_release(model, query, &misses);
	for (uint32_t i = 0; i < count && misses.other_label_count < 8; i++) {
		const struct model_version *version = &model->versions[indices[i]];

		if (version->grammar != FP_GRAMMAR_ARCADE && !is_listed(&misses, version->label))
			misses.other_labels[misses.other_label_count++] = version->label;
	}
	return misses;
}
