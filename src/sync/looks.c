/* Who waits for what, and what need not be looked for. */
#include "sources.h"

#include "forkpoint/base/array.h"
#include "forkpoint/base/time.h"

#include <stdlib.h>

/* A commit that was just looked for in vain is not looked for again for so long. */
#define VAIN_US (5 * FP_US_PER_S)

/* Different unknown commits of one repository: so many at once, and so many a second after that. */
enum { TOKENS_MAX = 64, TOKENS_PER_S = 2 };

static struct fp_waiting_look *find_look(
	const struct fp_waiting_looks *looks, struct fp_str sha, bool is_abandoned)
{
	for (size_t i = 0; i < looks->count; i++)
		if (fp_str_equal_nocase(fp_str(looks->items[i].sha), sha) &&
			(!is_abandoned || fp_ticket_is_abandoned(looks->items[i].ticket)))
			return &looks->items[i];
	return NULL;
}

int fp_waiting_looks_add(
	struct fp_waiting_looks *looks, struct fp_str sha, struct fp_ticket *ticket)
{
	struct fp_waiting_look *look = find_look(looks, sha, true);
	int r;

	/* Who does not wait leaves one behind; a fetch that takes an hour must not gather them. */
	if (look) {
		fp_ticket_settle(look->ticket, FP_LOOK_FAILED);
		fp_ticket_unref(look->ticket);
		look->ticket = fp_ticket_ref(ticket);
		return 0;
	}
	r = fp_array_reserve(
		(void **)&looks->items, &looks->capacity, looks->count + 1, sizeof(*looks->items));
	if (r < 0)
		return r;
	look = &looks->items[looks->count++];
	*look = (struct fp_waiting_look){.ticket = fp_ticket_ref(ticket)};
	if (sha.len && sha.len <= FP_OID_HEX)
		memcpy(look->sha, sha.ptr, sha.len);
	return 0;
}

struct fp_ticket *fp_waiting_looks_join(const struct fp_waiting_looks *looks, struct fp_str sha)
{
	const struct fp_waiting_look *look = find_look(looks, sha, false);

	return look ? fp_ticket_ref(look->ticket) : NULL;
}

bool fp_waiting_looks_are_full(const struct fp_waiting_looks *looks)
{
	size_t commits = 0;

	for (size_t i = 0; i < looks->count; i++)
		commits += looks->items[i].sha[0] != '\0';
	return commits >= FP_WAITING_COMMITS_MAX;
}

void fp_waiting_looks_move(struct fp_waiting_looks *from, struct fp_waiting_looks *to)
{
	if (from->count == 0 || fp_array_reserve((void **)&to->items, &to->capacity,
					to->count + from->count, sizeof(*to->items)) < 0) {
		fp_waiting_looks_settle(from, FP_LOOK_FAILED);
		return;
	}
	memcpy(to->items + to->count, from->items, from->count * sizeof(*to->items));
	to->count += from->count;
	free(from->items);
	*from = (struct fp_waiting_looks){0};
}

void fp_waiting_looks_settle(struct fp_waiting_looks *looks, enum fp_look_result result)
{
	for (size_t i = 0; i < looks->count; i++) {
		fp_ticket_settle(looks->items[i].ticket, result);
		fp_ticket_unref(looks->items[i].ticket);
	}
	free(looks->items);
	*looks = (struct fp_waiting_looks){0};
}

void fp_vain_looks_note(struct fp_vain_looks *vain, const char *sha, int64_t now_us)
{
	size_t at = vain->next++ % FP_VAIN_MAX;

	memcpy(vain->items[at].sha, sha, sizeof(vain->items[at].sha));
	vain->items[at].until_us = now_us + VAIN_US;
}

static bool take_token(struct fp_vain_looks *vain, int64_t now_us, int64_t *retry_after_us)
{
	double filled = vain->tokens_at_us == 0
				? TOKENS_MAX
				: vain->tokens + (double)(now_us - vain->tokens_at_us) /
							 (double)FP_US_PER_S * TOKENS_PER_S;

	vain->tokens = filled > TOKENS_MAX ? TOKENS_MAX : filled < 0 ? 0 : filled;
	vain->tokens_at_us = now_us;
	if (vain->tokens < 1) {
		*retry_after_us = FP_US_PER_S;
		return false;
	}
	vain->tokens -= 1;
	return true;
}

enum fp_look_refusal fp_vain_looks_judge(
	struct fp_vain_looks *vain, struct fp_str sha, int64_t now_us, int64_t *retry_after_us)
{
	for (size_t i = 0; i < FP_VAIN_MAX; i++) {
		if (vain->items[i].until_us <= now_us ||
			!fp_str_equal_nocase(fp_str(vain->items[i].sha), sha))
			continue;
		*retry_after_us = vain->items[i].until_us - now_us;
		return FP_LOOK_IN_VAIN;
	}
	return take_token(vain, now_us, retry_after_us) ? FP_LOOK_ACCEPTED : FP_LOOK_TOO_MANY;
}
