/* What daemon and fetch worker say to each other. Both are one program: no versions are needed, but
 * lengths and types are checked, for a worker can be killed in the middle of a line. */
#include "fetch_message.h"

#include "forkpoint/base/json_write.h"
#include "forkpoint/base/number.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

static const struct fp_json_limits limits = {
	.max_bytes = 64 << 20,
	.max_depth = 4,
	.max_values = 1 << 20,
};

static void write_wants(struct fp_json *json, const struct fp_fetch_job *job)
{
	char hex[FP_OID_HEX + 1];

	fp_json_key(json, "wants");
	fp_json_array_begin(json);
	for (size_t i = 0; i < job->want_count; i++) {
		fp_oid_format(&job->wants[i], hex);
		fp_json_text(json, hex);
	}
	fp_json_array_end(json);
}

void fp_fetch_job_write(const struct fp_fetch_job *job, struct fp_buf *buf)
{
	struct fp_json json;

	fp_json_init(&json, buf);
	fp_json_object_begin(&json);
	fp_json_member_text(&json, "url", job->url);
	fp_json_member_text(&json, "path", job->path);
	fp_json_key(&json, "refs");
	fp_json_array_begin(&json);
	for (size_t i = 0; i < job->ref_count; i++)
		fp_json_text(&json, job->refs[i]);
	fp_json_array_end(&json);
	fp_json_member_text(&json, "username", job->username);
	fp_json_member_text(&json, "password", job->password);
	fp_json_member_text(&json, "ssh_key_file", job->ssh_key_file);
	fp_json_member_text(&json, "ssh_known_hosts_file", job->ssh_known_hosts_file);
	fp_json_member_text(&json, "ca_file", job->ca_file);
	write_wants(&json, job);
	fp_json_object_end(&json);
}

/* NULL where it is absent, null or no text. */
static const char *text_of(const struct fp_json_value *object, const char *key)
{
	const struct fp_json_value *value = fp_json_member(object, key);

	return value && value->type == FP_JSON_STRING ? value->text.ptr : NULL;
}

static uint64_t number_of(const struct fp_json_value *object, const char *key)
{
	const struct fp_json_value *value = fp_json_member(object, key);
	uint64_t number = 0;

	if (value && value->type == FP_JSON_NUMBER)
		fp_parse_u64(value->text, 0, UINT64_MAX, &number);
	return number;
}

static int read_refs(
	const struct fp_json_value *list, struct fp_fetch_order *order, struct fp_error *error)
{
	if (!list || list->type != FP_JSON_ARRAY)
		return fp_error_set(error, FP_ERROR_INTERNAL, "the fetch job has no refs");
	order->refs = calloc(list->count + 1, sizeof(*order->refs));
	if (!order->refs)
		return fp_error_memory(error);
	for (const struct fp_json_value *item = list->first; item; item = item->next)
		if (item->type == FP_JSON_STRING)
			order->refs[order->job.ref_count++] = item->text.ptr;
	order->job.refs = order->refs;
	return 0;
}

static int read_wants(
	const struct fp_json_value *list, struct fp_fetch_order *order, struct fp_error *error)
{
	if (!list || list->type != FP_JSON_ARRAY)
		return fp_error_set(error, FP_ERROR_INTERNAL, "the fetch job has no wants");
	order->wants = calloc(list->count + 1, sizeof(*order->wants));
	if (!order->wants)
		return fp_error_memory(error);
	for (const struct fp_json_value *item = list->first; item; item = item->next)
		if (item->type != FP_JSON_STRING ||
			!fp_oid_parse(item->text, &order->wants[order->job.want_count++]))
			return fp_error_set(
				error, FP_ERROR_INTERNAL, "the fetch job wants what is no commit");
	order->job.wants = order->wants;
	return 0;
}

static int read_job(
	const struct fp_json_value *root, struct fp_fetch_order *order, struct fp_error *error)
{
	struct fp_fetch_job *job = &order->job;
	int rc;

	job->url = text_of(root, "url");
	job->path = text_of(root, "path");
	job->username = text_of(root, "username");
	job->password = text_of(root, "password");
	job->ssh_key_file = text_of(root, "ssh_key_file");
	job->ssh_known_hosts_file = text_of(root, "ssh_known_hosts_file");
	job->ca_file = text_of(root, "ca_file");
	if (!job->url || !job->path)
		return fp_error_set(error, FP_ERROR_INTERNAL, "the fetch job is incomplete");
	rc = read_refs(fp_json_member(root, "refs"), order, error);
	return rc ? rc : read_wants(fp_json_member(root, "wants"), order, error);
}

int fp_fetch_order_read(struct fp_str text, struct fp_fetch_order *order, struct fp_error *error)
{
	struct fp_fetch_order read = {0};
	int rc = fp_json_tree_read(text, &limits, false, &read.tree, NULL, NULL, error);

	if (!rc)
		rc = read_job(fp_json_tree_root(read.tree), &read, error);
	if (rc)
		fp_fetch_order_release(&read);
	else
		*order = read;
	return rc;
}

void fp_fetch_order_release(struct fp_fetch_order *order)
{
	fp_json_tree_free(order->tree);
	free(order->refs);
	free(order->wants);
	*order = (struct fp_fetch_order){0};
}

static void write_progress(struct fp_json *json, const struct fp_fetch_progress *progress)
{
	fp_json_member_text(json, "kind", "progress");
	fp_json_member_u64(json, "phase", progress->phase);
	fp_json_member_u64(json, "received_objects", progress->received_objects);
	fp_json_member_u64(json, "total_objects", progress->total_objects);
	fp_json_member_u64(json, "indexed_deltas", progress->indexed_deltas);
	fp_json_member_u64(json, "total_deltas", progress->total_deltas);
	fp_json_member_u64(json, "received_bytes", progress->received_bytes);
}

static void write_result(struct fp_json *json, const struct fp_fetch_result *result)
{
	fp_json_member_text(json, "kind", "result");
	fp_json_member_u64(json, "received_bytes", result->received_bytes);
	fp_json_member_u64(json, "received_objects", result->received_objects);
	fp_json_member_u64(json, "refs_updated", result->refs_updated);
	fp_json_member_u64(json, "refs_pruned", result->refs_pruned);
	fp_json_member_u64(json, "refs_failed", result->refs_failed);
	fp_json_member_text(json, "ref_note", result->ref_note);
	fp_json_member_text(json, "head", result->head);
	fp_json_member_text(json, "head_before", result->head_before);
}

void fp_fetch_message_write(const struct fp_fetch_message *message, struct fp_buf *buf)
{
	struct fp_json json;

	fp_json_init(&json, buf);
	fp_json_object_begin(&json);
	switch (message->kind) {
	case FP_FETCH_SAYS_PROGRESS: write_progress(&json, &message->progress); break;
	case FP_FETCH_SAYS_RESULT: write_result(&json, &message->result); break;
	case FP_FETCH_SAYS_ERROR:
		fp_json_member_text(&json, "kind", "error");
		fp_json_member_u64(&json, "code", message->error.code);
		fp_json_member_text(&json, "text", message->error.text);
		break;
	}
	fp_json_object_end(&json);
	fp_buf_add_char(buf, '\n');
}

static void copy_text(char *to, size_t size, const char *from)
{
	snprintf(to, size, "%s", from ? from : "");
}

static void read_progress(const struct fp_json_value *root, struct fp_fetch_progress *progress)
{
	uint64_t phase = number_of(root, "phase");

	progress->phase =
		phase <= FP_FETCH_UPDATING_REFS ? (enum fp_fetch_phase)phase : FP_FETCH_CONNECTING;
	progress->received_objects = number_of(root, "received_objects");
	progress->total_objects = number_of(root, "total_objects");
	progress->indexed_deltas = number_of(root, "indexed_deltas");
	progress->total_deltas = number_of(root, "total_deltas");
	progress->received_bytes = number_of(root, "received_bytes");
}

static void read_result(const struct fp_json_value *root, struct fp_fetch_result *result)
{
	result->received_bytes = number_of(root, "received_bytes");
	result->received_objects = number_of(root, "received_objects");
	result->refs_updated = (unsigned)number_of(root, "refs_updated");
	result->refs_pruned = (unsigned)number_of(root, "refs_pruned");
	result->refs_failed = (unsigned)number_of(root, "refs_failed");
	copy_text(result->ref_note, sizeof(result->ref_note), text_of(root, "ref_note"));
	copy_text(result->head, sizeof(result->head), text_of(root, "head"));
	copy_text(result->head_before, sizeof(result->head_before), text_of(root, "head_before"));
}

static void read_error(const struct fp_json_value *root, struct fp_error *error)
{
	uint64_t code = number_of(root, "code");
	const char *text = text_of(root, "text");

	fp_error_set(error,
		code > FP_ERROR_NONE && code <= FP_ERROR_INTERNAL ? (enum fp_error_code)code
								  : FP_ERROR_INTERNAL,
		"%s", text ? text : "the fetch worker failed without a reason");
}

int fp_fetch_message_read(
	struct fp_str line, struct fp_fetch_message *message, struct fp_error *error)
{
	FP_CLEANUP(fp_json_tree_free_cleanup) struct fp_json_tree *tree = NULL;
	const struct fp_json_value *root;
	const char *kind;
	int rc = fp_json_tree_read(line, &limits, false, &tree, NULL, NULL, error);

	if (rc)
		return rc;
	root = fp_json_tree_root(tree);
	kind = text_of(root, "kind");
	*message = (struct fp_fetch_message){0};
	if (kind && strcmp(kind, "progress") == 0) {
		message->kind = FP_FETCH_SAYS_PROGRESS;
		read_progress(root, &message->progress);
	} else if (kind && strcmp(kind, "result") == 0) {
		message->kind = FP_FETCH_SAYS_RESULT;
		read_result(root, &message->result);
	} else {
		message->kind = FP_FETCH_SAYS_ERROR;
		read_error(root, &message->error);
	}
	return 0;
}
