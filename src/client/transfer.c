/* One request over HTTP. */
#include "transfer.h"

#include <curl/curl.h>
#include <string.h>

enum { HEARD_MAX_BYTES = 512 * 1024 * 1024, CONNECT_TIMEOUT_S = 10 };

void fp_heard_init(struct fp_heard *heard)
{
	*heard = (struct fp_heard){0};
	fp_buf_init(&heard->body, HEARD_MAX_BYTES);
}

void fp_heard_release(struct fp_heard *heard)
{
	fp_buf_release(&heard->body);
}

static size_t on_body(char *data, size_t size, size_t count, void *context)
{
	struct fp_heard *heard = context;

	fp_buf_add(&heard->body, data, size * count);
	return heard->body.state == FP_BUF_OK ? size * count : 0;
}

static size_t on_header(char *data, size_t size, size_t count, void *context)
{
	static const char name[] = "X-Problem-Code:";
	struct fp_heard *heard = context;
	struct fp_str line = fp_str_n(data, size * count), value;

	if (line.len < sizeof(name) || strncasecmp(line.ptr, name, sizeof(name) - 1) != 0)
		return size * count;
	value = fp_str_trim(fp_str_n(line.ptr + sizeof(name) - 1, line.len - sizeof(name) + 1));
	if (value.len < sizeof(heard->problem)) {
		memcpy(heard->problem, value.ptr, value.len);
		heard->problem[value.len] = '\0';
	}
	return size * count;
}

static int set_headers(const struct fp_transfer_options *options, const struct fp_wish *wish,
	struct curl_slist **headers, struct fp_error *error)
{
	struct fp_buf FP_CLEANUP_BUF line = {0};
	struct curl_slist *longer;

	fp_buf_init(&line, 16 * 1024);
	if (wish->body.len) {
		*headers = curl_slist_append(NULL, "Content-Type: application/json");
		if (!*headers)
			return fp_error_memory(error);
	}
	if (!options->token)
		return 0;
	fp_buf_addf(&line, "Authorization: Bearer %s", options->token);
	longer = line.state == FP_BUF_OK ? curl_slist_append(*headers, line.data) : NULL;
	if (!longer)
		return fp_error_memory(error);
	*headers = longer;
	return 0;
}

static void set_options(CURL *easy, const struct fp_transfer_options *options,
	const struct fp_wish *wish, struct curl_slist *headers, struct fp_heard *heard)
{
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	/* A token goes to the server that was named and nowhere else. */
	curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(easy, CURLOPT_USERAGENT, "forkpoint/" FP_VERSION);
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_TIMEOUT_S);
	curl_easy_setopt(easy, CURLOPT_TIMEOUT, options->timeout_s);
	curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "");
	curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, wish->method);
	curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, heard);
	curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(easy, CURLOPT_HEADERDATA, heard);
	if (wish->body.len == 0)
		return;
	curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, (long)wish->body.len);
	curl_easy_setopt(easy, CURLOPT_POSTFIELDS, wish->body.data);
}

static int judge(CURLcode code, const struct fp_transfer_options *options, const char *said,
	const struct fp_heard *heard, struct fp_error *error)
{
	const char *why = said[0] ? said : curl_easy_strerror(code);

	if (heard->body.state != FP_BUF_OK)
		return fp_buf_check(&heard->body, error);
	if (code == CURLE_OPERATION_TIMEDOUT)
		return fp_error_set(error, FP_ERROR_TIMEOUT,
			"%s does not answer in time: %s; --timeout gives it longer",
			options->server, why);
	return fp_error_set(error, FP_ERROR_UNAVAILABLE,
		"cannot ask %s: %s; --server URL or FORKPOINT_SERVER says whom to ask",
		options->server, why);
}

static int perform(CURL *easy, const struct fp_transfer_options *options,
	const struct fp_wish *wish, struct fp_heard *heard, struct fp_error *error)
{
	struct fp_buf FP_CLEANUP_BUF url = {0};
	char said[CURL_ERROR_SIZE] = "";
	CURLcode code;
	int r;

	fp_buf_init(&url, 128 * 1024);
	fp_buf_add_text(&url, options->server);
	fp_buf_add_str(&url, fp_buf_str(&wish->target));
	r = fp_buf_check(&url, error);
	if (r < 0)
		return r;
	curl_easy_setopt(easy, CURLOPT_URL, url.data);
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, said);
	code = curl_easy_perform(easy);
	if (code != CURLE_OK)
		return judge(code, options, said, heard, error);
	curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &heard->status);
	return 0;
}

int fp_transfer_run(const struct fp_transfer_options *options, const struct fp_wish *wish,
	struct fp_heard *heard, struct fp_error *error)
{
	struct curl_slist *headers = NULL;
	CURL *easy = curl_easy_init();
	int r = easy ? set_headers(options, wish, &headers, error) : fp_error_memory(error);

	if (r == 0) {
		set_options(easy, options, wish, headers, heard);
		r = perform(easy, options, wish, heard, error);
	}
	curl_slist_free_all(headers);
	curl_easy_cleanup(easy);
	return r;
}
