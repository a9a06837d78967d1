/*
 * Borrowed text: a pointer and a length. Never owns, need not end in NUL.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct og_arena;

struct og_str {
    const char *ptr; /* may be NULL when len is 0 */
    size_t len;
};

struct og_str_list {
    const struct og_str *items;
    size_t count;
};

#define OG_STR(literal) ((struct og_str){(literal), sizeof(literal) - 1})
/* printf("%" OG_STR_FMT, OG_STR_ARG(s)) */
#define OG_STR_FMT ".*s"
#define OG_STR_ARG(s) (int)(s).len, (s).len ? (s).ptr : ""

static inline struct og_str
og_str_from(const char *text) /* NULL gives the empty string */
{
    return (struct og_str){text, text ? strlen(text) : 0};
}

static inline bool
og_str_eq(struct og_str a, struct og_str b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

/* ASCII case is ignored. */
bool og_str_eq_nocase(struct og_str a, struct og_str b);
bool og_str_starts(struct og_str s, struct og_str prefix);
bool og_str_ends(struct og_str s, struct og_str suffix);
/* Index of the first `c`, or s.len. */
size_t og_str_find(struct og_str s, char c);
/* s[from, to), both cut to the length. */
struct og_str og_str_slice(struct og_str s, size_t from, size_t to);
/* Without leading and trailing spaces and tabs. */
struct og_str og_str_trim(struct og_str s);
/* Decimal integer with optional minus, whole string, no spaces; false when it is not one or does
 * not fit. */
bool og_str_to_i64(struct og_str s, int64_t *out);
/* A copy in the arena, NUL-terminated behind its length. */
struct og_str og_str_dup(struct og_arena *mem, struct og_str s);
/* A NUL-terminated copy in the arena. */
const char *og_str_cstr(struct og_arena *mem, struct og_str s);
/* printf into the arena. */
struct og_str og_str_printf(struct og_arena *mem, const char *fmt, ...)
    __attribute__((format(printf, 2, 3), nonnull(2)));
/* Is it well-formed UTF-8 (no overlong forms, no surrogates, at most U+10FFFF)? */
bool og_str_is_utf8(struct og_str s);
/* The code point that starts the text and how many bytes it has; 0 when the text is empty or does
 * not start with a well-formed sequence. */
size_t og_utf8_next(struct og_str s, uint32_t *out);
