/*
 * One place compares lengths: og_cursor_take. Everything else asks it.
 */
#include "apphash/cursor.h"

struct og_cursor
og_cursor_over(struct og_str bytes)
{
    return (struct og_cursor){(const uint8_t *)bytes.ptr, bytes.len, false};
}

struct og_str
og_cursor_take(struct og_cursor *self, uint64_t count)
{
    if (self->failed || count > self->left) {
        self->failed = true;
        return OG_STR("");
    }
    struct og_str taken = {(const char *)self->at, (size_t)count};
    if (count > 0) {
        self->at += count;
        self->left -= (size_t)count;
    }
    return taken;
}

static uint64_t
number(struct og_cursor *self, size_t size_bytes, bool big_endian)
{
    struct og_str bytes = og_cursor_take(self, size_bytes);
    uint64_t value = 0;
    for (size_t i = 0; i < bytes.len; i++) {
        size_t index = big_endian ? i : bytes.len - 1 - i;
        value = value << 8 | (uint8_t)bytes.ptr[index];
    }
    return value;
}

uint8_t
og_cursor_u8(struct og_cursor *self)
{
    return (uint8_t)number(self, 1, true);
}

uint16_t
og_cursor_u16be(struct og_cursor *self)
{
    return (uint16_t)number(self, 2, true);
}

uint32_t
og_cursor_u32be(struct og_cursor *self)
{
    return (uint32_t)number(self, 4, true);
}

uint16_t
og_cursor_u16le(struct og_cursor *self)
{
    return (uint16_t)number(self, 2, false);
}

uint32_t
og_cursor_u32le(struct og_cursor *self)
{
    return (uint32_t)number(self, 4, false);
}

uint64_t
og_cursor_u64le(struct og_cursor *self)
{
    return number(self, 8, false);
}

struct og_str
og_cursor_sized(struct og_cursor *self)
{
    return og_cursor_take(self, og_cursor_u32le(self));
}
