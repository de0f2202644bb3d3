/* Snapshots from tables. */
#include "world.h"

#include "forkpoint/base/time.h"
#include "forkpoint/core/nuget_version.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

enum { PARENTS_MAX = 8 };

struct fp_oid world_oid(const char *name)
{
	struct fp_oid oid = {0};

	for (size_t i = 0; i < sizeof(oid.bytes); i++)
		oid.bytes[i] = (uint8_t)name[i < sizeof(oid.bytes) / 2 ? 0 : strlen(name) - 1];
	return oid;
}

const char *world_sha(const char *name, char hex[FP_OID_HEX + 1])
{
	struct fp_oid oid = world_oid(name);

	fp_oid_format(&oid, hex);
	return hex;
}

static int64_t seconds_of(const char *stamp)
{
	fp_minute minute;

	assert_true(fp_stamp_parse(fp_str(stamp), &minute));
	return fp_minute_to_s(minute);
}

static uint32_t parse_parents(const char *names, struct fp_oid *parents)
{
	uint32_t count = 0;

	while (*names) {
		char name[3] = {0};
		size_t length = strcspn(names, " ");

		assert_true(length < sizeof(name) && count < PARENTS_MAX);
		memcpy(name, names, length);
		parents[count++] = world_oid(name);
		names += length + (names[length] == ' ');
	}
	return count;
}

void world_append(struct fp_graph *graph, const struct world_commit *commits, size_t count)
{
	struct fp_error error;

	for (size_t i = 0; i < count; i++) {
		struct fp_oid parents[PARENTS_MAX];
		struct fp_commit_row row = {
			.oid = world_oid(commits[i].name),
			.author_s = seconds_of(commits[i].stamp) + 59, /* cut to the minute */
			.committer_s = seconds_of(
				commits[i].committed ? commits[i].committed : commits[i].stamp),
			.parents = parents,
			.parent_count = parse_parents(commits[i].parents, parents),
		};

		assert_int_equal(fp_graph_append(graph, &row, commits[i].facts, NULL, &error), 0);
	}
}

struct fp_branches *world_branches(const struct fp_repository_settings *settings,
	struct fp_graph *graph, const struct world_ref *refs, size_t ref_count,
	const struct fp_facts_rows *facts, const struct fp_branches *previous)
{
	struct fp_graph_view view = fp_graph_view(graph);
	struct fp_ref_rows rows = {.items = calloc(ref_count + 1, sizeof(*rows.items))};
	struct fp_scratch scratch = {0};
	struct fp_branches *branches;

	for (size_t i = 0; i < ref_count; i++)
		rows.items[rows.count++] = (struct fp_ref_row){
			.name = fp_str_dup(fp_str(refs[i].name)),
			.oid = world_oid(refs[i].commit),
			.commit = world_oid(refs[i].commit),
		};
	branches = fp_branches_build(settings, &view, &rows, 7, facts, previous, NULL, &scratch);
	assert_non_null(branches);
	fp_scratch_release(&scratch);
	fp_graph_view_release(&view);
	return branches;
}

static int compare_rows(const void *a, const void *b)
{
	return fp_version_text_compare(fp_str(((const struct fp_version_row *)a)->text),
		fp_str(((const struct fp_version_row *)b)->text));
}

struct fp_version_rows world_rows(const struct world_version *versions, size_t count)
{
	struct fp_version_rows rows = {.items = calloc(count + 1, sizeof(*rows.items))};

	for (size_t i = 0; i < count; i++) {
		enum world_standing standing = versions[i].standing;

		rows.items[rows.count++] = (struct fp_version_row){
			.id = (int64_t)i + 1,
			.text = fp_str_dup(fp_str(versions[i].text)),
			.first_seen_us = WORLD_NOW_US,
			.published_us = -1,
			.unlisted_us = standing == WORLD_UNLISTED ? WORLD_NOW_US : -1,
			.vanished_us = standing == WORLD_VANISHED ? WORLD_NOW_US : -1,
			.returned_us = -1,
			.unavailable_us = standing == WORLD_UNAVAILABLE ? WORLD_NOW_US : -1,
		};
	}
	qsort(rows.items, rows.count, sizeof(*rows.items), compare_rows);
	return rows;
}

struct fp_package_state *world_state(const struct fp_package_settings *settings,
	const struct world_version *versions, size_t count)
{
	struct fp_version_rows rows = world_rows(versions, count);
	struct fp_package_state *state = fp_package_state_new(settings, &rows, NULL, 5, NULL);

	assert_non_null(state);
	return state;
}

static void free_settings(struct fp_settings *settings)
{
	free(settings);
}

struct fp_settings *world_settings(struct fp_repository_settings *repositories, size_t count)
{
	struct fp_settings *settings = calloc(1, sizeof(*settings));

	assert_non_null(settings);
	atomic_init(&settings->references, 1);
	settings->free = free_settings;
	settings->digest = FP_STR_LITERAL("d1");
	settings->stale_after_us = 600 * FP_US_PER_S;
	settings->repositories = repositories;
	settings->repository_count = count;
	return settings;
}
