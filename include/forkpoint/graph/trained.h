#pragma once
/*
 * Training commits by stamp: which commits of a repository have one of the minutes that its
 * packages' versions name. Built per snapshot in one pass over the commits; immutable.
 */
#include "forkpoint/graph/graph.h"

struct fp_trained;

/*
 * minutes: ascending, without repeats. committer: take committer times instead of author times.
 * NULL when out of memory. One reference.
 */
struct fp_trained *fp_trained_build(
	const struct fp_graph_view *view, const fp_minute *minutes, size_t count, bool committer);
/* The same for those minutes as well that are not among trained's; view and committer as they were
 * then. Costs a pass over the commits when there is a new minute, and next to nothing else. */
struct fp_trained *fp_trained_extend(struct fp_trained *trained, const struct fp_graph_view *view,
	const fp_minute *minutes, size_t count, bool committer);
struct fp_trained *fp_trained_ref(struct fp_trained *trained);
void fp_trained_unref(struct fp_trained *trained);

/* The commits of that minute, newest index first; their number. */
uint32_t fp_trained_commits(
	const struct fp_trained *trained, fp_minute minute, const uint32_t **commits);

/* The newest minute with commits that is not after this one, in *known. False when there is none.
 */
bool fp_trained_newest(const struct fp_trained *trained, fp_minute minute, fp_minute *known);
