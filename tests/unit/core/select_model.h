#pragma once
/*
 * Selection as RULES.md, section 3, words it: filter a list, sort it, take the first. Slow and
 * plain on purpose, and without anything of core's but NuGet's order, which has a test of its own:
 * the versions come with what they say, so that nothing is read from their text.
 */
#include "forkpoint/core/select.h"

#include <stdbool.h>
#include <stdint.h>

enum { MODEL_TEXT_MAX = 256, MODEL_VERSIONS_MAX = 128, MODEL_NAMES_MAX = 4 };

struct model_version {
	char text[MODEL_TEXT_MAX];
	enum fp_grammar grammar; /* FP_GRAMMAR_NONE: fits none */
	unsigned major, minor, patch;
	char prerelease[MODEL_TEXT_MAX];
	char label[MODEL_TEXT_MAX];
	int64_t minute;
	unsigned revision;
	bool unlisted, vanished, quarantined, unavailable, incomplete;
};

struct model {
	/* In fp_version_text_compare's order, as a catalog holds them. */
	struct model_version versions[MODEL_VERSIONS_MAX];
	uint32_t count;
	bool keep_unlisted;
};

struct model_query {
	unsigned major, minor, patch;
	const char *prerelease;
	const char *names[MODEL_NAMES_MAX];
	size_t name_count;
	bool takes_unlabelled;
	int64_t minute;
};

void model_sort(struct model *model);
enum fp_rejection model_judge(const struct model *model, const struct model_version *version,
	const struct model_query *query);
/* The eligible ones, chosen first; their number. */
uint32_t model_eligible(
	const struct model *model, const struct model_query *query, uint32_t *indices);
struct fp_selection model_select(const struct model *model, const struct model_query *query);

struct model_misses {
	uint32_t newest_other_release;
	const char *other_labels[8];
	size_t other_label_count;
};

struct model_misses model_find_misses(const struct model *model, const struct model_query *query);
/* The branch's label: hyphen or underscore style. */
void model_label(const char *branch, bool underscore, char *label);
