/* A diagnosis in sentences, as a person would say it to the next one on call. */
#include "diagnose.h"

#include "forkpoint/base/time.h"

#define MINUTE_US (60 * FP_US_PER_S)

/* ---- words ---- */

static void add_commit(const struct fp_answer *answer, uint32_t commit, struct fp_buf *buf)
{
	char hex[FP_OID_HEX + 1];

	fp_oid_format(fp_graph_oid(&answer->repository->branches->view, commit), hex);
	fp_buf_add(buf, hex, 12);
}

static void add_count(uint64_t count, const char *noun, struct fp_buf *buf)
{
	fp_buf_addf(buf, "%llu %s%s", (unsigned long long)count, noun, count == 1 ? "" : "s");
}

static void add_span(int64_t minutes, struct fp_buf *buf)
{
	fp_time_add_span(buf, (minutes < 0 ? -minutes : minutes) * MINUTE_US);
}

static void add_time(int64_t us, struct fp_buf *buf)
{
	char text[FP_TIME_TEXT_MAX];

	fp_time_format_us(us, text);
	fp_buf_add_text(buf, text);
}

/* ---- training ---- */

/* "22 min younger by its stamp". */
static void add_minutes(const struct fp_training *training, struct fp_buf *buf)
{
	if (training->minutes == 0) {
		fp_buf_add_text(buf, "with the same stamp");
		return;
	}
	add_span(training->minutes, buf);
	fp_buf_add_text(
		buf, training->minutes > 0 ? " later by its stamp" : " earlier by its stamp");
}

void fp_training_write(
	const struct fp_answer *answer, const struct fp_training *training, struct fp_buf *buf)
{
	add_commit(answer, training->commit, buf);
	switch (training->place) {
	case FP_TRAINING_IS_FORK_POINT: fp_buf_add_text(buf, ", the fork point itself"); return;
	case FP_TRAINING_BEFORE:
		fp_buf_add_text(buf, ", ");
		add_count(training->behind, "commit", buf);
		fp_buf_add_text(buf, " before the fork point, ");
		break;
	case FP_TRAINING_AFTER:
		fp_buf_add_text(buf, ", ");
		add_count(training->ahead, "commit", buf);
		fp_buf_add_text(buf, " after the fork point, ");
		break;
	case FP_TRAINING_ASIDE:
		fp_buf_add_text(buf, ", on another line: the two parted at ");
		add_commit(answer, training->meeting, buf);
		fp_buf_add_text(buf, ", since when it has ");
		add_count(training->ahead, "commit", buf);
		fp_buf_add_text(buf, " and the fork point ");
		add_count(training->behind, "commit", buf);
		fp_buf_add_text(buf, " of its own; ");
		break;
	case FP_TRAINING_UNRELATED:
		fp_buf_add_text(buf, ", of a history without a common ancestor; ");
		break;
	}
	add_minutes(training, buf);
}

/* ---- the conclusion ---- */

static void add_right(const struct fp_answer *answer, struct fp_buf *buf)
{
	const struct fp_catalog_version *chosen =
		fp_answer_version(answer, answer->selection.chosen);

	if (chosen) {
		fp_buf_addf(buf, "%.*s", FP_STR_ARG(chosen->row.text));
		return;
	}
	fp_buf_add_text(buf, "no database");
}

static void add_label(const struct fp_diagnosis *diagnosis, struct fp_buf *buf)
{
	const struct fp_decoded *decoded = &diagnosis->decoded;

	if (decoded->label.len)
		fp_buf_addf(buf, "of the branch labelled \"%.*s\"", FP_STR_ARG(decoded->label));
	else
		fp_buf_add_text(buf, "of no branch by its name");
}

static const char *gone_phrase(const char *gone)
{
	if (strcmp(gone, "unlisted") == 0)
		return "has been unlisted in the feed";
	if (strcmp(gone, "unavailable") == 0)
		return "is listed by the feed but cannot be downloaded";
	if (strcmp(gone, "incomplete-set") == 0)
		return "lacks another package of its set";
	return "has vanished from the feed";
}

static void add_after_fork_point(const struct fp_diagnosis *diagnosis, struct fp_buf *buf)
{
	const struct fp_answer *answer = fp_diagnosis_answer(diagnosis);

	fp_buf_add_text(buf, "is newer than the fork point by ");
	add_span(diagnosis->decoded.minute - answer->minute, buf);
}

static void add_reformatted(const struct fp_diagnosis *diagnosis, struct fp_buf *buf)
{
	const struct fp_answer *answer = fp_diagnosis_answer(diagnosis);
	const struct fp_judgement *judgement = fp_diagnosis_judgement(diagnosis);

	fp_buf_addf(buf,
		"is not what the feed has: the feed has this database as %.*s, in the grammar %s "
		"(verdict on that one: %s)",
		FP_STR_ARG(fp_answer_version(answer, judgement->version)->row.text),
		fp_grammar_name(diagnosis->decoded.grammar),
		fp_verdict_name(judgement->reformatted));
}

static void add_older(const struct fp_diagnosis *diagnosis, struct fp_buf *buf)
{
	const struct fp_answer *answer = fp_diagnosis_answer(diagnosis);
	const struct fp_catalog_version *chosen =
		fp_answer_version(answer, answer->selection.chosen);

	if (fp_answer_is_pinned(answer)) {
		fp_buf_add_text(buf, "fits by its stamp, but is not what the branch is pinned to");
		return;
	}
	fp_buf_add_text(buf, "is older than it need be, by ");
	add_span(chosen ? chosen->decoded.minute - diagnosis->decoded.minute : 0, buf);
}

/* "…" in "VERSION …". */
static void add_fault(const struct fp_diagnosis *diagnosis, struct fp_buf *buf)
{
	const struct fp_answer *answer = fp_diagnosis_answer(diagnosis);
	const struct fp_judgement *judgement = fp_diagnosis_judgement(diagnosis);

	switch (judgement->verdict) {
	case FP_VERDICT_UNRECOGNISED:
		fp_buf_add_text(buf, "is no version of a database: no grammar of the package "
				     "takes it");
		break;
	case FP_VERDICT_NEVER_SEEN:
		fp_buf_add_text(buf, diagnosis->then_counts ? "was not in the feed then"
							    : "was never in the feed");
		break;
	case FP_VERDICT_REFORMATTED: add_reformatted(diagnosis, buf); break;
	case FP_VERDICT_OTHER_RELEASE:
		fp_buf_add_text(buf, "is of release ");
		fp_release_write(&diagnosis->decoded.release, buf);
		fp_buf_add_text(buf, ", and the commit is of ");
		fp_release_write(&answer->release, buf);
		break;
	case FP_VERDICT_OTHER_BRANCH:
		fp_buf_add_text(buf, "is ");
		add_label(diagnosis, buf);
		fp_buf_addf(buf, ", and the PGO branch is %.*s", FP_STR_ARG(answer->branch_name));
		break;
	case FP_VERDICT_NEWER_THAN_FORK_POINT: add_after_fork_point(diagnosis, buf); break;
	case FP_VERDICT_QUARANTINED: fp_buf_add_text(buf, "is quarantined"); break;
	case FP_VERDICT_VANISHED: fp_buf_add_text(buf, gone_phrase(judgement->gone)); break;
	case FP_VERDICT_NOT_AN_ANCESTOR:
		fp_buf_add_text(buf, "was trained on a commit that is not in the build's history");
		break;
	default: add_older(diagnosis, buf);
	}
}

void fp_diagnosis_write_conclusion(const struct fp_diagnosis *diagnosis, struct fp_buf *buf)
{
	const struct fp_answer *answer = fp_diagnosis_answer(diagnosis);
	bool was = diagnosis->then_counts;

	fp_buf_add_str(buf, fp_buf_str(&diagnosis->used));
	if (fp_diagnosis_judgement(diagnosis)->verdict == FP_VERDICT_MATCH) {
		fp_buf_addf(buf, " %s the right database for ", was ? "was" : "is");
	} else {
		fp_buf_add_char(buf, ' ');
		add_fault(diagnosis, buf);
		fp_buf_add_text(buf, "; ");
		add_right(answer, buf);
		fp_buf_addf(buf, " %s right for ", was ? "was" : "is");
	}
	add_commit(answer, answer->commit, buf);
	fp_buf_addf(buf, " on %.*s", FP_STR_ARG(answer->branch_name));
	if (was) {
		fp_buf_add_text(buf, " at ");
		add_time(diagnosis->at_us, buf);
	}
	if (fp_answer_is_pinned(answer))
		fp_buf_addf(buf, ", because the branch %s pinned to it", was ? "was" : "is");
	fp_buf_add_char(buf, '.');
}

/* ---- advice ---- */

static const char *pinned_advice_of(enum fp_verdict verdict)
{
	switch (verdict) {
	case FP_VERDICT_MATCH:
		return "The build used what the branch is pinned to; if that database is to blame, "
		       "ask who pinned it.";
	case FP_VERDICT_OLDER:
		return "Rebuild to get what the branch is pinned to, or ask who pinned it to end "
		       "the pin.";
	default: return NULL;
	}
}

static const char *advice_of(enum fp_verdict verdict)
{
	static const char *const advice[FP_VERDICT_COUNT] = {
		[FP_VERDICT_MATCH] = "Nothing is to be done about the database; look for the cause "
				     "elsewhere.",
		[FP_VERDICT_UNRECOGNISED] = "Find out where the build takes its version from: no "
					    "training run publishes under that name.",
		[FP_VERDICT_REFORMATTED] =
			"Take the feed's version letter for letter; something between the service "
			"and the build puts it together again from its parts.",
		[FP_VERDICT_NEVER_SEEN] =
			"Check the version for a slip, and whether the build restores from the "
			"feed that is mirrored here; GET /decode says what it means.",
		[FP_VERDICT_OTHER_RELEASE] =
			"Rebuild with the right version; check which version file the build reads, "
			"and whether the commit raised the release.",
		[FP_VERDICT_OTHER_BRANCH] =
			"Rebuild with the right version; check the PGO branch that the build names "
			"(branch= in its request, or the file in its tree).",
		[FP_VERDICT_NEWER_THAN_FORK_POINT] =
			"Rebuild with the right version: this profile is of code that the build "
			"does not have; check whether the build took the branch's tip for its fork "
			"point.",
		[FP_VERDICT_QUARANTINED] =
			"Rebuild with the right version; where this one is needed, ask who ruled "
			"it out.",
		[FP_VERDICT_VANISHED] =
			"Rebuild with the right version, and ask the feed's owner for the lost one "
			"if an old build must be repeated.",
		[FP_VERDICT_NOT_AN_ANCESTOR] =
			"Rebuild with the right version; its time fits, but what it was trained on "
			"is not in this build.",
		[FP_VERDICT_OLDER] =
			"Rebuild if performance matters here; a newer database fits this commit "
			"too, which may have been published after the build asked.",
	};

	return advice[verdict];
}

void fp_diagnosis_write_advice(const struct fp_diagnosis *diagnosis, struct fp_buf *buf)
{
	enum fp_verdict then = fp_diagnosis_judgement(diagnosis)->verdict;
	enum fp_verdict now = diagnosis->judged_now.verdict;
	const char *pinned;

	if (diagnosis->then_counts && then == FP_VERDICT_MATCH && now != FP_VERDICT_MATCH) {
		fp_buf_add_text(
			buf, "The build did what was right at its time; a rebuild would now get ");
		add_right(&diagnosis->now, buf);
		fp_buf_add_char(buf, '.');
		fp_diagnosis_write_deciders(diagnosis, true, buf);
		return;
	}
	if (then != FP_VERDICT_MATCH &&
		fp_diagnosis_answer(diagnosis)->selection.chosen == FP_SELECT_NO_VERSION) {
		fp_buf_add_text(buf, "No database fits this commit: train one for its fork point, "
				     "or build without. ");
	}
	pinned =
		fp_answer_is_pinned(fp_diagnosis_answer(diagnosis)) ? pinned_advice_of(then) : NULL;
	fp_buf_add_text(buf, pinned ? pinned : advice_of(then));
	fp_diagnosis_write_deciders(diagnosis, !diagnosis->then_counts, buf);
}

/* ---- what changed ---- */

const char *fp_difference_cause_name(enum fp_difference_cause cause)
{
	static const char *const names[] = {
		[FP_DIFFERENCE_PACKAGE_APPEARED] = "package-appeared",
		[FP_DIFFERENCE_PACKAGE_GONE] = "package-gone",
		[FP_DIFFERENCE_PACKAGE_BACK] = "package-back",
		[FP_DIFFERENCE_BRANCH_MOVED] = "branch-moved",
		[FP_DIFFERENCE_OVERRIDE] = "override",
		[FP_DIFFERENCE_CONFIGURATION] = "configuration-changed",
		[FP_DIFFERENCE_UNKNOWN] = "unknown",
	};

	return names[cause];
}

static void add_cause(const struct fp_difference *difference, struct fp_buf *buf)
{
	struct fp_str subject = fp_buf_str(&difference->subject);
	char from[FP_OID_HEX + 1], to[FP_OID_HEX + 1];

	switch (difference->cause) {
	case FP_DIFFERENCE_PACKAGE_APPEARED:
		fp_buf_addf(buf, "%.*s appeared in the feed", FP_STR_ARG(subject));
		break;
	case FP_DIFFERENCE_PACKAGE_GONE:
		fp_buf_addf(buf, "%.*s went away from the feed", FP_STR_ARG(subject));
		break;
	case FP_DIFFERENCE_PACKAGE_BACK:
		fp_buf_addf(buf, "%.*s came back to the feed", FP_STR_ARG(subject));
		break;
	case FP_DIFFERENCE_BRANCH_MOVED:
		fp_oid_format(&difference->from, from);
		fp_oid_format(&difference->to, to);
		fp_buf_addf(buf,
			"branch %.*s moved from %.12s to %.12s, and the fork point with it",
			FP_STR_ARG(subject), from, to);
		break;
	case FP_DIFFERENCE_OVERRIDE:
		fp_buf_add_text(buf, "the ");
		fp_override_write_name(difference->override, buf);
		fp_buf_add_text(buf, difference->override_began ? " came into force" : " ended");
		break;
	case FP_DIFFERENCE_CONFIGURATION:
		fp_buf_add_text(buf, "the configuration of this service changed");
		break;
	default: fp_buf_add_text(buf, "what changed is not recorded"); break;
	}
}

void fp_diagnosis_write_difference(const struct fp_diagnosis *diagnosis, struct fp_buf *buf)
{
	const struct fp_difference *difference = &diagnosis->difference;

	if (difference->since_us >= 0) {
		fp_buf_add_text(buf, "Since ");
		add_time(difference->since_us, buf);
		fp_buf_add_text(buf, " the answer is another: ");
	} else {
		fp_buf_add_text(buf, "The answer is another now: ");
	}
	add_cause(difference, buf);
	fp_buf_add_char(buf, '.');
}
