/*
 * The tables behind core/sms_text: ascending by code point. Only sms_text.c includes this.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct og_gsm0338_char {
    uint16_t codepoint;
    uint8_t septets; /* 2: behind an escape */
};

struct og_gsm0338_suggestion {
    uint32_t codepoint;
    const char *text; /* ASCII */
};

/* Septets of U+0000 to U+00FF; 0: not in the alphabet. */
extern const uint8_t og_gsm0338_latin1[256];
/* The rest of the alphabet. */
extern const struct og_gsm0338_char og_gsm0338_chars[];
extern const size_t og_gsm0338_char_count;
extern const struct og_gsm0338_suggestion og_gsm0338_suggestions[];
extern const size_t og_gsm0338_suggestion_count;
