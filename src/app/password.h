/*
 * Passwords that the operator keeps in files of their own.
 */
#pragma once

#include "base/err.h"
#include "base/secret.h"

/*
 * The first line of the file, or what the option says when there is no file; `out` is empty when
 * neither says one. field: the file's option, for errors.
 * Errors  OG_E_FORBIDDEN (others can read the file), OG_E_INVALID (no password in it), and
 *         those of og_file_read
 */
OG_MUST_CHECK enum og_code og_app_password(const char *field, const char *option,
                                           const char *file, struct og_secret *out,
                                           struct og_err *err);
