/*
 * An Atom page of a v2 feed. Elements are told by namespace, never by prefix, and only these count:
 *
 *   feed > entry > … > m:properties > d:Id, d:Version, d:Listed, d:Published
 *   feed > link rel="next",  entry > content src
 *
 * A root `entry` instead of `feed` is a page of one. What is listed: d:Listed where present, else a
 * d:Published of a real year; year 0001 is Azure's way of not saying it (NUGET.md).
 */
#include "forkpoint/feed/v2_page.h"

#include "forkpoint/base/time.h"
#include "forkpoint/base/xml_read.h"
#include "forkpoint/feed/download.h"
#include "forkpoint/feed/url.h"

#define ATOM "http://www.w3.org/2005/Atom"
#define DATA "http://schemas.microsoft.com/ado/2007/08/dataservices"
#define METADATA DATA "/metadata"

enum { TEXT_MAX = 4 << 20 };

enum property { PROPERTY_NONE, PROPERTY_ID, PROPERTY_VERSION, PROPERTY_LISTED, PROPERTY_PUBLISHED };

static const struct {
	const char *name;
	enum property property;
} properties[] = {
	{"Id", PROPERTY_ID},
	{"Version", PROPERTY_VERSION},
	{"Listed", PROPERTY_LISTED},
	{"Published", PROPERTY_PUBLISHED},
};

struct fp_v2_reader {
	struct fp_xml_parser *parser;
	struct fp_xml_limits limits;
	struct fp_v2_page *page;
	const char *package_id;
	unsigned depth;		   /* elements open */
	unsigned entry_depth;	   /* of the open entry, 0 = none */
	unsigned properties_depth; /* of the open m:properties, 0 = none */
	enum property property;	   /* that is open */
	/* the entry so far */
	struct fp_buf id, version, source;
	bool has_listed, listed, unlisted_by_date;
	int64_t published_us;
};

void fp_v2_page_init(struct fp_v2_page *page, size_t max_versions)
{
	*page = (struct fp_v2_page){0};
	fp_version_list_init(&page->versions, max_versions);
}

void fp_v2_page_release(struct fp_v2_page *page)
{
	fp_version_list_release(&page->versions);
	free(page->next);
	free(page->content);
	*page = (struct fp_v2_page){.versions.max = page->versions.max};
}

static bool is_named(struct fp_xml_name name, const char *uri, const char *local)
{
	return fp_str_equal(name.local, fp_str(local)) && fp_str_equal(name.uri, fp_str(uri));
}

static struct fp_str attribute(
	const struct fp_xml_attribute *attributes, size_t count, const char *uri, const char *local)
{
	for (size_t i = 0; i < count; i++)
		if (is_named(attributes[i].name, uri, local))
			return attributes[i].value;
	return fp_str_n("", 0);
}

static void begin_entry(struct fp_v2_reader *reader)
{
	reader->entry_depth = reader->depth;
	fp_buf_clear(&reader->id);
	fp_buf_clear(&reader->version);
	fp_buf_clear(&reader->source);
	reader->has_listed = reader->unlisted_by_date = false;
	reader->listed = true;
	reader->published_us = -1;
}

static int begin_link(struct fp_v2_reader *reader, const struct fp_xml_attribute *attributes,
	size_t count, struct fp_error *error)
{
	if (!fp_str_equal_nocase(attribute(attributes, count, "", "rel"), fp_str("next")))
		return 0;
	struct fp_str href = fp_str_trim(attribute(attributes, count, "", "href"));
	if (href.len == 0 || reader->page->next)
		return 0;
	reader->page->next = fp_str_dup(href);
	return reader->page->next ? 0 : fp_error_memory(error);
}

static void begin_property(struct fp_v2_reader *reader, struct fp_xml_name name,
	const struct fp_xml_attribute *attributes, size_t count)
{
	reader->property = PROPERTY_NONE;
	if (!fp_str_equal(name.uri, fp_str(DATA)) ||
		fp_str_equal_nocase(attribute(attributes, count, METADATA, "null"), fp_str("true")))
		return;
	for (size_t i = 0; i < FP_ARRAY_SIZE(properties); i++)
		if (fp_str_equal(name.local, fp_str(properties[i].name)))
			reader->property = properties[i].property;
}

static int begin_root(struct fp_v2_reader *reader, struct fp_xml_name name, struct fp_error *error)
{
	if (is_named(name, ATOM, "feed"))
		return 0;
	if (is_named(name, ATOM, "entry")) {
		begin_entry(reader);
		return 0;
	}
	if (is_named(name, METADATA, "error"))
		return fp_error_set(error, FP_ERROR_UNAVAILABLE,
			"the feed answered with an OData error document");
	return fp_error_set(error, FP_ERROR_INVALID,
		"the document is no Atom feed: its root is %.*s",
		(int)(name.local.len < 40 ? name.local.len : 40), name.local.ptr);
}

static int element_begin(void *context, struct fp_xml_name name,
	const struct fp_xml_attribute *attributes, size_t count, struct fp_error *error)
{
	struct fp_v2_reader *reader = context;
	reader->depth++;
	if (reader->depth == 1)
		return begin_root(reader, name, error);
	if (reader->depth == 2 && reader->entry_depth == 0) {
		if (is_named(name, ATOM, "entry"))
			begin_entry(reader);
		else if (is_named(name, ATOM, "link"))
			return begin_link(reader, attributes, count, error);
		return 0;
	}
	if (reader->entry_depth == 0)
		return 0;
	if (reader->properties_depth > 0 && reader->depth == reader->properties_depth + 1)
		begin_property(reader, name, attributes, count);
	else if (reader->properties_depth == 0 && is_named(name, METADATA, "properties"))
		reader->properties_depth = reader->depth;
	else if (is_named(name, ATOM, "content") && reader->source.len == 0)
		fp_buf_add_str(&reader->source, attribute(attributes, count, "", "src"));
	return 0;
}

static void set_published(struct fp_v2_reader *reader, struct fp_str text)
{
	int64_t us;
	if (!fp_feed_time_parse_us(text, &us))
		return;
	/* "0001-…" is no date; a date up to 1901 means unlisted */
	int64_t year = fp_civil_from_s(us / FP_US_PER_S).year;
	reader->unlisted_by_date = year > 1 && year <= 1901;
	reader->published_us = us >= 0 ? us : -1;
}

static int on_text(void *context, struct fp_str text, struct fp_error *error)
{
	struct fp_v2_reader *reader = context;
	if (reader->properties_depth == 0 || reader->depth != reader->properties_depth + 1)
		return 0;
	text = fp_str_trim(text);
	switch (reader->property) {
	case PROPERTY_ID: fp_buf_add_str(&reader->id, text); break;
	case PROPERTY_VERSION: fp_buf_add_str(&reader->version, text); break;
	case PROPERTY_LISTED:
		reader->has_listed = text.len > 0;
		reader->listed = !fp_str_equal_nocase(text, fp_str("false"));
		break;
	case PROPERTY_PUBLISHED: set_published(reader, text); break;
	case PROPERTY_NONE: break;
	}
	return 0;
}

static void note_content(struct fp_v2_reader *reader)
{
	if (reader->page->content || reader->source.state != FP_BUF_OK || reader->source.len == 0)
		return;
	reader->page->content =
		fp_download_template(reader->source.data, fp_buf_str(&reader->version));
}

static int end_entry(struct fp_v2_reader *reader, struct fp_error *error)
{
	reader->entry_depth = 0;
	reader->page->entries++;
	if (reader->id.state == FP_BUF_NO_MEMORY || reader->version.state == FP_BUF_NO_MEMORY)
		return fp_error_memory(error);
	if (reader->id.len > 0 &&
		!fp_str_equal_nocase(fp_buf_str(&reader->id), fp_str(reader->package_id))) {
		reader->page->foreign++;
		return 0;
	}
	if (reader->version.len == 0) {
		reader->page->nameless++;
		return 0;
	}
	note_content(reader);
	bool listed = reader->has_listed ? reader->listed : !reader->unlisted_by_date;
	return fp_version_list_add(&reader->page->versions, fp_buf_str(&reader->version),
		listed ? FP_LISTED_YES : FP_LISTED_NO, reader->published_us, error);
}

static int element_end(void *context, struct fp_xml_name name, struct fp_error *error)
{
	struct fp_v2_reader *reader = context;
	unsigned depth = reader->depth--;
	if (depth == reader->properties_depth)
		reader->properties_depth = 0;
	if (reader->properties_depth > 0 && depth == reader->properties_depth + 1)
		reader->property = PROPERTY_NONE;
	return depth == reader->entry_depth ? end_entry(reader, error) : 0;
}

static const struct fp_xml_events events = {
	.element_begin = element_begin,
	.element_end = element_end,
	.text = on_text,
};

struct fp_v2_reader *fp_v2_reader_new(
	const char *package_id, uint64_t max_bytes, size_t max_depth, struct fp_v2_page *page)
{
	FP_CLEANUP(fp_v2_reader_free_cleanup)
	struct fp_v2_reader *reader = calloc(1, sizeof(*reader));
	if (!reader)
		return NULL;
	fp_buf_init(&reader->id, 1024);
	fp_buf_init(&reader->version, 4 * FP_FEED_VERSION_MAX_BYTES);
	fp_buf_init(&reader->source, FP_URL_MAX_BYTES);
	reader->page = page;
	reader->package_id = package_id;
	reader->limits = (struct fp_xml_limits){
		.max_bytes = max_bytes, .max_depth = max_depth, .max_text_bytes = TEXT_MAX};
	reader->parser = fp_xml_parser_new(&events, &reader->limits, reader);
	if (!reader->parser)
		return NULL;
	struct fp_v2_reader *made = reader;
	reader = NULL;
	return made;
}

void fp_v2_reader_free(struct fp_v2_reader *reader)
{
	if (!reader)
		return;
	fp_xml_parser_free(reader->parser);
	fp_buf_release(&reader->id);
	fp_buf_release(&reader->version);
	fp_buf_release(&reader->source);
	free(reader);
}

int fp_v2_reader_feed(
	struct fp_v2_reader *reader, const char *data, size_t len, struct fp_error *error)
{
	return fp_xml_parser_feed(reader->parser, data, len, error);
}

int fp_v2_reader_finish(struct fp_v2_reader *reader, struct fp_error *error)
{
	return fp_xml_parser_finish(reader->parser, error);
}
