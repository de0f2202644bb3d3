/* Whether a delivery was made by somebody who knows the secret. */
#include "forkpoint/base/buf.h"
#include "forkpoint/base/digest.h"
#include "forkpoint/service/hooks.h"

enum { CREDENTIALS_MAX_BYTES = 8 * 1024 };

static const struct {
	const char *name, *header;
} senders[] = {
	[FP_HOOK_GITHUB] = {"github", "X-Hub-Signature-256"},
	[FP_HOOK_GITLAB] = {"gitlab", "X-Gitlab-Token"},
	[FP_HOOK_GITEA] = {"gitea", "X-Gitea-Signature"},
	[FP_HOOK_AZURE_DEVOPS] = {"azure-devops", "Authorization"},
	[FP_HOOK_GENERIC] = {"generic", "Authorization"},
};

const char *fp_hook_sender_name(enum fp_hook_sender sender)
{
	return senders[sender].name;
}

const char *fp_hook_header(enum fp_hook_sender sender)
{
	return senders[sender].header;
}

bool fp_hook_sender_find(struct fp_str name, enum fp_hook_sender *sender)
{
	for (int i = 0; i < FP_HOOK_SENDER_COUNT; i++) {
		if (fp_str_equal(name, fp_str(senders[i].name))) {
			*sender = (enum fp_hook_sender)i;
			return true;
		}
	}
	return false;
}

/* Secrets of any length, by their digests: neither content nor length shows in the time. */
static enum fp_hook_verdict compare_secrets(struct fp_str given, struct fp_str wanted)
{
	uint8_t left[FP_SHA256_BYTES], right[FP_SHA256_BYTES];

	fp_sha256(given, left);
	fp_sha256(wanted, right);
	return fp_equal_secret(left, right, sizeof(left)) ? FP_HOOK_TRUSTED : FP_HOOK_FORGED;
}

static bool read_hex(struct fp_str hex, uint8_t digest[FP_SHA256_BYTES])
{
	if (hex.len != 2 * FP_SHA256_BYTES)
		return false;
	for (size_t i = 0; i < FP_SHA256_BYTES; i++) {
		int high = fp_char_hex_value(hex.ptr[2 * i]);
		int low = fp_char_hex_value(hex.ptr[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		digest[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}

static enum fp_hook_verdict judge_hmac(
	struct fp_str signature, const char *prefix, struct fp_str secret, struct fp_str body)
{
	uint8_t given[FP_SHA256_BYTES], made[FP_SHA256_BYTES];
	size_t skipped = strlen(prefix);

	if (!fp_str_starts_with(signature, prefix) ||
		!read_hex(fp_str_n(signature.ptr + skipped, signature.len - skipped), given))
		return FP_HOOK_UNSIGNED;
	fp_hmac_sha256(secret, body, made);
	return fp_equal_secret(given, made, sizeof(made)) ? FP_HOOK_TRUSTED : FP_HOOK_FORGED;
}

/* What follows the scheme in an Authorization header; empty when it names another. */
static struct fp_str credentials_of(struct fp_str authorization, const char *scheme)
{
	size_t len = strlen(scheme);

	if (authorization.len <= len || authorization.ptr[len] != ' ' ||
		!fp_str_equal_nocase(fp_str_n(authorization.ptr, len), fp_str(scheme)))
		return (struct fp_str){0};
	return fp_str_trim(fp_str_n(authorization.ptr + len, authorization.len - len));
}

static void add_base64(struct fp_buf *buf, struct fp_str text)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t i = 0; i < text.len; i += 3) {
		size_t left = text.len - i;
		uint32_t bits = (uint32_t)(uint8_t)text.ptr[i] << 16;

		if (left > 1)
			bits |= (uint32_t)(uint8_t)text.ptr[i + 1] << 8;
		if (left > 2)
			bits |= (uint8_t)text.ptr[i + 2];
		fp_buf_add_char(buf, digits[bits >> 18]);
		fp_buf_add_char(buf, digits[bits >> 12 & 63]);
		fp_buf_add_char(buf, left > 1 ? digits[bits >> 6 & 63] : '=');
		fp_buf_add_char(buf, left > 2 ? digits[bits & 63] : '=');
	}
}

static enum fp_hook_verdict judge_basic(
	struct fp_str authorization, const struct fp_hook_secret *secret)
{
	struct fp_str given = credentials_of(authorization, "Basic");
	struct fp_buf FP_CLEANUP_BUF plain = {0};
	struct fp_buf FP_CLEANUP_BUF wanted = {0};

	if (!given.len)
		return FP_HOOK_UNSIGNED;
	fp_buf_init(&plain, CREDENTIALS_MAX_BYTES);
	fp_buf_init(&wanted, 2 * CREDENTIALS_MAX_BYTES);
	fp_buf_add_str(&plain, secret->username);
	fp_buf_add_char(&plain, ':');
	fp_buf_add_str(&plain, secret->secret);
	add_base64(&wanted, fp_buf_str(&plain));
	if (plain.state != FP_BUF_OK || wanted.state != FP_BUF_OK)
		return FP_HOOK_FORGED;
	return compare_secrets(given, fp_buf_str(&wanted));
}

enum fp_hook_verdict fp_hook_judge(
	const struct fp_hook_delivery *delivery, const struct fp_hook_secret *secret)
{
	struct fp_str bearer;

	if (!secret->secret.len)
		return FP_HOOK_OFF;
	switch (delivery->sender) {
	case FP_HOOK_GITHUB:
		return judge_hmac(delivery->signature, "sha256=", secret->secret, delivery->body);
	case FP_HOOK_GITEA:
		return judge_hmac(delivery->signature, "", secret->secret, delivery->body);
	case FP_HOOK_GITLAB:
		return delivery->signature.len
			       ? compare_secrets(delivery->signature, secret->secret)
			       : FP_HOOK_UNSIGNED;
	case FP_HOOK_AZURE_DEVOPS: return judge_basic(delivery->authorization, secret);
	case FP_HOOK_GENERIC:
		bearer = credentials_of(delivery->authorization, "Bearer");
		return bearer.len ? compare_secrets(bearer, secret->secret) : FP_HOOK_UNSIGNED;
	case FP_HOOK_SENDER_COUNT: break;
	}
	return FP_HOOK_OFF;
}
