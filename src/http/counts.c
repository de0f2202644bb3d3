/* Counters since the start: replies and answers, each in a place of its own, without a lock. */
#include "forkpoint/http/request.h"

#include <stdlib.h>

void fp_counts_release(struct fp_http_counts *counts)
{
	for (size_t i = 0; i < FP_COUNTED_REPOSITORIES_MAX; i++)
		free(atomic_load(&counts->repositories[i].name));
}

static void add(_Atomic uint64_t *count)
{
	atomic_fetch_add_explicit(count, 1, memory_order_relaxed);
}

void fp_counts_reply(struct fp_http_counts *counts, const struct fp_route *route, unsigned status,
	const char *problem)
{
	size_t row = route ? (size_t)(route - fp_routes) : fp_route_count();
	const struct fp_problem_row *known;

	if (row > FP_COUNTED_ROUTES_MAX || status < 100 || status >= 600)
		return;
	add(&counts->replies[row][status / 100 - 1]);
	for (size_t i = 0; problem && i < FP_COUNTED_PROBLEMS_MAX && (known = fp_problem_at(i));
		i++)
		if (strcmp(known->code, problem) == 0)
			add(&counts->problems[row][i]);
}

/* The repository's place, taken if it has none yet; NULL when all are taken. */
static struct fp_counted_repository *find_place(struct fp_http_counts *counts, struct fp_str repo)
{
	size_t at = fp_hash64(repo.ptr, repo.len, 0);

	for (size_t i = 0; i < FP_COUNTED_REPOSITORIES_MAX; i++) {
		struct fp_counted_repository *place =
			&counts->repositories[(at + i) % FP_COUNTED_REPOSITORIES_MAX];
		char *name = atomic_load_explicit(&place->name, memory_order_acquire), *own;

		if (!name) {
			own = fp_str_dup(repo);
			if (!own)
				return NULL;
			if (atomic_compare_exchange_strong(&place->name, &name, own))
				return place;
			free(own); /* somebody was faster: `name` is theirs */
		}
		if (fp_str_equal(fp_str(name), repo))
			return place;
	}
	return NULL;
}

void fp_counts_answer(struct fp_http_counts *counts, struct fp_str repo, enum fp_outcome outcome)
{
	struct fp_counted_repository *place = counts ? find_place(counts, repo) : NULL;

	if (place)
		add(&place->answers[outcome]);
}
