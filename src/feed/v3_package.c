/* One look's questions to the flat container and to the registration index, and their memory. */
#include "forkpoint/feed/v3_package.h"

#include "forkpoint/feed/flat_container.h"
#include "forkpoint/feed/url.h"

#include <string.h>

void fp_v3_flat_release(struct fp_v3_flat *flat)
{
	fp_validators_release(&flat->validators);
	fp_version_list_release(&flat->versions);
	flat->found = false;
}

void fp_v3_registration_release(struct fp_v3_registration *registration)
{
	fp_validators_release(&registration->validators);
	fp_registration_release(&registration->index);
	for (size_t i = 0; i < registration->page_count; i++) {
		free(registration->pages[i].url);
		fp_validators_release(&registration->pages[i].validators);
		fp_version_list_release(&registration->pages[i].versions);
	}
	free(registration->pages);
	registration->pages = NULL;
	registration->page_count = 0;
	registration->found = false;
}

void fp_v3_package_clear(struct fp_v3_package *package)
{
	fp_v3_flat_release(&package->flat);
	fp_v3_registration_release(&package->registration);
	fp_listing_order_release(&package->order);
	package->known = package->just_changed = false;
	package->looks_since_other = 0;
	package->asks_in_vain = false;
}

void fp_v3_question_release(struct fp_v3_question *question)
{
	free(question->url);
	fp_fetch_release(&question->fetch);
}

/* {base}/{lower-case id}/index.json */
static int make_url(
	struct fp_v3_question *question, const char *base, const char *id, struct fp_error *error)
{
	FP_CLEANUP_BUF struct fp_buf rest;
	fp_buf_init(&rest, FP_URL_MAX_BYTES);
	for (const char *at = id; *at; at++) {
		char lower = fp_char_lower(*at);
		fp_url_escape(fp_str_n(&lower, 1), &rest);
	}
	fp_buf_add_text(&rest, "/index.json");
	int r = fp_buf_check(&rest, error);
	if (r < 0)
		return r;
	question->url = fp_url_join(base, rest.data);
	return question->url ? 0 : fp_error_memory(error);
}

/* Whether the answer differs from the memory's: what was not there and still is not does not. */
static bool is_change(const struct fp_fetch *fetch, bool known, bool found)
{
	if (fetch->result == FP_FETCH_UNCHANGED)
		return false;
	return !known || found || fetch->result == 0;
}

static int flat_body(void *context, const char *data, size_t len, struct fp_error *error)
{
	struct fp_v3_flat_question *question = context;
	if (!question->reader)
		question->reader = fp_flat_container_reader_new(&question->draft.versions,
			question->options->max_document_bytes, question->options->max_depth);
	if (!question->reader)
		return fp_error_memory(error);
	return fp_flat_container_reader_feed(question->reader, data, len, error);
}

static int flat_done(void *context, struct fp_error *error)
{
	struct fp_v3_flat_question *question = context;
	if (!question->reader)
		return fp_error_set(error, FP_ERROR_INVALID, "flat container: an empty document");
	int r = fp_flat_container_reader_finish(question->reader, error);
	if (r < 0)
		return r;
	/* no list, or an empty one: no such package (NUGET.md) */
	question->draft.found = r == 0 && question->draft.versions.count > 0;
	return 0;
}

int fp_v3_ask_flat(struct fp_v3_flat_question *question, const char *base, const char *id,
	const struct fp_feed_options *options, const struct fp_v3_package *package,
	struct fp_error *error)
{
	int r = make_url(&question->question, base, id, error);
	if (r < 0)
		return r;
	question->options = options;
	fp_version_list_init(&question->draft.versions, options->max_versions);
	question->question.fetch = (struct fp_fetch){
		.url = question->question.url,
		.last = package->known ? &package->flat.validators : NULL,
		.kind = FP_BODY_JSON,
		.body = flat_body,
		.done = flat_done,
		.context = question,
	};
	return 0;
}

void fp_v3_take_flat(struct fp_v3_flat_question *question, const struct fp_v3_package *package)
{
	struct fp_fetch *fetch = &question->question.fetch;
	/* some servers write each answer anew, with the time of day in it */
	bool repeats = package->known && package->flat.found && fetch->result == 0 &&
		       fp_version_list_equal(&question->draft.versions, &package->flat.versions);
	question->question.changed =
		!repeats && is_change(fetch, package->known, package->flat.found);
	question->draft.validators = fetch->fresh;
	fetch->fresh = (struct fp_validators){0};
}

void fp_v3_flat_question_release(struct fp_v3_flat_question *question)
{
	fp_flat_container_reader_free(question->reader);
	fp_v3_question_release(&question->question);
	fp_v3_flat_release(&question->draft);
}

static int registration_body(void *context, const char *data, size_t len, struct fp_error *error)
{
	struct fp_v3_registration_question *question = context;
	if (!question->reader)
		question->reader =
			fp_registration_reader_new(&question->reading, &question->draft.index);
	if (!question->reader)
		return fp_error_memory(error);
	return fp_registration_reader_feed(question->reader, data, len, error);
}

static int registration_done(void *context, struct fp_error *error)
{
	struct fp_v3_registration_question *question = context;
	if (!question->reader)
		return fp_error_set(error, FP_ERROR_INVALID, "registration: an empty document");
	int r = fp_registration_reader_finish(question->reader, error);
	if (r < 0)
		return r;
	const struct fp_registration *index = &question->draft.index;
	question->draft.found =
		index->versions.count > 0 || index->page_count > 0 || index->nameless > 0;
	return 0;
}

int fp_v3_ask_registration(struct fp_v3_registration_question *question, const char *base,
	const char *id, const struct fp_feed_options *options, const struct fp_v3_package *package,
	struct fp_error *error)
{
	int r = make_url(&question->question, base, id, error);
	if (r < 0)
		return r;
	fp_registration_init(&question->draft.index, options->max_versions);
	question->reading = (struct fp_registration_options){
		.url = question->question.url,
		.package_id = id,
		.max_bytes = options->max_document_bytes,
		.max_pages = options->max_pages,
		.max_depth = options->max_depth,
	};
	question->question.fetch = (struct fp_fetch){
		.url = question->question.url,
		.last = package->known ? &package->registration.validators : NULL,
		.kind = FP_BODY_JSON,
		.body = registration_body,
		.done = registration_done,
		.context = question,
	};
	return 0;
}

/* Whether an index says what the memory says. Pages without a commit could say anything. */
static bool repeats_index(
	const struct fp_registration *index, const struct fp_v3_registration *memory)
{
	if (index->page_count != memory->page_count || index->nameless != memory->index.nameless ||
		index->foreign != memory->index.foreign)
		return false;
	for (size_t i = 0; i < index->page_count; i++)
		if (!index->pages[i].stamp[0] ||
			strcmp(index->pages[i].stamp, memory->pages[i].stamp) != 0 ||
			strcmp(index->pages[i].url, memory->pages[i].url) != 0)
			return false;
	return fp_version_list_equal(&index->versions, &memory->index.versions);
}

void fp_v3_take_registration(
	struct fp_v3_registration_question *question, const struct fp_v3_package *package)
{
	struct fp_fetch *fetch = &question->question.fetch;
	bool repeats = package->known && package->registration.found && fetch->result == 0 &&
		       repeats_index(&question->draft.index, &package->registration);
	question->question.changed =
		!repeats && is_change(fetch, package->known, package->registration.found);
	question->draft.validators = fetch->fresh;
	fetch->fresh = (struct fp_validators){0};
}

void fp_v3_registration_question_release(struct fp_v3_registration_question *question)
{
	fp_registration_reader_free(question->reader);
	fp_v3_question_release(&question->question);
	fp_v3_registration_release(&question->draft);
}

void fp_v3_keep_flat(struct fp_v3_package *package, struct fp_v3_flat *draft)
{
	fp_v3_flat_release(&package->flat);
	package->flat = *draft;
	*draft = (struct fp_v3_flat){0};
}

/* Pages that are still right move over from the old memory before it goes. */
void fp_v3_keep_registration(struct fp_v3_package *package, struct fp_v3_registration *draft)
{
	for (size_t i = 0; i < draft->page_count; i++) {
		struct fp_v3_page *page = &draft->pages[i];
		if (!page->same)
			continue;
		page->versions = page->same->versions;
		page->same->versions = (struct fp_version_list){0};
		if (!page->validators.known) {
			page->validators = page->same->validators;
			page->same->validators = (struct fp_validators){0};
		}
		page->same = NULL;
	}
	fp_v3_registration_release(&package->registration);
	package->registration = *draft;
	*draft = (struct fp_v3_registration){0};
}
