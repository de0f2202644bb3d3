/* Events that follow from two snapshots: looks that fail, answers that change. */
#include "news.h"

/* ---- looks ---- */

/* Where a look went wrong or right again: a repository's upstream, or a package's feed. */
struct place {
	struct fp_str repo, feed, package; /* the last two empty: the upstream */
};

static int add_turn(struct fp_news *news, const struct place *place, const char *before,
	const char *after, int64_t now_us)
{
	const char *kind = after ? "sync-failed" : "sync-recovered";

	if (!before == !after)
		return 0;
	fp_news_begin(news, kind, place->repo, now_us);
	fp_json_member_text(&news->json, "source", place->feed.len ? "feed" : "upstream");
	if (place->feed.len) {
		fp_json_member_string(&news->json, "feed", place->feed);
		fp_json_member_string(&news->json, "package", place->package);
	}
	if (after)
		fp_json_member_text(&news->json, "error", after);
	return fp_news_end(news, kind, place->repo, now_us);
}

static const struct fp_snapshot_package *find_package(
	const struct fp_snapshot_repository *repository, const struct fp_package_settings *like)
{
	for (size_t i = 0; repository && i < repository->settings->package_count; i++) {
		const struct fp_package_settings *settings = repository->packages[i].settings;

		if (fp_str_equal(settings->id, like->id) &&
			fp_str_equal(settings->feed, like->feed))
			return &repository->packages[i];
	}
	return NULL;
}

static int add_package_turns(struct fp_news *news, const struct fp_snapshot_repository *before,
	const struct fp_snapshot_repository *after, int64_t now_us)
{
	int r = 0;

	for (size_t i = 0; r >= 0 && i < after->settings->package_count; i++) {
		const struct fp_snapshot_package *package = &after->packages[i];
		const struct fp_snapshot_package *old = find_package(before, package->settings);
		const struct place place = {
			after->settings->name, package->settings->feed, package->settings->id};

		r = add_turn(news, &place, old ? old->feed_trouble : NULL, package->feed_trouble,
			now_us);
	}
	return r;
}

int fp_news_add_sync(struct fp_news *news, const struct fp_snapshot *last,
	const struct fp_snapshot *next, int64_t now_us)
{
	int r = 0;

	for (size_t i = 0; r >= 0 && i < next->settings->repository_count; i++) {
		const struct fp_snapshot_repository *after = &next->repositories[i];
		const struct fp_snapshot_repository *before =
			last ? fp_snapshot_find(last, after->settings->name) : NULL;
		const struct place upstream = {.repo = after->settings->name};

		r = add_turn(news, &upstream, before ? before->refs_trouble : NULL,
			after->refs_trouble, now_us);
		if (r >= 0)
			r = add_package_turns(news, before, after, now_us);
	}
	return r;
}

/* ---- answers ---- */

/* What a tip gets; slices into the answer and `sha`. */
static bool ask_tip(struct fp_worker *worker, const struct fp_snapshot *snapshot,
	const struct fp_question *question, int64_t now_us, struct fp_answer *answer,
	struct fp_tip_answer *tip)
{
	const struct fp_catalog_version *version;

	fp_service_resolve(worker, snapshot, question, now_us, answer);
	if (answer->outcome == FP_OUTCOME_NOT_READY || answer->outcome == FP_OUTCOME_INTERNAL)
		return false;
	version = answer->outcome == FP_OUTCOME_OK
			  ? fp_answer_version(answer, answer->selection.chosen)
			  : NULL;
	*tip = (struct fp_tip_answer){
		.repo = question->repo,
		.branch = question->branch,
		.package = question->package,
		.sha = question->sha,
		.version = version ? version->row.text : FP_STR_LITERAL(""),
		.outcome = fp_str(fp_outcome_code(answer->outcome)),
	};
	return true;
}

static void write_tip(struct fp_json *json, const char *key, const struct fp_tip_answer *tip)
{
	fp_json_key(json, key);
	fp_json_object_begin(json);
	fp_json_member_string(json, "sha", tip->sha);
	if (tip->version.len)
		fp_json_member_string(json, "version", tip->version);
	else
		fp_json_member_text(json, "version", NULL);
	fp_json_member_string(json, "outcome", tip->outcome);
	fp_json_object_end(json);
}

static int add_change(struct fp_news *news, const struct fp_tip_answer *old,
	const struct fp_tip_answer *new, int64_t now_us)
{
	fp_news_begin(news, "answer-changed", new->repo, now_us);
	fp_json_member_string(&news->json, "branch", new->branch);
	fp_json_member_string(&news->json, "package", new->package);
	write_tip(&news->json, "old", old);
	write_tip(&news->json, "new", new);
	return fp_news_end(news, "answer-changed", new->repo, now_us);
}

static int note_tip(struct fp_news *news, const struct fp_kept_tips *known,
	const struct fp_tip_answer *tip, int64_t now_us)
{
	const struct fp_tip_answer *old = fp_kept_tips_find(known, tip);
	bool same = old && fp_str_equal(old->version, tip->version) &&
		    fp_str_equal(old->outcome, tip->outcome);
	int r = 0;

	if (same && fp_str_equal(old->sha, tip->sha))
		return 0;
	if (old && !same)
		r = add_change(news, old, tip, now_us);
	return r < 0 ? r : fp_kept_tips_put(&news->new_tips, tip);
}

/* Whether everything that the repository's answers are made of is what it was. */
static bool is_unchanged(
	const struct fp_snapshot_repository *before, const struct fp_snapshot_repository *after)
{
	if (!before || before->settings != after->settings || before->branches != after->branches)
		return false;
	for (size_t i = 0; i < after->settings->package_count; i++)
		if (before->packages[i].state != after->packages[i].state)
			return false;
	return true;
}

static int add_repository(struct fp_news *news, struct fp_worker *worker,
	const struct fp_kept_tips *known, const struct fp_snapshot *snapshot,
	const struct fp_snapshot_repository *repository, struct fp_answer *answer, int64_t now_us)
{
	const struct fp_branches *branches = repository->branches;
	int r = 0;

	for (size_t i = 0; r >= 0 && i < branches->count; i++) {
		const struct fp_branch *branch = &branches->items[i];
		char sha[FP_OID_HEX + 1];

		if (!branch->tracked || branch->tip == FP_NO_COMMIT)
			continue;
		fp_oid_format(fp_graph_oid(&branches->view, branch->tip), sha);
		for (size_t k = 0; r >= 0 && k < repository->settings->package_count; k++) {
			const struct fp_question question = {
				.repo = repository->settings->name,
				.sha = fp_str_n(sha, FP_OID_HEX),
				.branch = branch->name,
				.package = repository->packages[k].settings->id,
			};
			struct fp_tip_answer tip;

			if (ask_tip(worker, snapshot, &question, now_us, answer, &tip))
				r = note_tip(news, known, &tip, now_us);
		}
	}
	return r;
}

int fp_news_add_answers(struct fp_news *news, struct fp_worker *worker,
	const struct fp_kept_tips *known, const struct fp_snapshot *last,
	const struct fp_snapshot *next, struct fp_answer *answer, int64_t now_us)
{
	int r = 0;

	for (size_t i = 0; r >= 0 && i < next->settings->repository_count; i++) {
		const struct fp_snapshot_repository *after = &next->repositories[i];
		const struct fp_snapshot_repository *before =
			last && last->overrides == next->overrides
				? fp_snapshot_find(last, after->settings->name)
				: NULL;

		if (after->branches && !is_unchanged(before, after))
			r = add_repository(news, worker, known, next, after, answer, now_us);
	}
	return r;
}
