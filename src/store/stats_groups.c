/* Groups of topics: each topic is looked up once for all buckets. */
#include "stats_groups.h"

#include "forkpoint/base/array.h"

#include "sql.h"

enum { TOPICS_MAX = 64 * 1024 * 1024 };

#define UNKNOWN 0
#define LEFT_OUT UINT32_MAX

void fp_stats_groups_release(struct fp_stats_groups *groups)
{
	for (size_t i = 0; i < groups->count; i++)
		free(groups->items[i].memory);
	free(groups->items);
	free(groups->of_topic);
	fp_map_release(&groups->by_text);
}

/* The texts that are told apart, behind their lengths. */
static int write_key(const struct fp_stats_groups *groups,
	const struct fp_str parts[FP_STATS_PARTS], struct fp_buf *key, struct fp_error *error)
{
	for (unsigned i = 0; i < FP_STATS_PARTS; i++) {
		size_t len = groups->query->by >> i & 1 ? parts[i].len : 0;

		fp_buf_add(key, &len, sizeof(len));
	}
	for (unsigned i = 0; i < FP_STATS_PARTS; i++)
		if (groups->query->by >> i & 1)
			fp_buf_add_str(key, parts[i]);
	return fp_buf_check(key, error);
}

static int add_group(struct fp_stats_groups *groups, const struct fp_str parts[FP_STATS_PARTS],
	struct fp_str key, struct fp_error *error)
{
	struct fp_stats_group *group;
	const char *at;

	if (fp_array_reserve((void **)&groups->items, &groups->capacity, groups->count + 1,
		    sizeof(*groups->items)) < 0)
		return fp_error_memory(error);
	group = &groups->items[groups->count];
	*group = (struct fp_stats_group){.memory = fp_str_dup(key)};
	if (!group->memory)
		return fp_error_memory(error);
	at = group->memory + FP_STATS_PARTS * sizeof(size_t);
	for (unsigned i = 0; i < FP_STATS_PARTS; i++) {
		if (!(groups->query->by >> i & 1))
			continue;
		group->parts[i] = fp_str_n(at, parts[i].len);
		at += parts[i].len;
	}
	groups->count++;
	return fp_map_set(&groups->by_text, key, (uint32_t)groups->count - 1) < 0
		       ? fp_error_memory(error)
		       : 0;
}

static int group_of_texts(struct fp_stats_groups *groups, const struct fp_str parts[FP_STATS_PARTS],
	uint32_t *group, struct fp_error *error)
{
	struct fp_buf FP_CLEANUP_BUF key = {0};
	int r;

	fp_buf_init(&key, 1024 * 1024);
	r = write_key(groups, parts, &key, error);
	if (r < 0 || fp_map_get(&groups->by_text, fp_buf_str(&key), group))
		return r;
	*group = (uint32_t)groups->count;
	return add_group(groups, parts, fp_buf_str(&key), error);
}

static int look_up(struct fp_stats_groups *groups, struct fp_store *store, int64_t topic,
	uint32_t *group, struct fp_error *error)
{
	FP_CLEANUP_SQL sqlite3_stmt *statement = NULL;
	const struct fp_sql_value values[] = {fp_sql_integer(topic)};
	struct fp_str parts[FP_STATS_PARTS];
	int r = fp_sql_start(store, FP_SQL_TOPIC_READ,
		"SELECT repo, branch, version, outcome FROM topics WHERE topic = ?", values, 1,
		&statement, error);

	*group = FP_STATS_NO_GROUP;
	if (r >= 0)
		r = fp_sql_step(statement, error);
	if (r <= 0)
		return r;
	for (int i = 0; i < FP_STATS_PARTS; i++)
		parts[i] = fp_sql_column(statement, i);
	if (groups->query->repo.len && !fp_str_equal(parts[0], groups->query->repo))
		return 0;
	return group_of_texts(groups, parts, group, error);
}

int fp_stats_group_of(struct fp_stats_groups *groups, struct fp_store *store, int64_t topic,
	uint32_t *group, struct fp_error *error)
{
	size_t place = (size_t)topic;
	int r;

	if (topic < 0 || topic > TOPICS_MAX)
		return fp_error_set(error, FP_ERROR_CORRUPT, "a sum of requests is damaged");
	if (fp_array_reserve((void **)&groups->of_topic, &groups->topic_capacity, place + 1,
		    sizeof(*groups->of_topic)) < 0)
		return fp_error_memory(error);
	while (groups->topic_count <= place)
		groups->of_topic[groups->topic_count++] = UNKNOWN;
	if (groups->of_topic[place] == UNKNOWN) {
		r = look_up(groups, store, topic, group, error);
		if (r < 0)
			return r;
		groups->of_topic[place] = *group == FP_STATS_NO_GROUP ? LEFT_OUT : *group + 1;
	}
	*group = groups->of_topic[place] == LEFT_OUT ? FP_STATS_NO_GROUP
						     : groups->of_topic[place] - 1;
	return 0;
}
