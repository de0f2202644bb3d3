#pragma once
/* The repositories as the databases have them, where nobody serves them. */
#include "forkpoint/store/snapshot.h"

/* A snapshot with the commits and refs of each repository, and nothing else: what time travel needs
 * of the present. A repository whose commits are not there as the settings read them is left out.
 * The settings stay the caller's. */
int fp_service_load_standing(struct fp_store *store, struct fp_settings *settings,
	struct fp_snapshot **snapshot, struct fp_error *error);
