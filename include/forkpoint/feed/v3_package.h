#pragma once
/*
 * What a v3 feed is known to say about one package: the memory between looks, and one look's
 * questions to each resource. Private to v3.
 *
 * A resource's answer is first a draft; drafts become memory only when the whole look succeeded, so
 * that whatever fails is asked again, with the validators of the last success.
 */
#include "forkpoint/feed/by_id.h"
#include "forkpoint/feed/fetch.h"
#include "forkpoint/feed/listing_order.h"
#include "forkpoint/feed/registration.h"

/* A document of versions. */
struct fp_v3_flat {
	bool found;
	struct fp_validators validators;
	struct fp_version_list versions;
};

struct fp_v3_page {
	char *url;
	char stamp[FP_REGISTRATION_STAMP_MAX];
	struct fp_validators validators;
	struct fp_version_list versions;
	struct fp_v3_page *same; /* the memory's page that is still right, NULL = own versions */
};

struct fp_v3_registration {
	bool found;
	struct fp_validators validators; /* of the index */
	struct fp_registration index;
	struct fp_v3_page *pages; /* external ones */
	size_t page_count;
};

struct fp_v3_package {
	struct fp_by_id_entry named; /* first */
	bool known;		     /* a complete listing was made from this */
	bool just_changed;	     /* at the last look */
	unsigned looks_since_other;
	/* The registration index came whole although it was asked for conditionally and says what
	 * it said: its validators are of no use. */
	bool asks_in_vain;
	struct fp_v3_flat flat;
	struct fp_v3_registration registration;
	struct fp_listing_order order; /* of the last listing */
};

void fp_v3_flat_release(struct fp_v3_flat *flat);
void fp_v3_registration_release(struct fp_v3_registration *registration);
void fp_v3_package_clear(struct fp_v3_package *package); /* keeps the id */

/* One question: where to ask, what is known, and the draft of the answer. */
struct fp_v3_question {
	char *url;
	struct fp_fetch fetch;
	bool changed; /* the draft is what is right now; else the memory still is */
};

void fp_v3_question_release(struct fp_v3_question *question);

struct fp_v3_flat_question {
	struct fp_v3_question question;
	struct fp_v3_flat draft;
	struct fp_flat_container_reader *reader;
	const struct fp_feed_options *options;
};

struct fp_v3_registration_question {
	struct fp_v3_question question;
	struct fp_v3_registration draft;
	struct fp_registration_reader *reader;
	struct fp_registration_options reading;
};

int fp_v3_ask_flat(struct fp_v3_flat_question *question, const char *base, const char *id,
	const struct fp_feed_options *options, const struct fp_v3_package *package,
	struct fp_error *error);
/* After the fetch. */
void fp_v3_take_flat(struct fp_v3_flat_question *question, const struct fp_v3_package *package);
void fp_v3_flat_question_release(struct fp_v3_flat_question *question);

int fp_v3_ask_registration(struct fp_v3_registration_question *question, const char *base,
	const char *id, const struct fp_feed_options *options, const struct fp_v3_package *package,
	struct fp_error *error);
void fp_v3_take_registration(
	struct fp_v3_registration_question *question, const struct fp_v3_package *package);
void fp_v3_registration_question_release(struct fp_v3_registration_question *question);

/* Fetches the external pages of a draft, side by side, except those that the memory has under the
 * same stamp. */
int fp_v3_fetch_pages(struct fp_fetcher *fetcher, const struct fp_feed_options *options,
	const char *id, struct fp_v3_registration *draft, struct fp_v3_package *package,
	struct fp_error *error);
/* The draft becomes memory. */
void fp_v3_keep_flat(struct fp_v3_package *package, struct fp_v3_flat *draft);
void fp_v3_keep_registration(struct fp_v3_package *package, struct fp_v3_registration *draft);
