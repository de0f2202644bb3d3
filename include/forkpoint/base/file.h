#pragma once
/* Whole small files, and folders. All paths are NUL-terminated. May block. */
#include "forkpoint/base/buf.h"
#include "forkpoint/base/error.h"

/* Appends the file's bytes to *buf. -FP_ERROR_LIMIT when it has more than buf->max. */
int fp_file_read(const char *path, struct fp_buf *buf, struct fp_error *error);
/* Writes a new file beside path and renames it over: readers see the old or the new whole. */
int fp_file_replace(const char *path, struct fp_str content, struct fp_error *error);
/* Creates the folder and its missing parents with mode 0750; one that exists is fine. */
int fp_folder_create(const char *path, struct fp_error *error);
/* Removes the folder and everything in it; does not follow symbolic links. */
int fp_folder_remove(const char *path, struct fp_error *error);
