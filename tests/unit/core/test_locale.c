/*
 * Languages: which one a tag or a number gets, the words for minutes, and what our sentences cost
 * in each. Money, which sentences name.
 */
#include "tests/unit/check.h"

#include <stdio.h>
#include <string.h>

#include "core/locale.h"
#include "core/money.h"
#include "core/otp_text.h"

static const char *
tag_of(const struct og_locale *locale)
{
    return locale ? locale->tag : "";
}

static void
test_tags(void **state)
{
    static const char *const good[] = {"en", "pt-BR", "zh-Hant-TW", "de-DE-1996", "en-x-shop",
                                       "sr-Latn-RS"};
    static const char *const bad[] = {"",     "e",        "en-",        "-en",       "en_US",
                                      "en--", "d\xC3\xA9", "abcdefghi", "en-x",     "x",
                                      "en US", "abcdefgh-abcdefgh-abcdefgh-abcdefgh-ab"};
    for (size_t i = 0; i < COUNT(good); i++) {
        assert_int_equal(og_locale_check(og_str_from(good[i]), "locale", NULL), OG_OK);
    }
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct og_err err = {0};
        assert_int_equal(og_locale_check(og_str_from(bad[i]), "locale", &err),
                         OG_E_UNPROCESSABLE);
        assert_string_equal(err.field, "locale");
    }
}

/* RFC 4647 section 3.4's own example. */
static void
test_widening(void **state)
{
    static const char *const steps[] = {"zh-Hant-CN-x-private1", "zh-Hant-CN", "zh-Hant", "zh"};
    struct og_str tag = OG_STR("zh-Hant-CN-x-private1-private2");
    for (size_t i = 0; i < COUNT(steps); i++) {
        assert_true(og_locale_widen(&tag));
        assert_str(tag, steps[i]);
    }
    assert_false(og_locale_widen(&tag));
}

static void
test_lookup(void **state)
{
    static const char *const rows[][2] = {
        {"en", "en"},         {"EN-us", "en"},           {"de-AT", "de"},
        {"pt", "pt"},         {"pt-PT", "pt"},           {"pt-br", "pt-BR"},
        {"no", "nb"},         {"nn-NO", "nb"},           {"iw", "he"},
        {"zh", "zh-Hans"},    {"zh-CN", "zh-Hans"},      {"zh-TW", "zh-Hant"},
        {"zh-Hant-HK", "zh-Hant"}, {"zh-HK", "zh-Hant"}, {"de-x-shop", "de"},
        {"sw", ""},           {"tlh-Latn", ""},          {"", ""},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        assert_string_equal(tag_of(og_locale_find(og_str_from(rows[i][0]))), rows[i][1]);
    }
}

static void
test_language_of_a_number(void **state)
{
    static const char *const rows[][2] = {
        {"+4915112345678", "de"}, {"+447700900123", "en"}, {"+351912345678", "pt"},
        {"+5511912345678", "pt-BR"}, {"+420601123456", "cs"}, {"+12025550123", ""},
        {"+41781234567", ""}, {"", ""},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        assert_string_equal(tag_of(og_locale_of_number(og_str_from(rows[i][0]))), rows[i][1]);
    }
}

/* The rules themselves are compared with CLDR's in tests/api/test_templates.py. */
static void
test_plural(void **state)
{
    static const struct {
        const char *tag;
        int minutes;
        int form;
    } rows[] = {
        {"en", 1, 0}, {"en", 2, 1}, {"en", 10, 1}, {"ru", 1, 0}, {"ru", 4, 1}, {"ru", 5, 2},
        {"sl", 2, 1}, {"sl", 3, 2}, {"sl", 10, 3}, {"lv", 10, 2}, {"ja", 7, 0}, {"ja", 99, 0},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct og_locale *locale = og_locale_find(og_str_from(rows[i].tag));
        assert_int_equal(og_locale_form(locale, rows[i].minutes), rows[i].form);
    }
    for (int i = 0; i < og_locale_count; i++) {
        assert_int_equal(strlen(og_locales[i].plural), 10);
        assert_in_range(og_locale_form_count(&og_locales[i]), 1, OG_LOCALE_PLURAL_FORMS_MAX);
    }
}

/* ---- our sentences ---- */

static const char *const ucs2_languages = " ar bg el he hi hu ja ko ru th uk vi zh-Hans zh-Hant ";

static bool
is_word_of(const char *list, const char *word)
{
    char padded[40];
    snprintf(padded, sizeof padded, " %s ", word);
    return strstr(list, padded) != NULL;
}

/* Whole, in a usual app: brand, hash, domain line. */
static void
test_req_54_every_locale_fits_one_segment(void **state)
{
    assert_true(og_locale_count >= 20);
    for (int i = 0; i < og_locale_count; i++) {
        const struct og_locale *locale = &og_locales[i];
        const struct og_otp_text text = {
            .locale = locale,
            .brand = OG_STR("ExampleApp"),
            .app_hashes = {OG_STR("FA+9qCX9VSu")},
            .host = OG_STR("example.com"),
            .minutes = 10,
        };
        struct og_sms_size size;
        struct og_err err = {0};
        if (og_otp_text_measure(&text, &size, &err) != OG_OK) {
            fail_msg("%s: %s", locale->tag, err.text);
        }
        assert_int_equal(size.segments, 1);
        assert_true(size.bytes <= OG_OTP_TEXT_MAX_BYTES);
        if ((size.encoding == OG_SMS_UCS2) != is_word_of(ucs2_languages, locale->tag)) {
            fail_msg("%s is %s", locale->tag, og_sms_encoding_name(size.encoding));
        }
    }
}

static struct og_str
composed(const struct og_otp_text *text, struct og_secret *out)
{
    struct og_err err = {0};
    if (og_otp_text_compose(text, out, NULL, &err) != OG_OK) {
        fail_msg("%s: %s %s", text->locale->tag, err.field, err.text);
    }
    return og_secret_str(out);
}

/* Every sentence of every language, whole: nothing was left out for its length, the code is first,
 * each form of the word is its own. */
static void
test_sentences_are_whole(void **state)
{
    for (int i = 0; i < og_locale_count; i++) {
        const struct og_locale *locale = &og_locales[i];
        for (int minutes = 1; minutes <= 10; minutes++) {
            struct og_otp_text text = {
                .locale = locale, .code = OG_STR("482913"), .minutes = minutes};
            struct og_secret out = {0};
            const struct og_str plain = composed(&text, &out);
            assert_true(og_str_starts(plain, OG_STR("482913")));
            assert_true(og_str_ends(plain, og_str_from(locale->warning)));
            assert_int_equal(og_str_find(plain, '{'), plain.len);
            text.brand = OG_STR("Shop");
            assert_non_null(strstr(composed(&text, &out).ptr, "Shop"));
            text.payee = OG_STR("ACME");
            text.amount = OG_STR("EUR 49.90");
            assert_non_null(strstr(composed(&text, &out).ptr, "EUR 49.90"));
            assert_non_null(strstr(out.bytes, "ACME"));
            og_secret_finish(&out);
        }
    }
}

/* Less room, fewer sentences; the brand stays. */
static void
test_what_does_not_fit_is_left_out(void **state)
{
    struct og_otp_text text = {.locale = og_locale_find(OG_STR("ru")),
                               .code = OG_STR("482913"),
                               .brand = OG_STR("Пример"),
                               .minutes = 5};
    struct og_secret out = {0};
    assert_str(composed(&text, &out),
               "482913 — ваш код Пример. Действует 5 минут. Никому не сообщайте.");
    text.app_hashes[0] = OG_STR("FA+9qCX9VSu");
    assert_str(composed(&text, &out),
               "482913 — ваш код Пример. Никому не сообщайте.\nFA+9qCX9VSu");
    text.host = OG_STR("example.com");
    assert_str(composed(&text, &out),
               "482913 — ваш код Пример.\nFA+9qCX9VSu\n@example.com #482913");
    text.brand = OG_STR("Общество Примеров и");
    text.app_hashes[0] = OG_STR("");
    assert_str(composed(&text, &out),
               "482913 — ваш код Общество Примеров и.\n@example.com #482913");
    og_secret_finish(&out);
}

/* ---- money ---- */

static void
test_money(void **state)
{
    static const char *const rows[][3] = {
        {"49.90", "EUR", "EUR 49.90"},   {"49.9", "EUR", "EUR 49.90"}, {"49", "EUR", "EUR 49.00"},
        {"0.01", "USD", "USD 0.01"},     {"1500", "JPY", "JPY 1500"},  {"1.5", "KWD", "KWD 1.500"},
        {"999999999.99", "EUR", OG_MONEY_LONGEST}, {"0", "EUR", "EUR 0.00"},
        {"49.901", "EUR", ""},           {"1.5", "JPY", ""},           {"049", "EUR", ""},
        {"-1", "EUR", ""},               {"1,50", "EUR", ""},          {".5", "EUR", ""},
        {"5.", "EUR", ""},               {"", "EUR", ""},              {"1e3", "EUR", ""},
        {"1000000000", "EUR", ""},       {"1", "eur", ""},             {"1", "EURO", ""},
        {"1", "", ""},                   {"1.2.3", "EUR", ""},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        char out[OG_MONEY_BYTES] = "";
        struct og_err err = {0};
        const enum og_code code =
            og_money_read(og_str_from(rows[i][0]), og_str_from(rows[i][1]), out, &err);
        assert_int_equal(code, rows[i][2][0] ? OG_OK : OG_E_UNPROCESSABLE);
        assert_string_equal(out, rows[i][2]);
        assert_true(code == OG_OK || strncmp(err.field, "context.", 8) == 0);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tags),
        cmocka_unit_test(test_widening),
        cmocka_unit_test(test_lookup),
        cmocka_unit_test(test_language_of_a_number),
        cmocka_unit_test(test_plural),
        cmocka_unit_test(test_req_54_every_locale_fits_one_segment),
        cmocka_unit_test(test_sentences_are_whole),
        cmocka_unit_test(test_what_does_not_fit_is_left_out),
        cmocka_unit_test(test_money),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
