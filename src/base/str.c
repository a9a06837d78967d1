/*
 * Borrowed text: looking at it, cutting it, copying it into an arena. UTF-8 is checked after the
 * table of well-formed sequences in The Unicode Standard, chapter 3 (table 3-7).
 */
#include "base/str.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/arena.h"

static char
lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

bool
og_str_eq_nocase(struct og_str a, struct og_str b)
{
    if (a.len != b.len) {
        return false;
    }
    for (size_t i = 0; i < a.len; i++) {
        if (lower(a.ptr[i]) != lower(b.ptr[i])) {
            return false;
        }
    }
    return true;
}

bool
og_str_starts(struct og_str s, struct og_str prefix)
{
    return s.len >= prefix.len && og_str_eq((struct og_str){s.ptr, prefix.len}, prefix);
}

bool
og_str_ends(struct og_str s, struct og_str suffix)
{
    return s.len >= suffix.len && og_str_eq(og_str_slice(s, s.len - suffix.len, s.len), suffix);
}

size_t
og_str_find(struct og_str s, char c)
{
    const char *found = s.len > 0 ? memchr(s.ptr, c, s.len) : NULL;
    return found ? (size_t)(found - s.ptr) : s.len;
}

struct og_str
og_str_slice(struct og_str s, size_t from, size_t to)
{
    to = to < s.len ? to : s.len;
    from = from < to ? from : to;
    return (struct og_str){s.ptr ? s.ptr + from : NULL, to - from};
}

static bool
is_blank(char c)
{
    return c == ' ' || c == '\t';
}

struct og_str
og_str_trim(struct og_str s)
{
    size_t from = 0;
    while (from < s.len && is_blank(s.ptr[from])) {
        from++;
    }
    size_t to = s.len;
    while (to > from && is_blank(s.ptr[to - 1])) {
        to--;
    }
    return og_str_slice(s, from, to);
}

bool
og_str_to_i64(struct og_str s, int64_t *out)
{
    bool is_negative = s.len > 0 && s.ptr[0] == '-';
    size_t at = is_negative ? 1 : 0;
    if (at == s.len) {
        return false;
    }
    int64_t value = 0; /* kept negative: the negative range is the larger one */
    for (; at < s.len; at++) {
        int digit = s.ptr[at] - '0';
        if (digit < 0 || digit > 9 || __builtin_mul_overflow(value, 10, &value) ||
            __builtin_sub_overflow(value, digit, &value)) {
            return false;
        }
    }
    if (!is_negative && value == INT64_MIN) {
        return false;
    }
    *out = is_negative ? value : -value;
    return true;
}

struct og_str
og_str_dup(struct og_arena *mem, struct og_str s)
{
    char *copy = og_arena_alloc(mem, s.len + 1);
    if (s.len > 0) {
        memcpy(copy, s.ptr, s.len);
    }
    return (struct og_str){copy, s.len};
}

const char *
og_str_cstr(struct og_arena *mem, struct og_str s)
{
    return og_str_dup(mem, s).ptr;
}

struct og_str
og_str_printf(struct og_arena *mem, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    va_list again;
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    size_t size_bytes = len < 0 ? 0 : (size_t)len;
    char *text = og_arena_alloc(mem, size_bytes + 1);
    vsnprintf(text, size_bytes + 1, fmt, again);
    va_end(again);
    return (struct og_str){text, size_bytes};
}

/* What the first byte of a longer sequence says: how many follow, and the range of the second. */
struct utf8_lead {
    unsigned char first, last;
    unsigned char follow;
    unsigned char second_min, second_max;
};

static const struct utf8_lead utf8_leads[] = {
    {0xC2, 0xDF, 1, 0x80, 0xBF}, {0xE0, 0xE0, 2, 0xA0, 0xBF}, {0xE1, 0xEC, 2, 0x80, 0xBF},
    {0xED, 0xED, 2, 0x80, 0x9F}, {0xEE, 0xEF, 2, 0x80, 0xBF}, {0xF0, 0xF0, 3, 0x90, 0xBF},
    {0xF1, 0xF3, 3, 0x80, 0xBF}, {0xF4, 0xF4, 3, 0x80, 0x8F},
};

static const struct utf8_lead *
find_lead(unsigned char byte)
{
    for (size_t i = 0; i < sizeof(utf8_leads) / sizeof(utf8_leads[0]); i++) {
        if (byte >= utf8_leads[i].first && byte <= utf8_leads[i].last) {
            return &utf8_leads[i];
        }
    }
    return NULL;
}

size_t
og_utf8_next(struct og_str s, uint32_t *out)
{
    if (s.len == 0) {
        return 0;
    }
    const unsigned char *bytes = (const unsigned char *)s.ptr;
    if (bytes[0] < 0x80) {
        *out = bytes[0];
        return 1;
    }
    const struct utf8_lead *lead = find_lead(bytes[0]);
    if (!lead || s.len <= lead->follow || bytes[1] < lead->second_min ||
        bytes[1] > lead->second_max) {
        return 0;
    }
    uint32_t point = bytes[0] & (0x3Fu >> lead->follow);
    for (size_t i = 1; i <= lead->follow; i++) {
        if ((bytes[i] & 0xC0) != 0x80) {
            return 0;
        }
        point = point << 6 | (bytes[i] & 0x3Fu);
    }
    *out = point;
    return lead->follow + 1u;
}

bool
og_str_is_utf8(struct og_str s)
{
    size_t at = 0;
    while (at < s.len) {
        if ((unsigned char)s.ptr[at] < 0x80) {
            at++;
            continue;
        }
        uint32_t point;
        size_t step = og_utf8_next((struct og_str){s.ptr + at, s.len - at}, &point);
        if (step == 0) {
            return false;
        }
        at += step;
    }
    return true;
}
