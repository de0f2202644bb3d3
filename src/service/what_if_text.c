/* /what-if: what its rows say. */
#include "forkpoint/service/what_if.h"

#include "forkpoint/service/overrides.h"

static const struct {
	const char *name, *before, *after; /* the sentence around the value */
} whats[] = {
	[FP_WHAT_PUBLISH] = {"publish", "if ", " were published"},
	[FP_WHAT_QUARANTINE] = {"quarantine", "if ", " were quarantined"},
	[FP_WHAT_RELEASE] = {"release", "if the version file said release ", ""},
	[FP_WHAT_BRANCH] = {"branch", "if the PGO branch were ", ""},
};

const char *fp_what_name(enum fp_what what)
{
	return whats[what].name;
}

void fp_what_if_write(const struct fp_what_if *what_if, struct fp_buf *buf)
{
	struct fp_override decision = {0};

	if (what_if->what == FP_WHAT_QUARANTINE &&
		fp_override_take_versions(&decision, what_if->value) && decision.first_stamp.len) {
		fp_buf_addf(buf, "if versions with stamps from %.*s to %.*s were quarantined",
			FP_STR_ARG(decision.first_stamp), FP_STR_ARG(decision.last_stamp));
		return;
	}
	fp_buf_add_text(buf, whats[what_if->what].before);
	fp_buf_add_str(buf, what_if->value);
	fp_buf_add_text(buf, whats[what_if->what].after);
}

struct fp_str fp_what_if_version(const struct fp_what_if *what_if, uint32_t version)
{
	const struct fp_catalog_version *known;

	if (version == FP_WHAT_IF_VERSION)
		return what_if->value;
	known = fp_answer_version(&what_if->answer, version);
	return known ? known->row.text : (struct fp_str){0};
}

static void write_published(
	const struct fp_what_if *what_if, const struct fp_what_if_row *row, struct fp_buf *buf)
{
	const struct fp_answer *answer = &what_if->answer;
	struct fp_str before = fp_what_if_version(what_if, row->before.version);
	const struct fp_override *pin = fp_overrides_pin(answer->snapshot->overrides,
		answer->repository->settings->name, answer->package->settings->id, row->branch);

	if (pin && fp_str_equal_nocase(pin->version, what_if->value))
		fp_buf_addf(buf, "%.*s is pinned to it by %.*s", FP_STR_ARG(row->branch),
			FP_STR_ARG(pin->owner));
	else if (before.len)
		fp_buf_addf(buf, "it is newer than %.*s and not after the fork point",
			FP_STR_ARG(before));
	else
		fp_buf_add_text(buf, "it would be the only one that is not after the fork point: a "
				     "hole ends");
}

static void write_quarantined(const struct fp_what_if_row *row, struct fp_buf *buf)
{
	if (row->after.outcome == FP_OUTCOME_OK)
		fp_buf_add_text(buf, "the next one that fits takes its place");
	else
		fp_buf_add_text(buf, "no older database is eligible: a hole begins");
}

static void write_release(const struct fp_what_if_row *row, struct fp_buf *buf)
{
	if (row->after.outcome == FP_OUTCOME_OK)
		fp_buf_add_text(buf, "the newest database of that release which is not after the "
				     "fork point");
	else if (row->after.outcome == FP_OUTCOME_NO_DATABASE)
		fp_buf_add_text(buf, "that release has no database as old as the fork point: a "
				     "hole begins");
	else
		fp_buf_addf(buf, "the question ends in %s", fp_outcome_code(row->after.outcome));
}

static void write_branch(const struct fp_what_if_row *row, struct fp_buf *buf)
{
	fp_buf_addf(buf, "the commit is asked for %.*s today", FP_STR_ARG(row->branch));
	if (row->after.outcome == FP_OUTCOME_NO_DATABASE)
		fp_buf_addf(buf, "; %.*s has no database as old as the fork point",
			FP_STR_ARG(row->other_branch));
	else if (row->after.outcome != FP_OUTCOME_OK)
		fp_buf_addf(buf, "; the question ends in %s", fp_outcome_code(row->after.outcome));
}

void fp_what_if_write_row(
	const struct fp_what_if *what_if, const struct fp_what_if_row *row, struct fp_buf *buf)
{
	switch (what_if->what) {
	case FP_WHAT_PUBLISH: write_published(what_if, row, buf); break;
	case FP_WHAT_QUARANTINE: write_quarantined(row, buf); break;
	case FP_WHAT_RELEASE: write_release(row, buf); break;
	case FP_WHAT_BRANCH: write_branch(row, buf); break;
	}
}
