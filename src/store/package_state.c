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
	free(state->fresh);
	free(state);
}

/* Keys of what one id of a set lists; unlisted ones too where the setting keeps them. */
static int list_keys(const struct fp_version_rows *rows, bool keep_unlisted, struct fp_map *keys)
{
	struct fp_buf FP_CLEANUP_BUF key = {0};

	fp_buf_init(&key, FP_VERSION_MAX_BYTES * 4);
	for (size_t i = 0; rows && i < rows->count; i++) {
		if (rows->items[i].vanished_us >= 0 ||
			(rows->items[i].unlisted_us >= 0 && !keep_unlisted))
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
		.not_yet_seen = from->not_yet_seen,
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
		r = list_keys(sets ? sets[i] : NULL, settings->keep_unlisted, &listed[i]);
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

/* ---- catalogs ---- */

/* What a state is made of. */
struct making {
	const struct fp_package_settings *settings;
	struct fp_package_state *state;
	const struct fp_package_state *last; /* NULL: everything is new */
	char **missing;			     /* per row: ids of the set that lack it */
	struct fp_catalog_row *rows;	     /* that are to be read */
	size_t count;
};

static void making_release(struct making *making)
{
	for (size_t i = 0; making->missing && making->state && i < making->state->rows.count; i++)
		free(making->missing[i]);
	free(making->missing);
	free(making->rows);
	fp_package_state_unref(making->state);
}

/* What a catalog knows of a row. */
static bool is_same_row(const struct fp_version_row *a, const struct fp_version_row *b)
{
	return a->first_seen_us == b->first_seen_us && a->published_us == b->published_us &&
	       a->unlisted_us == b->unlisted_us && a->vanished_us == b->vanished_us &&
	       (a->unavailable_us >= 0) == (b->unavailable_us >= 0);
}

static bool lacks_the_same(const struct making *making, size_t row, size_t last)
{
	struct fp_str then = making->last->catalog->versions[last].row.missing_ids;

	return !making->missing || fp_str_equal(fp_str(making->missing[row]), then);
}

static void add_row(struct making *making, size_t at)
{
	struct fp_catalog_row *row = &making->rows[making->count++];

	fill_row(&making->state->rows.items[at], row);
	row->missing_ids = fp_str(making->missing ? making->missing[at] : NULL);
}

/* Both sides' rows are ordered, and no row ever goes: those of last are found one after another.
 * False when they are not, as with rows of another kind. */
static bool list_changes(struct making *making)
{
	const struct fp_version_rows *rows = &making->state->rows, *before = &making->last->rows;
	size_t last = 0;

	for (size_t i = 0; i < rows->count; i++) {
		bool is_known = last < before->count && before->items[last].id == rows->items[i].id;

		if (!is_known)
			making->state->fresh[making->state->fresh_count++] = (uint32_t)i;
		if (!is_known || !is_same_row(&rows->items[i], &before->items[last]) ||
			!lacks_the_same(making, i, last))
			add_row(making, i);
		last += is_known;
	}
	return last == before->count;
}

static void list_everything(struct making *making)
{
	making->state->is_all_fresh = true;
	making->state->fresh_count = 0;
	making->count = 0;
	for (size_t i = 0; i < making->state->rows.count; i++)
		add_row(making, i);
}

static int allocate(struct making *making, const struct fp_version_rows *const *sets)
{
	size_t count = making->state->rows.count;

	making->rows = malloc((count + 1) * sizeof(*making->rows));
	making->state->fresh = malloc((count + 1) * sizeof(*making->state->fresh));
	if (making->settings->set_count)
		making->missing = calloc(count + 1, sizeof(*making->missing));
	if (!making->rows || !making->state->fresh ||
		(making->settings->set_count && !making->missing))
		return -FP_ERROR_MEMORY;
	return making->missing
		       ? find_missing(making->settings, &making->state->rows, sets, making->missing)
		       : 0;
}

static int make_catalog(struct making *making)
{
	const struct fp_catalog_options options = {
		.grammars = making->settings->grammars,
		.grammar_count = making->settings->grammar_count,
		.keep_unlisted = making->settings->keep_unlisted,
	};
	struct fp_catalog **catalog = &making->state->catalog;
	struct fp_error error;

	if (making->last && list_changes(making))
		return fp_catalog_change(making->last->catalog, making->rows, making->count,
			&options, catalog, &error);
	list_everything(making);
	return fp_catalog_build(making->rows, making->count, &options, catalog, &error);
}

static struct fp_package_state *new_state(struct fp_version_rows *rows, int64_t revision)
{
	struct fp_package_state *state = calloc(1, sizeof(*state));

	if (!state) {
		fp_version_rows_release(rows);
		return NULL;
	}
	atomic_init(&state->references, 1);
	state->revision = revision;
	state->rows = *rows;
	*rows = (struct fp_version_rows){0};
	return state;
}

struct fp_package_state *fp_package_state_new(const struct fp_package_settings *settings,
	struct fp_version_rows *rows, const struct fp_version_rows *const *sets, int64_t revision,
	const struct fp_package_state *last)
{
	FP_CLEANUP(making_release)
	struct making making = {
		.settings = settings, .last = last, .state = new_state(rows, revision)};
	struct fp_package_state *made;

	if (!making.state || allocate(&making, sets) < 0 || make_catalog(&making) < 0)
		return NULL;
	for (size_t i = 0; making.missing && i < making.state->rows.count; i++)
		free(making.missing[i]);
	free(making.missing);
	making.missing = NULL;
	made = making.state;
	making.state = NULL;
	return made;
}
