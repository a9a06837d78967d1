/*
 * A text is checked as a template first (where is the code, what stands before it), then filled,
 * then measured as a whole. What held the code on the way is wiped.
 */
#include "core/otp_text.h"

#include <assert.h>

#include "base/buf.h"
#include "core/codepoint.h"
#include "core/money.h"
#include "core/otp.h"

#define RENDER_MAX_BYTES 4096 /* far more than any text that fits */

/* ---- what may stand for a variable ---- */

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

static bool
is_host_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
}

enum og_code
og_otp_check_host(struct og_str host, const char *field, struct og_err *err)
{
    size_t label = 0, dots = 0;
    bool fits = host.len > 0 && host.len <= OG_OTP_HOST_MAX_CHARS;
    for (size_t i = 0; fits && i <= host.len; i++) {
        const char c = i < host.len ? host.ptr[i] : '.';
        if (c == '.') {
            fits = label > 0 && label <= 63 && host.ptr[i - 1] != '-';
            dots += i < host.len;
            label = 0;
        } else {
            fits = is_host_char(c) && !(c == '-' && label == 0);
            label++;
        }
    }
    return fits && dots > 0 ? OG_OK
                            : og_fail(err, OG_E_UNPROCESSABLE, field,
                                      "must be a host like shop.example: letters, digits, hyphens "
                                      "and dots, no scheme, port or path, at most %d characters",
                                      OG_OTP_HOST_MAX_CHARS);
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

/* ---- whether parts and template go together ---- */

static enum og_code
check_name(struct og_str value, const char *field, bool is_wanted, bool before_code,
           struct og_err *err)
{
    if (value.len == 0) {
        return is_wanted ? og_fail(err, OG_E_UNPROCESSABLE, field, "is wanted by the template")
                         : OG_OK;
    }
    const enum og_code code = og_otp_check_variable(value, field, err);
    return code == OG_OK && before_code && has_digit(value)
               ? og_fail(err, OG_E_UNPROCESSABLE, field,
                         "must not have digits where it stands before the code")
               : code;
}

static enum og_code
check_lines(const struct og_otp_text *self, struct og_err *err)
{
    enum og_code code = OG_OK;
    for (int i = 0; code == OG_OK && i < OG_OTP_TEXT_HASHES_MAX; i++) {
        if (self->app_hashes[i].len > 0) {
            code = og_otp_check_app_hash(self->app_hashes[i], err);
        }
    }
    if (code == OG_OK && self->host.len > 0) {
        code = og_otp_check_host(self->host, "host", err);
    }
    if (code == OG_OK && self->embedded_host.len > 0) {
        code = og_otp_check_host(self->embedded_host, "embedded_host", err);
    }
    return code;
}

static enum og_code
check_fields(const struct og_otp_text *self, const struct og_otp_layout *layout,
             struct og_err *err)
{
    enum og_code code = check_name(self->brand, "brand", layout->has_brand,
                                   layout->brand_before_code, err);
    if (code == OG_OK) {
        code = check_name(self->payee, "payee", layout->has_payee, layout->payee_before_code, err);
    }
    if (code == OG_OK && layout->has_amount && self->amount.len == 0) {
        code = og_fail(err, OG_E_UNPROCESSABLE, "amount", "is wanted by the template");
    }
    if (code == OG_OK && layout->has_minutes && self->minutes == 0) {
        code = og_fail(err, OG_E_UNPROCESSABLE, "template",
                       "has {minutes}, but the validity is not to be told");
    }
    return code == OG_OK ? check_lines(self, err) : code;
}

/* ---- filling ---- */

static void
render(const struct og_otp_text *self, struct og_str template, const struct og_locale *locale,
       int hash_count, struct og_buf *out)
{
    const struct og_otp_values values = {.code = self->code,
                                         .brand = self->brand,
                                         .amount = self->amount,
                                         .payee = self->payee,
                                         .minutes = self->minutes};
    if (self->retriever_prefix) {
        og_buf_add_cstr(out, "<#> ");
    }
    og_otp_template_render(template, locale, &values, out);
    for (int i = 0; i < hash_count; i++) {
        og_buf_add_byte(out, '\n');
        og_buf_add(out, self->app_hashes[i]);
    }
    if (self->host.len > 0) {
        og_buf_printf(out, "\n@%" OG_STR_FMT " #%" OG_STR_FMT, OG_STR_ARG(self->host),
                      OG_STR_ARG(self->code));
    }
    if (self->host.len > 0 && self->embedded_host.len > 0) {
        og_buf_printf(out, " @%" OG_STR_FMT, OG_STR_ARG(self->embedded_host));
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
check_size(const struct og_buf *text, bool allow_long, struct og_sms_size *size,
           struct og_err *err)
{
    if (text->full || !og_sms_measure(og_buf_str(text), size) ||
        (allow_long && text->len > OG_SECRET_MAX_BYTES)) {
        return og_fail(err, OG_E_UNPROCESSABLE, "text", "is much too long for one SMS");
    }
    if (size->segments > 1 && !allow_long) {
        return fail_segments(size, err);
    }
    if (size->bytes > OG_OTP_TEXT_MAX_BYTES && !allow_long) {
        return og_fail(err, OG_E_UNPROCESSABLE, "text",
                       "exceeds the %d bytes that apps can read by %zu", OG_OTP_TEXT_MAX_BYTES,
                       size->bytes - OG_OTP_TEXT_MAX_BYTES);
    }
    return OG_OK;
}

/* ---- one template ---- */

static int
count_hashes(const struct og_otp_text *self)
{
    int count = 0;
    while (count < OG_OTP_TEXT_HASHES_MAX && self->app_hashes[count].len > 0) {
        count++;
    }
    return count;
}

/* With all app hashes, or without the second where both do not fit. */
static enum og_code
fill(const struct og_otp_text *self, struct og_str template, const struct og_locale *locale,
     struct og_buf *text, struct og_sms_size *size, struct og_err *err)
{
    struct og_otp_layout layout;
    enum og_code code = og_otp_template_read(template, locale, &layout, err);
    if (code == OG_OK) {
        code = check_fields(self, &layout, err);
    }
    if (code != OG_OK) {
        return code;
    }
    int hash_count = count_hashes(self);
    do {
        og_buf_wipe(text);
        render(self, template, locale, hash_count, text);
        code = check_size(text, self->allow_long, size, err);
    } while (code != OG_OK && hash_count-- > 1);
    return code;
}

/* ---- our own sentences ---- */

/* How much of them stands: less when the message would not fit. */
enum { OWN_ALL, OWN_WITHOUT_VALID, OWN_SHORT, OWN_ENGLISH, OWN_COUNT };

static void
build_own(const struct og_otp_text *self, const struct og_locale *locale, int amount,
          struct og_buf *out)
{
    const struct og_locale *words = amount == OWN_ENGLISH ? &og_locales[0] : locale;
    og_buf_clear(out);
    og_buf_add_cstr(out, self->payee.len   ? words->payment
                         : self->brand.len ? words->branded
                                           : words->plain);
    if (amount == OWN_ALL && self->minutes > 0) {
        og_buf_add_cstr(out, words->valid);
    }
    if (amount <= OWN_WITHOUT_VALID) {
        og_buf_add_cstr(out, words->warning);
    }
}

static enum og_code
fill_own(const struct og_otp_text *self, const struct og_locale *locale, struct og_buf *text,
         struct og_sms_size *size, struct og_err *err)
{
    struct og_buf template;
    enum og_code code = OG_E_UNPROCESSABLE;
    og_buf_init(&template, OG_OTP_TEMPLATE_MAX_BYTES);
    for (int amount = OWN_ALL; code != OG_OK && amount < OWN_COUNT; amount++) {
        build_own(self, locale, amount, &template);
        code = fill(self, og_buf_str(&template),
                    amount == OWN_ENGLISH ? &og_locales[0] : locale, text, size, err);
    }
    og_buf_finish(&template);
    return code;
}

enum og_code
og_otp_text_compose(const struct og_otp_text *self, struct og_secret *out,
                    struct og_sms_size *size, struct og_err *err)
{
    struct og_sms_size measured = {0};
    struct og_buf text;

    assert(self->minutes >= 0);
    assert(og_otp_check_custom(self->code, NULL) == OG_OK);
    og_secret_finish(out);
    og_buf_init(&text, RENDER_MAX_BYTES);
    enum og_code code =
        self->template.len
            ? fill(self, self->template, self->locale, &text, &measured, err)
            : fill_own(self, self->locale ? self->locale : &og_locales[0], &text, &measured, err);
    if (code == OG_OK && !og_secret_set(out, og_buf_str(&text))) {
        code = og_fail(err, OG_E_INTERNAL, "", "an OTP text does not fit a secret");
    }
    if (size) {
        *size = measured;
    }
    og_buf_finish(&text);
    return code;
}

/* ---- at most ---- */

static bool
costs_more(const struct og_sms_size *a, const struct og_sms_size *b)
{
    if (a->segments != b->segments) {
        return a->segments > b->segments;
    }
    return a->encoding != b->encoding ? a->encoding == OG_SMS_UCS2 : a->units > b->units;
}

enum og_code
og_otp_text_measure(const struct og_otp_text *self, struct og_sms_size *size, struct og_err *err)
{
    static const char longest[] = "WWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWW";
    struct og_otp_text most = *self;
    struct og_otp_layout layout = {0};
    enum og_code worst = OG_OK;
    if (self->template.len) {
        worst = og_otp_template_read(self->template, self->locale, &layout, err);
    }
    most.code = OG_STR("0000000000");
    if (layout.has_brand && most.brand.len == 0) {
        most.brand = (struct og_str){longest, OG_OTP_BRAND_MAX_CHARS / 2};
    }
    if (layout.has_payee && most.payee.len == 0) {
        most.payee = (struct og_str){longest, OG_OTP_PAYEE_MAX_CHARS / 2};
    }
    if (layout.has_amount && most.amount.len == 0) {
        most.amount = OG_STR(OG_MONEY_LONGEST);
    }
    *size = (struct og_sms_size){0};
    for (most.minutes = 1; worst == OG_OK && most.minutes <= self->minutes; most.minutes++) {
        struct og_secret text = {0};
        struct og_sms_size one;
        worst = og_otp_text_compose(&most, &text, &one, err);
        if (worst != OG_OK || costs_more(&one, size)) {
            *size = one;
        }
        og_secret_finish(&text);
    }
    return worst;
}
