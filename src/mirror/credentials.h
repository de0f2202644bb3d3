#pragma once
/* Credentials of an upstream, and whether it is who it says; callbacks of libgit2's. */
#include "upstream.h"

/* Certificate authorities and known hosts, before the connection. */
int fp_credentials_prepare(const struct fp_fetch_job *job, struct fp_error *error);

int fp_credentials_acquire(git_credential **out, const char *url, const char *user_in_url,
	unsigned allowed, void *context);
int fp_credentials_check_peer(git_cert *certificate, int valid, const char *host, void *context);
