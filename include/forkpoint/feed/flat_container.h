#pragma once
/* The flat container's index.json: {"versions": [...]}. Pure; reads piece by piece. */
#include "forkpoint/feed/version_list.h"

struct fp_flat_container_reader;

/* NULL when out of memory. Versions go to *list, which must outlive the reader. */
struct fp_flat_container_reader *fp_flat_container_reader_new(
	struct fp_version_list *list, uint64_t max_bytes, size_t max_depth);
void fp_flat_container_reader_free(struct fp_flat_container_reader *reader);
FP_DEFINE_CLEANUP(struct fp_flat_container_reader *, fp_flat_container_reader_free)
int fp_flat_container_reader_feed(struct fp_flat_container_reader *reader, const char *data,
	size_t len, struct fp_error *error);
/* Outcome 1: the document is well-formed and has no list of versions, which means that there is
 * no such package; an empty list is the caller's to see. */
int fp_flat_container_reader_finish(
	struct fp_flat_container_reader *reader, struct fp_error *error);
