/* What became of a repository's refs between two looks. */
#include "repository_look.h"

#include "forkpoint/base/time.h"
#include "forkpoint/graph/walk.h"

#include <stdlib.h>

static int is_forward(struct fp_repository_source *source, const struct fp_ref_event *event,
	struct fp_error *error)
{
	struct fp_graph_view view = fp_graph_view(source->graph);
	uint32_t from = fp_graph_find(&view, &event->old_commit);
	uint32_t to = fp_graph_find(&view, &event->new_commit);
	int r = 0;

	if (from != FP_NO_COMMIT && to != FP_NO_COMMIT)
		r = fp_walk_is_ancestor(&view, &source->scratch, from, to, error);
	fp_graph_view_release(&view);
	return r;
}

static int add_event(struct fp_look *look, struct fp_ref_events *events,
	const struct fp_ref_row *old, const struct fp_mirror_ref *new, struct fp_error *error)
{
	struct fp_ref_event *event = &events->items[events->count];
	int r;

	*event = (struct fp_ref_event){.name = old ? old->name : new->name};
	if (old) {
		event->old_oid = old->oid;
		event->old_commit = old->commit;
	}
	if (new) {
		event->new_oid = new->oid;
		event->new_commit = new->commit;
	}
	if (old && new) {
		if (fp_oid_equal(&old->oid, &new->oid))
			return 0;
		r = is_forward(look->source, event, error);
		if (r < 0)
			return r;
		event->movement = r ? FP_REF_FORWARD : FP_REF_REWRITTEN;
	} else {
		event->movement = old ? FP_REF_DELETED : FP_REF_CREATED;
	}
	events->count++;
	return 0;
}

/* Both lists are in the order of names. */
int fp_look_compare_refs(struct fp_look *look, struct fp_ref_events *events, struct fp_error *error)
{
	const struct fp_ref_rows *old = &look->source->refs;
	const struct fp_mirror_refs *new = &look->refs;
	size_t i = 0, k = 0;

	events->items = calloc(old->count + new->count + 1, sizeof(*events->items));
	if (!events->items)
		return fp_error_memory(error);
	while (i < old->count || k < new->count) {
		int order = i == old->count   ? 1
			    : k == new->count ? -1
					      : strcmp(old->items[i].name, new->items[k].name);
		int r = add_event(look, events, order <= 0 ? &old->items[i] : NULL,
			order >= 0 ? &new->items[k] : NULL, error);

		if (r < 0)
			return r;
		i += order <= 0;
		k += order >= 0;
	}
	return 0;
}

/*
 * Every commit that an answer could name was reachable from some ref's tip when it was named. A ref
 * that goes forward still leads to all that it led to; only one that is deleted or rewritten lets
 * go of commits. So its old tip is kept, whether an answer has named what it led to or not: which
 * commits answers named is known only to the history, which may be behind, and a tip that another
 * ref leads to as well costs 41 bytes.
 */
int fp_look_keep_old_tips(
	struct fp_look *look, const struct fp_ref_events *events, struct fp_error *error)
{
	FP_CLEANUP_FREE struct fp_oid *tips = calloc(events->count + 1, sizeof(*tips));
	size_t count = 0;

	if (!tips)
		return fp_error_memory(error);
	for (size_t i = 0; i < events->count; i++) {
		const struct fp_ref_event *event = &events->items[i];

		if ((event->movement == FP_REF_DELETED || event->movement == FP_REF_REWRITTEN) &&
			!fp_oid_is_zero(&event->old_commit))
			tips[count++] = event->old_commit;
	}
	return count ? fp_mirror_keep(look->mirror, tips, count, &look->sync->cancelled, error) : 0;
}

int fp_look_store_refs(
	struct fp_look *look, const struct fp_ref_events *events, struct fp_error *error)
{
	struct fp_repository_source *source = look->source;
	int r;

	if (events->count == 0)
		return 0;
	r = fp_store_apply_ref_events(source->store, source->id, events->items, events->count,
		fp_clock_real_us(), &source->revision, error);
	if (r < 0)
		return r;
	fp_ref_rows_release(&source->refs);
	return fp_store_load_refs(
		source->store, source->id, &source->refs, &source->revision, error);
}
