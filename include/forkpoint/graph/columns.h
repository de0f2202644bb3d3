#pragma once
/*
 * Pages of commits, for keeping a graph: up to FP_GRAPH_CHUNK of them, as the graph holds them in
 * memory. What is loaded is checked, so that a page with wrong content cannot make a wrong graph;
 * that it is the content that was written is for whoever keeps it to know.
 */
#include "forkpoint/base/buf.h"
#include "forkpoint/graph/graph.h"

/* Adds the page of `count` commits from `first` on, which is a multiple of FP_GRAPH_CHUNK. */
void fp_graph_write_page(
	const struct fp_graph_view *view, uint32_t first, uint32_t count, struct fp_buf *page);

/* Appends a page that was written of `count` commits. 0; 1 when it is none that could follow here,
 * or names facts from facts_count on: the graph is then to be thrown away; -FP_ERROR_MEMORY,
 * -FP_ERROR_LIMIT. */
int fp_graph_append_page(struct fp_graph *graph, struct fp_str page, uint32_t count,
	uint32_t facts_count, struct fp_error *error);
