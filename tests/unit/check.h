/*
 * cmocka with what it needs before it, and what the tests of the pure rooms share.
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/err.h"
#include "base/str.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* A literal in a table, which may hold NUL characters. */
#define TEXT(literal) {(literal), sizeof(literal) - 1}

#define assert_str(actual, expected)                                                              \
    do {                                                                                          \
        struct og_str actual_ = (actual);                                                         \
        struct og_str expected_ = og_str_from(expected);                                          \
        if (!og_str_eq(actual_, expected_)) {                                                     \
            fail_msg("\"%" OG_STR_FMT "\" is not \"%" OG_STR_FMT "\"", OG_STR_ARG(actual_),       \
                     OG_STR_ARG(expected_));                                                      \
        }                                                                                         \
    } while (0)

/* A small generator that repeats itself for a seed (xorshift64*): for histories, not for
 * secrets. */
static inline uint64_t
next_random(uint64_t *state)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * UINT64_C(2685821657736338717);
}
