/*
 * A growing byte buffer that states its maximum at init, so that no peer chooses how much is taken.
 *
 * Appending past the maximum sets `full` and changes nothing else; check once at the end. The bytes
 * are always followed by a NUL that is not counted.
 *
 * Nothing that a buffer has held outlives it: bytes are overwritten where they are dropped, by
 * growing, clearing, consuming and finishing.
 */
#pragma once

#include "base/str.h"

struct og_buf {
    char *ptr;
    size_t len;
    size_t cap;
    size_t max_bytes;
    bool full; /* an append did not fit; the content is then incomplete */
};

void og_buf_init(struct og_buf *self, size_t max_bytes);
void og_buf_finish(struct og_buf *self); /* wipes; takes zeroed */
void og_buf_clear(struct og_buf *self);  /* keeps the memory */
void og_buf_wipe(struct og_buf *self);   /* clear, and what was reserved and not committed */

void og_buf_add(struct og_buf *self, struct og_str bytes);
void og_buf_add_cstr(struct og_buf *self, const char *text);
void og_buf_add_byte(struct og_buf *self, char byte);
void og_buf_add_i64(struct og_buf *self, int64_t value);
void og_buf_printf(struct og_buf *self, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Room for at least `bytes` more; returns where to write, or NULL (and full) when over the maximum.
 * Then add what was written to len with og_buf_commit. */
char *og_buf_reserve(struct og_buf *self, size_t bytes);
void og_buf_commit(struct og_buf *self, size_t bytes);
/* Drop `bytes` from the front. */
void og_buf_consume(struct og_buf *self, size_t bytes);

static inline struct og_str
og_buf_str(const struct og_buf *self)
{
    return (struct og_str){self->ptr, self->len};
}
