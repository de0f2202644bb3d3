/* A branch's line: which commits it has, and what a build of each gets. */
#include "line.h"

#include "locate.h"

static const struct fp_graph_view *view_of(const struct fp_line *line)
{
	return &line->answer->repository->branches->view;
}

static bool locate_release(struct fp_line *line, const struct fp_question *question)
{
	line->release_asked = question->release.len > 0;
	return !line->release_asked || fp_locate_release(line->answer, question);
}

bool fp_line_locate(struct fp_line *line, struct fp_worker *worker,
	const struct fp_snapshot *snapshot, const struct fp_question *question,
	struct fp_answer *answer)
{
	*line = (struct fp_line){.worker = worker, .answer = answer};
	fp_answer_clear(answer);
	if (!fp_locate_repository(answer, snapshot, question) ||
		!fp_locate_package(answer, question) || !fp_locate_branch(answer, question) ||
		!locate_release(line, question))
		return false;
	fp_answer_set_query(answer);
	return true;
}

/* ---- commits ---- */

/* Parents have lower indices than their children, so the chain is in rising order. */
static bool chain_has(const struct fp_reach *reach, uint32_t commit)
{
	uint32_t low = 0, high = fp_reach_chain_length(reach);

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		uint32_t found = fp_reach_chain_commit(reach, middle);

		if (found == commit)
			return true;
		if (found < commit)
			low = middle + 1;
		else
			high = middle;
	}
	return false;
}

bool fp_line_has(const struct fp_line *line, uint32_t commit)
{
	const struct fp_branch *branch = line->answer->branch;
	uint32_t at = branch->tip;

	if (branch->reach)
		return chain_has(branch->reach, commit);
	while (at != FP_NO_COMMIT && at > commit)
		at = fp_line_before(line, at);
	return at == commit;
}

uint32_t fp_line_before(const struct fp_line *line, uint32_t commit)
{
	return fp_graph_first_parent(view_of(line), commit);
}

/* The line's oldest commit that has a commit of the branch's history below it: the merge that
 * brought it in. Everything above a commit of the line that has it below has it too. */
static uint32_t find_entry(const struct fp_line *line, uint32_t commit)
{
	const struct fp_reach *reach = line->answer->branch->reach;
	uint32_t low = 0, high = fp_reach_chain_length(reach) - 1;
	struct fp_error error;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (fp_reach_is_ancestor(view_of(line), reach, &line->worker->scratch, commit,
			    fp_reach_chain_commit(reach, middle), &error) == 1)
			high = middle;
		else
			low = middle + 1;
	}
	return fp_reach_chain_commit(reach, low);
}

static bool refuse_commit(const struct fp_line *line, uint32_t commit, const char *name)
{
	struct fp_answer *answer = line->answer;
	char hex[FP_OID_HEX + 1];

	fp_oid_format(fp_graph_oid(view_of(line), commit), hex);
	fp_buf_addf(&answer->detail,
		"parameter \"%s\": commit %s is not on the first-parent history of branch "
		"\"%.*s\"",
		name, hex, FP_STR_ARG(answer->branch_name));
	if (answer->branch->reach && fp_reach_has(answer->branch->reach, commit)) {
		fp_oid_format(fp_graph_oid(view_of(line), find_entry(line, commit)), hex);
		fp_buf_addf(&answer->detail, "; it came in with merge %s: give that", hex);
	}
	return fp_answer_fail(answer, FP_STEP_COMMIT, FP_OUTCOME_BAD_REQUEST);
}

bool fp_line_find(const struct fp_line *line, struct fp_str sha, const char *name, uint32_t *commit)
{
	struct fp_answer *answer = line->answer;
	const struct fp_question question = {.sha = sha};

	if (!fp_locate_commit(answer, &question))
		return false;
	*commit = answer->commit;
	return fp_line_has(line, *commit) || refuse_commit(line, *commit, name);
}

bool fp_line_find_span(const struct fp_line *line, struct fp_str from, struct fp_str to,
	struct fp_str cursor, struct fp_line_span *span)
{
	struct fp_answer *answer = line->answer;

	*span = (struct fp_line_span){answer->branch->tip, FP_NO_COMMIT};
	if (cursor.len) {
		if (!fp_line_find(line, cursor, "cursor", &span->newest))
			return false;
	} else if (to.len && !fp_line_find(line, to, "to", &span->newest)) {
		return false;
	}
	if (from.len && !fp_line_find(line, from, "from", &span->oldest))
		return false;
	if (span->oldest == FP_NO_COMMIT || span->oldest <= span->newest)
		return true;
	fp_buf_add_text(&answer->detail,
		"\"from\" lies after \"to\" on the branch: \"from\" takes the older commit");
	return fp_answer_fail(answer, FP_STEP_COMMIT, FP_OUTCOME_BAD_REQUEST);
}

/* ---- answers ---- */

fp_minute fp_line_minute(const struct fp_line *line, uint32_t commit)
{
	bool committer = line->answer->repository->settings->committer_time;

	return fp_minute_from_s(committer ? fp_graph_committer_s(view_of(line), commit)
					  : fp_graph_author_s(view_of(line), commit));
}

void fp_line_point_of_release(const struct fp_line *line, uint32_t commit,
	const struct fp_release *release, struct fp_point *point)
{
	struct fp_select_query *query = &line->answer->query;
	struct fp_selection selection;

	*point = (struct fp_point){
		.commit = commit,
		.minute = fp_line_minute(line, commit),
		.has_release = true,
		.release = *release,
	};
	query->release = *release;
	query->minute = point->minute;
	fp_answer_choose(line->answer, query, &selection);
	point->version = selection.chosen;
	point->runner_up = selection.runner_up;
	if (point->version == FP_SELECT_NO_VERSION)
		point->outcome = FP_OUTCOME_NO_DATABASE;
}

void fp_line_point(const struct fp_line *line, uint32_t commit, struct fp_point *point)
{
	const struct fp_branches *branches = line->answer->repository->branches;
	uint32_t number = fp_graph_facts(view_of(line), commit);

	if (line->release_asked) {
		fp_line_point_of_release(line, commit, &line->answer->release, point);
	} else if (number < branches->facts_count && branches->facts[number].has_release) {
		fp_line_point_of_release(line, commit, &branches->facts[number].release, point);
	} else {
		*point = (struct fp_point){
			.commit = commit,
			.minute = fp_line_minute(line, commit),
			.outcome = FP_OUTCOME_RELEASE_UNKNOWN,
			.version = FP_SELECT_NO_VERSION,
			.runner_up = FP_SELECT_NO_VERSION,
		};
	}
}

/* ---- labels ---- */

static bool names_branch(struct fp_str name, const struct fp_decoded *decoded)
{
	if (fp_label_matches(name, FP_LABEL_HYPHEN, decoded->label))
		return true;
	return decoded->grammar == FP_GRAMMAR_PATCH_STAMP &&
	       fp_label_matches(name, FP_LABEL_UNDERSCORE, decoded->label);
}

bool fp_query_is_label(const struct fp_select_query *query, const struct fp_decoded *decoded)
{
	if (decoded->grammar == FP_GRAMMAR_ARCADE)
		return query->takes_unlabelled;
	for (size_t i = 0; i < query->branch_name_count; i++)
		if (names_branch(query->branch_names[i], decoded))
			return true;
	return false;
}
