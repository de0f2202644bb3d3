#pragma once
/*
 * Webhooks: somebody says that something happened. What they say is never data, only a reason to
 * look: the body tells which repository, and the sources are then asked themselves. Who sends is
 * told by a secret, used as each sender does:
 *
 *   github        X-Hub-Signature-256: sha256=HEX, an HMAC-SHA-256 of the raw body
 *   gitea         X-Gitea-Signature: HEX, the same
 *   gitlab        X-Gitlab-Token: the secret itself
 *   azure-devops  Authorization: Basic, with the configured user name (or none) and the secret
 *   generic       Authorization: Bearer SECRET
 */
#include "forkpoint/base/json_read.h"
#include "forkpoint/store/snapshot.h"

enum fp_hook_sender {
	FP_HOOK_GITHUB,
	FP_HOOK_GITLAB,
	FP_HOOK_GITEA,
	FP_HOOK_AZURE_DEVOPS,
	FP_HOOK_GENERIC,
	FP_HOOK_SENDER_COUNT,
};

/* "github", …. */
const char *fp_hook_sender_name(enum fp_hook_sender sender);
bool fp_hook_sender_find(struct fp_str name, enum fp_hook_sender *sender);

/* ---- who sends ---- */

struct fp_hook_secret {
	struct fp_str secret;	/* never empty */
	struct fp_str username; /* azure-devops */
};

/* A delivery's raw body, and those of its headers that its sender makes; the others are empty. */
struct fp_hook_delivery {
	enum fp_hook_sender sender;
	struct fp_str signature; /* X-Hub-Signature-256, X-Gitea-Signature, X-Gitlab-Token */
	struct fp_str authorization;
	struct fp_str body;
};

enum fp_hook_verdict {
	FP_HOOK_TRUSTED,
	FP_HOOK_OFF,	  /* no secret is configured for this sender */
	FP_HOOK_UNSIGNED, /* the header that its sender makes is missing, or has not its form */
	FP_HOOK_FORGED,	  /* it is there, and not made with the secret */
};

/* Pure; takes no longer for a secret that is nearly right. */
enum fp_hook_verdict fp_hook_judge(
	const struct fp_hook_delivery *delivery, const struct fp_hook_secret *secret);
/* "X-Hub-Signature-256", …: where this sender shows that it knows the secret. */
const char *fp_hook_header(enum fp_hook_sender sender);

/* ---- what it says ---- */

enum { FP_HOOK_URLS_MAX = 8 };

struct fp_hook_hint {
	struct fp_json_tree *tree;
	struct fp_str urls[FP_HOOK_URLS_MAX]; /* of one repository */
	size_t url_count;
	struct fp_str repo; /* generic: by its name here */
	struct fp_str id;   /* of the delivery, where it stands in the body */
};

/* github and gitea: also a form whose field `payload` is the document, as GitHub sends it unless
 * told otherwise. -FP_ERROR_INVALID when the body is no JSON object, -FP_ERROR_LIMIT,
 * -FP_ERROR_MEMORY. */
int fp_hook_read(enum fp_hook_sender sender, struct fp_str body, struct fp_hook_hint *hint,
	struct fp_error *error);
void fp_hook_hint_release(struct fp_hook_hint *hint);
/* Whether it is about that repository. */
bool fp_hook_concerns(
	const struct fp_hook_hint *hint, const struct fp_repository_settings *repository);
/* Appends what is the same for all URLs of one repository: host and path, without scheme, user,
 * the scheme's own port and .git, in lower case, a git@host:path as ssh://host/path. */
void fp_hook_write_url_key(struct fp_str url, struct fp_buf *key);

/* ---- the configured secrets, shared by all threads ---- */

struct fp_hooks;

struct fp_hooks *fp_hooks_new(void);
void fp_hooks_free(struct fp_hooks *hooks);
/* Replaces all of them by copies; an empty secret: this sender is off. 0 or -FP_ERROR_MEMORY. */
int fp_hooks_set(struct fp_hooks *hooks, const struct fp_hook_secret secrets[FP_HOOK_SENDER_COUNT]);
enum fp_hook_verdict fp_hooks_judge(
	struct fp_hooks *hooks, const struct fp_hook_delivery *delivery);
/* Takes one of the deliveries that a second has room for; false: too many. */
bool fp_hooks_take_turn(struct fp_hooks *hooks, int64_t monotonic_us);
