#pragma once
/* The client's tables: subcommands, and the options that they take. */
#include "forkpoint/client/client.h"

enum fp_option {
	/* parameters of the request */
	FP_OPTION_REPO,
	FP_OPTION_BRANCH,
	FP_OPTION_RELEASE,
	FP_OPTION_PACKAGE,
	FP_OPTION_SHA,
	FP_OPTION_VERSION,
	FP_OPTION_USED,
	FP_OPTION_BUILD,
	FP_OPTION_AS_OF,
	FP_OPTION_AT,
	FP_OPTION_WAIT,
	FP_OPTION_CANDIDATES,
	FP_OPTION_FROM,
	FP_OPTION_TO,
	FP_OPTION_LIMIT,
	FP_OPTION_CURSOR,
	FP_OPTION_LAST,
	FP_OPTION_PUBLISH,
	FP_OPTION_QUARANTINE,
	FP_OPTION_OUTCOME,
	FP_OPTION_CLIENT,
	FP_OPTION_SINCE,
	FP_OPTION_UNTIL,
	FP_OPTION_STATUS,
	/* of changes: members of the request's body */
	FP_OPTION_REASON,
	FP_OPTION_OWNER,
	FP_OPTION_EXPIRES,
	FP_OPTION_REMOVE,
	/* of every subcommand */
	FP_OPTION_SERVER,
	FP_OPTION_TOKEN_FILE,
	FP_OPTION_TIMEOUT,
	FP_OPTION_JSON,
	FP_OPTION_FORMAT,
	FP_OPTION_HELP,
	FP_OPTION_COUNT,
};

#define FP_OPTION_BIT(option) (UINT64_C(1) << (option))

struct fp_option_row {
	const char *name;  /* without its two hyphens */
	const char *takes; /* NULL for one that takes nothing */
	const char *param; /* of the query, or member of the body; NULL: of the client itself */
	const char *help;
};

enum { FP_PLACES_MAX = 3 };

/* A place of the command line, such as REPO. It can be given by the option of its parameter too:
 * --repo NAME. */
struct fp_place {
	const char *name;  /* NULL behind the last */
	const char *param; /* where no path takes it */
	bool optional;
};

struct fp_client_command {
	const char *name;
	const char *help;
	/* Each {} takes the next place of the command line; places beyond them are parameters. */
	const char *path;
	/* What a change is made by, with PUT or (--remove) DELETE; all its {} are given then. NULL:
	 * the command only asks. */
	const char *change_path;
	struct fp_place places[FP_PLACES_MAX + 1];
	uint64_t options; /* bits, beside those that every subcommand takes */
};

extern const struct fp_option_row fp_options[FP_OPTION_COUNT];
/* Whether the subcommand takes the option. */
bool fp_command_takes(const struct fp_client_command *command, enum fp_option option);
/* How many places a path has for values. */
size_t fp_path_places(const char *path);
