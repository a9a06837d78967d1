/*
 * The database's file: made private, and locked against a second writer.
 */
#pragma once

#include "base/err.h"

/* Make an empty file with mode 0600 where there is none. Errors: OG_E_UNAVAILABLE. */
OG_MUST_CHECK enum og_code og_db_file_make(const char *path, struct og_err *err);
/*
 * Take the lock file `<path>.lock`; symbolic links to the file lead to the same lock. The kernel
 * gives the lock back when the process ends, however it ends.
 * fd_out  close it to give the lock back
 * Errors  OG_E_UNAVAILABLE, saying which process holds it
 */
OG_MUST_CHECK enum og_code og_db_file_lock(const char *path, int *fd_out, struct og_err *err);
/* fsync a file and its folder, so that it survives a power cut. Errors: OG_E_UNAVAILABLE. */
OG_MUST_CHECK enum og_code og_db_file_sync(const char *path, struct og_err *err);
