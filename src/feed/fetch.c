/* The fetcher: transfers side by side, their deadlines, and the counts of a look. */
#include "forkpoint/feed/fetch.h"

#include "forkpoint/base/time.h"
#include "forkpoint/feed/local_file.h"
#include "transfer.h"
#include "forkpoint/feed/url.h"

#include <string.h>

/* How long a wait may last before cancellation and deadlines are looked at again. */
enum { POLL_MS = 50 };

struct fp_fetcher {
	const struct fp_feed_options *options;
	CURLM *multi;
	struct fp_transfer transfers[FP_FETCH_SIDE_BY_SIDE];
	size_t running;
	int64_t deadline_us; /* of the look, 0 = none has started */
	unsigned requests;
	uint64_t bytes;
	int64_t retry_after_us;
	bool asks_anew;
};

void fp_validators_release(struct fp_validators *validators)
{
	free(validators->etag);
	free(validators->last_modified);
	*validators = (struct fp_validators){0};
}

bool fp_validators_can_ask(const struct fp_validators *validators)
{
	return validators->etag || validators->last_modified;
}

void fp_fetch_release(struct fp_fetch *fetch)
{
	fp_validators_release(&fetch->fresh);
	free(fetch->final_url);
	fetch->final_url = NULL;
}

int fp_fetcher_new(
	const struct fp_feed_options *options, struct fp_fetcher **fetcher, struct fp_error *error)
{
	/* Reference counted and thread-safe since 7.84; never undone, because another feed's
	 * thread may be using it. */
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return fp_error_set(error, FP_ERROR_INTERNAL, "curl cannot be initialised");
	FP_CLEANUP(fp_fetcher_free_cleanup) struct fp_fetcher *made = calloc(1, sizeof(*made));
	if (!made)
		return fp_error_memory(error);
	made->options = options;
	made->multi = curl_multi_init();
	if (!made->multi)
		return fp_error_memory(error);
	for (size_t i = 0; i < FP_FETCH_SIDE_BY_SIDE; i++) {
		made->transfers[i].options = options;
		made->transfers[i].fetcher = made;
		made->transfers[i].easy = curl_easy_init();
		if (!made->transfers[i].easy)
			return fp_error_memory(error);
	}
	*fetcher = made;
	made = NULL;
	return 0;
}

/* Takes the transfer out of the running ones, whatever became of it. */
static void stop(struct fp_fetcher *fetcher, struct fp_transfer *transfer)
{
	if (!transfer->fetch)
		return;
	fetcher->bytes += transfer->body ? fp_body_bytes(transfer->body) : 0;
	if (transfer->active)
		curl_multi_remove_handle(fetcher->multi, transfer->easy);
	transfer->active = false;
	fp_transfer_clear(transfer);
	fetcher->running--;
}

static void stop_all(struct fp_fetcher *fetcher)
{
	for (size_t i = 0; i < FP_FETCH_SIDE_BY_SIDE; i++)
		stop(fetcher, &fetcher->transfers[i]);
}

void fp_fetcher_free(struct fp_fetcher *fetcher)
{
	if (!fetcher)
		return;
	stop_all(fetcher);
	for (size_t i = 0; i < FP_FETCH_SIDE_BY_SIDE; i++)
		curl_easy_cleanup(fetcher->transfers[i].easy);
	curl_multi_cleanup(fetcher->multi);
	free(fetcher);
}

void fp_fetcher_ask_anew(struct fp_fetcher *fetcher, bool anew)
{
	fetcher->asks_anew = anew;
}

bool fp_fetcher_asks_anew(const struct fp_fetcher *fetcher)
{
	return fetcher->asks_anew;
}

void fp_fetcher_start(struct fp_fetcher *fetcher)
{
	fetcher->deadline_us = fp_clock_monotonic_us() + fetcher->options->total_timeout_us;
	fetcher->requests = 0;
	fetcher->bytes = 0;
	fetcher->retry_after_us = 0;
}

unsigned fp_fetcher_requests(const struct fp_fetcher *fetcher)
{
	return fetcher->requests;
}

uint64_t fp_fetcher_bytes(const struct fp_fetcher *fetcher)
{
	return fetcher->bytes;
}

int64_t fp_fetcher_retry_after_us(const struct fp_fetcher *fetcher)
{
	return fetcher->retry_after_us;
}

int fp_fetcher_check(const struct fp_fetcher *fetcher, struct fp_error *error)
{
	const struct fp_feed_options *options = fetcher->options;
	if (options->cancelled && atomic_load(options->cancelled))
		return fp_error_set(
			error, FP_ERROR_CANCELLED, "the look at the feed was cancelled");
	if (fetcher->deadline_us > 0 && fp_clock_monotonic_us() > fetcher->deadline_us)
		return fp_error_set(error, FP_ERROR_TIMEOUT,
			"%.*s: the look at the feed took longer than its total deadline of %lld ms",
			FP_STR_ARG(fp_url_shown(options->url)),
			(long long)(options->total_timeout_us / FP_US_PER_MS));
	return 0;
}

/* First byte and stall; curl itself keeps the deadline on connecting. */
static int check_first_byte(const struct fp_transfer *transfer, int64_t now, struct fp_error *error)
{
	const struct fp_feed_options *options = transfer->options;
	curl_off_t connected_us = 0; /* since the hop began; 0 = not connected yet */
	curl_easy_getinfo(transfer->easy, CURLINFO_PRETRANSFER_TIME_T, &connected_us);
	int64_t allowed = options->first_byte_timeout_us;
	allowed += connected_us > 0 ? connected_us : options->connect_timeout_us;
	if (now - transfer->hop_us <= allowed)
		return 0;
	return fp_error_set(error, FP_ERROR_TIMEOUT, "%.*s: no answer began within %lld ms",
		FP_STR_ARG(fp_url_shown(transfer->url)),
		(long long)(options->first_byte_timeout_us / FP_US_PER_MS));
}

static int check_transfer(const struct fp_transfer *transfer, int64_t now, struct fp_error *error)
{
	if (transfer->heard_us == 0)
		return check_first_byte(transfer, now, error);
	int64_t allowed = transfer->options->stall_timeout_us;
	if (now - transfer->heard_us <= allowed)
		return 0;
	return fp_error_set(error, FP_ERROR_TIMEOUT,
		"%.*s: nothing came for %lld ms in the middle of the answer",
		FP_STR_ARG(fp_url_shown(transfer->url)), (long long)(allowed / FP_US_PER_MS));
}

static int check_all(struct fp_fetcher *fetcher, struct fp_error *error)
{
	int r = fp_fetcher_check(fetcher, error);
	int64_t now = fp_clock_monotonic_us();
	for (size_t i = 0; r == 0 && i < FP_FETCH_SIDE_BY_SIDE; i++) {
		struct fp_transfer *transfer = &fetcher->transfers[i];
		if (transfer->fetch)
			r = check_transfer(transfer, now, error);
	}
	return r;
}

static int start_hop(
	struct fp_fetcher *fetcher, struct fp_transfer *transfer, struct fp_error *error)
{
	int r = fp_transfer_prepare(transfer, error);
	if (r < 0)
		return r;
	if (curl_multi_add_handle(fetcher->multi, transfer->easy) != CURLM_OK)
		return fp_error_memory(error);
	transfer->active = true;
	fetcher->requests++;
	return 0;
}

static struct fp_transfer *free_transfer(struct fp_fetcher *fetcher)
{
	for (size_t i = 0; i < FP_FETCH_SIDE_BY_SIDE; i++)
		if (!fetcher->transfers[i].fetch)
			return &fetcher->transfers[i];
	return NULL;
}

static int start_transfer(
	struct fp_fetcher *fetcher, struct fp_fetch *fetch, struct fp_error *error)
{
	struct fp_transfer *transfer = free_transfer(fetcher);
	if (!transfer)
		return fp_error_set(error, FP_ERROR_INTERNAL, "too many transfers");
	transfer->fetch = fetch;
	transfer->asks_anew = fetcher->asks_anew;
	fetcher->running++;
	transfer->url = fp_str_dup(fp_str(fetch->url));
	if (!transfer->url)
		return fp_error_memory(error);
	fetch->elapsed_us = -fp_clock_monotonic_us();
	return start_hop(fetcher, transfer, error);
}

/* Files are read at once: there is nothing to wait for. */
static int fetch_file(struct fp_fetcher *fetcher, struct fp_fetch *fetch, struct fp_error *error)
{
	if (!fp_url_is_file(fetcher->options->url))
		return fp_error_set(error, FP_ERROR_INVALID,
			"%.*s is a local file, which this feed may not name",
			FP_STR_ARG(fp_url_shown(fetch->url)));
	fetch->elapsed_us = -fp_clock_monotonic_us();
	fetcher->requests++;
	uint64_t bytes = 0;
	fetch->result =
		fp_local_file_fetch(fetch, fetcher->options->max_document_bytes, &bytes, error);
	fetcher->bytes += bytes;
	fetch->elapsed_us += fp_clock_monotonic_us();
	fetch->final_url = fp_str_dup(fp_str(fetch->url));
	if (!fetch->final_url)
		return fp_error_memory(error);
	return fetch->result < 0 ? fetch->result : 0;
}

static int start(struct fp_fetcher *fetcher, struct fp_fetch *fetch, struct fp_error *error)
{
	fetch->result = 0;
	fetch->fresh = (struct fp_validators){0};
	fetch->final_url = NULL;
	fetch->status = 0;
	if (fp_url_is_http(fetch->url))
		return start_transfer(fetcher, fetch, error);
	return fetch_file(fetcher, fetch, error);
}

static int finish(struct fp_fetcher *fetcher, struct fp_transfer *transfer, CURLcode code,
	struct fp_error *error)
{
	struct fp_fetch *fetch = transfer->fetch;
	int r = fp_transfer_judge(transfer, code, &fetcher->retry_after_us, error);
	curl_multi_remove_handle(fetcher->multi, transfer->easy);
	transfer->active = false;
	if (r == FP_TRANSFER_AGAIN)
		return start_hop(fetcher, transfer, error);
	fetch->result = r;
	fetch->elapsed_us += fp_clock_monotonic_us();
	if (r >= 0) {
		fetch->final_url = transfer->url;
		transfer->url = NULL;
	} else if (error) {
		fetch->error = *error;
	}
	stop(fetcher, transfer);
	return r < 0 ? r : 0;
}

static int finish_ended(struct fp_fetcher *fetcher, struct fp_error *error)
{
	int left;
	CURLMsg *message;
	while ((message = curl_multi_info_read(fetcher->multi, &left))) {
		struct fp_transfer *transfer = NULL;
		if (message->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&transfer);
		int r = finish(fetcher, transfer, message->data.result, error);
		if (r < 0)
			return r;
	}
	return 0;
}

static int turn(struct fp_fetcher *fetcher, struct fp_error *error)
{
	int handles = 0;
	if (curl_multi_perform(fetcher->multi, &handles) != CURLM_OK)
		return fp_error_set(error, FP_ERROR_INTERNAL, "curl's transfers cannot go on");
	int r = finish_ended(fetcher, error);
	if (r == 0)
		r = check_all(fetcher, error);
	if (r == 0 && fetcher->running > 0)
		curl_multi_poll(fetcher->multi, NULL, 0, POLL_MS, NULL);
	return r;
}

int fp_fetcher_run(
	struct fp_fetcher *fetcher, struct fp_fetch *fetches, size_t count, struct fp_error *error)
{
	size_t next = 0;
	int r = fp_fetcher_check(fetcher, error);
	for (size_t i = 0; i < count; i++)
		fetches[i].result = -FP_ERROR_CANCELLED; /* until it has its answer */
	while (r == 0 && (next < count || fetcher->running > 0)) {
		while (r == 0 && next < count && fetcher->running < FP_FETCH_SIDE_BY_SIDE)
			r = start(fetcher, &fetches[next++], error);
		if (r == 0 && fetcher->running > 0)
			r = turn(fetcher, error);
	}
	stop_all(fetcher);
	return r;
}
