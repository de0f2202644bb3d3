/*
 * The probe: what a feed offers, for an operator who is about to configure it. Each resource is
 * asked on its own, with its time, so that what is missing and where they differ can be seen.
 */
#include "forkpoint/base/map.h"
#include "forkpoint/base/time.h"
#include "forkpoint/core/nuget_version.h"
#include "forkpoint/feed/feed_state.h"
#include "forkpoint/feed/url.h"

#include <string.h>

enum { SHOWN_DIFFERENCES = 5 };

/* What one resource said about the package. */
struct answer {
	const char *name; /* NULL = was not asked */
	bool has_listing;
	struct fp_listing listing;
	struct fp_map keys; /* of the listing */
};

struct probe {
	struct fp_feed *feed;
	const char *package_id; /* may be NULL */
	struct fp_buf *out;
	struct answer answers[FP_RESOURCE_COUNT];
};

static void probe_release(struct probe *probe)
{
	for (size_t i = 0; i < FP_RESOURCE_COUNT; i++) {
		fp_listing_release(&probe->answers[i].listing);
		fp_map_release(&probe->answers[i].keys);
	}
}

static void add_ms(struct fp_buf *out, int64_t us)
{
	fp_buf_addf(out, "%lld.%lld ms", (long long)(us / 1000), (long long)(us % 1000 / 100));
}

static void add_url(struct fp_buf *out, const char *url)
{
	fp_buf_add_str(out, fp_url_shown(url));
}

static void add_key(struct fp_str version, struct fp_buf *key)
{
	fp_buf_clear(key);
	fp_version_key(version, key);
}

static int fill_keys(struct answer *answer)
{
	FP_CLEANUP_BUF struct fp_buf key;
	fp_buf_init(&key, 4096);
	for (size_t i = 0; i < answer->listing.count; i++) {
		add_key(answer->listing.versions[i].text, &key);
		if (fp_map_set(&answer->keys, fp_buf_str(&key), (uint32_t)i) < 0)
			return -FP_ERROR_MEMORY;
	}
	return 0;
}

static void write_listing(struct fp_buf *out, const struct fp_listing *listing)
{
	size_t unlisted = 0, undated = 0;
	for (size_t i = 0; i < listing->count; i++) {
		unlisted += listing->versions[i].listed == FP_LISTED_NO;
		undated += listing->versions[i].published_us < 0;
	}
	fp_buf_addf(out, "%zu versions", listing->count);
	if (unlisted > 0)
		fp_buf_addf(out, ", %zu of them unlisted", unlisted);
	if (undated > 0)
		fp_buf_addf(out, ", %zu without a time of publication", undated);
	if (listing->count > 0)
		fp_buf_addf(out, ", newest %.*s",
			FP_STR_ARG(listing->versions[listing->count - 1].text));
	if (!listing->complete)
		fp_buf_add_text(out, ", incomplete");
}

/* One line for one resource's look, whatever came of it. */
static int write_look(struct probe *probe, struct answer *answer, int r, int64_t started,
	const struct fp_feed_report *report, const struct fp_error *failure, struct fp_error *error)
{
	unsigned requests = fp_fetcher_requests(probe->feed->fetcher);
	struct fp_buf *out = probe->out;

	fp_buf_addf(out, "  %s: ", answer->name);
	if (r == 0) {
		write_listing(out, &answer->listing);
		answer->has_listing = true;
		if (fill_keys(answer) < 0)
			return fp_error_memory(error);
	} else if (r == FP_FEED_NO_PACKAGE) {
		fp_buf_add_text(out, "knows no such package");
	} else {
		fp_buf_addf(out, "%s: %s", fp_error_code_name(failure->code), failure->text);
	}
	fp_buf_add_text(out, " (");
	add_ms(out, fp_clock_monotonic_us() - started);
	fp_buf_addf(out, ", %u request%s, %llu bytes)\n", requests, requests == 1 ? "" : "s",
		(unsigned long long)fp_fetcher_bytes(probe->feed->fetcher));
	if (report->note[0])
		fp_buf_addf(out, "    %s\n", report->note);
	return 0;
}

static int look_at_resource(struct probe *probe, enum fp_resource resource, struct fp_error *error)
{
	struct fp_feed *feed = probe->feed;
	const struct fp_service_index *index = fp_v3_index(feed->v3);
	struct answer *answer = &probe->answers[resource];
	struct fp_feed_report report = {0};
	struct fp_error failure = {0};
	int64_t started = fp_clock_monotonic_us();
	answer->name = fp_resource_name(resource);
	fp_fetcher_start(feed->fetcher);
	int r;
	if (resource == FP_RESOURCE_LEGACY_GALLERY) {
		FP_CLEANUP(fp_v2_free_cleanup)
		struct fp_v2 *v2 = fp_v2_new(&feed->options, feed->fetcher, index->url[resource]);
		r = v2 ? fp_v2_look(v2, probe->package_id, &answer->listing, &report, &failure)
		       : fp_error_memory(&failure);
	} else {
		FP_CLEANUP(fp_v3_free_cleanup)
		struct fp_v3 *v3 = fp_v3_new_single(&feed->options, feed->fetcher, index, resource);
		r = v3 ? fp_v3_look(v3, probe->package_id, &answer->listing, &report, &failure)
		       : fp_error_memory(&failure);
	}
	return write_look(probe, answer, r, started, &report, &failure, error);
}

/* Versions of `a` that `b` lacks. */
static void write_difference(struct fp_buf *out, const struct answer *a, const struct answer *b)
{
	FP_CLEANUP_BUF struct fp_buf key;
	fp_buf_init(&key, 4096);
	size_t missing = 0;
	for (size_t i = 0; i < a->listing.count; i++) {
		uint32_t at;
		add_key(a->listing.versions[i].text, &key);
		if (fp_map_get(&b->keys, fp_buf_str(&key), &at))
			continue;
		if (missing == 0)
			fp_buf_addf(out, "  in the %s but not in the %s:", a->name, b->name);
		if (missing++ < SHOWN_DIFFERENCES)
			fp_buf_addf(out, " %.*s", FP_STR_ARG(a->listing.versions[i].text));
	}
	if (missing > SHOWN_DIFFERENCES)
		fp_buf_addf(out, " and %zu more", missing - SHOWN_DIFFERENCES);
	if (missing > 0)
		fp_buf_add_char(out, '\n');
}

static void write_differences(struct probe *probe)
{
	bool differ = false;
	size_t asked = 0, before = probe->out->len;
	for (size_t i = 0; i < FP_RESOURCE_COUNT; i++) {
		asked += probe->answers[i].has_listing;
		for (size_t k = 0; k < FP_RESOURCE_COUNT; k++)
			if (i != k && probe->answers[i].has_listing &&
				probe->answers[k].has_listing)
				write_difference(
					probe->out, &probe->answers[i], &probe->answers[k]);
	}
	differ = probe->out->len > before;
	if (asked > 1 && !differ)
		fp_buf_add_text(probe->out, "  all of them list the same versions\n");
}

/* Returns how many there are. */
static size_t write_resources(struct probe *probe)
{
	static const char *const answers[FP_RESOURCE_COUNT] = {
		[FP_RESOURCE_FLAT_CONTAINER] = "which versions there are",
		[FP_RESOURCE_REGISTRATION] = "which are listed, and when they were published",
		[FP_RESOURCE_LEGACY_GALLERY] = "both, over v2, if the others are missing",
	};
	struct fp_buf *out = probe->out;
	const struct fp_service_index *index = fp_v3_index(probe->feed->v3);
	size_t offered = 0;
	for (size_t i = 0; i < FP_RESOURCE_COUNT; i++) {
		offered += index->url[i] != NULL;
		fp_buf_addf(out, "%s: ", fp_resource_name((enum fp_resource)i));
		if (!index->url[i]) {
			fp_buf_addf(out, "missing (would answer: %s)\n", answers[i]);
			continue;
		}
		fp_buf_addf(out, "%s at ", index->type[i]);
		add_url(out, index->url[i]);
		fp_buf_addf(out, " (answers: %s)\n", answers[i]);
		if (i == FP_RESOURCE_REGISTRATION && !index->holds_semver2)
			fp_buf_add_text(out, "  this hive does not hold SemVer 2 packages\n");
	}
	if (index->ignored > 0)
		fp_buf_addf(out, "%zu resources of known types have an id that is no usable URL\n",
			index->ignored);
	return offered;
}

static int probe_v3(struct probe *probe, struct fp_error *error)
{
	struct fp_feed *feed = probe->feed;
	int64_t started = fp_clock_monotonic_us();
	int r = fp_v3_open(feed->v3, error);
	if (r < 0)
		return r;
	fp_buf_add_text(probe->out, "service index: read in ");
	add_ms(probe->out, fp_clock_monotonic_us() - started);
	fp_buf_add_char(probe->out, '\n');
	if (write_resources(probe) == 0)
		return fp_feed_offers_nothing(feed, error);
	if (!probe->package_id)
		return 0;
	fp_buf_addf(probe->out, "package %s:\n", probe->package_id);
	for (size_t i = 0; i < FP_RESOURCE_COUNT && r == 0; i++)
		if (fp_v3_index(feed->v3)->url[i])
			r = look_at_resource(probe, (enum fp_resource)i, error);
	write_differences(probe);
	return r;
}

/* v2 and folders have one source of everything. */
static int probe_single(struct probe *probe, const char *name, struct fp_error *error)
{
	if (!probe->package_id)
		return 0;
	struct answer *answer = &probe->answers[0];
	struct fp_feed_report report = {0};
	struct fp_error failure = {0};
	int64_t started = fp_clock_monotonic_us();
	answer->name = name;
	int r = fp_feed_look(probe->feed, probe->package_id, &answer->listing, &report, &failure);
	fp_buf_addf(probe->out, "package %s:\n", probe->package_id);
	return write_look(probe, answer, r, started, &report, &failure, error);
}

int fp_feed_probe(
	struct fp_feed *feed, const char *package_id, struct fp_buf *out, struct fp_error *error)
{
	FP_CLEANUP(probe_release)
	struct probe probe = {.feed = feed, .package_id = package_id, .out = out};
	bool asked_for = feed->kind != FP_FEED_AUTO;
	fp_fetcher_start(feed->fetcher);
	int64_t started = fp_clock_monotonic_us();
	int r = fp_feed_discover(feed, package_id, error);
	if (r < 0)
		return r;
	static const char *const names[] = {
		[FP_FEED_AUTO] = "auto",
		[FP_FEED_V3] = "v3",
		[FP_FEED_V2] = "v2",
		[FP_FEED_FOLDER] = "folder",
	};
	fp_buf_add_text(out, "feed: ");
	add_url(out, feed->url);
	fp_buf_addf(out, "\nprotocol: %s (%s, ", names[feed->kind],
		asked_for ? "as configured" : "found out");
	add_ms(out, fp_clock_monotonic_us() - started);
	fp_buf_add_text(out, ")\n");
	if (feed->v3)
		return probe_v3(&probe, error);
	return probe_single(&probe, names[feed->kind], error);
}
