/* The rows of one package in memory: shared, and changed by the same events as the database. */
#include "forkpoint/store/versions.h"

#include "forkpoint/base/array.h"
#include "forkpoint/core/nuget_version.h"

#include <stdatomic.h>

/* What rows point into. Texts are shared with the rows that these were made of. */
struct fp_version_memory {
	atomic_uint references;
	struct fp_version_row *items;
	size_t count;
	char *download;
	struct fp_texts *texts; /* NULL: each text is an allocation of its own */
};

static void free_rows(struct fp_version_row *items, size_t count, char *download, bool own_texts)
{
	for (size_t i = 0; own_texts && i < count; i++)
		free(items[i].text);
	free(items);
	free(download);
}

static void memory_unref(struct fp_version_memory *memory)
{
	if (atomic_fetch_sub_explicit(&memory->references, 1, memory_order_acq_rel) != 1)
		return;
	free_rows(memory->items, memory->count, memory->download, !memory->texts);
	fp_texts_unref(memory->texts);
	free(memory);
}

void fp_version_rows_release(struct fp_version_rows *rows)
{
	if (rows->memory)
		memory_unref(rows->memory);
	else
		free_rows(rows->items, rows->count, rows->download, true);
	*rows = (struct fp_version_rows){0};
}

/* Gives what the rows point into to a memory; texts may be NULL. */
static int adopt(struct fp_version_rows *rows, struct fp_texts *texts)
{
	struct fp_version_memory *memory = malloc(sizeof(*memory));

	if (!memory)
		return -FP_ERROR_MEMORY;
	*memory = (struct fp_version_memory){
		.items = rows->items,
		.count = rows->count,
		.download = rows->download,
		.texts = texts,
	};
	atomic_init(&memory->references, 1);
	rows->memory = memory;
	return 0;
}

int fp_version_rows_share(struct fp_version_rows *rows, struct fp_version_rows *shared)
{
	if (!rows->memory && adopt(rows, NULL) < 0)
		return -FP_ERROR_MEMORY;
	atomic_fetch_add_explicit(&rows->memory->references, 1, memory_order_relaxed);
	*shared = *rows;
	return 0;
}

/* ---- filling ---- */

void fp_version_rows_writer_release(struct fp_version_rows_writer *writer)
{
	free(writer->items);
	fp_texts_unref(writer->texts);
	*writer = (struct fp_version_rows_writer){0};
}

/* A copy of the text in the writer's blocks; NULL when out of memory. */
static char *keep_text(struct fp_version_rows_writer *writer, struct fp_str text)
{
	char *copy;
	struct fp_texts *texts = fp_texts_extend(writer->texts, text.len + 1, &copy);

	if (!texts)
		return NULL;
	fp_texts_unref(writer->texts);
	writer->texts = texts;
	if (text.len)
		memcpy(copy, text.ptr, text.len);
	copy[text.len] = '\0';
	return copy;
}

int fp_version_rows_add(
	struct fp_version_rows_writer *writer, const struct fp_version_row *row, struct fp_str text)
{
	if (fp_array_reserve((void **)&writer->items, &writer->capacity, writer->count + 1,
		    sizeof(*writer->items)) < 0)
		return -FP_ERROR_MEMORY;
	writer->items[writer->count] = *row;
	writer->items[writer->count].text = keep_text(writer, text);
	return writer->items[writer->count++].text ? 0 : -FP_ERROR_MEMORY;
}

static int compare_rows(const void *a, const void *b)
{
	const struct fp_version_row *left = a, *right = b;

	return fp_version_text_compare(fp_str(left->text), fp_str(right->text));
}

/* Feeds list in order, so that nearly always there is nothing to sort. */
static void sort_rows(struct fp_version_row *items, size_t count)
{
	for (size_t i = 1; i < count; i++) {
		if (compare_rows(&items[i - 1], &items[i]) > 0) {
			qsort(items, count, sizeof(*items), compare_rows);
			return;
		}
	}
}

/* The writer's rows, which are sorted. */
static int take_rows(
	struct fp_version_rows_writer *writer, const char *download, struct fp_version_rows *rows)
{
	struct fp_version_rows made = {.items = writer->items, .count = writer->count};

	if (download) {
		made.download = fp_str_dup(fp_str(download));
		if (!made.download)
			return -FP_ERROR_MEMORY;
	}
	if (adopt(&made, writer->texts) < 0) {
		free(made.download);
		return -FP_ERROR_MEMORY;
	}
	*writer = (struct fp_version_rows_writer){0};
	*rows = made;
	return 0;
}

int fp_version_rows_finish(
	struct fp_version_rows_writer *writer, const char *download, struct fp_version_rows *rows)
{
	sort_rows(writer->items, writer->count);
	return take_rows(writer, download, rows);
}

/* ---- changing ---- */

/* The rows that come to be, sorted. */
static int add_seen(struct fp_version_rows_writer *writer, const struct fp_version_event *events,
	const int64_t *versions, size_t count, int64_t now_us)
{
	for (size_t i = 0; i < count; i++) {
		const struct fp_version_row row = {
			.id = versions[i],
			.first_seen_us = now_us,
			.published_us = events[i].published_us,
			.unlisted_us = -1,
			.vanished_us = -1,
			.returned_us = -1,
			.unavailable_us = -1,
		};

		if (events[i].kind != FP_VERSION_EVENT_SEEN || versions[i] == 0)
			continue;
		if (fp_version_rows_add(writer, &row, events[i].text) < 0)
			return -FP_ERROR_MEMORY;
	}
	sort_rows(writer->items, writer->count);
	return 0;
}

static size_t lower_bound(const struct fp_version_row *items, size_t count, struct fp_str text)
{
	size_t low = 0, high = count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (fp_version_text_compare(fp_str(items[middle].text), text) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

const struct fp_version_row *fp_version_rows_find(
	const struct fp_version_rows *rows, struct fp_str text)
{
	size_t at = lower_bound(rows->items, rows->count, text);

	return at < rows->count && fp_str_equal(fp_str(rows->items[at].text), text)
		       ? &rows->items[at]
		       : NULL;
}

/* Puts the new rows, which are sorted, between a copy of the old ones. */
static int merge_rows(
	struct fp_version_rows_writer *writer, const struct fp_version_row *old, size_t old_count)
{
	size_t count = writer->count, copied = 0, filled = 0;
	struct fp_version_row *items = malloc((old_count + count + 1) * sizeof(*items));

	if (!items)
		return -FP_ERROR_MEMORY;
	for (size_t i = 0; i <= count; i++) {
		size_t end = i < count ? copied + lower_bound(old + copied, old_count - copied,
							  fp_str(writer->items[i].text))
				       : old_count;

		if (end > copied)
			memcpy(&items[filled], &old[copied], (end - copied) * sizeof(*items));
		filled += end - copied;
		copied = end;
		if (i < count)
			items[filled++] = writer->items[i];
	}
	free(writer->items);
	writer->items = items;
	writer->count = filled;
	writer->capacity = old_count + count + 1;
	return 0;
}

/* An event can name a version by another spelling than its row's. */
static struct fp_version_row *find_row(
	struct fp_version_rows_writer *writer, struct fp_str text, int64_t version)
{
	size_t at = text.ptr ? lower_bound(writer->items, writer->count, text) : writer->count;

	if (at < writer->count && writer->items[at].id == version)
		return &writer->items[at];
	for (at = 0; at < writer->count; at++)
		if (writer->items[at].id == version)
			return &writer->items[at];
	return NULL;
}

static void apply_event(
	struct fp_version_row *row, const struct fp_version_event *event, int64_t now_us)
{
	switch (event->kind) {
	case FP_VERSION_EVENT_LISTED: row->unlisted_us = -1; break;
	case FP_VERSION_EVENT_UNLISTED: row->unlisted_us = now_us; break;
	case FP_VERSION_EVENT_VANISHED: row->vanished_us = now_us; break;
	case FP_VERSION_EVENT_RETURNED:
		row->vanished_us = -1;
		row->returned_us = now_us;
		break;
	case FP_VERSION_EVENT_UNAVAILABLE: row->unavailable_us = now_us; break;
	case FP_VERSION_EVENT_AVAILABLE: row->unavailable_us = -1; break;
	default: break;
	}
	if (event->published_us >= 0)
		row->published_us = event->published_us;
}

static void apply_events(struct fp_version_rows_writer *writer,
	const struct fp_version_event *events, const int64_t *versions, size_t count,
	int64_t now_us)
{
	for (size_t i = 0; i < count; i++) {
		struct fp_version_row *row =
			events[i].kind == FP_VERSION_EVENT_SEEN
				? NULL
				: find_row(writer, events[i].text, versions[i]);

		if (row)
			apply_event(row, &events[i], now_us);
	}
}

/* Misses come in the order of the rows that they were found in, which is the order of these. */
static void apply_missed(
	struct fp_version_rows_writer *writer, const struct fp_version_missed *missed, size_t count)
{
	size_t next = 0;

	for (size_t i = 0; next < count && i < writer->count; i++) {
		if (writer->items[i].id == missed[next].version)
			writer->items[i].missed = missed[next++].missed;
	}
	for (; next < count; next++) {
		struct fp_version_row *row =
			find_row(writer, fp_str_n(NULL, 0), missed[next].version);

		if (row)
			row->missed = missed[next].missed;
	}
}

/* Texts that are allocations of their own, as in rows made by hand, go into blocks. */
static int share_texts(struct fp_version_rows *rows)
{
	FP_CLEANUP(fp_version_rows_writer_release) struct fp_version_rows_writer writer = {0};
	struct fp_version_rows shared;

	if (rows->memory && (rows->memory->texts || rows->count == 0))
		return 0;
	for (size_t i = 0; i < rows->count; i++)
		if (fp_version_rows_add(&writer, &rows->items[i], fp_str(rows->items[i].text)) < 0)
			return -FP_ERROR_MEMORY;
	if (fp_version_rows_finish(&writer, rows->download, &shared) < 0)
		return -FP_ERROR_MEMORY;
	fp_version_rows_release(rows);
	*rows = shared;
	return 0;
}

int fp_version_rows_change(struct fp_version_rows *rows, const struct fp_version_event *events,
	const int64_t *versions, size_t count, const struct fp_version_missed *missed,
	size_t missed_count, const char *download, int64_t now_us)
{
	FP_CLEANUP(fp_version_rows_writer_release) struct fp_version_rows_writer writer = {0};
	struct fp_version_rows next;

	if (share_texts(rows) < 0)
		return -FP_ERROR_MEMORY;
	writer.texts = rows->memory->texts ? fp_texts_ref(rows->memory->texts) : NULL;
	if (add_seen(&writer, events, versions, count, now_us) < 0 ||
		merge_rows(&writer, rows->items, rows->count) < 0)
		return -FP_ERROR_MEMORY;
	apply_events(&writer, events, versions, count, now_us);
	apply_missed(&writer, missed, missed_count);
	if (take_rows(&writer, download, &next) < 0)
		return -FP_ERROR_MEMORY;
	fp_version_rows_release(rows);
	*rows = next;
	return 0;
}
