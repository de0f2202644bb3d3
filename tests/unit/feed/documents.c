/* Reading documents in tests. */
#include "documents.h"

#include "forkpoint/base/time.h"
#include "forkpoint/feed/flat_container.h"
#include "forkpoint/feed/service_index.h"

enum { MAX_BYTES = 16 << 20, MAX_VERSIONS = 100000, MAX_PAGES = 1000, MAX_DEPTH = 64 };

void render_list(const struct fp_version_list *list, struct fp_buf *buf)
{
	static const char states[] = "?+-";
	for (size_t i = 0; i < list->count; i++) {
		char day[FP_TIME_TEXT_MAX] = "-";
		if (list->entries[i].published_us >= 0) {
			fp_time_format_us(list->entries[i].published_us, day);
			day[10] = '\0';
		}
		fp_buf_addf(buf, "%.*s %c %s;", FP_STR_ARG(fp_version_list_text(list, i)),
			states[list->entries[i].listed], day);
	}
	if (list->dropped)
		fp_buf_addf(buf, "dropped=%zu;", list->dropped);
}

static void render_error(int r, struct fp_buf *buf)
{
	fp_buf_clear(buf);
	fp_buf_addf(buf, "!%s", fp_error_code_name((enum fp_error_code) - r));
}

typedef int feed_function(void *reader, const char *data, size_t len, struct fp_error *error);

static int feed_pieces(feed_function *feed, void *reader, struct fp_str text, size_t piece)
{
	struct fp_error error;
	if (piece == 0)
		piece = text.len ? text.len : 1;
	for (size_t at = 0; at < text.len; at += piece) {
		size_t len = text.len - at < piece ? text.len - at : piece;
		int r = feed(reader, text.ptr + at, len, &error);
		if (r < 0)
			return r;
	}
	return 0;
}

static int feed_flat(void *reader, const char *data, size_t len, struct fp_error *error)
{
	return fp_flat_container_reader_feed(reader, data, len, error);
}

void render_flat(struct fp_str text, size_t piece, struct fp_buf *buf)
{
	struct fp_error error;
	FP_CLEANUP(fp_version_list_release) struct fp_version_list list;
	fp_version_list_init(&list, MAX_VERSIONS);
	FP_CLEANUP(fp_flat_container_reader_free_cleanup)
	struct fp_flat_container_reader *reader =
		fp_flat_container_reader_new(&list, MAX_BYTES, MAX_DEPTH);
	int r = feed_pieces(feed_flat, reader, text, piece);
	if (r == 0)
		r = fp_flat_container_reader_finish(reader, &error);
	render_list(&list, buf);
	if (r == 1)
		fp_buf_add_text(buf, "no list;");
	if (r < 0)
		render_error(r, buf);
}

static int feed_registration(void *reader, const char *data, size_t len, struct fp_error *error)
{
	return fp_registration_reader_feed(reader, data, len, error);
}

static void render_counts(size_t foreign, size_t nameless, const char *content, struct fp_buf *buf)
{
	if (foreign)
		fp_buf_addf(buf, "foreign=%zu;", foreign);
	if (nameless)
		fp_buf_addf(buf, "nameless=%zu;", nameless);
	if (content)
		fp_buf_addf(buf, "content=%s;", content);
}

void render_registration(
	struct fp_str text, const char *package_id, size_t piece, struct fp_buf *buf)
{
	struct fp_error error;
	FP_CLEANUP(fp_registration_release) struct fp_registration registration;
	fp_registration_init(&registration, MAX_VERSIONS);
	struct fp_registration_options options = {
		.url = "https://feed.example/reg/demo/index.json",
		.package_id = package_id,
		.max_bytes = MAX_BYTES,
		.max_pages = MAX_PAGES,
		.max_depth = MAX_DEPTH,
	};
	FP_CLEANUP(fp_registration_reader_free_cleanup)
	struct fp_registration_reader *reader = fp_registration_reader_new(&options, &registration);
	int r = feed_pieces(feed_registration, reader, text, piece);
	if (r == 0)
		r = fp_registration_reader_finish(reader, &error);
	render_list(&registration.versions, buf);
	for (size_t i = 0; i < registration.page_count; i++)
		fp_buf_addf(buf, "@%s|%s;", registration.pages[i].url, registration.pages[i].stamp);
	render_counts(registration.foreign, registration.nameless, registration.content, buf);
	if (r < 0)
		render_error(r, buf);
}

static int feed_v2(void *reader, const char *data, size_t len, struct fp_error *error)
{
	return fp_v2_reader_feed(reader, data, len, error);
}

void render_v2(struct fp_str text, const char *package_id, size_t piece, struct fp_buf *buf)
{
	struct fp_error error;
	FP_CLEANUP(fp_v2_page_release) struct fp_v2_page page;
	fp_v2_page_init(&page, MAX_VERSIONS);
	FP_CLEANUP(fp_v2_reader_free_cleanup)
	struct fp_v2_reader *reader = fp_v2_reader_new(package_id, MAX_BYTES, MAX_DEPTH, &page);
	int r = feed_pieces(feed_v2, reader, text, piece);
	if (r == 0)
		r = fp_v2_reader_finish(reader, &error);
	render_list(&page.versions, buf);
	if (page.next)
		fp_buf_addf(buf, "next=%s;", page.next);
	render_counts(page.foreign, page.nameless, page.content, buf);
	if (r < 0)
		render_error(r, buf);
}

void render_index(struct fp_str text, const char *url, struct fp_buf *buf)
{
	static const char *const names[FP_RESOURCE_COUNT] = {"flat", "reg", "v2"};
	FP_CLEANUP(fp_service_index_release) struct fp_service_index index = {0};
	struct fp_error error;
	int r = fp_service_index_read(text, url, &index, &error);
	if (r < 0) {
		render_error(r, buf);
		return;
	}
	for (size_t i = 0; i < FP_RESOURCE_COUNT; i++)
		if (index.url[i])
			fp_buf_addf(buf, "%s=%s(%s);", names[i], index.url[i], index.type[i]);
	if (index.holds_semver2)
		fp_buf_add_text(buf, "semver2;");
}
