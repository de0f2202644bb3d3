#pragma once
/*
 * Registrations: an index of pages, each inline or to be fetched, whose leaves say which versions
 * are listed and when they were published. Pure; reads piece by piece in memory bounded by the
 * versions found, whatever the size of the document (Azure Artifacts sends hundreds of megabytes).
 */
#include "forkpoint/feed/version_list.h"

enum { FP_REGISTRATION_STAMP_MAX = 128 };

/* A page that has to be fetched. */
struct fp_registration_page {
	char *url;			       /* absolute */
	char stamp[FP_REGISTRATION_STAMP_MAX]; /* commit id and time: same stamp, same page; "" =
						* the index does not say */
};

struct fp_registration {
	struct fp_version_list versions; /* of the inline pages, or of a fetched page */
	struct fp_registration_page *pages;
	size_t page_count, page_capacity;
	size_t foreign;	 /* leaves of another package id, left out */
	size_t nameless; /* leaves and pages that name nothing usable, left out */
	char *content;	 /* the first leaf's packageContent with its version replaced by
			  * {version-lower}, NULL where there is none */
};

struct fp_registration_options {
	const char *url;	/* of the document: links resolve against it */
	const char *package_id; /* leaves of another id are left out */
	uint64_t max_bytes;
	size_t max_pages;
	size_t max_depth; /* at most FP_FEED_DEPTH_MAX */
};

void fp_registration_init(struct fp_registration *registration, size_t max_versions);
void fp_registration_release(struct fp_registration *registration);

struct fp_registration_reader;

/* Reads an index or a page: the two are told apart by what their items hold. NULL when out of
 * memory; options' strings and *registration must outlive the reader. */
struct fp_registration_reader *fp_registration_reader_new(
	const struct fp_registration_options *options, struct fp_registration *registration);
void fp_registration_reader_free(struct fp_registration_reader *reader);
FP_DEFINE_CLEANUP(struct fp_registration_reader *, fp_registration_reader_free)
int fp_registration_reader_feed(struct fp_registration_reader *reader, const char *data, size_t len,
	struct fp_error *error);
/* -FP_ERROR_INVALID also when the document is JSON but has no items. */
int fp_registration_reader_finish(struct fp_registration_reader *reader, struct fp_error *error);
