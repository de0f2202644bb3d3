/* The layer's face: options with their defaults, and the protocol that a look goes to. */
#include "forkpoint/feed/feed.h"

#include "forkpoint/base/array.h"
#include "forkpoint/base/time.h"
#include "forkpoint/feed/feed_state.h"
#include "forkpoint/feed/url.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* What an option of 0 means: the settings' own defaults. */
static void fill_defaults(struct fp_feed_options *options)
{
	if (options->connect_timeout_us <= 0)
		options->connect_timeout_us = 10 * FP_US_PER_S;
	if (options->first_byte_timeout_us <= 0)
		options->first_byte_timeout_us = 30 * FP_US_PER_S;
	if (options->stall_timeout_us <= 0)
		options->stall_timeout_us = 30 * FP_US_PER_S;
	if (options->total_timeout_us <= 0)
		options->total_timeout_us = 300 * FP_US_PER_S;
	if (options->max_document_bytes == 0)
		options->max_document_bytes = UINT64_C(512) << 20;
	if (options->max_versions == 0)
		options->max_versions = 1000000;
	if (options->max_pages == 0)
		options->max_pages = 20000;
	if (options->max_depth == 0)
		options->max_depth = 64;
	if (!options->name)
		options->name = "feed";
}

/* file://HERE/path, percent-encoded but for its slashes. */
static char *url_of_path(const char *path)
{
	FP_CLEANUP_BUF struct fp_buf url;
	fp_buf_init(&url, 4 * FP_URL_MAX_BYTES);
	fp_buf_add_text(&url, "file://");
	FP_CLEANUP_FREE char *here = path[0] == '/' ? NULL : getcwd(NULL, 0);
	const char *parts[] = {here ? here : "", here ? "/" : "", path};
	for (size_t i = 0; i < FP_ARRAY_SIZE(parts); i++) {
		for (const char *at = parts[i]; *at; at++) {
			if (*at == '/')
				fp_buf_add_char(&url, '/');
			else
				fp_url_escape(fp_str_n(at, 1), &url);
		}
	}
	return url.state == FP_BUF_OK ? fp_buf_take(&url) : NULL;
}

static int set_url(struct fp_feed *feed, const char *url, struct fp_error *error)
{
	if (!url || !*url)
		return fp_error_set(error, FP_ERROR_INVALID, "the feed has no URL");
	bool is_path = !fp_url_is_http(url) && !fp_url_is_file(url) && !strstr(url, "://");
	feed->url = is_path ? url_of_path(url) : fp_str_dup(fp_str(url));
	if (!feed->url)
		return fp_error_memory(error);
	feed->options.url = feed->url;
	return fp_url_check(feed->url, error);
}

static int check_kind(const struct fp_feed *feed, struct fp_error *error)
{
	bool is_file = fp_url_is_file(feed->url);
	if (feed->kind == FP_FEED_V2 && is_file)
		return fp_error_set(error, FP_ERROR_INVALID,
			"a v2 feed needs an http or https URL, not %s", feed->url);
	if (feed->kind == FP_FEED_FOLDER && !is_file)
		return fp_error_set(error, FP_ERROR_INVALID,
			"a folder is given as a path or a file URL, not as %.*s",
			FP_STR_ARG(fp_url_shown(feed->url)));
	return 0;
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
	int r = set_url(made, options->url, error);
	if (r == 0)
		r = check_kind(made, error);
	if (r == 0)
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
	fp_v2_free(feed->v2);
	fp_folder_free(feed->folder);
	fp_fetcher_free(feed->fetcher);
	for (size_t i = 0; i < feed->remembered_count; i++) {
		free(feed->remembered[i].id);
		free(feed->remembered[i].download);
	}
	free(feed->remembered);
	free(feed->v2_url);
	free(feed->url);
	free(feed);
}

int fp_feed_offers_nothing(const struct fp_feed *feed, struct fp_error *error)
{
	return fp_error_set(error, FP_ERROR_INVALID,
		"%.*s offers nothing that lists versions: no flat container, no registrations, no "
		"LegacyGallery",
		FP_STR_ARG(fp_url_shown(feed->url)));
}

/* A v3 feed with neither flat container nor registrations: its LegacyGallery answers. */
static int look_gallery(struct fp_feed *feed, const char *package_id, struct fp_listing *listing,
	struct fp_feed_report *report, struct fp_error *error)
{
	const char *url = fp_v3_index(feed->v3)->url[FP_RESOURCE_LEGACY_GALLERY];
	if (!url)
		return fp_feed_offers_nothing(feed, error);
	if (feed->v2 && strcmp(feed->v2_url, url) != 0) {
		fp_v2_free(feed->v2);
		free(feed->v2_url);
		feed->v2 = NULL;
		feed->v2_url = NULL;
	}
	if (!feed->v2) {
		feed->v2_url = fp_str_dup(fp_str(url));
		feed->v2 = fp_v2_new(&feed->options, feed->fetcher, url);
	}
	if (!feed->v2 || !feed->v2_url)
		return fp_error_memory(error);
	return fp_v2_look(feed->v2, package_id, listing, report, error);
}

static int look_v3(struct fp_feed *feed, const char *package_id, struct fp_listing *listing,
	struct fp_feed_report *report, struct fp_error *error)
{
	int r = fp_v3_open(feed->v3, error);
	if (r < 0)
		return r;
	const struct fp_service_index *index = fp_v3_index(feed->v3);
	if (index->url[FP_RESOURCE_FLAT_CONTAINER] || index->url[FP_RESOURCE_REGISTRATION])
		return fp_v3_look(feed->v3, package_id, listing, report, error);
	return look_gallery(feed, package_id, listing, report, error);
}

static int look(struct fp_feed *feed, const char *package_id, struct fp_listing *listing,
	struct fp_feed_report *report, struct fp_error *error)
{
	int r = fp_feed_discover(feed, package_id, error);
	if (r < 0)
		return r;
	if (feed->folder)
		return fp_folder_look(feed->folder, package_id, listing, report, error);
	if (feed->v3)
		return look_v3(feed, package_id, listing, report, error);
	return fp_v2_look(feed->v2, package_id, listing, report, error);
}

static const char *protocol_name(const struct fp_feed *feed)
{
	if (feed->folder)
		return "folder";
	if (feed->v3)
		return feed->v2 ? "v2 through v3" : "v3";
	return feed->v2 ? "v2" : "";
}

struct fp_feed_remembered *fp_feed_recall(const struct fp_feed *feed, const char *package_id)
{
	for (size_t i = 0; i < feed->remembered_count; i++)
		if (strcasecmp(feed->remembered[i].id, package_id) == 0)
			return &feed->remembered[i];
	return NULL;
}

static struct fp_feed_remembered *make_remembered(struct fp_feed *feed, const char *package_id)
{
	struct fp_feed_remembered *known = fp_feed_recall(feed, package_id);
	if (known)
		return known;
	if (fp_array_reserve((void **)&feed->remembered, &feed->remembered_capacity,
		    feed->remembered_count + 1, sizeof(*feed->remembered)) < 0)
		return NULL;
	char *id = fp_str_dup(fp_str(package_id));
	if (!id)
		return NULL;
	known = &feed->remembered[feed->remembered_count++];
	*known = (struct fp_feed_remembered){.id = id};
	return known;
}

static int remember(struct fp_feed *feed, const char *package_id, const struct fp_listing *listing,
	const struct fp_feed_report *report)
{
	struct fp_feed_remembered *known = make_remembered(feed, package_id);
	char *download = listing->download ? fp_str_dup(fp_str(listing->download)) : NULL;
	if (!known || (listing->download && !download)) {
		free(download);
		return -FP_ERROR_MEMORY;
	}
	free(known->download);
	known->download = download;
	memcpy(known->note, report->note, sizeof(known->note));
	return 0;
}

static void fill_report(
	const struct fp_feed *feed, const char *package_id, int r, struct fp_feed_report *report)
{
	report->requests = fp_fetcher_requests(feed->fetcher);
	report->bytes = fp_fetcher_bytes(feed->fetcher);
	report->retry_after_us = fp_fetcher_retry_after_us(feed->fetcher);
	snprintf(report->protocol, sizeof(report->protocol), "%s", protocol_name(feed));
	const struct fp_feed_remembered *known = fp_feed_recall(feed, package_id);
	if (r == FP_FEED_UNCHANGED && known)
		memcpy(report->note, known->note, sizeof(report->note));
}

void fp_feed_ask_anew(struct fp_feed *feed, bool anew)
{
	fp_fetcher_ask_anew(feed->fetcher, anew);
}

int fp_feed_look(struct fp_feed *feed, const char *package_id, struct fp_listing *listing,
	struct fp_feed_report *report, struct fp_error *error)
{
	*report = (struct fp_feed_report){0};
	FP_CLEANUP(fp_listing_release) struct fp_listing made = {0};
	fp_fetcher_start(feed->fetcher);
	int r = look(feed, package_id, &made, report, error);
	fill_report(feed, package_id, r, report);
	if (r == 0 && remember(feed, package_id, &made, report) < 0)
		return fp_error_memory(error);
	if (r == 0) {
		*listing = made;
		made = (struct fp_listing){0};
	}
	return r;
}
