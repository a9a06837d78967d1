/*
 * A text is checked as a template first (where is the code, what stands before it), then filled,
 * then measured as a whole. What held the code on the way is wiped.
 */
#include "core/otp_text.h"

#include <assert.h>

#include "base/buf.h"
#include "core/codepoint.h"
#include "core/otp.h"

#define RENDER_MAX_BYTES 4096 /* far more than any text that fits */

enum token_kind {
    TOKEN_CHAR,
    TOKEN_CODE,
    TOKEN_BRAND,
    TOKEN_MINUTES,
    TOKEN_BAD, /* an unknown placeholder or a lone bracket */
};

struct token {
    enum token_kind kind;
    struct og_str text;  /* as written */
    uint32_t codepoint;  /* of a TOKEN_CHAR */
};

static const struct {
    struct og_str word;
    enum token_kind kind;
} placeholders[] = {
    {{"{code}", 6}, TOKEN_CODE},
    {{"{brand}", 7}, TOKEN_BRAND},
    {{"{minutes}", 9}, TOKEN_MINUTES},
};

/* By whether there is a brand, and whether there are minutes. No plural to get wrong. */
static const char *const built_in[2][2] = {
    {"{code} is your code. Never share it.",
     "{code} is your code. Valid {minutes} min. Never share it."},
    {"{code} is your {brand} code. Never share it.",
     "{code} is your {brand} code. Valid {minutes} min. Never share it."},
};

static struct token
bracket_token(struct og_str rest)
{
    for (size_t i = 0; i < sizeof(placeholders) / sizeof(placeholders[0]); i++) {
        if (og_str_starts(rest, placeholders[i].word)) {
            return (struct token){placeholders[i].kind, placeholders[i].word, 0};
        }
    }
    if (rest.len >= 2 && rest.ptr[1] == rest.ptr[0]) {
        return (struct token){TOKEN_CHAR, {rest.ptr, 1}, (uint8_t)rest.ptr[0]};
    }
    return (struct token){TOKEN_BAD, {rest.ptr, 1}, 0};
}

static struct token
next_token(struct og_str template, size_t *at)
{
    struct og_str rest = {template.ptr + *at, template.len - *at};
    if (rest.ptr[0] == '{' || rest.ptr[0] == '}') {
        struct token token = bracket_token(rest);
        *at += token.kind == TOKEN_CHAR ? 2 : token.text.len;
        return token;
    }
    size_t from = *at;
    uint32_t codepoint = og_codepoint_next(template, at);
    return (struct token){TOKEN_CHAR, {rest.ptr, *at - from}, codepoint};
}

/* Would it read as part of the code if it touched it? */
static bool
clings(const struct token *token)
{
    if (token->kind != TOKEN_CHAR) {
        return true;
    }
    uint32_t letter = token->codepoint | 0x20;
    return (letter >= 'a' && letter <= 'z') || og_codepoint_digit(token->codepoint) >= 0;
}

static bool
has_digit(struct og_str text)
{
    for (size_t at = 0; at < text.len;) {
        if (og_codepoint_digit(og_codepoint_next(text, &at)) >= 0) {
            return true;
        }
    }
    return false;
}

/* What a template turned out to hold. */
struct layout {
    bool has_brand;
    bool has_minutes;
    bool brand_before_code;
};

/* NULL, or what is wrong. */
static const char *
read_layout(struct og_str template, struct layout *out)
{
    struct token last = {TOKEN_CHAR, {NULL, 0}, ' '};
    bool has_code = false;

    *out = (struct layout){0};
    for (size_t at = 0; at < template.len;) {
        struct token token = next_token(template, &at);
        bool is_digit = token.kind == TOKEN_MINUTES ||
                        (token.kind == TOKEN_CHAR && og_codepoint_digit(token.codepoint) >= 0);
        if (token.kind == TOKEN_BAD) {
            return "may have {code}, {brand} and {minutes} only; write {{ for a bracket";
        }
        if (token.kind == TOKEN_CODE && has_code) {
            return "must have {code} once";
        }
        if (is_digit && !has_code) {
            return "must not have digits before {code}: phones take the first ones for the code";
        }
        if ((token.kind == TOKEN_CODE && clings(&last)) ||
            (last.kind == TOKEN_CODE && clings(&token))) {
            return "must not have letters, digits or placeholders touching {code}";
        }
        has_code |= token.kind == TOKEN_CODE;
        out->has_minutes |= token.kind == TOKEN_MINUTES;
        out->has_brand |= token.kind == TOKEN_BRAND;
        out->brand_before_code |= token.kind == TOKEN_BRAND && !has_code;
        last = token;
    }
    return has_code ? NULL : "must have {code}";
}

static enum og_code
check_template(struct og_str template, struct layout *out, struct og_err *err)
{
    if (template.len > OG_OTP_TEMPLATE_MAX_BYTES) {
        return og_fail(err, OG_E_UNPROCESSABLE, "template", "must have at most %d bytes",
                       OG_OTP_TEMPLATE_MAX_BYTES);
    }
    enum og_code code = og_sms_check(template, true, "template", err);
    if (code != OG_OK) {
        return code;
    }
    const char *wrong = read_layout(template, out);
    return wrong ? og_fail(err, OG_E_UNPROCESSABLE, "template", "%s", wrong) : OG_OK;
}

enum og_code
og_otp_template_check(struct og_str template, struct og_err *err)
{
    struct layout layout;
    return check_template(template, &layout, err);
}

static bool
is_scheme_char(char c)
{
    return ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || (c >= '0' && c <= '9') || c == '+' ||
           c == '-' || c == '.';
}

/* "scheme:rest" or "www." somewhere. A colon followed by a space is only punctuation. */
static bool
has_address(struct og_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        struct og_str rest = og_str_slice(text, i, text.len);
        if (og_str_eq_nocase(og_str_slice(rest, 0, 4), OG_STR("www."))) {
            return true;
        }
        if (rest.ptr[0] == ':' && i > 0 && is_scheme_char(text.ptr[i - 1]) && rest.len > 1 &&
            rest.ptr[1] != ' ') {
            return true;
        }
    }
    return false;
}

enum og_code
og_otp_check_variable(struct og_str value, const char *field, struct og_err *err)
{
    struct og_sms_size size;

    enum og_code code = og_sms_check(value, false, field, err);
    if (code != OG_OK) {
        return code;
    }
    if (!og_sms_measure(value, &size) || size.characters == 0 ||
        size.characters > OG_OTP_BRAND_MAX_CHARS) {
        return og_fail(err, OG_E_UNPROCESSABLE, field, "must have 1 to %d characters",
                       OG_OTP_BRAND_MAX_CHARS);
    }
    if (og_str_find(value, '@') < value.len || og_str_find(value, '#') < value.len) {
        return og_fail(err, OG_E_UNPROCESSABLE, field, "must not have '@' or '#'");
    }
    if (has_address(value)) {
        return og_fail(err, OG_E_UNPROCESSABLE, field, "must not have a web or other address");
    }
    return OG_OK;
}

static enum og_code
check_fields(const struct og_otp_text *self, const struct layout *layout, struct og_err *err)
{
    enum og_code code = OG_OK;

    if (layout->has_brand && self->brand.len == 0) {
        return og_fail(err, OG_E_UNPROCESSABLE, "brand", "is wanted by the template");
    }
    if (self->brand.len > 0) {
        code = og_otp_check_variable(self->brand, "brand", err);
    }
    if (code == OG_OK && layout->brand_before_code && has_digit(self->brand)) {
        code = og_fail(err, OG_E_UNPROCESSABLE, "brand",
                       "must not have digits where it stands before the code");
    }
    if (code == OG_OK && layout->has_minutes && self->minutes == 0) {
        code = og_fail(err, OG_E_UNPROCESSABLE, "template",
                       "has {minutes}, but the validity is not to be told");
    }
    if (code == OG_OK && self->app_hash.len > 0) {
        code = og_otp_check_app_hash(self->app_hash, err);
    }
    return code;
}

static void
render(const struct og_otp_text *self, struct og_str template, struct og_buf *out)
{
    if (self->retriever_prefix) {
        og_buf_add(out, OG_STR("<#> "));
    }
    for (size_t at = 0; at < template.len;) {
        struct token token = next_token(template, &at);
        switch (token.kind) {
        case TOKEN_CODE:
            og_buf_add(out, self->code);
            break;
        case TOKEN_BRAND:
            og_buf_add(out, self->brand);
            break;
        case TOKEN_MINUTES:
            og_buf_add_i64(out, self->minutes);
            break;
        default:
            og_buf_add(out, token.text);
            break;
        }
    }
    if (self->app_hash.len > 0) {
        og_buf_add_byte(out, '\n');
        og_buf_add(out, self->app_hash);
    }
}

/* Too many units: the character that made the text UCS-2 is the likely reason, so name it. */
static enum og_code
fail_segments(const struct og_sms_size *size, struct og_err *err)
{
    size_t over = size->units - size->segment_units;
    if (size->encoding == OG_SMS_GSM7) {
        return og_fail(err, OG_E_UNPROCESSABLE, "text",
                       "exceeds one SMS of %zu characters by %zu", size->segment_units, over);
    }
    const char *instead = og_sms_suggestion(size->foreign_char);
    return og_fail(err, OG_E_UNPROCESSABLE, "text",
                   "exceeds one SMS by %zu: it has only %zu characters because of U+%04X at "
                   "character %zu%s%s%s",
                   over, size->segment_units, size->foreign_char, size->foreign_index + 1,
                   instead ? "; write \"" : "", instead ? instead : "", instead ? "\"" : "");
}

static enum og_code
check_size(const struct og_buf *text, struct og_sms_size *size, struct og_err *err)
{
    if (text->full || !og_sms_measure(og_buf_str(text), size)) {
        return og_fail(err, OG_E_UNPROCESSABLE, "text", "is much too long for one SMS");
    }
    if (size->segments > 1) {
        return fail_segments(size, err);
    }
    if (size->bytes > OG_OTP_TEXT_MAX_BYTES) {
        return og_fail(err, OG_E_UNPROCESSABLE, "text",
                       "exceeds the %d bytes that apps can read by %zu", OG_OTP_TEXT_MAX_BYTES,
                       size->bytes - OG_OTP_TEXT_MAX_BYTES);
    }
    return OG_OK;
}

enum og_code
og_otp_text_compose(const struct og_otp_text *self, struct og_secret *out,
                    struct og_sms_size *size, struct og_err *err)
{
    struct layout layout;
    struct og_sms_size measured = {0};
    struct og_buf text;

    assert(self->minutes >= 0);
    assert(og_otp_check_custom(self->code, NULL) == OG_OK);
    og_secret_finish(out);
    struct og_str template = self->template;
    if (template.len == 0) {
        template = og_str_from(built_in[self->brand.len > 0][self->minutes > 0]);
    }
    enum og_code code = check_template(template, &layout, err);
    if (code == OG_OK) {
        code = check_fields(self, &layout, err);
    }
    if (code != OG_OK) {
        return code;
    }
    og_buf_init(&text, RENDER_MAX_BYTES);
    render(self, template, &text);
    code = check_size(&text, &measured, err);
    if (code == OG_OK && !og_secret_set(out, og_buf_str(&text))) {
        code = og_fail(err, OG_E_INTERNAL, "", "an OTP text of 140 bytes does not fit a secret");
    }
    if (code == OG_OK && size) {
        *size = measured;
    }
    og_buf_wipe(&text);
    og_buf_finish(&text);
    return code;
}
