/*
 * The file in which a fleet keeps who its phones are between runs: ids, tokens, logins.
 *
 * JSON, mode 0600, replaced as a whole. Tokens are credentials: nothing of it is logged.
 */
#pragma once

#include "base/err.h"
#include "phone/phone.h"

/*
 * Fills identities[0 .. count); those that the file does not have stay as they are.
 * Errors  OG_E_INVALID (not such a file), OG_E_UNAVAILABLE; a missing file is no error
 */
OG_MUST_CHECK enum og_code og_identities_load(const char *path,
                                              struct og_vphone_identity *identities, size_t count,
                                              struct og_err *err);
/* of[i] may be NULL or without a token: then it is left out. */
OG_MUST_CHECK enum og_code og_identities_save(const char *path,
                                              const struct og_vphone_identity *const *of,
                                              size_t count, struct og_err *err);
