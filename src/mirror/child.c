/* Running a program with its three standard streams in our hands. */
#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { IN, OUT, ERR, STREAMS, READ_BYTES = 16384, LINGER_MS = 2000 };

extern char **environ;

struct child {
	pid_t pid;
	int ours[STREAMS], theirs[STREAMS]; /* socket ends; -1 = closed */
	size_t written;
	char line[256]; /* of its standard error, being collected */
	size_t line_len;
};

static void close_end(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void close_all(struct child *child)
{
	for (int i = 0; i < STREAMS; i++) {
		close_end(&child->ours[i]);
		close_end(&child->theirs[i]);
	}
}

/* A daemon started without standard streams gets descriptors 0 to 2 here; those numbers are needed
 * for the child's ends. */
static int move_up(int fd)
{
	int moved;

	if (fd < 0 || fd >= STREAMS)
		return fd;
	moved = fcntl(fd, F_DUPFD_CLOEXEC, STREAMS);
	close(fd);
	return moved;
}

/* Sockets rather than pipes: a write to a child that is gone is then an error, not a SIGPIPE. */
static int open_streams(struct child *child, struct fp_error *error)
{
	for (int i = 0; i < STREAMS; i++) {
		int pair[2] = {-1, -1};

		if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0) {
			child->ours[i] = move_up(pair[0]);
			child->theirs[i] = move_up(pair[1]);
		}
		if (child->ours[i] < 0 || child->theirs[i] < 0)
			return fp_error_set(error, FP_ERROR_IO,
				"cannot open a channel to a worker: %s", strerror(errno));
		fcntl(child->ours[i], F_SETFL, O_NONBLOCK);
	}
	return 0;
}

static int add_streams(posix_spawn_file_actions_t *actions, const struct child *child)
{
	for (int i = 0; i < STREAMS; i++)
		if (posix_spawn_file_actions_adddup2(actions, child->theirs[i], i) != 0)
			return -1;
	return posix_spawn_file_actions_addclosefrom_np(actions, STREAMS);
}

/* A process group of its own, so that Ctrl-C in a terminal ends the daemon, which ends the worker.
 */
static int set_attributes(posix_spawnattr_t *attributes)
{
	sigset_t none, all;

	sigemptyset(&none);
	sigfillset(&all);
	sigdelset(&all, SIGKILL);
	sigdelset(&all, SIGSTOP);
	return posix_spawnattr_setsigmask(attributes, &none) ||
	       posix_spawnattr_setsigdefault(attributes, &all) ||
	       posix_spawnattr_setpgroup(attributes, 0) ||
	       posix_spawnattr_setflags(attributes,
		       POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
}

static int start(struct child *child, const char *const *argv, struct fp_error *error)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	int failed;

	if (posix_spawn_file_actions_init(&actions) != 0)
		return fp_error_memory(error);
	if (posix_spawnattr_init(&attributes) != 0) {
		posix_spawn_file_actions_destroy(&actions);
		return fp_error_memory(error);
	}
	failed = add_streams(&actions, child) || set_attributes(&attributes)
			 ? ENOMEM
			 : posix_spawn(&child->pid, argv[0], &actions, &attributes,
				   (char *const *)argv, environ);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	if (failed)
		return fp_error_set(
			error, FP_ERROR_IO, "cannot start %s: %s", argv[0], strerror(failed));
	for (int i = 0; i < STREAMS; i++)
		close_end(&child->theirs[i]);
	return 0;
}

static void feed(struct child *child, struct fp_str input)
{
	ssize_t n = send(child->ours[IN], input.ptr + child->written, input.len - child->written,
		MSG_NOSIGNAL);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	child->written += n > 0 ? (size_t)n : 0;
	if (n < 0 || child->written == input.len)
		close_end(&child->ours[IN]);
}

static void collect_line(
	struct child *child, const char *data, size_t len, struct fp_child_end *end)
{
	for (size_t i = 0; i < len; i++) {
		if (data[i] != '\n') {
			if (child->line_len < sizeof(child->line) - 1)
				child->line[child->line_len++] = data[i];
			continue;
		}
		child->line[child->line_len] = '\0';
		if (child->line_len)
			snprintf(end->stderr_line, sizeof(end->stderr_line), "%s", child->line);
		child->line_len = 0;
	}
}

/* One piece of one stream. */
static int drain(struct child *child, int stream, const struct fp_child_run *run,
	struct fp_child_end *end, struct fp_error *error)
{
	char data[READ_BYTES];
	ssize_t n = recv(child->ours[stream], data, sizeof(data), 0);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n <= 0) {
		close_end(&child->ours[stream]);
		return 0;
	}
	if (stream == OUT)
		return run->output(run->context, data, (size_t)n, error);
	collect_line(child, data, (size_t)n, end);
	return 0;
}

static int poll_once(struct child *child, const struct fp_child_run *run, struct fp_child_end *end,
	struct fp_error *error)
{
	struct pollfd fds[STREAMS] = {
		{child->ours[IN], POLLOUT, 0},
		{child->ours[OUT], POLLIN, 0},
		{child->ours[ERR], POLLIN, 0},
	};
	int rc = 0;

	if (poll(fds, STREAMS, run->tick_ms) < 0 && errno != EINTR)
		return fp_error_set(
			error, FP_ERROR_IO, "cannot wait for a worker: %s", strerror(errno));
	if (fds[IN].revents)
		feed(child, run->input);
	for (int i = OUT; i < STREAMS && !rc; i++)
		if (fds[i].revents)
			rc = drain(child, i, run, end, error);
	return rc ? rc : run->judge(run->context, error);
}

/* A child whose output has ended is on its way out; one that lingers all the same is helped. */
static void wait_for(struct child *child, struct fp_child_end *end)
{
	const struct timespec pause = {.tv_nsec = 1000000};
	int status, tries = 0;
	pid_t gone;

	while ((gone = waitpid(child->pid, &status, tries < LINGER_MS ? WNOHANG : 0)) <= 0) {
		if (gone < 0 && errno != EINTR)
			return;
		nanosleep(&pause, NULL);
		if (++tries == LINGER_MS)
			kill(-child->pid, SIGKILL);
	}
	end->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
	end->status = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
}

int fp_child_run(const struct fp_child_run *run, struct fp_child_end *end, struct fp_error *error)
{
	struct child child = {.ours = {-1, -1, -1}, .theirs = {-1, -1, -1}};
	int rc = open_streams(&child, error);

	if (!rc)
		rc = start(&child, run->argv, error);
	if (rc) {
		close_all(&child);
		return rc;
	}
	/* Standard error may be held open by a grandchild: only its output says that it is done. */
	while (!rc && child.ours[OUT] >= 0)
		rc = poll_once(&child, run, end, error);
	if (rc)
		kill(-child.pid, SIGKILL);
	if (child.ours[ERR] >= 0)
		drain(&child, ERR, run, end, NULL);
	close_all(&child);
	wait_for(&child, end);
	return rc;
}
