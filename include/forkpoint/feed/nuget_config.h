#pragma once
/* A source of a NuGet.Config: its URL and credentials. Pure but for fp_nuget_config_read. */
#include "forkpoint/base/buf.h"
#include "forkpoint/base/error.h"

/* malloc'ed strings; NULL where absent. */
struct fp_nuget_source {
	char *url;
	char *username, *password;
};

void fp_nuget_source_release(struct fp_nuget_source *source);

struct fp_nuget_config_options {
	const char *source; /* the source's key, case ignored */
	const char *folder; /* of the file: relative values stand against it */
	/* An environment variable's value for %VAR%, NULL when it is not set. */
	const char *(*variable)(void *context, const char *name);
	void *context;
};

/*
 * Reads the text of a NuGet.Config. -FP_ERROR_INVALID when it is malformed or lacks the source (the
 * text lists those that it has) or disables it; -FP_ERROR_DENIED when the password is encrypted,
 * which only Windows can undo.
 */
int fp_nuget_config_parse(struct fp_str text, const struct fp_nuget_config_options *options,
	struct fp_nuget_source *source, struct fp_error *error);
/* The same from a file, with the process's environment. */
int fp_nuget_config_read(const char *path, const char *source_name, struct fp_nuget_source *source,
	struct fp_error *error);
