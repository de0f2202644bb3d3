#pragma once
/*
 * URLs, read by curl's own parser everywhere, so that what decides about credentials and what opens
 * the connection can never read one URL in two ways.
 */
#include "forkpoint/base/buf.h"
#include "forkpoint/base/error.h"
#include "forkpoint/base/str.h"

#include <stdbool.h>

enum { FP_URL_MAX_BYTES = 8192 };

bool fp_url_is_http(const char *url);
bool fp_url_is_https(const char *url);
bool fp_url_is_file(const char *url);
/* A URL that a feed can be configured with: http, https or file, a host where one is needed, and no
 * credentials inside. -FP_ERROR_INVALID with a text that says what to write instead. */
int fp_url_check(const char *url, struct fp_error *error);
/*
 * Resolves a link against the URL of the document that holds it; without fragment and without any
 * credentials that the link carries. *url is malloc'ed; NULL when the link is no URL that this
 * document may name: http and https everywhere, file only from a file. -FP_ERROR_MEMORY only: a
 * link must never seem useless because memory was short.
 */
int fp_url_resolve(const char *base, struct fp_str link, char **url, struct fp_error *error);
/* Scheme, host and port (the scheme's own where none is written). */
bool fp_url_same_origin(const char *a, const char *b);
/* base and rest with exactly one slash between; base's query stays at the end. malloc'ed. */
char *fp_url_join(const char *base, const char *rest);
/* The local path of a file URL, percent signs decoded. malloc'ed, NULL when it is none. */
char *fp_url_to_path(const char *url);
/* Appends the text with everything but unreserved characters percent-encoded. */
void fp_url_escape(struct fp_str text, struct fp_buf *buf);
/* The URL for error texts: without query and fragment, where tokens stand, and not too long. */
struct fp_str fp_url_shown(const char *url);
