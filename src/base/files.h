/*
 * Files that the program keeps: whole reads, atomic writes, private folders.
 */
#pragma once

#include "base/buf.h"
#include "base/err.h"

/* Appends the whole file. Errors: OG_E_NOT_FOUND, OG_E_TOO_LARGE (over out's maximum),
 * OG_E_UNAVAILABLE. */
OG_MUST_CHECK enum og_code og_file_read(const char *path, struct og_buf *out, struct og_err *err);
/* Write to a temporary neighbour, fsync, rename, fsync the folder. mode e.g. 0600. */
OG_MUST_CHECK enum og_code og_file_write(const char *path, struct og_str content, int mode,
                                         struct og_err *err);
/* Make the folder and its parents with mode 0700; fine when it is there. */
OG_MUST_CHECK enum og_code og_dir_make(const char *path, struct og_err *err);
/* Is the file readable by group or others? False when it does not exist. */
bool og_file_is_exposed(const char *path);
