/*
 * Templates and the lines under them, requirement by requirement: what may be saved, what comes
 * out, what is refused with which field and reason.
 */
#include "tests/unit/check.h"

#include <stdio.h>
#include <string.h>

#include "core/money.h"
#include "core/otp.h"
#include "core/otp_text.h"

#define HASH "FA+9qCX9VSu"
#define HASH2 "OjvCiOzMEvS"

static const struct og_locale *
language(const char *tag)
{
    return og_locale_find(og_str_from(tag));
}

static void
assert_reads(const char *template, const char *tag, const char *reason)
{
    struct og_err err = {0};
    const enum og_code code =
        og_otp_template_read(og_str_from(template), language(tag), NULL, &err);
    if (code != (reason ? OG_E_UNPROCESSABLE : OG_OK) || (reason && !strstr(err.text, reason))) {
        fail_msg("\"%s\": %s \"%s\"", template, og_code_wire(code), err.text);
    }
}

static void
test_plural_forms(void **state)
{
    assert_reads("{code} {minutes} {minutes|minute|minutes}", "en", NULL);
    assert_reads("{code} {minutes|минуту|минуты|минут}", "ru", NULL);
    assert_reads("{code} {minutes|分}", "ja", NULL);
    assert_reads("{code} {minutes|minute}", "en", "as many forms");
    assert_reads("{code} {minutes|a|b|c}", "en", "as many forms");
    assert_reads("{code} {minutes|a|b}", "sw", "plural is not known");
    assert_reads("{code} {minutes|a|b", "en", "only");
    assert_reads("{code} {minutes|a|{brand}}", "en", "only");
    assert_reads("{code} {minutes}", "sw", NULL);
}

static void
test_req_36_payment_templates_show_amount_and_payee(void **state)
{
    static const struct {
        const char *template;
        bool is_code, is_payment;
    } rows[] = {
        {"{code} approves {amount} to {payee}", false, true},
        {"{code} approves {amount}", false, false},
        {"{code} pays {payee}", false, false},
        {"{code} is yours", true, false},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct og_otp_layout layout;
        struct og_err err = {0};
        assert_int_equal(
            og_otp_template_read(og_str_from(rows[i].template), language("en"), &layout, &err),
            OG_OK);
        assert_int_equal(og_otp_template_check_kind(&layout, OG_OTP_TEMPLATE_CODE, &err) == OG_OK,
                         rows[i].is_code);
        assert_int_equal(
            og_otp_template_check_kind(&layout, OG_OTP_TEMPLATE_PAYMENT, &err) == OG_OK,
            rows[i].is_payment);
    }
}

static void
test_req_54_measure_takes_the_longest_variables(void **state)
{
    static const struct {
        const char *template;
        const char *tag;
        size_t units;
        enum og_sms_encoding encoding;
    } rows[] = {
        {"{code}", "en", 10, OG_SMS_GSM7},
        {"{code} {minutes}", "en", 13, OG_SMS_GSM7},
        {"{code} {minutes|a|bcd}", "en", 14, OG_SMS_GSM7},
        {"{code} {brand}", "en", 31, OG_SMS_GSM7},
        {"{code} {amount} {payee}", "en", 10 + 1 + 16 + 1 + 20, OG_SMS_GSM7},
        {"{code} {minutes|ж|d|d}", "ru", 12, OG_SMS_UCS2}, /* one form makes it UCS-2 */
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct og_otp_text text = {.template = og_str_from(rows[i].template),
                                         .locale = language(rows[i].tag),
                                         .minutes = 10};
        struct og_sms_size size;
        assert_int_equal(og_otp_text_measure(&text, &size, NULL), OG_OK);
        assert_int_equal(size.units, rows[i].units);
        assert_int_equal(size.encoding, rows[i].encoding);
    }
}

static void
test_req_54_long_templates_are_refused_unless_allowed(void **state)
{
    char template[200] = "{code} ";
    memset(template + 7, 'a', 131);
    struct og_otp_text text = {
        .template = og_str_from(template), .locale = language("en"), .minutes = 10};
    struct og_sms_size size;
    struct og_err err = {0};
    assert_int_equal(og_otp_text_measure(&text, &size, &err), OG_E_UNPROCESSABLE);
    assert_string_equal(err.field, "text");
    assert_int_equal(size.bytes, 142);
    text.allow_long = true;
    assert_int_equal(og_otp_text_measure(&text, &size, &err), OG_OK);
    template[7] = '\0';
    for (int i = 0; i < 12; i++) {
        strcat(template, "中中中中");
    }
    text.template = og_str_from(template);
    assert_int_equal(og_otp_text_measure(&text, &size, &err), OG_OK);
    text.allow_long = false;
    assert_int_equal(og_otp_text_measure(&text, &size, &err), OG_E_UNPROCESSABLE);
}

static void
test_req_55_strict_names_character_and_place(void **state)
{
    struct og_err err = {0};
    struct og_buf out;
    assert_int_equal(og_otp_template_check_gsm7(OG_STR("{code} es tu código"), &err),
                     OG_E_UNPROCESSABLE);
    assert_non_null(strstr(err.text, "U+00F3 at character 15"));
    assert_non_null(strstr(err.text, "write \"o\""));
    assert_int_equal(og_otp_template_check_gsm7(OG_STR("{code} è il tuo"), &err), OG_OK);
    og_buf_init(&out, 1000);
    og_otp_template_transliterate(OG_STR("{code} es tu código — ñandú {brand}"), &out);
    assert_str(og_buf_str(&out), "{code} es tu codigo - ñandu {brand}");
    og_buf_finish(&out);
}

/* ---- the lines ---- */

static void
assert_composed(const struct og_otp_text *parts, const char *expected, const char *field)
{
    struct og_otp_text text = *parts;
    struct og_secret out = {0};
    struct og_err err = {0};
    text.code = OG_STR("482913");
    text.template = text.template.len ? text.template : OG_STR("{code} is it.");
    const enum og_code code = og_otp_text_compose(&text, &out, NULL, &err);
    if (code != (field ? OG_E_UNPROCESSABLE : OG_OK)) {
        fail_msg("%s: %s", err.field, err.text);
    }
    if (field) {
        assert_string_equal(err.field, field);
    } else {
        assert_str(og_secret_str(&out), expected);
    }
    og_secret_finish(&out);
}

static void
test_req_57_app_hash_form(void **state)
{
    static const char *const wrong[] = {"FA+9qCX9", "FA+9qCX9VS", "FA+9qCX9VSuu", "FA+9qCX9VS=",
                                        "FA-9qCX9VSu", "FA_9qCX9VSu"};
    assert_int_equal(og_otp_check_app_hash(OG_STR(HASH), NULL), OG_OK);
    for (size_t i = 0; i < COUNT(wrong); i++) {
        struct og_err err = {0};
        assert_int_equal(og_otp_check_app_hash(og_str_from(wrong[i]), &err), OG_E_UNPROCESSABLE);
        assert_string_equal(err.field, "app_hash");
        assert_true(strlen(err.text) > 10);
    }
}

static void
test_req_61_two_hashes_when_they_fit(void **state)
{
    struct og_otp_text text = {.app_hashes = {OG_STR(HASH), OG_STR(HASH2)}};
    char template[200] = "{code} ";
    char expected[300];
    assert_composed(&text, "482913 is it.\n" HASH "\n" HASH2, NULL);
    memset(template + 7, 'a', 115); /* 122 bytes with the code: room for one of them */
    text.template = og_str_from(template);
    snprintf(expected, sizeof expected, "482913 %s\n" HASH, template + 7);
    assert_composed(&text, expected, NULL);
}

static void
test_req_62_domain_line_is_last(void **state)
{
    const struct og_otp_text plain = {.host = OG_STR("example.com")};
    const struct og_otp_text all = {.app_hashes = {OG_STR(HASH)},
                                    .host = OG_STR("shop.example"),
                                    .embedded_host = OG_STR("bank.example")};
    static const char *const bad[] = {"example.com:8443", "https://example.com", "example",
                                      "bücher.example",   "a..example",          "-a.example",
                                      "a-.example",       "a.example/x",         "a b.example",
                                      ".example",         "example.",            "a#.example"};
    assert_composed(&plain, "482913 is it.\n@example.com #482913", NULL);
    assert_composed(&all, "482913 is it.\n" HASH "\n@shop.example #482913 @bank.example", NULL);
    for (size_t i = 0; i < COUNT(bad); i++) {
        const struct og_otp_text wrong = {.host = og_str_from(bad[i])};
        assert_composed(&wrong, "", "host");
    }
    const struct og_otp_text wrong = {.host = OG_STR("a.example"), .embedded_host = OG_STR("x")};
    assert_composed(&wrong, "", "embedded_host");
    assert_int_equal(og_otp_check_host(OG_STR("xn--bcher-kva.example"), "host", NULL), OG_OK);
}

/* Section 2.3 of the domain notes: sizes of whole messages. */
static void
test_combined_message_sizes(void **state)
{
    static const struct {
        const char *template, *host, *embedded;
        size_t units, segments, bytes;
    } rows[] = {
        {"{code} is your ExampleApp code. Never share it.\n", "example.com", "", 81, 1, 81},
        {"{code} is your ExampleBank code.\n", "shop.example", "bank.example", 81, 1, 81},
        {"{code} ist Ihr ExampleApp-Code. Nicht weitergeben.\n", "example.com", "", 84, 1, 84},
        {"{code} — ваш код ExampleApp", "example.com", "", 60, 1, 68},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct og_otp_text text = {.template = og_str_from(rows[i].template),
                                         .locale = language("en"),
                                         .code = OG_STR("482913"),
                                         .app_hashes = {OG_STR(HASH)},
                                         .host = og_str_from(rows[i].host),
                                         .embedded_host = og_str_from(rows[i].embedded)};
        struct og_secret out = {0};
        struct og_sms_size size;
        assert_int_equal(og_otp_text_compose(&text, &out, &size, NULL), OG_OK);
        assert_int_equal(size.units, rows[i].units);
        assert_int_equal(size.segments, rows[i].segments);
        assert_int_equal(size.bytes, rows[i].bytes);
        og_secret_finish(&out);
    }
}

static void
test_req_63_variables_cannot_forge_lines(void **state)
{
    static const char *const bad[] = {"a@b",  "a#b",     "https://x", "mailto:x", "www.x",
                                      "a\nb", "a\x07", "a\u202eb", "a\u2066b", "a\u200bb"};
    for (size_t i = 0; i < COUNT(bad); i++) {
        const struct og_otp_text brand = {.template = OG_STR("{code} {brand}"),
                                          .brand = og_str_from(bad[i])};
        const struct og_otp_text payee = {.template = OG_STR("{code} {amount} {payee}"),
                                          .amount = OG_STR("EUR 1.00"),
                                          .payee = og_str_from(bad[i])};
        assert_composed(&brand, "", "brand");
        assert_composed(&payee, "", "payee");
    }
}

static void
test_req_64_code_is_the_first_group_of_digits(void **state)
{
    assert_reads("2 shops: {code}", "en", "digits before");
    assert_reads("{amount} to {payee}: {code}", "en", "digits before");
    assert_reads("{minutes} min: {code}", "en", "digits before");
    assert_reads("{minutes|1|2}: {code}", "en", "digits before");
    const struct og_otp_text brand = {.template = OG_STR("{brand}: {code}"),
                                      .brand = OG_STR("24/7")};
    const struct og_otp_text payee = {.template = OG_STR("{payee}: {code} {amount}"),
                                      .amount = OG_STR("EUR 1.00"),
                                      .payee = OG_STR("Shop 24")};
    assert_composed(&brand, "", "brand");
    assert_composed(&payee, "", "payee");
}

static void
test_req_65_prefix_and_no_zero_width_space(void **state)
{
    const struct og_otp_text text = {.retriever_prefix = true, .app_hashes = {OG_STR(HASH)}};
    assert_composed(&text, "<#> 482913 is it.\n" HASH, NULL);
    assert_reads("\u200b\u200b{code}", "en", "invisible");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plural_forms),
        cmocka_unit_test(test_req_36_payment_templates_show_amount_and_payee),
        cmocka_unit_test(test_req_54_measure_takes_the_longest_variables),
        cmocka_unit_test(test_req_54_long_templates_are_refused_unless_allowed),
        cmocka_unit_test(test_req_55_strict_names_character_and_place),
        cmocka_unit_test(test_req_57_app_hash_form),
        cmocka_unit_test(test_req_61_two_hashes_when_they_fit),
        cmocka_unit_test(test_req_62_domain_line_is_last),
        cmocka_unit_test(test_combined_message_sizes),
        cmocka_unit_test(test_req_63_variables_cannot_forge_lines),
        cmocka_unit_test(test_req_64_code_is_the_first_group_of_digits),
        cmocka_unit_test(test_req_65_prefix_and_no_zero_width_space),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
