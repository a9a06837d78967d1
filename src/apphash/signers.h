/*
 * The signers in a signature of scheme 2, 3 or 3.1, and the lineage of a rotated key.
 *
 * Pure and thread-safe. Source: domain notes 1.5.
 */
#pragma once

#include "base/err.h"
#include "base/str.h"

#define OG_SIGNERS_MAX 10 /* Android's own limit */
#define OG_LINEAGE_MAX 32

struct og_signer {
    struct og_str certificate; /* its own, the first */
    uint32_t min_sdk, max_sdk; /* scheme 3 on; 0 before */
    struct og_str lineage[OG_LINEAGE_MAX]; /* certificates, oldest first */
    size_t lineage_count;                  /* 0: never rotated */
};

struct og_signers {
    struct og_signer items[OG_SIGNERS_MAX];
    size_t count;
};

/*
 * value   of the signature's part in the signing block
 * is_v3   schemes 3 and 3.1: with SDK bounds and attributes
 * Errors  OG_E_INVALID "file"
 */
OG_MUST_CHECK enum og_code og_signers_read(struct og_str value, bool is_v3, struct og_signers *out,
                                           struct og_err *err);
