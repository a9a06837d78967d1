/*
 * A dump in SQL on disk, plain or compressed by gzip. The one door to zlib. Another kind of file is
 * refused by the first read, in words of its own (OG_E_INVALID).
 *
 * A small compressed file can hold very much: reading ends with OG_E_TOO_LARGE at `max_bytes` of
 * what comes out.
 */
#pragma once

#include "import/dump_lexer.h"

#define OG_DUMP_MAX_BYTES (INT64_C(64) << 30)

struct og_dump_file {
    struct og_dump_source source; /* to read it with */
    void *file;
    int64_t left_bytes;
    bool is_begun; /* the first block was read */
};

/* Errors  OG_E_NOT_FOUND, OG_E_UNAVAILABLE. Zero it, then init; the struct does not move. */
OG_MUST_CHECK enum og_code og_dump_file_open(struct og_dump_file *self, const char *path,
                                             int64_t max_bytes, struct og_err *err);
void og_dump_file_close(struct og_dump_file *self); /* takes zeroed */
