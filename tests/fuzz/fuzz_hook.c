/* Bodies of webhooks: whatever bytes they have, they are refused with a sentence, or read. */
#include "forkpoint/service/hooks.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The repository that is configured with that very URL is meant by it. */
static void check_url(const struct fp_hook_hint *hint, struct fp_str url)
{
	const struct fp_repository_settings repository = {.url = url, .name = hint->repo};

	if (!fp_hook_concerns(hint, &repository))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fp_hook_hint hint = {0};
	struct fp_error error = {0};

	for (int sender = 0; sender < FP_HOOK_SENDER_COUNT; sender++) {
		int r = fp_hook_read((enum fp_hook_sender)sender,
			fp_str_n((const char *)data, size), &hint, &error);

		if (r < 0 ? !error.text[0] : hint.url_count > FP_HOOK_URLS_MAX)
			abort();
		for (size_t i = 0; r >= 0 && i < hint.url_count; i++)
			check_url(&hint, hint.urls[i]);
		if (r >= 0)
			fp_hook_hint_release(&hint);
	}
	return 0;
}
