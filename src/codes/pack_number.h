/*
 * Numbers in the values that stores keep: unsigned, the highest byte first. Both move `at` on.
 */
#pragma once

#include <stdint.h>

static inline char *
og_pack_number(char *at, uint64_t value, int bytes)
{
    for (int i = bytes - 1; i >= 0; i--) {
        *at++ = (char)(value >> (8 * i));
    }
    return at;
}

static inline uint64_t
og_unpack_number(const char **at, int bytes)
{
    uint64_t value = 0;
    for (int i = 0; i < bytes; i++) {
        value = value << 8 | (unsigned char)*(*at)++;
    }
    return value;
}
