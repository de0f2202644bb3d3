/* Catalogs from tables of text. */
#include "catalog_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

static struct fp_catalog_row read_row(const struct fixture_row *row)
{
	return (struct fp_catalog_row){
		.text = fp_str(row->version),
		.first_seen_us = -1,
		.published_us = -1,
		.unlisted_us = row->state & UNLISTED ? 5 : -1,
		.vanished_us = row->state & VANISHED ? 6 : -1,
		.missing_ids = fp_str(row->state & INCOMPLETE ? "other.id" : ""),
		.unavailable = row->state & UNAVAILABLE,
		.quarantined = row->state & QUARANTINED,
	};
}

struct fp_catalog *fixture_catalog(const struct fixture_row *rows, size_t count, bool keep_unlisted)
{
	static const enum fp_grammar grammars[] = {
		FP_GRAMMAR_PRERELEASE_STAMP, FP_GRAMMAR_PATCH_STAMP, FP_GRAMMAR_ARCADE};
	const struct fp_catalog_options options = {
		.grammars = grammars,
		.grammar_count = FP_ARRAY_SIZE(grammars),
		.keep_unlisted = keep_unlisted,
	};
	FP_CLEANUP_FREE struct fp_catalog_row *read = calloc(count + 1, sizeof(*read));
	struct fp_catalog *catalog = NULL;
	struct fp_error error;

	assert_non_null(read);
	for (size_t i = 0; i < count; i++)
		read[i] = read_row(&rows[i]);
	assert_int_equal(fp_catalog_build(read, count, &options, &catalog, &error), 0);
	return catalog;
}

struct fp_select_query fixture_query(
	const char *release, const char *stamp, const char *const *branches)
{
	struct fp_select_query query = {0};

	assert_true(fp_release_parse(fp_str(release), &query.release));
	assert_true(fp_stamp_parse(fp_str(stamp), &query.minute));
	for (; *branches; branches++)
		query.branch_names[query.branch_name_count++] = fp_str(*branches);
	return query;
}

const char *fixture_text(const struct fp_catalog *catalog, uint32_t index)
{
	static char text[300];

	if (index == FP_SELECT_NO_VERSION)
		return "";
	snprintf(text, sizeof(text), "%.*s", FP_STR_ARG(catalog->versions[index].row.text));
	return text;
}

bool fixture_is(const struct fp_catalog *catalog, uint32_t index, const char *text)
{
	bool same = strcmp(fixture_text(catalog, index), text ? text : "") == 0;

	if (!same)
		print_message("got \"%s\", wanted \"%s\"\n", fixture_text(catalog, index),
			text ? text : "");
	return same;
}
