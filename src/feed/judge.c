/*
 * What the end of a hop means. HTTP's statuses as feeds use them (NUGET.md, "HTTP"): 401 and 403
 * are about credentials, never "package gone"; throttling comes as 429, as 503, and on Azure as 500
 * with a sentence in its text.
 */
#include "forkpoint/base/time.h"
#include "transfer.h"
#include "forkpoint/feed/url.h"

#include <string.h>

#define RETRY_AFTER_MAX_US (24 * 3600 * FP_US_PER_S)

static void note_retry_after(struct fp_transfer *transfer, int64_t *retry_after_us)
{
	curl_off_t seconds = 0; /* curl reads both forms, seconds and a date */
	if (curl_easy_getinfo(transfer->easy, CURLINFO_RETRY_AFTER, &seconds) != CURLE_OK ||
		seconds <= 0)
		return;
	int64_t us = seconds > RETRY_AFTER_MAX_US / FP_US_PER_S ? RETRY_AFTER_MAX_US
								: seconds * FP_US_PER_S;
	if (us > *retry_after_us)
		*retry_after_us = us;
}

static bool complains_of_usage(const struct fp_transfer *transfer)
{
	return transfer->complaint.data &&
	       strcasestr(transfer->complaint.data, "exceeding usage of resource");
}

static int denied(const struct fp_transfer *transfer, long status, struct fp_error *error)
{
	struct fp_str url = fp_url_shown(transfer->url);
	const struct fp_feed_options *options = transfer->options;
	if (status == 407)
		return fp_error_set(error, FP_ERROR_DENIED,
			"the proxy refuses access to %.*s (407)", FP_STR_ARG(url));
	if (!options->username && !options->password)
		return fp_error_set(error, FP_ERROR_DENIED,
			"%.*s wants credentials (%ld) and none are configured", FP_STR_ARG(url),
			status);
	if (!fp_url_same_origin(options->url, transfer->url))
		return fp_error_set(error, FP_ERROR_DENIED,
			"%.*s wants credentials (%ld), which are only sent to the feed's own "
			"origin",
			FP_STR_ARG(url), status);
	return fp_error_set(error, FP_ERROR_DENIED, "%.*s refuses the configured credentials (%ld)",
		FP_STR_ARG(url), status);
}

static int judge_failure(const struct fp_transfer *transfer, long status, struct fp_error *error)
{
	struct fp_str url = fp_url_shown(transfer->url);
	if (status == 401 || status == 403 || status == 407)
		return denied(transfer, status, error);
	if (status == 429 || complains_of_usage(transfer))
		return fp_error_set(error, FP_ERROR_UNAVAILABLE,
			"the feed is throttling requests: %.*s answered %ld", FP_STR_ARG(url),
			status);
	if (status >= 500 || status == 408)
		return fp_error_set(
			error, FP_ERROR_UNAVAILABLE, "%.*s answered %ld", FP_STR_ARG(url), status);
	return fp_error_set(error, FP_ERROR_INVALID, "%.*s answered %ld, which makes no sense here",
		FP_STR_ARG(url), status);
}

static int follow_redirect(struct fp_transfer *transfer, struct fp_error *error)
{
	struct fp_str from = fp_url_shown(transfer->url);
	char *location = NULL;
	curl_easy_getinfo(transfer->easy, CURLINFO_REDIRECT_URL, &location);
	FP_CLEANUP_FREE char *next = NULL;
	int r = fp_url_resolve(transfer->url, fp_str(location), &next, error);
	if (r < 0)
		return r;
	if (!next)
		return fp_error_set(error, FP_ERROR_INVALID, "%.*s redirects without saying where",
			FP_STR_ARG(from));
	if (++transfer->hops > FP_FETCH_REDIRECTS_MAX)
		return fp_error_set(error, FP_ERROR_INVALID,
			"%.*s redirects more than %d times, in a circle perhaps", FP_STR_ARG(from),
			(int)FP_FETCH_REDIRECTS_MAX);
	if (fp_url_is_https(transfer->url) && !fp_url_is_https(next))
		return fp_error_set(error, FP_ERROR_INVALID,
			"%.*s redirects from https to http, which is not followed",
			FP_STR_ARG(from));
	free(transfer->url);
	transfer->url = next;
	next = NULL;
	return FP_TRANSFER_AGAIN;
}

/* A body was read whole. */
static int accept_body(struct fp_transfer *transfer, struct fp_error *error)
{
	struct fp_fetch *fetch = transfer->fetch;
	int r = fetch->head ? 0 : fp_body_finish(transfer->body, error);
	if (r < 0) {
		fp_error_prefix(error, "%.*s", FP_STR_ARG(fp_url_shown(transfer->url)));
		return r;
	}
	fetch->fresh = (struct fp_validators){
		.etag = transfer->etag,
		.last_modified = transfer->last_modified,
		.hash = fp_body_hash(transfer->body),
		.bytes = fp_body_bytes(transfer->body),
		.known = true,
	};
	transfer->etag = transfer->last_modified = NULL;
	return r;
}

static int judge_status(
	struct fp_transfer *transfer, int64_t *retry_after_us, struct fp_error *error)
{
	long status = transfer->fetch->status;
	const struct fp_validators *last = transfer->fetch->last;
	switch (status) {
	case 200:
	case 203: return accept_body(transfer, error);
	case 204: return FP_FETCH_EMPTY;
	case 301:
	case 302:
	case 303:
	case 307:
	case 308: return follow_redirect(transfer, error);
	case 304:
		if (last && fp_validators_can_ask(last) && !transfer->asks_anew)
			return FP_FETCH_UNCHANGED;
		break;
	case 404:
	case 410: return FP_FETCH_NOT_FOUND;
	default: break;
	}
	note_retry_after(transfer, retry_after_us);
	return judge_failure(transfer, status, error);
}

static int judge_curl(const struct fp_transfer *transfer, CURLcode code, struct fp_error *error)
{
	struct fp_str url = fp_url_shown(transfer->url);
	enum fp_error_code kind = FP_ERROR_UNAVAILABLE;
	long proxy_status = 0; /* its answer to CONNECT, 0 = it was not asked */
	curl_easy_getinfo(transfer->easy, CURLINFO_HTTP_CONNECTCODE, &proxy_status);
	if (proxy_status >= 300)
		return fp_error_set(error,
			proxy_status == 403 || proxy_status == 407 ? FP_ERROR_DENIED : kind,
			"the proxy refuses to connect to %.*s (%ld)", FP_STR_ARG(url),
			proxy_status);
	if (code == CURLE_OPERATION_TIMEDOUT)
		kind = FP_ERROR_TIMEOUT;
	if (code == CURLE_OUT_OF_MEMORY)
		return fp_error_memory(error);
	if (code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CACERT_BADFILE)
		return fp_error_set(error, kind,
			"%.*s: the certificate cannot be verified (%s); ca_file names further "
			"authorities",
			FP_STR_ARG(url), curl_easy_strerror(code));
	if (code == CURLE_PARTIAL_FILE || code == CURLE_RECV_ERROR)
		return fp_error_set(error, kind, "%.*s: the connection broke off (%s)",
			FP_STR_ARG(url), curl_easy_strerror(code));
	if (code == CURLE_UNSUPPORTED_PROTOCOL || code == CURLE_URL_MALFORMAT ||
		code == CURLE_WEIRD_SERVER_REPLY || code == CURLE_BAD_CONTENT_ENCODING)
		kind = FP_ERROR_INVALID;
	return fp_error_set(error, kind, "%.*s: %s", FP_STR_ARG(url), curl_easy_strerror(code));
}

int fp_transfer_judge(struct fp_transfer *transfer, CURLcode code, int64_t *retry_after_us,
	struct fp_error *error)
{
	struct fp_fetch *fetch = transfer->fetch;
	curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &fetch->status);
	if (transfer->callback_result < 0) {
		if (error)
			*error = transfer->error;
		fp_error_prefix(error, "%.*s", FP_STR_ARG(fp_url_shown(transfer->url)));
		return transfer->callback_result;
	}
	/* a gzip header on a body that is not packed: once more, and look at the bytes instead */
	if (code == CURLE_BAD_CONTENT_ENCODING && !transfer->raw &&
		fp_body_bytes(transfer->body) == 0) {
		transfer->raw = true;
		return FP_TRANSFER_AGAIN;
	}
	bool ended_by_us = code == CURLE_WRITE_ERROR && transfer->complaint.len > 0;
	if (code != CURLE_OK && !ended_by_us)
		return judge_curl(transfer, code, error);
	return judge_status(transfer, retry_after_us, error);
}
