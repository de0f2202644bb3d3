/* Blocks of shared text. */
#include "forkpoint/base/texts.h"

#include <stdatomic.h>
#include <stdlib.h>

/* A block after the first is a fraction of what there is, so that there are few of them. */
enum { BLOCK_MIN = 4096, GROWTH = 8, SCATTERED_MIN = 64 * 1024 };

struct fp_texts {
	atomic_uint references;
	struct fp_texts *previous;
	size_t first_bytes, total_bytes; /* of the first block; of this one and all before it */
	size_t capacity;
	_Atomic size_t used;
	char data[];
};

struct fp_texts *fp_texts_ref(struct fp_texts *texts)
{
	atomic_fetch_add_explicit(&texts->references, 1, memory_order_relaxed);
	return texts;
}

void fp_texts_unref(struct fp_texts *texts)
{
	while (texts &&
		atomic_fetch_sub_explicit(&texts->references, 1, memory_order_acq_rel) == 1) {
		struct fp_texts *previous = texts->previous;

		free(texts);
		texts = previous;
	}
}

static bool take_room(struct fp_texts *texts, size_t bytes, char **room)
{
	size_t used = atomic_load_explicit(&texts->used, memory_order_relaxed);

	do {
		if (texts->capacity - used < bytes)
			return false;
	} while (!atomic_compare_exchange_weak(&texts->used, &used, used + bytes));
	*room = texts->data + used;
	return true;
}

static size_t block_bytes(const struct fp_texts *last, size_t bytes)
{
	size_t wanted = last ? last->total_bytes / GROWTH : 0;

	if (last && wanted < BLOCK_MIN)
		wanted = BLOCK_MIN;
	return bytes > wanted ? bytes : wanted;
}

struct fp_texts *fp_texts_extend(struct fp_texts *last, size_t bytes, char **room)
{
	size_t capacity = block_bytes(last, bytes);
	struct fp_texts *made;

	if (last && take_room(last, bytes, room))
		return fp_texts_ref(last);
	made = malloc(sizeof(*made) + capacity);
	if (!made)
		return NULL;
	*made = (struct fp_texts){
		.previous = last ? fp_texts_ref(last) : NULL,
		.first_bytes = last ? last->first_bytes : capacity,
		.total_bytes = (last ? last->total_bytes : 0) + capacity,
		.capacity = capacity,
	};
	atomic_init(&made->references, 1);
	atomic_init(&made->used, bytes);
	*room = made->data;
	return made;
}

bool fp_texts_is_scattered(const struct fp_texts *texts)
{
	return texts->total_bytes > 2 * texts->first_bytes + SCATTERED_MIN;
}
