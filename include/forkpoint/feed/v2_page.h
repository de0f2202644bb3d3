#pragma once
/* One Atom page of a v2 feed. Pure; reads piece by piece. */
#include "forkpoint/feed/version_list.h"

struct fp_v2_page {
	struct fp_version_list versions;
	char *next;	 /* the root's link to the next page, as written; NULL = last page */
	size_t entries;	 /* all, those of other packages too */
	size_t foreign;	 /* entries of another package id, left out */
	size_t nameless; /* entries without a version, left out */
	char *content;	 /* the first entry's package address, its version replaced by
			  * {version-lower}; as written, NULL where there is none */
};

void fp_v2_page_init(struct fp_v2_page *page, size_t max_versions);
void fp_v2_page_release(struct fp_v2_page *page);

struct fp_v2_reader;

/* NULL when out of memory. package_id and *page must outlive the reader. */
struct fp_v2_reader *fp_v2_reader_new(
	const char *package_id, uint64_t max_bytes, size_t max_depth, struct fp_v2_page *page);
void fp_v2_reader_free(struct fp_v2_reader *reader);
FP_DEFINE_CLEANUP(struct fp_v2_reader *, fp_v2_reader_free)
int fp_v2_reader_feed(
	struct fp_v2_reader *reader, const char *data, size_t len, struct fp_error *error);
/* -FP_ERROR_INVALID also when the document is XML but no feed and no entry. */
int fp_v2_reader_finish(struct fp_v2_reader *reader, struct fp_error *error);
