/*
 * A look at one package of a v3 feed.
 *
 * What is asked, and why. The flat container names all versions; the registrations say which are
 * listed and when they were published. They are written separately and either can lack a version
 * for weeks (NUGET.md), so the truth is their union and the first look asks both. An unchanged look
 * should cost one conditional request, so later looks ask one of them, the *watched* one:
 *
 * - the registration index, where asking is cheap (the feed sends validators, or the document is
 *   small): it changes with every version and with every flag;
 * - else the flat container (Azure Artifacts: one page of up to hundreds of megabytes, without
 *   validators, or with such that never match), which changes with every version but not with
 *   flags.
 *
 * When the watched one changed, the other is asked in the same look and in the next: a version that
 * is missing for the second time was then missed twice by both, and what reaches the other resource
 * a little later is seen soon. The other is also asked when it was left out for OTHER_AFTER_CHEAP
 * looks (a version that only reached the flat container) or OTHER_AFTER_DEAR looks (flags). Pages
 * of a registration are only looked at when its index changed.
 */
#include "forkpoint/feed/v3.h"

#include "forkpoint/base/time.h"
#include "forkpoint/feed/listing.h"
#include "forkpoint/feed/url.h"
#include "forkpoint/feed/v3_package.h"

#include <stdio.h>
#include <string.h>

enum {
	OTHER_AFTER_CHEAP = 4,
	OTHER_AFTER_DEAR = 16,
	CHEAP_BYTES = 1 << 20,
	INDEX_BYTES_MAX = 4 << 20,
};

/* NuGet's own client keeps a service index for 40 minutes. */
#define INDEX_AGE_MAX_US (30 * 60 * FP_US_PER_S)

struct fp_v3 {
	const struct fp_feed_options *options;
	struct fp_fetcher *fetcher;
	char *index_url;
	struct fp_service_index index;
	struct fp_validators index_validators;
	int64_t index_read_us;	  /* 0 = to be read */
	struct fp_by_id packages; /* struct fp_v3_package */
};

struct fp_v3 *fp_v3_new(
	const struct fp_feed_options *options, struct fp_fetcher *fetcher, const char *index_url)
{
	FP_CLEANUP(fp_v3_free_cleanup) struct fp_v3 *v3 = calloc(1, sizeof(*v3));
	if (!v3)
		return NULL;
	v3->options = options;
	v3->fetcher = fetcher;
	v3->index_url = fp_str_dup(fp_str(index_url));
	if (!v3->index_url)
		return NULL;
	struct fp_v3 *made = v3;
	v3 = NULL;
	return made;
}

struct fp_v3 *fp_v3_new_single(const struct fp_feed_options *options, struct fp_fetcher *fetcher,
	const struct fp_service_index *index, enum fp_resource resource)
{
	FP_CLEANUP(fp_v3_free_cleanup)
	struct fp_v3 *v3 = fp_v3_new(options, fetcher, index->url[resource]);
	if (!v3)
		return NULL;
	v3->index.url[resource] = fp_str_dup(fp_str(index->url[resource]));
	if (!v3->index.url[resource])
		return NULL;
	v3->index.type[resource] = index->type[resource];
	v3->index.holds_semver2 = index->holds_semver2;
	v3->index_read_us = fp_clock_monotonic_us();
	struct fp_v3 *made = v3;
	v3 = NULL;
	return made;
}

static void clear_package(void *entry)
{
	fp_v3_package_clear(entry);
}

void fp_v3_free(struct fp_v3 *v3)
{
	if (!v3)
		return;
	fp_by_id_release(&v3->packages, clear_package);
	fp_service_index_release(&v3->index);
	fp_validators_release(&v3->index_validators);
	free(v3->index_url);
	free(v3);
}

const struct fp_service_index *fp_v3_index(const struct fp_v3 *v3)
{
	return &v3->index;
}

static int collect(void *context, const char *data, size_t len, struct fp_error *error)
{
	fp_buf_add(context, data, len);
	return fp_buf_check(context, error);
}

/* Whether the questions about versions go where they went. */
static bool asks_the_same(const struct fp_service_index *a, const struct fp_service_index *b)
{
	static const enum fp_resource asked[] = {
		FP_RESOURCE_FLAT_CONTAINER, FP_RESOURCE_REGISTRATION};
	for (size_t i = 0; i < FP_ARRAY_SIZE(asked); i++) {
		const char *left = a->url[asked[i]], *right = b->url[asked[i]];
		if (!left != !right || (left && strcmp(left, right) != 0))
			return false;
	}
	return true;
}

static int take_index(
	struct fp_v3 *v3, struct fp_fetch *fetch, const struct fp_buf *body, struct fp_error *error)
{
	if (fetch->result == FP_FETCH_NOT_FOUND || fetch->result == FP_FETCH_EMPTY)
		return fp_error_set(error, FP_ERROR_INVALID, "there is no service index at %.*s",
			FP_STR_ARG(fp_url_shown(v3->index_url)));
	if (fetch->result == FP_FETCH_UNCHANGED)
		return 0;
	struct fp_service_index index;
	int r = fp_service_index_read(fp_buf_str(body), fetch->final_url, &index, error);
	if (r < 0) {
		fp_error_prefix(error, "%.*s", FP_STR_ARG(fp_url_shown(fetch->final_url)));
		return r;
	}
	/* what another address said, and its validators, are nothing to a new one */
	if (!asks_the_same(&v3->index, &index))
		fp_by_id_release(&v3->packages, clear_package);
	fp_service_index_release(&v3->index);
	v3->index = index;
	fp_validators_release(&v3->index_validators);
	v3->index_validators = fetch->fresh;
	fetch->fresh = (struct fp_validators){0};
	return 0;
}

int fp_v3_open(struct fp_v3 *v3, struct fp_error *error)
{
	int64_t now = fp_clock_monotonic_us();
	if (v3->index_read_us > 0 && now - v3->index_read_us < INDEX_AGE_MAX_US &&
		!fp_fetcher_asks_anew(v3->fetcher))
		return 0;
	FP_CLEANUP_BUF struct fp_buf body;
	fp_buf_init(&body, INDEX_BYTES_MAX);
	FP_CLEANUP(fp_fetch_release)
	struct fp_fetch fetch = {
		.url = v3->index_url,
		.last = &v3->index_validators,
		.kind = FP_BODY_JSON,
		.body = collect,
		.context = &body,
	};
	int r = fp_fetcher_run(v3->fetcher, &fetch, 1, error);
	if (r == 0)
		r = take_index(v3, &fetch, &body, error);
	if (r < 0)
		return r;
	v3->index_read_us = now;
	return 0;
}

/* One look: what is asked of whom, and the answers. */
struct look {
	struct fp_v3 *v3;
	struct fp_v3_package *package;
	const char *flat_url, *registration_url; /* NULL = the feed has none */
	bool ask_flat, ask_registration;
	struct fp_v3_flat_question flat;
	struct fp_v3_registration_question registration;
};

static void look_release(struct look *look)
{
	fp_v3_flat_question_release(&look->flat);
	fp_v3_registration_question_release(&look->registration);
}

static bool registration_is_cheap(const struct fp_v3_package *package)
{
	const struct fp_validators *validators = &package->registration.validators;
	bool saves = fp_validators_can_ask(validators) && !package->asks_in_vain;
	return package->registration.found && (saves || validators->bytes <= CHEAP_BYTES);
}

static void plan(struct look *look)
{
	struct fp_v3_package *package = look->package;
	look->ask_flat = look->flat_url != NULL;
	look->ask_registration = look->registration_url != NULL;
	if (!package->known || package->just_changed || !look->ask_flat ||
		!look->ask_registration || fp_fetcher_asks_anew(look->v3->fetcher))
		return;
	bool cheap = registration_is_cheap(package);
	unsigned after = cheap ? OTHER_AFTER_CHEAP : OTHER_AFTER_DEAR;
	if (++package->looks_since_other >= after)
		return;
	*(cheap ? &look->ask_flat : &look->ask_registration) = false;
}

static int ask(struct look *look, bool flat, bool registration, struct fp_error *error)
{
	struct fp_fetcher *fetcher = look->v3->fetcher;
	const struct fp_feed_options *options = look->v3->options;
	const char *id = look->package->named.id;
	struct fp_fetch fetches[2];
	size_t count = 0, flat_at = 0, registration_at = 0;
	int r = 0;
	if (flat) {
		r = fp_v3_ask_flat(&look->flat, look->flat_url, id, options, look->package, error);
		fetches[flat_at = count++] = look->flat.question.fetch;
	}
	if (r == 0 && registration) {
		r = fp_v3_ask_registration(&look->registration, look->registration_url, id, options,
			look->package, error);
		fetches[registration_at = count++] = look->registration.question.fetch;
	}
	if (r < 0)
		return r;
	r = fp_fetcher_run(fetcher, fetches, count, error);
	if (flat) {
		look->flat.question.fetch = fetches[flat_at];
		fp_v3_take_flat(&look->flat, look->package);
	}
	if (registration) {
		look->registration.question.fetch = fetches[registration_at];
		fp_v3_take_registration(&look->registration, look->package);
	}
	return r;
}

/* Asks what the plan says; and the other resource too when what was asked changed. */
static int ask_all(struct look *look, struct fp_error *error)
{
	bool first_flat = look->ask_flat, first_registration = look->ask_registration;
	int r = ask(look, first_flat, first_registration, error);
	if (r < 0)
		return r;
	if (!look->flat.question.changed && !look->registration.question.changed)
		return FP_FEED_UNCHANGED;
	bool flat = look->flat_url && !first_flat;
	bool registration = look->registration_url && !first_registration;
	look->ask_flat = look->flat_url != NULL;
	look->ask_registration = look->registration_url != NULL;
	return flat || registration ? ask(look, flat, registration, error) : 0;
}

/* What is right now: the draft where it changed, else the memory. */
static struct fp_v3_flat *flat_now(struct look *look)
{
	return look->flat.question.changed ? &look->flat.draft : &look->package->flat;
}

static struct fp_v3_registration *registration_now(struct look *look)
{
	return look->registration.question.changed ? &look->registration.draft
						   : &look->package->registration;
}

static const struct fp_version_list **state_lists(
	const struct fp_v3_registration *registration, size_t *count)
{
	*count = 0;
	const struct fp_version_list **lists =
		calloc(registration->page_count + 1, sizeof(const struct fp_version_list *));
	if (!lists)
		return NULL;
	lists[(*count)++] = &registration->index.versions;
	for (size_t i = 0; i < registration->page_count; i++) {
		const struct fp_v3_page *page = &registration->pages[i];
		lists[(*count)++] = page->same ? &page->same->versions : &page->versions;
	}
	return lists;
}

static char *download_template(struct look *look)
{
	if (look->flat_url)
		return fp_v3_download_template(look->flat_url);
	const char *content = registration_now(look)->index.content;
	return content ? fp_str_dup(fp_str(content)) : NULL;
}

char *fp_v3_download_template(const char *flat_container)
{
	return fp_url_join(
		flat_container, "{id-lower}/{version-lower}/{id-lower}.{version-lower}.nupkg");
}

static void write_note(struct look *look, const struct fp_listing_counts *counts,
	const struct fp_listing_parts *parts, struct fp_feed_report *report)
{
	FP_CLEANUP_BUF struct fp_buf note;
	fp_buf_init(&note, 4096);
	const struct fp_registration *index = &registration_now(look)->index;
	fp_listing_counts_write(counts, parts, &note);
	if (look->registration_url && !look->v3->index.holds_semver2 && !look->flat_url)
		fp_buf_addf(&note, "%sonly %s is offered, which does not hold SemVer 2 packages",
			note.len ? "; " : "", look->v3->index.type[FP_RESOURCE_REGISTRATION]);
	if (index->foreign > 0)
		fp_buf_addf(&note, "%s%zu entries of another package were left out",
			note.len ? "; " : "", index->foreign);
	if (index->nameless > 0)
		fp_buf_addf(&note, "%s%zu entries without a usable version were left out",
			note.len ? "; " : "", index->nameless);
	snprintf(report->note, sizeof(report->note), "%.*s", FP_STR_ARG(fp_buf_str(&note)));
}

static int make_listing(struct look *look, struct fp_listing *listing,
	struct fp_feed_report *report, struct fp_error *error)
{
	const struct fp_v3_registration *registration = registration_now(look);
	size_t state_count;
	FP_CLEANUP_FREE const struct fp_version_list **states =
		state_lists(registration, &state_count);
	if (!states)
		return fp_error_memory(error);
	const struct fp_version_list *name = &flat_now(look)->versions;
	struct fp_listing_parts parts = {
		.names = &name,
		.name_count = flat_now(look)->found,
		.states = states,
		.state_count = registration->found ? state_count : 0,
		.order = &look->package->order,
	};
	struct fp_listing_counts counts;
	FP_CLEANUP(fp_listing_release) struct fp_listing made = {0};
	int r = fp_listing_combine(&parts, &made, &counts, error);
	if (r < 0)
		return r;
	made.complete = flat_now(look)->found || registration->index.nameless == 0;
	made.source = flat_now(look)->found ? "flat-container" : "registration";
	made.download = download_template(look);
	write_note(look, &counts, &parts, report);
	*listing = made;
	made = (struct fp_listing){0};
	return 0;
}

/* Some servers send validators that never match again. */
static void note_vain_asking(struct look *look)
{
	const struct fp_v3_registration_question *asked = &look->registration;
	struct fp_v3_package *package = look->package;
	const struct fp_validators *last = asked->question.fetch.last;
	if (!look->ask_registration || !last || !fp_validators_can_ask(last) ||
		asked->question.changed || fp_fetcher_asks_anew(look->v3->fetcher))
		return;
	package->asks_in_vain = asked->question.fetch.status != 304;
}

/* An unchanged body can come with new validators. */
static void refresh(struct fp_validators *memory, struct fp_validators *draft)
{
	if (!draft->known)
		return;
	fp_validators_release(memory);
	*memory = *draft;
	*draft = (struct fp_validators){0};
}

/* The answers become memory. An incomplete listing is none to compare the next one with. */
static void keep(struct look *look, bool complete)
{
	struct fp_v3_package *package = look->package;
	note_vain_asking(look);
	package->just_changed = package->known && (look->flat.question.changed ||
							  look->registration.question.changed);
	if (look->flat.question.changed)
		fp_v3_keep_flat(package, &look->flat.draft);
	else
		refresh(&package->flat.validators, &look->flat.draft.validators);
	if (look->registration.question.changed)
		fp_v3_keep_registration(package, &look->registration.draft);
	else
		refresh(&package->registration.validators, &look->registration.draft.validators);
	package->known = true;
	if (look->ask_flat && look->ask_registration)
		package->looks_since_other = 0;
	if (!complete)
		fp_v3_package_clear(package);
}

static int run_look(struct look *look, struct fp_listing *listing, struct fp_feed_report *report,
	struct fp_error *error)
{
	plan(look);
	int r = ask_all(look, error);
	if (r < 0)
		return r;
	if (r == FP_FEED_UNCHANGED) {
		keep(look, true);
		return r;
	}
	if (look->registration.question.changed && look->registration.draft.found) {
		r = fp_v3_fetch_pages(look->v3->fetcher, look->v3->options, look->package->named.id,
			&look->registration.draft, look->package, error);
		if (r < 0)
			return r;
	}
	if (!flat_now(look)->found && !registration_now(look)->found) {
		fp_v3_package_clear(look->package);
		return FP_FEED_NO_PACKAGE;
	}
	r = make_listing(look, listing, report, error);
	if (r == 0)
		keep(look, listing->complete);
	return r;
}

int fp_v3_look(struct fp_v3 *v3, const char *package_id, struct fp_listing *listing,
	struct fp_feed_report *report, struct fp_error *error)
{
	FP_CLEANUP(look_release)
	struct look look = {
		.v3 = v3,
		.package = fp_by_id_get(&v3->packages, package_id, sizeof(struct fp_v3_package)),
		.flat_url = v3->index.url[FP_RESOURCE_FLAT_CONTAINER],
		.registration_url = v3->index.url[FP_RESOURCE_REGISTRATION],
	};
	if (!look.package)
		return fp_error_memory(error);
	int r = run_look(&look, listing, report, error);
	if (r < 0)
		v3->index_read_us = 0; /* the resources may have moved */
	return r;
}
