/*
 * Secrets: set, wipe and compare, so that no copy outlives its use and no comparison tells how far
 * it got. Relies on explicit_bzero, which the compiler may not remove.
 */
#include "base/secret.h"

bool
og_secret_set(struct og_secret *self, struct og_str value)
{
    og_secret_finish(self);
    if (value.len > OG_SECRET_MAX_BYTES) {
        return false;
    }
    if (value.len > 0) {
        memcpy(self->bytes, value.ptr, value.len);
    }
    self->bytes[value.len] = '\0';
    self->len = value.len;
    return true;
}

void
og_secret_finish(struct og_secret *self)
{
    og_wipe(self, sizeof(*self));
}

void
og_wipe(void *ptr, size_t size_bytes)
{
    if (size_bytes > 0) {
        explicit_bzero(ptr, size_bytes);
    }
}

bool
og_equal_const_time(const void *a, const void *b, size_t size_bytes)
{
    const volatile unsigned char *left = a;
    const volatile unsigned char *right = b;
    unsigned char difference = 0;
    for (size_t i = 0; i < size_bytes; i++) {
        difference = (unsigned char)(difference | (left[i] ^ right[i]));
    }
    return difference == 0;
}
