/* Asking a server for a pack, in one question and one answer. */
#include "upload_pack.h"

#include "git_error.h"

#include "forkpoint/base/str.h"

#include <stdlib.h>
#include <string.h>

enum {
	PKT_HEADER = 4,
	PKT_MAX = 65520,
	READ_BYTES = 65536,
	MAX_REQUEST_BYTES = 64 << 20,
};

enum side_band { BAND_DATA = 1, BAND_TEXT = 2, BAND_ERROR = 3 };

/* The answer as it comes in. */
struct answer {
	git_smart_subtransport_stream *stream;
	char data[READ_BYTES + PKT_MAX];
	size_t begin, end;
};

bool fp_upload_pack_possible(const struct fp_wire *wire)
{
	return fp_wire_offers(wire, "side-band-64k") && fp_wire_offers(wire, "ofs-delta") &&
	       !fp_wire_offers(wire, "object-format=sha256");
}

static void add_line(struct fp_buf *request, const char *verb, const struct fp_oid *oid,
	const char *capabilities)
{
	char hex[FP_OID_HEX + 1];
	size_t len = PKT_HEADER + strlen(verb) + 1 + FP_OID_HEX + strlen(capabilities) + 1;

	fp_oid_format(oid, hex);
	fp_buf_addf(request, "%04zx%s %s%s\n", len, verb, hex, capabilities);
}

/*
 * Some servers want multi_ack before they look at haves. It is asked for over http only: a stateful
 * server would answer each have while we are still sending, and both would wait for the other.
 */
static const char *capabilities_for(const struct fp_wire *wire)
{
	if (wire->stateless && fp_wire_offers(wire, "multi_ack_detailed"))
		return " multi_ack_detailed side-band-64k thin-pack ofs-delta";
	if (wire->stateless && fp_wire_offers(wire, "multi_ack"))
		return " multi_ack side-band-64k thin-pack ofs-delta";
	return " side-band-64k thin-pack ofs-delta";
}

static int write_request(const struct fp_upload_pack *request,
	git_smart_subtransport_stream *stream, struct fp_error *error)
{
	FP_CLEANUP_BUF struct fp_buf text;
	int rc;

	fp_buf_init(&text, MAX_REQUEST_BYTES);
	for (size_t i = 0; i < request->want_count; i++)
		add_line(&text, "want", &request->wants[i],
			i ? "" : capabilities_for(request->wire));
	fp_buf_add_text(&text, "0000");
	for (size_t i = 0; i < request->have_count; i++)
		add_line(&text, "have", &request->haves[i], "");
	fp_buf_add_text(&text, "0009done\n");
	rc = fp_buf_check(&text, error);
	if (rc)
		return rc;
	/* in one piece: libgit2 makes an http request of each write */
	return stream->write(stream, text.data, text.len) < 0
		       ? fp_git_error(error, FP_ERROR_UNAVAILABLE, "cannot ask the upstream")
		       : 0;
}

/* Makes sure that so many bytes of the answer are there. 1: it ended before. */
static int need(struct answer *answer, size_t bytes, struct fp_error *error)
{
	while (answer->end - answer->begin < bytes) {
		size_t got = 0;

		if (answer->begin) {
			memmove(answer->data, answer->data + answer->begin,
				answer->end - answer->begin);
			answer->end -= answer->begin;
			answer->begin = 0;
		}
		if (answer->stream->read(answer->stream, answer->data + answer->end,
			    sizeof(answer->data) - answer->end, &got) < 0)
			return fp_git_error(
				error, FP_ERROR_UNAVAILABLE, "the upstream broke off its answer");
		if (!got)
			return 1;
		answer->end += got;
	}
	return 0;
}

static int broken_off(struct fp_error *error)
{
	return fp_error_set(error, FP_ERROR_UNAVAILABLE, "the upstream broke off its answer");
}

/* One packet's content; empty at a flush. Valid until the next. 1: the answer is over. */
static int next_packet(struct answer *answer, struct fp_str *packet, struct fp_error *error)
{
	size_t len = 0;
	int rc = need(answer, PKT_HEADER, error);

	if (rc)
		return rc > 0 && answer->begin != answer->end ? broken_off(error) : rc;
	for (size_t i = 0; i < PKT_HEADER; i++) {
		int digit = fp_char_hex_value(answer->data[answer->begin + i]);

		if (digit < 0)
			return fp_error_set(error, FP_ERROR_INVALID,
				"the upstream's answer is not git's protocol");
		len = len * 16 + (size_t)digit;
	}
	if (len > PKT_MAX || (len && len < PKT_HEADER))
		return fp_error_set(
			error, FP_ERROR_INVALID, "the upstream's answer has a broken packet");
	rc = len ? need(answer, len, error) : 0;
	if (rc)
		return rc > 0 ? broken_off(error) : rc;
	*packet = fp_str_n(answer->data + answer->begin + PKT_HEADER, len ? len - PKT_HEADER : 0);
	answer->begin += len ? len : PKT_HEADER;
	return 0;
}

/* What a server says in words, made fit for a line of our own. */
static int refused(struct fp_str words, struct fp_error *error)
{
	char text[200];
	size_t len = words.len < sizeof(text) - 1 ? words.len : sizeof(text) - 1;

	memcpy(text, words.ptr, len);
	text[len] = '\0';
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)text[i] < ' ' || text[i] == 0x7f)
			text[i] = ' ';
	fp_error_set(error, FP_ERROR_UNAVAILABLE, "the upstream refused: %s", text);
	return strstr(text, "not our ref") || strstr(text, "not found") ? 1 : -FP_ERROR_UNAVAILABLE;
}

/*
 * Everything up to the pack's end. Acknowledgements come before it, how many depends on the server
 * and on which haves are each other's parents; nothing hangs on them, for all has been said. They
 * cannot be mistaken for the pack, whose packets begin with the number of a side band.
 */
static int take_pack(const struct fp_upload_pack *request, struct answer *answer,
	git_indexer *indexer, git_indexer_progress *stats, struct fp_error *error)
{
	struct fp_str packet;
	bool begun = false;
	int rc;

	while ((rc = next_packet(answer, &packet, error)) == 0 && (packet.len || !begun)) {
		struct fp_str content = fp_str_n(packet.ptr + 1, packet.len ? packet.len - 1 : 0);

		switch (packet.len ? packet.ptr[0] : 0) {
		case BAND_DATA:
			begun = true;
			stats->received_bytes += content.len;
			if (git_indexer_append(indexer, content.ptr, content.len, stats) < 0)
				return fp_git_error(error, FP_ERROR_INVALID,
					"the upstream's pack cannot be taken");
			break;
		case BAND_TEXT: request->on_text(request->context); break;
		case BAND_ERROR: return refused(content, error);
		default:
			if (fp_str_starts_with(packet, "ERR "))
				return refused(fp_str_n(packet.ptr + 4, packet.len - 4), error);
			if (packet.len && !fp_str_starts_with(packet, "ACK ") &&
				!fp_str_starts_with(packet, "NAK"))
				return fp_error_set(error, FP_ERROR_INVALID,
					"the upstream's answer has an unknown packet");
		}
	}
	if (rc < 0)
		return rc;
	if (!begun)
		return broken_off(error);
	if (git_indexer_commit(indexer, stats) < 0)
		return fp_git_error(error, FP_ERROR_INVALID, "the upstream's pack cannot be taken");
	return 0;
}

static int take_answer(
	const struct fp_upload_pack *request, struct answer *answer, struct fp_error *error)
{
	git_indexer_options options = GIT_INDEXER_OPTIONS_INIT;
	git_indexer_progress stats = {0};
	git_indexer *indexer;
	int rc;

	options.progress_cb = request->on_progress;
	options.progress_cb_payload = request->context;
	if (git_indexer_new(&indexer, request->pack_folder, 0, request->odb, &options) < 0)
		return fp_git_error(error, FP_ERROR_IO, "cannot make a pack");
	rc = take_pack(request, answer, indexer, &stats, error);
	git_indexer_free(indexer);
	return rc;
}

int fp_upload_pack_run(const struct fp_upload_pack *request, struct fp_error *error)
{
	struct answer *answer = calloc(1, sizeof(*answer));
	int rc = answer ? 0 : fp_error_memory(error);

	if (!rc && fp_wire_open(request->wire, &answer->stream) < 0)
		rc = fp_git_error(error, FP_ERROR_UNAVAILABLE, "cannot ask the upstream");
	if (rc) {
		free(answer);
		return rc;
	}
	rc = write_request(request, answer->stream, error);
	if (!rc)
		rc = take_answer(request, answer, error);
	fp_wire_close(request->wire, answer->stream);
	free(answer);
	return rc;
}
