/*
 * Reading foreign bytes from front to back: nothing outside the given bytes is ever touched, and
 * the first step that asks for more than there is makes all later ones fail.
 *
 * So a reader takes what it needs and looks at `failed` once. Numbers of a failed cursor are 0,
 * slices are empty. Thread-safe; owns nothing.
 */
#pragma once

#include "base/str.h"

struct og_cursor {
    const uint8_t *at;
    size_t left;
    bool failed;
};

struct og_cursor og_cursor_over(struct og_str bytes);
/* The next `count` bytes, which the cursor steps over. */
struct og_str og_cursor_take(struct og_cursor *self, uint64_t count);
uint8_t og_cursor_u8(struct og_cursor *self);
/* big endian: Java's key stores */
uint16_t og_cursor_u16be(struct og_cursor *self);
uint32_t og_cursor_u32be(struct og_cursor *self);
/* little endian: zip and Android */
uint16_t og_cursor_u16le(struct og_cursor *self);
uint32_t og_cursor_u32le(struct og_cursor *self);
uint64_t og_cursor_u64le(struct og_cursor *self);
/* Bytes behind their length, 32 bits little endian: how Android's signing blocks nest. */
struct og_str og_cursor_sized(struct og_cursor *self);

static inline bool
og_cursor_has_more(const struct og_cursor *self)
{
    return !self->failed && self->left > 0;
}
