/* People's decisions in words, by themselves and as reasons for answers. */
#include "forkpoint/service/overrides.h"

#include "forkpoint/base/time.h"

#include "locate.h"

/* " by OWNER since TIME until TIME: REASON" */
static void add_who(const struct fp_override *override, struct fp_buf *buf)
{
	char time[FP_TIME_TEXT_MAX];

	fp_time_format_us(override->set_us, time);
	fp_buf_addf(buf, " by %.*s since %s", FP_STR_ARG(override->owner), time);
	if (override->expires_us >= 0) {
		fp_time_format_us(override->expires_us, time);
		fp_buf_addf(buf, " until %s", time);
	}
	fp_buf_addf(buf, ": %.*s", FP_STR_ARG(override->reason));
}

void fp_override_write(const struct fp_override *override, struct fp_buf *buf)
{
	if (override->kind == FP_OVERRIDE_PIN)
		fp_buf_addf(buf, "branch %.*s is pinned to %.*s", FP_STR_ARG(override->branch),
			FP_STR_ARG(override->version));
	else if (override->version.len)
		fp_buf_addf(buf, "%.*s is quarantined", FP_STR_ARG(override->version));
	else
		fp_buf_addf(buf, "versions with stamps from %.*s to %.*s are quarantined",
			FP_STR_ARG(override->first_stamp), FP_STR_ARG(override->last_stamp));
	add_who(override, buf);
}

void fp_override_write_name(const struct fp_override *override, struct fp_buf *buf)
{
	if (override->kind == FP_OVERRIDE_PIN)
		fp_buf_addf(buf, "pin of branch %.*s to %.*s", FP_STR_ARG(override->branch),
			FP_STR_ARG(override->version));
	else if (override->version.len)
		fp_buf_addf(buf, "quarantine of %.*s", FP_STR_ARG(override->version));
	else
		fp_buf_addf(buf, "quarantine of stamps %.*s to %.*s",
			FP_STR_ARG(override->first_stamp), FP_STR_ARG(override->last_stamp));
	fp_buf_addf(
		buf, " by %.*s (%.*s)", FP_STR_ARG(override->owner), FP_STR_ARG(override->reason));
}

/* ---- of answers ---- */

static void add_version(const struct fp_answer *answer, uint32_t version, struct fp_buf *buf)
{
	fp_buf_add_str(buf, fp_answer_version(answer, version)->row.text);
}

void fp_answer_write_without_pin(const struct fp_answer *answer, struct fp_buf *buf)
{
	fp_buf_add_text(buf, "without the pin ");
	if (!answer->pin_differs) {
		fp_buf_add_text(buf, "it would be the same");
	} else if (answer->selection.runner_up == FP_SELECT_NO_VERSION) {
		fp_buf_add_text(buf, "there would be no database");
	} else {
		fp_buf_add_text(buf, "it would be ");
		add_version(answer, answer->selection.runner_up, buf);
	}
}

void fp_answer_write_pin(const struct fp_answer *answer, struct fp_buf *buf)
{
	fp_buf_add_text(buf, "A person chose: ");
	fp_override_write(answer->pin, buf);
	fp_buf_add_text(buf, "; ");
	fp_answer_write_without_pin(answer, buf);
	fp_buf_add_char(buf, '.');
}

void fp_answer_write_pin_warning(const struct fp_answer *answer, struct fp_buf *buf)
{
	if (!answer->pin_is_void) {
		fp_answer_write_pin(answer, buf);
		return;
	}
	fp_buf_add_text(buf, "A pin has no effect, because the feed does not have its version or "
			     "it is quarantined: ");
	fp_override_write(answer->pin, buf);
	fp_buf_add_char(buf, '.');
}

void fp_answer_write_quarantined(const struct fp_answer *answer, struct fp_buf *buf)
{
	uint32_t better = answer->selection.quarantined_better;
	const struct fp_override *quarantine = fp_overrides_next_quarantine(
		answer->snapshot->overrides, answer->repository->settings->name,
		answer->package->settings->id, fp_answer_version(answer, better), NULL);

	fp_buf_add_text(buf, "A newer version is quarantined: ");
	if (!quarantine || !quarantine->version.len)
		add_version(answer, better, buf);
	if (quarantine) {
		fp_buf_add_text(buf, quarantine->version.len ? "" : "; ");
		fp_override_write(quarantine, buf);
	}
	fp_buf_add_char(buf, '.');
}
