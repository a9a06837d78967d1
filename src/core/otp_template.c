/*
 * A template is read as tokens, one after the other; checking and filling in walk the same tokens,
 * so that they cannot disagree on what a placeholder is.
 */
#include "core/otp_template.h"

#include <assert.h>

#include "core/codepoint.h"
#include "core/sms_text.h"

enum token_kind {
    TOKEN_CHAR,
    TOKEN_CODE,
    TOKEN_BRAND,
    TOKEN_MINUTES,
    TOKEN_MINUTE_WORD, /* text: the forms with bars between */
    TOKEN_AMOUNT,
    TOKEN_PAYEE,
    TOKEN_BAD, /* an unknown placeholder or a lone bracket */
};

struct token {
    enum token_kind kind;
    struct og_str text; /* as written */
    uint32_t codepoint; /* of a TOKEN_CHAR */
};

static const struct {
    struct og_str word;
    enum token_kind kind;
} placeholders[] = {
    {{"{code}", 6}, TOKEN_CODE},       {{"{brand}", 7}, TOKEN_BRAND},
    {{"{minutes}", 9}, TOKEN_MINUTES}, {{"{amount}", 8}, TOKEN_AMOUNT},
    {{"{payee}", 7}, TOKEN_PAYEE},
};

static const struct og_str minute_word = {"{minutes|", 9};

/* ---- tokens ---- */

/* "{minutes|minute|minutes}" at the beginning of `rest`; *used: how long it is. */
static struct token
minute_word_token(struct og_str rest, size_t *used)
{
    const size_t end = og_str_find(rest, '}');
    const struct og_str forms = og_str_slice(rest, minute_word.len, end);
    if (end == rest.len || og_str_find(forms, '{') < forms.len) {
        *used = 1;
        return (struct token){TOKEN_BAD, {rest.ptr, 1}, 0};
    }
    *used = end + 1;
    return (struct token){TOKEN_MINUTE_WORD, forms, 0};
}

static struct token
bracket_token(struct og_str rest, size_t *used)
{
    for (size_t i = 0; i < sizeof(placeholders) / sizeof(placeholders[0]); i++) {
        if (og_str_starts(rest, placeholders[i].word)) {
            *used = placeholders[i].word.len;
            return (struct token){placeholders[i].kind, placeholders[i].word, 0};
        }
    }
    if (og_str_starts(rest, minute_word)) {
        return minute_word_token(rest, used);
    }
    if (rest.len >= 2 && rest.ptr[1] == rest.ptr[0]) {
        *used = 2;
        return (struct token){TOKEN_CHAR, {rest.ptr, 1}, (uint8_t)rest.ptr[0]};
    }
    *used = 1;
    return (struct token){TOKEN_BAD, {rest.ptr, 1}, 0};
}

static struct token
next_token(struct og_str template, size_t *at)
{
    const struct og_str rest = og_str_slice(template, *at, template.len);
    if (rest.ptr[0] == '{' || rest.ptr[0] == '}') {
        size_t used;
        const struct token token = bracket_token(rest, &used);
        *at += used;
        return token;
    }
    const size_t from = *at;
    const uint32_t codepoint = og_codepoint_next(template, at);
    return (struct token){TOKEN_CHAR, {rest.ptr, *at - from}, codepoint};
}

/* ---- forms of a word ---- */

static int
count_forms(struct og_str forms)
{
    int count = 1;
    for (size_t i = 0; i < forms.len; i++) {
        count += forms.ptr[i] == '|';
    }
    return count;
}

static struct og_str
form_at(struct og_str forms, int index)
{
    for (; index > 0; index--) {
        forms = og_str_slice(forms, og_str_find(forms, '|') + 1, forms.len);
    }
    return og_str_slice(forms, 0, og_str_find(forms, '|'));
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

/* ---- checking ---- */

/* Would it read as part of the code if it touched it? */
static bool
clings(const struct token *token)
{
    if (token->kind != TOKEN_CHAR) {
        return true;
    }
    const uint32_t letter = token->codepoint | 0x20;
    return (letter >= 'a' && letter <= 'z') || og_codepoint_digit(token->codepoint) >= 0;
}

static bool
is_digits(const struct token *token)
{
    switch (token->kind) {
    case TOKEN_MINUTES:
    case TOKEN_AMOUNT:
        return true;
    case TOKEN_MINUTE_WORD:
        return has_digit(token->text);
    case TOKEN_CHAR:
        return og_codepoint_digit(token->codepoint) >= 0;
    default:
        return false;
    }
}

static const char *
check_forms(const struct token *token, const struct og_locale *locale)
{
    if (!locale) {
        return "has {minutes|...} in a language whose plural is not known; write {minutes} min";
    }
    return count_forms(token->text) == og_locale_form_count(locale)
               ? NULL
               : "must have as many forms in {minutes|...} as the language has for 1 to 10";
}

static void
note(const struct token *token, bool before_code, struct og_otp_layout *out)
{
    out->has_minutes |= token->kind == TOKEN_MINUTES || token->kind == TOKEN_MINUTE_WORD;
    out->has_brand |= token->kind == TOKEN_BRAND;
    out->has_amount |= token->kind == TOKEN_AMOUNT;
    out->has_payee |= token->kind == TOKEN_PAYEE;
    out->brand_before_code |= token->kind == TOKEN_BRAND && before_code;
    out->payee_before_code |= token->kind == TOKEN_PAYEE && before_code;
}

/* NULL, or what is wrong with a token at its place. */
static const char *
check_token(const struct token *token, const struct token *last, bool has_code,
            const struct og_locale *locale)
{
    if (token->kind == TOKEN_BAD) {
        return "may have {code}, {brand}, {minutes}, {amount} and {payee} only; write {{ for a "
               "bracket";
    }
    if (token->kind == TOKEN_CODE && has_code) {
        return "must have {code} once";
    }
    if (!has_code && is_digits(token)) {
        return "must not have digits before {code}: phones take the first ones for the code";
    }
    if ((token->kind == TOKEN_CODE && clings(last)) ||
        (last->kind == TOKEN_CODE && clings(token))) {
        return "must not have letters, digits or placeholders touching {code}";
    }
    return token->kind == TOKEN_MINUTE_WORD ? check_forms(token, locale) : NULL;
}

static const char *
read_layout(struct og_str template, const struct og_locale *locale, struct og_otp_layout *out)
{
    struct token last = {TOKEN_CHAR, {NULL, 0}, ' '};
    bool has_code = false;
    *out = (struct og_otp_layout){0};
    for (size_t at = 0; at < template.len;) {
        const struct token token = next_token(template, &at);
        const char *wrong = check_token(&token, &last, has_code, locale);
        if (wrong) {
            return wrong;
        }
        has_code |= token.kind == TOKEN_CODE;
        note(&token, !has_code, out);
        last = token;
    }
    return has_code ? NULL : "must have {code}";
}

enum og_code
og_otp_template_read(struct og_str template, const struct og_locale *locale,
                     struct og_otp_layout *out, struct og_err *err)
{
    struct og_otp_layout layout;
    if (template.len > OG_OTP_TEMPLATE_MAX_BYTES) {
        return og_fail(err, OG_E_UNPROCESSABLE, "template", "must have at most %d bytes",
                       OG_OTP_TEMPLATE_MAX_BYTES);
    }
    enum og_code code = og_sms_check(template, true, "template", err);
    if (code != OG_OK) {
        return code;
    }
    const char *wrong = read_layout(template, locale, &layout);
    if (out) {
        *out = layout;
    }
    return wrong ? og_fail(err, OG_E_UNPROCESSABLE, "template", "%s", wrong) : OG_OK;
}

enum og_code
og_otp_template_check_kind(const struct og_otp_layout *layout, enum og_otp_template_kind kind,
                           struct og_err *err)
{
    const bool is_payment = kind == OG_OTP_TEMPLATE_PAYMENT;
    if (layout->has_amount == is_payment && layout->has_payee == is_payment) {
        return OG_OK;
    }
    return og_fail(err, OG_E_UNPROCESSABLE, "template", "%s",
                   is_payment ? "of a payment must have {amount} and {payee}: whoever pays has to "
                                "see what and whom"
                              : "has {amount} or {payee}, which are for payments only");
}

/* ---- filling in ---- */

void
og_otp_template_render(struct og_str template, const struct og_locale *locale,
                       const struct og_otp_values *values, struct og_buf *out)
{
    const struct og_str texts[] = {[TOKEN_CODE] = values->code,
                                   [TOKEN_BRAND] = values->brand,
                                   [TOKEN_AMOUNT] = values->amount,
                                   [TOKEN_PAYEE] = values->payee};
    for (size_t at = 0; at < template.len;) {
        const struct token token = next_token(template, &at);
        switch (token.kind) {
        case TOKEN_CODE:
        case TOKEN_BRAND:
        case TOKEN_AMOUNT:
        case TOKEN_PAYEE:
            og_buf_add(out, texts[token.kind]);
            break;
        case TOKEN_MINUTES:
            og_buf_add_i64(out, values->minutes);
            break;
        case TOKEN_MINUTE_WORD:
            og_buf_add(out, form_at(token.text, og_locale_form(locale, values->minutes)));
            break;
        default:
            og_buf_add(out, token.text);
            break;
        }
    }
}

/* ---- alphabets ---- */

enum og_code
og_otp_template_check_gsm7(struct og_str template, struct og_err *err)
{
    struct og_sms_size size;
    if (!og_sms_measure(template, &size) || size.encoding == OG_SMS_GSM7) {
        return OG_OK; /* what is not UTF-8 is refused elsewhere */
    }
    const char *instead = og_sms_suggestion(size.foreign_char);
    return og_fail(err, OG_E_UNPROCESSABLE, "template",
                   "has U+%04X at character %zu, which GSM-7 lacks%s%s%s", size.foreign_char,
                   size.foreign_index + 1, instead ? "; write \"" : "", instead ? instead : "",
                   instead ? "\"" : "");
}

void
og_otp_template_transliterate(struct og_str template, struct og_buf *out)
{
    for (size_t at = 0; at < template.len;) {
        const size_t from = at;
        const uint32_t c = og_codepoint_next(template, &at);
        const char *instead = og_sms_gsm7_cost(c) > 0 ? NULL : og_sms_suggestion(c);
        if (instead) {
            og_buf_add_cstr(out, instead);
        } else {
            og_buf_add(out, og_str_slice(template, from, at));
        }
    }
}

/* ---- names ---- */

static const char *const kind_names[] = {"code", "payment"};
static const char *const policy_names[OG_OTP_TEMPLATE_POLICIES] = {"strict", "transliterate",
                                                                   "ucs2"};

const char *
og_otp_template_kind_name(enum og_otp_template_kind kind)
{
    return kind_names[kind];
}

const char *
og_otp_template_policy_name(enum og_otp_template_policy policy)
{
    return policy_names[policy];
}

bool
og_otp_template_kind_of(struct og_str name, enum og_otp_template_kind *out)
{
    *out = og_str_eq(name, OG_STR("payment")) ? OG_OTP_TEMPLATE_PAYMENT : OG_OTP_TEMPLATE_CODE;
    return og_str_eq(name, og_str_from(kind_names[*out]));
}

bool
og_otp_template_policy_of(struct og_str name, enum og_otp_template_policy *out)
{
    for (int i = 0; i < OG_OTP_TEMPLATE_POLICIES; i++) {
        if (og_str_eq(name, og_str_from(policy_names[i]))) {
            *out = (enum og_otp_template_policy)i;
            return true;
        }
    }
    return false;
}
