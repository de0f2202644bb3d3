/*
 * Finding out a feed's protocol. A folder or file says it by what it is. Over HTTP the configured
 * URL is asked first, then {url}/index.json, then FindPackagesById below it; the first answer that
 * is a service index (v3), or a service document or feed in XML (v2), decides: other XML, such as
 * the listing of a storage bucket, says nothing. Credentials that are refused and servers that are
 * down decide nothing: the next look tries again.
 */
#include "forkpoint/base/xml_read.h"
#include "forkpoint/feed/body.h"
#include "forkpoint/feed/feed_state.h"
#include "forkpoint/feed/url.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

enum { SAMPLE_BYTES = 4 << 20 };

static int set_v3(struct fp_feed *feed, const char *index_url, struct fp_error *error)
{
	feed->v3 = fp_v3_new(&feed->options, feed->fetcher, index_url);
	if (!feed->v3)
		return fp_error_memory(error);
	feed->kind = FP_FEED_V3;
	return 0;
}

static int set_v2(struct fp_feed *feed, const char *base_url, struct fp_error *error)
{
	feed->v2_url = fp_str_dup(fp_str(base_url));
	feed->v2 = fp_v2_new(&feed->options, feed->fetcher, base_url);
	if (!feed->v2 || !feed->v2_url)
		return fp_error_memory(error);
	feed->kind = FP_FEED_V2;
	return 0;
}

static int set_folder(struct fp_feed *feed, const char *path, struct fp_error *error)
{
	feed->folder = fp_folder_new(&feed->options, path);
	if (!feed->folder)
		return fp_error_memory(error);
	feed->kind = FP_FEED_FOLDER;
	return 0;
}

/* The start of a body is enough; the rest is let go. */
static int collect_sample(void *context, const char *data, size_t len, struct fp_error *error)
{
	struct fp_buf *sample = context;
	size_t room = SAMPLE_BYTES - sample->len;
	fp_buf_add(sample, data, len < room ? len : room);
	return 0;
}

enum speech { SPEAKS_NOTHING, SPEAKS_V3, SPEAKS_V2, SHOWS_HTML };

static int on_root(void *context, struct fp_xml_name name,
	const struct fp_xml_attribute *attributes, size_t count, struct fp_error *error)
{
	*(bool *)context = fp_str_equal(name.local, fp_str("service")) ||
			   fp_str_equal(name.local, fp_str("feed")) ||
			   fp_str_equal(name.local, fp_str("entry"));
	return 1;
}

static bool is_v2(struct fp_str body)
{
	static const struct fp_xml_events events = {.element_begin = on_root};
	static const struct fp_xml_limits limits = {
		.max_bytes = SAMPLE_BYTES, .max_depth = 8, .max_text_bytes = SAMPLE_BYTES};
	bool speaks = false;
	fp_xml_parse(body, &events, &limits, &speaks, NULL);
	return speaks;
}

/* why: what is wrong with a document that could be a service index; NULL = of no interest. */
static enum speech speech_of(struct fp_str body, const char *url, struct fp_error *why)
{
	struct fp_str start = fp_str_trim(body);
	if (start.len >= 3 && memcmp(start.ptr, "\xef\xbb\xbf", 3) == 0)
		start = fp_str_trim(fp_str_n(start.ptr + 3, start.len - 3));
	if (start.len == 0)
		return SPEAKS_NOTHING;
	if (start.ptr[0] == '{') {
		FP_CLEANUP(fp_service_index_release) struct fp_service_index index = {0};
		bool is_index = fp_service_index_read(start, url, &index, why) == 0;
		return is_index ? SPEAKS_V3 : SPEAKS_NOTHING;
	}
	if (start.ptr[0] == '<' && fp_body_sniff(FP_BODY_XML, start, NULL) < 0)
		return SHOWS_HTML;
	return is_v2(body) ? SPEAKS_V2 : SPEAKS_NOTHING;
}

/* Asks one URL. Only credentials, the network and ourselves are errors here; what else is wrong
 * with its answer is put into why. */
static int listen_to(struct fp_feed *feed, const char *url, enum speech *speech,
	struct fp_error *why, struct fp_error *error)
{
	FP_CLEANUP_BUF struct fp_buf sample;
	fp_buf_init(&sample, SAMPLE_BYTES);
	FP_CLEANUP(fp_fetch_release)
	struct fp_fetch fetch = {.url = url, .body = collect_sample, .context = &sample};
	*speech = SPEAKS_NOTHING;
	int r = fp_fetcher_run(feed->fetcher, &fetch, 1, error);
	if (r == -FP_ERROR_INVALID) {
		if (why && error)
			*why = *error;
		return 0;
	}
	if (r < 0)
		return r;
	if (fetch.result != 0)
		return 0;
	struct fp_str body = fp_buf_str(&sample);
	*speech = speech_of(body, url, why);
	/* a page to sign in on is an answer of its own, whatever lies beside it */
	if (*speech == SHOWS_HTML && fp_body_sniff(FP_BODY_XML, body, error) == -FP_ERROR_DENIED) {
		fp_error_prefix(error, "%.*s", FP_STR_ARG(fp_url_shown(url)));
		return -FP_ERROR_DENIED;
	}
	return 0;
}

static int listen_below(struct fp_feed *feed, const char *below, enum speech *speech,
	char **url_asked, struct fp_error *error)
{
	char *url = fp_url_join(feed->url, below);
	if (!url)
		return fp_error_memory(error);
	*url_asked = url;
	return listen_to(feed, url, speech, NULL, error);
}

/* why: of the configured URL's own answer. */
static int nothing_found(struct fp_feed *feed, const struct fp_error *why, struct fp_error *error)
{
	return fp_error_set(error, FP_ERROR_INVALID,
		"%.*s is no NuGet feed: neither it nor index.json below it is a v3 service index, "
		"and it does not answer as v2%s%s",
		FP_STR_ARG(fp_url_shown(feed->url)), why->text[0] ? "; " : "", why->text);
}

static int discover_v2(struct fp_feed *feed, const char *package_id, const struct fp_error *why,
	struct fp_error *error)
{
	FP_CLEANUP_BUF struct fp_buf query;
	fp_buf_init(&query, FP_URL_MAX_BYTES);
	fp_buf_add_text(&query, "FindPackagesById()?id='");
	fp_url_escape(fp_str(package_id ? package_id : "forkpoint"), &query);
	fp_buf_add_text(&query, "'&semVerLevel=2.0.0");
	int r = fp_buf_check(&query, error);
	if (r < 0)
		return r;
	enum speech speech;
	FP_CLEANUP_FREE char *url = NULL;
	r = listen_below(feed, query.data, &speech, &url, error);
	if (r < 0)
		return r;
	return speech == SPEAKS_V2 ? set_v2(feed, feed->url, error)
				   : nothing_found(feed, why, error);
}

static int discover_http(struct fp_feed *feed, const char *package_id, struct fp_error *error)
{
	enum speech speech;
	struct fp_error why = {0};
	int r = listen_to(feed, feed->url, &speech, &why, error);
	if (r < 0)
		return r;
	if (speech == SHOWS_HTML)
		fp_error_set(&why, FP_ERROR_INVALID, "it shows an HTML page");
	if (speech == SPEAKS_V3)
		return set_v3(feed, feed->url, error);
	if (speech == SPEAKS_V2)
		return set_v2(feed, feed->url, error);
	FP_CLEANUP_FREE char *index_url = NULL;
	r = listen_below(feed, "index.json", &speech, &index_url, error);
	if (r < 0)
		return r;
	if (speech == SPEAKS_V3)
		return set_v3(feed, index_url, error);
	return discover_v2(feed, package_id, &why, error);
}

static bool is_file(const char *path)
{
	struct stat st;
	return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

/* A folder with an index.json is a static v3 feed, unless it is configured as a folder. */
static int discover_folder(struct fp_feed *feed, const char *path, struct fp_error *error)
{
	FP_CLEANUP_FREE char *index_url = fp_url_join(feed->url, "index.json");
	FP_CLEANUP_FREE char *index_path = index_url ? fp_url_to_path(index_url) : NULL;
	if (!index_path)
		return fp_error_memory(error);
	bool is_v3 = feed->kind == FP_FEED_V3;
	if (feed->kind == FP_FEED_AUTO && is_file(index_path)) {
		enum speech speech;
		int r = listen_to(feed, index_url, &speech, NULL, error);
		if (r < 0)
			return r;
		is_v3 = speech == SPEAKS_V3;
	}
	return is_v3 ? set_v3(feed, index_url, error) : set_folder(feed, path, error);
}

static int discover_local(struct fp_feed *feed, struct fp_error *error)
{
	FP_CLEANUP_FREE char *path = fp_url_to_path(feed->url);
	if (!path)
		return fp_error_set(error, FP_ERROR_INVALID, "%s names no local path", feed->url);
	struct stat st;
	/* unavailable, not invalid: a share can be away for a while */
	if (stat(path, &st) != 0)
		return fp_error_set(error, errno == EACCES ? FP_ERROR_DENIED : FP_ERROR_UNAVAILABLE,
			"cannot read the feed at %s: %s", path, strerror(errno));
	if (S_ISDIR(st.st_mode))
		return discover_folder(feed, path, error);
	if (feed->kind == FP_FEED_FOLDER)
		return fp_error_set(error, FP_ERROR_INVALID, "%s is no folder", path);
	return set_v3(feed, feed->url, error);
}

int fp_feed_discover(struct fp_feed *feed, const char *package_id, struct fp_error *error)
{
	if (feed->v3 || feed->v2 || feed->folder)
		return 0;
	if (fp_url_is_file(feed->url))
		return discover_local(feed, error);
	if (feed->kind == FP_FEED_V3)
		return set_v3(feed, feed->url, error);
	if (feed->kind == FP_FEED_V2)
		return set_v2(feed, feed->url, error);
	return discover_http(feed, package_id, error);
}
