#pragma once
/* What is told apart in numbers about past answers: groups of topics. */
#include "forkpoint/base/map.h"
#include "forkpoint/store/stats.h"

enum { FP_STATS_PARTS = 4 }; /* repo, branch, version, outcome, in the order of their bits */

#define FP_STATS_NO_GROUP UINT32_MAX /* of topics that are not asked for */

struct fp_stats_group {
	char *memory;
	struct fp_str parts[FP_STATS_PARTS]; /* empty where they are not told apart */
};

struct fp_stats_groups {
	const struct fp_stats_query *query;
	struct fp_stats_group *items;
	size_t count, capacity;
	struct fp_map by_text;
	/* Of topics that were met: their group plus one. */
	uint32_t *of_topic;
	size_t topic_count, topic_capacity;
};

void fp_stats_groups_release(struct fp_stats_groups *groups);
/* The group of a topic, or FP_STATS_NO_GROUP. */
int fp_stats_group_of(struct fp_stats_groups *groups, struct fp_store *store, int64_t topic,
	uint32_t *group, struct fp_error *error);
