#pragma once
/*
 * Texts that several versions of one large structure share: blocks that are only ever added to,
 * each holding on to the block before it. What was written stays where it is as long as anybody
 * holds the block or a later one. Counted; threads may extend the same block at the same time.
 */
#include <stdbool.h>
#include <stddef.h>

struct fp_texts;

/*
 * Room for `bytes` bytes, at *room: in last's own block where that is free, else in a new block
 * that holds on to last. last may be NULL; it keeps its reference. One reference for the caller;
 * NULL when out of memory.
 */
struct fp_texts *fp_texts_extend(struct fp_texts *last, size_t bytes, char **room);
struct fp_texts *fp_texts_ref(struct fp_texts *texts);
void fp_texts_unref(struct fp_texts *texts);
/* Whether so much was added since the first block that writing everything anew would pay. */
bool fp_texts_is_scattered(const struct fp_texts *texts);
