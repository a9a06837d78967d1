/*
 * Between the files of crypto.h: digest.c has the digests and MACs, crypto.c the rest.
 */
#pragma once

#include "base/crypto.h"

/* Makes digests ready; false: they are not to be had. */
bool og_digest_init(void);

/* The lowest `size_bytes` bytes of a number, the highest first. */
static inline void
og_put_be(uint64_t value, uint8_t *out, size_t size_bytes)
{
    for (size_t i = size_bytes; i-- > 0; value >>= 8) {
        out[i] = (uint8_t)value;
    }
}
