/*
 * Walking through text one code point at a time. Pure.
 */
#pragma once

#include "base/str.h"

#define OG_CODEPOINT_BAD UINT32_MAX

/* The code point at *at (which must be below text.len), moving *at behind it. OG_CODEPOINT_BAD,
 * with *at moved by one byte, when there is no well-formed UTF-8. */
static inline uint32_t
og_codepoint_next(struct og_str text, size_t *at)
{
    uint32_t codepoint;
    size_t len = og_utf8_next((struct og_str){text.ptr + *at, text.len - *at}, &codepoint);
    *at += len ? len : 1;
    return len ? codepoint : OG_CODEPOINT_BAD;
}

/* The value of a decimal digit: ASCII, full-width, Arabic-Indic, Persian, Devanagari; -1: none. */
int og_codepoint_digit(uint32_t codepoint);
