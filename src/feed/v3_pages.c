/*
 * External registration pages. An index that names a page's commit (id and time) says with it that
 * the page is as it was: such a page is not asked for again, so that one new version among a
 * hundred thousand costs the index and one page. Without a commit the page is asked conditionally.
 */
#include "forkpoint/base/map.h"
#include "forkpoint/feed/v3_package.h"

struct page_reading {
	struct fp_v3_page *page;
	struct fp_v3_page *before; /* the memory's page of this URL, NULL = none */
	struct fp_registration content;
	struct fp_registration_reader *reader;
	struct fp_registration_options options;
	size_t *total; /* versions of all pages together */
	size_t max_versions;
};

struct pages_reading {
	struct page_reading *readings;
	struct fp_fetch *fetches;
	size_t count;
	size_t total;
};

static void reading_release(struct page_reading *reading)
{
	fp_registration_reader_free(reading->reader);
	reading->reader = NULL;
	fp_registration_release(&reading->content);
}

static void pages_reading_release(struct pages_reading *all)
{
	for (size_t i = 0; i < all->count; i++) {
		reading_release(&all->readings[i]);
		fp_fetch_release(&all->fetches[i]);
	}
	free(all->readings);
	free(all->fetches);
}

static int page_body(void *context, const char *data, size_t len, struct fp_error *error)
{
	struct page_reading *reading = context;
	if (!reading->reader)
		reading->reader = fp_registration_reader_new(&reading->options, &reading->content);
	if (!reading->reader)
		return fp_error_memory(error);
	return fp_registration_reader_feed(reading->reader, data, len, error);
}

static int page_done(void *context, struct fp_error *error)
{
	struct page_reading *reading = context;
	if (!reading->reader)
		return fp_error_set(error, FP_ERROR_INVALID, "registration: an empty page");
	int r = fp_registration_reader_finish(reading->reader, error);
	if (r < 0)
		return r;
	if (reading->content.page_count > 0)
		return fp_error_set(error, FP_ERROR_INVALID,
			"registration: a page that consists of further pages");
	*reading->total += reading->content.versions.count;
	if (*reading->total > reading->max_versions)
		return fp_error_set(error, FP_ERROR_LIMIT,
			"the feed lists more than %zu versions; raise max_versions if this is "
			"right",
			reading->max_versions);
	reading->page->versions = reading->content.versions;
	reading->content.versions = (struct fp_version_list){0};
	fp_registration_reader_free(reading->reader);
	reading->reader = NULL;
	return 0;
}

/* The draft's pages from the index's, without those that are named twice. */
static int make_pages(struct fp_v3_registration *draft, struct fp_error *error)
{
	struct fp_registration *index = &draft->index;
	FP_CLEANUP(fp_map_release) struct fp_map seen = {0};
	draft->pages = calloc(index->page_count ? index->page_count : 1, sizeof(*draft->pages));
	if (!draft->pages)
		return fp_error_memory(error);
	for (size_t i = 0; i < index->page_count; i++) {
		struct fp_registration_page *from = &index->pages[i];
		uint32_t earlier;
		if (fp_map_get(&seen, fp_str(from->url), &earlier))
			continue;
		if (fp_map_set(&seen, fp_str(from->url), (uint32_t)i) < 0)
			return fp_error_memory(error);
		struct fp_v3_page *page = &draft->pages[draft->page_count++];
		page->url = from->url;
		from->url = NULL;
		memcpy(page->stamp, from->stamp, sizeof(page->stamp));
	}
	return 0;
}

static int map_known_pages(
	const struct fp_v3_registration *memory, struct fp_map *known, struct fp_error *error)
{
	for (size_t i = 0; i < memory->page_count; i++)
		if (fp_map_set(known, fp_str(memory->pages[i].url), (uint32_t)i) < 0)
			return fp_error_memory(error);
	return 0;
}

static void add_fetch(struct pages_reading *all, const struct fp_feed_options *options,
	const char *id, struct fp_v3_page *page, struct fp_v3_page *before)
{
	struct page_reading *reading = &all->readings[all->count];
	*reading = (struct page_reading){
		.page = page,
		.before = before,
		.options = {.url = page->url,
			.package_id = id,
			.max_bytes = options->max_document_bytes,
			.max_pages = 1,
			.max_depth = options->max_depth},
		.total = &all->total,
		.max_versions = options->max_versions,
	};
	fp_registration_init(&reading->content, options->max_versions);
	all->fetches[all->count++] = (struct fp_fetch){
		.url = page->url,
		.last = before ? &before->validators : NULL,
		.kind = FP_BODY_JSON,
		.body = page_body,
		.done = page_done,
		.context = reading,
	};
}

static int plan_fetches(struct pages_reading *all, const struct fp_feed_options *options,
	const char *id, struct fp_v3_registration *draft, struct fp_v3_registration *memory,
	struct fp_error *error)
{
	FP_CLEANUP(fp_map_release) struct fp_map known = {0};
	int r = map_known_pages(memory, &known, error);
	if (r < 0)
		return r;
	for (size_t i = 0; i < draft->page_count; i++) {
		struct fp_v3_page *page = &draft->pages[i], *before = NULL;
		uint32_t at;
		if (fp_map_get(&known, fp_str(page->url), &at))
			before = &memory->pages[at];
		if (before && page->stamp[0] && strcmp(page->stamp, before->stamp) == 0) {
			page->same = before;
			all->total += before->versions.count;
		} else {
			add_fetch(all, options, id, page, before);
		}
	}
	return 0;
}

/* A page that the index names and that is not there is a feed in the middle of a change. */
static int take_pages(
	struct pages_reading *all, struct fp_v3_registration *draft, struct fp_error *error)
{
	for (size_t i = 0; i < all->count; i++) {
		struct page_reading *reading = &all->readings[i];
		struct fp_fetch *fetch = &all->fetches[i];
		if (fetch->result != 0 && fetch->result != FP_FETCH_UNCHANGED)
			return fp_error_set(error, FP_ERROR_UNAVAILABLE,
				"the registration names the page %.200s, which is not there",
				reading->page->url);
		if (fetch->result == FP_FETCH_UNCHANGED) {
			/* a long page may have reached the reader before its hash was known */
			fp_version_list_release(&reading->page->versions);
			reading->page->same = reading->before;
		}
		reading->page->validators = fetch->fresh;
		fetch->fresh = (struct fp_validators){0};
		draft->index.foreign += reading->content.foreign;
		draft->index.nameless += reading->content.nameless;
		if (!draft->index.content) {
			draft->index.content = reading->content.content;
			reading->content.content = NULL;
		}
	}
	return 0;
}

int fp_v3_fetch_pages(struct fp_fetcher *fetcher, const struct fp_feed_options *options,
	const char *id, struct fp_v3_registration *draft, struct fp_v3_package *package,
	struct fp_error *error)
{
	int r = make_pages(draft, error);
	if (r < 0 || draft->page_count == 0)
		return r;
	FP_CLEANUP(pages_reading_release) struct pages_reading all = {0};
	all.readings = calloc(draft->page_count, sizeof(*all.readings));
	all.fetches = calloc(draft->page_count, sizeof(*all.fetches));
	if (!all.readings || !all.fetches)
		return fp_error_memory(error);
	all.total = draft->index.versions.count;
	struct fp_v3_registration *memory = &package->registration;
	r = plan_fetches(&all, options, id, draft, memory, error);
	if (r == 0)
		r = fp_fetcher_run(fetcher, all.fetches, all.count, error);
	if (r == 0)
		r = take_pages(&all, draft, error);
	return r;
}
