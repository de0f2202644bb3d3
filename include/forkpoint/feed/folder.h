#pragma once
/* A folder as a feed: packages lying flat, or in id/version/ as `nuget init` makes it. */
#include "forkpoint/feed/fetch.h"

struct fp_folder;

/* path is copied; options must outlive the folder. NULL when out of memory. */
struct fp_folder *fp_folder_new(const struct fp_feed_options *options, const char *path);
void fp_folder_free(struct fp_folder *folder);
FP_DEFINE_CLEANUP(struct fp_folder *, fp_folder_free)
/* 0, FP_FEED_UNCHANGED, FP_FEED_NO_PACKAGE or an error. */
int fp_folder_look(struct fp_folder *folder, const char *package_id, struct fp_listing *listing,
	struct fp_feed_report *report, struct fp_error *error);
/* 0 = the package's file is there, 1 = it is not. */
int fp_folder_check(struct fp_folder *folder, const char *package_id, struct fp_str version,
	struct fp_error *error);
