/* Upstreams that are paths, served by git's own `upload-pack` in a process of its own. */
#include "local.h"

#include "forkpoint/base/attr.h"
#include "forkpoint/base/str.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

struct local {
	git_smart_subtransport parent;
	git_smart_subtransport_stream stream; /* the one that there is */
	char *path;
	int fd; /* a socket: both directions, and no SIGPIPE */
	pid_t pid;
};

static struct local *of_stream(git_smart_subtransport_stream *stream)
{
	return (struct local *)stream->subtransport;
}

static int stream_read(
	git_smart_subtransport_stream *stream, char *buffer, size_t size, size_t *bytes)
{
	ssize_t n;

	do
		n = recv(of_stream(stream)->fd, buffer, size, 0);
	while (n < 0 && errno == EINTR);
	if (n < 0) {
		git_error_set_str(GIT_ERROR_NET, "git upload-pack cannot be heard");
		return -1;
	}
	*bytes = (size_t)n;
	return 0;
}

static int stream_write(git_smart_subtransport_stream *stream, const char *buffer, size_t len)
{
	while (len) {
		ssize_t n = send(of_stream(stream)->fd, buffer, len, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			git_error_set_str(GIT_ERROR_NET, "git upload-pack does not listen");
			return -1;
		}
		buffer += n;
		len -= (size_t)n;
	}
	return 0;
}

/* It belongs to the subtransport. */
static void stream_free(git_smart_subtransport_stream *stream)
{
}

/* The process ends when its input does; it is given no chance to linger. */
static void stop(struct local *local)
{
	if (local->fd >= 0)
		close(local->fd);
	local->fd = -1;
	if (local->pid <= 0)
		return;
	kill(local->pid, SIGKILL);
	while (waitpid(local->pid, NULL, 0) < 0 && errno == EINTR)
		;
	local->pid = 0;
}

static int spawn_git(struct local *local, int fd)
{
	const char *const argv[] = {"git", "-c", "safe.directory=*", "-c",
		"uploadpack.allowAnySHA1InWant=true", "upload-pack", local->path, NULL};
	posix_spawn_file_actions_t actions;
	int failed;

	if (posix_spawn_file_actions_init(&actions) != 0)
		return ENOMEM;
	failed = posix_spawn_file_actions_adddup2(&actions, fd, STDIN_FILENO);
	if (!failed)
		failed = posix_spawn_file_actions_adddup2(&actions, fd, STDOUT_FILENO);
	if (!failed)
		failed = posix_spawnp(
			&local->pid, "git", &actions, NULL, (char *const *)argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	return failed;
}

static int start(struct local *local)
{
	int pair[2], failed;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0) {
		git_error_set_str(GIT_ERROR_OS, "cannot open a channel to git upload-pack");
		return -1;
	}
	failed = spawn_git(local, pair[1]);
	close(pair[1]);
	local->fd = pair[0];
	if (!failed)
		return 0;
	git_error_set_str(GIT_ERROR_OS, "cannot start git upload-pack");
	return -1;
}

static int local_action(git_smart_subtransport_stream **out, git_smart_subtransport *transport,
	const char *url, git_smart_service_t action)
{
	struct local *local = (struct local *)transport;

	if (local->fd < 0 && start(local) < 0)
		return -1;
	*out = &local->stream;
	return 0;
}

static int local_close(git_smart_subtransport *transport)
{
	stop((struct local *)transport);
	return 0;
}

static void local_free(git_smart_subtransport *transport)
{
	struct local *local = (struct local *)transport;

	stop(local);
	free(local->path);
	free(local);
}

int fp_local_subtransport(git_smart_subtransport **out, const char *path)
{
	struct local *local = calloc(1, sizeof(*local));

	if (local)
		local->path = strdup(path);
	if (!local || !local->path) {
		free(local);
		git_error_set_oom();
		return -1;
	}
	local->fd = -1;
	local->parent = (git_smart_subtransport){local_action, local_close, local_free};
	local->stream = (git_smart_subtransport_stream){
		&local->parent, stream_read, stream_write, stream_free};
	*out = &local->parent;
	return 0;
}

/* file://HOST/path with an empty host or localhost; %XX is decoded. */
static bool decode_file_url(const char *url, char *path)
{
	const char *at = url + strlen("file://");
	size_t len = 0;

	if (strncasecmp(at, "localhost/", 10) == 0)
		at += strlen("localhost");
	if (*at != '/')
		return false;
	for (; *at && len < PATH_MAX - 1; at++) {
		int high = *at == '%' ? fp_char_hex_value(at[1]) : -1;
		int low = high >= 0 ? fp_char_hex_value(at[2]) : -1;

		path[len++] = low >= 0 ? (char)(high * 16 + low) : *at;
		at += low >= 0 ? 2 : 0;
	}
	path[len] = '\0';
	return !*at && strlen(path) == len;
}

static bool git_is_here(void)
{
	FP_CLEANUP_FREE char *path = strdup(getenv("PATH") ? getenv("PATH") : "/usr/bin:/bin");
	char name[PATH_MAX], *save;

	for (char *folder = path ? strtok_r(path, ":", &save) : NULL; folder;
		folder = strtok_r(NULL, ":", &save))
		if ((size_t)snprintf(name, sizeof(name), "%s/git", folder) < sizeof(name) &&
			access(name, X_OK) == 0)
			return true;
	return false;
}

bool fp_local_path(const char *url, char *path)
{
	git_repository *repo;

	if (strncasecmp(url, "file://", 7) == 0) {
		if (!decode_file_url(url, path))
			return false;
	} else if (strstr(url, "://") || (size_t)snprintf(path, PATH_MAX, "%s", url) >= PATH_MAX) {
		return false;
	}
	if (!git_is_here() || git_repository_open(&repo, path) < 0)
		return false;
	git_repository_free(repo);
	return true;
}
