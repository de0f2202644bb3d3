/* The world of a quarantine that is not in force: the snapshot's own machinery answers in it, so
 * that what is foretold is what would come. */
#include "what_if_world.h"

#include "forkpoint/service/overrides.h"

static struct fp_snapshot *make_snapshot(
	const struct fp_snapshot *snapshot, const struct fp_answer *answer, struct fp_str versions)
{
	struct fp_override decision = {.kind = FP_OVERRIDE_QUARANTINE,
		.repo = answer->repository->settings->name,
		.package = answer->package->settings->id,
		.expires_us = -1,
		.ended_us = -1};
	struct fp_overrides *overrides;
	struct fp_snapshot *made;

	if (!fp_override_take_versions(&decision, versions))
		return NULL;
	overrides = fp_overrides_with(snapshot->overrides, &decision);
	if (!overrides)
		return NULL;
	made = fp_snapshot_copy(snapshot);
	if (!made) {
		fp_overrides_unref(overrides);
		return NULL;
	}
	if (fp_snapshot_set_overrides(made, overrides) < 0) {
		fp_snapshot_free(made);
		return NULL;
	}
	return made;
}

int fp_what_if_world_make(struct fp_what_if_world *world, struct fp_worker *worker,
	const struct fp_snapshot *snapshot, const struct fp_answer *answer, struct fp_str versions)
{
	const struct fp_question question = {.repo = answer->repository->settings->name,
		.package = answer->package->settings->id,
		.branch = answer->branch_name};

	fp_answer_init(&world->answer);
	world->snapshot = make_snapshot(snapshot, answer, versions);
	if (!world->snapshot ||
		!fp_line_locate(&world->line, worker, world->snapshot, &question, &world->answer))
		return -FP_ERROR_MEMORY;
	return 0;
}

void fp_what_if_world_release(struct fp_what_if_world *world)
{
	fp_answer_release(&world->answer);
	fp_snapshot_free(world->snapshot);
}

/* A quarantine moves no version, so that it is looked for only in case. */
static uint32_t translate(
	const struct fp_what_if_world *world, const struct fp_answer *answer, uint32_t version)
{
	const struct fp_catalog *catalog = answer->package->state->catalog;
	const struct fp_catalog_version *there = fp_answer_version(&world->answer, version);
	const struct fp_catalog_version *here;

	if (!there)
		return FP_SELECT_NO_VERSION;
	if (version < catalog->version_count &&
		fp_str_equal(catalog->versions[version].row.text, there->row.text))
		return version;
	here = fp_catalog_find(catalog, there->row.text);
	return here ? (uint32_t)(here - catalog->versions) : FP_SELECT_NO_VERSION;
}

void fp_what_if_world_translate(const struct fp_what_if_world *world,
	const struct fp_answer *answer, struct fp_point *point)
{
	point->version = translate(world, answer, point->version);
	point->runner_up = translate(world, answer, point->runner_up);
}

static bool can_be_chosen(const struct fp_catalog_version *version)
{
	return version->row.vanished_us < 0 && version->standing == FP_REJECTION_NONE;
}

uint32_t fp_what_if_world_count(
	const struct fp_what_if_world *world, const struct fp_answer *answer)
{
	const struct fp_catalog *here = answer->package->state->catalog;
	const struct fp_catalog *there = world->answer.package->state->catalog;
	uint32_t count = 0;

	for (uint32_t i = 0; i < here->version_count; i++)
		count += can_be_chosen(&here->versions[i]);
	for (uint32_t i = 0; i < there->version_count; i++)
		count -= can_be_chosen(&there->versions[i]);
	return count;
}
