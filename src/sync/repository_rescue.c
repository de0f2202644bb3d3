/*
 * What a mirror that was cloned again lacks: commits that only the old one had, because the
 * upstream forgot them or they were asked for by id. The graph still knows them, so it says what to
 * look for: commits without children that the mirror does not have. They are looked for in the
 * newest mirror that was set aside, once a run, and after each time that one is.
 */
#include "repository_look.h"

#include "forkpoint/base/array.h"
#include "forkpoint/base/file.h"
#include "forkpoint/base/log.h"
#include "forkpoint/base/number.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

/* So many commits at most; who has lost more has lost a mirror, not some commits. */
enum { RESCUED_MAX = 10000 };

/* Marks commits that have children. NULL when out of memory. */
static uint8_t *mark_parents(const struct fp_graph_view *view)
{
	uint8_t *is_parent = calloc((size_t)view->count + 1, 1);

	for (uint32_t commit = 0; is_parent && commit < view->count; commit++) {
		uint32_t room[2];
		const uint32_t *parents;
		uint32_t count = fp_graph_parents(view, commit, &parents, room);

		for (uint32_t i = 0; i < count; i++)
			is_parent[parents[i]] = 1;
	}
	return is_parent;
}

static int list_lost(struct fp_look *look, struct fp_oid **lost, size_t *count)
{
	struct fp_graph_view view = fp_graph_view(look->source->graph);
	FP_CLEANUP_FREE uint8_t *is_parent = mark_parents(&view);
	struct fp_oid *list = calloc(RESCUED_MAX, sizeof(*list));
	size_t found = 0;

	for (uint32_t commit = 0; is_parent && list && commit < view.count; commit++)
		if (!is_parent[commit] && found < RESCUED_MAX &&
			fp_mirror_object_type(look->mirror, fp_graph_oid(&view, commit)) ==
				FP_OBJECT_MISSING)
			list[found++] = *fp_graph_oid(&view, commit);
	fp_graph_view_release(&view);
	if (!is_parent || !list) {
		free(list);
		return -FP_ERROR_MEMORY;
	}
	*lost = list;
	*count = found;
	return 0;
}

/* Mirrors of a source that were set aside, oldest first. */
struct asides {
	char **paths;
	size_t count, capacity;
};

static void asides_release(struct asides *asides)
{
	for (size_t i = 0; i < asides->count; i++)
		free(asides->paths[i]);
	free(asides->paths);
}

/* The mirror's own name, what says that it was set aside, and when: another repository's name may
 * begin like that, too. */
static bool is_aside(const char *mirror, const char *name)
{
	size_t own = strlen(mirror), mark = strlen(FP_SET_ASIDE);
	uint64_t seconds;

	return strncmp(name, mirror, own) == 0 && strncmp(name + own, FP_SET_ASIDE, mark) == 0 &&
	       fp_parse_u64(fp_str(name + own + mark), 0, INT64_MAX, &seconds);
}

static int add_aside(struct asides *asides, const char *folder, const char *name)
{
	char *path;

	if (fp_array_reserve((void **)&asides->paths, &asides->capacity, asides->count + 1,
		    sizeof(*asides->paths)) < 0 ||
		asprintf(&path, "%s%s", folder, name) < 0)
		return -FP_ERROR_MEMORY;
	asides->paths[asides->count++] = path;
	return 0;
}

/* Those that cannot be found, or for which there is no memory, are none. */
static void find_asides(const struct fp_repository_source *source, struct asides *asides)
{
	const char *mirror = strrchr(source->path, '/') + 1;
	FP_CLEANUP_FREE char *folder =
		fp_str_dup(fp_str_n(source->path, (size_t)(mirror - source->path)));
	struct dirent **entries = NULL;
	int count = folder ? scandir(folder, &entries, NULL, versionsort) : -1, r = 0;

	for (int i = 0; i < count; i++) {
		if (r >= 0 && is_aside(mirror, entries[i]->d_name))
			r = add_aside(asides, folder, entries[i]->d_name);
		free(entries[i]);
	}
	free(entries);
}

void fp_look_forget_asides(const struct fp_repository_source *source)
{
	struct asides FP_CLEANUP(asides_release) asides = {0};
	struct fp_error error;

	find_asides(source, &asides);
	for (size_t i = 0; i + 1 < asides.count; i++)
		if (fp_folder_remove(asides.paths[i], &error) < 0)
			fp_log_error(FP_LOG_WARNING, "mirror.not_removed", &error, "repo=%s",
				source->config->name);
}

/* The newest that was set aside, malloc'ed; NULL when there is none. */
static char *find_aside(const struct fp_repository_source *source)
{
	struct asides FP_CLEANUP(asides_release) asides = {0};

	find_asides(source, &asides);
	return asides.count ? fp_str_dup(fp_str(asides.paths[asides.count - 1])) : NULL;
}

int fp_look_rescue(struct fp_look *look, struct fp_error *error)
{
	FP_CLEANUP_FREE char *aside = NULL;
	FP_CLEANUP_FREE struct fp_oid *lost = NULL;
	size_t count = 0, rescued = 0;
	int r;

	if (look->source->rescued || !(aside = find_aside(look->source)))
		return 0;
	if (list_lost(look, &lost, &count) < 0)
		return fp_error_memory(error);
	r = count ? fp_mirror_rescue(look->mirror, aside, lost, count, &look->sync->cancelled,
			    &rescued, error)
		  : 0;
	if (r == -FP_ERROR_CANCELLED || r == -FP_ERROR_BUSY)
		return r;
	look->source->rescued = true;
	if (r < 0) /* the mirror is none the worse for it */
		fp_log_error(FP_LOG_WARNING, "mirror.not_rescued", error, "repo=%s lost=%zu",
			look->source->config->name, count);
	else if (count)
		fp_log(FP_LOG_WARNING, "mirror.rescued", "repo=%s lost=%zu rescued=%zu from=%s",
			look->source->config->name, count, rescued, fp_log_quote(aside).text);
	return 0;
}
