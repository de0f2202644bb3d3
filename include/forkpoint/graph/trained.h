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
struct fp_trained *fp_trained_ref(struct fp_trained *trained);
void fp_trained_unref(struct fp_trained *trained);

/* The commits of that minute, newest index first; their number. */
uint32_t fp_trained_commits(
	const struct fp_trained *trained, fp_minute minute, const uint32_t **commits);
