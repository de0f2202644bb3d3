/* An answer and the build that it is for: the first one stays. */
#include "forkpoint/service/sticky.h"

#include "locate.h"
#include "trained.h"

#include <stdlib.h>

enum { KEY_MAX_BYTES = 64 * 1024 };

/* Whether everything that the key is made of is known. */
static bool is_selected(const struct fp_answer *answer)
{
	return answer->outcome == FP_OUTCOME_OK || answer->outcome == FP_OUTCOME_NO_DATABASE;
}

/* Each part with its length, so that no two questions run together into one. */
static void add_part(struct fp_buf *text, struct fp_str part)
{
	fp_buf_addf(text, "%zu:", part.len);
	fp_buf_add_str(text, part);
}

static int make_key(const struct fp_answer *answer, struct fp_str build, struct fp_hash128 *key)
{
	struct fp_buf FP_CLEANUP_BUF text = {0}, FP_CLEANUP_BUF release = {0};
	char sha[FP_OID_HEX + 1];

	fp_buf_init(&text, KEY_MAX_BYTES);
	fp_buf_init(&release, KEY_MAX_BYTES);
	fp_oid_format(fp_graph_oid(&answer->repository->branches->view, answer->commit), sha);
	fp_release_write(&answer->release, &release);
	add_part(&text, answer->repository->settings->name);
	add_part(&text, build);
	add_part(&text, fp_str(sha));
	add_part(&text, answer->branch_name);
	add_part(&text, fp_buf_str(&release));
	add_part(&text, answer->package->settings->id);
	if (fp_buf_check(&text, NULL) < 0 || fp_buf_check(&release, NULL) < 0)
		return -FP_ERROR_MEMORY;
	*key = fp_hash128(text.data, text.len);
	return 0;
}

static bool is_of_own_day(const struct fp_answer *answer, const struct fp_catalog_version *version)
{
	return version->decoded.grammar == FP_GRAMMAR_ARCADE &&
	       fp_day_from_minute(version->decoded.minute) == fp_day_from_minute(answer->minute);
}

/* Forgets what was said about the version that would be chosen now. */
static void forget_chosen(struct fp_answer *answer)
{
	answer->warnings &= ~(1u << FP_WARNING_TRAINING_COMMIT_UNKNOWN |
			      1u << FP_WARNING_TRAINING_COMMIT_AMBIGUOUS |
			      1u << FP_WARNING_TRAINED_AFTER_FORK_POINT |
			      1u << FP_WARNING_ANCESTRY_DISAGREES | 1u << FP_WARNING_DAY_GRANULAR |
			      1u << FP_WARNING_PINNED);
	answer->trained_count = 0;
	answer->trained_is_ancestor = false;
	answer->trained_ancestor = FP_NO_COMMIT;
	answer->age_commits = -1;
	answer->ancestry = FP_SELECT_NO_VERSION;
	fp_buf_clear(&answer->detail);
}

static void turn_into(
	struct fp_worker *worker, struct fp_answer *answer, const struct fp_catalog_version *first)
{
	const struct fp_catalog *catalog = answer->package->state->catalog;

	forget_chosen(answer);
	answer->instead_of = answer->selection.chosen;
	answer->is_sticky = true;
	answer->selection.chosen = (uint32_t)(first - catalog->versions);
	answer->outcome = FP_OUTCOME_OK;
	answer->last_step = FP_STEP_ANCESTRY;
	answer->warnings |= 1u << FP_WARNING_PINNED;
	if (is_of_own_day(answer, first))
		answer->warnings |= 1u << FP_WARNING_DAY_GRANULAR;
	if (fp_answer_judge_training(worker, answer) < 0) {
		fp_buf_add_text(&answer->detail, "out of memory");
		fp_answer_fail(answer, FP_STEP_ANCESTRY, FP_OUTCOME_INTERNAL);
	}
}

int fp_service_stick(
	struct fp_worker *worker, struct fp_str build, int64_t now_us, struct fp_answer *answer)
{
	struct fp_sticky *sticky = worker->service->sticky;
	const struct fp_catalog_version *chosen, *first;
	FP_CLEANUP_FREE char *given = NULL;
	struct fp_hash128 key;

	if (!sticky || build.len == 0 || !is_selected(answer) || make_key(answer, build, &key) < 0)
		return 0;
	chosen = answer->outcome == FP_OUTCOME_OK
			 ? fp_answer_version(answer, answer->selection.chosen)
			 : NULL;
	given = fp_sticky_settle(
		sticky, key, chosen ? chosen->row.text : (struct fp_str){0}, now_us);
	if (!given)
		return 0;
	if (!chosen || !fp_str_equal(chosen->row.text, fp_str(given))) {
		first = fp_catalog_find(answer->package->state->catalog, fp_str(given));
		if (!first || !fp_str_equal(first->row.text, fp_str(given)))
			return 1;
		turn_into(worker, answer, first);
	}
	answer->sticky = key;
	return 0;
}
