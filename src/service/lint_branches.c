/* Lint of branches: their labels, and which PGO branch their own trees name. */
#include "lint.h"

enum { NAMES_MAX = 8 };

static bool is_watched(const struct fp_linting *linting, const struct fp_branch *branch)
{
	return branch->tracked ||
	       fp_str_equal(branch->name, linting->repository->settings->default_branch);
}

/* Told once for each group of twins, at the first of them by name. */
static int lint_twins(struct fp_linting *linting, uint32_t index)
{
	const struct fp_branches *branches = linting->repository->branches;
	const struct fp_branch *branch = &branches->items[index];
	bool watched = is_watched(linting, branch);

	for (size_t i = 0; i < branch->twin_count; i++) {
		if (branch->twins[i] < index)
			return 0;
		watched |= is_watched(linting, &branches->items[branch->twins[i]]);
	}
	if (branch->twin_count == 0)
		return 0;
	fp_buf_addf(&linting->text, "Branch %.*s has the same label as ", FP_STR_ARG(branch->name));
	for (size_t i = 0; i < branch->twin_count && i < NAMES_MAX; i++)
		fp_buf_addf(&linting->text, "%s%.*s", i ? ", " : "",
			FP_STR_ARG(branches->items[branch->twins[i]].name));
	if (branch->twin_count > NAMES_MAX)
		fp_buf_addf(&linting->text, " and %zu more", branch->twin_count - NAMES_MAX);
	fp_buf_add_char(&linting->text, '.');
	return fp_linting_tell(linting, FP_LINT_SHARED_LABEL,
		watched ? FP_LINT_WARNING : FP_LINT_NOTE, branch->name);
}

static bool is_packageable(
	const struct fp_package_settings *settings, const struct fp_branch *branch)
{
	switch (settings->grammars[0]) {
	case FP_GRAMMAR_PRERELEASE_STAMP:
		return fp_branch_is_packageable(branch->name, FP_LABEL_HYPHEN);
	case FP_GRAMMAR_PATCH_STAMP:
		return fp_branch_is_packageable(branch->name, settings->patch_style);
	default: return true;
	}
}

static int lint_label(struct fp_linting *linting, const struct fp_branch *branch)
{
	const struct fp_repository_settings *settings = linting->repository->settings;

	for (size_t i = 0; i < settings->package_count; i++) {
		if (is_packageable(&settings->packages[i], branch))
			continue;
		fp_buf_addf(&linting->text,
			"Branch %.*s makes no legal label: nothing can be published for it.",
			FP_STR_ARG(branch->name));
		return fp_linting_tell(linting, FP_LINT_NOT_PACKAGEABLE,
			is_watched(linting, branch) ? FP_LINT_ERROR : FP_LINT_NOTE, branch->name);
	}
	return 0;
}

static bool is_former_name(const struct fp_branch *branch, struct fp_str name)
{
	for (size_t i = 0; i < branch->alias_count; i++)
		if (fp_str_equal(branch->aliases[i], name))
			return true;
	return false;
}

static int lint_source(struct fp_linting *linting, const struct fp_branch *branch)
{
	const struct fp_branches *branches = linting->repository->branches;
	uint32_t number = fp_graph_facts(&branches->view, branch->tip);
	const struct fp_facts *facts =
		number < branches->facts_count ? &branches->facts[number] : NULL;
	struct fp_str named;

	if (!facts || facts->branch.len == 0)
		return 0;
	named = fp_branch_short_name(facts->branch);
	if (fp_str_equal(named, branch->name) || is_former_name(branch, named))
		return 0;
	fp_buf_addf(&linting->text,
		"The tip of %.*s names %.*s as its PGO branch, in %.*s: builds of it take that "
		"branch's databases.",
		FP_STR_ARG(branch->name), FP_STR_ARG(named), FP_STR_ARG(facts->branch_source));
	return fp_linting_tell(linting, FP_LINT_TRACKS_OTHER_BRANCH, FP_LINT_WARNING, branch->name);
}

int fp_lint_branches(struct fp_linting *linting)
{
	const struct fp_branches *branches = linting->repository->branches;
	int r = 0;

	for (uint32_t i = 0; r >= 0 && i < branches->count; i++) {
		r = lint_twins(linting, i);
		if (r >= 0)
			r = lint_label(linting, &branches->items[i]);
		if (r >= 0 && branches->items[i].tracked && branches->items[i].tip != FP_NO_COMMIT)
			r = lint_source(linting, &branches->items[i]);
	}
	return r;
}
