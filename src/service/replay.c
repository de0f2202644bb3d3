/* Two answers to one question side by side: what the world did in between. */
#include "forkpoint/service/replay.h"

#include "forkpoint/service/overrides.h"

enum { SENTENCE_MAX = 4096 };

struct telling {
	const struct fp_question *question;
	const struct fp_answer *then, *now;
	fp_replay_difference_fn *tell;
	void *context;
	struct fp_buf text;
};

static void tell(struct telling *telling, const char *what, struct fp_str subject,
	struct fp_str then, struct fp_str now)
{
	const struct fp_replay_difference difference = {
		.what = what,
		.subject = subject,
		.then = then,
		.now = now,
		.text = fp_buf_str(&telling->text),
	};

	telling->tell(telling->context, &difference);
	fp_buf_clear(&telling->text);
}

/* ---- the answer ---- */

static struct fp_str result_of(const struct fp_answer *answer)
{
	const struct fp_catalog_version *chosen =
		fp_answer_version(answer, answer->selection.chosen);

	if (answer->outcome == FP_OUTCOME_OK && chosen)
		return chosen->row.text;
	return fp_str(fp_outcome_code(answer->outcome));
}

static void tell_answer(struct telling *telling)
{
	struct fp_str then = result_of(telling->then), now = result_of(telling->now);

	if (fp_str_equal(then, now))
		return;
	fp_buf_addf(&telling->text, "The answer was %.*s and is %.*s.", FP_STR_ARG(then),
		FP_STR_ARG(now));
	tell(telling, "answer", (struct fp_str){0}, then, now);
}

static struct fp_str ancestry_of(const struct fp_answer *answer)
{
	const struct fp_catalog_version *version =
		answer->outcome == FP_OUTCOME_OK ? fp_answer_version(answer, answer->ancestry)
						 : NULL;

	return version ? version->row.text : (struct fp_str){0};
}

static struct fp_str or_none(struct fp_str text)
{
	return text.len ? text : FP_STR_LITERAL("none");
}

static void tell_ancestry(struct telling *telling)
{
	struct fp_str then = ancestry_of(telling->then), now = ancestry_of(telling->now);

	if (fp_str_equal(then, now))
		return;
	fp_buf_addf(&telling->text, "The ancestry answer was %.*s and is %.*s.",
		FP_STR_ARG(or_none(then)), FP_STR_ARG(or_none(now)));
	tell(telling, "ancestry", (struct fp_str){0}, then, now);
}

static void tell_warnings(struct telling *telling)
{
	const struct fp_str there = FP_STR_LITERAL("there"), none = {0};

	for (int i = 0; i < FP_WARNING_COUNT; i++) {
		bool was = fp_answer_warns(telling->then, (enum fp_warning)i);
		bool is = fp_answer_warns(telling->now, (enum fp_warning)i);
		const char *code = fp_warning_code((enum fp_warning)i);

		if (was == is)
			continue;
		fp_buf_addf(&telling->text, "The warning %s %s: ", code,
			is ? "is new" : "is there no more");
		fp_answer_write_warning(
			is ? telling->now : telling->then, (enum fp_warning)i, &telling->text);
		tell(telling, "warning", fp_str(code), was ? there : none, is ? there : none);
	}
}

/* ---- packages ---- */

/* How a version stood to the question: its rejection's code, "eligible", "vanished", or
 * "not-yet-seen" where the answer's world has none of it. */
static const char *standing(const struct fp_answer *answer, struct fp_str text)
{
	const struct fp_catalog *catalog = answer->package->state->catalog;
	const struct fp_catalog_version *version = fp_catalog_find(catalog, text);

	if (!version || !fp_str_equal(version->row.text, text))
		return fp_rejection_name(FP_REJECTION_NOT_YET_SEEN);
	if (version->row.vanished_us >= 0)
		return "vanished";
	return fp_rejection_name(fp_select_judge(catalog, version, &answer->query));
}

static bool has_selected(const struct fp_answer *answer)
{
	return answer->package && answer->package->state && answer->query.branch_name_count > 0;
}

static void tell_package(
	struct telling *telling, struct fp_str version, const char *then, const char *now)
{
	fp_buf_addf(&telling->text, "Package %.*s was %s and is %s.", FP_STR_ARG(version),
		strcmp(then, "not-yet-seen") == 0 ? "not there yet" : then, now);
	tell(telling, "package", version, fp_str(then), fp_str(now));
}

/* Only versions that are eligible on one side and not on the other: they make answers change. */
static void tell_packages(struct telling *telling)
{
	const char *eligible = fp_rejection_name(FP_REJECTION_NONE);
	const struct fp_catalog *catalog;
	unsigned told = 0;

	if (!has_selected(telling->then) || !has_selected(telling->now))
		return;
	catalog = telling->now->package->state->catalog; /* versions never leave it */
	for (uint32_t i = catalog->version_count; i-- > 0 && told < FP_DIFFERENT_PACKAGES_MAX;) {
		struct fp_str version = catalog->versions[i].row.text;
		const char *then = standing(telling->then, version);
		const char *now = standing(telling->now, version);

		if ((strcmp(then, eligible) == 0) == (strcmp(now, eligible) == 0))
			continue;
		tell_package(telling, version, then, now);
		told++;
	}
}

/* ---- the branch and its commits ---- */

static struct fp_str commit_text(
	const struct fp_answer *answer, uint32_t commit, char hex[FP_OID_HEX + 1])
{
	if (commit == FP_NO_COMMIT)
		return (struct fp_str){0};
	fp_oid_format(fp_graph_oid(&answer->repository->branches->view, commit), hex);
	return fp_str_n(hex, FP_OID_HEX);
}

static uint32_t tip_of(const struct fp_answer *answer, struct fp_str name)
{
	const struct fp_branch *branch =
		answer->repository && answer->repository->branches
			? fp_branches_find(answer->repository->branches, name)
			: NULL;

	return branch ? branch->tip : FP_NO_COMMIT;
}

static void tell_branch(struct telling *telling)
{
	struct fp_str name = telling->then->branch_name.len ? telling->then->branch_name
							    : telling->now->branch_name;
	char then_hex[FP_OID_HEX + 1], now_hex[FP_OID_HEX + 1];
	struct fp_str then = commit_text(telling->then, tip_of(telling->then, name), then_hex);
	struct fp_str now = commit_text(telling->now, tip_of(telling->now, name), now_hex);

	if (name.len == 0 || fp_str_equal(then, now))
		return;
	if (then.len && now.len)
		fp_buf_addf(&telling->text, "Branch %.*s moved from %.12s to %.12s.",
			FP_STR_ARG(name), then.ptr, now.ptr);
	else
		fp_buf_addf(&telling->text, "Branch %.*s %s.", FP_STR_ARG(name),
			now.len ? "was not there yet" : "has been deleted");
	tell(telling, "branch", name, then, now);
}

static struct fp_str built_commit(const struct fp_answer *answer, char hex[FP_OID_HEX + 1])
{
	return answer->started && answer->commit != FP_NO_COMMIT
		       ? commit_text(answer, answer->commit, hex)
		       : (struct fp_str){0};
}

/* What the question names the commit by leads to another one, or to none. */
static void tell_commit(struct telling *telling)
{
	const struct fp_question *question = telling->question;
	struct fp_str name = question->ref.len ? question->ref : question->sha;
	char then_hex[FP_OID_HEX + 1], now_hex[FP_OID_HEX + 1];
	struct fp_str then = built_commit(telling->then, then_hex);
	struct fp_str now = built_commit(telling->now, now_hex);

	if (fp_str_equal(then, now))
		return;
	fp_buf_addf(
		&telling->text, "%s %.*s ", question->ref.len ? "Ref" : "Commit", FP_STR_ARG(name));
	if (then.len && now.len)
		fp_buf_addf(&telling->text, "led to %.12s and leads to %.12s.", then.ptr, now.ptr);
	else if (now.len)
		fp_buf_addf(&telling->text, "led to no commit and leads to %.12s.", now.ptr);
	else
		fp_buf_addf(
			&telling->text, "led to %.12s and leads to no single commit.", then.ptr);
	tell(telling, "commit", name, then, now);
}

static void tell_pgo_branch(struct telling *telling)
{
	struct fp_str then = telling->then->branch_name, now = telling->now->branch_name;

	if (then.len == 0 || now.len == 0 || fp_str_equal(then, now))
		return;
	fp_buf_addf(&telling->text, "The PGO branch was %.*s and is %.*s.", FP_STR_ARG(then),
		FP_STR_ARG(now));
	tell(telling, "pgo-branch", (struct fp_str){0}, then, now);
}

static bool has_release(const struct fp_answer *answer)
{
	return answer->started &&
	       (answer->outcome == FP_OUTCOME_OK ? answer->last_step >= FP_STEP_RELEASE
						 : answer->last_step > FP_STEP_RELEASE);
}

static void tell_release(struct telling *telling)
{
	struct fp_buf FP_CLEANUP_BUF then = {0}, FP_CLEANUP_BUF now = {0};

	fp_buf_init(&then, SENTENCE_MAX);
	fp_buf_init(&now, SENTENCE_MAX);
	if (!has_release(telling->then) || !has_release(telling->now))
		return;
	fp_release_write(&telling->then->release, &then);
	fp_release_write(&telling->now->release, &now);
	if (fp_str_equal(fp_buf_str(&then), fp_buf_str(&now)))
		return;
	fp_buf_addf(&telling->text, "The release was %.*s and is %.*s.", (int)then.len, then.data,
		(int)now.len, now.data);
	tell(telling, "release", (struct fp_str){0}, fp_buf_str(&then), fp_buf_str(&now));
}

static bool has_fork_point(const struct fp_answer *answer)
{
	return answer->started && answer->bases.count > 0 && answer->fork_point != FP_NO_COMMIT;
}

static void tell_fork_point(struct telling *telling)
{
	char then_hex[FP_OID_HEX + 1], now_hex[FP_OID_HEX + 1];
	struct fp_str then, now;

	if (!has_fork_point(telling->then) || !has_fork_point(telling->now))
		return;
	then = commit_text(telling->then, telling->then->fork_point, then_hex);
	now = commit_text(telling->now, telling->now->fork_point, now_hex);
	if (fp_str_equal(then, now))
		return;
	fp_buf_addf(&telling->text, "The fork point was %.12s and is %.12s.", then.ptr, now.ptr);
	tell(telling, "fork-point", (struct fp_str){0}, then, now);
}

/* ---- settings ---- */

static bool same_list(const struct fp_str *a, size_t a_count, const struct fp_str *b, size_t count)
{
	bool same = a_count == count;

	for (size_t i = 0; same && i < count; i++)
		same = fp_str_equal(a[i], b[i]);
	return same;
}

static bool same_aliases(
	const struct fp_repository_settings *a, const struct fp_repository_settings *b)
{
	bool same = a->alias_count == b->alias_count;

	for (size_t i = 0; same && i < a->alias_count; i++)
		same = fp_str_equal(a->aliases[i].branch, b->aliases[i].branch) &&
		       same_list(a->aliases[i].names, a->aliases[i].name_count, b->aliases[i].names,
			       b->aliases[i].name_count);
	return same;
}

static bool same_package(const struct fp_package_settings *a, const struct fp_package_settings *b)
{
	bool same = a->grammar_count == b->grammar_count;

	for (size_t i = 0; same && i < a->grammar_count; i++)
		same = a->grammars[i] == b->grammars[i];
	return same && fp_str_equal(a->id, b->id) && fp_str_equal(a->feed, b->feed) &&
	       a->patch_style == b->patch_style && a->keep_unlisted == b->keep_unlisted &&
	       same_list(a->branches, a->branch_count, b->branches, b->branch_count) &&
	       same_list(a->set, a->set_count, b->set, b->set_count);
}

static bool same_packages(
	const struct fp_repository_settings *a, const struct fp_repository_settings *b)
{
	bool same = a->package_count == b->package_count;

	for (size_t i = 0; same && i < a->package_count; i++)
		same = same_package(&a->packages[i], &b->packages[i]);
	return same;
}

static void tell_setting(
	struct telling *telling, const char *name, struct fp_str then, struct fp_str now)
{
	fp_buf_addf(&telling->text, "Setting \"%s\" has changed", name);
	if (then.len || now.len)
		fp_buf_addf(&telling->text, " from \"%.*s\" to \"%.*s\"", FP_STR_ARG(then),
			FP_STR_ARG(now));
	fp_buf_add_char(&telling->text, '.');
	tell(telling, "setting", fp_str(name), then, now);
}

static void tell_settings(struct telling *telling)
{
	const struct fp_repository_settings *then =
		telling->then->repository ? telling->then->repository->settings : NULL;
	const struct fp_repository_settings *now =
		telling->now->repository ? telling->now->repository->settings : NULL;
	const struct fp_str nothing = {0};

	if (!then || !now)
		return;
	if (!fp_str_equal(then->default_branch, now->default_branch))
		tell_setting(telling, "branch", then->default_branch, now->default_branch);
	if (!same_list(then->tracked, then->tracked_count, now->tracked, now->tracked_count))
		tell_setting(telling, "tracked", nothing, nothing);
	if (!same_aliases(then, now))
		tell_setting(telling, "aliases", nothing, nothing);
	if (then->committer_time != now->committer_time)
		tell_setting(telling, "timestamp",
			fp_str(then->committer_time ? "committer" : "author"),
			fp_str(now->committer_time ? "committer" : "author"));
	if (!same_packages(then, now))
		tell_setting(telling, "packages", nothing, nothing);
}

/* ---- what people decided ---- */

static bool is_in_force(const struct fp_overrides *overrides, int64_t id)
{
	for (size_t i = 0; overrides && i < overrides->count; i++)
		if (overrides->items[i].id == id)
			return true;
	return false;
}

/* Those of one side that the other has not. */
static void tell_decisions(struct telling *telling, const struct fp_answer *has,
	const struct fp_answer *lacks, bool is_new)
{
	const struct fp_overrides *overrides = has->snapshot ? has->snapshot->overrides : NULL;
	const struct fp_str in_force = FP_STR_LITERAL("in-force"), none = {0};

	for (size_t i = 0; overrides && has->repository && i < overrides->count; i++) {
		const struct fp_override *override = &overrides->items[i];
		bool is_pin = override->kind == FP_OVERRIDE_PIN;

		if (!fp_str_equal(override->repo, has->repository->settings->name) ||
			(lacks->snapshot && is_in_force(lacks->snapshot->overrides, override->id)))
			continue;
		fp_buf_add_text(&telling->text, "The ");
		fp_override_write_name(override, &telling->text);
		fp_buf_add_text(&telling->text, is_new ? " has come into force." : " has ended.");
		tell(telling, is_pin ? "pin" : "quarantine",
			is_pin			? override->branch
			: override->version.len ? override->version
						: override->first_stamp,
			is_new ? none : in_force, is_new ? in_force : none);
	}
}

void fp_service_differences(const struct fp_question *question, const struct fp_answer *then,
	const struct fp_answer *now, fp_replay_difference_fn *tell_one, void *context)
{
	struct telling telling = {.question = question,
		.then = then,
		.now = now,
		.tell = tell_one,
		.context = context};

	fp_buf_init(&telling.text, SENTENCE_MAX);
	tell_answer(&telling);
	tell_commit(&telling);
	tell_pgo_branch(&telling);
	tell_release(&telling);
	tell_packages(&telling);
	tell_branch(&telling);
	tell_fork_point(&telling);
	tell_ancestry(&telling);
	tell_decisions(&telling, now, then, true);
	tell_decisions(&telling, then, now, false);
	tell_settings(&telling);
	tell_warnings(&telling);
	fp_buf_release(&telling.text);
}
