#pragma once
/* A snapshot from tables: commits by a letter, refs, versions; published, with a worker to ask. */
#include "forkpoint/base/time.h"
#include "forkpoint/service/service.h"

struct world_commit {
	const char *name;    /* of one or two letters; its id is them over and over */
	const char *parents; /* names, space-separated */
	const char *stamp;   /* author time */
	uint32_t facts;
	const char *committed; /* NULL: as authored */
};

struct world_ref {
	const char *name, *commit; /* names in byte order */
};

enum world_standing { WORLD_LISTED, WORLD_UNLISTED, WORLD_VANISHED, WORLD_UNAVAILABLE };

struct world_version {
	const char *text;
	enum world_standing standing;
};

#define WORLD_NOW_US (INT64_C(1600000000) * FP_US_PER_S) /* 2020-09-13 12:26:40 */

struct fp_settings *world_settings(struct fp_repository_settings *repositories, size_t count);
struct fp_oid world_oid(const char *name);
/* 40 digits; the buffer is the caller's. */
const char *world_sha(const char *name, char hex[FP_OID_HEX + 1]);
void world_append(struct fp_graph *graph, const struct world_commit *commits, size_t count);
struct fp_branches *world_branches(const struct fp_repository_settings *settings,
	struct fp_graph *graph, const struct world_ref *refs, size_t ref_count,
	const struct fp_facts_rows *facts, const struct fp_branches *previous);
struct fp_version_rows world_rows(const struct world_version *versions, size_t count);
struct fp_package_state *world_state(const struct fp_package_settings *settings,
	const struct world_version *versions, size_t count);
