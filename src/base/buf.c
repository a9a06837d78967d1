/*
 * The growing buffer. It must never hold more than its owner allowed, and must not leave copies of
 * what it held on the heap when it grows (it carries plain texts of sealed boxes).
 */
#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/secret.h"

#define CAP_BYTES_MIN 64

void
og_buf_init(struct og_buf *self, size_t max_bytes)
{
    *self = (struct og_buf){.max_bytes = max_bytes};
}

void
og_buf_finish(struct og_buf *self)
{
    og_wipe(self->ptr, self->ptr ? self->cap : 0);
    free(self->ptr);
    *self = (struct og_buf){.max_bytes = self->max_bytes};
}

void
og_buf_clear(struct og_buf *self)
{
    og_wipe(self->ptr, self->len);
    self->len = 0;
    self->full = false;
    if (self->ptr) {
        self->ptr[0] = '\0';
    }
}

void
og_buf_wipe(struct og_buf *self)
{
    og_wipe(self->ptr, self->ptr ? self->cap : 0);
    og_buf_clear(self);
}

/* cap counts all bytes of the memory, the NUL's included. */
static void
grow(struct og_buf *self, size_t wanted_cap)
{
    size_t cap = self->cap ? self->cap : CAP_BYTES_MIN;
    while (cap < wanted_cap) {
        cap *= 2;
    }
    if (cap > self->max_bytes + 1) {
        cap = self->max_bytes + 1;
    }
    char *ptr = og_xrealloc(NULL, cap);
    if (self->ptr) {
        memcpy(ptr, self->ptr, self->len);
        og_wipe(self->ptr, self->cap);
        free(self->ptr);
    }
    ptr[self->len] = '\0';
    self->ptr = ptr;
    self->cap = cap;
}

char *
og_buf_reserve(struct og_buf *self, size_t bytes)
{
    if (bytes > self->max_bytes - self->len) {
        self->full = true;
        return NULL;
    }
    size_t wanted_cap = self->len + bytes + 1;
    if (wanted_cap > self->cap) {
        grow(self, wanted_cap);
    }
    return self->ptr + self->len;
}

void
og_buf_commit(struct og_buf *self, size_t bytes)
{
    self->len += bytes;
    self->ptr[self->len] = '\0';
}

void
og_buf_add(struct og_buf *self, struct og_str bytes)
{
    char *to = og_buf_reserve(self, bytes.len);
    if (to && bytes.len > 0) {
        memcpy(to, bytes.ptr, bytes.len);
        og_buf_commit(self, bytes.len);
    }
}

void
og_buf_add_cstr(struct og_buf *self, const char *text)
{
    og_buf_add(self, og_str_from(text));
}

void
og_buf_add_byte(struct og_buf *self, char byte)
{
    char *to = og_buf_reserve(self, 1);
    if (to) {
        *to = byte;
        og_buf_commit(self, 1);
    }
}

void
og_buf_add_i64(struct og_buf *self, int64_t value)
{
    char digits[20]; /* "-9223372036854775808" */
    size_t at = sizeof(digits);
    uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    do {
        digits[--at] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest > 0);
    if (value < 0) {
        digits[--at] = '-';
    }
    og_buf_add(self, (struct og_str){digits + at, sizeof(digits) - at});
}

void
og_buf_printf(struct og_buf *self, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    va_list again;
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    char *to = len < 0 ? NULL : og_buf_reserve(self, (size_t)len);
    if (to) {
        vsnprintf(to, (size_t)len + 1, fmt, again);
        og_buf_commit(self, (size_t)len);
    }
    va_end(again);
}

void
og_buf_consume(struct og_buf *self, size_t bytes)
{
    if (bytes >= self->len) {
        og_buf_clear(self);
        return;
    }
    memmove(self->ptr, self->ptr + bytes, self->len - bytes);
    self->len -= bytes;
    og_wipe(self->ptr + self->len, bytes);
}
