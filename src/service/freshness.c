/* /freshness: how old databases are, and where there are none. */
#include "forkpoint/service/freshness.h"

#include "line.h"

#include "forkpoint/base/array.h"
#include "forkpoint/base/time.h"

#include <stdlib.h>

#define MINUTE_US (60 * FP_US_PER_S)

void fp_freshness_release(struct fp_freshness *freshness)
{
	free(freshness->rows);
	*freshness = (struct fp_freshness){0};
}

/* What the rows of one branch and package have in common. */
struct looking {
	struct fp_line line;
	struct fp_answer *answer;
	const struct fp_branch *branch;
	struct fp_rhythm rhythm;
	int64_t now_us;
	struct fp_freshness *freshness;
};

static struct fp_freshness_row *add_row(struct looking *looking)
{
	struct fp_freshness *freshness = looking->freshness;
	struct fp_freshness_row *row;

	if (fp_array_reserve((void **)&freshness->rows, &freshness->capacity, freshness->count + 1,
		    sizeof(*freshness->rows)) < 0)
		return NULL;
	row = &freshness->rows[freshness->count++];
	*row = (struct fp_freshness_row){
		.repository = looking->answer->repository,
		.package = looking->answer->package,
		.branch = looking->branch,
		.version = FP_SELECT_NO_VERSION,
		.age_us = -1,
		.age_commits = -1,
		.hole_commit = FP_NO_COMMIT,
		.hole_since_us = -1,
		.rhythm = looking->rhythm,
		.silent_minutes = -1,
	};
	return row;
}

/* ---- the rhythm ---- */

static bool is_training(const struct fp_catalog_version *version)
{
	/* One that vanished was trained all the same. */
	return version->decoded.grammar != FP_GRAMMAR_NONE &&
	       version->standing != FP_REJECTION_NOT_YET_SEEN;
}

static int find_rhythm(struct looking *looking)
{
	const struct fp_catalog *catalog = looking->answer->package->state->catalog;
	FP_CLEANUP_FREE fp_minute *stamps = calloc(catalog->version_count + 1, sizeof(*stamps));
	size_t count = 0;

	if (!stamps)
		return -FP_ERROR_MEMORY;
	for (uint32_t i = 0; i < catalog->version_count; i++)
		if (is_training(&catalog->versions[i]) &&
			fp_query_is_label(&looking->answer->query, &catalog->versions[i].decoded))
			stamps[count++] = catalog->versions[i].decoded.minute;
	looking->rhythm = fp_rhythm_of(stamps, count);
	return 0;
}

/* ---- the tip ---- */

static int64_t age_of(const struct looking *looking, uint32_t version)
{
	const struct fp_catalog_version *found = fp_answer_version(looking->answer, version);

	return looking->now_us - fp_minute_to_s(found->decoded.minute) * FP_US_PER_S;
}

/* Down the line until a commit gets a database, or its release is another. */
static void find_hole(const struct looking *looking, struct fp_freshness_row *row)
{
	const struct fp_graph_view *view = &row->repository->branches->view;
	uint32_t commit = looking->branch->tip;
	struct fp_point point = {.commit = FP_NO_COMMIT};

	row->hole = true;
	while (commit != FP_NO_COMMIT && row->hole_commits < FP_FRESHNESS_WALK_MAX) {
		fp_line_point(&looking->line, commit, &point);
		if (!fp_point_is_hole(&point) || !fp_release_equal(&point.release, &row->release))
			break;
		row->hole_commit = commit;
		row->hole_commits++;
		commit = fp_line_before(&looking->line, commit);
	}
	if (row->hole_commit == FP_NO_COMMIT)
		return;
	row->hole_since_us = fp_graph_committer_s(view, row->hole_commit) * FP_US_PER_S;
	if (commit != FP_NO_COMMIT && point.commit == commit && point.has_release &&
		!fp_release_equal(&point.release, &row->release)) {
		row->bumped = true;
		row->bumped_from = point.release;
	}
}

/* Commits that a training run could be made of: some are newer than what was trained last. */
static bool has_untrained(const struct looking *looking)
{
	return fp_line_minute(&looking->line, looking->branch->tip) > looking->rhythm.newest;
}

static int add_tip(struct looking *looking, struct fp_worker *worker,
	const struct fp_snapshot *snapshot, const struct fp_question *question)
{
	const struct fp_graph_view *view = &looking->answer->repository->branches->view;
	struct fp_question of_tip = *question;
	struct fp_freshness_row *row = add_row(looking);
	struct fp_answer *answer = looking->answer;
	char sha[FP_OID_HEX + 1];

	if (!row)
		return -FP_ERROR_MEMORY;
	row->is_current = true;
	if (looking->rhythm.trainings) {
		row->silent_minutes =
			looking->now_us / MINUTE_US -
			fp_minute_to_s(looking->rhythm.newest) * FP_US_PER_S / MINUTE_US;
		row->silent = has_untrained(looking) &&
			      fp_rhythm_is_broken(&looking->rhythm, row->silent_minutes);
	}
	fp_oid_format(fp_graph_oid(view, looking->branch->tip), sha);
	of_tip.sha = fp_str(sha);
	fp_service_resolve(worker, snapshot, &of_tip, looking->now_us, answer);
	row->outcome = answer->outcome;
	row->has_release =
		answer->outcome == FP_OUTCOME_OK || answer->outcome == FP_OUTCOME_NO_DATABASE;
	row->release = answer->release;
	row->version = answer->selection.chosen;
	if (answer->outcome == FP_OUTCOME_OK) {
		row->age_us = age_of(looking, row->version);
		row->age_minutes = answer->age_minutes;
		row->age_commits = answer->age_commits;
	} else if (answer->outcome == FP_OUTCOME_NO_DATABASE) {
		find_hole(looking, row);
	}
	return 0;
}

/* ---- other releases ---- */

/* The newest eligible one of a group; FP_SELECT_NO_VERSION. */
static uint32_t newest_of(const struct fp_catalog *catalog, const struct fp_catalog_group *group)
{
	uint32_t end = group->first[FP_CATALOG_ELIGIBLE + 1];

	return end > group->first[FP_CATALOG_ELIGIBLE] ? catalog->order[end - 1]
						       : FP_SELECT_NO_VERSION;
}

static struct fp_freshness_row *row_of(
	struct looking *looking, size_t first, const struct fp_release *release)
{
	for (size_t i = first; i < looking->freshness->count; i++) {
		struct fp_freshness_row *row = &looking->freshness->rows[i];

		if (row->has_release && fp_release_equal(&row->release, release))
			return row;
	}
	return NULL;
}

static int compare_releases(const void *a, const void *b)
{
	const struct fp_freshness_row *left = a, *right = b;

	return fp_release_compare(&right->release, &left->release);
}

static int take_group(struct looking *looking, size_t first, const struct fp_catalog_group *group)
{
	const struct fp_catalog *catalog = looking->answer->package->state->catalog;
	uint32_t version = newest_of(catalog, group);
	struct fp_freshness_row *row;

	if (version == FP_SELECT_NO_VERSION)
		return 0;
	row = row_of(looking, first, &group->release);
	if (row && (row->is_current || catalog->versions[row->version].decoded.minute >=
					       catalog->versions[version].decoded.minute))
		return 0;
	if (!row)
		row = add_row(looking);
	if (!row)
		return -FP_ERROR_MEMORY;
	row->has_release = true;
	row->release = group->release;
	row->version = version;
	row->age_us = age_of(looking, version);
	return 0;
}

/* `first` is the row of the branch's tip. */
static int add_releases(struct looking *looking, size_t first)
{
	const struct fp_catalog *catalog = looking->answer->package->state->catalog;
	int r = 0;

	for (uint32_t i = 0; r >= 0 && i < catalog->group_count; i++) {
		const struct fp_catalog_group *group = &catalog->groups[i];
		const struct fp_decoded decoded = {.grammar = group->grammar,
			.release = group->release,
			.label = group->label};

		if (fp_query_is_label(&looking->answer->query, &decoded))
			r = take_group(looking, first, group);
	}
	if (r >= 0 && looking->freshness->count > first + 2)
		qsort(looking->freshness->rows + first + 1, looking->freshness->count - first - 1,
			sizeof(*looking->freshness->rows), compare_releases);
	return r;
}

/* ---- all of them ---- */

static int look_at(struct looking *looking, struct fp_worker *worker,
	const struct fp_snapshot *snapshot, const struct fp_question *question)
{
	size_t first = looking->freshness->count;
	int r;

	if (!fp_line_locate(&looking->line, worker, snapshot, question, looking->answer))
		return 0; /* the feed has not been read yet */
	r = find_rhythm(looking);
	if (r >= 0)
		r = add_tip(looking, worker, snapshot, question);
	/* Resolving left the query in place when it came so far. */
	if (r >= 0 && fp_line_locate(&looking->line, worker, snapshot, question, looking->answer))
		r = add_releases(looking, first);
	return r;
}

int fp_service_freshness(struct fp_worker *worker, const struct fp_snapshot *snapshot,
	const struct fp_snapshot_repository *repository, struct fp_str branch,
	struct fp_str package, int64_t now_us, struct fp_freshness *freshness)
{
	const struct fp_branches *branches = repository->branches;
	struct looking looking = {.now_us = now_us, .freshness = freshness};
	struct fp_answer answer;
	int r = 0;

	fp_answer_init(&answer);
	looking.answer = &answer;
	for (size_t i = 0; branches && r >= 0 && i < branches->count; i++) {
		looking.branch = &branches->items[i];
		if (!looking.branch->tracked || looking.branch->tip == FP_NO_COMMIT ||
			(branch.len && !fp_str_equal(branch, looking.branch->name)))
			continue;
		for (size_t k = 0; r >= 0 && k < repository->settings->package_count; k++) {
			struct fp_str id = repository->packages[k].settings->id;
			const struct fp_question question = {.repo = repository->settings->name,
				.branch = looking.branch->name,
				.package = id};

			if (package.len == 0 || fp_str_equal_nocase(package, id))
				r = look_at(&looking, worker, snapshot, &question);
		}
	}
	fp_answer_release(&answer);
	return r;
}
