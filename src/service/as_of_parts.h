#pragma once
/*
 * What time travel's files share. as_of_state.c finds out what was in force at a moment, worlds.c
 * remembers worlds by that, as_of_world.c makes one.
 */
#include "worker.h"

#include "forkpoint/service/as_of.h"

/* One package id of the repository, as configured then: packages' own and their sets'. */
struct fp_past_package {
	/* The present state, when it was in force then already: of a package's own id. The rest is
	 * not looked up then, nor anything of its set. */
	struct fp_package_state *state;
	int64_t id; /* of packages; 0 = no such row, so it was never read */
	bool known; /* it was read by then */
	int64_t revision;
	char *download;
	int64_t newest; /* what versions seen later are listed up to; 0 = they are not */
	int64_t synced_us;
	char *trouble;
};

/* Everything that an answer of one repository depended on at a moment. */
struct fp_past {
	int64_t at_us;
	bool later;		      /* versions that were seen later are listed */
	struct fp_settings *settings; /* a reference */
	int64_t stale_after_us;
	const struct fp_repository_settings *repository; /* NULL: not configured then */
	int64_t repository_id;
	bool refs_known;
	int64_t refs, arrivals, overrides;
	int64_t synced_us;
	char *trouble;
	/* Of the present snapshot: what of it was in force then already; NULL where it was not. */
	struct fp_branches *branches;
	struct fp_past_package *packages; /* per package: itself, then its set */
	size_t package_count;
	int64_t first_us; /* the first moment that can be asked about, -1 = none */
};

/* 0, or 1 with *result when there is no world to be made. */
int fp_past_find(struct fp_worker *worker, const struct fp_snapshot *now, struct fp_str repo,
	int64_t at_us, bool later, struct fp_past *past, enum fp_as_of_result *result,
	struct fp_error *error);
void fp_past_release(struct fp_past *past);
/* The same for the same world, whatever the moment. */
struct fp_hash128 fp_past_key(const struct fp_past *past);

/* A snapshot with the repository alone filled in, times and troubles left out. */
int fp_past_build(struct fp_worker *worker, const struct fp_snapshot *now,
	const struct fp_past *past, struct fp_snapshot **world, struct fp_error *error);
/* Times and troubles of that moment. 0 or -FP_ERROR_MEMORY. */
int fp_past_fill_times(const struct fp_past *past, struct fp_snapshot *world);

/* A copy of the world that is remembered under the key, NULL = none. */
struct fp_snapshot *fp_worlds_find(struct fp_worlds *worlds, struct fp_hash128 key);
/* Remembers a copy of it; without memory for it, it does not. */
void fp_worlds_add(
	struct fp_worlds *worlds, struct fp_hash128 key, const struct fp_snapshot *world);
