/* /what-if: answers now and then, side by side. */
#include "forkpoint/service/what_if.h"

#include "locate.h"
#include "what_if_world.h"

#include "forkpoint/base/array.h"
#include "forkpoint/core/nuget_version.h"
#include "forkpoint/service/overrides.h"

#include <stdlib.h>

/* What is asked of many commits. */
struct inquiry {
	struct fp_worker *worker;
	const struct fp_snapshot *snapshot;
	const struct fp_what_if_query *query;
	int64_t now_us;
	struct fp_what_if *what_if;
	struct fp_line line;
	struct fp_decoded published;   /* grammar none: publishing it changes nothing */
	struct fp_what_if_world world; /* of FP_WHAT_QUARANTINE */
	struct fp_release release;
	struct fp_answer asked; /* of one tip */
};

void fp_what_if_init(struct fp_what_if *what_if)
{
	*what_if = (struct fp_what_if){0};
	fp_answer_init(&what_if->answer);
	fp_buf_init(&what_if->notes, 16 * 1024);
}

void fp_what_if_release(struct fp_what_if *what_if)
{
	fp_answer_release(&what_if->answer);
	fp_buf_release(&what_if->notes);
	free(what_if->tips);
	free(what_if->commits);
	free(what_if->ranges);
}

/* ---- one answer then ---- */

/* Whether the version that might be published would be chosen before the one that is. */
static bool is_newer(const struct inquiry *inquiry, uint32_t chosen)
{
	const struct fp_decoded *ours = &inquiry->published;
	const struct fp_catalog_version *theirs =
		fp_answer_version(&inquiry->what_if->answer, chosen);

	if (!theirs)
		return true;
	if (ours->minute != theirs->decoded.minute)
		return ours->minute > theirs->decoded.minute;
	if (ours->revision != theirs->decoded.revision)
		return ours->revision > theirs->decoded.revision;
	return fp_version_text_compare(inquiry->query->value, theirs->row.text) > 0;
}

static bool is_eligible(const struct inquiry *inquiry, const struct fp_select_query *query)
{
	const struct fp_decoded *ours = &inquiry->published;

	return fp_grammar_release_matches(ours, &query->release) &&
	       fp_query_is_label(query, ours) && ours->minute <= query->minute;
}

static const struct fp_override *pin_of(
	const struct inquiry *inquiry, const struct fp_select_query *query)
{
	const struct fp_answer *answer = &inquiry->what_if->answer;

	return fp_overrides_pin(inquiry->snapshot->overrides, answer->repository->settings->name,
		answer->package->settings->id, query->branch_names[0]);
}

/* A pin decides for its version, and against every other while the feed has that one. */
static bool is_chosen(const struct inquiry *inquiry, const struct fp_select_query *query,
	const struct fp_point *before)
{
	const struct fp_override *pin = pin_of(inquiry, query);
	const struct fp_catalog_version *version =
		fp_answer_version(&inquiry->what_if->answer, before->version);

	if (inquiry->published.grammar == FP_GRAMMAR_NONE)
		return false;
	if (pin && fp_str_equal_nocase(pin->version, inquiry->query->value))
		return true;
	if (pin && version && fp_str_equal_nocase(pin->version, version->row.text))
		return false;
	return is_eligible(inquiry, query) && is_newer(inquiry, before->version);
}

/* The answer after a version came, from what selection found now. */
static void set_after(const struct inquiry *inquiry, const struct fp_select_query *query,
	const struct fp_point *before, struct fp_point *after)
{
	*after = *before;
	if (before->outcome != FP_OUTCOME_OK && before->outcome != FP_OUTCOME_NO_DATABASE)
		return;
	if (is_chosen(inquiry, query, before))
		after->version = FP_WHAT_IF_VERSION;
	after->outcome =
		after->version == FP_SELECT_NO_VERSION ? FP_OUTCOME_NO_DATABASE : FP_OUTCOME_OK;
}

/* ---- rows ---- */

static bool differ(const struct fp_what_if_row *row)
{
	return row->before.version != row->after.version ||
	       row->before.outcome != row->after.outcome;
}

static int add_tip(struct fp_what_if *what_if, const struct fp_what_if_row *row)
{
	what_if->tips_asked++;
	if (!differ(row))
		return 0;
	if (fp_array_reserve((void **)&what_if->tips, &what_if->tip_capacity,
		    what_if->tip_count + 1, sizeof(*what_if->tips)) < 0)
		return -FP_ERROR_MEMORY;
	what_if->tips[what_if->tip_count++] = *row;
	return 0;
}

static bool goes_on(const struct fp_what_if_row *last, const struct fp_what_if_row *row)
{
	return last->before.version == row->before.version &&
	       last->before.outcome == row->before.outcome &&
	       last->after.version == row->after.version &&
	       last->after.outcome == row->after.outcome;
}

/* follows: the commit that was looked at just before is in the list. */
static int add_commit(struct fp_what_if *what_if, const struct fp_what_if_row *row, bool follows)
{
	uint32_t at = (uint32_t)what_if->commit_count;

	if (fp_array_reserve((void **)&what_if->commits, &what_if->commit_capacity,
		    what_if->commit_count + 1, sizeof(*what_if->commits)) < 0 ||
		fp_array_reserve((void **)&what_if->ranges, &what_if->range_capacity,
			what_if->range_count + 1, sizeof(*what_if->ranges)) < 0)
		return -FP_ERROR_MEMORY;
	what_if->commits[what_if->commit_count++] = *row;
	if (follows && goes_on(&what_if->commits[at - 1], row))
		what_if->ranges[what_if->range_count - 1].oldest = at;
	else
		what_if->ranges[what_if->range_count++] = (struct fp_what_if_range){at, at};
	return 0;
}

/* ---- any commit, for any branch ---- */

/* Resolves into inquiry->asked; an empty branch or release is none asked for. */
static void ask_in(struct inquiry *inquiry, const struct fp_snapshot *snapshot, uint32_t commit,
	struct fp_str branch, struct fp_str release, struct fp_point *point)
{
	const struct fp_branches *branches = inquiry->what_if->answer.repository->branches;
	struct fp_answer *asked = &inquiry->asked;
	char hex[FP_OID_HEX + 1];
	const struct fp_question question = {
		.repo = inquiry->query->repo,
		.package = inquiry->query->package,
		.sha = fp_str_n(hex, FP_OID_HEX),
		.branch = branch,
		.release = release,
	};

	fp_oid_format(fp_graph_oid(&branches->view, commit), hex);
	fp_service_resolve(inquiry->worker, snapshot, &question, inquiry->now_us, asked);
	*point = (struct fp_point){
		.commit = commit,
		.minute = asked->minute,
		.outcome = asked->outcome,
		.has_release = asked->last_step >= FP_STEP_FORK_POINT,
		.release = asked->release,
		.version = asked->selection.chosen,
		.runner_up = asked->selection.runner_up,
	};
}

static void ask(struct inquiry *inquiry, uint32_t commit, struct fp_str branch,
	struct fp_str release, struct fp_point *point)
{
	ask_in(inquiry, inquiry->snapshot, commit, branch, release, point);
}

/* Behind what was asked of the present: inquiry->asked is of it. */
static void ask_world(struct inquiry *inquiry, uint32_t commit, struct fp_str branch,
	struct fp_str release, struct fp_point *point)
{
	ask_in(inquiry, inquiry->world.snapshot, commit, branch, release, point);
	fp_what_if_world_translate(&inquiry->world, &inquiry->what_if->answer, point);
}

static int ask_tip(struct inquiry *inquiry, const struct fp_branch *tip, struct fp_str branch)
{
	const struct fp_what_if_query *query = inquiry->query;
	struct fp_what_if_row row = {.tip = tip->name};
	const struct fp_str none = {0};

	ask(inquiry, tip->tip, branch, none, &row.before);
	row.branch = row.other_branch = inquiry->asked.branch_name;
	if (query->what == FP_WHAT_RELEASE) {
		ask(inquiry, tip->tip, branch, query->value, &row.after);
	} else if (query->what == FP_WHAT_BRANCH) {
		row.other_branch = inquiry->what_if->answer.branch_name;
		ask(inquiry, tip->tip, row.other_branch, none, &row.after);
	} else if (query->what == FP_WHAT_QUARANTINE) {
		ask_world(inquiry, tip->tip, branch, none, &row.after);
	} else {
		set_after(inquiry, &inquiry->asked.query, &row.before, &row.after);
	}
	return add_tip(inquiry->what_if, &row);
}

/* For its own branch, and for the one that a request without a branch means. */
static int ask_both_ways(struct inquiry *inquiry, const struct fp_branch *tip)
{
	const struct fp_str none = {0};
	bool same;
	int r;

	if (inquiry->query->what == FP_WHAT_BRANCH)
		return ask_tip(inquiry, tip, none);
	r = ask_tip(inquiry, tip, tip->name);
	if (r < 0)
		return r;
	ask(inquiry, tip->tip, none, none, &(struct fp_point){0});
	same = fp_str_equal(inquiry->asked.branch_name, tip->name) || !inquiry->asked.branch;
	return same ? 0 : ask_tip(inquiry, tip, none);
}

static bool is_asked_about(const struct inquiry *inquiry, const struct fp_branch *branch)
{
	if (branch->tip == FP_NO_COMMIT)
		return false;
	if (inquiry->query->what == FP_WHAT_RELEASE && inquiry->query->branch.len)
		return branch == inquiry->what_if->answer.branch;
	return branch->tracked;
}

static int ask_tips(struct inquiry *inquiry)
{
	const struct fp_branches *branches = inquiry->what_if->answer.repository->branches;
	int r = 0;

	for (size_t i = 0; i < branches->count && r >= 0; i++)
		if (is_asked_about(inquiry, &branches->items[i]))
			r = ask_both_ways(inquiry, &branches->items[i]);
	return r;
}

/* ---- the line's commits ---- */

static void ask_commit(struct inquiry *inquiry, uint32_t commit, struct fp_what_if_row *row)
{
	const struct fp_line *line = &inquiry->line;
	const struct fp_str none = {0};

	*row = (struct fp_what_if_row){
		.branch = line->answer->branch_name, .other_branch = line->answer->branch_name};
	switch (inquiry->query->what) {
	case FP_WHAT_RELEASE:
		fp_line_point(line, commit, &row->before);
		fp_line_point_of_release(line, commit, &inquiry->release, &row->after);
		break;
	case FP_WHAT_BRANCH:
		ask(inquiry, commit, none, none, &row->before);
		row->branch = inquiry->asked.branch_name;
		fp_line_point(line, commit, &row->after);
		break;
	case FP_WHAT_QUARANTINE:
		fp_line_point(line, commit, &row->before);
		fp_line_point(&inquiry->world.line, commit, &row->after);
		fp_what_if_world_translate(&inquiry->world, line->answer, &row->after);
		break;
	case FP_WHAT_PUBLISH:
		fp_line_point(line, commit, &row->before);
		set_after(inquiry, &line->answer->query, &row->before, &row->after);
	}
}

static int ask_line(struct inquiry *inquiry)
{
	struct fp_what_if *what_if = inquiry->what_if;
	uint32_t commit = what_if->answer.branch->tip;
	bool follows = false;

	while (commit != FP_NO_COMMIT && what_if->commits_asked < inquiry->query->last) {
		struct fp_what_if_row row;

		ask_commit(inquiry, commit, &row);
		what_if->commits_asked++;
		if (differ(&row) && add_commit(what_if, &row, follows) < 0)
			return -FP_ERROR_MEMORY;
		follows = differ(&row);
		commit = fp_line_before(&inquiry->line, commit);
	}
	return 0;
}

/* ---- the hypothesis ---- */

/* The branch that a version names: a tracked one before others; empty when it names none. */
static struct fp_str branch_of(const struct fp_branches *branches, const struct fp_decoded *decoded)
{
	struct fp_str found = {0};

	for (size_t i = 0; i < branches->count; i++) {
		const struct fp_branch *branch = &branches->items[i];
		struct fp_select_query query = {.branch_name_count = 1};

		query.branch_names[0] = branch->name;
		if (branch->tip == FP_NO_COMMIT || !fp_query_is_label(&query, decoded))
			continue;
		if (branch->tracked)
			return branch->name;
		if (!found.len)
			found = branch->name;
	}
	return found;
}

/* A quarantine that waits for it: of the version, or of its stamp. */
static const struct fp_override *waiting_quarantine(const struct inquiry *inquiry)
{
	const struct fp_answer *answer = &inquiry->what_if->answer;
	const struct fp_catalog_version version = {
		.row = {.text = inquiry->query->value}, .decoded = inquiry->published};

	return fp_overrides_next_quarantine(inquiry->snapshot->overrides,
		answer->repository->settings->name, answer->package->settings->id, &version, NULL);
}

static void note_published(struct inquiry *inquiry)
{
	struct fp_what_if *what_if = inquiry->what_if;
	struct fp_buf *notes = &what_if->notes;
	const struct fp_catalog_version *known =
		fp_catalog_find(what_if->answer.package->state->catalog, inquiry->query->value);
	const struct fp_override *quarantine = waiting_quarantine(inquiry);
	struct fp_nuget_version version;

	if (!fp_nuget_version_parse(inquiry->query->value, &version))
		fp_buf_add_text(notes, "no feed takes this: it is no NuGet version\n");
	if (inquiry->published.grammar == FP_GRAMMAR_NONE)
		fp_buf_add_text(notes,
			"no grammar of the package takes this version, so it would be "
			"unrecognised and never selected\n");
	if (what_if->answer.package->settings->set_count)
		fp_buf_add_text(notes, "as if every id of the package's set had it\n");
	if (quarantine) {
		fp_buf_add_text(notes, "it would not be selected: ");
		fp_override_write(quarantine, notes);
		fp_buf_add_char(notes, '\n');
		inquiry->published.grammar = FP_GRAMMAR_NONE;
	}
	if (!known || quarantine)
		return;
	if (known->row.vanished_us < 0 && known->standing == FP_REJECTION_NONE) {
		fp_buf_addf(notes, "the feed lists %.*s already\n", FP_STR_ARG(known->row.text));
		inquiry->published.grammar = FP_GRAMMAR_NONE;
	} else {
		fp_buf_addf(notes, "the feed had it before; now it is %s\n",
			known->row.vanished_us >= 0 ? "vanished"
						    : fp_rejection_name(known->standing));
	}
}

static void note_quarantined(struct inquiry *inquiry)
{
	struct fp_what_if *what_if = inquiry->what_if;
	const struct fp_catalog *catalog = what_if->answer.package->state->catalog;
	const struct fp_catalog_version *known = fp_catalog_find(catalog, inquiry->query->value);
	uint32_t count = fp_what_if_world_count(&inquiry->world, &what_if->answer);

	if (fp_str_starts_with(inquiry->query->value, "stamps:"))
		fp_buf_addf(&what_if->notes,
			"%u version%s of the feed that can be chosen now %s such a stamp\n", count,
			count == 1 ? "" : "s", count == 1 ? "has" : "have");
	else if (!known)
		fp_buf_add_text(&what_if->notes, "the feed has never listed this version\n");
	else if (known->row.vanished_us >= 0)
		fp_buf_add_text(&what_if->notes,
			"the version has vanished from the feed: it is not "
			"selected as it is\n");
	else if (known->standing != FP_REJECTION_NONE)
		fp_buf_addf(&what_if->notes, "the version is not selected as it is: %s\n",
			fp_rejection_name(known->standing));
}

static bool locate(struct inquiry *inquiry)
{
	const struct fp_what_if_query *query = inquiry->query;
	struct fp_what_if *what_if = inquiry->what_if;
	struct fp_question question = {
		.repo = query->repo, .package = query->package, .branch = query->branch};
	struct fp_answer *answer = &what_if->answer;

	fp_answer_clear(answer);
	if (query->what == FP_WHAT_PUBLISH &&
		fp_locate_repository(answer, inquiry->snapshot, &question) &&
		fp_locate_package(answer, &question)) {
		const struct fp_package_settings *settings = answer->package->settings;

		fp_grammar_read_first(settings->grammars, settings->grammar_count, query->value,
			&inquiry->published);
		if (!query->branch.len && inquiry->published.grammar != FP_GRAMMAR_NONE)
			question.branch =
				branch_of(answer->repository->branches, &inquiry->published);
	}
	return fp_line_locate(
		&inquiry->line, inquiry->worker, inquiry->snapshot, &question, answer);
}

static bool set_release(struct inquiry *inquiry)
{
	const struct fp_question question = {.release = inquiry->query->value};
	struct fp_answer *answer = &inquiry->what_if->answer;

	if (inquiry->query->what != FP_WHAT_RELEASE)
		return true;
	if (!fp_locate_release(answer, &question))
		return false;
	inquiry->release = answer->release;
	return true;
}

static int inquire(struct inquiry *inquiry)
{
	struct fp_what_if *what_if = inquiry->what_if;
	int r = 0;

	if (inquiry->query->what == FP_WHAT_QUARANTINE) {
		r = fp_what_if_world_make(&inquiry->world, inquiry->worker, inquiry->snapshot,
			&what_if->answer, inquiry->query->value);
		if (r >= 0)
			note_quarantined(inquiry);
	} else if (inquiry->query->what == FP_WHAT_PUBLISH) {
		note_published(inquiry);
	}
	if (r >= 0)
		r = ask_tips(inquiry);
	return r < 0 ? r : ask_line(inquiry);
}

void fp_service_what_if(struct fp_worker *worker, const struct fp_snapshot *snapshot,
	const struct fp_what_if_query *query, int64_t now_us, struct fp_what_if *what_if)
{
	struct inquiry inquiry = {.worker = worker,
		.snapshot = snapshot,
		.query = query,
		.now_us = now_us,
		.what_if = what_if,
		.published = {.grammar = FP_GRAMMAR_NONE}};

	what_if->tip_count = what_if->tips_asked = 0;
	what_if->commit_count = what_if->commits_asked = what_if->range_count = 0;
	fp_buf_clear(&what_if->notes);
	what_if->what = query->what;
	if (!locate(&inquiry) || !set_release(&inquiry))
		return;
	what_if->value = query->what == FP_WHAT_BRANCH ? what_if->answer.branch_name : query->value;
	fp_answer_init(&inquiry.asked);
	if (inquire(&inquiry) < 0) {
		fp_buf_add_text(&what_if->answer.detail, "out of memory");
		fp_answer_fail(&what_if->answer, FP_STEP_COMMIT, FP_OUTCOME_INTERNAL);
	}
	fp_answer_release(&inquiry.asked);
	if (query->what == FP_WHAT_QUARANTINE)
		fp_what_if_world_release(&inquiry.world);
}
