/* The question of a past answer, out of the document that is kept. */
#include "history.h"

#include "forkpoint/base/json_read.h"

enum { DOCUMENT_MAX_BYTES = 256 * 1024 * 1024, VALUES_MAX = 16 * 1024 * 1024 };

static struct fp_str text_member(const struct fp_json_value *object, const char *key)
{
	const struct fp_json_value *member = object ? fp_json_member(object, key) : NULL;

	return member && member->type == FP_JSON_STRING ? member->text : (struct fp_str){0};
}

/* Answers of before the question was kept with them: what they resolved to says it as well. */
static void read_older(struct fp_past_question *asked, const struct fp_json_value *root)
{
	const struct fp_json_value *release = fp_json_member(root, "release");

	asked->question.sha = text_member(root, "sha");
	if (fp_str_equal(text_member(root, "branch_source"), FP_STR_LITERAL("request")))
		asked->question.branch = text_member(root, "branch");
	if (fp_str_equal(text_member(release, "source"), FP_STR_LITERAL("request")))
		asked->question.release = text_member(release, "text");
}

void fp_past_question_release(struct fp_past_question *asked)
{
	fp_json_tree_free(asked->tree);
	*asked = (struct fp_past_question){0};
}

int fp_past_question_read(
	const struct fp_record *record, struct fp_past_question *asked, struct fp_error *error)
{
	static const struct fp_json_limits limits = {
		.max_bytes = DOCUMENT_MAX_BYTES, .max_depth = 16, .max_values = VALUES_MAX};
	const struct fp_json_value *root, *members;
	int r = fp_json_tree_read(
		record->document, &limits, false, &asked->tree, NULL, NULL, error);

	if (r < 0)
		return r;
	root = fp_json_tree_root(asked->tree);
	members = fp_json_member(root, "asked");
	asked->question.repo = record->repo;
	asked->comparable = members && !fp_json_member(root, "instead_of") && !record->as_of_us;
	if (!members) {
		read_older(asked, root);
		return 0;
	}
	if (!asked->question.repo.len)
		asked->question.repo = text_member(members, "repo");
	asked->question.sha = text_member(members, "sha");
	asked->question.ref = text_member(members, "ref");
	asked->question.branch = text_member(members, "branch");
	asked->question.release = text_member(members, "release");
	asked->question.package = text_member(members, "package");
	asked->all = text_member(members, "candidates").len > 0;
	return 0;
}
