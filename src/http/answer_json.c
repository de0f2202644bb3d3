/* The JSON document of /resolve. On the hot path: written straight into the reply's buffer. */
#include "render.h"

#include "forkpoint/core/package_url.h"

static const unsigned hole_bytes[] = {
	[FP_HOLE_ID] = FP_ANSWER_ID_HEX,
	[FP_HOLE_RESOLVED_AT] = 20,
	[FP_HOLE_FEED_SYNCED_AT] = 20,
	[FP_HOLE_REFS_SYNCED_AT] = 20,
	[FP_HOLE_INSTANCE] = FP_ANSWER_ID_HEX,
	[FP_HOLE_REPLAY] = FP_HASH128_HEX,
};

void fp_document_begin(struct fp_document *document, struct fp_buf *buf)
{
	document->buf = buf;
	fp_json_init(&document->json, buf);
	for (int i = 0; i < FP_HOLE_COUNT; i++)
		document->holes[i] = FP_NO_HOLE;
}

void fp_document_add_hole(struct fp_document *document, const char *key, enum fp_hole hole)
{
	static const char zeros[] = "/answers/00000000000000000000000000000000";
	size_t prefix = hole == FP_HOLE_REPLAY ? 0 : strlen("/answers/");

	fp_json_member_string(&document->json, key,
		fp_str_n(zeros + prefix, strlen("/answers/") - prefix + hole_bytes[hole]));
	document->holes[hole] = (uint32_t)(document->buf->len - 1 - hole_bytes[hole]);
}

/* ---- shared parts ---- */

static struct fp_str format_commit(
	const struct fp_graph_view *view, uint32_t commit, char hex[FP_OID_HEX + 1])
{
	fp_oid_format(fp_graph_oid(view, commit), hex);
	return fp_str_n(hex, FP_OID_HEX);
}

void fp_json_member_commit(
	struct fp_json *json, const char *key, const struct fp_graph_view *view, uint32_t commit)
{
	char hex[FP_OID_HEX + 1];

	fp_json_member_string(json, key, format_commit(view, commit, hex));
}

void fp_json_commits(struct fp_json *json, const struct fp_graph_view *view,
	const uint32_t *commits, size_t count)
{
	char hex[FP_OID_HEX + 1];

	fp_json_array_begin(json);
	for (size_t i = 0; i < count; i++)
		fp_json_string(json, format_commit(view, commits[i], hex));
	fp_json_array_end(json);
}

void fp_json_member_version(
	struct fp_json *json, const char *key, const struct fp_answer *answer, uint32_t version)
{
	const struct fp_catalog_version *found = fp_answer_version(answer, version);

	fp_json_key(json, key);
	if (found)
		fp_json_string(json, found->row.text);
	else
		fp_json_null(json);
}

void fp_json_release(struct fp_json *json, const struct fp_release *release, struct fp_str source,
	struct fp_buf *text)
{
	fp_json_object_begin(json);
	fp_release_write(release, text);
	fp_json_member_sentence(json, "text", text);
	fp_json_member_u64(json, "major", release->major);
	fp_json_member_u64(json, "minor", release->minor);
	fp_json_member_u64(json, "patch", release->patch);
	fp_json_member_string(json, "prerelease", release->prerelease);
	if (source.len)
		fp_json_member_string(json, "source", source);
	fp_json_object_end(json);
}

void fp_json_member_sentence(struct fp_json *json, const char *key, struct fp_buf *text)
{
	fp_json_member_string(json, key, fp_buf_str(text));
	fp_buf_clear(text);
}

/* ---- parts of the answer ---- */

static bool reached(const struct fp_answer *answer, enum fp_step step)
{
	if (!answer->started || answer->last_step < step)
		return false;
	return answer->last_step > step || answer->outcome == FP_OUTCOME_OK;
}

static const struct fp_graph_view *view_of(const struct fp_answer *answer)
{
	return &answer->repository->branches->view;
}

static const char *branch_source(const struct fp_answer *answer)
{
	switch (answer->branch_origin) {
	case FP_BRANCH_FROM_REQUEST: return "request";
	case FP_BRANCH_FROM_TREE: return "tree";
	case FP_BRANCH_FROM_DEFAULT: break;
	}
	return "default";
}

static void write_asked_member(struct fp_json *json, const char *key, struct fp_str value)
{
	if (value.len)
		fp_json_member_string(json, key, value);
}

/* The question, so that it can be put again. A repository that is known stands in the answer. */
static void write_asked(struct fp_json *json, const struct fp_answer *answer,
	const struct fp_question *question, bool all)
{
	fp_json_key(json, "asked");
	fp_json_object_begin(json);
	if (!answer->repository)
		write_asked_member(json, "repo", question->repo);
	write_asked_member(json, "sha", question->sha);
	write_asked_member(json, "ref", question->ref);
	write_asked_member(json, "branch", question->branch);
	write_asked_member(json, "release", question->release);
	write_asked_member(json, "package", question->package);
	if (all)
		fp_json_member_text(json, "candidates", "all");
	fp_json_object_end(json);
}

static void write_subject(
	struct fp_json *json, const struct fp_answer *answer, struct fp_str asked_sha)
{
	if (answer->repository)
		fp_json_member_string(json, "repo", answer->repository->settings->name);
	if (answer->started && answer->commit != FP_NO_COMMIT)
		fp_json_member_commit(json, "sha", view_of(answer), answer->commit);
	else if (asked_sha.len)
		fp_json_member_string(json, "sha", asked_sha);
	if (answer->branch_name.len) {
		fp_json_member_string(json, "branch", answer->branch_name);
		fp_json_member_text(json, "branch_source", branch_source(answer));
	}
}

static void write_download(struct fp_http_context *context, struct fp_json *json,
	const struct fp_answer *answer, const struct fp_catalog_version *version)
{
	const char *template_url = answer->package->state->rows.download;

	fp_json_key(json, "download");
	if (!template_url) {
		fp_json_null(json);
		return;
	}
	fp_package_url_write(
		template_url, answer->package->settings->id, version->row.text, &context->text);
	fp_json_string(json, fp_buf_str(&context->text));
	fp_buf_clear(&context->text);
}

static void write_chosen(
	struct fp_http_context *context, struct fp_json *json, const struct fp_answer *answer)
{
	const struct fp_catalog_version *version =
		fp_answer_version(answer, answer->selection.chosen);
	uint32_t listed =
		answer->trained_count < FP_TRAINED_MAX ? answer->trained_count : FP_TRAINED_MAX;
	/* A pinned version may be one that no grammar reads: it has neither stamp nor age. */
	bool is_read = version->decoded.grammar != FP_GRAMMAR_NONE;
	char stamp[FP_STAMP_TEXT_MAX];

	fp_json_member_string(json, "id", answer->package->settings->id);
	fp_json_member_string(json, "version", version->row.text);
	fp_stamp_format(version->decoded.minute, stamp);
	fp_json_member_text(json, "stamp", is_read ? stamp : NULL);
	fp_json_member_text(
		json, "grammar", is_read ? fp_grammar_name(version->decoded.grammar) : NULL);
	fp_json_key(json, "trained_on");
	fp_json_commits(json, view_of(answer), answer->trained, listed);
	fp_json_member_time_us(json, "first_seen", version->row.first_seen_us);
	fp_json_member_time_us(json, "published", version->row.published_us);
	write_download(context, json, answer, version);
	fp_json_key(json, "age_seconds");
	if (is_read)
		fp_json_i64(json, answer->age_minutes * 60);
	else
		fp_json_null(json);
	fp_json_key(json, "age_commits");
	if (answer->age_commits < 0)
		fp_json_null(json);
	else
		fp_json_i64(json, answer->age_commits);
	if (answer->package->settings->set_count) {
		fp_json_key(json, "set");
		fp_json_array_begin(json);
		fp_json_string(json, answer->package->settings->id);
		for (size_t i = 0; i < answer->package->settings->set_count; i++)
			fp_json_string(json, answer->package->settings->set[i]);
		fp_json_array_end(json);
	}
}

static void write_package(
	struct fp_http_context *context, struct fp_json *json, const struct fp_answer *answer)
{
	fp_json_key(json, "package");
	if (answer->outcome != FP_OUTCOME_OK) {
		fp_json_null(json);
		return;
	}
	fp_json_object_begin(json);
	write_chosen(context, json, answer);
	fp_json_object_end(json);
}

static void write_fork_point(struct fp_json *json, const struct fp_answer *answer)
{
	const struct fp_graph_view *view = view_of(answer);

	fp_json_key(json, "fork_point");
	fp_json_object_begin(json);
	fp_json_member_commit(json, "sha", view, answer->fork_point);
	fp_json_member_time_s(json, "author_time", fp_graph_author_s(view, answer->fork_point));
	fp_json_member_time_s(
		json, "committer_time", fp_graph_committer_s(view, answer->fork_point));
	fp_json_member_text(json, "stamp", answer->stamp[0] ? answer->stamp : NULL);
	fp_json_member_commit(json, "branch_tip", view, answer->branch->tip);
	fp_json_member_u64(json, "commits_behind_sha", answer->commits_behind);
	fp_json_key(json, "all");
	fp_json_commits(json, view, answer->bases.commits, answer->bases.count);
	fp_json_object_end(json);
}

static void write_all_candidates(struct fp_json *json, const struct fp_answer *answer)
{
	const struct fp_catalog *catalog = answer->package->state->catalog;

	fp_json_key(json, "all");
	fp_json_array_begin(json);
	for (uint32_t i = catalog->version_count; i-- > 0;) {
		const struct fp_catalog_version *version = &catalog->versions[i];
		enum fp_rejection rejection;

		if (version->row.vanished_us >= 0)
			continue;
		rejection = fp_select_judge(catalog, version, &answer->query);
		fp_json_object_begin(json);
		fp_json_member_string(json, "version", version->row.text);
		fp_json_member_text(json, "code", fp_rejection_name(rejection));
		if (rejection == FP_REJECTION_AFTER_FORK_POINT)
			fp_json_member_i64(
				json, "minutes_after", version->decoded.minute - answer->minute);
		if (rejection == FP_REJECTION_UNAVAILABLE)
			fp_json_member_time_us(json, "last_tried",
				answer->package->state->rows.items[i].unavailable_us);
		if (rejection == FP_REJECTION_INCOMPLETE_SET)
			fp_json_member_string(json, "missing", version->row.missing_ids);
		fp_json_object_end(json);
	}
	fp_json_array_end(json);
}

static void write_candidates(struct fp_json *json, const struct fp_answer *answer, bool all)
{
	const struct fp_selection *selection = &answer->selection;

	fp_json_key(json, "candidates");
	fp_json_object_begin(json);
	fp_json_member_u64(json, "total", selection->total);
	fp_json_member_u64(json, "eligible", selection->eligible);
	fp_json_key(json, "rejected");
	fp_json_object_begin(json);
	for (int i = FP_REJECTION_NONE + 1; i < FP_REJECTION_COUNT; i++)
		if (selection->rejected[i])
			fp_json_member_u64(json, fp_rejection_name((enum fp_rejection)i),
				selection->rejected[i]);
	fp_json_object_end(json);
	fp_json_member_version(json, "runner_up", answer, selection->runner_up);
	fp_json_member_version(json, "nearest_newer", answer, selection->nearest_newer);
	if (all)
		write_all_candidates(json, answer);
	fp_json_object_end(json);
}

static void write_ancestry(struct fp_json *json, const struct fp_answer *answer)
{
	fp_json_key(json, "ancestry");
	fp_json_object_begin(json);
	fp_json_member_version(json, "version", answer, answer->ancestry);
	fp_json_key(json, "agrees");
	if (answer->ancestry_known)
		fp_json_bool(json, answer->ancestry == answer->selection.chosen);
	else
		fp_json_null(json);
	fp_json_object_end(json);
}

/* ---- reasoning and warnings ---- */

static void write_step_facts(
	struct fp_json *json, const struct fp_answer *answer, enum fp_step step)
{
	switch (step) {
	case FP_STEP_COMMIT:
		fp_json_member_commit(json, "sha", view_of(answer), answer->commit);
		break;
	case FP_STEP_BRANCH:
		fp_json_member_string(json, "branch", answer->branch_name);
		fp_json_member_commit(json, "tip", view_of(answer), answer->branch->tip);
		if (answer->branch_origin == FP_BRANCH_FROM_TREE)
			fp_json_member_string(json, "file", answer->branch_file);
		break;
	case FP_STEP_RELEASE: fp_json_member_string(json, "source", answer->release_source); break;
	case FP_STEP_FORK_POINT:
		fp_json_member_commit(json, "sha", view_of(answer), answer->fork_point);
		break;
	case FP_STEP_STAMP:
		fp_json_member_text(json, "stamp", answer->stamp[0] ? answer->stamp : NULL);
		break;
	case FP_STEP_REQUESTED_VERSION:
		fp_json_member_string(json, "version", fp_buf_str(&answer->requested));
		break;
	case FP_STEP_CANDIDATES:
		fp_json_member_u64(json, "total", answer->selection.total);
		fp_json_member_u64(json, "eligible", answer->selection.eligible);
		break;
	case FP_STEP_SELECTION:
		fp_json_member_version(json, "version", answer, answer->selection.chosen);
		break;
	case FP_STEP_ANCESTRY:
		fp_json_member_version(json, "version", answer, answer->ancestry);
		break;
	case FP_STEP_COUNT: break;
	}
}

static void write_reasoning(
	struct fp_http_context *context, struct fp_json *json, const struct fp_answer *answer)
{
	fp_json_key(json, "reasoning");
	fp_json_array_begin(json);
	for (int i = 0; answer->started && i <= (int)answer->last_step; i++) {
		enum fp_step step = (enum fp_step)i;

		fp_json_object_begin(json);
		fp_json_member_text(json, "step", fp_step_name(step));
		fp_answer_write_step(answer, step, &context->text);
		fp_json_member_sentence(json, "text", &context->text);
		if (reached(answer, step) || step == FP_STEP_SELECTION)
			write_step_facts(json, answer, step);
		fp_json_object_end(json);
	}
	fp_json_array_end(json);
}

static void write_warnings(
	struct fp_http_context *context, struct fp_json *json, const struct fp_answer *answer)
{
	fp_json_key(json, "warnings");
	fp_json_array_begin(json);
	for (int i = 0; i < FP_WARNING_COUNT; i++) {
		enum fp_warning warning = (enum fp_warning)i;

		if (!fp_answer_warns(answer, warning))
			continue;
		fp_json_object_begin(json);
		fp_json_member_text(json, "code", fp_warning_code(warning));
		fp_answer_write_warning(answer, warning, &context->text);
		fp_json_member_sentence(json, "text", &context->text);
		fp_json_object_end(json);
	}
	fp_json_array_end(json);
}

static void write_state(struct fp_document *document, const struct fp_answer *answer)
{
	struct fp_json *json = &document->json;

	fp_json_key(json, "state");
	fp_json_object_begin(json);
	if (answer->package && answer->package->state) {
		fp_json_member_i64(json, "feed_revision", answer->package->state->revision);
		if (answer->feed_synced_us >= 0)
			fp_document_add_hole(document, "feed_synced_at", FP_HOLE_FEED_SYNCED_AT);
	}
	if (answer->repository && answer->repository->branches) {
		fp_json_member_i64(json, "refs_revision", answer->repository->branches->revision);
		if (answer->refs_synced_us >= 0)
			fp_document_add_hole(document, "refs_synced_at", FP_HOLE_REFS_SYNCED_AT);
	}
	fp_json_member_string(json, "config", answer->snapshot->settings->digest);
	if (answer->snapshot->overrides && answer->snapshot->overrides->revision)
		fp_json_member_i64(
			json, "overrides_revision", answer->snapshot->overrides->revision);
	fp_json_object_end(json);
}

/* ---- problems ---- */

/* `nearest` of no-database: the closest misses of each kind. */
static void write_misses(struct fp_json *json, const struct fp_answer *answer)
{
	const struct fp_select_misses *misses = &answer->misses;
	const struct fp_catalog *catalog = answer->package->state->catalog;

	fp_json_key(json, "nearest");
	fp_json_object_begin(json);
	fp_json_member_version(json, "after_fork_point", answer, misses->oldest_after);
	fp_json_member_version(json, "other_release", answer, misses->newest_other_release);
	fp_json_key(json, "branches");
	fp_json_array_begin(json);
	for (size_t i = 0; i < misses->other_branch_group_count; i++)
		fp_json_string(json, catalog->groups[misses->other_branch_groups[i]].label);
	fp_json_array_end(json);
	fp_json_object_end(json);
}

static void write_problem(struct fp_document *document, const struct fp_answer *answer)
{
	bool misses = answer->outcome == FP_OUTCOME_NO_DATABASE;

	fp_problem_write_members(&document->json, fp_problem_of(answer->outcome),
		fp_buf_str(&answer->detail), answer->nearest, answer->nearest_count);
	fp_document_add_hole(document, "instance", FP_HOLE_INSTANCE);
	if (misses)
		write_misses(&document->json, answer);
}

void fp_answer_write_json(struct fp_http_context *context, const struct fp_answer *answer,
	const struct fp_question *question, bool all, struct fp_document *document)
{
	struct fp_json *json = &document->json;
	char as_of[FP_TIME_TEXT_MAX];

	fp_json_object_begin(json);
	if (answer->outcome != FP_OUTCOME_OK)
		write_problem(document, answer);
	fp_document_add_hole(document, "id", FP_HOLE_ID);
	write_subject(json, answer, question->sha);
	write_asked(json, answer, question, all);
	write_package(context, json, answer);
	if (answer->is_sticky)
		fp_json_member_version(json, "instead_of", answer, answer->instead_of);
	if (reached(answer, FP_STEP_REQUESTED_VERSION))
		fp_json_member_string(json, "requested_version", fp_buf_str(&answer->requested));
	if (reached(answer, FP_STEP_RELEASE)) {
		fp_json_key(json, "release");
		fp_json_release(json, &answer->release, answer->release_source, &context->text);
	}
	if (reached(answer, FP_STEP_FORK_POINT))
		write_fork_point(json, answer);
	if (reached(answer, FP_STEP_CANDIDATES))
		write_candidates(json, answer, all);
	if (reached(answer, FP_STEP_ANCESTRY))
		write_ancestry(json, answer);
	write_reasoning(context, json, answer);
	write_warnings(context, json, answer);
	write_state(document, answer);
	if (answer->as_of_us) {
		fp_time_format_micros(answer->as_of_us, as_of);
		fp_json_member_text(json, "as_of", as_of);
	}
	fp_document_add_hole(document, "resolved_at", FP_HOLE_RESOLVED_AT);
	fp_document_add_hole(document, "replay", FP_HOLE_REPLAY);
	fp_json_object_end(json);
	fp_buf_add_char(document->buf, '\n');
}
