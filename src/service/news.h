#pragma once
/* What one round of the watch has to tell; shared by the watch's files. */
#include "forkpoint/base/json_write.h"
#include "forkpoint/base/map.h"
#include "forkpoint/service/watch.h"

/* A tip's answer with its memory. */
struct fp_kept_tip {
	struct fp_tip_answer tip;
	char *memory;
};

struct fp_kept_tips {
	struct fp_kept_tip *items;
	size_t count, capacity;
	struct fp_map by_key;
};

struct fp_news {
	struct fp_event *events; /* repo and document are ours */
	size_t count, capacity;
	struct fp_tip_answer *tips; /* slices into new_tips */
	struct fp_kept_tips new_tips;
	int64_t version_facts, ref_facts; /* told up to there */
	bool more;			  /* there are more facts */
	/* of the event that is being written */
	struct fp_buf text;
	struct fp_json json;
};

void fp_news_init(struct fp_news *news);
void fp_news_release(struct fp_news *news);
/* Begins an event's document; members follow in news->json; end keeps it. kind is static. */
void fp_news_begin(struct fp_news *news, const char *kind, struct fp_str repo, int64_t at_us);
int fp_news_end(struct fp_news *news, const char *kind, struct fp_str repo, int64_t at_us);

/* NULL when it was never seen. */
const struct fp_tip_answer *fp_kept_tips_find(
	const struct fp_kept_tips *tips, const struct fp_tip_answer *like);
int fp_kept_tips_put(struct fp_kept_tips *tips, const struct fp_tip_answer *tip);
void fp_kept_tips_release(struct fp_kept_tips *tips);

/* ---- watch_facts.c ---- */

/* Events of the facts behind news->version_facts and news->ref_facts. */
int fp_news_add_facts(struct fp_news *news, struct fp_store *store,
	const struct fp_snapshot *snapshot, struct fp_error *error);

/* ---- watch_state.c ---- */

/* sync-failed and sync-recovered, from `last` (NULL: nothing was known) to `next`. */
int fp_news_add_sync(struct fp_news *news, const struct fp_snapshot *last,
	const struct fp_snapshot *next, int64_t now_us);
/* answer-changed for the tips of tracked branches of repositories that are not as in `last`. */
int fp_news_add_answers(struct fp_news *news, struct fp_worker *worker,
	const struct fp_kept_tips *known, const struct fp_snapshot *last,
	const struct fp_snapshot *next, struct fp_answer *answer, int64_t now_us);
