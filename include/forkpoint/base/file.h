#pragma once
/* Whole small files, and folders. All paths are NUL-terminated. May block. */
#include "forkpoint/base/buf.h"
#include "forkpoint/base/error.h"

/* Appends the file's bytes to *buf, all or none. -FP_ERROR_LIMIT when buf->max has no room for it.
 */
int fp_file_read(const char *path, struct fp_buf *buf, struct fp_error *error);
/* Writes a new file (mode 0640) beside path and renames it over: readers see the old or the new
 * whole, also after a crash. */
int fp_file_replace(const char *path, struct fp_str content, struct fp_error *error);
/* Creates the folder and its missing parents with mode 0750; one that exists is fine. */
int fp_folder_create(const char *path, struct fp_error *error);
/* Removes the folder and everything in it, at most 128 levels; does not follow symbolic links. One
 * that is missing is fine. */
int fp_folder_remove(const char *path, struct fp_error *error);
