/* The webhooks' secrets, from where the configuration says they stand. */
#include "hook_secrets.h"

#include "forkpoint/base/log.h"
#include "forkpoint/config/secret.h"

enum { SECRET_MAX_BYTES = 4 * 1024 };

/* What is wrong with one turns that one off, and the log says so; the others work. */
static void read_secret(const struct fp_config_hook *hook, struct fp_buf *secret)
{
	struct fp_error error;
	int r = fp_config_secret_read(&hook->secret, secret, &error);

	if (r >= 0 && secret->len == 0)
		r = fp_error_set(&error, FP_ERROR_DENIED, "the secret is empty");
	if (r < 0) {
		fp_buf_clear(secret);
		fp_log_error(FP_LOG_ERROR, "hooks.off", &error, "hook=%s", hook->name);
	}
}

int fp_hooks_set_from_config(struct fp_hooks *hooks, const struct fp_config *config)
{
	struct fp_hook_secret secrets[FP_HOOK_SENDER_COUNT] = {0};
	struct fp_buf texts[FP_HOOK_SENDER_COUNT];
	int r;

	for (int i = 0; i < FP_HOOK_SENDER_COUNT; i++)
		fp_buf_init(&texts[i], SECRET_MAX_BYTES);
	for (size_t i = 0; i < config->hook_count; i++) {
		const struct fp_config_hook *hook = &config->hooks[i];
		enum fp_hook_sender sender;

		if (!fp_hook_sender_find(fp_str(hook->name), &sender))
			continue;
		read_secret(hook, &texts[sender]);
		secrets[sender].secret = fp_buf_str(&texts[sender]);
		secrets[sender].username = fp_str(hook->username);
	}
	r = fp_hooks_set(hooks, secrets);
	for (int i = 0; i < FP_HOOK_SENDER_COUNT; i++) {
		if (texts[i].data)
			explicit_bzero(texts[i].data, texts[i].len);
		fp_buf_release(&texts[i]);
	}
	return r;
}
