/*
 * Registrations, read as a stream of JSON events. The reader knows only where it stands:
 *
 *   root object > items > item > items > item > catalogEntry
 *        ROOT     ITEMS   ITEM   ITEMS   ITEM   ENTRY          everything else: OTHER
 *
 * An item of the first level is a page (it has items, or nothing but an address to fetch) or, in a
 * page's own document, a leaf; an item of the second level is a leaf. What an item says is decided
 * at its end, because members come in any order. Nothing of an item outlives it but its version.
 */
#include "forkpoint/feed/registration.h"

#include "forkpoint/base/array.h"
#include "forkpoint/base/json_read.h"
#include "forkpoint/base/time.h"
#include "forkpoint/core/nuget_version.h"
#include "forkpoint/feed/download.h"
#include "forkpoint/feed/url.h"

#include <stdio.h>

enum place { OTHER, ROOT, ITEMS, ITEM, ENTRY };

enum member {
	MEMBER_OTHER,
	MEMBER_ITEMS,
	MEMBER_AT_ID,
	MEMBER_ENTRY,
	MEMBER_VERSION,
	MEMBER_LISTED,
	MEMBER_PUBLISHED,
	MEMBER_ID,
	MEMBER_CONTENT,
	MEMBER_COMMIT_ID,
	MEMBER_COMMIT_TIME,
};

static const struct {
	const char *name;
	enum member member;
} members[] = {
	{"items", MEMBER_ITEMS},
	{"@id", MEMBER_AT_ID},
	{"catalogEntry", MEMBER_ENTRY},
	{"version", MEMBER_VERSION},
	{"listed", MEMBER_LISTED},
	{"published", MEMBER_PUBLISHED},
	{"id", MEMBER_ID},
	{"packageContent", MEMBER_CONTENT},
	{"commitId", MEMBER_COMMIT_ID},
	{"commitTimeStamp", MEMBER_COMMIT_TIME},
};

/* What an item has said so far. The texts keep their memory from item to item. */
struct item {
	bool has_items, has_entry;
	enum fp_listed listed;
	int64_t published_us;
	bool published_1900;
	struct fp_buf at_id, version, package_id, content, commit_id, commit_time;
};

struct fp_registration_reader {
	struct fp_json_parser *parser;
	struct fp_json_limits limits;
	struct fp_registration_options options;
	struct fp_registration *registration;
	unsigned char places[FP_FEED_DEPTH_MAX + 1];
	unsigned depth;
	enum member member; /* of the object that is being read */
	unsigned level;	    /* items open: 0, 1 or 2 */
	struct item items[2];
	bool found;
};

void fp_registration_init(struct fp_registration *registration, size_t max_versions)
{
	*registration = (struct fp_registration){0};
	fp_version_list_init(&registration->versions, max_versions);
}

void fp_registration_release(struct fp_registration *registration)
{
	fp_version_list_release(&registration->versions);
	for (size_t i = 0; i < registration->page_count; i++)
		free(registration->pages[i].url);
	free(registration->pages);
	free(registration->content);
	*registration = (struct fp_registration){.versions.max = registration->versions.max};
}

static void item_init(struct item *item)
{
	fp_buf_init(&item->at_id, FP_URL_MAX_BYTES);
	fp_buf_init(&item->version, 4 * FP_FEED_VERSION_MAX_BYTES);
	fp_buf_init(&item->package_id, 1024);
	fp_buf_init(&item->content, FP_URL_MAX_BYTES);
	fp_buf_init(&item->commit_id, FP_REGISTRATION_STAMP_MAX / 2 - 1);
	fp_buf_init(&item->commit_time, FP_REGISTRATION_STAMP_MAX / 2 - 1);
}

static void item_clear(struct item *item)
{
	fp_buf_clear(&item->at_id);
	fp_buf_clear(&item->version);
	fp_buf_clear(&item->package_id);
	fp_buf_clear(&item->content);
	fp_buf_clear(&item->commit_id);
	fp_buf_clear(&item->commit_time);
	item->has_items = item->has_entry = item->published_1900 = false;
	item->listed = FP_LISTED_UNKNOWN;
	item->published_us = -1;
}

static void item_release(struct item *item)
{
	fp_buf_release(&item->at_id);
	fp_buf_release(&item->version);
	fp_buf_release(&item->package_id);
	fp_buf_release(&item->content);
	fp_buf_release(&item->commit_id);
	fp_buf_release(&item->commit_time);
}

/* A text that came too long for its buffer is as good as none. */
static struct fp_str text_of(const struct fp_buf *buf)
{
	return buf->state == FP_BUF_OK ? fp_buf_str(buf) : fp_str_n("", 0);
}

static enum place place_of(const struct fp_registration_reader *reader)
{
	return reader->places[reader->depth];
}

static struct item *open_item(struct fp_registration_reader *reader)
{
	return &reader->items[reader->level - 1];
}

/*
 * A leaf whose catalog entry is only a URL names its version in its own address,
 * `…/1.0.0-beta.json`: the last segment, if that is a version.
 */
static struct fp_str version_in_address(struct fp_str address)
{
	if (!fp_str_ends_with(address, ".json"))
		return fp_str_n("", 0);
	size_t end = address.len - 5, start = end;
	while (start > 0 && address.ptr[start - 1] != '/')
		start--;
	struct fp_str segment = fp_str_n(address.ptr + start, end - start);
	struct fp_nuget_version version;
	return fp_nuget_version_parse(segment, &version) ? segment : fp_str_n("", 0);
}

static struct fp_str leaf_version(const struct item *item)
{
	struct fp_str version = text_of(&item->version);
	/* too long to be stored: let the list count it as dropped */
	if (version.len > 0 || item->version.state != FP_BUF_OK)
		return version;
	return version_in_address(text_of(&item->at_id));
}

/* Remembers the first leaf's package address as a template for all versions. */
static int note_content(struct fp_registration_reader *reader, struct fp_str content,
	struct fp_str version, struct fp_error *error)
{
	if (reader->registration->content || content.len == 0)
		return 0;
	FP_CLEANUP_FREE char *url = NULL;
	int r = fp_url_resolve(reader->options.url, content, &url, error);
	if (url)
		reader->registration->content = fp_download_template(url, version);
	return r;
}

static int end_leaf(
	struct fp_registration_reader *reader, const struct item *item, struct fp_error *error)
{
	struct fp_str id = text_of(&item->package_id);
	if (id.len > 0 && !fp_str_equal_nocase(id, fp_str(reader->options.package_id))) {
		reader->registration->foreign++;
		return 0;
	}
	struct fp_str version = leaf_version(item);
	if (version.len == 0) {
		reader->registration->nameless++;
		return 0;
	}
	/* absent means listed; the year 1900 means unlisted (NUGET.md) */
	bool unlisted = item->listed == FP_LISTED_NO || item->published_1900;
	int r = note_content(reader, text_of(&item->content), version, error);
	if (r < 0)
		return r;
	return fp_version_list_add(&reader->registration->versions, version,
		unlisted ? FP_LISTED_NO : FP_LISTED_YES, item->published_us, error);
}

static int end_external_page(
	struct fp_registration_reader *reader, const struct item *item, struct fp_error *error)
{
	struct fp_registration *registration = reader->registration;
	if (registration->page_count >= reader->options.max_pages)
		return fp_error_set(error, FP_ERROR_LIMIT,
			"the registration has more than %zu pages; raise max_pages if this is "
			"right",
			reader->options.max_pages);
	char *url = NULL;
	int r = fp_url_resolve(reader->options.url, text_of(&item->at_id), &url, error);
	if (!url) {
		registration->nameless++;
		return r;
	}
	r = fp_array_reserve((void **)&registration->pages, &registration->page_capacity,
		registration->page_count + 1, sizeof(*registration->pages));
	if (r < 0) {
		free(url);
		return fp_error_memory(error);
	}
	struct fp_registration_page *page = &registration->pages[registration->page_count++];
	*page = (struct fp_registration_page){.url = url};
	struct fp_str id = text_of(&item->commit_id), time = text_of(&item->commit_time);
	if (id.len > 0 && time.len > 0)
		snprintf(page->stamp, sizeof(page->stamp), "%.*s %.*s", FP_STR_ARG(id),
			FP_STR_ARG(time));
	return 0;
}

static bool lacks_memory(const struct item *item)
{
	const struct fp_buf *const texts[] = {&item->at_id, &item->version, &item->package_id,
		&item->content, &item->commit_id, &item->commit_time};
	for (size_t i = 0; i < FP_ARRAY_SIZE(texts); i++)
		if (texts[i]->state == FP_BUF_NO_MEMORY)
			return true;
	return false;
}

static int end_item(struct fp_registration_reader *reader, struct fp_error *error)
{
	struct item *item = open_item(reader);
	reader->level--;
	if (lacks_memory(item))
		return fp_error_memory(error);
	if (item->has_items)
		return 0;
	bool is_leaf = reader->level > 0 || item->has_entry || item->version.len > 0;
	return is_leaf ? end_leaf(reader, item, error) : end_external_page(reader, item, error);
}

/* The parser's own limit comes first; this keeps `places` safe whatever it does. */
static int open_place(
	struct fp_registration_reader *reader, enum place place, struct fp_error *error)
{
	if (reader->depth >= FP_FEED_DEPTH_MAX)
		return fp_error_set(error, FP_ERROR_LIMIT, "registration: nested too deeply");
	reader->places[++reader->depth] = (unsigned char)place;
	reader->member = MEMBER_OTHER;
	return 0;
}

static int not_an_object(struct fp_error *error)
{
	return fp_error_set(error, FP_ERROR_INVALID, "registration: not a JSON object");
}

/* Where an object or the elements of an array stand, given what surrounds them. */
static enum place place_of_object(struct fp_registration_reader *reader)
{
	enum place outer = place_of(reader);
	if (reader->depth == 0)
		return ROOT;
	if (outer == ITEMS)
		return ITEM;
	if (outer == ITEM && reader->member == MEMBER_ENTRY)
		return ENTRY;
	return OTHER;
}

static int on_object_begin(void *context, struct fp_error *error)
{
	struct fp_registration_reader *reader = context;
	enum place place = place_of_object(reader);
	if (place == ENTRY)
		open_item(reader)->has_entry = true;
	if (place == ITEM)
		item_clear(&reader->items[reader->level++]);
	return open_place(reader, place, error);
}

static int on_object_end(void *context, struct fp_error *error)
{
	struct fp_registration_reader *reader = context;
	enum place place = place_of(reader);
	reader->depth--;
	reader->member = MEMBER_OTHER;
	return place == ITEM ? end_item(reader, error) : 0;
}

static int on_array_begin(void *context, struct fp_error *error)
{
	struct fp_registration_reader *reader = context;
	if (reader->depth == 0)
		return not_an_object(error);
	enum place outer = place_of(reader), place = OTHER;
	if (reader->member == MEMBER_ITEMS && outer == ROOT) {
		reader->found = true;
		place = ITEMS;
	}
	if (reader->member == MEMBER_ITEMS && outer == ITEM && reader->level == 1) {
		open_item(reader)->has_items = true;
		place = ITEMS;
	}
	return open_place(reader, place, error);
}

static int on_array_end(void *context, struct fp_error *error)
{
	struct fp_registration_reader *reader = context;
	reader->depth--;
	reader->member = MEMBER_OTHER;
	return 0;
}

static int on_key(void *context, struct fp_str name, struct fp_error *error)
{
	struct fp_registration_reader *reader = context;
	reader->member = MEMBER_OTHER;
	if (place_of(reader) == OTHER)
		return 0;
	for (size_t i = 0; i < FP_ARRAY_SIZE(members); i++)
		if (fp_str_equal(name, fp_str(members[i].name)))
			reader->member = members[i].member;
	return 0;
}

static void set_text(struct fp_buf *buf, struct fp_str value)
{
	fp_buf_clear(buf);
	fp_buf_add_str(buf, value);
}

static void set_published(struct item *item, struct fp_str value)
{
	int64_t us;
	if (!fp_feed_time_parse_us(value, &us))
		return;
	item->published_1900 = fp_civil_from_s(us / FP_US_PER_S).year == 1900 ||
			       fp_str_starts_with(value, "1900-");
	/* dates from before 1970 are no dates of publication but marks */
	item->published_us = us >= 0 ? us : -1;
}

static void set_listed(struct item *item, bool listed)
{
	/* a leaf and its entry can both say it: what hides a version wins */
	if (item->listed != FP_LISTED_NO)
		item->listed = listed ? FP_LISTED_YES : FP_LISTED_NO;
}

static void read_leaf_text(struct item *item, enum member member, struct fp_str value)
{
	switch (member) {
	case MEMBER_VERSION: set_text(&item->version, value); break;
	case MEMBER_PUBLISHED: set_published(item, value); break;
	case MEMBER_LISTED: set_listed(item, !fp_str_equal_nocase(value, fp_str("false"))); break;
	case MEMBER_CONTENT: set_text(&item->content, value); break;
	case MEMBER_ID: set_text(&item->package_id, value); break;
	case MEMBER_ITEMS:
	case MEMBER_AT_ID:
	case MEMBER_ENTRY:
	case MEMBER_COMMIT_ID:
	case MEMBER_COMMIT_TIME:
	case MEMBER_OTHER: break;
	}
}

static void read_item_text(struct item *item, enum member member, struct fp_str value)
{
	switch (member) {
	case MEMBER_AT_ID: set_text(&item->at_id, value); break;
	case MEMBER_ENTRY: item->has_entry = true; break;
	case MEMBER_COMMIT_ID: set_text(&item->commit_id, value); break;
	case MEMBER_COMMIT_TIME: set_text(&item->commit_time, value); break;
	case MEMBER_VERSION:
	case MEMBER_PUBLISHED:
	case MEMBER_LISTED:
	case MEMBER_CONTENT:
	case MEMBER_ID: read_leaf_text(item, member, value); break;
	case MEMBER_ITEMS:
	case MEMBER_OTHER: break;
	}
}

static int on_string(void *context, struct fp_str value, struct fp_error *error)
{
	struct fp_registration_reader *reader = context;
	if (reader->depth == 0)
		return not_an_object(error);
	if (place_of(reader) == ITEM)
		read_item_text(open_item(reader), reader->member, value);
	if (place_of(reader) == ENTRY)
		read_leaf_text(open_item(reader), reader->member, value);
	return 0;
}

static int on_boolean(void *context, bool value, struct fp_error *error)
{
	struct fp_registration_reader *reader = context;
	if (reader->depth == 0)
		return not_an_object(error);
	enum place place = place_of(reader);
	if ((place == ITEM || place == ENTRY) && reader->member == MEMBER_LISTED)
		set_listed(open_item(reader), value);
	return 0;
}

static int on_null(void *context, struct fp_error *error)
{
	struct fp_registration_reader *reader = context;
	return reader->depth == 0 ? not_an_object(error) : 0;
}

static int on_number(void *context, struct fp_str digits, struct fp_error *error)
{
	return on_null(context, error);
}

static const struct fp_json_events events = {
	.null = on_null,
	.boolean = on_boolean,
	.number = on_number,
	.string = on_string,
	.key = on_key,
	.object_begin = on_object_begin,
	.object_end = on_object_end,
	.array_begin = on_array_begin,
	.array_end = on_array_end,
};

struct fp_registration_reader *fp_registration_reader_new(
	const struct fp_registration_options *options, struct fp_registration *registration)
{
	FP_CLEANUP(fp_registration_reader_free_cleanup)
	struct fp_registration_reader *reader = calloc(1, sizeof(*reader));
	if (!reader)
		return NULL;
	item_init(&reader->items[0]);
	item_init(&reader->items[1]);
	reader->options = *options;
	reader->registration = registration;
	reader->limits = (struct fp_json_limits){.max_bytes = options->max_bytes,
		.max_depth = options->max_depth,
		.max_values = options->max_bytes};
	reader->parser = fp_json_parser_new(&events, &reader->limits, reader, false);
	if (!reader->parser)
		return NULL;
	struct fp_registration_reader *made = reader;
	reader = NULL;
	return made;
}

void fp_registration_reader_free(struct fp_registration_reader *reader)
{
	if (!reader)
		return;
	fp_json_parser_free(reader->parser);
	item_release(&reader->items[0]);
	item_release(&reader->items[1]);
	free(reader);
}

int fp_registration_reader_feed(
	struct fp_registration_reader *reader, const char *data, size_t len, struct fp_error *error)
{
	return fp_json_parser_feed(reader->parser, data, len, error);
}

int fp_registration_reader_finish(struct fp_registration_reader *reader, struct fp_error *error)
{
	int r = fp_json_parser_finish(reader->parser, error);
	if (r < 0)
		return r;
	if (!reader->found)
		return fp_error_set(
			error, FP_ERROR_INVALID, "registration: the document has no items");
	return 0;
}
