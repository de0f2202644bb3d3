/* The layer's face: options with their defaults, and the protocol that a look goes to. */
#include "forkpoint/feed/feed.h"

#include "forkpoint/base/time.h"
#include "forkpoint/core/nuget_version.h"
#include "forkpoint/feed/feed_state.h"
#include "forkpoint/feed/url.h"

#include <stdlib.h>
#include <stdio.h>
#include <string.h>

/* What an option of 0 means. */
static void fill_defaults(struct fp_feed_options *options)
{
	if (options->connect_timeout_us <= 0)
		options->connect_timeout_us = 10 * FP_US_PER_S;
	if (options->first_byte_timeout_us <= 0)
		options->first_byte_timeout_us = 60 * FP_US_PER_S;
	if (options->stall_timeout_us <= 0)
		options->stall_timeout_us = 30 * FP_US_PER_S;
	if (options->total_timeout_us <= 0)
		options->total_timeout_us = 600 * FP_US_PER_S;
	if (options->max_document_bytes == 0)
		options->max_document_bytes = UINT64_C(1) << 30;
	if (options->max_versions == 0)
		options->max_versions = 1000000;
	if (options->max_pages == 0)
		options->max_pages = 20000;
	if (!options->name)
		options->name = "feed";
}

int fp_feed_new(
	const struct fp_feed_options *options, struct fp_feed **feed, struct fp_error *error)
{
	FP_CLEANUP(fp_feed_free_cleanup) struct fp_feed *made = calloc(1, sizeof(*made));
	if (!made)
		return fp_error_memory(error);
	made->options = *options;
	fill_defaults(&made->options);
	made->kind = options->kind;
	int r = fp_url_check(options->url, error);
	if (r < 0)
		return r;
	made->url = fp_str_dup(fp_str(options->url));
	if (!made->url)
		return fp_error_memory(error);
	made->options.url = made->url;
	r = fp_fetcher_new(&made->options, &made->fetcher, error);
	if (r < 0)
		return r;
	*feed = made;
	made = NULL;
	return 0;
}

void fp_feed_free(struct fp_feed *feed)
{
	if (!feed)
		return;
	fp_v3_free(feed->v3);
	fp_fetcher_free(feed->fetcher);
	free(feed->url);
	free(feed);
}

static int look_v3(struct fp_feed *feed, const char *package_id, struct fp_listing *listing,
	struct fp_feed_report *report, struct fp_error *error)
{
	if (!feed->v3)
		feed->v3 = fp_v3_new(&feed->options, feed->fetcher, feed->url);
	if (!feed->v3)
		return fp_error_memory(error);
	int r = fp_v3_open(feed->v3, error);
	return r < 0 ? r : fp_v3_look(feed->v3, package_id, listing, report, error);
}

int fp_feed_look(struct fp_feed *feed, const char *package_id, struct fp_listing *listing,
	struct fp_feed_report *report, struct fp_error *error)
{
	*report = (struct fp_feed_report){0};
	fp_fetcher_start(feed->fetcher);
	int r = look_v3(feed, package_id, listing, report, error);
	report->requests = fp_fetcher_requests(feed->fetcher);
	report->bytes = fp_fetcher_bytes(feed->fetcher);
	report->retry_after_us = fp_fetcher_retry_after_us(feed->fetcher);
	snprintf(report->protocol, sizeof(report->protocol), "v3");
	return r;
}

int fp_feed_check_download(
	struct fp_feed *feed, const char *package_id, struct fp_str version, struct fp_error *error)
{
	return fp_error_set(error, FP_ERROR_INTERNAL, "not yet");
}

int fp_feed_probe(
	struct fp_feed *feed, const char *package_id, struct fp_buf *out, struct fp_error *error)
{
	return fp_error_set(error, FP_ERROR_INTERNAL, "not yet");
}

/* One placeholder's value, lower case, safe in a URL. */
static void add_lower(struct fp_str text, struct fp_buf *buf)
{
	for (size_t i = 0; i < text.len; i++) {
		char lower = fp_char_lower(text.ptr[i]);
		fp_url_escape(fp_str_n(&lower, 1), buf);
	}
}

void fp_feed_download_url(
	const char *template_url, const char *package_id, struct fp_str version, struct fp_buf *buf)
{
	static const struct fp_str id_lower = FP_STR_LITERAL("{id-lower}");
	static const struct fp_str version_lower = FP_STR_LITERAL("{version-lower}");
	FP_CLEANUP_BUF struct fp_buf key;
	fp_buf_init(&key, 1024);
	fp_version_key(version, &key);
	for (const char *at = template_url; *at;) {
		if (strncmp(at, id_lower.ptr, id_lower.len) == 0) {
			add_lower(fp_str(package_id), buf);
			at += id_lower.len;
		} else if (strncmp(at, version_lower.ptr, version_lower.len) == 0) {
			add_lower(fp_buf_str(&key), buf);
			at += version_lower.len;
		} else {
			fp_buf_add_char(buf, *at++);
		}
	}
}
