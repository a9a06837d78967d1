/*
 * From bytes to words, one byte at a time out of a block. Whatever comes, each call takes at least
 * one byte or ends.
 */
#include "import/dump_lexer.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/secret.h"

#define BLOCK_BYTES 65536
#define END (-1)
#define FAILED (-2)

void
og_dump_lexer_init(struct og_dump_lexer *self, const struct og_dump_source *source)
{
    *self = (struct og_dump_lexer){.source = source, .line = 1};
    self->block = og_xalloc(BLOCK_BYTES);
    og_buf_init(&self->text, OG_DUMP_TOKEN_MAX_BYTES);
}

void
og_dump_lexer_finish(struct og_dump_lexer *self)
{
    if (self->block) {
        og_wipe(self->block, BLOCK_BYTES);
        free(self->block);
        og_buf_wipe(&self->text);
    }
    og_buf_finish(&self->text);
    *self = (struct og_dump_lexer){0};
}

/* ---- bytes ---- */

static enum og_code
fill(struct og_dump_lexer *self, struct og_err *err)
{
    self->at = self->len = 0;
    enum og_code code =
        self->source->read(self->source->ctx, self->block, BLOCK_BYTES, &self->len, err);
    self->has_ended = code == OG_OK && self->len == 0;
    return code;
}

/* The next byte without taking it; END or FAILED. */
static int
peek(struct og_dump_lexer *self, struct og_err *err)
{
    if (self->at == self->len) {
        if (self->has_ended) {
            return END;
        }
        if (fill(self, err) != OG_OK) {
            return FAILED;
        }
        if (self->has_ended) {
            return END;
        }
    }
    return (unsigned char)self->block[self->at];
}

static int
take(struct og_dump_lexer *self, struct og_err *err)
{
    int c = peek(self, err);
    if (c >= 0) {
        self->at++;
        self->line += c == '\n';
    }
    return c;
}

static void
keep(struct og_dump_lexer *self, int c)
{
    if (!self->is_skipping) {
        og_buf_add_byte(&self->text, (char)c);
    }
}

/* ---- kinds of characters ---- */

static bool
is_space(int c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v';
}

static bool
is_digit(int c)
{
    return c >= '0' && c <= '9';
}

/* As in an unquoted name; bytes over 127 are letters of UTF-8. */
static bool
is_word_part(int c)
{
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
           c == '$' || c > 127;
}

static int
hex_value(int c)
{
    if (is_digit(c)) {
        return c - '0';
    }
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* ---- what is passed over ---- */

static enum og_code
fail_unfinished(const char *what, int64_t line, int c, struct og_err *err)
{
    return c == FAILED ? err->code
                       : og_fail(err, OG_E_INVALID, "",
                                 "line %lld: the dump ends inside %s that begins here",
                                 (long long)line, what);
}

static enum og_code
skip_line(struct og_dump_lexer *self, struct og_err *err)
{
    int c = take(self, err);
    while (c >= 0 && c != '\n') {
        c = take(self, err);
    }
    return c == FAILED ? err->code : OG_OK;
}

static enum og_code
skip_comment(struct og_dump_lexer *self, int64_t line, struct og_err *err)
{
    int before = 0, c = take(self, err);
    while (c >= 0 && !(before == '*' && c == '/')) {
        before = c;
        c = take(self, err);
    }
    return c >= 0 ? OG_OK : fail_unfinished("a comment", line, c, err);
}

/* ---- texts ---- */

/* What a backslash and this character stand for. */
static int
unescape(int c)
{
    switch (c) {
    case '0':
        return 0;
    case 'b':
        return '\b';
    case 'n':
        return '\n';
    case 'r':
        return '\r';
    case 't':
        return '\t';
    case 'Z':
        return 26;
    default:
        return c; /* the backslash counts for nothing */
    }
}

/* Up to the closing quote; a doubled one is one. Backslashes escape in texts, not in names. */
static enum og_code
read_quoted(struct og_dump_lexer *self, int quote, int64_t line, struct og_err *err)
{
    const char *what = quote == '`' ? "a name" : "a text";
    for (;;) {
        int c = take(self, err);
        if (c == '\\' && quote != '`') {
            c = take(self, err);
            c = c < 0 ? c : unescape(c);
        } else if (c == quote) {
            int next = peek(self, err);
            if (next != quote) {
                return next == FAILED ? err->code : OG_OK;
            }
            c = take(self, err);
        }
        if (c < 0) {
            return fail_unfinished(what, line, c, err);
        }
        keep(self, c);
    }
}

/* Digits up to something else; an odd one out stands alone, as in the servers. */
static enum og_code
read_hex(struct og_dump_lexer *self, struct og_err *err)
{
    struct og_buf digits;
    int c;
    og_buf_init(&digits, OG_DUMP_TOKEN_MAX_BYTES * 2);
    while ((c = peek(self, err)) >= 0 && hex_value(c) >= 0) {
        c = take(self, err);
        if (!self->is_skipping) {
            og_buf_add_byte(&digits, (char)hex_value(c));
        }
    }
    size_t i = digits.len % 2;
    if (i == 1) {
        keep(self, digits.ptr[0]);
    }
    for (; i + 1 < digits.len; i += 2) {
        keep(self, digits.ptr[i] * 16 + digits.ptr[i + 1]);
    }
    self->text.full |= digits.full;
    og_buf_finish(&digits);
    return c == FAILED ? err->code : OG_OK;
}

/* ---- words and numbers ---- */

static enum og_code
read_word(struct og_dump_lexer *self, struct og_err *err)
{
    int c;
    while ((c = peek(self, err)) >= 0 && is_word_part(c)) {
        og_buf_add_byte(&self->text, (char)take(self, err));
    }
    return c == FAILED ? err->code : OG_OK;
}

/* 12, 0.5, 1e-7: all that may belong to a number. */
static enum og_code
read_number(struct og_dump_lexer *self, struct og_err *err)
{
    int before = 0, c;
    while ((c = peek(self, err)) >= 0) {
        bool is_exponent_sign = (c == '-' || c == '+') && (before == 'e' || before == 'E');
        if (!is_digit(c) && c != '.' && c != 'e' && c != 'E' && !is_exponent_sign) {
            break;
        }
        before = take(self, err);
        og_buf_add_byte(&self->text, (char)before);
    }
    return c == FAILED ? err->code : OG_OK;
}

/* A number, or a text in hexadecimal digits after 0x. */
static enum og_code
read_digits(struct og_dump_lexer *self, struct og_dump_token *out, struct og_err *err)
{
    int c = take(self, err);
    int next = peek(self, err);
    if (c == '0' && (next == 'x' || next == 'X')) {
        (void)take(self, err);
        out->kind = OG_DUMP_TEXT;
        return read_hex(self, err);
    }
    if (next == FAILED) {
        return err->code;
    }
    out->kind = OG_DUMP_NUMBER;
    og_buf_add_byte(&self->text, (char)c);
    return read_number(self, err);
}

/* A word, or x'78'. */
static enum og_code
read_letters(struct og_dump_lexer *self, struct og_dump_token *out, struct og_err *err)
{
    out->kind = OG_DUMP_WORD;
    enum og_code code = read_word(self, err);
    bool is_x = code == OG_OK && self->text.len == 1 && (self->text.ptr[0] | 0x20) == 'x';
    if (!is_x || peek(self, err) != '\'') {
        return code;
    }
    og_buf_clear(&self->text);
    (void)take(self, err);
    out->kind = OG_DUMP_TEXT;
    code = read_hex(self, err);
    int c = code == OG_OK ? take(self, err) : '\'';
    return code == OG_OK && c != '\'' ? fail_unfinished("a text", out->line, c, err) : code;
}

/* ---- one token ---- */

/* Spaces and comments. A sign that could have begun a comment and did not is left in *sign_out. */
static enum og_code
skip_blank(struct og_dump_lexer *self, int *sign_out, struct og_err *err)
{
    *sign_out = 0;
    for (;;) {
        int64_t line = self->line;
        int c = peek(self, err);
        if (c < 0) {
            return c == FAILED ? err->code : OG_OK;
        }
        if (!is_space(c) && c != '#' && c != '-' && c != '/') {
            return OG_OK;
        }
        (void)take(self, err);
        if (is_space(c)) {
            continue;
        }
        int next = peek(self, err);
        enum og_code code = next == FAILED ? err->code : OG_OK;
        if (code == OG_OK && (c == '#' || (c == '-' && next == '-'))) {
            code = skip_line(self, err);
        } else if (code == OG_OK && c == '/' && next == '*') {
            (void)take(self, err);
            code = skip_comment(self, line, err);
        } else {
            *sign_out = c;
            return code;
        }
        if (code != OG_OK) {
            return code;
        }
    }
}

static enum og_code
read_token(struct og_dump_lexer *self, struct og_dump_token *out, struct og_err *err)
{
    int c = peek(self, err);
    if (c < 0) {
        return c == FAILED ? err->code : OG_OK;
    }
    if (c == '\'' || c == '"' || c == '`') {
        (void)take(self, err);
        out->kind = c == '`' ? OG_DUMP_NAME : OG_DUMP_TEXT;
        out->is_double = c == '"';
        return read_quoted(self, c, out->line, err);
    }
    if (is_digit(c)) {
        return read_digits(self, out, err);
    }
    if (is_word_part(c)) {
        return read_letters(self, out, err);
    }
    out->kind = OG_DUMP_SIGN;
    out->sign = (char)take(self, err);
    return OG_OK;
}

enum og_code
og_dump_next(struct og_dump_lexer *self, struct og_dump_token *out, struct og_err *err)
{
    int sign;
    og_buf_clear(&self->text);
    *out = (struct og_dump_token){0};
    enum og_code code = skip_blank(self, &sign, err);
    out->line = self->line;
    if (code != OG_OK) {
        return code;
    }
    if (sign) {
        out->kind = OG_DUMP_SIGN;
        out->sign = (char)sign;
        return OG_OK;
    }
    code = read_token(self, out, err);
    if (code == OG_OK && self->text.full) {
        code = og_fail(err, OG_E_TOO_LARGE, "", "line %lld: a value is longer than %d bytes",
                       (long long)out->line, OG_DUMP_TOKEN_MAX_BYTES);
    }
    out->text = og_buf_str(&self->text);
    return code;
}

enum og_code
og_dump_line(struct og_dump_lexer *self, struct og_str *out, bool *ended_out, struct og_err *err)
{
    int c;
    og_buf_clear(&self->text);
    while ((c = take(self, err)) >= 0 && c != '\n') {
        og_buf_add_byte(&self->text, (char)c);
    }
    *ended_out = c == END;
    *out = og_str_trim(og_buf_str(&self->text));
    return c == FAILED ? err->code : OG_OK;
}
