/*
 * Authorities that somebody trusts: PEM with one or more certificates, as libcurl takes them.
 * Pure and thread-safe.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

#define OG_TRUST_BYTES_MAX 65536
#define OG_TRUST_COUNT_MAX 16

struct og_trust_entry {
    struct og_str subject; /* RFC 2253, UTF-8 */
    int64_t ends_at;       /* UTC ms */
};

/*
 * What the PEM holds. Text around certificates is fine, anything else in PEM is not: a private key
 * has no business there.
 *
 * items_out  live in `mem`
 * Errors     OG_E_INVALID `field`: none, too many, not certificates, one that is over at now_ms
 */
OG_MUST_CHECK enum og_code og_trust_read(struct og_str pem, int64_t now_ms, const char *field,
                                         struct og_arena *mem, struct og_trust_entry **items_out,
                                         size_t *count_out, struct og_err *err);
