/* /what-if held against really doing it, and /changes against its definition. */
#include "winui.h"

#include "forkpoint/service/changes.h"
#include "forkpoint/service/what_if.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { VERSIONS_MAX = 64, COMMITS_MAX = 64 };

static const struct fp_snapshot_repository *repository_of(const struct winui *winui)
{
	return fp_snapshot_find(winui->snapshot, FP_STR_LITERAL("winui"));
}

/* ---- doing it ---- */

/* The package's versions as they are, one of them left out, one more added. */
static struct fp_package_state *changed_state(
	const struct winui *winui, size_t package, const char *without, const char *with)
{
	const struct fp_snapshot_package *now = &repository_of(winui)->packages[package];
	const struct fp_catalog *catalog = now->state->catalog;
	struct world_version versions[VERSIONS_MAX];
	char *texts[VERSIONS_MAX];
	struct fp_package_state *state;
	size_t count = 0;

	for (uint32_t i = 0; i < catalog->version_count; i++) {
		const struct fp_catalog_row *row = &catalog->versions[i].row;

		if ((without && fp_str_equal(row->text, fp_str(without))) ||
			(with && fp_str_equal(row->text, fp_str(with))))
			continue;
		texts[count] = fp_str_dup(row->text);
		versions[count] = (struct world_version){.text = texts[count],
			.standing = row->vanished_us >= 0   ? WORLD_VANISHED
				    : row->unlisted_us >= 0 ? WORLD_UNLISTED
							    : WORLD_LISTED};
		count++;
	}
	if (with)
		versions[count++] = (struct world_version){with, WORLD_LISTED};
	state = world_state(now->settings, versions, count);
	for (size_t i = 0; i < count - (with != NULL); i++)
		free(texts[i]);
	return state;
}

static void change_feed(struct winui *winui, size_t package, const char *without, const char *with)
{
	struct fp_package_state *state = changed_state(winui, package, without, with);
	struct fp_snapshot *next = winui_change(winui);

	fp_snapshot_set_state(&next->repositories[0].packages[package], state);
	assert_int_equal(fp_snapshot_retrain(&next->repositories[0]), 0);
	winui_publish(winui, next);
}

/* ---- foretelling it ---- */

struct foretold {
	char sha[FP_OID_HEX + 1];
	struct fp_str branch; /* static */
	char version[FP_VERSION_MAX_BYTES];
	enum fp_outcome outcome;
	bool changes;
};

static void copy_text(char *to, struct fp_str text)
{
	memcpy(to, text.ptr ? text.ptr : "", text.len);
	to[text.len] = '\0';
}

/* What every commit of the branch's line gets afterwards: as it is, but where a row says else. */
static size_t foretell(struct winui *winui, const struct fp_what_if_query *query,
	struct fp_str branch, struct foretold *foretold)
{
	const struct fp_branches *branches = repository_of(winui)->branches;
	uint32_t commit = fp_branches_find(branches, branch)->tip;
	struct fp_what_if what_if;
	size_t count = 0, changed = 0;

	fp_what_if_init(&what_if);
	fp_service_what_if(winui->worker, winui->snapshot, query, WORLD_NOW_US, &what_if);
	assert_int_equal(what_if.answer.outcome, FP_OUTCOME_OK);
	for (; commit != FP_NO_COMMIT; commit = fp_graph_first_parent(&branches->view, commit)) {
		struct foretold *one = &foretold[count++];
		const struct fp_question question = {.repo = query->repo,
			.package = query->package,
			.branch = branch,
			.sha = fp_str_n(one->sha, FP_OID_HEX)};
		const struct fp_catalog_version *version;

		assert_true(count <= COMMITS_MAX);
		fp_oid_format(fp_graph_oid(&branches->view, commit), one->sha);
		fp_service_resolve(
			winui->worker, winui->snapshot, &question, WORLD_NOW_US, &winui->answer);
		version = fp_answer_version(&winui->answer, winui->answer.selection.chosen);
		one->outcome = winui->answer.outcome;
		copy_text(one->version, version ? version->row.text : (struct fp_str){0});
		one->changes = changed < what_if.commit_count &&
			       what_if.commits[changed].before.commit == commit;
		if (one->changes) {
			const struct fp_point *after = &what_if.commits[changed++].after;

			one->outcome = after->outcome;
			copy_text(one->version, fp_what_if_version(&what_if, after->version));
		}
	}
	assert_int_equal(changed, what_if.commit_count); /* in the line's order, each once */
	assert_int_equal(count, what_if.commits_asked);
	fp_what_if_release(&what_if);
	return count;
}

/* Returns how many commits changed. */
static size_t compare(struct winui *winui, const struct fp_what_if_query *query,
	struct fp_str branch, const struct foretold *foretold, size_t count)
{
	size_t changed = 0;

	for (size_t i = 0; i < count; i++) {
		const struct fp_question question = {.repo = query->repo,
			.package = query->package,
			.branch = branch,
			.sha = fp_str(foretold[i].sha)};
		const struct fp_catalog_version *version;
		struct fp_str text = {0};

		fp_service_resolve(
			winui->worker, winui->snapshot, &question, WORLD_NOW_US, &winui->answer);
		version = fp_answer_version(&winui->answer, winui->answer.selection.chosen);
		if (version)
			text = version->row.text;
		if (!fp_str_equal(text, fp_str(foretold[i].version)) ||
			winui->answer.outcome != foretold[i].outcome)
			fail_msg("%.*s for %.*s: %s foretold as %s, is %.*s",
				FP_STR_ARG(query->value), FP_STR_ARG(branch), foretold[i].sha,
				foretold[i].version, FP_STR_ARG(text));
		changed += foretold[i].changes;
	}
	return changed;
}

/* ---- tests ---- */

static const char *const branches[] = {
	"main", "release/1.10", "release-1-10", "topic", "cross", "orphan"};

static void test_publish(void **state)
{
	static const struct {
		const char *version, *package;
		size_t changed; /* commits of main */
	} rows[] = {
		{"2.4.2001310000-main", "Mux", 1},   /* ends a's hole */
		{"2.4.2001310130-main", "Mux", 3},   /* f, g, c */
		{"2.4.2001310300-main.1", "Mux", 0}, /* another label */
		{"2.4.2001310359-main", "Mux", 1},   /* e */
		{"2.4.2001310401-main", "Mux", 0},   /* after every commit */
		{"2.4.2001310200-main", "Mux", 2},   /* unlisted before: c and g */
		{"2.4.2001310245-main", "Mux", 0},   /* vanished before; d's own is newer */
		{"2.4.2001310100-main", "Mux", 0},   /* listed */
		{"2.4.2001310100-MASTER", "Mux",
			4}, /* a former name; of one minute the higher version */
		{"2.4.0-2001310110-main", "Mux", 3},   /* the newer grammar */
		{"2.4.0-2001310100-main", "Mux", 0},   /* same stamp, lower version */
		{"2.4.0-x-2001310110-main", "Mux", 0}, /* another release */
		{"2.5.2001310110-main", "Mux", 0}, {"2.4.2001310110-release_1_10", "Mux", 0},
		{"2.4.2001310110-topic", "Mux", 0}, {"nonsense", "Mux", 0},
		{"2.4.0-alpha.20081.3", "Mibc", 7}, /* the day's next revision */
		{"2.4.0-alpha.20081.1", "Mibc", 0}, /* an older one */
		{"2.4.0-alpha.20082.1", "Mibc", 0}, /* the next day */
	};

	for (size_t i = 0; i < FP_ARRAY_SIZE(rows); i++) {
		for (size_t k = 0; k < FP_ARRAY_SIZE(branches); k++) {
			struct foretold foretold[COMMITS_MAX];
			struct winui *winui;
			struct fp_what_if_query query = {
				.repo = FP_STR_LITERAL("winui"),
				.package = fp_str(rows[i].package),
				.branch = fp_str(branches[k]),
				.what = FP_WHAT_PUBLISH,
				.value = fp_str(rows[i].version),
				.last = 1000,
			};
			size_t count, changed, package = rows[i].package[1] == 'i';

			winui_set_up(state);
			winui = *state;
			count = foretell(winui, &query, query.branch, foretold);
			change_feed(winui, package, NULL, rows[i].version);
			changed = compare(winui, &query, query.branch, foretold, count);
			if (k == 0 && changed != rows[i].changed)
				fail_msg(
					"%s: %zu commits of main change", rows[i].version, changed);
			winui_tear_down(state);
		}
	}
}

static void test_quarantine(void **state)
{
	static const struct {
		const char *version;
		size_t changed;
	} rows[] = {
		{"2.4.2001310100-main", 4}, /* b, c, f, g: nothing older */
		{"2.4.2001310300-main", 2}, /* d, e */
		{"2.4.2001310200-main", 0}, /* unlisted */
		{"2.4.2001310245-main", 0}, /* vanished */
		{"2.4.2001310100-MAIN", 4}, /* the same version to NuGet */
		{"2.4.2001319999-main", 0}, /* unknown */
	};

	for (size_t i = 0; i < FP_ARRAY_SIZE(rows); i++) {
		const struct fp_what_if_query query = {
			.repo = FP_STR_LITERAL("winui"),
			.branch = FP_STR_LITERAL("main"),
			.what = FP_WHAT_QUARANTINE,
			.value = fp_str(rows[i].version),
			.last = 1000,
		};
		struct foretold foretold[COMMITS_MAX];
		const struct fp_catalog_version *known;
		struct winui *winui;
		char text[FP_VERSION_MAX_BYTES] = "";
		size_t count, changed;

		winui_set_up(state);
		winui = *state;
		count = foretell(winui, &query, query.branch, foretold);
		known = fp_catalog_find(
			repository_of(winui)->packages[0].state->catalog, query.value);
		if (known)
			copy_text(text, known->row.text);
		change_feed(winui, 0, text, NULL);
		changed = compare(winui, &query, query.branch, foretold, count);
		if (changed != rows[i].changed)
			fail_msg("%s: %zu commits change", rows[i].version, changed);
		winui_tear_down(state);
	}
}

static void test_outcomes(void **state)
{
	static const struct {
		const char *repo, *branch, *value;
		enum fp_what what;
		enum fp_outcome outcome;
		size_t tips_asked, tips_changed;
	} rows[] = {
		/* main and release/1.10 are tracked; the latter is asked for itself and for main */
		{"winui", "", "2.4.2001310401-main", FP_WHAT_PUBLISH, FP_OUTCOME_OK, 3, 0},
		{"winui", "", "2.4.2001310250-main", FP_WHAT_PUBLISH, FP_OUTCOME_OK, 3, 0},
		{"winui", "", "2.4.2001310150-main", FP_WHAT_PUBLISH, FP_OUTCOME_OK, 3, 1},
		{"winui", "", "2.4.2001310300-main", FP_WHAT_QUARANTINE, FP_OUTCOME_OK, 3, 1},
		{"winui", "", "9.9", FP_WHAT_RELEASE, FP_OUTCOME_OK, 3, 2},
		{"winui", "main", "9.9", FP_WHAT_RELEASE, FP_OUTCOME_OK, 1, 1},
		/* not tracked, but asked about */
		{"winui", "topic", "9.9", FP_WHAT_RELEASE, FP_OUTCOME_OK, 2, 2},
		{"winui", "release/1.10", "", FP_WHAT_BRANCH, FP_OUTCOME_OK, 2, 2},
		{"winui", "main", "", FP_WHAT_BRANCH, FP_OUTCOME_OK, 2, 0},
		{"winui", "", "two", FP_WHAT_RELEASE, FP_OUTCOME_BAD_REQUEST, 0, 0},
		{"winui", "mian", "", FP_WHAT_BRANCH, FP_OUTCOME_UNKNOWN_BRANCH, 0, 0},
		{"winuj", "main", "", FP_WHAT_BRANCH, FP_OUTCOME_UNKNOWN_REPOSITORY, 0, 0},
		{"empty", "", "1.0", FP_WHAT_PUBLISH, FP_OUTCOME_NOT_READY, 0, 0},
	};
	struct winui *winui = *state;
	struct fp_what_if what_if;

	fp_what_if_init(&what_if);
	for (size_t i = 0; i < FP_ARRAY_SIZE(rows); i++) {
		const struct fp_what_if_query query = {
			.repo = fp_str(rows[i].repo),
			.branch = fp_str(rows[i].branch),
			.what = rows[i].what,
			.value = fp_str(rows[i].value),
			.last = 3,
		};

		fp_service_what_if(winui->worker, winui->snapshot, &query, WORLD_NOW_US, &what_if);
		if (what_if.answer.outcome != rows[i].outcome ||
			what_if.tips_asked != rows[i].tips_asked ||
			what_if.tip_count != rows[i].tips_changed)
			fail_msg("row %zu: %s, %zu of %zu tips", i,
				fp_outcome_code(what_if.answer.outcome), what_if.tip_count,
				what_if.tips_asked);
		assert_int_equal(what_if.answer.detail.len > 0, rows[i].outcome != FP_OUTCOME_OK);
		assert_true(what_if.commits_asked <= 3);
	}
	fp_what_if_release(&what_if);
}

/* ---- /changes ---- */

static void test_changes(void **state)
{
	static const struct {
		const char *commit;
		enum fp_change_reason reason;
		const char *hole;
	} rows[] = {
		{"f", FP_CHANGE_INVERSION, NULL},   /* 03:00's, then 01:00's again */
		{"d", FP_CHANGE_NEW_PACKAGE, NULL}, /* its own */
		{"b", FP_CHANGE_NEW_PACKAGE, "closes"},
	};
	struct winui *winui = *state;
	struct fp_changes changes;

	fp_changes_init(&changes);
	for (uint32_t limit = 1; limit <= 4; limit++) {
		struct fp_line_query query = {.repo = FP_STR_LITERAL("winui"), .limit = limit};
		char cursor[FP_OID_HEX + 1];
		size_t seen = 0;

		do {
			fp_service_changes(winui->worker, winui->snapshot, &query, &changes);
			assert_int_equal(changes.answer.outcome, FP_OUTCOME_OK);
			for (size_t i = 0; i < changes.count; i++, seen++) {
				const struct fp_change *change = &changes.items[i];
				struct fp_oid oid = world_oid(rows[seen].commit);
				const char *hole = fp_change_hole(change);

				assert_true(fp_oid_equal(
					fp_graph_oid(&repository_of(winui)->branches->view,
						change->after.commit),
					&oid));
				assert_int_equal(change->reason, rows[seen].reason);
				assert_true(fp_str_equal(fp_str(hole), fp_str(rows[seen].hole)));
			}
			if (changes.next == FP_NO_COMMIT)
				break;
			assert_int_equal(changes.count, limit);
			fp_oid_format(
				fp_graph_oid(&repository_of(winui)->branches->view, changes.next),
				cursor);
			query.cursor = fp_str(cursor);
		} while (seen < FP_ARRAY_SIZE(rows));
		assert_int_equal(seen, FP_ARRAY_SIZE(rows));
		assert_int_equal(changes.next, FP_NO_COMMIT);
	}
	fp_changes_release(&changes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_publish),
		cmocka_unit_test(test_quarantine),
		cmocka_unit_test_setup_teardown(test_outcomes, winui_set_up, winui_tear_down),
		cmocka_unit_test_setup_teardown(test_changes, winui_set_up, winui_tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
