/* The webhooks' secrets as configured now, and how many deliveries a second are taken. */
#include "forkpoint/service/hooks.h"

#include "forkpoint/base/time.h"

#include <pthread.h>
#include <stdlib.h>

/* Deliveries: so many at once, and so many a second after that. */
enum { TURNS_MAX = 200, TURNS_PER_S = 20 };

struct fp_hooks {
	pthread_mutex_t lock;
	char *secrets[FP_HOOK_SENDER_COUNT], *usernames[FP_HOOK_SENDER_COUNT];
	double turns;
	int64_t turns_at_us; /* monotonic, 0 = never */
};

struct fp_hooks *fp_hooks_new(void)
{
	struct fp_hooks *hooks = calloc(1, sizeof(*hooks));

	if (hooks && pthread_mutex_init(&hooks->lock, NULL) != 0) {
		free(hooks);
		return NULL;
	}
	return hooks;
}

static void forget(char **texts)
{
	for (int i = 0; i < FP_HOOK_SENDER_COUNT; i++) {
		if (texts[i])
			explicit_bzero(texts[i], strlen(texts[i]));
		free(texts[i]);
	}
}

void fp_hooks_free(struct fp_hooks *hooks)
{
	if (!hooks)
		return;
	forget(hooks->secrets);
	forget(hooks->usernames);
	pthread_mutex_destroy(&hooks->lock);
	free(hooks);
}

int fp_hooks_set(struct fp_hooks *hooks, const struct fp_hook_secret secrets[FP_HOOK_SENDER_COUNT])
{
	char *copies[FP_HOOK_SENDER_COUNT] = {0}, *names[FP_HOOK_SENDER_COUNT] = {0};
	bool whole = true;

	for (int i = 0; i < FP_HOOK_SENDER_COUNT; i++) {
		copies[i] = fp_str_dup(secrets[i].secret);
		names[i] = fp_str_dup(secrets[i].username);
		whole = whole && copies[i] && names[i];
	}
	if (!whole) {
		forget(copies);
		forget(names);
		return -FP_ERROR_MEMORY;
	}
	pthread_mutex_lock(&hooks->lock);
	for (int i = 0; i < FP_HOOK_SENDER_COUNT; i++) {
		char *secret = hooks->secrets[i], *name = hooks->usernames[i];

		hooks->secrets[i] = copies[i];
		hooks->usernames[i] = names[i];
		copies[i] = secret;
		names[i] = name;
	}
	pthread_mutex_unlock(&hooks->lock);
	forget(copies);
	forget(names);
	return 0;
}

enum fp_hook_verdict fp_hooks_judge(struct fp_hooks *hooks, const struct fp_hook_delivery *delivery)
{
	struct fp_hook_secret secret;
	enum fp_hook_verdict verdict;

	/* Held while a body of at most a megabyte is hashed: some milliseconds. */
	pthread_mutex_lock(&hooks->lock);
	secret = (struct fp_hook_secret){
		.secret = fp_str(hooks->secrets[delivery->sender]),
		.username = fp_str(hooks->usernames[delivery->sender]),
	};
	verdict = fp_hook_judge(delivery, &secret);
	pthread_mutex_unlock(&hooks->lock);
	return verdict;
}

bool fp_hooks_take_turn(struct fp_hooks *hooks, int64_t monotonic_us)
{
	bool taken;

	pthread_mutex_lock(&hooks->lock);
	if (hooks->turns_at_us == 0)
		hooks->turns = TURNS_MAX;
	else
		hooks->turns += (double)(monotonic_us - hooks->turns_at_us) / (double)FP_US_PER_S *
				TURNS_PER_S;
	if (hooks->turns > TURNS_MAX)
		hooks->turns = TURNS_MAX;
	hooks->turns_at_us = monotonic_us;
	taken = hooks->turns >= 1;
	if (taken)
		hooks->turns -= 1;
	pthread_mutex_unlock(&hooks->lock);
	return taken;
}
