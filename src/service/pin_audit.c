/* /audit-pins: what a branch's own files name, beside what /resolve says for its tip. */
#include "forkpoint/service/pin_audit.h"

#include "worker.h"

#include <stdlib.h>

struct auditing {
	struct fp_worker *worker;
	const struct fp_answer *answer;
	struct fp_buf value, text;
	fp_pin_finding_fn *row;
	void *context;
};

const char *fp_pin_status_name(enum fp_pin_status status)
{
	static const char *const names[FP_PIN_STATUS_COUNT] = {
		[FP_PIN_MATCH] = "match",
		[FP_PIN_DRIFT] = "drift",
		[FP_PIN_WRONG_BRANCH] = "wrong-branch",
		[FP_PIN_VANISHED] = "vanished",
		[FP_PIN_UNRECOGNISED] = "unrecognised",
		[FP_PIN_NEVER_SEEN] = "never-seen",
		[FP_PIN_MISSING] = "missing",
	};

	return names[status];
}

static enum fp_pin_status status_of(enum fp_verdict verdict)
{
	switch (verdict) {
	case FP_VERDICT_MATCH: return FP_PIN_MATCH;
	case FP_VERDICT_OTHER_BRANCH: return FP_PIN_WRONG_BRANCH;
	case FP_VERDICT_VANISHED: return FP_PIN_VANISHED;
	case FP_VERDICT_UNRECOGNISED: return FP_PIN_UNRECOGNISED;
	case FP_VERDICT_REFORMATTED:
	case FP_VERDICT_NEVER_SEEN: return FP_PIN_NEVER_SEEN;
	default: return FP_PIN_DRIFT;
	}
}

/* ---- reading ---- */

/* What the mirror said of the pin's file. 1 with the reason in auditing->text when there is no
 * version. */
static int read_pin(struct auditing *auditing, const struct fp_pin_settings *pin, int result,
	struct fp_str content, const struct fp_error *read_error)
{
	struct fp_error error = {0};
	int r;

	if (result > 0) {
		fp_buf_add_text(&auditing->text, "The tip's tree has no such file.");
		return 1;
	}
	if (result < 0)
		error = *read_error;
	r = result < 0 ? result : fp_pin_read(content, pin, &auditing->value, &error);
	if (r == -FP_ERROR_MEMORY || r == 0)
		return r;
	if (r < 0)
		fp_buf_addf(&auditing->text, "The file cannot be read: %s.", error.text);
	else
		fp_buf_addf(&auditing->text, "The file names no version %s %.*s.",
			pin->element.len ? "in an element" : "of package",
			FP_STR_ARG(pin->element.len ? pin->element : pin->package));
	return 1;
}

/* ---- sentences ---- */

static void write_fault(struct auditing *auditing, const struct fp_pin_finding *finding)
{
	const struct fp_judgement *judgement = &finding->judgement;
	struct fp_buf *buf = &auditing->text;

	switch (judgement->verdict) {
	case FP_VERDICT_OTHER_BRANCH:
		fp_buf_addf(buf, "It is of another branch, labelled \"%.*s\"",
			FP_STR_ARG(judgement->decoded.label));
		break;
	case FP_VERDICT_OTHER_RELEASE:
		fp_buf_add_text(buf, "It is of another release, ");
		fp_release_write(&judgement->decoded.release, buf);
		break;
	case FP_VERDICT_VANISHED: fp_buf_addf(buf, "It is %s in the feed", judgement->gone); break;
	case FP_VERDICT_UNRECOGNISED: fp_buf_add_text(buf, "It is no version of a database"); break;
	case FP_VERDICT_NEVER_SEEN: fp_buf_add_text(buf, "It was never in the feed"); break;
	case FP_VERDICT_REFORMATTED:
		fp_buf_addf(buf, "It was never in the feed, which has this database as %.*s",
			FP_STR_ARG(
				fp_answer_version(auditing->answer, judgement->version)->row.text));
		break;
	case FP_VERDICT_QUARANTINED: fp_buf_add_text(buf, "It is quarantined"); break;
	case FP_VERDICT_NEWER_THAN_FORK_POINT:
		fp_buf_add_text(buf, "It is newer than the tip");
		break;
	case FP_VERDICT_NOT_AN_ANCESTOR:
		fp_buf_add_text(buf, "It was trained on a commit that is not in the tip's history");
		break;
	default: fp_buf_add_text(buf, "It is older than it need be"); break;
	}
}

static void write_text(struct auditing *auditing, const struct fp_pin_finding *finding)
{
	const struct fp_answer *answer = auditing->answer;
	const struct fp_catalog_version *chosen =
		fp_answer_version(answer, answer->selection.chosen);

	if (finding->status == FP_PIN_MATCH) {
		fp_buf_add_text(&auditing->text, "It is what the tip gets.");
		return;
	}
	write_fault(auditing, finding);
	if (chosen)
		fp_buf_addf(&auditing->text, "; the tip gets %.*s.", FP_STR_ARG(chosen->row.text));
	else
		fp_buf_add_text(&auditing->text, "; there is no database for the tip.");
}

/* ---- all pins ---- */

static int audit(void *context, size_t index, int result, struct fp_str content,
	const struct fp_error *error)
{
	struct auditing *auditing = context;
	const struct fp_pin_settings *pin = &auditing->answer->repository->settings->pins[index];
	struct fp_pin_finding finding = {.settings = pin, .status = FP_PIN_MISSING};
	int r;

	fp_buf_clear(&auditing->text);
	fp_buf_clear(&auditing->value);
	r = read_pin(auditing, pin, result, content, error);
	if (r < 0)
		return r;
	if (r == 0) {
		finding.version = fp_buf_str(&auditing->value);
		r = fp_verdict_judge(
			auditing->worker, auditing->answer, finding.version, &finding.judgement);
		if (r < 0)
			return r;
		finding.status = status_of(finding.judgement.verdict);
		write_text(auditing, &finding);
	}
	finding.text = fp_buf_str(&auditing->text);
	return auditing->row(auditing->context, auditing->answer, &finding);
}

static int audit_all(struct auditing *auditing, struct fp_error *error)
{
	const struct fp_answer *answer = auditing->answer;
	const struct fp_repository_settings *settings = answer->repository->settings;
	const struct fp_outside *outside = &auditing->worker->service->outside;
	FP_CLEANUP_FREE struct fp_str *paths = calloc(settings->pin_count + 1, sizeof(*paths));
	const struct fp_outside_files files = {.paths = paths,
		.count = settings->pin_count,
		.max_bytes = FP_PIN_FILE_MAX_BYTES,
		.take = audit,
		.context = auditing};

	if (!paths)
		return fp_error_memory(error);
	for (size_t i = 0; i < settings->pin_count; i++)
		paths[i] = settings->pins[i].file;
	return settings->pin_count == 0
		       ? 0
		       : outside->read_files(outside->context, settings->name,
				 fp_graph_oid(&answer->repository->branches->view, answer->commit),
				 &files, error);
}

/* The tip of the branch that is asked about, or of the default one: false when the answer has
 * ended. */
static bool resolve_tip(struct fp_worker *worker, const struct fp_snapshot *snapshot,
	const struct fp_question *question, int64_t now_us, struct fp_answer *answer)
{
	const struct fp_snapshot_repository *repository =
		fp_snapshot_find(snapshot, question->repo);
	struct fp_question of_tip = *question;
	const struct fp_branch *branch = NULL;
	char sha[FP_OID_HEX + 1] = "0000";

	if (of_tip.branch.len == 0 && repository)
		of_tip.branch = repository->settings->default_branch;
	if (repository && repository->branches)
		branch =
			fp_branches_find(repository->branches, fp_branch_short_name(of_tip.branch));
	if (branch && branch->tip != FP_NO_COMMIT)
		fp_oid_format(fp_graph_oid(&repository->branches->view, branch->tip), sha);
	else if (repository && repository->branches && repository->branches->view.count)
		/* No such branch: resolving any commit on it says so. */
		fp_oid_format(fp_graph_oid(&repository->branches->view, 0), sha);
	of_tip.sha = fp_str(sha);
	fp_service_resolve(worker, snapshot, &of_tip, now_us, answer);
	return answer->outcome == FP_OUTCOME_OK || answer->outcome == FP_OUTCOME_NO_DATABASE;
}

int fp_service_audit_pins(struct fp_worker *worker, const struct fp_snapshot *snapshot,
	const struct fp_question *question, int64_t now_us, struct fp_answer *answer,
	fp_pin_finding_fn *row, void *context, struct fp_error *error)
{
	struct auditing auditing = {
		.worker = worker, .answer = answer, .row = row, .context = context};
	int r;

	if (!resolve_tip(worker, snapshot, question, now_us, answer))
		return 0;
	fp_buf_init(&auditing.value, 4096);
	fp_buf_init(&auditing.text, 64 * 1024);
	r = audit_all(&auditing, error);
	fp_buf_release(&auditing.value);
	fp_buf_release(&auditing.text);
	return r == -FP_ERROR_MEMORY ? fp_error_memory(error) : r;
}
