/* A package at one moment: its catalog, made from the store's rows. */
#include "forkpoint/core/nuget_version.h"
#include "forkpoint/store/snapshot.h"

#include <stdlib.h>

struct fp_package_state *fp_package_state_ref(struct fp_package_state *state)
{
	atomic_fetch_add_explicit(&state->references, 1, memory_order_relaxed);
	return state;
}

void fp_package_state_unref(struct fp_package_state *state)
{
	if (!state || atomic_fetch_sub_explicit(&state->references, 1, memory_order_acq_rel) != 1)
		return;
	fp_catalog_free(state->catalog);
	fp_version_rows_release(&state->rows);
	free(state);
}

/* Keys of what one id of a set lists. */
static int list_keys(const struct fp_version_rows *rows, struct fp_map *keys)
{
	struct fp_buf FP_CLEANUP_BUF key = {0};

	fp_buf_init(&key, FP_VERSION_MAX_BYTES * 4);
	for (size_t i = 0; rows && i < rows->count; i++) {
		if (rows->items[i].vanished_us >= 0 || rows->items[i].unlisted_us >= 0)
			continue;
		fp_buf_clear(&key);
		fp_version_key(fp_str(rows->items[i].text), &key);
		if (key.state != FP_BUF_OK)
			continue; /* longer than any version: never asked for */
		if (fp_map_set(keys, fp_buf_str(&key), 1) < 0)
			return -FP_ERROR_MEMORY;
	}
	return 0;
}

/* Appends the ids of the set that lack the version, ", "-joined. */
static void write_missing(const struct fp_package_settings *settings, const struct fp_map *listed,
	const char *text, struct fp_buf *missing)
{
	struct fp_buf FP_CLEANUP_BUF key = {0};
	uint32_t ignored;

	fp_buf_init(&key, FP_VERSION_MAX_BYTES * 4);
	fp_version_key(fp_str(text), &key);
	for (size_t i = 0; i < settings->set_count; i++) {
		if (fp_map_get(&listed[i], fp_buf_str(&key), &ignored))
			continue;
		if (missing->len)
			fp_buf_add_text(missing, ", ");
		fp_buf_add_str(missing, settings->set[i]);
	}
}

static void fill_row(const struct fp_version_row *from, struct fp_catalog_row *to)
{
	*to = (struct fp_catalog_row){
		.text = fp_str(from->text),
		.first_seen_us = from->first_seen_us,
		.published_us = from->published_us,
		.unlisted_us = from->unlisted_us,
		.vanished_us = from->vanished_us,
		.unavailable = from->unavailable_us >= 0,
	};
}

/* The rows of a package with a set: what each version lacks stands in missing[i]. */
static int find_missing(const struct fp_package_settings *settings,
	const struct fp_version_rows *rows, const struct fp_version_rows *const *sets,
	char **missing)
{
	struct fp_map *listed = calloc(settings->set_count + 1, sizeof(*listed));
	int r = listed ? 0 : -FP_ERROR_MEMORY;

	for (size_t i = 0; r >= 0 && i < settings->set_count; i++)
		r = list_keys(sets ? sets[i] : NULL, &listed[i]);
	for (size_t i = 0; r >= 0 && i < rows->count; i++) {
		struct fp_buf text;

		fp_buf_init(&text, 64 * 1024);
		write_missing(settings, listed, rows->items[i].text, &text);
		missing[i] = fp_buf_take(&text);
		if (!missing[i])
			r = -FP_ERROR_MEMORY;
		fp_buf_release(&text);
	}
	for (size_t i = 0; listed && i < settings->set_count; i++)
		fp_map_release(&listed[i]);
	free(listed);
	return r;
}

static int build_catalog(const struct fp_package_settings *settings, struct fp_package_state *state,
	const struct fp_version_rows *const *sets)
{
	const struct fp_catalog_options options = {
		.grammars = settings->grammars,
		.grammar_count = settings->grammar_count,
		.keep_unlisted = settings->keep_unlisted,
	};
	size_t count = state->rows.count;
	FP_CLEANUP_FREE struct fp_catalog_row *rows = calloc(count + 1, sizeof(*rows));
	FP_CLEANUP_FREE char **missing = calloc(count + 1, sizeof(*missing));
	struct fp_error error;
	int r = rows && missing ? 0 : -FP_ERROR_MEMORY;

	if (r >= 0 && settings->set_count)
		r = find_missing(settings, &state->rows, sets, missing);
	for (size_t i = 0; r >= 0 && i < count; i++) {
		fill_row(&state->rows.items[i], &rows[i]);
		rows[i].missing_ids = fp_str(missing[i]);
	}
	if (r >= 0)
		r = fp_catalog_build(rows, count, &options, &state->catalog, &error);
	for (size_t i = 0; missing && i < count; i++)
		free(missing[i]);
	return r;
}

struct fp_package_state *fp_package_state_new(const struct fp_package_settings *settings,
	struct fp_version_rows *rows, const struct fp_version_rows *const *sets, int64_t revision)
{
	struct fp_package_state *state = calloc(1, sizeof(*state));

	if (!state) {
		fp_version_rows_release(rows);
		return NULL;
	}
	atomic_init(&state->references, 1);
	state->rows = *rows;
	*rows = (struct fp_version_rows){0};
	state->revision = revision;
	if (build_catalog(settings, state, sets) < 0) {
		fp_package_state_unref(state);
		return NULL;
	}
	return state;
}
