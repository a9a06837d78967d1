/*
 * A short secret (code, token, key, password) in memory that is wiped when it is finished with.
 * No log or print function takes one.
 */
#pragma once

#include "base/str.h"

#define OG_SECRET_MAX_BYTES 256

struct og_secret {
    size_t len;
    char bytes[OG_SECRET_MAX_BYTES + 1]; /* NUL behind len */
};

/* False (and an empty secret) when `value` is longer than OG_SECRET_MAX_BYTES. */
bool og_secret_set(struct og_secret *self, struct og_str value);
/* Wipe. Takes zeroed. */
void og_secret_finish(struct og_secret *self);
/* Overwrite memory in a way that the compiler keeps. */
void og_wipe(void *ptr, size_t size_bytes);
/* Compare in time that depends on the lengths only. */
bool og_equal_const_time(const void *a, const void *b, size_t size_bytes);

static inline struct og_str
og_secret_str(const struct og_secret *self)
{
    return (struct og_str){self->bytes, self->len};
}
