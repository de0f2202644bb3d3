#pragma once
/*
 * A request on its way to a handler, and the reply on its way back. Nothing of libmicrohttpd here:
 * handlers see parameters that were checked against their route's row, and fill a buffer.
 */
#include "forkpoint/base/json_write.h"
#include "forkpoint/base/time.h"
#include "forkpoint/service/service.h"

/* Every parameter that any route knows; the table of their names is in params.c. */
enum fp_param {
	FP_PARAM_REPO,
	FP_PARAM_SHA,
	FP_PARAM_REF,
	FP_PARAM_BRANCH,
	FP_PARAM_RELEASE,
	FP_PARAM_PACKAGE,
	FP_PARAM_WAIT,
	FP_PARAM_FORMAT,
	FP_PARAM_CANDIDATES,
	FP_PARAM_VERSION,
	FP_PARAM_STATUS,
	FP_PARAM_LIMIT,
	FP_PARAM_CURSOR,
	FP_PARAM_SHAPE,
	FP_PARAM_VERBOSE,
	FP_PARAM_AS_OF,
	FP_PARAM_BUILD,
	FP_PARAM_USED,
	FP_PARAM_AT,
	FP_PARAM_FROM,
	FP_PARAM_TO,
	FP_PARAM_PUBLISH,
	FP_PARAM_QUARANTINE,
	FP_PARAM_LAST,
	FP_PARAM_OUTCOME,
	FP_PARAM_CLIENT,
	FP_PARAM_SINCE,
	FP_PARAM_UNTIL,
	FP_PARAM_BY,
	FP_PARAM_BUCKET,
	FP_PARAM_LINT,
	FP_PARAM_PAST,
	FP_PARAM_COUNT,
};

enum fp_form {
	FP_FORM_JSON,
	FP_FORM_TEXT,
	FP_FORM_VERSION,
	FP_FORM_PROPS,
	FP_FORM_ENV,
	FP_FORM_VSO,
	FP_FORM_CSV,
	FP_FORM_NDJSON,
	FP_FORM_ANNOTATIONS,
	FP_FORM_COUNT,
};

enum fp_method {
	FP_METHOD_GET = 1,
	FP_METHOD_POST = 2,
	FP_METHOD_PUT = 4,
	FP_METHOD_DELETE = 8,
};

/* Headers by which somebody shows who he is, of requests that are no GET. */
enum fp_header {
	FP_HEADER_HUB_SIGNATURE_256,
	FP_HEADER_GITEA_SIGNATURE,
	FP_HEADER_GITLAB_TOKEN,
	FP_HEADER_GITHUB_DELIVERY,
	FP_HEADER_GITEA_DELIVERY,
	FP_HEADER_GITLAB_EVENT_UUID,
	FP_HEADER_COUNT,
};

struct fp_request;
struct fp_reply;

enum fp_handled {
	FP_HANDLED, /* the reply is there */
	FP_WAITING, /* request->wait_* say for what: the handler runs again then */
	/* The handler is to run again on a thread that may block: see fp_route.background. */
	FP_BACKGROUND,
};

typedef enum fp_handled fp_handler(struct fp_request *request, struct fp_reply *reply);

/* A row of the routing table. */
struct fp_route {
	unsigned methods;  /* bits of enum fp_method */
	const char *path;  /* `{name}` stands for a part; a last `{name...}` for the rest */
	uint64_t params;   /* bits 1 << enum fp_param */
	uint64_t required; /* of these */
	unsigned forms;	   /* bits 1 << enum fp_form; the lowest is the default */
	fp_handler *handler;
	const char *help;
	/* The handler reads the database, writes it, or takes long: it runs on one of the few
	 * threads kept for that, never on an event loop, the connection suspended meanwhile. Other
	 * handlers may ask for the same with FP_BACKGROUND. */
	bool background;
	uint32_t limit_max; /* what `limit` may be at most; 0 = 1000 */
	bool token;	    /* the handler asks for one, which the documents say */
	/* Of its replies, where that is not the form's. */
	const char *content_type;
};

enum {
	FP_REQUEST_ID_MAX = 128,
	FP_TICKETS_MAX = 64,
	FP_BATCH_MAX = 1000, /* questions in one body */
	FP_BODY_MAX_BYTES = 1024 * 1024,
	FP_CONTEXT_TEXT_MAX_BYTES = 64 * 1024,
};

/* What is counted from the start on; nothing here grows with what clients send. */
enum {
	FP_COUNTED_ROUTES_MAX = 64,
	FP_COUNTED_PROBLEMS_MAX = 32,
	FP_COUNTED_REPOSITORIES_MAX = 1024, /* a power of two; what is beyond is not counted */
};

struct fp_counted_repository {
	_Atomic(char *) name; /* NULL = free; never changed afterwards */
	_Atomic uint64_t answers[FP_OUTCOME_COUNT];
};

struct fp_http_counts {
	/* By route (the last row: of none) and class of status (1xx to 5xx), or problem. */
	_Atomic uint64_t replies[FP_COUNTED_ROUTES_MAX + 1][5];
	_Atomic uint64_t problems[FP_COUNTED_ROUTES_MAX + 1][FP_COUNTED_PROBLEMS_MAX];
	/* Answers to /resolve, of a batch as well; a hash table by name. */
	struct fp_counted_repository repositories[FP_COUNTED_REPOSITORIES_MAX];
};

struct fp_guard;

/* What a loop lends to its requests, one at a time. */
struct fp_http_context {
	const struct fp_service *service;
	struct fp_worker *worker;
	struct fp_answer answer;
	struct fp_buf text; /* sentences on their way into JSON */
	const char *allow_origin;
	struct fp_http_counts *counts;
	struct fp_guard *guard; /* the server's */
	bool stopping;
};

struct fp_request {
	struct fp_http_context *context;
	const struct fp_route *route;
	enum fp_form form;
	bool head;
	bool is_post;
	enum fp_method method;	/* GET of a HEAD */
	bool wants_fresh;	/* Cache-Control: no-cache */
	struct fp_str argument; /* what stands in the path's placeholder */
	struct fp_str second;	/* and in its second one */
	struct fp_str params[FP_PARAM_COUNT];
	bool given[FP_PARAM_COUNT];
	struct fp_str if_none_match;
	struct fp_str last_event_id;
	struct fp_str authorization;
	struct fp_str headers[FP_HEADER_COUNT]; /* as long as the request lasts */
	struct fp_str agent;
	struct fp_buf body;
	struct fp_str client;		/* numeric address */
	char id[FP_REQUEST_ID_MAX + 1]; /* X-Request-Id */
	bool id_is_own;			/* we made it: an answer's id may take its place */
	int64_t received_us;		/* real time */
	int64_t moment_us;  /* of the answer, as its snapshot was entered; see record.c */
	int64_t started_us; /* monotonic */
	/* waiting */
	size_t ticket_count;
	int64_t wait_until_us; /* monotonic */
	unsigned attempts;     /* times that the handler ran before this one */
	bool timed_out;
	bool in_background; /* the handler runs on a thread that may block */
	bool unrecorded;    /* the reply holds an answer that is not on record */
	uint64_t sync;	    /* the sync of the journal that the reply waits for; 0 = none */
	/* A batch's: a bit for each item whose commit is unknown and could not be looked for. */
	uint8_t not_looked_for[(FP_BATCH_MAX + 7) / 8];
	/* From here on not cleared for each request: only ticket_count of them mean anything. */
	struct fp_ticket *tickets[FP_TICKETS_MAX];
};

/*
 * A body that is made part by part, so that a million rows do not become one buffer. It goes on
 * behind what the reply's body holds. The reply's other parts are sent before the first.
 */
struct fp_stream {
	/* Appends the next part to `part`, some ten kilobytes: 1 when more is to come, 0 at the
	 * end; negative when it cannot go on, and then the connection is cut, so that nobody takes
	 * a part for the whole. Runs on a background thread, or, with `ready`, on the event loop.
	 */
	int (*next)(void *state, struct fp_http_context *context, struct fp_buf *part);
	/* Of a stream that has nothing to tell at times: whether `next` has. Asked whenever the
	 * server is woken; `next` runs after FP_STREAM_QUIET_US in any case. NULL: it always has.
	 */
	bool (*ready)(void *state);
	void (*free)(void *state); /* any thread of the server */
	void *state;
};

#define FP_STREAM_QUIET_US (15 * FP_US_PER_S)

struct fp_reply {
	unsigned status;
	const char *content_type;
	const char *problem; /* code; sent as X-Problem-Code, for forms that do not hold it */
	struct fp_buf body;
	char etag[64];		   /* with quotes; empty = none */
	const char *cache_control; /* static */
	int64_t retry_after_us;	   /* 0 = none */
	unsigned allow;		   /* methods, for 405 and OPTIONS; 0 = not sent */
	const char *authenticate;  /* static: WWW-Authenticate of a 401; NULL = none */
	struct fp_buf link;	   /* empty = none */
	struct fp_stream stream;   /* next NULL = the body is whole */
};

/* Values that cannot be what they are given for were refused before the handler ran. */
static inline struct fp_str fp_request_param(const struct fp_request *request, enum fp_param param)
{
	return request->params[param];
}

/* ---- params.c ---- */

const char *fp_param_name(enum fp_param param);
/* What the parameter takes, as a phrase: "a number from 1 to 1000". */
const char *fp_param_takes(enum fp_param param);
bool fp_param_find(struct fp_str name, enum fp_param *param);
/* Whether the value is one; the length and UTF-8 were checked. */
bool fp_param_is_valid(enum fp_param param, struct fp_str value);
uint64_t fp_param_number(struct fp_str value, uint64_t otherwise);
/* Well-formed UTF-8 without control characters, as every value must be: what clients send is said
 * back to them, in lines that a shell may read. */
bool fp_text_is_clean(struct fp_str text);

/* As `format` takes it. */
const char *fp_form_word(enum fp_form form);
const char *fp_form_content_type(enum fp_form form);
bool fp_form_find(struct fp_str name, enum fp_form *form);
/* The best of a route's forms for an Accept header; the route's default when none fits. */
enum fp_form fp_form_negotiate(struct fp_str accept, unsigned forms);

/* ---- problem.c ---- */

struct fp_problem_row {
	const char *code;
	unsigned status;
	const char *title;
	bool retryable;
	const char *explanation; /* for /problems/{code} */
};

/* Problems that are no outcome of the service come first. */
const struct fp_problem_row *fp_problem_find(struct fp_str code);
const struct fp_problem_row *fp_problem_at(size_t index); /* NULL behind the last */
const struct fp_problem_row *fp_problem_of(enum fp_outcome outcome);

/* Cache-Control of a 404, a constant: some seconds, but fewer than whoever is told to come back
 * (retry_after_us) waits until then. */
const char *fp_reply_cache_control_of_404(const struct fp_reply *reply);
/* Makes the reply a problem; detail is one sentence without full stop. */
enum fp_handled fp_reply_problem(struct fp_request *request, struct fp_reply *reply,
	const char *code, const struct fp_str *nearest, size_t nearest_count, const char *format,
	...) FP_PRINTF(6, 7);
/* The members that every problem document begins with. */
void fp_problem_write_members(struct fp_json *json, const struct fp_problem_row *row,
	struct fp_str detail, const struct fp_str *nearest, size_t nearest_count);
/* A problem's plain lines: title, detail, nearest names. */
void fp_problem_write_text(struct fp_buf *buf, const struct fp_problem_row *row,
	struct fp_str detail, const struct fp_str *nearest, size_t nearest_count,
	enum fp_form form);
/* One of them. Whatever it says stays one line, a comment in env, and no command in vso. */
void fp_problem_add_line(
	struct fp_buf *buf, const char *prefix, struct fp_str line, enum fp_form form);

/* ---- routes.c ---- */

extern const struct fp_route fp_routes[];
size_t fp_route_count(void);
/* GET, POST, PUT, DELETE: the index-th of the methods; NULL behind the last. */
const char *fp_method_name(unsigned methods, size_t index);
/* What `limit` may be at most. */
uint32_t fp_route_limit_max(const struct fp_route *route);
/* The route of a path, with its placeholders' values; NULL. */
enum { FP_ARGUMENTS_MAX = 2 };
const struct fp_route *fp_route_find(struct fp_str path, struct fp_str arguments[FP_ARGUMENTS_MAX]);

/* ---- counts.c ---- */

void fp_counts_release(struct fp_http_counts *counts);
/* A reply's status and its problem's code (NULL = none); route NULL: it is none of ours. */
void fp_counts_reply(struct fp_http_counts *counts, const struct fp_route *route, unsigned status,
	const char *problem);
/* An answer for a configured repository. Any thread. */
void fp_counts_answer(struct fp_http_counts *counts, struct fp_str repo, enum fp_outcome outcome);

/* ---- reply.c ---- */

/* A strong ETag over the body's bytes. */
void fp_reply_set_body_etag(struct fp_reply *reply);
/* The body is whole: its form's type, an ETag, and a minute in caches where nothing else was said.
 */
enum fp_handled fp_reply_finish(struct fp_request *request, struct fp_reply *reply);
/* Whether If-None-Match names the ETag, weakly compared. */
bool fp_etag_matches(struct fp_str if_none_match, const char *etag);

/* ---- handlers ---- */

fp_handler fp_handle_answer;
fp_handler fp_handle_audit;
fp_handler fp_handle_audit_pins;
fp_handler fp_handle_changes;
fp_handler fp_handle_decode;
fp_handler fp_handle_diagnose;
fp_handler fp_handle_events;
fp_handler fp_handle_freshness;
fp_handler fp_handle_history;
fp_handler fp_handle_history_list;
fp_handler fp_handle_hook;
fp_handler fp_handle_index;
fp_handler fp_handle_livez;
fp_handler fp_handle_metrics;
fp_handler fp_handle_openapi;
fp_handler fp_handle_pin;
fp_handler fp_handle_pins;
fp_handler fp_handle_problem;
fp_handler fp_handle_quarantine;
fp_handler fp_handle_quarantines;
fp_handler fp_handle_readyz;
fp_handler fp_handle_repo;
fp_handler fp_handle_replay;
fp_handler fp_handle_repos;
fp_handler fp_handle_resolve;
fp_handler fp_handle_stamp;
fp_handler fp_handle_sync;
fp_handler fp_handle_stats;
fp_handler fp_handle_timeline;
fp_handler fp_handle_versions;
fp_handler fp_handle_what_if;
