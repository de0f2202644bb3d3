/*
 * Where several best common ancestors have one committer time, git's choice among them is the one
 * that its walk met first. That walk takes the newest committer time first, at equal times what was
 * queued first, and queues a commit again whenever it learns something new about it; it ends when
 * all that is queued is stale. Commits may be met before all their descendants were, so it is of no
 * use for finding bases, only for this order. It is done for real ties alone, which are rare.
 */
#include "git_order.h"

#include "forkpoint/base/array.h"

#include <stdlib.h>

enum { FROM_TIP = 1, FROM_COMMIT = 2, FROM_BOTH = 3, STALE = 4, MET = 8, QUEUED_ONCE = 16 };

struct entry {
	int64_t committer_s;
	uint32_t order; /* of queueing */
	uint32_t commit;
};

struct queue {
	const struct fp_graph_view *view;
	struct fp_scratch *marks; /* flags in the low bits, times queued above them */
	struct entry *entries;	  /* a heap */
	size_t len, capacity;
	uint32_t next_order;
	uint32_t fresh; /* queued entries whose commit is not stale */
};

static bool before(const struct entry *a, const struct entry *b)
{
	return a->committer_s != b->committer_s ? a->committer_s > b->committer_s
						: a->order < b->order;
}

static int heap_put(struct queue *queue, struct entry entry)
{
	size_t at;
	int r = fp_array_reserve((void **)&queue->entries, &queue->capacity, queue->len + 1,
		sizeof(*queue->entries));

	if (r < 0)
		return r;
	at = queue->len++;
	while (at > 0 && before(&entry, &queue->entries[(at - 1) / 2])) {
		queue->entries[at] = queue->entries[(at - 1) / 2];
		at = (at - 1) / 2;
	}
	queue->entries[at] = entry;
	return 0;
}

static struct entry heap_take(struct queue *queue)
{
	struct entry first = queue->entries[0], last = queue->entries[--queue->len];
	size_t at = 0;

	for (size_t child; (child = at * 2 + 1) < queue->len; at = child) {
		if (child + 1 < queue->len &&
			before(&queue->entries[child + 1], &queue->entries[child]))
			child++;
		if (!before(&queue->entries[child], &last))
			break;
		queue->entries[at] = queue->entries[child];
	}
	queue->entries[at] = last;
	return first;
}

/* Learns `flags` of a commit; queues it when any of them is news. */
static int learn(struct queue *queue, uint32_t commit, uint32_t flags)
{
	uint32_t *mark = fp_scratch_value(queue->marks, commit);

	if (!mark)
		return -FP_ERROR_MEMORY;
	if ((*mark & flags) == flags)
		return 0;
	if ((flags & STALE) && !(*mark & STALE))
		queue->fresh -= *mark / QUEUED_ONCE;
	*mark = (*mark | flags) + QUEUED_ONCE;
	if (!(*mark & STALE))
		queue->fresh++;
	return heap_put(
		queue, (struct entry){.committer_s = fp_graph_committer_s(queue->view, commit),
			       .order = queue->next_order++,
			       .commit = commit});
}

static int learn_parents(struct queue *queue, uint32_t commit, uint32_t flags)
{
	uint32_t room[2];
	const uint32_t *parents;
	uint32_t count = fp_graph_parents(queue->view, commit, &parents, room);

	for (uint32_t i = 0; i < count; i++) {
		int r = learn(queue, parents[i], flags);

		if (r < 0)
			return r;
	}
	return 0;
}

/* Moves `commit`, if it is one of the bases from `at` on, to `at`. */
static bool move_to(struct fp_bases *bases, uint32_t at, uint32_t commit)
{
	for (uint32_t i = at; i < bases->count; i++) {
		if (bases->commits[i] != commit)
			continue;
		for (; i > at; i--)
			bases->commits[i] = bases->commits[i - 1];
		bases->commits[at] = commit;
		return true;
	}
	return false;
}

int fp_git_order_bases(const struct fp_graph_view *view, struct fp_scratch *scratch, uint32_t tip,
	uint32_t commit, struct fp_bases *bases)
{
	struct queue queue = {.view = view, .marks = scratch};
	uint32_t met = 0;
	int r;

	fp_scratch_clear(scratch);
	r = learn(&queue, tip, FROM_TIP);
	if (r >= 0)
		r = learn(&queue, commit, FROM_COMMIT);
	while (r >= 0 && queue.fresh > 0 && met < bases->count) {
		struct entry entry = heap_take(&queue);
		uint32_t *mark = fp_scratch_value(scratch, entry.commit);
		uint32_t flags = *mark & (FROM_BOTH | STALE);

		*mark -= QUEUED_ONCE;
		if (!(flags & STALE))
			queue.fresh--;
		if (flags == FROM_BOTH) {
			if (!(*mark & MET) && move_to(bases, met, entry.commit))
				met++;
			*mark |= MET;
			flags |= STALE;
		}
		r = learn_parents(&queue, entry.commit, flags);
	}
	free(queue.entries);
	return r < 0 ? r : 0;
}
