#pragma once
/* One HTTP transfer of a fetch, hop by hop; private to the fetcher. */
#include "forkpoint/feed/body.h"

#include <curl/curl.h>

struct fp_transfer {
	CURL *easy;
	struct curl_slist *headers;
	struct fp_fetch *fetch; /* NULL = free */
	const struct fp_feed_options *options;
	const struct fp_fetcher *fetcher; /* whose deadline and end are its own */
	char *url;			  /* of this hop */
	unsigned hops;
	bool raw;	/* curl is not to decode: the content encoding's header was wrong */
	bool asks_anew; /* fp_feed_ask_anew */
	bool active;	/* added to the multi handle */
	struct fp_body *body;
	struct fp_buf complaint; /* the start of an error's body */
	char *etag, *last_modified;
	size_t header_bytes;
	int64_t hop_us;	       /* when this hop began */
	int64_t heard_us;      /* when bytes last came, 0 = none yet */
	struct fp_error error; /* of a callback */
	int callback_result;
};

/* Prepares the handle for the transfer's url. */
int fp_transfer_prepare(struct fp_transfer *transfer, struct fp_error *error);
/* Frees everything but the easy handle, which can be used again. */
void fp_transfer_clear(struct fp_transfer *transfer);

/* What a finished hop means: 0 or an outcome of the fetch, an error, or FP_TRANSFER_AGAIN when
 * transfer->url is to be asked next. *retry_after_us is only raised. */
enum { FP_TRANSFER_AGAIN = 100 };
int fp_transfer_judge(struct fp_transfer *transfer, CURLcode code, int64_t *retry_after_us,
	struct fp_error *error);
