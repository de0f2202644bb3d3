/* What one round of the watch has to tell, being collected. */
#include "news.h"

#include "forkpoint/base/array.h"

#include <stdlib.h>
#include <string.h>

enum { DOCUMENT_MAX_BYTES = 64 * 1024, KEY_MAX_BYTES = 8 * 1024 };

void fp_news_init(struct fp_news *news)
{
	*news = (struct fp_news){0};
	fp_buf_init(&news->text, DOCUMENT_MAX_BYTES);
}

void fp_news_release(struct fp_news *news)
{
	for (size_t i = 0; i < news->count; i++) {
		free((char *)news->events[i].repo.ptr);
		free((char *)news->events[i].document.ptr);
	}
	free(news->events);
	free(news->tips);
	fp_kept_tips_release(&news->new_tips);
	fp_buf_release(&news->text);
}

void fp_news_begin(struct fp_news *news, const char *kind, struct fp_str repo, int64_t at_us)
{
	fp_buf_clear(&news->text);
	fp_json_init(&news->json, &news->text);
	fp_json_object_begin(&news->json);
	fp_json_member_text(&news->json, "type", kind);
	fp_json_member_time_us(&news->json, "at", at_us);
	fp_json_member_string(&news->json, "repo", repo);
}

int fp_news_end(struct fp_news *news, const char *kind, struct fp_str repo, int64_t at_us)
{
	char *own_repo, *document;

	fp_json_object_end(&news->json);
	if (fp_buf_check(&news->text, NULL) < 0 ||
		fp_array_reserve((void **)&news->events, &news->capacity, news->count + 1,
			sizeof(*news->events)) < 0)
		return -FP_ERROR_MEMORY;
	own_repo = fp_str_dup(repo);
	document = fp_str_dup(fp_buf_str(&news->text));
	if (!own_repo || !document) {
		free(own_repo);
		free(document);
		return -FP_ERROR_MEMORY;
	}
	news->events[news->count++] = (struct fp_event){
		.at_us = at_us,
		.kind = fp_str(kind),
		.repo = fp_str_n(own_repo, repo.len),
		.document = fp_str_n(document, news->text.len),
	};
	return 0;
}

/* ---- tips ---- */

/* Names hold no NUL. */
static int write_key(const struct fp_tip_answer *tip, struct fp_buf *key)
{
	fp_buf_init(key, KEY_MAX_BYTES);
	fp_buf_add_str(key, tip->repo);
	fp_buf_add_char(key, '\0');
	fp_buf_add_str(key, tip->branch);
	fp_buf_add_char(key, '\0');
	fp_buf_add_str(key, tip->package);
	return fp_buf_check(key, NULL);
}

const struct fp_tip_answer *fp_kept_tips_find(
	const struct fp_kept_tips *tips, const struct fp_tip_answer *like)
{
	struct fp_buf FP_CLEANUP_BUF key = {0};
	uint32_t index;

	if (write_key(like, &key) < 0 || !fp_map_get(&tips->by_key, fp_buf_str(&key), &index))
		return NULL;
	return &tips->items[index].tip;
}

static struct fp_str copy_text(char **to, struct fp_str text)
{
	struct fp_str copy = fp_str_n(*to, text.len);

	if (text.len)
		memcpy(*to, text.ptr, text.len);
	*to += text.len;
	return copy;
}

static int copy_tip(const struct fp_tip_answer *from, struct fp_kept_tip *to)
{
	size_t bytes = from->repo.len + from->branch.len + from->package.len + from->sha.len +
		       from->version.len + from->outcome.len;
	char *at;

	to->memory = at = malloc(bytes + 1);
	if (!at)
		return -FP_ERROR_MEMORY;
	to->tip.repo = copy_text(&at, from->repo);
	to->tip.branch = copy_text(&at, from->branch);
	to->tip.package = copy_text(&at, from->package);
	to->tip.sha = copy_text(&at, from->sha);
	to->tip.version = copy_text(&at, from->version);
	to->tip.outcome = copy_text(&at, from->outcome);
	return 0;
}

int fp_kept_tips_put(struct fp_kept_tips *tips, const struct fp_tip_answer *tip)
{
	struct fp_buf FP_CLEANUP_BUF key = {0};
	struct fp_kept_tip copy;
	uint32_t index;

	if (write_key(tip, &key) < 0 || copy_tip(tip, &copy) < 0)
		return -FP_ERROR_MEMORY;
	if (fp_map_get(&tips->by_key, fp_buf_str(&key), &index)) {
		free(tips->items[index].memory);
		tips->items[index] = copy;
		return 0;
	}
	if (fp_array_reserve((void **)&tips->items, &tips->capacity, tips->count + 1,
		    sizeof(*tips->items)) < 0 ||
		fp_map_set(&tips->by_key, fp_buf_str(&key), (uint32_t)tips->count) < 0) {
		free(copy.memory);
		return -FP_ERROR_MEMORY;
	}
	tips->items[tips->count++] = copy;
	return 0;
}

void fp_kept_tips_release(struct fp_kept_tips *tips)
{
	for (size_t i = 0; i < tips->count; i++)
		free(tips->items[i].memory);
	free(tips->items);
	fp_map_release(&tips->by_key);
	*tips = (struct fp_kept_tips){0};
}
