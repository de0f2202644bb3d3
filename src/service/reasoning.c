/* Answers as a person would say them: a sentence for every step and every warning. */
#include "locate.h"

#include "forkpoint/base/time.h"

/* ---- words ---- */

static void add_commit(const struct fp_answer *answer, uint32_t commit, struct fp_buf *buf)
{
	char hex[FP_OID_HEX + 1];

	fp_oid_format(fp_graph_oid(&answer->repository->branches->view, commit), hex);
	fp_buf_add(buf, hex, 12);
}

static void add_time_s(int64_t seconds, struct fp_buf *buf)
{
	char text[FP_TIME_TEXT_MAX];

	fp_buf_add(buf, text, fp_time_format_s(seconds, text));
}

static void add_version(const struct fp_answer *answer, uint32_t version, struct fp_buf *buf)
{
	fp_buf_add_str(buf, fp_answer_version(answer, version)->row.text);
}

static void add_count(uint64_t count, const char *one, const char *many, struct fp_buf *buf)
{
	fp_buf_add_u64(buf, count);
	fp_buf_add_char(buf, ' ');
	fp_buf_add_text(buf, count == 1 ? one : many);
}

static void add_release(const struct fp_answer *answer, struct fp_buf *buf)
{
	fp_release_write(&answer->release, buf);
}

static const char *time_word(const struct fp_answer *answer)
{
	return answer->repository->settings->committer_time ? "committer" : "author";
}

/* ---- steps ---- */

static void write_commit(const struct fp_answer *answer, struct fp_buf *buf)
{
	const struct fp_graph_view *view = &answer->repository->branches->view;

	fp_buf_add_text(buf, "The commit being built is ");
	add_commit(answer, answer->commit, buf);
	fp_buf_add_text(buf, ", authored ");
	add_time_s(fp_graph_author_s(view, answer->commit), buf);
	fp_buf_add_char(buf, '.');
}

static void write_branch(const struct fp_answer *answer, struct fp_buf *buf)
{
	fp_buf_add_text(buf, "The PGO branch is ");
	fp_buf_add_str(buf, answer->branch_name);
	switch (answer->branch_origin) {
	case FP_BRANCH_FROM_REQUEST: fp_buf_add_text(buf, ", as the request says"); break;
	case FP_BRANCH_FROM_TREE:
		fp_buf_add_text(buf, ", as the commit's ");
		fp_buf_add_str(buf, answer->branch_file);
		fp_buf_add_text(buf, " says");
		break;
	case FP_BRANCH_FROM_DEFAULT: fp_buf_add_text(buf, ", the configured default"); break;
	}
	if (answer->branch_asked.len) {
		fp_buf_add_text(buf, " (");
		fp_buf_add_str(buf, answer->branch_asked);
		fp_buf_add_text(buf, " is its former name)");
	}
	fp_buf_add_text(buf, "; its tip is ");
	add_commit(answer, answer->branch->tip, buf);
	fp_buf_add_char(buf, '.');
}

static void write_release(const struct fp_answer *answer, struct fp_buf *buf)
{
	fp_buf_add_text(buf, "The release is ");
	add_release(answer, buf);
	if (fp_str_equal(answer->release_source, FP_STR_LITERAL("request"))) {
		fp_buf_add_text(buf, ", as the request says.");
	} else if (fp_str_equal(answer->release_source, FP_STR_LITERAL("fixed"))) {
		fp_buf_add_text(buf, ", fixed by the configuration.");
	} else {
		fp_buf_add_text(buf, ", from ");
		fp_buf_add_str(buf, answer->release_source);
		fp_buf_add_text(buf, " in the commit's tree.");
	}
}

static void write_fork_point(const struct fp_answer *answer, struct fp_buf *buf)
{
	if (answer->fork_point == answer->commit) {
		fp_buf_add_text(buf, "The commit is in the history of ");
		fp_buf_add_str(buf, answer->branch_name);
		fp_buf_add_text(buf, ", so it is its own fork point.");
		return;
	}
	fp_buf_add_text(buf, "The commit forked from ");
	fp_buf_add_str(buf, answer->branch_name);
	fp_buf_add_text(buf, " at ");
	add_commit(answer, answer->fork_point, buf);
	fp_buf_add_text(buf, ", ");
	add_count(answer->commits_behind, "commit", "commits", buf);
	fp_buf_add_text(buf, " before it.");
}

static void write_stamp(const struct fp_answer *answer, struct fp_buf *buf)
{
	fp_buf_add_text(buf, "The fork point's ");
	fp_buf_add_text(buf, time_word(answer));
	fp_buf_add_text(buf, " time, to the minute, is ");
	add_time_s(fp_minute_to_s(answer->minute), buf);
	if (answer->stamp[0]) {
		fp_buf_add_text(buf, ": stamp ");
		fp_buf_add_text(buf, answer->stamp);
		fp_buf_add_char(buf, '.');
	} else {
		fp_buf_add_text(buf, ", outside the years 2000 to 2099 that a stamp can name.");
	}
}

static void write_requested(const struct fp_answer *answer, struct fp_buf *buf)
{
	fp_buf_add_text(buf, "That asks for ");
	fp_buf_add_str(buf, fp_buf_str(&answer->requested));
	fp_buf_add_text(buf, ", or the newest one before it.");
}

void fp_answer_write_rejections(const struct fp_answer *answer, struct fp_buf *buf)
{
	bool first = true;

	for (int i = FP_REJECTION_NONE + 1; i < FP_REJECTION_COUNT; i++) {
		if (answer->selection.rejected[i] == 0 || i == FP_REJECTION_NOT_YET_SEEN)
			continue;
		if (!first)
			fp_buf_add_text(buf, ", ");
		first = false;
		fp_buf_add_u64(buf, answer->selection.rejected[i]);
		fp_buf_add_char(buf, ' ');
		fp_buf_add_text(buf, fp_rejection_phrase((enum fp_rejection)i));
	}
}

static void write_candidates(const struct fp_answer *answer, struct fp_buf *buf)
{
	uint32_t later = answer->selection.rejected[FP_REJECTION_NOT_YET_SEEN];
	uint32_t total = answer->selection.total - later;

	fp_buf_add_text(buf, "The feed lists ");
	add_count(total, "version", "versions", buf);
	fp_buf_add_text(buf, " of ");
	fp_buf_add_str(buf, answer->package->settings->id);
	fp_buf_add_text(buf, "; ");
	if (answer->selection.eligible)
		fp_buf_add_u64(buf, answer->selection.eligible);
	else
		fp_buf_add_text(buf, "none");
	fp_buf_add_text(buf, answer->selection.eligible > 1 ? " are eligible" : " is eligible");
	if (total > answer->selection.eligible) {
		fp_buf_add_text(buf, ". The others: ");
		fp_answer_write_rejections(answer, buf);
	}
	fp_buf_add_char(buf, '.');
	if (later) {
		fp_buf_add_text(buf, " Seen only later, and not counted: ");
		fp_buf_add_u64(buf, later);
		fp_buf_add_char(buf, '.');
	}
}

/* Of a version that names a day: how many days before the fork point's. */
static void write_day(const struct fp_answer *answer, struct fp_buf *buf)
{
	const struct fp_catalog_version *chosen =
		fp_answer_version(answer, answer->selection.chosen);
	fp_day days =
		fp_day_from_minute(answer->minute) - fp_day_from_minute(chosen->decoded.minute);

	if (days == 0) {
		fp_buf_add_text(buf, ", made on the fork point's own day.");
		return;
	}
	fp_buf_add_text(buf, ", made ");
	add_count((uint64_t)days, "day", "days", buf);
	fp_buf_add_text(buf, " before the fork point's day.");
}

static void write_chosen(const struct fp_answer *answer, struct fp_buf *buf)
{
	fp_buf_add_text(buf, "The newest eligible one is ");
	add_version(answer, answer->selection.chosen, buf);
	if (!answer->ancestry_known) {
		write_day(answer, buf);
		return;
	}
	if (answer->age_minutes == 0) {
		fp_buf_add_text(buf, ", stamped with the fork point's own minute.");
		return;
	}
	fp_buf_add_text(buf, ", stamped ");
	fp_time_add_span(buf, answer->age_minutes * 60 * FP_US_PER_S);
	fp_buf_add_text(buf, " before the fork point.");
}

/* The nearest misses say what to look at next. */
static void write_nothing(const struct fp_answer *answer, struct fp_buf *buf)
{
	const struct fp_select_misses *misses = &answer->misses;

	fp_buf_add_text(buf, "no database of release ");
	add_release(answer, buf);
	fp_buf_add_text(buf, " and branch ");
	fp_buf_add_str(buf, answer->branch_name);
	fp_buf_add_text(buf, " is as old as the fork point or older");
	if (misses->oldest_after != FP_SELECT_NO_VERSION) {
		fp_buf_add_text(buf, "; the oldest after it is ");
		add_version(answer, misses->oldest_after, buf);
	}
	if (misses->newest_other_release != FP_SELECT_NO_VERSION) {
		fp_buf_add_text(buf, "; the newest of another release is ");
		add_version(answer, misses->newest_other_release, buf);
	}
	if (misses->other_branch_group_count) {
		const struct fp_catalog *catalog = answer->package->state->catalog;

		fp_buf_add_text(buf, "; branches with packages of this release:");
		for (size_t i = 0; i < misses->other_branch_group_count; i++) {
			fp_buf_add_text(buf, i ? ", " : " ");
			fp_buf_add_str(buf, catalog->groups[misses->other_branch_groups[i]].label);
		}
	}
}

/* What was given first, and what would be given now. */
static void write_stuck(const struct fp_answer *answer, struct fp_buf *buf)
{
	const struct fp_catalog_version *first =
		fp_answer_version(answer, answer->selection.chosen);

	fp_buf_add_text(buf, "This build was given ");
	add_version(answer, answer->selection.chosen, buf);
	fp_buf_add_text(buf, " first, and gets it again; now ");
	if (answer->instead_of == FP_SELECT_NO_VERSION)
		fp_buf_add_text(buf, "none");
	else
		add_version(answer, answer->instead_of, buf);
	fp_buf_add_text(buf, " would be chosen.");
	if (first->row.vanished_us >= 0 || first->row.unlisted_us >= 0)
		fp_buf_add_text(buf, " The feed does not list it any more.");
	if (first->row.quarantined)
		fp_buf_add_text(buf, " It has been quarantined since.");
}

static void write_selection(const struct fp_answer *answer, struct fp_buf *buf)
{
	if (answer->is_sticky) {
		write_stuck(answer, buf);
		return;
	}
	if (answer->selection.chosen == FP_SELECT_NO_VERSION)
		write_nothing(answer, buf);
	else if (answer->pin && !answer->pin_is_void)
		fp_answer_write_pin(answer, buf);
	else
		write_chosen(answer, buf);
}

static void write_trained_ancestor(const struct fp_answer *answer, struct fp_buf *buf)
{
	fp_buf_add_text(buf, "It was trained on ");
	add_commit(answer, answer->trained_ancestor, buf);
	if (answer->age_commits > 0) {
		fp_buf_add_text(buf, ", ");
		add_count((uint64_t)answer->age_commits, "commit", "commits", buf);
		fp_buf_add_text(buf, " before the fork point.");
	} else {
		fp_buf_add_text(buf, ", the fork point itself.");
	}
}

static void write_ancestry(const struct fp_answer *answer, struct fp_buf *buf)
{
	if (fp_answer_version(answer, answer->selection.chosen)->decoded.grammar ==
		FP_GRAMMAR_NONE) {
		fp_buf_add_text(buf, "The version is in none of the package's grammars, so nobody "
				     "can tell which commit it was trained on.");
	} else if (!answer->ancestry_known) {
		fp_buf_add_text(buf, "The version names a day and no minute, so nobody can tell "
				     "which commit it was trained on.");
	} else if (answer->ancestry == FP_SELECT_NO_VERSION) {
		fp_buf_add_text(buf, "No eligible version is known to be trained on the fork point "
				     "or an ancestor of it.");
	} else if (answer->ancestry == answer->selection.chosen) {
		write_trained_ancestor(answer, buf);
	} else {
		fp_buf_add_text(buf, "But the newest that was trained on the fork point or an "
				     "ancestor of it is ");
		add_version(answer, answer->ancestry, buf);
		fp_buf_add_char(buf, '.');
	}
}

void fp_answer_write_step(const struct fp_answer *answer, enum fp_step step, struct fp_buf *buf)
{
	static void (*const writers[])(const struct fp_answer *, struct fp_buf *) = {
		[FP_STEP_COMMIT] = write_commit,
		[FP_STEP_BRANCH] = write_branch,
		[FP_STEP_RELEASE] = write_release,
		[FP_STEP_FORK_POINT] = write_fork_point,
		[FP_STEP_STAMP] = write_stamp,
		[FP_STEP_REQUESTED_VERSION] = write_requested,
		[FP_STEP_CANDIDATES] = write_candidates,
		[FP_STEP_SELECTION] = write_selection,
		[FP_STEP_ANCESTRY] = write_ancestry,
	};

	/* A failed step has its sentence in detail; the failed selection's is made here. */
	if (step == answer->last_step && answer->outcome != FP_OUTCOME_OK &&
		step != FP_STEP_SELECTION)
		fp_buf_add_str(buf, fp_buf_str(&answer->detail));
	else
		writers[step](answer, buf);
}

/* ---- warnings ---- */

static void write_stale(const char *what, struct fp_str name, int64_t synced_us,
	const char *trouble, struct fp_buf *buf)
{
	char time[FP_TIME_TEXT_MAX];

	fp_buf_add_text(buf, what);
	fp_buf_add_char(buf, ' ');
	fp_buf_add_str(buf, name);
	fp_buf_add_text(buf, " was ");
	if (synced_us < 0) {
		fp_buf_add_text(buf, "never read in full");
	} else {
		fp_buf_add_text(buf, "last read in full at ");
		fp_buf_add(buf, time, fp_time_format_us(synced_us, time));
	}
	if (trouble) {
		fp_buf_add_text(buf, "; since then: ");
		fp_buf_add_text(buf, trouble);
	}
	fp_buf_add_char(buf, '.');
}

static void write_disagreement(const struct fp_answer *answer, struct fp_buf *buf)
{
	fp_buf_add_text(buf, "By time the answer is ");
	add_version(answer, answer->selection.chosen, buf);
	if (answer->ancestry == FP_SELECT_NO_VERSION) {
		fp_buf_add_text(buf, "; by ancestry there is none.");
		return;
	}
	fp_buf_add_text(buf, "; by ancestry it would be ");
	add_version(answer, answer->ancestry, buf);
	fp_buf_add_char(buf, '.');
}

static void write_trained_list(const struct fp_answer *answer, struct fp_buf *buf)
{
	for (uint32_t i = 0; i < answer->trained_count && i < FP_TRAINED_MAX; i++) {
		fp_buf_add_text(buf, i ? ", " : " ");
		add_commit(answer, answer->trained[i], buf);
	}
	if (answer->trained_count > FP_TRAINED_MAX)
		fp_buf_add_text(buf, ", …");
}

static void write_trained_after(const struct fp_answer *answer, struct fp_buf *buf)
{
	add_version(answer, answer->selection.chosen, buf);
	fp_buf_add_text(buf, " was trained on");
	write_trained_list(answer, buf);
	fp_buf_add_text(buf, answer->trained_count == 1
				     ? ", which is not in the fork point's history."
				     : ", none of which is in the fork point's history.");
}

static void write_trained_unknown(const struct fp_answer *answer, struct fp_buf *buf)
{
	fp_buf_add_text(buf, "No commit of ");
	fp_buf_add_str(buf, answer->branch_name);
	fp_buf_add_text(buf, " has the stamp of ");
	add_version(answer, answer->selection.chosen, buf);
	fp_buf_add_text(buf, ", so what it was trained on is not known.");
}

static void write_trained_ambiguous(const struct fp_answer *answer, struct fp_buf *buf)
{
	fp_buf_add_text(buf, "Any of several commits with one stamp can be what ");
	add_version(answer, answer->selection.chosen, buf);
	fp_buf_add_text(buf, " was trained on:");
	write_trained_list(answer, buf);
	fp_buf_add_char(buf, '.');
}

static void write_own_day(const struct fp_answer *answer, struct fp_buf *buf)
{
	add_version(answer, answer->selection.chosen, buf);
	fp_buf_add_text(buf, " was made on the fork point's own day, perhaps after that commit.");
}

static void write_twins(const struct fp_answer *answer, struct fp_buf *buf)
{
	const struct fp_branches *branches = answer->repository->branches;

	fp_buf_add_text(buf, "In a version, branch ");
	fp_buf_add_str(buf, answer->branch_name);
	fp_buf_add_text(buf, " looks like");
	for (size_t i = 0; i < answer->branch->twin_count; i++) {
		fp_buf_add_text(buf, i ? ", " : " ");
		fp_buf_add_str(buf, branches->items[answer->branch->twins[i]].name);
	}
	fp_buf_add_text(buf, ", so the database may be another branch's.");
}

static void write_bases(const struct fp_answer *answer, struct fp_buf *buf)
{
	fp_buf_add_text(buf, "There are ");
	fp_buf_add_u64(buf, answer->bases.count);
	fp_buf_add_text(buf, answer->bases.more ? " or more" : "");
	fp_buf_add_text(buf, " best common ancestors; as git does, the newest was taken: ");
	add_commit(answer, answer->fork_point, buf);
	fp_buf_add_char(buf, '.');
}

void fp_answer_write_warning(
	const struct fp_answer *answer, enum fp_warning warning, struct fp_buf *buf)
{
	const struct fp_package_settings *package = answer->package->settings;

	switch (warning) {
	case FP_WARNING_FEED_STALE:
		write_stale("Feed", package->feed, answer->feed_synced_us,
			answer->package->feed_trouble, buf);
		break;
	case FP_WARNING_REFS_STALE:
		write_stale("Upstream of", answer->repository->settings->name,
			answer->refs_synced_us, answer->repository->refs_trouble, buf);
		break;
	case FP_WARNING_ANCESTRY_DISAGREES: write_disagreement(answer, buf); break;
	case FP_WARNING_TRAINED_AFTER_FORK_POINT: write_trained_after(answer, buf); break;
	case FP_WARNING_TRAINING_COMMIT_UNKNOWN: write_trained_unknown(answer, buf); break;
	case FP_WARNING_TRAINING_COMMIT_AMBIGUOUS: write_trained_ambiguous(answer, buf); break;
	case FP_WARNING_AMBIGUOUS_LABEL: write_twins(answer, buf); break;
	case FP_WARNING_SEVERAL_MERGE_BASES: write_bases(answer, buf); break;
	case FP_WARNING_DAY_GRANULAR: write_own_day(answer, buf); break;
	case FP_WARNING_QUARANTINED_BETTER: fp_answer_write_quarantined(answer, buf); break;
	case FP_WARNING_ABBREVIATED_SHA:
		fp_buf_add_text(buf, "The request abbreviates the commit; another commit can take "
				     "the same digits one day, so give all 40.");
		break;
	case FP_WARNING_PINNED:
		if (answer->is_sticky)
			write_stuck(answer, buf);
		else
			fp_answer_write_pin_warning(answer, buf);
		break;
	case FP_WARNING_COUNT: break;
	}
}
