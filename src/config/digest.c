/*
 * Digests: over what the settings that decide print as, so that layout, comments, order of keys and
 * defaults that are written down make no difference.
 */
#include "settings.h"

enum { DIGESTED_MAX_BYTES = 256 * 1024 * 1024 };

static int digest(const struct fp_buf *text, char **hex, struct fp_error *error)
{
	char digits[FP_HASH128_HEX + 1];
	int r = fp_buf_check(text, error);

	if (r < 0)
		return r;
	fp_hash128_format(fp_hash128(text->data, text->len), digits);
	*hex = fp_str_dup(fp_str(digits));
	return *hex ? 0 : fp_error_memory(error);
}

int fp_config_add_digests(struct fp_config *config, struct fp_error *error)
{
	struct fp_buf FP_CLEANUP_BUF text = {0};
	int r;

	fp_buf_init(&text, DIGESTED_MAX_BYTES);
	fp_config_write(config, true, &text);
	r = digest(&text, &config->digest, error);
	for (size_t i = 0; r == 0 && i < config->repository_count; i++) {
		struct fp_config_repository *repository = &config->repositories[i];

		fp_buf_clear(&text);
		fp_config_write_repository_sources(repository, &text);
		r = digest(&text, &repository->source_digest, error);
	}
	return r;
}
