/* Branches that share a label: replacing characters loses information, former names count too. */
#include "branch_twins.h"

#include "forkpoint/core/label.h"

#include <stdlib.h>

/* A branch under one of its names: its own or a former one. */
struct label_entry {
	uint32_t branch;
	uint32_t next; /* of the same label; UINT32_MAX ends the chain */
};

/* Chains names of one label: last[label] is the entry met last. */
struct label_chains {
	struct fp_map last;
	struct label_entry *entries;
	uint32_t count;
};

static int chain_label(struct label_chains *chains, uint32_t branch, struct fp_str name,
	enum fp_label_style style, struct fp_buf *label)
{
	struct label_entry *entry = &chains->entries[chains->count];

	*entry = (struct label_entry){.branch = branch, .next = UINT32_MAX};
	fp_buf_clear(label);
	fp_label_write(name, style, label);
	for (size_t k = 0; k < label->len; k++)
		label->data[k] = fp_char_lower(label->data[k]);
	fp_map_get(&chains->last, fp_buf_str(label), &entry->next);
	return fp_map_set(&chains->last, fp_buf_str(label), chains->count++);
}

static int chain_labels(
	const struct fp_branches *branches, enum fp_label_style style, struct label_chains *chains)
{
	struct fp_buf FP_CLEANUP_BUF label = {0};
	int r = 0;

	fp_buf_init(&label, 64 * 1024);
	for (uint32_t i = 0; r >= 0 && i < branches->count; i++) {
		const struct fp_branch *branch = &branches->items[i];

		r = chain_label(chains, i, branch->name, style, &label);
		for (size_t k = 0; r >= 0 && k < branch->alias_count; k++)
			r = chain_label(chains, i, branch->aliases[k], style, &label);
	}
	return r;
}

static bool has_twin(const struct fp_branch *branch, uint32_t other)
{
	for (size_t i = 0; i < branch->twin_count; i++)
		if (branch->twins[i] == other)
			return true;
	return false;
}

static int add_twin(struct fp_branch *branch, uint32_t other)
{
	uint32_t *larger;

	if (has_twin(branch, other))
		return 0;
	larger = realloc(branch->twins, (branch->twin_count + 1) * sizeof(*larger));
	if (!larger)
		return -FP_ERROR_MEMORY;
	branch->twins = larger;
	branch->twins[branch->twin_count++] = other;
	return 0;
}

/* How many twins of one branch are remembered: enough to name in a warning. */
enum { TWINS_MAX = 16 };

static int add_twins(struct fp_branches *branches, const struct label_chains *chains)
{
	for (uint32_t i = 0; i < chains->count; i++) {
		const struct label_entry *one = &chains->entries[i], *other;

		for (uint32_t at = one->next; at != UINT32_MAX; at = other->next) {
			other = &chains->entries[at];
			if (other->branch == one->branch)
				continue; /* two names of one branch */
			if (branches->items[one->branch].twin_count < TWINS_MAX &&
				add_twin(&branches->items[one->branch], other->branch) < 0)
				return -FP_ERROR_MEMORY;
			if (branches->items[other->branch].twin_count >= TWINS_MAX)
				break;
			if (add_twin(&branches->items[other->branch], one->branch) < 0)
				return -FP_ERROR_MEMORY;
		}
	}
	return 0;
}

static bool writes_underscores(const struct fp_repository_settings *settings)
{
	for (size_t i = 0; i < settings->package_count; i++)
		for (size_t k = 0; k < settings->packages[i].grammar_count; k++)
			if (settings->packages[i].grammars[k] == FP_GRAMMAR_PATCH_STAMP)
				return true;
	return false;
}

static size_t count_names(const struct fp_branches *branches)
{
	size_t count = branches->count;

	for (size_t i = 0; i < branches->count; i++)
		count += branches->items[i].alias_count;
	return count;
}

static int find_twins_in(struct fp_branches *branches, enum fp_label_style style)
{
	struct label_chains chains = {0};
	int r = -FP_ERROR_MEMORY;

	chains.entries = calloc(count_names(branches) + 1, sizeof(*chains.entries));
	if (chains.entries)
		r = chain_labels(branches, style, &chains);
	if (r >= 0)
		r = add_twins(branches, &chains);
	fp_map_release(&chains.last);
	free(chains.entries);
	return r;
}

int fp_branch_twins_find(
	struct fp_branches *branches, const struct fp_repository_settings *settings)
{
	int r = find_twins_in(branches, FP_LABEL_HYPHEN);

	if (r >= 0 && writes_underscores(settings))
		r = find_twins_in(branches, FP_LABEL_UNDERSCORE);
	return r;
}
