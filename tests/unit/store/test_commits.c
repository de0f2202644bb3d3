/* Commits and facts: written as pages, read back equal, damage noticed. */
#include "fixture.h"

#include "forkpoint/base/hash.h"
#include "forkpoint/store/commits.h"

#include <stdio.h>

enum { FACTS_MAX = 40 };

static struct fp_oid oid_of(uint32_t commit)
{
	struct fp_hash128 hash = fp_hash128(&commit, sizeof(commit));
	struct fp_oid oid;

	memcpy(oid.bytes, &hash, 16);
	memcpy(oid.bytes + 16, &commit, 4);
	return oid;
}

/* Roots, lines, merges and octopus merges, times of every size; the same for the same numbers. */
static void grow(struct fp_graph *graph, uint32_t until)
{
	struct fp_error error;

	for (uint32_t i = fp_graph_count(graph); i < until; i++) {
		struct fp_oid oid = oid_of(i);
		uint64_t dice = fp_hash64(&i, sizeof(i), 3);
		uint32_t count = dice % 100 == 0 ? 0 : dice % 10 == 1 ? 2 : dice % 50 == 2 ? 5 : 1;
		uint32_t parents[5],
			facts = dice % 7 == 0 ? FP_NO_COMMIT : (uint32_t)(dice >> 20) % 8;
		int64_t time = (int64_t)(dice >> 30) % 2000000000 - 1000;

		count = i < 5 ? 0 : count;
		for (uint32_t k = 0; k < count; k++)
			parents[k] = i - 1 - k;
		assert_int_equal(fp_graph_append_indexed(graph, &oid, time, time + 60, parents,
					 count, facts, &error),
			0);
	}
}

static void compare(const struct fp_graph *expected_graph, const struct fp_graph *graph)
{
	struct fp_graph_view a = fp_graph_view((struct fp_graph *)expected_graph);
	struct fp_graph_view b = fp_graph_view((struct fp_graph *)graph);

	assert_int_equal(a.count, b.count);
	for (uint32_t i = 0; i < a.count; i++) {
		const uint32_t *left, *right;
		uint32_t room[2][2], count = fp_graph_parents(&a, i, &left, room[0]);

		assert_int_equal(fp_graph_parents(&b, i, &right, room[1]), count);
		assert_memory_equal(left, right, count * sizeof(*left));
		assert_memory_equal(fp_graph_oid(&a, i), fp_graph_oid(&b, i), FP_OID_BYTES);
		assert_int_equal(fp_graph_author_s(&a, i), fp_graph_author_s(&b, i));
		assert_int_equal(fp_graph_committer_s(&a, i), fp_graph_committer_s(&b, i));
		assert_int_equal(fp_graph_facts(&a, i), fp_graph_facts(&b, i));
	}
	fp_graph_view_release(&a);
	fp_graph_view_release(&b);
}

static struct fp_facts_row all_facts[FACTS_MAX];
static char texts[FACTS_MAX][2][32];
static char file_name[] = "version.props", branch_name[] = "main", empty[] = "";

static void make_facts(void)
{
	for (int i = 0; i < FACTS_MAX; i++) {
		snprintf(texts[i][0], sizeof(texts[i][0]), "2.%d", i);
		snprintf(texts[i][1], sizeof(texts[i][1]), "problem %d", i);
		/* Empty is not the same as none. */
		all_facts[i] = (struct fp_facts_row){
			.release = i % 3 ? texts[i][0] : NULL,
			.release_source = i % 3 ? file_name : NULL,
			.release_problem = i % 3 ? NULL : texts[i][1],
			.branch = i % 5 ? branch_name : empty,
		};
	}
}

static void same_text(const char *a, const char *b)
{
	assert_int_equal(a == NULL, b == NULL);
	if (a)
		assert_string_equal(a, b);
}

static void compare_facts(const struct fp_facts_rows *rows, size_t count)
{
	assert_int_equal(rows->count, count);
	for (size_t i = 0; i < count; i++) {
		same_text(rows->items[i].release, all_facts[i].release);
		same_text(rows->items[i].release_source, all_facts[i].release_source);
		same_text(rows->items[i].release_problem, all_facts[i].release_problem);
		same_text(rows->items[i].branch, all_facts[i].branch);
		same_text(rows->items[i].branch_source, all_facts[i].branch_source);
		same_text(rows->items[i].branch_problem, all_facts[i].branch_problem);
	}
}

static int append(struct fixture *fixture, struct fp_graph *graph, const char *digest,
	uint32_t first, size_t first_facts, size_t facts)
{
	struct fp_graph_view view = fp_graph_view(graph);
	const struct fp_commits_append some = {
		.source_digest = digest,
		.first = first,
		.facts = all_facts,
		.first_facts = first_facts,
		.facts_count = facts,
		.whole = true,
	};
	int r = fp_store_append_commits(fixture->store, 1, &view, &some, &fixture->error);

	fp_graph_view_release(&view);
	return r;
}

/* Loads into a fresh graph; compares when it came out whole. */
static int load(struct fixture *fixture, const char *digest, const struct fp_graph *expected,
	size_t facts_count, const char **why)
{
	FP_CLEANUP(fp_graph_unref_cleanup) struct fp_graph *graph = fp_graph_new();
	struct fp_facts_rows facts = {0};
	const struct fp_newest_refs newest = {0};
	struct fp_commits_state state;
	int r = fp_store_load_commits(
		fixture->store, 1, digest, &newest, graph, &facts, &state, &fixture->error);

	*why = state.why;
	if (r == 0) {
		assert_true(state.whole);
		compare(expected, graph);
		compare_facts(&facts, facts_count);
	}
	fp_facts_rows_release(&facts);
	return r;
}

/* Appends that end at, before and behind a page's end, small ones and large ones. */
static void test_appending(void **state)
{
	struct fixture *fixture = *state;
	static const struct {
		uint32_t commits;
		size_t facts;
	} rows[] = {{1, 8}, {2, 8}, {4095, 9}, {4096, 9}, {4097, 20}, {5000, 20}, {13000, 40},
		{13000, 40}, {16384, 40}};
	FP_CLEANUP(fp_graph_unref_cleanup) struct fp_graph *graph = fp_graph_new();
	uint32_t commits = 0;
	size_t facts = 0;
	const char *why;

	for (size_t i = 0; i < FP_ARRAY_SIZE(rows); i++) {
		grow(graph, rows[i].commits);
		assert_ok(fixture, append(fixture, graph, "d1", commits, facts, rows[i].facts));
		commits = rows[i].commits;
		facts = rows[i].facts;
		assert_ok(fixture, load(fixture, "d1", graph, facts, &why));
	}
	/* another start loads the same */
	fixture_close(fixture);
	fixture_prepare(fixture);
	assert_ok(fixture, load(fixture, "d1", graph, facts, &why));
	/* begun anew: what was there is gone */
	fp_graph_unref(graph);
	graph = fp_graph_new();
	grow(graph, 10);
	assert_ok(fixture, append(fixture, graph, "d2", 0, 0, 8));
	assert_ok(fixture, load(fixture, "d2", graph, 8, &why));
	assert_int_equal(
		fixture_sql_number(fixture, "derived.db", "SELECT count(*) FROM pages"), 2);
}

static void test_outcomes(void **state)
{
	struct fixture *fixture = *state;
	FP_CLEANUP(fp_graph_unref_cleanup) struct fp_graph *graph = fp_graph_new();
	const char *why = NULL;

	assert_code(fixture, 1, load(fixture, "d1", graph, 0, &why));
	assert_string_equal(why, "no commits are kept yet");
	grow(graph, 10);
	assert_ok(fixture, append(fixture, graph, "d1", 0, 0, 8));
	assert_code(fixture, 1, load(fixture, "d2", graph, 0, &why));
	assert_string_equal(why, "the kept commits were read with other settings");
	/* rows that do not follow those that are kept are refused, and change nothing */
	grow(graph, 20);
	assert_code(fixture, -FP_ERROR_INTERNAL, append(fixture, graph, "d1", 11, 8, 8));
	assert_code(fixture, -FP_ERROR_INTERNAL, append(fixture, graph, "d1", 10, 7, 8));
	assert_code(fixture, -FP_ERROR_INTERNAL, append(fixture, graph, "d2", 10, 8, 8));
	assert_code(fixture, -FP_ERROR_INTERNAL, append(fixture, graph, "d1", 10, 9, 8));
	assert_ok(fixture, append(fixture, graph, "d1", 10, 8, 9));
	assert_ok(fixture, load(fixture, "d1", graph, 9, &why));
}

/* A first reading that is cut off is kept as far as it came, and is known to be cut off; commits
 * that are added to what is whole leave it so. How many are reachable is said behind them. */
static void test_state(void **state)
{
	struct fixture *fixture = *state;
	static const struct {
		uint32_t first, until;
		bool whole, expected;
		uint32_t reachable; /* 0: not said */
		struct fp_newest_refs said, newest;
		uint32_t expected_reachable;
	} rows[] = {
		{0, 3000, false, false, 0, {0}, {0}, 0},
		{3000, 5000, false, false, 0, {0}, {0}, 0},
		/* nothing more came */
		{5000, 5000, true, true, 5000, {7, 2}, {7, 2}, 5000},
		{5000, 8000, false, true, 0, {0}, {8, 3}, 5000},
		{8000, 9000, false, true, 9000, {8, 3}, {8, 3}, 9000},
		/* an event is lost, an arrival is, more than there are */
		{9000, 9000, false, true, 0, {0}, {7, 3}, 0},
		{9000, 9000, false, true, 0, {0}, {8, 2}, 0},
		{9000, 9000, false, true, 9001, {8, 3}, {8, 3}, 0},
		/* begun anew */
		{0, 9000, false, false, 0, {0}, {8, 3}, 0},
	};
	FP_CLEANUP(fp_graph_unref_cleanup) struct fp_graph *graph = fp_graph_new();

	for (size_t i = 0; i < FP_ARRAY_SIZE(rows); i++) {
		FP_CLEANUP(fp_graph_unref_cleanup) struct fp_graph *loaded = fp_graph_new();
		const struct fp_commits_append some = {
			.source_digest = "d1",
			.first = rows[i].first,
			.facts = all_facts,
			.first_facts = rows[i].first ? 8 : 0,
			.facts_count = 8,
			.whole = rows[i].whole,
		};
		struct fp_facts_rows facts = {0};
		struct fp_graph_view view;
		struct fp_commits_state loaded_state;

		grow(graph, rows[i].until);
		view = fp_graph_view(graph);
		assert_ok(fixture,
			fp_store_append_commits(fixture->store, 1, &view, &some, &fixture->error));
		fp_graph_view_release(&view);
		if (rows[i].reachable)
			assert_ok(fixture,
				fp_store_set_reachable(fixture->store, 1, rows[i].reachable,
					&rows[i].said, &fixture->error));
		assert_ok(fixture, fp_store_load_commits(fixture->store, 1, "d1", &rows[i].newest,
					   loaded, &facts, &loaded_state, &fixture->error));
		assert_int_equal(loaded_state.whole, rows[i].expected);
		assert_int_equal(loaded_state.reachable, rows[i].expected_reachable);
		compare(graph, loaded);
		fp_facts_rows_release(&facts);
	}
}

static size_t load_reaches(
	struct fixture *fixture, const struct fp_graph_view *view, uint32_t *tips)
{
	struct fp_reach *reaches[4];
	size_t count = 0;

	assert_ok(fixture, fp_store_load_reaches(fixture->store, 1, view, reaches,
				   FP_ARRAY_SIZE(reaches), &count, &fixture->error));
	for (size_t i = 0; i < count; i++) {
		tips[i] = fp_reach_tip(reaches[i]);
		fp_reach_unref(reaches[i]);
	}
	return count;
}

/* Reaches stay while commits are added, and go with the commits; a damaged one is left out. */
static void test_reaches(void **state)
{
	struct fixture *fixture = *state;
	FP_CLEANUP(fp_graph_unref_cleanup) struct fp_graph *graph = fp_graph_new();
	struct fp_scratch scratch = {0};
	struct fp_graph_view view;
	struct fp_reach *reaches[2];
	uint32_t tips[4];

	grow(graph, 3000);
	view = fp_graph_view(graph);
	reaches[0] = fp_reach_build(&view, 2999, NULL, &scratch);
	reaches[1] = fp_reach_build(&view, 1500, NULL, &scratch);
	assert_ok(fixture, append(fixture, graph, "d1", 0, 0, 8));
	assert_int_equal(load_reaches(fixture, &view, tips), 0);
	for (int i = 0; i < 2; i++) /* the second time in the place of the first */
		assert_ok(fixture,
			fp_store_put_reaches(fixture->store, 1, reaches, 2, &fixture->error));
	grow(graph, 5000);
	assert_ok(fixture, append(fixture, graph, "d1", 3000, 8, 8));
	assert_int_equal(load_reaches(fixture, &view, tips), 2);
	assert_int_equal(tips[0], 2999);
	assert_int_equal(tips[1], 1500);
	fixture_sql(fixture, "derived.db",
		"UPDATE pages SET content = CAST(x'ff' || substr(content, 2) AS BLOB)"
		" WHERE kind = 3 AND first = 0");
	assert_int_equal(load_reaches(fixture, &view, tips), 1);
	assert_int_equal(tips[0], 1500);
	assert_ok(fixture, append(fixture, graph, "d1", 0, 0, 8));
	assert_int_equal(load_reaches(fixture, &view, tips), 0);
	fp_reach_unref(reaches[0]);
	fp_reach_unref(reaches[1]);
	fp_graph_view_release(&view);
	fp_scratch_release(&scratch);
}

/* Pages that were changed behind our back. */
static void test_damage(void **state)
{
	struct fixture *fixture = *state;
	static const char *const damages[] = {
		/* a byte of a page: the checksum tells. At its begin, middle and end */
		"UPDATE pages SET content = CAST(x'ff' || substr(content, 2) AS BLOB) WHERE kind = "
		"1 AND first = "
		"0",
		"UPDATE pages SET content = CAST(substr(content, 1, 50000) || x'00ff'"
		" || substr(content, 50003) AS BLOB) WHERE kind = 1 AND first = 4096",
		"UPDATE pages SET content = CAST(substr(content, 1, length(content) - 1) || x'fe' "
		"AS BLOB)"
		" WHERE kind = 1 AND first = 4096",
		"UPDATE pages SET content = CAST(substr(content, 1, length(content) - 1) || x'fe' "
		"AS BLOB)"
		" WHERE kind = 2",
		/* a page that is gone, or shorter */
		"DELETE FROM pages WHERE kind = 1 AND first = 0",
		"DELETE FROM pages WHERE kind = 1 AND first = 4096",
		"DELETE FROM pages WHERE kind = 2",
		"UPDATE pages SET content = substr(content, 1, 100) WHERE kind = 1 AND first = 0",
		"UPDATE pages SET content = x'' WHERE kind = 1 AND first = 0",
		/* numbers that do not add up */
		"UPDATE pages SET count = count - 1 WHERE kind = 1 AND first = 4096",
		"UPDATE commit_sources SET commits = commits + 1",
		"UPDATE commit_sources SET commits = 1",
		"UPDATE commit_sources SET facts = facts - 1",
		"UPDATE commit_sources SET facts = 9223372036854775807",
		"UPDATE commit_sources SET commits = -1",
	};
	FP_CLEANUP(fp_graph_unref_cleanup) struct fp_graph *graph = fp_graph_new();
	const char *why = NULL;

	grow(graph, 6000);
	for (size_t i = 0; i < FP_ARRAY_SIZE(damages); i++) {
		assert_ok(fixture, append(fixture, graph, "d1", 0, 0, 12));
		assert_ok(fixture, load(fixture, "d1", graph, 12, &why));
		fixture_sql(fixture, "derived.db", damages[i]);
		if (load(fixture, "d1", graph, 12, &why) != 1)
			fail_msg("not noticed: %s", damages[i]);
		assert_string_equal(why, "the kept commits are damaged");
	}
}

/* A byte of the file, wherever it is: a start notices, or loads what was written. */
static void test_damaged_file(void **state)
{
	struct fixture *fixture = *state;
	FP_CLEANUP(fp_graph_unref_cleanup) struct fp_graph *graph = fp_graph_new();
	struct fp_buf FP_CLEANUP_BUF good;
	unsigned noticed = 0, tries = 0;
	const char *why = NULL;

	fp_buf_init(&good, 64 << 20);
	grow(graph, 3000);
	assert_ok(fixture, append(fixture, graph, "d1", 0, 0, 12));
	fixture_close(fixture);
	fixture_read(fixture, "derived.db", &good);
	for (size_t at = 0; at < good.len; at += 3001) {
		char byte = (char)~good.data[at];
		int r;

		fixture_write(fixture, "derived.db", fp_buf_str(&good));
		fixture_patch(fixture, "derived.db", (long)at, fp_str_n(&byte, 1));
		fixture_prepare(fixture);
		r = load(fixture, "d1", graph, 12, &why);
		if (r < 0)
			fail_msg("byte %zu: %s", at, fixture->error.text);
		noticed += r == 1;
		tries++;
		fixture_close(fixture);
	}
	/* nearly all of the file is content */
	assert_true(noticed * 10 > tries * 8);
}

/* A page with a right checksum and wrong content, as only a bug of ours could write it. */
static void test_wrong_content(void **state)
{
	struct fixture *fixture = *state;
	FP_CLEANUP(fp_graph_unref_cleanup) struct fp_graph *graph = fp_graph_new();
	/* one commit, and a tail for two parents of an octopus merge */
	struct page {
		uint32_t mark, rows, tail_count, first;
		struct fp_oid oid;
		uint32_t parents[2], facts, times[2];
		int8_t highs[2];
		uint8_t tail[4 * sizeof(uint32_t)];
	} __attribute__((packed)) page = {.mark = 0x46503032, .rows = 1, .oid = {{1}}};
	char sql[512], hex[sizeof(page) * 2 + 1];
	size_t len;
	const uint32_t octopus = UINT32_C(0x80000000), none = FP_NO_COMMIT;
	const struct {
		uint32_t facts, parents[2], tail_count, tail[4];
		uint32_t rows, first;
		int expected;
	} cases[] = {
		{0, {none, none}, 0, {0}, 1, 0, 0}, /* the page as it should be */
		{none, {none, none}, 0, {0}, 1, 0, 0},
		{0, {0, none}, 0, {0}, 1, 0, 1},    /* its own parent */
		{0, {none, 0}, 0, {0}, 1, 0, 1},    /* a second parent without a first */
		{8, {none, none}, 0, {0}, 1, 0, 1}, /* facts that there are not */
		{0, {none, octopus}, 0, {0}, 1, 0, 1},
		{0, {none, none}, 1, {0}, 1, 0, 1},	     /* a tail that is nobody's */
		{0, {none, none}, 0, {0}, 2, 0, 1},	     /* fewer than it says */
		{0, {none, none}, 0, {0}, 4097, 0, 1},	     /* more than fit */
		{0, {none, none}, 0, {0}, 1, 4096, 1},	     /* another's place */
		{0, {none, none}, 0x3fffffff, {0}, 1, 0, 1}, /* a tail that is not there */
		{0, {none, octopus}, 4, {3, 0, 0, 0}, 1, 0, 1},
		{0, {none, octopus}, 4, {UINT32_MAX, 0, 0, 0}, 1, 0, 1},
	};

	for (size_t i = 0; i < FP_ARRAY_SIZE(cases); i++) {
		FP_CLEANUP(fp_graph_unref_cleanup) struct fp_graph *one = fp_graph_new();
		const struct fp_newest_refs newest = {0};
		struct fp_commits_state commits;
		struct fp_facts_rows facts = {0};

		fp_graph_unref(graph);
		graph = fp_graph_new();
		grow(graph, 1);
		assert_ok(fixture, append(fixture, graph, "d1", 0, 0, 8));
		page.facts = cases[i].facts;
		page.rows = cases[i].rows;
		page.first = cases[i].first;
		page.tail_count = cases[i].tail_count;
		memcpy(page.parents, cases[i].parents, sizeof(page.parents));
		memcpy(page.tail, cases[i].tail, sizeof(page.tail));
		len = offsetof(struct page, tail) +
		      (cases[i].tail_count > 4 ? 4 : cases[i].tail_count) * sizeof(uint32_t);
		for (size_t k = 0; k < len; k++)
			snprintf(&hex[k * 2], 3, "%02x", ((const uint8_t *)&page)[k]);
		snprintf(sql, sizeof(sql),
			"UPDATE pages SET content = x'%s', checksum = %lld, count = %u WHERE kind "
			"= 1",
			hex, (long long)fp_hash64(&page, len, 0), cases[i].rows);
		fixture_sql(fixture, "derived.db", sql);
		assert_code(fixture, cases[i].expected,
			fp_store_load_commits(fixture->store, 1, "d1", &newest, one, &facts,
				&commits, &fixture->error));
		fp_facts_rows_release(&facts);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_appending, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_outcomes, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_state, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_reaches, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_damaged_file, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_damage, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(
			test_wrong_content, fixture_setup, fixture_teardown),
	};

	make_facts();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
