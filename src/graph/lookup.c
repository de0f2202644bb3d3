/* Finding commits by id and by abbreviation. */
#include "storage.h"

#include <stdlib.h>

enum { FIRST_BITS = 10 };

struct fp_graph_lookup *fp_graph_lookup_new(unsigned bits)
{
	struct fp_graph_lookup *lookup =
		calloc(1, sizeof(*lookup) + sizeof(lookup->slots[0]) * ((size_t)1 << bits));

	if (!lookup)
		return NULL;
	atomic_init(&lookup->references, 1);
	lookup->bits = bits;
	return lookup;
}

struct fp_graph_lookup *fp_graph_lookup_ref(struct fp_graph_lookup *lookup)
{
	atomic_fetch_add_explicit(&lookup->references, 1, memory_order_relaxed);
	return lookup;
}

void fp_graph_lookup_unref(struct fp_graph_lookup *lookup)
{
	if (lookup && atomic_fetch_sub_explicit(&lookup->references, 1, memory_order_acq_rel) == 1)
		free(lookup);
}

static uint32_t leading_bits(const struct fp_oid *oid)
{
	return (uint32_t)oid->bytes[0] << 24 | (uint32_t)oid->bytes[1] << 16 |
	       (uint32_t)oid->bytes[2] << 8 | oid->bytes[3];
}

static uint32_t home_of(const struct fp_graph_lookup *lookup, uint32_t leading)
{
	return leading >> (32 - lookup->bits);
}

static void enter(struct fp_graph_lookup *lookup, const struct fp_oid *oid, uint32_t commit)
{
	uint32_t mask = (UINT32_C(1) << lookup->bits) - 1;
	uint32_t at = home_of(lookup, leading_bits(oid));

	while (atomic_load_explicit(&lookup->slots[at], memory_order_relaxed) != 0)
		at = (at + 1) & mask;
	atomic_store_explicit(&lookup->slots[at], commit + 1, memory_order_release);
}

static const struct fp_oid *oid_of(const struct fp_graph *graph, uint32_t commit)
{
	return &fp_graph_chunk_of(graph, commit)->oid[fp_graph_row_of(commit)];
}

static int grow_to(struct fp_graph *graph, unsigned bits)
{
	struct fp_graph_lookup *larger = fp_graph_lookup_new(bits);

	if (!larger)
		return -FP_ERROR_MEMORY;
	for (uint32_t i = 0; i < graph->count; i++)
		enter(larger, oid_of(graph, i), i);
	fp_graph_lookup_unref(graph->lookup);
	graph->lookup = larger;
	return 0;
}

/* At most seven slots in eight are taken: 4.6 to 9.2 bytes a commit. */
static bool is_enough(unsigned bits, uint32_t commits)
{
	return commits <= (UINT64_C(1) << bits) * 7 / 8;
}

int fp_graph_expect(struct fp_graph *graph, uint32_t commits)
{
	unsigned bits = FIRST_BITS;

	if (commits > FP_GRAPH_MAX_COMMITS)
		commits = FP_GRAPH_MAX_COMMITS;
	while (!is_enough(bits, commits))
		bits++;
	return graph->lookup && graph->lookup->bits >= bits ? 0 : grow_to(graph, bits);
}

int fp_graph_lookup_add(struct fp_graph *graph, uint32_t commit)
{
	if (!graph->lookup || !is_enough(graph->lookup->bits, commit + 1))
		if (grow_to(graph, graph->lookup ? graph->lookup->bits + 1 : FIRST_BITS) < 0)
			return -FP_ERROR_MEMORY;
	enter(graph->lookup, oid_of(graph, commit), commit);
	return 0;
}

/* Slots lie anywhere: they are asked for some commits ahead, or each would be waited for. */
enum { AHEAD = 8 };

int fp_graph_lookup_add_many(struct fp_graph *graph, uint32_t first, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		if (i + AHEAD < count && graph->lookup) {
			uint32_t leading = leading_bits(oid_of(graph, first + i + AHEAD));

			__builtin_prefetch(
				&graph->lookup->slots[home_of(graph->lookup, leading)], 1);
		}
		if (fp_graph_lookup_add(graph, first + i) < 0)
			return -FP_ERROR_MEMORY;
	}
	return 0;
}

uint32_t fp_graph_lookup_find(const struct fp_graph *graph, const struct fp_graph_lookup *lookup,
	uint32_t count, const struct fp_oid *oid)
{
	uint32_t mask, at;

	if (!lookup)
		return FP_NO_COMMIT;
	mask = (UINT32_C(1) << lookup->bits) - 1;
	at = home_of(lookup, leading_bits(oid));
	for (;;) {
		uint32_t entry = atomic_load_explicit(&lookup->slots[at], memory_order_acquire);

		if (entry == 0)
			return FP_NO_COMMIT;
		if (entry - 1 < count && fp_oid_equal(oid_of(graph, entry - 1), oid))
			return entry - 1;
		at = (at + 1) & mask;
	}
}

/* The ids that an abbreviation can stand for: from `low` to `high`, both included. */
static bool prefix_range(struct fp_str hex, struct fp_oid *low, struct fp_oid *high)
{
	if (hex.len < FP_GRAPH_PREFIX_MIN || hex.len > FP_OID_HEX)
		return false;
	memset(low->bytes, 0x00, FP_OID_BYTES);
	memset(high->bytes, 0xff, FP_OID_BYTES);
	for (size_t i = 0; i < hex.len; i++) {
		int value = fp_char_hex_value(hex.ptr[i]);
		unsigned shift = i % 2 ? 0 : 4;

		if (value < 0)
			return false;
		low->bytes[i / 2] |= (uint8_t)(value << shift);
		high->bytes[i / 2] &= (uint8_t)(value << shift | (i % 2 ? 0xf0 : 0x0f));
	}
	return true;
}

size_t fp_graph_find_prefix(
	const struct fp_graph_view *view, struct fp_str hex, uint32_t *found, size_t max)
{
	const struct fp_graph_lookup *lookup = view->lookup;
	struct fp_oid low, high;
	uint32_t mask, first, homes;
	size_t count = 0;

	if (!lookup || !prefix_range(hex, &low, &high))
		return 0;
	mask = (UINT32_C(1) << lookup->bits) - 1;
	first = home_of(lookup, leading_bits(&low));
	homes = home_of(lookup, leading_bits(&high)) - first + 1;
	/* Past the homes, displaced entries can follow up to the first empty slot. */
	for (uint32_t i = 0; count < max && i <= mask; i++) {
		uint32_t entry = atomic_load_explicit(
			&lookup->slots[(first + i) & mask], memory_order_acquire);
		const struct fp_oid *oid;

		if (entry == 0 && i >= homes)
			break;
		if (entry == 0 || entry - 1 >= view->count)
			continue;
		oid = oid_of(view->graph, entry - 1);
		if (fp_oid_compare(oid, &low) >= 0 && fp_oid_compare(oid, &high) <= 0)
			found[count++] = entry - 1;
	}
	return count;
}
