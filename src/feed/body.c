/*
 * A reply's bytes on their way to a reader.
 *
 * The hash is made over blocks: each block's hash starts with the hash of the one before, so that
 * it depends on the bytes alone and not on the pieces in which they arrived.
 */
#include "forkpoint/feed/body.h"

#include "forkpoint/base/inflate.h"

#include <string.h>

enum { BLOCK_BYTES = 16384, SNIFF_BYTES = 4096 };

enum packing {
	PACKING_UNKNOWN,
	PACKING_NONE,
	PACKING_GZIP,
	PACKING_GZIP_ENDED,   /* a member ended: another may follow */
	PACKING_GZIP_PADDING, /* something else followed: it is ignored to the end */
};

struct fp_body {
	struct fp_body_options options;
	enum packing packing;
	char magic[2]; /* the first byte, until the second has come */
	size_t magic_len;
	struct fp_inflate *zip;
	struct fp_inflate_step step;
	uint64_t raw_bytes, bytes;
	struct fp_hash128 hash;
	size_t block_len;
	struct fp_buf held;
	bool streaming; /* held was handed on */
	char block[sizeof(struct fp_hash128) + BLOCK_BYTES];
};

struct fp_body *fp_body_new(const struct fp_body_options *options)
{
	struct fp_body *body = calloc(1, sizeof(*body));
	if (!body)
		return NULL;
	body->options = *options;
	fp_buf_init(&body->held, FP_FETCH_HOLD_BYTES);
	return body;
}

void fp_body_free(struct fp_body *body)
{
	if (!body)
		return;
	fp_inflate_free(body->zip);
	fp_buf_release(&body->held);
	free(body);
}

struct fp_hash128 fp_body_hash(const struct fp_body *body)
{
	return body->hash;
}

uint64_t fp_body_bytes(const struct fp_body *body)
{
	return body->bytes;
}

static void hash_block(struct fp_body *body)
{
	memcpy(body->block, &body->hash, sizeof(body->hash));
	body->hash = fp_hash128(body->block, sizeof(body->hash) + body->block_len);
	body->block_len = 0;
}

static void hash_bytes(struct fp_body *body, const char *data, size_t len)
{
	while (len > 0) {
		size_t take = BLOCK_BYTES - body->block_len;
		if (take > len)
			take = len;
		memcpy(body->block + sizeof(body->hash) + body->block_len, data, take);
		body->block_len += take;
		data += take;
		len -= take;
		if (body->block_len == BLOCK_BYTES)
			hash_block(body);
	}
}

static bool contains_nocase(struct fp_str text, const char *word)
{
	size_t len = strlen(word);
	for (size_t i = 0; i + len <= text.len; i++)
		if (strncasecmp(text.ptr + i, word, len) == 0)
			return true;
	return false;
}

static bool looks_like_sign_in(struct fp_str page)
{
	static const char *const words[] = {"sign in", "signin", "sign-in", "log in", "login",
		"logon", "password", "oauth", "unauthori"};
	for (size_t i = 0; i < FP_ARRAY_SIZE(words); i++)
		if (contains_nocase(page, words[i]))
			return true;
	return false;
}

static struct fp_str without_bom(struct fp_str text)
{
	if (text.len >= 3 && memcmp(text.ptr, "\xef\xbb\xbf", 3) == 0)
		return fp_str_n(text.ptr + 3, text.len - 3);
	return text;
}

/* Without an XML declaration and comments, which can stand before any first element. */
static struct fp_str without_prolog(struct fp_str text)
{
	for (;;) {
		text = fp_str_trim(text);
		const char *mark = fp_str_starts_with(text, "<?")     ? "?>"
				   : fp_str_starts_with(text, "<!--") ? "-->"
								      : NULL;
		const char *end = mark ? memmem(text.ptr, text.len, mark, strlen(mark)) : NULL;
		if (!end)
			return text;
		end += strlen(mark);
		text = fp_str_n(end, text.len - (size_t)(end - text.ptr));
	}
}

static bool is_html(struct fp_str text)
{
	static const char *const starts[] = {"<!doctype html", "<html", "<head", "<body"};
	for (size_t i = 0; i < FP_ARRAY_SIZE(starts); i++)
		if (text.len >= strlen(starts[i]) &&
			strncasecmp(text.ptr, starts[i], strlen(starts[i])) == 0)
			return true;
	return false;
}

int fp_body_sniff(enum fp_body_kind kind, struct fp_str start, struct fp_error *error)
{
	start = fp_str_trim(start);
	if (kind == FP_BODY_ANY || start.len == 0)
		return 0;
	bool html = is_html(without_prolog(start));
	if (html && looks_like_sign_in(start))
		return fp_error_set(error, FP_ERROR_DENIED,
			"an HTML sign-in page came instead of the document: the feed wants "
			"credentials");
	if (html)
		return fp_error_set(error, FP_ERROR_INVALID,
			"an HTML page came instead of the document: check the feed's URL");
	if (kind == FP_BODY_JSON && start.ptr[0] == '<')
		return fp_error_set(error, FP_ERROR_INVALID,
			"XML came where JSON was expected: the URL may be a v2 feed's");
	if (kind == FP_BODY_XML && start.ptr[0] != '<' && (unsigned char)start.ptr[0] < 0x80 &&
		start.ptr[0] != '\0')
		return fp_error_set(error, FP_ERROR_INVALID,
			"the document is no XML: the URL may be a v3 feed's");
	return 0;
}

static int hand_on_held(struct fp_body *body, struct fp_error *error)
{
	body->streaming = true;
	struct fp_str held = without_bom(fp_buf_str(&body->held));
	struct fp_str start = fp_str_n(held.ptr, held.len < SNIFF_BYTES ? held.len : SNIFF_BYTES);
	int r = fp_body_sniff(body->options.kind, start, error);
	if (r < 0 || held.len == 0 || !body->options.body)
		return r;
	r = body->options.body(body->options.context, held.ptr, held.len, error);
	fp_buf_release(&body->held);
	fp_buf_init(&body->held, FP_FETCH_HOLD_BYTES);
	return r;
}

static int too_large(const struct fp_body *body, struct fp_error *error)
{
	return fp_error_set(error, FP_ERROR_LIMIT,
		"the document is larger than %llu bytes; raise max_document if this is right",
		(unsigned long long)body->options.max_bytes);
}

/* Decoded bytes. */
static int take(struct fp_body *body, const char *data, size_t len, struct fp_error *error)
{
	if (len > body->options.max_bytes - body->bytes)
		return too_large(body, error);
	const struct fp_body_options *options = &body->options;
	int going = options->check ? options->check(options->check_context, error) : 0;
	if (going < 0)
		return going;
	body->bytes += len;
	hash_bytes(body, data, len);
	if (!body->streaming) {
		if (body->held.len + len <= FP_FETCH_HOLD_BYTES) {
			fp_buf_add(&body->held, data, len);
			return fp_buf_check(&body->held, error);
		}
		int r = hand_on_held(body, error);
		if (r < 0)
			return r;
	}
	return body->options.body ? body->options.body(body->options.context, data, len, error) : 0;
}

static int start_gzip(struct fp_body *body, struct fp_error *error)
{
	body->zip = fp_inflate_new(FP_INFLATE_GZIP);
	if (!body->zip)
		return fp_error_memory(error);
	body->packing = PACKING_GZIP;
	return 0;
}

static int inflate_once(struct fp_body *body, struct fp_error *error)
{
	char out[BLOCK_BYTES];
	body->step.out = out;
	body->step.out_len = sizeof(out);
	int z = fp_inflate_run(body->zip, &body->step);
	if (z == -FP_ERROR_MEMORY)
		return fp_error_memory(error);
	if (z < 0)
		return fp_error_set(error, FP_ERROR_INVALID, "the gzip data is damaged");
	int r = take(body, out, sizeof(out) - body->step.out_len, error);
	if (z == 1)
		body->packing = PACKING_GZIP_ENDED;
	return r;
}

static int unpack(struct fp_body *body, const char *data, size_t len, struct fp_error *error)
{
	body->step.in = data;
	body->step.in_len = len;
	for (;;) {
		if (body->packing == PACKING_GZIP_ENDED) {
			if (body->step.in_len == 0)
				return 0;
			fp_inflate_reset(body->zip);
			body->packing = *(const unsigned char *)body->step.in == 0x1f
						? PACKING_GZIP
						: PACKING_GZIP_PADDING;
		}
		if (body->packing == PACKING_GZIP_PADDING)
			return 0;
		int r = inflate_once(body, error);
		if (r < 0)
			return r;
		if (body->packing == PACKING_GZIP && body->step.in_len == 0 &&
			body->step.out_len > 0)
			return 0;
	}
}

/* The first two bytes say whether this is gzip, header or no header. */
static int find_packing(
	struct fp_body *body, const char **data, size_t *len, struct fp_error *error)
{
	while (body->magic_len < 2 && *len > 0) {
		body->magic[body->magic_len++] = *(*data)++;
		(*len)--;
	}
	if (body->magic_len < 2)
		return 0;
	if (memcmp(body->magic, "\x1f\x8b", 2) != 0) {
		body->packing = PACKING_NONE;
		return take(body, body->magic, 2, error);
	}
	int r = start_gzip(body, error);
	return r < 0 ? r : unpack(body, body->magic, 2, error);
}

int fp_body_feed(struct fp_body *body, const char *data, size_t len, struct fp_error *error)
{
	/* also counted packed: an endless row of empty gzip members decodes to nothing */
	if (len > body->options.max_bytes - body->raw_bytes)
		return too_large(body, error);
	body->raw_bytes += len;
	if (body->packing == PACKING_UNKNOWN) {
		int r = find_packing(body, &data, &len, error);
		if (r < 0)
			return r;
	}
	if (len == 0)
		return 0;
	if (body->packing == PACKING_NONE)
		return take(body, data, len, error);
	return unpack(body, data, len, error);
}

int fp_body_finish(struct fp_body *body, struct fp_error *error)
{
	if (body->packing == PACKING_GZIP)
		return fp_error_set(error, FP_ERROR_UNAVAILABLE,
			"the document broke off in the middle of its gzip data");
	if (body->packing == PACKING_UNKNOWN && body->magic_len > 0) {
		int r = take(body, body->magic, body->magic_len, error);
		if (r < 0)
			return r;
	}
	hash_block(body);
	const struct fp_validators *last = body->options.last;
	if (last && last->known && last->bytes == body->bytes &&
		last->hash.high == body->hash.high && last->hash.low == body->hash.low)
		return FP_FETCH_UNCHANGED;
	if (!body->streaming) {
		int r = hand_on_held(body, error);
		if (r < 0)
			return r;
	}
	return body->options.done ? body->options.done(body->options.context, error) : 0;
}
