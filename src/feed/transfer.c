/* One HTTP transfer: what is sent, and what its bytes do. What its end means is in judge.c. */
#include "transfer.h"

#include "forkpoint/base/time.h"
#include "forkpoint/feed/url.h"

#include <string.h>

enum { COMPLAINT_BYTES = 4096, HEADERS_MAX_BYTES = 256 << 10, VALIDATOR_MAX_BYTES = 1024 };

static long status_of(CURL *easy)
{
	long status = 0;
	curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
	return status;
}

static size_t on_body(char *data, size_t size, size_t count, void *context)
{
	struct fp_transfer *transfer = context;
	size_t len = size * count;
	transfer->heard_us = fp_clock_monotonic_us();
	long status = status_of(transfer->easy);
	if (status != 200 && status != 203) {
		/* only the start of an error's body is of interest; refusing the rest ends it */
		size_t room = COMPLAINT_BYTES - transfer->complaint.len;
		fp_buf_add(&transfer->complaint, data, len < room ? len : room);
		return len <= room ? len : 0;
	}
	transfer->callback_result = fp_body_feed(transfer->body, data, len, &transfer->error);
	return transfer->callback_result < 0 ? 0 : len;
}

/* The header's value if it is of that name; validators stay byte for byte, quotes or none. */
static void note_validator(struct fp_str line, const char *name, char **value)
{
	size_t len = strlen(name);
	if (line.len <= len || strncasecmp(line.ptr, name, len) != 0 || line.ptr[len] != ':')
		return;
	struct fp_str text = fp_str_trim(fp_str_n(line.ptr + len + 1, line.len - len - 1));
	if (text.len == 0 || text.len > VALIDATOR_MAX_BYTES || memchr(text.ptr, '\0', text.len))
		return;
	free(*value);
	*value = fp_str_dup(text);
}

static void forget_validators(struct fp_transfer *transfer)
{
	free(transfer->etag);
	free(transfer->last_modified);
	transfer->etag = transfer->last_modified = NULL;
}

static size_t on_header(char *data, size_t size, size_t count, void *context)
{
	struct fp_transfer *transfer = context;
	size_t len = size * count;
	transfer->heard_us = fp_clock_monotonic_us();
	transfer->header_bytes += len;
	if (transfer->header_bytes > HEADERS_MAX_BYTES) {
		transfer->callback_result = fp_error_set(&transfer->error, FP_ERROR_LIMIT,
			"the reply's headers are larger than %d bytes", (int)HEADERS_MAX_BYTES);
		return 0;
	}
	struct fp_str line = fp_str_n(data, len);
	if (fp_str_starts_with(line, "HTTP/"))
		forget_validators(transfer); /* of an interim reply */
	note_validator(line, "ETag", &transfer->etag);
	note_validator(line, "Last-Modified", &transfer->last_modified);
	return len;
}

static int add_header(
	struct fp_transfer *transfer, const char *name, const char *value, struct fp_error *error)
{
	FP_CLEANUP_BUF struct fp_buf line;
	fp_buf_init(&line, 2 * VALIDATOR_MAX_BYTES);
	fp_buf_addf(&line, "%s: %s", name, value);
	int r = fp_buf_check(&line, error);
	if (r < 0)
		return r;
	struct curl_slist *longer = curl_slist_append(transfer->headers, line.data);
	if (!longer)
		return fp_error_memory(error);
	transfer->headers = longer;
	return 0;
}

static int add_headers(struct fp_transfer *transfer, struct fp_error *error)
{
	static const char *const accepted[] = {
		[FP_BODY_ANY] = "*/*",
		[FP_BODY_JSON] = "application/json, */*;q=0.5",
		[FP_BODY_XML] = "application/atom+xml, application/xml, */*;q=0.5",
	};
	const struct fp_validators *last = transfer->fetch->last;
	int r = add_header(transfer, "Accept", accepted[transfer->fetch->kind], error);
	if (transfer->asks_anew)
		return r == 0 ? add_header(transfer, "Cache-Control", "no-cache", error) : r;
	if (r == 0 && last && last->etag)
		r = add_header(transfer, "If-None-Match", last->etag, error);
	if (r == 0 && last && last->last_modified)
		r = add_header(transfer, "If-Modified-Since", last->last_modified, error);
	return r;
}

static void set_options(struct fp_transfer *transfer)
{
	CURL *easy = transfer->easy;
	const struct fp_feed_options *options = transfer->options;
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
	curl_easy_setopt(easy, CURLOPT_USERAGENT, "forkpoint/" FP_VERSION);
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS,
		(long)(options->connect_timeout_us / FP_US_PER_MS));
	curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
	curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
	curl_easy_setopt(easy, CURLOPT_NOBODY, transfer->fetch->head ? 1L : 0L);
	/* "": everything that curl can decode, whether asked for or not */
	if (!transfer->raw)
		curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "");
	if (options->ca_file)
		curl_easy_setopt(easy, CURLOPT_CAINFO, options->ca_file);
	/* a proxy's answer to CONNECT is not the feed's first byte */
	curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
	if (options->proxy)
		curl_easy_setopt(easy, CURLOPT_PROXY, options->proxy);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer);
	curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(easy, CURLOPT_HEADERDATA, transfer);
	curl_easy_setopt(easy, CURLOPT_PRIVATE, transfer);
}

/* The one place where credentials are given to curl. */
static int set_credentials(struct fp_transfer *transfer, struct fp_error *error)
{
	const struct fp_feed_options *options = transfer->options;
	if (!options->password && !options->username)
		return 0;
	if (!fp_url_same_origin(options->url, transfer->url))
		return 0;
	/* any user name will do for feeds that take tokens, but there must be one */
	const char *username = options->username ? options->username : "forkpoint";
	const char *password = options->password ? options->password : "";
	if (curl_easy_setopt(transfer->easy, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC) != CURLE_OK ||
		curl_easy_setopt(transfer->easy, CURLOPT_USERNAME, username) != CURLE_OK ||
		curl_easy_setopt(transfer->easy, CURLOPT_PASSWORD, password) != CURLE_OK)
		return fp_error_memory(error);
	return 0;
}

static int check(void *context, struct fp_error *error)
{
	const struct fp_transfer *transfer = context;
	return fp_fetcher_check(transfer->fetcher, error);
}

static int make_body(struct fp_transfer *transfer, struct fp_error *error)
{
	const struct fp_fetch *fetch = transfer->fetch;
	fp_body_free(transfer->body);
	transfer->body = fp_body_new(&(struct fp_body_options){
		.max_bytes = transfer->options->max_document_bytes,
		.kind = fetch->kind,
		.last = fetch->last,
		.body = fetch->body,
		.done = fetch->done,
		.context = fetch->context,
		.check = check,
		.check_context = transfer,
	});
	return transfer->body ? 0 : fp_error_memory(error);
}

int fp_transfer_prepare(struct fp_transfer *transfer, struct fp_error *error)
{
	curl_easy_reset(transfer->easy);
	curl_slist_free_all(transfer->headers);
	transfer->headers = NULL;
	forget_validators(transfer);
	fp_buf_release(&transfer->complaint);
	fp_buf_init(&transfer->complaint, COMPLAINT_BYTES);
	transfer->header_bytes = 0;
	transfer->heard_us = 0;
	transfer->callback_result = 0;
	transfer->hop_us = fp_clock_monotonic_us();
	set_options(transfer);
	int r = make_body(transfer, error);
	if (r == 0)
		r = set_credentials(transfer, error);
	if (r == 0)
		r = add_headers(transfer, error);
	if (r < 0)
		return r;
	if (curl_easy_setopt(transfer->easy, CURLOPT_HTTPHEADER, transfer->headers) != CURLE_OK ||
		curl_easy_setopt(transfer->easy, CURLOPT_URL, transfer->url) != CURLE_OK)
		return fp_error_memory(error);
	return 0;
}

void fp_transfer_clear(struct fp_transfer *transfer)
{
	forget_validators(transfer);
	curl_slist_free_all(transfer->headers);
	transfer->headers = NULL;
	fp_body_free(transfer->body);
	transfer->body = NULL;
	fp_buf_release(&transfer->complaint);
	free(transfer->url);
	transfer->url = NULL;
	transfer->fetch = NULL;
	transfer->hops = 0;
	transfer->raw = false;
}
