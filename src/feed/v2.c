/*
 * A look at one package of a v2 feed.
 *
 * New versions can stand on any page, so every look asks for every page, each conditionally; the
 * look is unchanged when all are. A page's next link is followed only while it makes sense
 * (NUGET.md): not to a URL seen before, not after a page that adds nothing, not to another origin,
 * not past the page cap. Where a link had to be given up the listing is incomplete, so that nothing
 * vanishes because of it; only an empty page with a next link counts as the end, for that is how
 * some servers end.
 */
#include "forkpoint/feed/v2.h"

#include "forkpoint/base/array.h"
#include "forkpoint/base/map.h"
#include "forkpoint/feed/by_id.h"
#include "forkpoint/feed/listing.h"
#include "forkpoint/feed/url.h"
#include "forkpoint/feed/v2_page.h"

#include <stdio.h>
#include <string.h>

/* A page as it was read: what it said, and what to ask it with next time. */
struct page {
	char *url;	 /* that was asked */
	char *final_url; /* its links resolve against this */
	struct fp_validators validators;
	struct fp_v2_page content;
	struct page *same; /* the memory's page that is still right, NULL = own content */
};

struct pages {
	struct page *items;
	size_t count, capacity;
};

struct package {
	struct fp_by_id_entry named; /* first */
	bool known;
	struct pages pages;
};

struct fp_v2 {
	const struct fp_feed_options *options;
	struct fp_fetcher *fetcher;
	char *base_url;
	struct fp_by_id packages; /* struct package */
};

static void page_release(struct page *page)
{
	free(page->url);
	free(page->final_url);
	fp_validators_release(&page->validators);
	fp_v2_page_release(&page->content);
}

static struct fp_v2_page *content_of(const struct page *page)
{
	return (struct fp_v2_page *)(page->same ? &page->same->content : &page->content);
}

static void pages_release(struct pages *pages)
{
	for (size_t i = 0; i < pages->count; i++)
		page_release(&pages->items[i]);
	free(pages->items);
	*pages = (struct pages){0};
}

struct fp_v2 *fp_v2_new(
	const struct fp_feed_options *options, struct fp_fetcher *fetcher, const char *base_url)
{
	FP_CLEANUP(fp_v2_free_cleanup) struct fp_v2 *v2 = calloc(1, sizeof(*v2));
	if (!v2)
		return NULL;
	v2->options = options;
	v2->fetcher = fetcher;
	v2->base_url = fp_str_dup(fp_str(base_url));
	if (!v2->base_url)
		return NULL;
	struct fp_v2 *made = v2;
	v2 = NULL;
	return made;
}

static void clear_package(void *entry)
{
	pages_release(&((struct package *)entry)->pages);
}

void fp_v2_free(struct fp_v2 *v2)
{
	if (!v2)
		return;
	fp_by_id_release(&v2->packages, clear_package);
	free(v2->base_url);
	free(v2);
}

/* One look under way. */
struct look {
	struct fp_v2 *v2;
	struct package *package;
	struct pages pages; /* this look's */
	struct fp_map seen; /* URLs asked */
	bool changed;
	const char *gave_up; /* why a next link was not followed, NULL = all were */
	size_t versions;
	/* the page being read */
	struct fp_v2_reader *reader;
	struct fp_v2_page draft;
};

static void look_release(struct look *look)
{
	pages_release(&look->pages);
	fp_map_release(&look->seen);
	fp_v2_reader_free(look->reader);
	fp_v2_page_release(&look->draft);
}

/* FindPackagesById()?id='X'&semVerLevel=2.0.0, quotes in the id doubled. */
static char *first_url(const struct fp_v2 *v2, const char *id)
{
	FP_CLEANUP_BUF struct fp_buf rest;
	fp_buf_init(&rest, FP_URL_MAX_BYTES);
	fp_buf_add_text(&rest, "FindPackagesById()?id='");
	for (const char *at = id; *at; at++) {
		if (*at == '\'')
			fp_buf_add_text(&rest, "''");
		else
			fp_url_escape(fp_str_n(at, 1), &rest);
	}
	fp_buf_add_text(&rest, "'&semVerLevel=2.0.0");
	return rest.state == FP_BUF_OK ? fp_url_join(v2->base_url, rest.data) : NULL;
}

static int page_body(void *context, const char *data, size_t len, struct fp_error *error)
{
	struct look *look = context;
	if (!look->reader)
		look->reader = fp_v2_reader_new(look->package->named.id,
			look->v2->options->max_document_bytes, look->v2->options->max_depth,
			&look->draft);
	if (!look->reader)
		return fp_error_memory(error);
	return fp_v2_reader_feed(look->reader, data, len, error);
}

static int page_done(void *context, struct fp_error *error)
{
	struct look *look = context;
	if (!look->reader)
		return fp_error_set(error, FP_ERROR_INVALID, "v2: an empty document");
	return fp_v2_reader_finish(look->reader, error);
}

/* The memory's page of this URL: looks usually ask the same pages in the same order. */
static struct page *page_before(struct look *look, const char *url)
{
	struct pages *before = &look->package->pages;
	size_t at = look->pages.count;
	if (look->package->known && at < before->count && strcmp(before->items[at].url, url) == 0)
		return &before->items[at];
	return NULL;
}

static struct page *add_page(struct look *look)
{
	struct pages *pages = &look->pages;
	if (fp_array_reserve((void **)&pages->items, &pages->capacity, pages->count + 1,
		    sizeof(*pages->items)) < 0)
		return NULL;
	struct page *page = &pages->items[pages->count++];
	*page = (struct page){0};
	return page;
}

/* Feeds write the time of day into each page: what counts is what it lists, and what follows. */
static bool repeats_page(const struct fp_v2_page *a, const struct fp_v2_page *b)
{
	if (a->entries != b->entries || !a->next != !b->next)
		return false;
	if (a->next && strcmp(a->next, b->next) != 0)
		return false;
	return fp_version_list_equal(&a->versions, &b->versions);
}

/* Turns a fetch into a page of this look. */
static int take_page(
	struct look *look, struct fp_fetch *fetch, struct page *before, struct fp_error *error)
{
	struct page *page = add_page(look);
	if (!page)
		return fp_error_memory(error);
	page->final_url = fetch->final_url;
	fetch->final_url = NULL;
	page->validators = fetch->fresh;
	fetch->fresh = (struct fp_validators){0};
	page->url = fp_str_dup(fp_str(fetch->url));
	if (!page->url)
		return fp_error_memory(error);
	if (fetch->result == FP_FETCH_UNCHANGED ||
		(before && repeats_page(&look->draft, &before->content))) {
		page->same = before;
		return 0;
	}
	look->changed = true;
	page->content = look->draft;
	look->draft = (struct fp_v2_page){0};
	return 0;
}

static int fetch_page(struct look *look, const char *url, struct fp_error *error)
{
	struct page *before = page_before(look, url);
	fp_v2_page_release(&look->draft);
	fp_v2_page_init(&look->draft, look->v2->options->max_versions);
	FP_CLEANUP(fp_fetch_release)
	struct fp_fetch fetch = {
		.url = url,
		.last = before ? &before->validators : NULL,
		.kind = FP_BODY_XML,
		.body = page_body,
		.done = page_done,
		.context = look,
	};
	int r = fp_fetcher_run(look->v2->fetcher, &fetch, 1, error);
	fp_v2_reader_free(look->reader);
	look->reader = NULL;
	if (r < 0)
		return r;
	if (fetch.result == FP_FETCH_NOT_FOUND || fetch.result == FP_FETCH_EMPTY)
		return FP_FEED_NO_PACKAGE;
	return take_page(look, &fetch, before, error);
}

/* Why a link to the next page is not to be followed, NULL when it is. */
static const char *reason_to_stop(struct look *look, const struct page *last, const char *url)
{
	uint32_t at;
	if (!url)
		return "a next link is no URL";
	if (!fp_url_same_origin(look->v2->base_url, url) &&
		!fp_url_same_origin(last->final_url, url))
		return "a next link leads to another origin";
	if (fp_map_get(&look->seen, fp_str(url), &at))
		return "the next links go round in a circle";
	if (look->pages.count >= look->v2->options->max_pages)
		return "there are more pages than max_pages allows";
	return NULL;
}

/* The address of the page after the last one; NULL at the end of the list. */
static int next_url(struct look *look, char **url, struct fp_error *error)
{
	const struct page *last = &look->pages.items[look->pages.count - 1];
	const struct fp_v2_page *content = content_of(last);
	*url = NULL;
	if (look->gave_up || !content->next || content->entries == 0)
		return 0;
	int r = fp_url_resolve(last->final_url, fp_str(content->next), url, error);
	if (r < 0)
		return r;
	look->gave_up = reason_to_stop(look, last, *url);
	if (look->gave_up) {
		free(*url);
		*url = NULL;
	}
	return 0;
}

/* Whether the last page named a version that no page before it did. */
static int adds_something(struct look *look, struct fp_map *versions, bool *adds)
{
	const struct fp_version_list *list =
		&content_of(&look->pages.items[look->pages.count - 1])->versions;
	*adds = false;
	for (size_t i = 0; i < list->count; i++) {
		struct fp_str text = fp_version_list_text(list, i);
		uint32_t at;
		if (fp_map_get(versions, text, &at))
			continue;
		if (fp_map_set(versions, text, (uint32_t)i) < 0)
			return -FP_ERROR_MEMORY;
		*adds = true;
	}
	return 0;
}

static int check_page(struct look *look, struct fp_map *versions, struct fp_error *error)
{
	const struct fp_v2_page *last = content_of(&look->pages.items[look->pages.count - 1]);
	bool adds;
	if (adds_something(look, versions, &adds) < 0)
		return fp_error_memory(error);
	if (versions->count > look->v2->options->max_versions)
		return fp_error_set(error, FP_ERROR_LIMIT,
			"the feed lists more than %llu versions; raise max_versions if this is "
			"right",
			(unsigned long long)look->v2->options->max_versions);
	/* entries of other packages can fill a page; repeated ones are a loop */
	if (!adds && last->next && last->versions.count > 0)
		look->gave_up = "a page repeats what was listed before";
	return 0;
}

static int read_pages(struct look *look, struct fp_error *error)
{
	FP_CLEANUP(fp_map_release) struct fp_map versions = {0};
	FP_CLEANUP_FREE char *url = first_url(look->v2, look->package->named.id);
	if (!url)
		return fp_error_memory(error);
	while (url) {
		if (fp_map_set(&look->seen, fp_str(url), 0) < 0)
			return fp_error_memory(error);
		int r = fetch_page(look, url, error);
		/* a later page that is not there is a feed in the middle of a change */
		if (r == FP_FEED_NO_PACKAGE && look->pages.count > 0)
			r = fp_error_set(error, FP_ERROR_UNAVAILABLE,
				"the feed names a next page that is not there");
		if (r == 0)
			r = check_page(look, &versions, error);
		free(url);
		url = NULL;
		if (r == 0)
			r = next_url(look, &url, error);
		if (r != 0)
			return r;
	}
	return 0;
}

static void write_note(struct look *look, const struct fp_listing_counts *counts,
	const struct fp_listing_parts *parts, struct fp_feed_report *report)
{
	FP_CLEANUP_BUF struct fp_buf note;
	fp_buf_init(&note, 4096);
	if (look->gave_up)
		fp_buf_addf(&note, "the list is incomplete: %s", look->gave_up);
	fp_listing_counts_write(counts, parts, &note);
	snprintf(report->note, sizeof(report->note), "%.*s", FP_STR_ARG(fp_buf_str(&note)));
}

static char *download_template(const struct look *look)
{
	for (size_t i = 0; i < look->pages.count; i++) {
		const char *content = content_of(&look->pages.items[i])->content;
		if (!content)
			continue;
		/* not resolved as it stands: a URL parser would escape the braces */
		if (fp_url_is_http(content))
			return fp_str_dup(fp_str(content));
		return fp_url_join(look->v2->base_url, content);
	}
	return NULL;
}

static int make_listing(struct look *look, struct fp_listing *listing,
	struct fp_feed_report *report, struct fp_error *error)
{
	FP_CLEANUP_FREE const struct fp_version_list **lists =
		calloc(look->pages.count, sizeof(const struct fp_version_list *));
	if (!lists)
		return fp_error_memory(error);
	size_t nameless = 0;
	for (size_t i = 0; i < look->pages.count; i++) {
		const struct fp_v2_page *content = content_of(&look->pages.items[i]);
		lists[i] = &content->versions;
		nameless += content->nameless;
	}
	struct fp_listing_parts parts = {.states = lists, .state_count = look->pages.count};
	struct fp_listing_counts counts;
	int r = fp_listing_combine(&parts, listing, &counts, error);
	if (r < 0)
		return r;
	listing->complete = !look->gave_up && nameless == 0;
	listing->source = "v2";
	listing->download = download_template(look);
	write_note(look, &counts, &parts, report);
	return 0;
}

static bool names_nothing(const struct look *look)
{
	for (size_t i = 0; i < look->pages.count; i++) {
		const struct fp_v2_page *content = content_of(&look->pages.items[i]);
		if (content->versions.count > 0 || content->nameless > 0)
			return false;
	}
	return true;
}

/* What is still right moves over from the memory's page. */
static void adopt(struct page *page)
{
	if (!page->same)
		return;
	page->content = page->same->content;
	page->same->content = (struct fp_v2_page){0};
	if (!page->validators.known) {
		page->validators = page->same->validators;
		page->same->validators = (struct fp_validators){0};
	}
	page->same = NULL;
}

/* This look's pages become the memory; an incomplete list is none to compare the next with. */
static void keep(struct look *look, bool complete)
{
	for (size_t i = 0; complete && i < look->pages.count; i++)
		adopt(&look->pages.items[i]);
	pages_release(&look->package->pages);
	look->package->known = complete;
	if (!complete)
		return;
	look->package->pages = look->pages;
	look->pages = (struct pages){0};
}

static int run_look(struct look *look, struct fp_listing *listing, struct fp_feed_report *report,
	struct fp_error *error)
{
	int r = read_pages(look, error);
	if (r < 0)
		return r; /* the memory stays for the next look */
	if (r == 0 && look->package->known && !look->changed && !look->gave_up &&
		look->pages.count == look->package->pages.count) {
		keep(look, true);
		return FP_FEED_UNCHANGED;
	}
	if (r == 0 && names_nothing(look))
		r = FP_FEED_NO_PACKAGE;
	if (r == 0)
		r = make_listing(look, listing, report, error);
	if (r >= 0)
		keep(look, r == 0 && listing->complete);
	return r;
}

int fp_v2_look(struct fp_v2 *v2, const char *package_id, struct fp_listing *listing,
	struct fp_feed_report *report, struct fp_error *error)
{
	FP_CLEANUP(look_release)
	struct look look = {.v2 = v2,
		.package = fp_by_id_get(&v2->packages, package_id, sizeof(struct package))};
	if (!look.package)
		return fp_error_memory(error);
	return run_look(&look, listing, report, error);
}
