/*
 * Fuzzes measuring and composing. The counts must agree with each other and with a second count; a
 * composed text must keep what the composer promises, whatever template and brand were.
 *
 * The input is a template, a NUL, and a brand; as a whole it is measured as a text.
 */
#include <stdint.h>
#include <stdlib.h>

#include "core/otp_text.h"

#define CHECK(cond)                                                                               \
    do {                                                                                          \
        if (!(cond)) {                                                                            \
            abort();                                                                              \
        }                                                                                         \
    } while (0)

static void
check_measure(struct og_str text)
{
    struct og_sms_size size;
    bool measured = og_sms_measure(text, &size);
    CHECK(measured == og_str_is_utf8(text));
    if (!measured) {
        CHECK(og_sms_find_flaw(text).kind != OG_SMS_FLAW_NONE);
        return;
    }
    bool is_gsm7 = size.encoding == OG_SMS_GSM7;
    size_t single = is_gsm7 ? 160 : 70;
    size_t part = is_gsm7 ? 153 : 67;
    CHECK(size.bytes == text.len && size.characters <= text.len);
    CHECK(is_gsm7 || og_sms_gsm7_cost(size.foreign_char) == 0);
    CHECK(size.units >= size.characters && size.units <= 2 * size.characters);
    CHECK((size.segments == 1) == (size.units <= single));
    /* Each part but the last is full, or lacks the one unit that a pair did not fit into. */
    if (size.segments > 1) {
        CHECK(size.units <= size.segments * part);
        CHECK(size.units > (size.segments - 1) * (part - 1));
    }
}

static void
check_composed(struct og_str text, const struct og_sms_size *size)
{
    struct og_str code = OG_STR("482913");
    size_t at = 0;

    CHECK(text.len <= OG_OTP_TEXT_MAX_BYTES && size->segments == 1);
    CHECK(og_sms_find_flaw(text).kind == OG_SMS_FLAW_NONE);
    while (at < text.len && !(text.ptr[at] >= '0' && text.ptr[at] <= '9')) {
        at++;
    }
    CHECK(og_str_starts(og_str_slice(text, at, text.len), code));
    CHECK(at + code.len == text.len || text.ptr[at + code.len] < '0' ||
          text.ptr[at + code.len] > '9');
}

static void
check_compose(struct og_str template, struct og_str brand, int flags)
{
    const struct og_otp_text ask = {
        .template = template,
        .brand = brand,
        .code = OG_STR("482913"),
        .app_hashes = {flags & 1 ? OG_STR("FA+9qCX9VSu") : (struct og_str){0}},
        .locale = flags & 2 ? &og_locales[0] : NULL,
        .minutes = flags & 2 ? 5 : 0,
        .retriever_prefix = flags & 4,
    };
    struct og_secret out = {0};
    struct og_sms_size size;
    struct og_err err = {0};

    if (og_otp_text_compose(&ask, &out, &size, &err) == OG_OK) {
        struct og_str text = og_secret_str(&out);
        check_composed(text, &size);
        CHECK(!(flags & 1) || og_str_ends(text, OG_STR("\nFA+9qCX9VSu")));
        CHECK(!(flags & 4) || og_str_starts(text, OG_STR("<#> ")));
    } else {
        CHECK(err.code == OG_E_UNPROCESSABLE && err.field[0] != '\0' && out.len == 0);
        CHECK(!strstr(err.text, "482913"));
    }
    og_secret_finish(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct og_str input = {(const char *)data, size};
    size_t split = og_str_find(input, '\0');
    struct og_str template = og_str_slice(input, 0, split);
    struct og_str brand = og_str_slice(input, split + 1, size);

    check_measure(input);
    if (og_str_is_utf8(brand) || brand.len < 64) {
        for (int flags = 0; flags < 8; flags++) {
            check_compose(template, brand, flags);
        }
    }
    return 0;
}
