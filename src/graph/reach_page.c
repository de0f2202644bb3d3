/*
 * A branch's reach as a page, for keeping it between two runs: a header, the columns, the chain,
 * the floors, and the sets of bases, each as its number of commits and then they. In the machine's
 * byte order.
 */
#include "reach_parts.h"

#include <stdlib.h>

static const uint32_t PAGE_MARK = 0x46505232; /* "FPR2"; reads otherwise in another byte order */

struct page_header {
	uint32_t mark;
	uint32_t tip, count, chain_length, set_count;
	uint32_t set_numbers; /* in all sets, their counts included */
	uint32_t floor_count;
};

static void add_numbers(struct fp_buf *page, const uint32_t *numbers, uint32_t count)
{
	fp_buf_add(page, numbers, count * sizeof(*numbers));
}

void fp_reach_write_page(const struct fp_reach *reach, struct fp_buf *page)
{
	struct page_header header = {
		.mark = PAGE_MARK,
		.tip = reach->tip,
		.count = reach->count,
		.chain_length = reach->chain_length,
		.set_count = reach->sets.count,
		.floor_count = reach->floor_count,
	};

	for (uint32_t i = 0; i < reach->sets.count; i++)
		header.set_numbers += 1 + fp_base_sets_get(&reach->sets, i)->count;
	fp_buf_reserve(
		page, sizeof(header) +
			      sizeof(uint32_t) * (2 * (size_t)header.count + header.chain_length +
							 header.set_numbers + header.floor_count));
	fp_buf_add(page, &header, sizeof(header));
	add_numbers(page, reach->value, reach->count);
	add_numbers(page, reach->reached, reach->count);
	add_numbers(page, reach->chain, reach->chain_length);
	add_numbers(page, reach->floors, reach->floor_count);
	for (uint32_t i = 0; i < reach->sets.count; i++) {
		const struct fp_base_set *set = fp_base_sets_get(&reach->sets, i);

		add_numbers(page, &set->count, 1);
		add_numbers(page, set->commits, set->count);
	}
}

/* ---- reading ---- */

static bool is_header_right(
	const struct page_header *header, size_t len, const struct fp_graph_view *view)
{
	return header->mark == PAGE_MARK && header->count <= view->count &&
	       header->tip < header->count && header->chain_length > 0 &&
	       header->chain_length <= header->count &&
	       header->set_count <= header->set_numbers / 3 && header->floor_count > 0 &&
	       header->floor_count <= FP_REACH_FLOORS &&
	       len == sizeof(*header) +
			       sizeof(uint32_t) *
				       (2 * (size_t)header->count + header->chain_length +
					       header->floor_count + (size_t)header->set_numbers);
}

/* Whether a value names only what there is. */
static bool is_value_right(const struct fp_reach *reach, uint32_t value)
{
	if (!(value & OUTSIDE))
		return value < reach->chain_length;
	if (value == NO_BASE || value == SEVERAL_BASES)
		return true;
	value &= ~OUTSIDE;
	return value & BASE_SET ? (value & ~BASE_SET) < reach->sets.count : value < reach->count;
}

static bool are_columns_right(const struct fp_reach *reach)
{
	for (uint32_t i = 0; i < reach->chain_length; i++)
		if (reach->chain[i] >= reach->count || reach->value[reach->chain[i]] != i)
			return false;
	for (uint32_t i = 0; i < reach->count; i++)
		if (!is_value_right(reach, reach->value[i]))
			return false;
	return reach->chain[reach->chain_length - 1] == reach->tip;
}

/* 1 when a set is wrong. */
static int take_sets(struct fp_reach *reach, const struct page_header *header, const char *at)
{
	uint32_t left = header->set_numbers, count, number, commits[FP_BASES_MAX];

	for (uint32_t i = 0; i < header->set_count; i++) {
		int r;

		if (left == 0)
			return 1;
		memcpy(&count, at, sizeof(count));
		if (count < 2 || count > FP_BASES_MAX || count > --left)
			return 1;
		memcpy(commits, at + sizeof(count), count * sizeof(count));
		at += (count + 1) * sizeof(count);
		left -= count;
		for (uint32_t k = 0; k < count; k++)
			if (commits[k] >= reach->count || (k && commits[k] <= commits[k - 1]))
				return 1;
		r = fp_base_sets_number(&reach->sets, commits, count, &number);
		if (r != 0 || number != i)
			return r < 0 ? r : 1;
	}
	return left != 0;
}

static int take_page(struct fp_reach *reach, const struct page_header *header, const char *at)
{
	size_t column = header->count * sizeof(uint32_t);
	size_t chain = header->chain_length * sizeof(uint32_t);
	size_t floors = header->floor_count * sizeof(uint32_t);
	int r;

	if (fp_reach_reserve_chain(reach, header->count, header->chain_length) < 0)
		return -FP_ERROR_MEMORY;
	memcpy(reach->value, at, column);
	memcpy(reach->reached, at + column, column);
	memcpy(reach->chain, at + 2 * column, chain);
	reach->count = header->count;
	memcpy(reach->floors, at + 2 * column + chain, floors);
	reach->floor_count = header->floor_count;
	r = take_sets(reach, header, at + 2 * column + chain + floors);
	return r != 0 ? r : !are_columns_right(reach);
}

int fp_reach_read_page(
	struct fp_str page, const struct fp_graph_view *view, struct fp_reach **reach)
{
	FP_CLEANUP(fp_reach_unref_cleanup) struct fp_reach *made = NULL;
	struct page_header header;
	int r;

	if (page.len < sizeof(header))
		return 1;
	memcpy(&header, page.ptr, sizeof(header));
	if (!is_header_right(&header, page.len, view))
		return 1;
	made = fp_reach_new(header.tip, header.count);
	if (!made)
		return -FP_ERROR_MEMORY;
	r = take_page(made, &header, page.ptr + sizeof(header));
	if (r != 0)
		return r;
	*reach = made;
	made = NULL;
	return 0;
}
