/*
 * /events: what happens, as server-sent events. Who comes back with Last-Event-ID is told from the
 * database what he missed; from there on events come from memory. Who reads too slowly for that is
 * dropped, and comes back.
 */
#include "forkpoint/base/number.h"
#include "forkpoint/http/request.h"
#include "forkpoint/service/watch.h"

#include "repository.h"

#include <stdlib.h>

enum { MISSED_MAX = 10000, PART_BYTES = 32 * 1024 };

struct listener {
	struct fp_watch *watch;
	int64_t after;	  /* the last event that was told */
	int64_t spoke_us; /* monotonic: when something was last written */
	char *repo;	  /* NULL: all */
};

struct writer {
	const struct listener *listener;
	struct fp_buf *buf;
	int64_t last;
	unsigned count;
};

static int write_event(void *context, const struct fp_event *event)
{
	struct writer *writer = context;
	const char *repo = writer->listener->repo;

	if (writer->buf->len > PART_BYTES && !writer->count)
		return 1;
	writer->last = event->id;
	if (repo && !fp_str_equal(event->repo, fp_str(repo)))
		return 0;
	fp_buf_addf(writer->buf, "id: %lld\nevent: %.*s\ndata: %.*s\n\n", (long long)event->id,
		FP_STR_ARG(event->kind), FP_STR_ARG(event->document));
	return 0;
}

/* As the database gives them, to their end. */
static int write_missed(void *context, const struct fp_event *event)
{
	struct writer *writer = context;

	writer->count++;
	return write_event(writer, event);
}

/* ---- the stream ---- */

static bool is_ready(void *state)
{
	const struct listener *listener = state;

	return fp_watch_last_event(listener->watch) > listener->after;
}

static int tell(void *state, struct fp_http_context *context, struct fp_buf *part)
{
	struct listener *listener = state;
	struct writer writer = {.listener = listener, .buf = part};
	int64_t now_us = fp_clock_monotonic_us();

	(void)context;
	if (fp_watch_read(listener->watch, &listener->after, write_event, &writer) > 0)
		return 0;
	/* A comment now and then shows both sides that the other is there. */
	if (part->len == 0 && now_us - listener->spoke_us >= FP_STREAM_QUIET_US)
		fp_buf_add_text(part, ": nothing new\n\n");
	if (part->len)
		listener->spoke_us = now_us;
	return 1;
}

static void listener_free(void *state)
{
	struct listener *listener = state;

	fp_watch_leave(listener->watch);
	free(listener->repo);
	free(listener);
}

static struct listener *listener_new(struct fp_watch *watch, struct fp_str repo)
{
	struct listener *listener = calloc(1, sizeof(*listener));

	if (!listener)
		return NULL;
	listener->watch = watch;
	listener->after = fp_watch_last_event(watch);
	listener->spoke_us = fp_clock_monotonic_us();
	listener->repo = repo.len ? fp_str_dup(repo) : NULL;
	if (repo.len && !listener->repo) {
		free(listener);
		return NULL;
	}
	return listener;
}

/* ---- the beginning ---- */

/* Where the client left, if it says so; false with a problem when that is no number. */
static bool find_beginning(
	struct fp_request *request, struct fp_reply *reply, bool *given, int64_t *after)
{
	struct fp_str text = request->given[FP_PARAM_CURSOR]
				     ? fp_request_param(request, FP_PARAM_CURSOR)
				     : request->last_event_id;
	uint64_t event;

	*given = text.len > 0;
	if (!*given)
		return true;
	if (fp_parse_u64(text, 0, INT64_MAX, &event)) {
		*after = (int64_t)event;
		return true;
	}
	fp_reply_problem(request, reply, "bad-request", NULL, 0,
		"Last-Event-ID takes the number of an event, as its \"id\" line has it");
	return false;
}

/* Writes what was missed and moves the listener there. 1 when there is more of it than one reply
 * takes: the client comes back for the rest. */
static int tell_missed(struct fp_request *request, struct fp_reply *reply,
	struct listener *listener, int64_t after, struct fp_error *error)
{
	struct writer writer = {.listener = listener, .buf = &reply->body, .last = after};
	int r = fp_service_list_events(
		request->context->worker, after, MISSED_MAX, write_missed, &writer, error);

	listener->after = writer.last;
	return r < 0 ? r : writer.count == MISSED_MAX;
}

static enum fp_handled begin(struct fp_request *request, struct fp_reply *reply,
	struct listener *listener, bool given, int64_t after)
{
	struct fp_error error;
	int more = 0;

	fp_buf_add_text(&reply->body, "retry: 2000\n\n");
	if (given && after < listener->after)
		more = tell_missed(request, reply, listener, after, &error);
	if (more < 0) {
		listener_free(listener);
		return fp_reply_problem(request, reply, "internal", NULL, 0,
			"past events cannot be read: %s", error.text);
	}
	reply->content_type = request->route->content_type;
	reply->cache_control = "no-store";
	if (more)
		listener_free(listener);
	else
		reply->stream = (struct fp_stream){tell, is_ready, listener_free, listener};
	return FP_HANDLED;
}

enum fp_handled fp_handle_events(struct fp_request *request, struct fp_reply *reply)
{
	struct fp_watch *watch = request->context->service->watch;
	struct listener *listener;
	bool given;
	int64_t after = 0;

	if (!fp_request_knows_repository(request, reply) ||
		!find_beginning(request, reply, &given, &after))
		return FP_HANDLED;
	if (!watch || !fp_watch_join(watch)) {
		reply->retry_after_us = 10 * FP_US_PER_S;
		return fp_reply_problem(request, reply, "too-many-requests", NULL, 0,
			"%d clients listen to events already", FP_WATCH_LISTENERS_MAX);
	}
	listener = listener_new(watch, fp_request_param(request, FP_PARAM_REPO));
	if (!listener) {
		fp_watch_leave(watch);
		return fp_reply_problem(request, reply, "internal", NULL, 0, "out of memory");
	}
	return begin(request, reply, listener, given, after);
}
