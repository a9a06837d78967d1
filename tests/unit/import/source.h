/*
 * A dump in memory, given out in pieces of a chosen size.
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "import/dump_lexer.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct text_source {
    struct og_str rest;
    size_t piece;
    struct og_dump_source source;
};

static enum og_code
read_piece(void *ctx, char *to, size_t size_bytes, size_t *got_out, struct og_err *err)
{
    struct text_source *self = ctx;
    size_t take = self->piece < size_bytes ? self->piece : size_bytes;
    take = take < self->rest.len ? take : self->rest.len;
    (void)err;
    if (take) {
        memcpy(to, self->rest.ptr, take);
    }
    self->rest = og_str_slice(self->rest, take, self->rest.len);
    *got_out = take;
    return OG_OK;
}

static inline const struct og_dump_source *
text_source(struct text_source *self, struct og_str text, size_t piece)
{
    *self = (struct text_source){text, piece, {read_piece, self}};
    return &self->source;
}
