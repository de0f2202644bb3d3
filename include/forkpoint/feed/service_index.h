#pragma once
/* The service index of a v3 feed: which resource answers which question. Pure. */
#include "forkpoint/base/error.h"
#include "forkpoint/base/str.h"

enum fp_resource {
	FP_RESOURCE_FLAT_CONTAINER, /* all versions; tiny */
	FP_RESOURCE_REGISTRATION,   /* which are listed, when published */
	FP_RESOURCE_LEGACY_GALLERY, /* v2 */
	FP_RESOURCE_COUNT,
};

struct fp_service_index {
	/* Absolute base URL of the preferred type, NULL where the feed offers none. */
	char *url[FP_RESOURCE_COUNT];
	const char *type[FP_RESOURCE_COUNT]; /* the type taken, static */
	bool holds_semver2; /* the registrations are of a hive that has SemVer 2 packages */
	size_t ignored;	    /* resources of known types whose id was no URL that can be used */
};

/* "flat container", "registrations", "LegacyGallery". */
const char *fp_resource_name(enum fp_resource resource);
/* index_url: where the document came from; relative ids resolve against it. -FP_ERROR_INVALID when
 * it is no v3 service index. */
int fp_service_index_read(struct fp_str body, const char *index_url, struct fp_service_index *index,
	struct fp_error *error);
void fp_service_index_release(struct fp_service_index *index);
