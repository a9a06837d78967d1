/*
 * The first look at the bytes of a head (or of the trailer behind a chunked body): finds its end
 * and refuses, byte by byte, what no valid head has. Pure; resumes anywhere.
 *
 * Lines end in CR LF and nothing else does; no control byte but tab; no line starts with a space or
 * tab (RFC 9112 sections 2.2, 3, 5.2); at most so many bytes and lines.
 */
#pragma once

#include "base/str.h"

enum og_scan_result {
    OG_SCAN_MORE,
    OG_SCAN_END,       /* the empty line was taken */
    OG_SCAN_BYTE,      /* control byte, bare CR or bare LF */
    OG_SCAN_FOLDED,    /* a line that starts with space or tab */
    OG_SCAN_TOO_LONG,  /* over bytes_max */
    OG_SCAN_TOO_MANY,  /* over lines_max */
};

struct og_head_scan {
    int state;
    size_t bytes; /* taken so far */
    int lines;    /* complete ones, without the empty one; a head's first is the request line */
    size_t bytes_max;
    int lines_max;
};

/* trailer  false: starts before a request line and passes over empty lines there; true: starts at a
 *          header line */
void og_head_scan_init(struct og_head_scan *self, size_t bytes_max, int lines_max, bool trailer);
/* Returns how many of `bytes` belong to the head: all on MORE, up to its last byte on END. */
size_t og_head_scan_feed(struct og_head_scan *self, struct og_str bytes,
                         enum og_scan_result *result);
