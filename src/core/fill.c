/*
 * A text is read as tokens, one after the other; checking and filling in walk the same tokens, so
 * that they cannot disagree on what a placeholder is.
 */
#include "core/fill.h"

struct token {
    struct og_str text;  /* to be taken as it is, or a name */
    bool is_name;
    bool is_bad;
};

static bool
is_bracket(char c)
{
    return c == '{' || c == '}';
}

/* Words up to the next bracket. */
static struct token
words_token(struct og_str text, size_t *at)
{
    const size_t from = *at;
    while (*at < text.len && !is_bracket(text.ptr[*at])) {
        (*at)++;
    }
    return (struct token){.text = og_str_slice(text, from, *at)};
}

static struct token
name_token(struct og_str text, size_t *at)
{
    ++*at;
    const struct og_str name = words_token(text, at).text;
    const bool is_closed = *at < text.len && text.ptr[*at] == '}';
    *at += is_closed;
    return (struct token){.text = name,
                          .is_name = true,
                          .is_bad = !is_closed || name.len == 0 ||
                                    name.len > OG_FILL_NAME_MAX_BYTES};
}

/* *at is inside the text. */
static struct token
next_token(struct og_str text, size_t *at)
{
    const char c = text.ptr[*at];
    if (!is_bracket(c)) {
        return words_token(text, at);
    }
    if (*at + 1 < text.len && text.ptr[*at + 1] == c) {
        *at += 2;
        return (struct token){.text = og_str_slice(text, *at - 1, *at)};
    }
    if (c == '{') {
        return name_token(text, at);
    }
    ++*at;
    return (struct token){.is_bad = true};
}

enum og_code
og_fill_check(struct og_str text, struct og_err *err)
{
    for (size_t at = 0; at < text.len;) {
        const size_t from = at;
        if (next_token(text, &at).is_bad) {
            return og_fail(err, OG_E_UNPROCESSABLE, "text",
                           "byte %zu: write {column} with 1 to %d characters, or {{ and }} for the "
                           "brackets themselves",
                           from + 1, OG_FILL_NAME_MAX_BYTES);
        }
    }
    return OG_OK;
}

bool
og_fill_next(struct og_str text, size_t *at, struct og_str *name)
{
    while (*at < text.len) {
        const struct token token = next_token(text, at);
        if (token.is_name) {
            *name = token.text;
            return true;
        }
    }
    return false;
}

static bool
find(const struct og_fill_values *values, struct og_str name, struct og_str *out)
{
    for (size_t i = 0; i < values->count; i++) {
        if (og_str_eq(values->names[i], name)) {
            *out = values->values[i];
            return true;
        }
    }
    return false;
}

bool
og_fill(struct og_str text, const struct og_fill_values *values, struct og_buf *out,
        struct og_str *missing)
{
    for (size_t at = 0; at < text.len;) {
        const struct token token = next_token(text, &at);
        struct og_str words = token.text;
        if (token.is_name && !find(values, token.text, &words)) {
            *missing = token.text;
            return false;
        }
        og_buf_add(out, words);
    }
    return true;
}
