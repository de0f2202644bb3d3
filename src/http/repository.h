#pragma once
/* Names of repositories, packages and tracked branches in requests, and the refusal of those that
 * nobody here knows, or not yet: a name that is misspelt is told so, with those that are near it.
 */
#include "forkpoint/http/request.h"

/* `unknown-repository` with the nearest names. */
enum fp_handled fp_reply_unknown_repository(struct fp_request *request, struct fp_reply *reply,
	const struct fp_snapshot *snapshot, struct fp_str name);

/* `unknown-package`, likewise. */
enum fp_handled fp_reply_unknown_package(struct fp_request *request, struct fp_reply *reply,
	const struct fp_repository_settings *settings, struct fp_str id);

/* `unknown-branch`, of a question about tracked branches alone. */
enum fp_handled fp_reply_untracked_branch(struct fp_request *request, struct fp_reply *reply,
	const struct fp_snapshot_repository *repository, struct fp_str name);

/* `not-ready`, before the repository's first clone. */
enum fp_handled fp_reply_not_mirrored(
	struct fp_request *request, struct fp_reply *reply, struct fp_str repo);

/* Of a list that may be narrowed by `repo`: whether that is not given, or a repository that is
 * configured or of which something is on record. False with a problem. Reads the database. */
bool fp_request_knows_repository(struct fp_request *request, struct fp_reply *reply);
