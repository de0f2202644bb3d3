/* The versions that one document names. */
#include "forkpoint/feed/version_list.h"

#include "forkpoint/base/array.h"
#include "forkpoint/base/time.h"
#include "forkpoint/core/nuget_version.h"

void fp_version_list_init(struct fp_version_list *list, size_t max)
{
	*list = (struct fp_version_list){.max = max};
}

void fp_version_list_release(struct fp_version_list *list)
{
	free(list->text);
	free(list->entries);
	*list = (struct fp_version_list){.max = list->max};
}

struct fp_str fp_version_list_text(const struct fp_version_list *list, size_t index)
{
	const struct fp_version_entry *entry = &list->entries[index];
	return fp_str_n(list->text + entry->offset, entry->len);
}

static bool is_storable(struct fp_str text)
{
	if (text.len == 0 || text.len > FP_FEED_VERSION_MAX_BYTES)
		return false;
	bool ascii = true;
	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.ptr[i];
		if (c < 0x20 || c == 0x7f)
			return false;
		ascii = ascii && c < 0x80;
	}
	return ascii || fp_str_is_utf8(text);
}

int fp_version_list_add(struct fp_version_list *list, struct fp_str text, enum fp_listed listed,
	int64_t published_us, struct fp_error *error)
{
	/* Unusable strings count against the maximum as well: they cost the same to read. */
	if (list->count + list->dropped >= list->max)
		return fp_error_set(error, FP_ERROR_LIMIT,
			"the feed lists more than %zu versions; raise max_versions if this is "
			"right",
			list->max);
	if (!is_storable(text)) {
		list->dropped++;
		return 0;
	}
	int r = fp_array_reserve(
		(void **)&list->entries, &list->capacity, list->count + 1, sizeof(*list->entries));
	if (r == 0)
		r = fp_array_reserve(
			(void **)&list->text, &list->text_capacity, list->text_len + text.len, 1);
	if (r < 0)
		return fp_error_memory(error);
	memcpy(list->text + list->text_len, text.ptr, text.len);
	list->entries[list->count++] = (struct fp_version_entry){
		.offset = list->text_len,
		.len = (uint32_t)text.len,
		.listed = listed,
		.published_us = published_us,
	};
	list->text_len += text.len;
	return 0;
}

bool fp_version_list_equal(const struct fp_version_list *a, const struct fp_version_list *b)
{
	if (a->count != b->count || a->dropped != b->dropped || a->text_len != b->text_len)
		return false;
	for (size_t i = 0; i < a->count; i++) {
		const struct fp_version_entry *x = &a->entries[i], *y = &b->entries[i];
		if (x->listed != y->listed || x->published_us != y->published_us ||
			!fp_str_equal(fp_version_list_text(a, i), fp_version_list_text(b, i)))
			return false;
	}
	return true;
}

bool fp_feed_time_parse_us(struct fp_str text, int64_t *microseconds)
{
	text = fp_str_trim(text);
	if (fp_time_parse_us(text, microseconds))
		return true;
	char with_zone[48];
	if (text.len == 0 || text.len + 1 >= sizeof(with_zone))
		return false;
	memcpy(with_zone, text.ptr, text.len);
	with_zone[text.len] = 'Z';
	return fp_time_parse_us(fp_str_n(with_zone, text.len + 1), microseconds);
}
