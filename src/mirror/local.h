#pragma once
/*
 * Upstreams that are paths, served by git's own `upload-pack` as git itself does it: it sends packs
 * as they are, where libgit2's local transport packs every object anew (2.0 s against 0.3 s for a
 * history of 12,000 commits). Without git on this machine libgit2's is used all the same.
 */
#include <git2.h>
#include <git2/sys/transport.h>
#include <stdbool.h>

/* The path that a URL names; false when it names no repository on this machine that git can serve
 * (path has PATH_MAX bytes). */
bool fp_local_path(const char *url, char *path);
int fp_local_subtransport(git_smart_subtransport **out, const char *path);
