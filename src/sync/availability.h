#pragma once
/* Whether listed versions can be downloaded; see availability.c. */
#include "sources.h"

/* The most that any configuration of the package asks for. */
enum fp_verify_download fp_feed_package_verify_mode(
	const struct fp_config *config, const struct fp_feed_source *source, const char *id);
/* Checks some; 1 when events were written, so that the rows must be read again. */
int fp_feed_package_verify(struct fp_sync *sync, struct fp_feed_source *source,
	struct fp_feed_package *package, enum fp_verify_download mode, struct fp_error *error);
