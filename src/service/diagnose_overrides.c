/* What people decided about a diagnosed answer: who, why, until when, and what it does. */
#include "diagnose.h"

#include "forkpoint/base/time.h"

const char *fp_override_effect_name(enum fp_override_effect effect)
{
	static const char *const names[] = {
		[FP_OVERRIDE_DECIDES] = "decides",
		[FP_OVERRIDE_IS_VOID] = "void",
		[FP_OVERRIDE_EXCLUDES_USED] = "excludes-used",
		[FP_OVERRIDE_EXCLUDES_BETTER] = "excludes-better",
	};

	return names[effect];
}

/* ---- gathering ---- */

static void take(struct fp_diagnosis *diagnosis, const struct fp_override *override,
	enum fp_override_effect effect, bool is_now)
{
	size_t i = 0;

	while (i < diagnosis->override_count &&
		diagnosis->overrides[i].override->id != override->id)
		i++;
	if (i == FP_DIAGNOSED_OVERRIDES_MAX)
		return;
	if (i == diagnosis->override_count) {
		diagnosis->overrides[i] =
			(struct fp_diagnosed_override){.override = override, .effect = effect};
		diagnosis->override_count++;
	}
	if (is_now)
		diagnosis->overrides[i].now = true;
	else
		diagnosis->overrides[i].then = true;
}

static const struct fp_override *next_quarantine(const struct fp_answer *answer,
	const struct fp_catalog_version *version, const struct fp_override *last)
{
	return fp_overrides_next_quarantine(answer->snapshot->overrides,
		answer->repository->settings->name, answer->package->settings->id, version, last);
}

static void take_quarantines(struct fp_diagnosis *diagnosis, const struct fp_answer *answer,
	uint32_t version, enum fp_override_effect effect, bool is_now)
{
	const struct fp_catalog_version *of = fp_answer_version(answer, version);

	for (const struct fp_override *at = NULL; (at = next_quarantine(answer, of, at));)
		take(diagnosis, at, effect, is_now);
}

static void take_all(struct fp_diagnosis *diagnosis, const struct fp_answer *answer,
	const struct fp_judgement *judgement, bool is_now)
{
	if (answer->pin)
		take(diagnosis, answer->pin,
			answer->pin_is_void ? FP_OVERRIDE_IS_VOID : FP_OVERRIDE_DECIDES, is_now);
	take_quarantines(diagnosis, answer, judgement->version, FP_OVERRIDE_EXCLUDES_USED, is_now);
	take_quarantines(diagnosis, answer, answer->selection.quarantined_better,
		FP_OVERRIDE_EXCLUDES_BETTER, is_now);
}

void fp_diagnosis_take_overrides(struct fp_diagnosis *diagnosis)
{
	if (diagnosis->then_counts)
		take_all(diagnosis, &diagnosis->then, &diagnosis->judged_then, false);
	take_all(diagnosis, &diagnosis->now, &diagnosis->judged_now, true);
}

/* ---- what changed ---- */

static bool has(const struct fp_overrides *overrides, int64_t id)
{
	for (size_t i = 0; overrides && i < overrides->count; i++)
		if (overrides->items[i].id == id)
			return true;
	return false;
}

/* A decision that one side has and the other has not, about what either answers: *about. */
static const struct fp_override *find_own(const struct fp_answer *side,
	const struct fp_answer *other, const struct fp_catalog_version *const answered[2],
	struct fp_str *about)
{
	const struct fp_overrides *others = other->snapshot->overrides;

	if (side->pin && !has(others, side->pin->id)) {
		*about = side->pin->version;
		return side->pin;
	}
	for (size_t i = 0; i < 2; i++)
		for (const struct fp_override *at = NULL;
			(at = next_quarantine(side, answered[i], at));)
			if (!has(others, at->id)) {
				*about = answered[i]->row.text;
				return at;
			}
	return NULL;
}

bool fp_difference_find_override(const struct fp_answer *before, const struct fp_answer *after,
	struct fp_difference *difference)
{
	const struct fp_catalog_version *const answered[2] = {
		fp_answer_version(before, before->selection.chosen),
		fp_answer_version(after, after->selection.chosen)};
	struct fp_str about;
	const struct fp_override *began = find_own(after, before, answered, &about);
	const struct fp_override *ended = began ? NULL : find_own(before, after, answered, &about);

	if (!began && !ended)
		return false;
	difference->cause = FP_DIFFERENCE_OVERRIDE;
	difference->override = began ? began : ended;
	difference->override_began = began;
	difference->overrides = fp_overrides_ref((began ? after : before)->snapshot->overrides);
	fp_buf_add_str(&difference->subject, about);
	return true;
}

/* ---- words ---- */

static const char *effect_phrase(enum fp_override_effect effect)
{
	switch (effect) {
	case FP_OVERRIDE_IS_VOID:
		return ", without effect, because the feed does not have that version or it is "
		       "quarantined";
	case FP_OVERRIDE_EXCLUDES_BETTER: return ", which would be right otherwise";
	default: return "";
	}
}

/* Of the answer that the pin decides: the one of then before the one of now. */
static const struct fp_answer *pinned_answer(
	const struct fp_diagnosis *diagnosis, const struct fp_diagnosed_override *override)
{
	return override->then ? &diagnosis->then : &diagnosis->now;
}

void fp_diagnosis_write_override(const struct fp_diagnosis *diagnosis,
	const struct fp_diagnosed_override *override, struct fp_buf *buf)
{
	fp_override_write(override->override, buf);
	fp_buf_add_text(buf, effect_phrase(override->effect));
	if (override->effect == FP_OVERRIDE_DECIDES) {
		fp_buf_add_text(buf, "; ");
		fp_answer_write_without_pin(pinned_answer(diagnosis, override), buf);
	}
	if (diagnosis->then_counts && override->then != override->now)
		fp_buf_add_text(
			buf, override->then ? " (then, and not now)" : " (now, and not then)");
}

static void write_decider(const struct fp_diagnosis *diagnosis,
	const struct fp_diagnosed_override *decider, struct fp_buf *buf)
{
	const struct fp_override *override = decider->override;
	bool is_pin = override->kind == FP_OVERRIDE_PIN;
	char time[FP_TIME_TEXT_MAX];

	fp_buf_add_text(buf, is_pin ? " What decides is the " : " What rules it out is the ");
	fp_override_write_name(override, buf);
	if (override->expires_us >= 0) {
		fp_time_format_us(override->expires_us, time);
		fp_buf_addf(buf, " until %s", time);
	}
	if (is_pin) {
		fp_buf_add_text(buf, "; ");
		fp_answer_write_without_pin(pinned_answer(diagnosis, decider), buf);
	}
	fp_buf_add_char(buf, '.');
}

bool fp_answer_is_pinned(const struct fp_answer *answer)
{
	return answer->pin && !answer->pin_is_void && answer->pin_differs;
}

void fp_diagnosis_write_deciders(const struct fp_diagnosis *diagnosis, bool now, struct fp_buf *buf)
{
	const struct fp_answer *answer = now ? &diagnosis->now : &diagnosis->then;

	for (size_t i = 0; i < diagnosis->override_count; i++) {
		const struct fp_diagnosed_override *at = &diagnosis->overrides[i];
		bool counts = now ? at->now : at->then;

		if (counts &&
			(at->effect == FP_OVERRIDE_EXCLUDES_USED ||
				(at->effect == FP_OVERRIDE_DECIDES && fp_answer_is_pinned(answer))))
			write_decider(diagnosis, at, buf);
	}
}
