/* libgit2's process-wide settings, made once before any thread. */
#include "forkpoint/mirror/mirror.h"

#include "git_error.h"

/*
 * - Object cache off: a walk reads every commit once and keeps what it needs itself; the cache only
 *   costs memory and a lock that the reader threads share (measured: a fifth of the memory, and
 *   faster).
 * - Hashes of objects are not computed again on each read: the pack was verified when it was
 *   received, and its checksum is compared when the mirror is opened.
 * - Ownership is checked by fp_mirror_open itself, which can say what is wrong.
 */
int fp_mirror_library_init(struct fp_error *error)
{
	if (git_libgit2_init() < 0)
		return fp_git_error(error, FP_ERROR_INTERNAL, "cannot start libgit2");
	if (git_libgit2_opts(GIT_OPT_ENABLE_CACHING, 0) < 0 ||
		git_libgit2_opts(GIT_OPT_ENABLE_STRICT_HASH_VERIFICATION, 0) < 0 ||
		git_libgit2_opts(GIT_OPT_SET_OWNER_VALIDATION, 0) < 0 ||
		git_libgit2_opts(GIT_OPT_DISABLE_PACK_KEEP_FILE_CHECKS, 1) < 0)
		return fp_git_error(error, FP_ERROR_INTERNAL, "cannot set libgit2's options");
	return 0;
}

void fp_mirror_library_shutdown(void)
{
	git_libgit2_shutdown();
}
