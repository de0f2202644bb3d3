/*
 * The commit graph of a big history in one process, beside git and libgit2.
 *
 * usage: graph-bench REPOSITORY [PAIRS]
 * Prints lines `NAME VALUE…`, which graph.py reads: the walk's time beside `git log`'s, memory, and
 * fork points of random (commit, branch) pairs by reach, by pivot and by walk beside
 * git_merge_base and `git merge-base`. The repository should have a commit-graph file, for git's
 * and libgit2's own speed.
 */
#include "forkpoint/graph/pivot.h"
#include "forkpoint/mirror/mirror.h"

#include <git2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
	WALK_ROUNDS = 3,
	TRACKED = 8,
	GIT_SAMPLE = 40,
	LIBGIT2_SAMPLE = 300,
};

struct bench {
	const char *path;
	struct fp_mirror *mirror;
	struct fp_mirror_refs refs;
	struct fp_oid *tips;
	size_t tip_count;
	struct fp_graph *graph;
	struct fp_graph_view view;
	struct fp_scratch scratch;
	uint32_t *branches; /* tips, the default branch first */
	size_t branch_count;
	git_repository *repo;
};

struct pair {
	uint32_t tip, commit;
	uint32_t base; /* what the first way said */
};

static void check(int r, const struct fp_error *error)
{
	if (r >= 0)
		return;
	fprintf(stderr, "%s\n", error->text);
	exit(1);
}

static void *room(size_t count, size_t size)
{
	void *made = calloc(count + 1, size);

	if (!made)
		exit(1);
	return made;
}

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static int compare_times(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return x < y ? -1 : x > y;
}

static void print_times(const char *name, int64_t *times_ns, size_t count)
{
	int64_t sum = 0;

	qsort(times_ns, count, sizeof(*times_ns), compare_times);
	for (size_t i = 0; i < count; i++)
		sum += times_ns[i];
	printf("%s count %zu p50_ns %lld p99_ns %lld max_ns %lld mean_ns %lld\n", name, count,
		(long long)times_ns[count / 2], (long long)times_ns[count * 99 / 100],
		(long long)times_ns[count - 1], (long long)(sum / (int64_t)count));
	fflush(stdout);
}

/* ---- the walk ---- */

static bool is_known(void *context, const struct fp_oid *oid)
{
	return false;
}

static int append(void *context, const struct fp_commit_row *row, struct fp_error *error)
{
	struct bench *bench = context;
	int r = fp_graph_append(bench->graph, row, 0, NULL, error);

	return r < 0 ? r : 0;
}

static int64_t walk(struct bench *bench)
{
	struct fp_error error;
	struct fp_mirror_walk walk = {
		.tips = bench->tips,
		.tip_count = bench->tip_count,
		.is_known = is_known,
		.emit = append,
		.context = bench,
	};
	int64_t started = now_ns();

	fp_graph_unref(bench->graph);
	bench->graph = fp_graph_new();
	check(fp_mirror_walk_commits(bench->mirror, &walk, &error), &error);
	return now_ns() - started;
}

static int64_t git_log(const struct bench *bench)
{
	char command[4096];
	int64_t started = now_ns();

	snprintf(command, sizeof(command),
		"git -c safe.directory='*' -C '%s' log --all --format='%%H %%P %%at %%ct' "
		">/dev/null",
		bench->path);
	if (system(command) != 0)
		exit(1);
	return now_ns() - started;
}

static void compare_walks(struct bench *bench)
{
	for (int i = 0; i < WALK_ROUNDS; i++) {
		int64_t ours = walk(bench), theirs = git_log(bench);

		printf("walk ours_ns %lld git_log_ns %lld\n", (long long)ours, (long long)theirs);
		fflush(stdout);
	}
	bench->view = fp_graph_view(bench->graph);
}

/* ---- fork points ---- */

static void list_branches(struct bench *bench)
{
	static const char *const usual[] = {"refs/heads/main", "refs/heads/master"};

	bench->branches = room(bench->refs.count, sizeof(*bench->branches));
	for (size_t k = 0; k < 2 && !bench->branch_count; k++)
		for (size_t i = 0; i < bench->refs.count; i++)
			if (strcmp(bench->refs.items[i].name, usual[k]) == 0)
				bench->branches[bench->branch_count++] =
					fp_graph_find(&bench->view, &bench->refs.items[i].commit);
	for (size_t i = 0; i < bench->refs.count; i++) {
		const struct fp_mirror_ref *ref = &bench->refs.items[i];

		if (strncmp(ref->name, "refs/heads/", 11) == 0 && !fp_oid_is_zero(&ref->commit))
			bench->branches[bench->branch_count++] =
				fp_graph_find(&bench->view, &ref->commit);
	}
}

static uint32_t random_below(uint64_t *state, uint32_t bound)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return (uint32_t)((*state >> 11) % bound);
}

static struct pair *choose_pairs(const struct bench *bench, size_t branches, size_t count)
{
	uint64_t state = 20200131;
	struct pair *pairs = room(count, sizeof(*pairs));

	for (size_t i = 0; i < count; i++) {
		pairs[i].tip = bench->branches[random_below(&state, (uint32_t)branches)];
		pairs[i].commit = random_below(&state, bench->view.count);
	}
	return pairs;
}

enum way { BY_REACH, BY_PIVOT, BY_WALK };

static const struct fp_reach *reach_of(struct fp_reach *const *reaches, uint32_t tip)
{
	for (size_t i = 0; i < TRACKED && reaches[i]; i++)
		if (fp_reach_tip(reaches[i]) == tip)
			return reaches[i];
	return NULL;
}

static int ask(struct bench *bench, enum way way, struct fp_reach *const *reaches,
	const struct pair *pair, struct fp_bases *bases, struct fp_error *error)
{
	switch (way) {
	case BY_REACH:
		return fp_reach_merge_bases(&bench->view, reach_of(reaches, pair->tip),
			&bench->scratch, pair->commit, bases, error);
	case BY_PIVOT:
		return fp_pivot_merge_bases(&bench->view, reaches[0], &bench->scratch, pair->tip,
			pair->commit, bases, error);
	case BY_WALK: break;
	}
	return fp_walk_merge_bases(
		&bench->view, &bench->scratch, pair->tip, pair->commit, bases, error);
}

/* Asks twice: the first round, which warms the caches and gives the walks their room, is not
 * counted. */
static void measure(struct bench *bench, const char *name, enum way way,
	struct fp_reach *const *reaches, struct pair *pairs, size_t count, bool first_way)
{
	int64_t *times = room(count, sizeof(*times));
	struct fp_error error;
	struct fp_bases bases;
	size_t differing = 0;

	for (int round = 0; round < 2; round++) {
		for (size_t i = 0; i < count; i++) {
			int64_t started = now_ns();
			int r = ask(bench, way, reaches, &pairs[i], &bases, &error);
			uint32_t base = bases.count ? bases.commits[0] : FP_NO_COMMIT;

			times[i] = now_ns() - started;
			check(r, &error);
			if (first_way)
				pairs[i].base = base;
			differing += base != pairs[i].base;
		}
	}
	print_times(name, times, count);
	if (differing)
		printf("differing %s %zu\n", name, differing);
	free(times);
}

static void libgit2_bases(struct bench *bench, const struct pair *pairs, size_t count)
{
	int64_t *times = room(count, sizeof(*times));
	size_t differing = 0;

	git_libgit2_opts(GIT_OPT_ENABLE_CACHING, 1); /* as it comes */
	for (size_t i = 0; i < count; i++) {
		git_oid tip, commit, base;
		struct fp_oid found = {0};
		int64_t started;
		int r;

		memcpy(&tip, fp_graph_oid(&bench->view, pairs[i].tip), FP_OID_BYTES);
		memcpy(&commit, fp_graph_oid(&bench->view, pairs[i].commit), FP_OID_BYTES);
		started = now_ns();
		r = git_merge_base(&base, bench->repo, &tip, &commit);
		times[i] = now_ns() - started;
		if (r == 0)
			memcpy(&found, &base, FP_OID_BYTES);
		differing += (r == 0 ? fp_graph_find(&bench->view, &found) : FP_NO_COMMIT) !=
			     pairs[i].base;
	}
	print_times("libgit2", times, count);
	printf("differing libgit2 %zu\n", differing);
	free(times);
}

static void git_bases(const struct bench *bench, const struct pair *pairs, size_t count)
{
	int64_t *times = room(count, sizeof(*times));
	size_t differing = 0;

	for (size_t i = 0; i < count; i++) {
		char command[4096], tip[FP_OID_HEX + 1], commit[FP_OID_HEX + 1], line[64] = "";
		struct fp_oid base;
		int64_t started = now_ns();
		FILE *output;

		fp_oid_format(fp_graph_oid(&bench->view, pairs[i].tip), tip);
		fp_oid_format(fp_graph_oid(&bench->view, pairs[i].commit), commit);
		snprintf(command, sizeof(command),
			"exec git -c safe.directory='*' -C '%s' merge-base %s %s", bench->path, tip,
			commit);
		output = popen(command, "r");
		if (!output)
			exit(1);
		if (!fgets(line, sizeof(line), output))
			line[0] = '\0';
		pclose(output);
		times[i] = now_ns() - started;
		line[strcspn(line, "\n")] = '\0';
		differing += (fp_oid_parse(fp_str(line), &base) ? fp_graph_find(&bench->view, &base)
								: FP_NO_COMMIT) != pairs[i].base;
	}
	print_times("git", times, count);
	printf("differing git %zu\n", differing);
	free(times);
}

static void compare_fork_points(struct bench *bench, size_t count)
{
	struct fp_reach *reaches[TRACKED] = {0};
	size_t tracked = bench->branch_count < TRACKED ? bench->branch_count : TRACKED;
	struct pair *pairs = choose_pairs(bench, tracked, count);
	struct pair *others = choose_pairs(bench, bench->branch_count, count);
	size_t few = count < 2000 ? count : 2000;

	for (size_t i = 0; i < tracked; i++) {
		int64_t started = now_ns();

		reaches[i] =
			fp_reach_build(&bench->view, bench->branches[i], NULL, &bench->scratch);
		if (!reaches[i])
			exit(1);
		printf("reach bytes %llu build_ns %lld\n",
			(unsigned long long)fp_reach_memory_bytes(reaches[i]),
			(long long)(now_ns() - started));
	}
	measure(bench, "tracked", BY_REACH, reaches, pairs, count, true);
	measure(bench, "tracked_by_pivot", BY_PIVOT, reaches, pairs, few, false);
	measure(bench, "untracked", BY_PIVOT, reaches, others, few, true);
	measure(bench, "walk_of_untracked", BY_WALK, reaches, others, few, false);
	libgit2_bases(bench, pairs, count < LIBGIT2_SAMPLE ? count : LIBGIT2_SAMPLE);
	git_bases(bench, pairs, count < GIT_SAMPLE ? count : GIT_SAMPLE);
	for (size_t i = 0; i < tracked; i++)
		fp_reach_unref(reaches[i]);
	free(pairs);
	free(others);
}

static void open_all(struct bench *bench)
{
	struct fp_error error;

	check(fp_mirror_library_init(&error), &error);
	check(fp_mirror_open(bench->path, &bench->mirror, &error), &error);
	check(fp_mirror_read_refs(bench->mirror, &bench->refs, &error), &error);
	bench->tips = room(bench->refs.count, sizeof(*bench->tips));
	for (size_t i = 0; i < bench->refs.count; i++)
		if (!fp_oid_is_zero(&bench->refs.items[i].commit))
			bench->tips[bench->tip_count++] = bench->refs.items[i].commit;
	if (git_repository_open_bare(&bench->repo, bench->path) < 0)
		exit(1);
}

int main(int argc, char **argv)
{
	struct bench bench = {.path = argc > 1 ? argv[1] : NULL};
	size_t pairs = argc > 2 ? strtoul(argv[2], NULL, 10) : 20000;

	if (!bench.path) {
		fprintf(stderr, "usage: graph-bench REPOSITORY [PAIRS]\n");
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	open_all(&bench);
	compare_walks(&bench);
	list_branches(&bench);
	printf("graph commits %u refs %zu branches %zu bytes %llu\n", bench.view.count,
		bench.refs.count, bench.branch_count,
		(unsigned long long)fp_graph_memory_bytes(bench.graph));
	if (bench.branch_count && pairs)
		compare_fork_points(&bench, pairs);
	fp_graph_view_release(&bench.view);
	fp_graph_unref(bench.graph);
	fp_scratch_release(&bench.scratch);
	fp_mirror_refs_release(&bench.refs);
	fp_mirror_close(bench.mirror);
	git_repository_free(bench.repo);
	free(bench.tips);
	free(bench.branches);
	fp_mirror_library_shutdown();
	return 0;
}
