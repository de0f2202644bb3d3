#pragma once
/* Who asks, and what he may: bearer tokens by name and right. */
#include "guard.h"

#include "forkpoint/http/request.h"
#include "forkpoint/service/overrides.h"

enum fp_right {
	FP_RIGHT_ANY, /* any token of the configuration */
	FP_RIGHT_SYNC,
	FP_RIGHT_OVERRIDE,
};

enum { FP_WHO_MAX_BYTES = 128 };

struct fp_authority {
	char who[FP_WHO_MAX_BYTES]; /* the token's name */
};

/* Whether the request may do it: *authority then says who asks. Otherwise *handled says what the
 * handler is to return: a problem is the reply, after a while that a failure costs. */
bool fp_authority_check(struct fp_request *request, struct fp_reply *reply, enum fp_right right,
	struct fp_authority *authority, enum fp_handled *handled);
/* The same for other proofs than tokens: a wrong one was given. */
enum fp_handled fp_authority_refuse(
	struct fp_request *request, struct fp_reply *reply, const char *challenge, const char *why);

/* An audit entry of the request's; detail is a JSON object or empty. */
struct fp_audit_entry fp_request_audit(const struct fp_request *request,
	const struct fp_authority *authority, const char *action, struct fp_str subject,
	struct fp_str detail);
