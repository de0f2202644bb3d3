/* What selection costs on a feed of 100,000 versions: nanoseconds per call, over random queries. */
#include "forkpoint/base/time.h"
#include "forkpoint/core/select.h"

#include <stdio.h>
#include <stdlib.h>

enum {
	VERSIONS = 100000,
	BRANCHES = 40,
	RELEASES = 50,
	QUERIES = 4096,
	ROUNDS = 16,
	TEXT_MAX = 64
};

static uint64_t random_state = 88172645463325252u;

static uint32_t pick(uint32_t below)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (uint32_t)(random_state >> 33) % below;
}

static fp_minute pick_minute(void)
{
	return (fp_minute)(20 * 365 + pick(5 * 365)) * 1440 + pick(1440);
}

static void write_version(char *text)
{
	fp_minute minute = pick_minute();
	char stamp[FP_STAMP_TEXT_MAX];

	fp_stamp_format(minute, stamp);
	if (fp_stamp_number(minute) <= FP_STAMP_PATCH_MAX_NUMBER)
		snprintf(text, TEXT_MAX, "1.%u.%s-release_%u_x", pick(RELEASES), stamp,
			pick(BRANCHES));
	else
		snprintf(text, TEXT_MAX, "1.%u.0-%s-release-%u-x", pick(RELEASES), stamp,
			pick(BRANCHES));
}

static struct fp_catalog *build(uint32_t quarantined_one_in)
{
	static const enum fp_grammar grammars[] = {
		FP_GRAMMAR_PRERELEASE_STAMP, FP_GRAMMAR_PATCH_STAMP};
	const struct fp_catalog_options options = {grammars, 2, false};
	struct fp_catalog_row *rows = calloc(VERSIONS, sizeof(*rows));
	char *texts = calloc(VERSIONS, TEXT_MAX);
	struct fp_catalog *catalog = NULL;

	if (!rows || !texts)
		abort();
	for (int i = 0; i < VERSIONS; i++) {
		char *text = texts + (size_t)i * TEXT_MAX;

		write_version(text);
		rows[i] = (struct fp_catalog_row){.text = fp_str(text),
			.unlisted_us = -1,
			.vanished_us = -1,
			.quarantined = quarantined_one_in && pick(quarantined_one_in) == 0};
	}
	if (fp_catalog_build(rows, VERSIONS, &options, &catalog, NULL) < 0)
		abort();
	free(rows);
	free(texts);
	return catalog;
}

static void make_queries(struct fp_select_query *queries)
{
	static char names[BRANCHES][16];

	for (int i = 0; i < BRANCHES; i++)
		snprintf(names[i], sizeof(names[i]), "release/%d.x", i);
	for (int i = 0; i < QUERIES; i++) {
		queries[i] = (struct fp_select_query){.minute = pick_minute()};
		queries[i].release = (struct fp_release){.major = 1, .minor = pick(RELEASES)};
		queries[i].branch_name_count = 1;
		queries[i].branch_names[0] = fp_str(names[pick(BRANCHES)]);
	}
}

/* The best of several rounds: the others tell what else the machine did. */
static double best_ns(void (*call)(const struct fp_catalog *, const struct fp_select_query *),
	const struct fp_catalog *catalog, const struct fp_select_query *queries)
{
	int64_t best_us = INT64_MAX;

	for (int round = 0; round < ROUNDS; round++) {
		int64_t start = fp_clock_monotonic_us(), taken;

		for (int i = 0; i < QUERIES; i++)
			call(catalog, &queries[i]);
		taken = fp_clock_monotonic_us() - start;
		best_us = taken < best_us ? taken : best_us;
	}
	return (double)best_us * 1000 / QUERIES;
}

static void call_select(const struct fp_catalog *catalog, const struct fp_select_query *query)
{
	struct fp_selection selection;

	fp_select(catalog, query, &selection);
}

static void call_misses(const struct fp_catalog *catalog, const struct fp_select_query *query)
{
	struct fp_select_misses misses;

	fp_select_misses(catalog, query, &misses);
}

static void measure(
	const char *about, const struct fp_catalog *catalog, const struct fp_select_query *queries)
{
	printf("%s: fp_select %.0f ns, fp_select_misses %.0f ns, %u groups\n", about,
		best_ns(call_select, catalog, queries), best_ns(call_misses, catalog, queries),
		catalog->group_count);
}

int main(void)
{
	struct fp_select_query *queries = calloc(QUERIES, sizeof(*queries));
	struct fp_catalog *clean, *quarantined;
	int64_t start = fp_clock_monotonic_us();

	if (!queries)
		abort();
	make_queries(queries);
	clean = build(0);
	printf("building a catalog of %d versions: %.1f ms\n", VERSIONS,
		(double)(fp_clock_monotonic_us() - start) / 1000);
	quarantined = build(10);
	measure("no quarantine", clean, queries);
	measure("one in ten quarantined", quarantined, queries);
	fp_catalog_free(clean);
	fp_catalog_free(quarantined);
	free(queries);
	return 0;
}
