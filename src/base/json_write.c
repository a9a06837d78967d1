/*
 * Writing JSON into a buffer, commas by themselves. The result is always UTF-8: what is not becomes
 * U+FFFD. Relies on nothing foreign; reading has the library.
 */
#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/json.h"

#define DEPTH_MAX 32

void
og_json_begin(struct og_json_writer *w, struct og_buf *out)
{
    *w = (struct og_json_writer){.out = out};
}

static uint32_t
depth_bit(const struct og_json_writer *w)
{
    return w->depth == 0 ? 0 : UINT32_C(1) << (w->depth - 1);
}

/* The short escapes of RFC 8259 section 7, or 0. */
static char
short_escape(unsigned char c)
{
    switch (c) {
    case '"':
    case '\\':
        return (char)c;
    case '\n':
        return 'n';
    case '\r':
        return 'r';
    case '\t':
        return 't';
    case '\b':
        return 'b';
    case '\f':
        return 'f';
    default:
        return 0;
    }
}

static void
put_escape(struct og_buf *out, unsigned char c)
{
    char word = short_escape(c);
    if (word) {
        og_buf_add(out, (struct og_str){(const char[]){'\\', word}, 2});
    } else {
        og_buf_printf(out, "\\u%04x", c);
    }
}

/* How many bytes from `at` can be copied as they are. */
static size_t
plain_run(struct og_str text, size_t at)
{
    size_t from = at;
    while (at < text.len) {
        unsigned char c = (unsigned char)text.ptr[at];
        if (c < 0x20 || c == '"' || c == '\\' || c == 0x7F) {
            break;
        }
        size_t step = 1;
        if (c >= 0x80) {
            uint32_t point;
            step = og_utf8_next((struct og_str){text.ptr + at, text.len - at}, &point);
            if (step == 0) {
                break;
            }
        }
        at += step;
    }
    return at - from;
}

/* Are all bytes ASCII that stands for itself? Nearly every string is. */
static bool
is_plain(struct og_str text)
{
    bool is_odd = false;
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        is_odd |= c < 0x20 || c >= 0x7F || c == '"' || c == '\\';
    }
    return !is_odd;
}

static void
put_plain(struct og_buf *out, struct og_str text)
{
    char *to = og_buf_reserve(out, text.len + 2);
    if (to) {
        to[0] = '"';
        memcpy(to + 1, text.len ? text.ptr : "", text.len);
        to[text.len + 1] = '"';
        og_buf_commit(out, text.len + 2);
    }
}

static void
put_string(struct og_buf *out, struct og_str text)
{
    if (is_plain(text)) {
        put_plain(out, text);
        return;
    }
    og_buf_add_byte(out, '"');
    size_t at = 0;
    while (at < text.len) {
        size_t run = plain_run(text, at);
        og_buf_add(out, (struct og_str){text.ptr + at, run});
        at += run;
        if (at == text.len) {
            break;
        }
        unsigned char c = (unsigned char)text.ptr[at++];
        if (c >= 0x80) {
            og_buf_add(out, OG_STR("\xEF\xBF\xBD"));
        } else {
            put_escape(out, c);
        }
    }
    og_buf_add_byte(out, '"');
}

static void
put_plain_name(struct og_buf *out, struct og_str name, bool has_comma)
{
    char *to = og_buf_reserve(out, name.len + 4);
    if (to) {
        *to = ',';
        to += has_comma;
        *to++ = '"';
        memcpy(to, name.ptr, name.len);
        memcpy(to + name.len, "\":", 2);
        og_buf_commit(out, name.len + 3 + has_comma);
    }
}

/* What stands before every value. */
static void
put_lead(struct og_json_writer *w, const char *name)
{
    uint32_t bit = depth_bit(w);
    bool has_comma = (w->comma_bits & bit) != 0;
    w->comma_bits |= bit;
    assert((name != NULL) == (w->depth > 0 && !(w->array_bits & bit)));
    struct og_str text = og_str_from(name);
    if (name && is_plain(text)) {
        put_plain_name(w->out, text, has_comma);
        return;
    }
    if (has_comma) {
        og_buf_add_byte(w->out, ',');
    }
    if (name) {
        put_string(w->out, text);
        og_buf_add_byte(w->out, ':');
    }
}

static void
open_level(struct og_json_writer *w, const char *name, bool is_array)
{
    put_lead(w, name);
    assert(w->depth < DEPTH_MAX);
    w->depth++;
    uint32_t bit = depth_bit(w);
    w->comma_bits &= ~bit;
    w->array_bits = is_array ? w->array_bits | bit : w->array_bits & ~bit;
    og_buf_add_byte(w->out, is_array ? '[' : '{');
}

void
og_json_object(struct og_json_writer *w, const char *name)
{
    open_level(w, name, false);
}

void
og_json_array(struct og_json_writer *w, const char *name)
{
    open_level(w, name, true);
}

void
og_json_end(struct og_json_writer *w)
{
    assert(w->depth > 0);
    og_buf_add_byte(w->out, w->array_bits & depth_bit(w) ? ']' : '}');
    w->depth--;
}

void
og_json_add_str(struct og_json_writer *w, const char *name, struct og_str value)
{
    put_lead(w, name);
    put_string(w->out, value);
}

void
og_json_add_cstr(struct og_json_writer *w, const char *name, const char *value)
{
    if (value) {
        og_json_add_str(w, name, og_str_from(value));
    } else {
        og_json_add_null(w, name);
    }
}

void
og_json_add_i64(struct og_json_writer *w, const char *name, int64_t value)
{
    put_lead(w, name);
    og_buf_add_i64(w->out, value);
}

void
og_json_add_bool(struct og_json_writer *w, const char *name, bool value)
{
    og_json_add_raw(w, name, value ? OG_STR("true") : OG_STR("false"));
}

void
og_json_add_null(struct og_json_writer *w, const char *name)
{
    og_json_add_raw(w, name, OG_STR("null"));
}

void
og_json_add_time(struct og_json_writer *w, const char *name, int64_t at_ms)
{
    char text[OG_TIME_TEXT_BYTES];
    og_time_format(at_ms, text);
    og_json_add_str(w, name, (struct og_str){text, OG_TIME_TEXT_BYTES - 1});
}

void
og_json_add_str_or_null(struct og_json_writer *w, const char *name, struct og_str value)
{
    if (value.len) {
        og_json_add_str(w, name, value);
    } else {
        og_json_add_null(w, name);
    }
}

void
og_json_add_time_or_null(struct og_json_writer *w, const char *name, int64_t at_ms)
{
    if (at_ms) {
        og_json_add_time(w, name, at_ms);
    } else {
        og_json_add_null(w, name);
    }
}

/* The shorter of two precisions that reads back as the same number. */
void
og_json_add_double(struct og_json_writer *w, const char *name, double value)
{
    if (!isfinite(value)) {
        og_json_add_null(w, name);
        return;
    }
    char text[32];
    snprintf(text, sizeof(text), "%.15g", value);
    if (strtod(text, NULL) != value) {
        snprintf(text, sizeof(text), "%.17g", value);
    }
    og_json_add_raw(w, name, og_str_from(text));
}

void
og_json_add_raw(struct og_json_writer *w, const char *name, struct og_str json)
{
    put_lead(w, name);
    og_buf_add(w->out, json);
}
