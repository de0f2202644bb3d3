/*
 * Selection against a plain reading of the rules, on random catalogs and queries. The seed is
 * printed; FP_SEED=N repeats a run, FP_CATALOGS=N sets how many catalogs it makes.
 */
#include "select_model.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

enum { CATALOGS = 4000, QUERIES = 8 };

static uint64_t random_state;

static uint32_t pick(uint32_t below)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (uint32_t)(random_state >> 33) % below;
}

static bool one_in(uint32_t chance)
{
	return pick(chance) == 0;
}

/* Branches that share labels in one style or both, and such that share none. */
static const char *const branches[] = {"main", "master", "release/2.4", "release-2-4",
	"release_2_4", "release.2-4", "r", "2501011234", "dev/a-1", "dev/a", "a@b>c", "x<1"};

static const char *pick_branch(void)
{
	return branches[pick(FP_ARRAY_SIZE(branches))];
}

static const char *pick_prerelease(void)
{
	static const char *const labels[] = {
		"", "", "", "rc", "preview.1", "a-b", "01", "1", "9913011200", "-"};

	return labels[pick(FP_ARRAY_SIZE(labels))];
}

/* Some days of 2021, which both stamp grammars can write; few, so that they meet. */
static int64_t pick_minute(void)
{
	static const int64_t base = INT64_C(7910) * 1440; /* 2021-08-28 */

	if (one_in(3))
		return base + pick(8) * 1440 + pick(2);
	return base + pick(6 * 1440);
}

static void write_stamp(int64_t minute, char *text)
{
	time_t seconds = (time_t)(minute * 60 + 946684800);
	struct tm utc;

	gmtime_r(&seconds, &utc);
	snprintf(text, 64, "%02d%02d%02d%02d%02d", (utc.tm_year - 100) % 100, utc.tm_mon + 1,
		utc.tm_mday, utc.tm_hour, utc.tm_min);
}

static unsigned arcade_date(int64_t minute)
{
	time_t seconds = (time_t)(minute * 60 + 946684800);
	struct tm utc;

	gmtime_r(&seconds, &utc);
	return (unsigned)((utc.tm_year - 100) * 1000 + (utc.tm_mon + 1) * 50 + utc.tm_mday);
}

static void make_label(struct model_version *version, bool underscore)
{
	model_label(pick_branch(), underscore, version->label);
	/* what no version can hold is no label that a feed could list */
	if (strpbrk(version->label, "@><"))
		strcpy(version->label, "other");
	if (one_in(6))
		strcat(version->label, "-7");
}

static void make_prerelease_stamp(struct model_version *version)
{
	char stamp[64];

	version->patch = pick(2);
	strcpy(version->prerelease, pick_prerelease());
	make_label(version, one_in(5));
	write_stamp(version->minute, stamp);
	snprintf(version->text, sizeof(version->text), "%u.%u.%u%s%.60s-%s-%.60s", version->major,
		version->minor, version->patch, version->prerelease[0] ? "-" : "",
		version->prerelease, stamp, version->label);
}

static void make_patch_stamp(struct model_version *version)
{
	char stamp[64];

	make_label(version, one_in(2));
	if (strncmp(version->label, "2501011234-", 11) == 0)
		strcpy(version->label, "other"); /* prerelease-stamp would read a stamp there */
	write_stamp(version->minute, stamp);
	snprintf(version->text, sizeof(version->text), "%u.%u.%s-%.60s", version->major,
		version->minor, stamp, version->label);
}

static void make_arcade(struct model_version *version)
{
	version->minute -= version->minute % 1440;
	version->patch = pick(2);
	version->revision = pick(12);
	strcpy(version->prerelease, pick_prerelease());
	if (version->prerelease[0] == '\0')
		strcpy(version->prerelease, "rtm");
	snprintf(version->text, sizeof(version->text), "%u.%u.%u-%.60s.%u.%u", version->major,
		version->minor, version->patch, version->prerelease, arcade_date(version->minute),
		version->revision);
}

static void make_foreign(struct model_version *version)
{
	static const char *const texts[] = {"2.0.0", "1.0.0-rc", "3.0.2201010000-main", "",
		"1.0.0-2513011234-main", "1.0.0-2108281234", "1.0-2108281234-main",
		"1.0.2108281234", "1.0.0--2108281234-main", "1.0.0-rc.21499.1", "1.0.0-21428.1",
		"v1.0", "1.0.0-a..b"};

	version->grammar = FP_GRAMMAR_NONE;
	strcpy(version->text, texts[pick(FP_ARRAY_SIZE(texts))]);
}

/* Another spelling of one version: case and metadata. */
static void respell(struct model_version *version)
{
	if (one_in(2))
		for (char *c = version->text; *c; c++)
			if (*c >= 'a' && *c <= 'z' && one_in(2))
				*c = (char)(*c - ('a' - 'A'));
	if (one_in(2))
		strcat(version->text, "+meta-2108281234-main");
}

static void make_version(struct model_version *version)
{
	static void (*const makers[])(struct model_version *) = {
		[FP_GRAMMAR_PRERELEASE_STAMP] = make_prerelease_stamp,
		[FP_GRAMMAR_PATCH_STAMP] = make_patch_stamp,
		[FP_GRAMMAR_ARCADE] = make_arcade,
		[FP_GRAMMAR_NONE] = make_foreign,
	};

	*version = (struct model_version){
		.grammar = (enum fp_grammar)pick(FP_GRAMMAR_COUNT),
		.major = 1 + pick(2),
		.minor = pick(2),
		.minute = pick_minute(),
	};
	makers[one_in(8) ? FP_GRAMMAR_NONE : version->grammar](version);
	if (version->grammar != FP_GRAMMAR_NONE && one_in(4))
		respell(version);
}

static void set_state(struct model_version *version)
{
	version->unlisted = one_in(8);
	version->vanished = one_in(10);
	version->quarantined = one_in(8);
	version->unavailable = one_in(12);
	version->incomplete = one_in(12);
}

static void make_model(struct model *model)
{
	model->count = pick(one_in(4) ? MODEL_VERSIONS_MAX : 24);
	model->keep_unlisted = one_in(3);
	for (uint32_t i = 0; i < model->count; i++) {
		struct model_version *version = &model->versions[i];

		make_version(version);
		if (i > 0 && one_in(6)) { /* a duplicate, by spelling or by letter */
			*version = model->versions[pick(i)];
			if (version->grammar != FP_GRAMMAR_NONE && !strchr(version->text, '+'))
				respell(version);
		}
		set_state(version);
	}
}

/* One text twice has no order of its own in the model: only one of them stays. */
static void drop_repeated(struct model *model)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < model->count; i++)
		if (kept == 0 ||
			strcmp(model->versions[kept - 1].text, model->versions[i].text) != 0)
			model->versions[kept++] = model->versions[i];
	model->count = kept;
}

static struct fp_catalog *build(const struct model *model)
{
	static const enum fp_grammar grammars[] = {
		FP_GRAMMAR_PRERELEASE_STAMP, FP_GRAMMAR_PATCH_STAMP, FP_GRAMMAR_ARCADE};
	const struct fp_catalog_options options = {grammars, 3, model->keep_unlisted};
	struct fp_catalog_row rows[MODEL_VERSIONS_MAX];
	struct fp_catalog *catalog = NULL;
	struct fp_error error;

	for (uint32_t i = 0; i < model->count; i++) {
		/* backwards: the catalog has to put them in order */
		const struct model_version *version = &model->versions[model->count - 1 - i];

		rows[i] = (struct fp_catalog_row){
			.text = fp_str(version->text),
			.unlisted_us = version->unlisted ? 1 : -1,
			.vanished_us = version->vanished ? 1 : -1,
			.missing_ids = fp_str(version->incomplete ? "id" : ""),
			.unavailable = version->unavailable,
			.quarantined = version->quarantined,
		};
	}
	assert_int_equal(fp_catalog_build(rows, model->count, &options, &catalog, &error), 0);
	return catalog;
}

/* What is there is asked for more often than chance would: its release, its label as a branch's
 * name, its own minute or one beside it. */
static void ask_for(struct model_query *query, const struct model_version *version)
{
	query->major = version->major;
	query->minor = version->minor;
	query->patch = version->patch;
	query->prerelease = version->prerelease;
	if (version->label[0])
		query->names[0] = version->label;
	if (one_in(2))
		query->minute = version->minute + (int)pick(3) - 1;
	if (one_in(4))
		query->prerelease = "";
}

static struct model_query make_query(const struct model *model)
{
	struct model_query query = {
		.major = 1 + pick(2),
		.minor = pick(2),
		.patch = pick(2) * pick(2),
		.prerelease = pick_prerelease(),
		.name_count = 1 + pick(MODEL_NAMES_MAX),
		.takes_unlabelled = one_in(2),
		.minute = pick_minute(),
	};

	for (size_t i = 0; i < query.name_count; i++)
		query.names[i] = pick_branch();
	if (model->count && !one_in(4))
		ask_for(&query, &model->versions[pick(model->count)]);
	return query;
}

static struct fp_select_query translate(const struct model_query *query)
{
	struct fp_select_query translated = {
		.release = {query->major, query->minor, query->patch, fp_str(query->prerelease)},
		.branch_name_count = query->name_count,
		.takes_unlabelled = query->takes_unlabelled,
		.minute = query->minute,
	};

	for (size_t i = 0; i < query->name_count; i++)
		translated.branch_names[i] = fp_str(query->names[i]);
	return translated;
}

static void check_reading(const struct model *model, const struct fp_catalog *catalog)
{
	assert_int_equal(catalog->version_count, model->count);
	for (uint32_t i = 0; i < model->count; i++) {
		const struct model_version *version = &model->versions[i];
		const struct fp_decoded *decoded = &catalog->versions[i].decoded;

		assert_true(fp_str_equal(catalog->versions[i].row.text, fp_str(version->text)));
		if (decoded->grammar != version->grammar)
			print_message("%s\n", version->text);
		assert_int_equal(decoded->grammar, version->grammar);
		if (version->grammar == FP_GRAMMAR_NONE)
			continue;
		assert_int_equal(decoded->release.major, version->major);
		assert_int_equal(decoded->release.minor, version->minor);
		assert_int_equal(decoded->release.patch, version->patch);
		assert_true(fp_str_equal_nocase(
			decoded->release.prerelease, fp_str(version->prerelease)));
		assert_true(fp_str_equal_nocase(decoded->label, fp_str(version->label)));
		assert_int_equal(decoded->minute, version->minute);
		assert_int_equal(decoded->revision, version->revision);
	}
}

static void check_selection(const struct model *model, const struct model_query *query,
	const struct fp_catalog *catalog, const struct fp_select_query *asked)
{
	struct fp_selection expected = model_select(model, query), selection;

	fp_select(catalog, asked, &selection);
	assert_int_equal(selection.chosen, expected.chosen);
	assert_int_equal(selection.runner_up, expected.runner_up);
	assert_int_equal(selection.nearest_newer, expected.nearest_newer);
	assert_int_equal(selection.quarantined_better, expected.quarantined_better);
	assert_int_equal(selection.total, expected.total);
	assert_int_equal(selection.eligible, expected.eligible);
	assert_memory_equal(selection.rejected, expected.rejected, sizeof(expected.rejected));
	assert_int_equal(selection.day_granular, expected.day_granular);
}

static void check_judgements(const struct model *model, const struct model_query *query,
	const struct fp_catalog *catalog, const struct fp_select_query *asked)
{
	for (uint32_t i = 0; i < model->count; i++)
		if (!model->versions[i].vanished)
			assert_int_equal(fp_select_judge(catalog, &catalog->versions[i], asked),
				model_judge(model, &model->versions[i], query));
}

static void check_walk(const struct model *model, const struct model_query *query,
	const struct fp_catalog *catalog, const struct fp_select_query *asked)
{
	uint32_t expected[MODEL_VERSIONS_MAX];
	uint32_t count = model_eligible(model, query, expected);
	struct fp_select_cursor cursor = {0};

	for (uint32_t i = 0; i < count; i++)
		assert_int_equal(fp_select_next(catalog, asked, &cursor), expected[i]);
	assert_int_equal(fp_select_next(catalog, asked, &cursor), FP_SELECT_NO_VERSION);
}

/* The walk from some minute on yields what is not after that, wherever it stood. */
static void check_lowered_walk(const struct model *model, const struct model_query *query,
	const struct fp_catalog *catalog, const struct fp_select_query *asked)
{
	uint32_t expected[MODEL_VERSIONS_MAX];
	uint32_t count = model_eligible(model, query, expected), at = 0;

	for (uint32_t to = 0; to < count; to += 3) {
		struct fp_select_cursor cursor = {0};
		fp_minute minute = model->versions[expected[to]].minute - (to % 2);

		fp_select_next(catalog, asked, &cursor);
		fp_select_lower(catalog, minute, &cursor);
		for (at = 1; at < count && model->versions[expected[at]].minute > minute;)
			at++;
		for (; at < count; at++)
			assert_int_equal(fp_select_next(catalog, asked, &cursor), expected[at]);
		assert_int_equal(fp_select_next(catalog, asked, &cursor), FP_SELECT_NO_VERSION);
	}
}

static void check_misses(const struct model *model, const struct model_query *query,
	const struct fp_catalog *catalog, const struct fp_select_query *asked)
{
	struct model_misses expected = model_find_misses(model, query);
	struct fp_select_misses misses;

	fp_select_misses(catalog, asked, &misses);
	assert_int_equal(misses.oldest_after, model_select(model, query).nearest_newer);
	assert_int_equal(misses.newest_other_release, expected.newest_other_release);
	assert_int_equal(misses.other_branch_group_count, expected.other_label_count);
	for (size_t i = 0; i < expected.other_label_count; i++)
		assert_true(
			fp_str_equal_nocase(catalog->groups[misses.other_branch_groups[i]].label,
				fp_str(expected.other_labels[i])));
}

/* How often the interesting things happened: a test that never meets them proves nothing. */
struct tally {
	unsigned queries, chosen, runner_up, quarantined_better, day_granular;
	unsigned rejected[FP_REJECTION_COUNT];
};

static void count(struct tally *tally, const struct fp_selection *selection)
{
	tally->queries++;
	tally->chosen += selection->chosen != FP_SELECT_NO_VERSION;
	tally->runner_up += selection->runner_up != FP_SELECT_NO_VERSION;
	tally->quarantined_better += selection->quarantined_better != FP_SELECT_NO_VERSION;
	tally->day_granular += selection->day_granular;
	for (int i = 0; i < FP_REJECTION_COUNT; i++)
		tally->rejected[i] += selection->rejected[i] > 0;
}

static void check_tally(const struct tally *tally, unsigned catalogs)
{
	print_message("%u queries, %u with an answer, %u with a runner-up, %u quarantined better, "
		      "%u day-granular\n",
		tally->queries, tally->chosen, tally->runner_up, tally->quarantined_better,
		tally->day_granular);
	for (int i = FP_REJECTION_NONE + 1; i < FP_REJECTION_COUNT; i++)
		print_message(
			"  %s: %u\n", fp_rejection_name((enum fp_rejection)i), tally->rejected[i]);
	if (catalogs < CATALOGS)
		return;
	assert_true(tally->chosen > tally->queries / 20);
	assert_true(tally->runner_up > 0 && tally->quarantined_better > 0);
	assert_true(tally->day_granular > 0);
	for (int i = FP_REJECTION_NONE + 1; i < FP_REJECTION_NOT_YET_SEEN; i++)
		assert_true(tally->rejected[i] > 0);
}

static uint64_t setting(const char *name, uint64_t otherwise)
{
	const char *value = getenv(name);

	return value ? strtoull(value, NULL, 10) : otherwise;
}

static void test_random_catalogs(void **state)
{
	uint64_t seed = setting("FP_SEED", (uint64_t)time(NULL));
	unsigned catalogs = (unsigned)setting("FP_CATALOGS", CATALOGS);
	static struct model model;
	struct tally tally = {0};

	print_message("FP_SEED=%llu\n", (unsigned long long)seed);
	random_state = seed * UINT64_C(0x9E3779B97F4A7C15) + 1;
	for (unsigned i = 0; i < catalogs; i++) {
		FP_CLEANUP(fp_catalog_free_cleanup) struct fp_catalog *catalog = NULL;

		make_model(&model);
		model_sort(&model);
		drop_repeated(&model);
		catalog = build(&model);
		check_reading(&model, catalog);
		for (int k = 0; k < QUERIES; k++) {
			struct model_query query = make_query(&model);
			struct fp_select_query asked = translate(&query);
			struct fp_selection selection;

			check_selection(&model, &query, catalog, &asked);
			check_judgements(&model, &query, catalog, &asked);
			check_walk(&model, &query, catalog, &asked);
			check_lowered_walk(&model, &query, catalog, &asked);
			check_misses(&model, &query, catalog, &asked);
			fp_select(catalog, &asked, &selection);
			count(&tally, &selection);
		}
	}
	check_tally(&tally, catalogs);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random_catalogs),
	};

	return cmocka_run_group_tests_name("select property", tests, NULL, NULL);
}
