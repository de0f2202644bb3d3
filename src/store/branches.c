/* A repository's branches at one moment: refs, tips, reaches, what commits' trees say. */
#include "branch_twins.h"

#include <stdlib.h>

struct fp_branches *fp_branches_ref(struct fp_branches *branches)
{
	atomic_fetch_add_explicit(&branches->references, 1, memory_order_relaxed);
	return branches;
}

void fp_branches_unref(struct fp_branches *branches)
{
	if (!branches ||
		atomic_fetch_sub_explicit(&branches->references, 1, memory_order_acq_rel) != 1)
		return;
	for (size_t i = 0; i < branches->count; i++) {
		fp_reach_unref(branches->items[i].reach);
		free(branches->items[i].twins);
	}
	free(branches->items);
	free(branches->ref_commits);
	if (!branches->basis)
		free(branches->facts);
	fp_branches_unref(branches->basis);
	fp_closure_release(&branches->known);
	free(branches->memory);
	fp_map_release(&branches->by_name);
	fp_ref_rows_release(&branches->refs);
	fp_graph_view_release(&branches->view);
	free(branches);
}

const struct fp_branch *fp_branches_find(const struct fp_branches *branches, struct fp_str name)
{
	uint32_t index;

	return fp_map_get(&branches->by_name, name, &index) ? &branches->items[index] : NULL;
}

size_t fp_branches_find_ref(const struct fp_branches *branches, struct fp_str name)
{
	size_t low = 0, high = branches->refs.count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = fp_str_compare(fp_str(branches->refs.items[middle].name), name);

		if (order == 0)
			return middle;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return SIZE_MAX;
}

uint32_t fp_branches_find_commit(const struct fp_branches *branches, const struct fp_oid *oid)
{
	uint32_t commit = fp_graph_find(&branches->view, oid);

	return commit != FP_NO_COMMIT && fp_branches_knows(branches, commit) ? commit
									     : FP_NO_COMMIT;
}

/* With commits that were not known: more are looked at until enough of them were, or no more fit.
 */
static size_t find_known_prefix(
	const struct fp_branches *branches, struct fp_str hex, uint32_t *found, size_t max)
{
	size_t room = 64, kept = 0;

	for (;;) {
		FP_CLEANUP_FREE uint32_t *all = calloc(room, sizeof(*all));
		size_t count = all ? fp_graph_find_prefix(&branches->view, hex, all, room) : 0;

		kept = 0;
		for (size_t i = 0; i < count && kept < max; i++)
			if (fp_branches_knows(branches, all[i]))
				found[kept++] = all[i];
		if (kept == max || count < room)
			return kept;
		room *= 4;
	}
}

size_t fp_branches_find_prefix(
	const struct fp_branches *branches, struct fp_str hex, uint32_t *found, size_t max)
{
	if (branches->known.bits)
		return find_known_prefix(branches, hex, found, max);
	return fp_graph_find_prefix(&branches->view, hex, found, max);
}

/* ---- facts ---- */

static size_t text_bytes(const char *text)
{
	return text ? strlen(text) + 1 : 0;
}

static struct fp_str keep(char **room, const char *text)
{
	size_t bytes = text_bytes(text);
	struct fp_str kept = {*room, bytes ? bytes - 1 : 0};

	if (!text)
		return (struct fp_str){0};
	memcpy(*room, text, bytes);
	*room += bytes;
	return kept;
}

static void keep_facts(char **room, const struct fp_facts_row *row, struct fp_facts *facts)
{
	facts->release_text = keep(room, row->release);
	facts->release_source = keep(room, row->release_source);
	facts->release_problem = keep(room, row->release_problem);
	facts->branch = keep(room, row->branch);
	facts->branch_source = keep(room, row->branch_source);
	facts->branch_problem = keep(room, row->branch_problem);
	facts->has_release = facts->release_text.len > 0 &&
			     fp_release_parse(facts->release_text, &facts->release);
}

static int copy_facts(struct fp_branches *branches, const struct fp_facts_rows *rows)
{
	size_t bytes = 1;
	char *room;

	for (size_t i = 0; i < rows->count; i++) {
		const struct fp_facts_row *row = &rows->items[i];

		bytes += text_bytes(row->release) + text_bytes(row->release_source) +
			 text_bytes(row->release_problem) + text_bytes(row->branch) +
			 text_bytes(row->branch_source) + text_bytes(row->branch_problem);
	}
	branches->facts = calloc(rows->count + 1, sizeof(*branches->facts));
	branches->memory = room = malloc(bytes);
	if (!branches->facts || !room)
		return -FP_ERROR_MEMORY;
	for (size_t i = 0; i < rows->count; i++)
		keep_facts(&room, &rows->items[i], &branches->facts[i]);
	branches->facts_count = rows->count;
	return 0;
}

/* ---- branches ---- */

static bool is_tracked(const struct fp_repository_settings *settings, struct fp_str name)
{
	if (fp_str_equal(name, settings->default_branch))
		return true;
	for (size_t i = 0; i < settings->tracked_count; i++)
		if (fp_str_matches_glob(name, settings->tracked[i].ptr))
			return true;
	return false;
}

static void set_aliases(const struct fp_repository_settings *settings, struct fp_branch *branch)
{
	for (size_t i = 0; i < settings->alias_count; i++) {
		if (!fp_str_equal(settings->aliases[i].branch, branch->name))
			continue;
		branch->aliases = settings->aliases[i].names;
		branch->alias_count = settings->aliases[i].name_count;
	}
}

static int list_branches(
	struct fp_branches *branches, const struct fp_repository_settings *settings)
{
	size_t prefix = strlen("refs/heads/");

	branches->items = calloc(branches->refs.count + 1, sizeof(*branches->items));
	branches->ref_commits = calloc(branches->refs.count + 1, sizeof(*branches->ref_commits));
	if (!branches->items || !branches->ref_commits)
		return -FP_ERROR_MEMORY;
	for (size_t i = 0; i < branches->refs.count; i++) {
		const struct fp_ref_row *ref = &branches->refs.items[i];
		struct fp_branch *branch = &branches->items[branches->count];

		branches->ref_commits[i] = fp_graph_find(&branches->view, &ref->commit);
		if (!fp_str_starts_with(fp_str(ref->name), "refs/heads/"))
			continue;
		branch->name = fp_str(ref->name + prefix);
		branch->tip = branches->ref_commits[i];
		branch->tracked = is_tracked(settings, branch->name);
		set_aliases(settings, branch);
		if (fp_map_set(&branches->by_name, branch->name, (uint32_t)branches->count) < 0)
			return -FP_ERROR_MEMORY;
		branches->count++;
	}
	return 0;
}

/* ---- reaches ---- */

void fp_kept_reaches_release(struct fp_kept_reaches *kept)
{
	for (size_t i = 0; i < kept->count; i++)
		fp_reach_unref(kept->items[i]);
	free(kept->items);
	*kept = (struct fp_kept_reaches){0};
}

/* Where reaches may be had from instead of being built. */
struct lenders {
	const struct fp_branches *previous;
	const struct fp_kept_reaches *kept;
};

static struct fp_reach *borrow_reach(const struct lenders *lenders,
	const struct fp_graph_view *view, const struct fp_branch *branch)
{
	const struct fp_branches *previous = lenders->previous;
	const struct fp_branch *same = NULL;

	for (size_t i = 0; lenders->kept && i < lenders->kept->count; i++)
		if (fp_reach_tip(lenders->kept->items[i]) == branch->tip)
			return lenders->kept->items[i];
	if (previous && previous->view.graph == view->graph)
		same = fp_branches_find(previous, branch->name);
	return same ? same->reach : NULL;
}

/*
 * What a repository's commits may take in memory, all told, is 64 bytes a commit and a little that
 * does not grow with them. The graph takes at most 52 (see graph.h). The pivot's reach, the default
 * branch's as a rule, takes at most 12.5 and is always there: it answers for every branch. Other
 * tracked branches get reaches of their own while there is room, newest tip first, because a reach
 * answers faster than the pivot where branches have merged each other back and forth; in small
 * repositories that is all of them.
 */
enum { BYTES_PER_COMMIT = 64, BYTES_BESIDES = 1 << 20 };

static uint64_t bytes_allowed(const struct fp_branches *branches)
{
	return (uint64_t)branches->view.count * BYTES_PER_COMMIT + BYTES_BESIDES;
}

static int build_reach(struct fp_branches *branches, struct fp_branch *branch,
	const struct lenders *lenders, struct fp_scratch *scratch, uint64_t *bytes)
{
	branch->reach = fp_reach_build(&branches->view, branch->tip,
		borrow_reach(lenders, &branches->view, branch), scratch);
	if (!branch->reach)
		return -FP_ERROR_MEMORY;
	*bytes += fp_reach_memory_bytes(branch->reach);
	return 0;
}

/* The tracked branch without a reach that has the newest tip; NULL. */
static struct fp_branch *next_tracked(struct fp_branches *branches)
{
	struct fp_branch *next = NULL;

	for (size_t i = 0; i < branches->count; i++) {
		struct fp_branch *branch = &branches->items[i];

		if (branch->tracked && !branch->reach && branch->tip != FP_NO_COMMIT &&
			(!next || branch->tip > next->tip))
			next = branch;
	}
	return next;
}

/* The default branch, else the tracked branch with the newest tip, else any that leads to
 * commits; NULL. */
static struct fp_branch *choose_pivot(
	struct fp_branches *branches, const struct fp_repository_settings *settings)
{
	uint32_t index;
	struct fp_branch *next;

	if (fp_map_get(&branches->by_name, settings->default_branch, &index) &&
		branches->items[index].tip != FP_NO_COMMIT)
		return &branches->items[index];
	next = next_tracked(branches);
	for (size_t i = 0; !next && i < branches->count; i++)
		if (branches->items[i].tip != FP_NO_COMMIT)
			next = &branches->items[i];
	return next;
}

static int build_reaches(struct fp_branches *branches,
	const struct fp_repository_settings *settings, const struct lenders *lenders,
	struct fp_scratch *scratch)
{
	uint64_t bytes = fp_graph_memory_bytes(branches->view.graph), last = 0;
	struct fp_branch *branch = choose_pivot(branches, settings);

	if (!branch)
		return 0;
	if (build_reach(branches, branch, lenders, scratch, &bytes) < 0)
		return -FP_ERROR_MEMORY;
	branches->pivot = branch->reach;
	last = fp_reach_memory_bytes(branch->reach);
	while (bytes + last <= bytes_allowed(branches) && (branch = next_tracked(branches))) {
		if (build_reach(branches, branch, lenders, scratch, &bytes) < 0)
			return -FP_ERROR_MEMORY;
		last = fp_reach_memory_bytes(branch->reach);
	}
	return 0;
}

struct fp_branches *fp_branches_build(const struct fp_repository_settings *settings,
	const struct fp_graph_view *view, struct fp_ref_rows *refs, int64_t revision,
	const struct fp_facts_rows *facts, const struct fp_branches *previous,
	const struct fp_kept_reaches *kept, struct fp_scratch *scratch)
{
	const struct lenders lenders = {previous, kept};
	struct fp_branches *branches = calloc(1, sizeof(*branches));

	if (!branches) {
		fp_ref_rows_release(refs);
		return NULL;
	}
	atomic_init(&branches->references, 1);
	branches->view = fp_graph_view_copy(view);
	branches->refs = *refs;
	*refs = (struct fp_ref_rows){0};
	branches->revision = revision;
	if (copy_facts(branches, facts) < 0 || list_branches(branches, settings) < 0 ||
		build_reaches(branches, settings, &lenders, scratch) < 0 ||
		fp_branch_twins_find(branches, settings) < 0) {
		fp_branches_unref(branches);
		return NULL;
	}
	return branches;
}

int fp_branches_limit(struct fp_branches *branches, const struct fp_oid *tips, size_t tip_count)
{
	if (fp_closure_build(&branches->view, tips, tip_count, &branches->known) < 0)
		return -FP_ERROR_MEMORY;
	if (branches->known.members < branches->known.count)
		return 1;
	fp_closure_release(&branches->known);
	return 0;
}

/* ---- branches as they were ---- */

/* A branch that has not moved has its present reach; the others do with the present pivot's, which
 * serves any two commits. Nothing is made anew, so that going back costs little and holds little.
 */
static void lend_reaches(struct fp_branches *branches, const struct fp_branches *now)
{
	branches->pivot = now->pivot;
	for (size_t i = 0; i < branches->count; i++) {
		struct fp_branch *branch = &branches->items[i];
		const struct fp_branch *same = fp_branches_find(now, branch->name);

		if (same && same->reach && same->tip == branch->tip)
			branch->reach = fp_reach_ref(same->reach);
	}
}

struct fp_branches *fp_branches_build_past(const struct fp_repository_settings *settings,
	struct fp_branches *now, struct fp_ref_rows *refs)
{
	struct fp_branches *branches = calloc(1, sizeof(*branches));

	if (!branches) {
		fp_ref_rows_release(refs);
		return NULL;
	}
	atomic_init(&branches->references, 1);
	branches->view = fp_graph_view_copy(&now->view);
	branches->refs = *refs;
	*refs = (struct fp_ref_rows){0};
	branches->basis = fp_branches_ref(now);
	branches->facts = now->facts;
	branches->facts_count = now->facts_count;
	if (list_branches(branches, settings) < 0 || fp_branch_twins_find(branches, settings) < 0) {
		fp_branches_unref(branches);
		return NULL;
	}
	lend_reaches(branches, now);
	return branches;
}
