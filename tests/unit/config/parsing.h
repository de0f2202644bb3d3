#pragma once
/* Configurations from texts of the tests. */
#include "forkpoint/config/config.h"

/* Where the texts pretend to stand. */
#define PARSING_PATH "/etc/forkpoint/forkpoint.json"

/* The configuration; fails the test with its problems when it has any. */
struct fp_config *parse_good(const char *text);
/* Its problems as lines, malloc'ed: `LINE:COLUMN: PATH: TEXT`; fails the test when it has none. */
char *parse_bad(struct fp_str text);
/* A file below the source root, malloc'ed. */
char *read_source(const char *path);

/* A repository and a feed that are complete, and what is put beside their settings (each with its
 * comma in front). */
#define FEED(more) "\"feeds\":{\"f\":{\"url\":\"https://h/v3/index.json\"" more "}}"
#define PACKAGE(more) "{\"id\":\"P\",\"feed\":\"f\"" more "}"
#define REPOSITORY_OF(packages, more)                                                              \
	"\"repositories\":{\"r\":{\"url\":\"https://h/r.git\",\"packages\":[" packages "]" more "}}"
#define REPOSITORY(more) REPOSITORY_OF(PACKAGE(""), more)
