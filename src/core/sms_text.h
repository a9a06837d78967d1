/*
 * SMS text: what a text costs on air, and which characters have no business in it.
 *
 * Pure and thread-safe. Sources: 3GPP TS 23.038 section 6.2.1 (alphabet, tables generated in
 * gsm0338_table.c), 3GPP TS 23.040 (140 octets a part, 6 of them for the 8-bit concatenation
 * header). The phone encodes, not we: the count of segments is an estimate that holds for phones
 * which announce no national table.
 */
#pragma once

#include "base/err.h"
#include "base/str.h"

enum og_sms_encoding {
    OG_SMS_GSM7, /* 160 septets in one part, 153 in each of several */
    OG_SMS_UCS2, /* 70 UTF-16 units in one part, 67 in each of several */
};

struct og_sms_size {
    enum og_sms_encoding encoding;
    size_t units;          /* septets (an escaped character counts 2), or UTF-16 units */
    size_t segments;       /* SMS parts; an empty text is one */
    size_t segment_units;  /* what one part holds if there is only one: 160 or 70 */
    size_t bytes;          /* UTF-8 */
    size_t characters;     /* Unicode code points */
    uint32_t foreign_char; /* of UCS-2: the first that GSM-7 lacks */
    size_t foreign_index;  /* its place, counted in characters from 0 */
};

/* Measure. False (out zeroed) when `text` is not well-formed UTF-8. An escape pair or a surrogate
 * pair is never split over two parts. */
bool og_sms_measure(struct og_str text, struct og_sms_size *out);

/* "GSM-7" or "UCS-2". */
const char *og_sms_encoding_name(enum og_sms_encoding encoding);

/* Septets that a character takes in GSM-7: 1, 2 (escaped), or 0 when the alphabet lacks it. */
unsigned og_sms_gsm7_cost(uint32_t codepoint);

/* ASCII to write instead of a character that GSM-7 lacks ("c" for U+0107), or NULL. May be
 * empty. */
const char *og_sms_suggestion(uint32_t codepoint);

enum og_sms_flaw_kind {
    OG_SMS_FLAW_NONE,
    OG_SMS_FLAW_ENCODING,  /* not UTF-8 */
    OG_SMS_FLAW_CONTROL,   /* C0 but LF and CR before LF, DEL, C1, line and paragraph separators */
    OG_SMS_FLAW_BIDI,      /* U+202A-202E, U+2066-2069: turn text around */
    OG_SMS_FLAW_INVISIBLE, /* U+200B, U+2060, U+FEFF: cost a segment and show nothing */
};

struct og_sms_flaw {
    enum og_sms_flaw_kind kind;
    uint32_t codepoint;
    size_t index; /* counted in characters from 0 */
};

/* The first flaw of a text that we compose or template. Messages of applications go through as
 * they are; this is for templates, variables and labels. */
struct og_sms_flaw og_sms_find_flaw(struct og_str text);

/* OG_E_UNPROCESSABLE that names place and character when there is a flaw.
 * multiline  false: line feeds are refused too */
OG_MUST_CHECK enum og_code og_sms_check(struct og_str text, bool multiline, const char *field,
                                        struct og_err *err);
