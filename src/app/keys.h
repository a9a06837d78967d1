/*
 * The master key and what is derived from it. It lives in the data folder, outside the database
 * file, so that a copy of the database alone tells nothing.
 */
#pragma once

#include "service/services.h"

/* Reads `path`, or makes it (mode 0600). Refuses a file that others may read: OG_E_FORBIDDEN. */
OG_MUST_CHECK enum og_code og_app_keys_load(const char *path, struct og_keys *out,
                                            struct og_err *err);
