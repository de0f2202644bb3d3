/* /diagnose: the verdict and the evidence that lies in memory; the rest is in diagnose_past.c. */
#include "diagnose.h"

#include "verdict_ancestry.h"

#include <stdlib.h>

enum { TEXT_MAX_BYTES = 64 * 1024 };

void fp_diagnosis_init(struct fp_diagnosis *diagnosis)
{
	*diagnosis = (struct fp_diagnosis){.at_us = -1};
	fp_answer_init(&diagnosis->now);
	fp_answer_init(&diagnosis->then);
	fp_buf_init(&diagnosis->used, TEXT_MAX_BYTES);
	fp_buf_init(&diagnosis->at_build, TEXT_MAX_BYTES);
	fp_buf_init(&diagnosis->then_trouble, TEXT_MAX_BYTES);
	fp_buf_init(&diagnosis->difference.subject, TEXT_MAX_BYTES);
}

void fp_diagnosis_release(struct fp_worker *worker, struct fp_diagnosis *diagnosis)
{
	fp_answer_release(&diagnosis->now);
	fp_answer_release(&diagnosis->then);
	fp_buf_release(&diagnosis->used);
	fp_buf_release(&diagnosis->at_build);
	fp_buf_release(&diagnosis->then_trouble);
	fp_buf_release(&diagnosis->difference.subject);
	fp_texts_unref(diagnosis->texts);
	fp_overrides_unref(diagnosis->difference.overrides);
	fp_diagnosis_leave_past(worker, diagnosis);
}

const struct fp_answer *fp_diagnosis_answer(const struct fp_diagnosis *diagnosis)
{
	return diagnosis->then_counts ? &diagnosis->then : &diagnosis->now;
}

const struct fp_judgement *fp_diagnosis_judgement(const struct fp_diagnosis *diagnosis)
{
	return diagnosis->then_counts ? &diagnosis->judged_then : &diagnosis->judged_now;
}

bool fp_diagnosis_is_judgeable(const struct fp_answer *answer)
{
	return answer->outcome == FP_OUTCOME_OK || answer->outcome == FP_OUTCOME_NO_DATABASE;
}

/* What the version says: as the feed has it, or as it was asked about. */
static struct fp_decoded decoded_of(const struct fp_diagnosis *diagnosis)
{
	const struct fp_judgement *judgement = fp_diagnosis_judgement(diagnosis);
	const struct fp_catalog_version *version =
		fp_answer_version(fp_diagnosis_answer(diagnosis), judgement->version);

	return version ? version->decoded : judgement->decoded;
}

static int place_training(struct fp_worker *worker, struct fp_diagnosis *diagnosis)
{
	const struct fp_answer *answer = fp_diagnosis_answer(diagnosis);
	uint32_t commits[FP_TRAINED_MAX];

	diagnosis->decoded = decoded_of(diagnosis);
	diagnosis->training_count = fp_training_find(answer, &diagnosis->decoded, commits);
	for (uint32_t i = 0; i < diagnosis->training_count && i < FP_TRAINED_MAX; i++) {
		int r = fp_training_place(worker, answer, commits[i], &diagnosis->training[i]);

		if (r < 0)
			return r;
	}
	return 0;
}

int fp_service_diagnose(struct fp_worker *worker, const struct fp_snapshot *snapshot,
	const struct fp_diagnosis_query *query, int64_t now_us, struct fp_diagnosis *diagnosis,
	struct fp_error *error)
{
	struct fp_str used;
	int r;

	fp_service_resolve(worker, snapshot, &query->question, now_us, &diagnosis->now);
	if (!fp_diagnosis_is_judgeable(&diagnosis->now))
		return 0;
	fp_buf_add_str(&diagnosis->used, query->used);
	r = fp_buf_check(&diagnosis->used, error);
	if (r < 0)
		return r;
	used = fp_buf_str(&diagnosis->used);
	diagnosis->at_us = query->at_us;
	if (fp_verdict_judge(worker, &diagnosis->now, used, &diagnosis->judged_now) < 0)
		return fp_error_memory(error);
	r = fp_diagnosis_read_answers(worker, diagnosis, error);
	if (r >= 0)
		r = fp_diagnosis_look_back(worker, snapshot, query, diagnosis, error);
	if (r >= 0)
		r = fp_diagnosis_read_events(worker, diagnosis, error);
	if (r < 0)
		return r;
	fp_diagnosis_take_overrides(diagnosis);
	return place_training(worker, diagnosis) < 0 ? fp_error_memory(error) : 0;
}
