/* Whether a package file can be downloaded. */
#include "forkpoint/core/package_url.h"
#include "forkpoint/base/time.h"
#include "forkpoint/feed/feed_state.h"
#include "forkpoint/feed/url.h"

#include <string.h>

/* Where the packages of this id lie: as the last listing said, or as the protocol has it. */
static int find_template(
	struct fp_feed *feed, const char *package_id, char **template_url, struct fp_error *error)
{
	const struct fp_feed_remembered *known = fp_feed_recall(feed, package_id);
	if (known && known->download) {
		*template_url = fp_str_dup(fp_str(known->download));
		return *template_url ? 0 : fp_error_memory(error);
	}
	if (feed->v3) {
		int r = fp_v3_open(feed->v3, error);
		if (r < 0)
			return r;
		const char *flat = fp_v3_index(feed->v3)->url[FP_RESOURCE_FLAT_CONTAINER];
		*template_url = flat ? fp_v3_download_template(flat) : NULL;
	} else {
		*template_url = fp_url_join(feed->v2_url, "package/{id-lower}/{version-lower}");
	}
	if (!*template_url)
		return fp_error_set(error, FP_ERROR_UNAVAILABLE,
			"the feed has not said yet where its packages can be downloaded");
	return 0;
}

/* A server that does not know HEAD is asked with GET, and hung up on at the first bytes; so is a
 * storage whose signed addresses, which feeds redirect to, are good for GET alone (403). */
static int hang_up(void *context, const char *data, size_t len, struct fp_error *error)
{
	*(bool *)context = true;
	return 0;
}

static int ask(struct fp_feed *feed, const char *url, struct fp_error *error)
{
	FP_CLEANUP(fp_fetch_release) struct fp_fetch fetch = {.url = url, .head = true};
	int r = fp_fetcher_run(feed->fetcher, &fetch, 1, error);
	if (r < 0 && (fetch.status == 403 || fetch.status == 405 || fetch.status == 501)) {
		bool came = false;
		fp_fetch_release(&fetch);
		fetch = (struct fp_fetch){.url = url, .body = hang_up, .context = &came};
		r = fp_fetcher_run(feed->fetcher, &fetch, 1, error);
	}
	if (r < 0)
		return r;
	return fetch.result == FP_FETCH_NOT_FOUND || fetch.result == FP_FETCH_EMPTY;
}

int fp_feed_check_download(
	struct fp_feed *feed, const char *package_id, struct fp_str version, struct fp_error *error)
{
	fp_fetcher_start(feed->fetcher);
	int r = fp_feed_discover(feed, package_id, error);
	if (r < 0)
		return r;
	if (feed->folder)
		return fp_folder_check(feed->folder, package_id, version, error);
	FP_CLEANUP_FREE char *template_url = NULL;
	r = find_template(feed, package_id, &template_url, error);
	if (r < 0)
		return r;
	FP_CLEANUP_BUF struct fp_buf url;
	fp_buf_init(&url, 4 * FP_URL_MAX_BYTES);
	fp_package_url_write(template_url, fp_str(package_id), version, &url);
	r = fp_buf_check(&url, error);
	return r < 0 ? r : ask(feed, url.data, error);
}
