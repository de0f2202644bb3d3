/* /repos/{repo}?lint: findings about a repository, the gravest first. */
#include "lint.h"

#include "page.h"

#include "forkpoint/service/lint.h"

struct findings {
	enum fp_form form;
	enum fp_lint_severity severity; /* of this round */
	struct fp_json json;
	struct fp_buf *buf;
	size_t count[FP_LINT_ERROR + 1];
};

static void write_json(struct findings *findings, const struct fp_finding *finding)
{
	struct fp_json *json = &findings->json;

	fp_json_object_begin(json);
	fp_json_member_text(json, "code", fp_lint_code_name(finding->code));
	fp_json_member_text(json, "severity", fp_lint_severity_name(finding->severity));
	fp_json_member_string(json, "subject", finding->subject);
	fp_json_member_string(json, "text", finding->text);
	fp_json_member_text(json, "advice", fp_lint_advice(finding->code));
	fp_json_object_end(json);
}

static int take(void *context, const struct fp_finding *finding)
{
	struct findings *findings = context;

	if (finding->severity != findings->severity)
		return 0;
	findings->count[finding->severity]++;
	if (findings->form == FP_FORM_TEXT)
		fp_buf_addf(findings->buf, "%s: %s: %.*s\n  %.*s\n  %s\n",
			fp_lint_severity_name(finding->severity), fp_lint_code_name(finding->code),
			FP_STR_ARG(finding->subject), FP_STR_ARG(finding->text),
			fp_lint_advice(finding->code));
	else
		write_json(findings, finding);
	return fp_buf_check(findings->buf, NULL);
}

static const char *plural(size_t count)
{
	return count == 1 ? "" : "s";
}

static void write_counts(struct findings *findings, struct fp_str repo)
{
	struct fp_json *json = &findings->json;

	if (findings->form == FP_FORM_TEXT) {
		fp_buf_addf(findings->buf, "%.*s: %zu error%s, %zu warning%s, %zu note%s\n",
			FP_STR_ARG(repo), findings->count[FP_LINT_ERROR],
			plural(findings->count[FP_LINT_ERROR]), findings->count[FP_LINT_WARNING],
			plural(findings->count[FP_LINT_WARNING]), findings->count[FP_LINT_NOTE],
			plural(findings->count[FP_LINT_NOTE]));
		return;
	}
	fp_json_array_end(json);
	fp_json_member_u64(json, "errors", findings->count[FP_LINT_ERROR]);
	fp_json_member_u64(json, "warnings", findings->count[FP_LINT_WARNING]);
	fp_json_member_u64(json, "notes", findings->count[FP_LINT_NOTE]);
	fp_json_object_end(json);
	fp_buf_add_char(findings->buf, '\n');
}

int fp_lint_write(struct fp_request *request, const struct fp_snapshot *snapshot,
	const struct fp_snapshot_repository *repository, struct fp_buf *buf)
{
	struct findings findings = {.form = request->form, .buf = buf};
	int r = 0;

	fp_json_init(&findings.json, buf);
	if (request->form != FP_FORM_TEXT) {
		fp_json_object_begin(&findings.json);
		fp_json_member_string(&findings.json, "repo", repository->settings->name);
		fp_json_key(&findings.json, "findings");
		fp_json_array_begin(&findings.json);
	}
	for (int severity = FP_LINT_ERROR; r >= 0 && severity >= FP_LINT_NOTE; severity--) {
		findings.severity = (enum fp_lint_severity)severity;
		r = fp_service_lint(
			request->context->worker, snapshot, repository, take, &findings);
	}
	write_counts(&findings, repository->settings->name);
	return r;
}
