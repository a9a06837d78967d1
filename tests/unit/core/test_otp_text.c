/*
 * The text of an OTP message: what comes out, and what is refused with which field and reason.
 */
#include "tests/unit/check.h"

#include <string.h>

#include "core/otp_text.h"

#define HASH "FA+9qCX9VSu"

struct row {
    const char *template;
    const char *brand;
    int minutes;
    const char *app_hash;
    bool prefix;
    const char *field; /* NULL: accepted */
    const char *text;  /* what comes out, or a part of the reason */
};

static enum og_code
compose(const struct row *row, struct og_secret *out, struct og_sms_size *size,
        struct og_err *err)
{
    const struct og_otp_text text = {
        .template = og_str_from(row->template),
        .locale = &og_locales[0],
        .brand = og_str_from(row->brand),
        .code = OG_STR("482913"),
        .app_hashes = {og_str_from(row->app_hash)},
        .minutes = row->minutes,
        .retriever_prefix = row->prefix,
    };
    return og_otp_text_compose(&text, out, size, err);
}

static void
test_composed(void **state)
{
    static const struct row rows[] = {
        {"", "", 0, "", false, NULL, "482913 is your code. Never share it."},
        {"", "Acme", 0, "", false, NULL, "482913 is your Acme code. Never share it."},
        {"", "", 5, "", false, NULL, "482913 is your code. Valid for 5 minutes. Never share it."},
        {"", "Acme", 1, "", false, NULL,
         "482913 is your Acme code. Valid for 1 minute. Never share it."},
        {"", "Acme", 0, HASH, false, NULL,
         "482913 is your Acme code. Never share it.\n" HASH},
        {"", "Acme", 0, HASH, true, NULL,
         "<#> 482913 is your Acme code. Never share it.\n" HASH},
        {"", "Bücher & Café", 0, "", false, NULL,
         "482913 is your Bücher & Café code. Never share it."},
        {"", "Brand24", 0, "", false, NULL, "482913 is your Brand24 code. Never share it."},
        {"", "Booking.com", 0, "", false, NULL,
         "482913 is your Booking.com code. Never share it."},
        {"{brand}: {code}, valid {minutes} min", "Acme", 5, "", false, NULL,
         "Acme: 482913, valid 5 min"},
        {"Code: {code}\nBye", "", 0, "", false, NULL, "Code: 482913\nBye"},
        {"{code}", "", 0, "", false, NULL, "482913"},
        {"{{x}} {code}", "", 0, "", false, NULL, "{x} 482913"},
        {"({code}) 24/7", "", 0, "", false, NULL, "(482913) 24/7"},
        {"验证码是{code}，请勿泄露", "", 0, "", false, NULL, "验证码是482913，请勿泄露"},
        {"{code} код {brand}", "Пример", 0, HASH, false, NULL, "482913 код Пример\n" HASH},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct og_secret out = {0};
        struct og_sms_size size;
        struct og_err err = {0};
        if (compose(&rows[i], &out, &size, &err) != OG_OK) {
            fail_msg("row %zu: %s %s", i, err.field, err.text);
        }
        assert_str(og_secret_str(&out), rows[i].text);
        assert_int_equal(size.segments, 1);
        assert_int_equal(size.bytes, out.len);
        og_secret_finish(&out);
    }
}

static void
test_refused(void **state)
{
    static const struct row rows[] = {
        {"no code", "", 0, "", false, "template", "{code}"},
        {"{code} {code}", "", 0, "", false, "template", "once"},
        {"{cod}", "", 0, "", false, "template", "only"},
        {"{code} {", "", 0, "", false, "template", "only"},
        {"{code} }", "", 0, "", false, "template", "only"},
        {"{code} {Brand}", "x", 0, "", false, "template", "only"},
        {"24/7: {code}", "", 0, "", false, "template", "digits before"},
        {"٢ {code}", "", 0, "", false, "template", "digits before"},
        {"{minutes} min: {code}", "", 5, "", false, "template", "digits before"},
        {"A{code}", "", 0, "", false, "template", "touching"},
        {"{code}A", "", 0, "", false, "template", "touching"},
        {"{code}4", "", 0, "", false, "template", "touching"},
        {"{brand}{code}", "x", 0, "", false, "template", "touching"},
        {"{code}{minutes}", "", 5, "", false, "template", "touching"},
        {"{code}\t", "", 0, "", false, "template", "control"},
        {"{code}\xE2\x80\x8B", "", 0, "", false, "template", "invisible"},
        {"\xE2\x80\xAE{code}", "", 0, "", false, "template", "turns text"},
        {"{code}\xFF", "", 0, "", false, "template", "UTF-8"},
        {"{code} {minutes}", "", 0, "", false, "template", "validity"},
        {"{code} {brand}", "", 0, "", false, "brand", "wanted"},
        {"{brand}: {code}", "Brand24", 0, "", false, "brand", "digits"},
        {"{brand}: {code}", "Brand٢", 0, "", false, "brand", "digits"},
        {"", "a@b", 0, "", false, "brand", "'@'"},
        {"", "a #1", 0, "", false, "brand", "'#'"},
        {"", "https://evil.example", 0, "", false, "brand", "address"},
        {"", "WWW.evil.example", 0, "", false, "brand", "address"},
        {"", "tel:0800", 0, "", false, "brand", "address"},
        {"", "a\nb", 0, "", false, "brand", "control"},
        {"", "a\xE2\x80\xAE", 0, "", false, "brand", "turns text"},
        {"", "a\xE2\x80\x8B", 0, "", false, "brand", "invisible"},
        {"", "12345678901234567890123456789012345678901", 0, "", false, "brand", "1 to 40"},
        {"", "", 0, "FA+9qCX9VS", false, "app_hash", "10 characters"},
        {"", "", 0, "FA-9qCX9VSu", false, "app_hash", "URL alphabet"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct og_secret out;
        struct og_err err = {0};
        assert_true(og_secret_set(&out, OG_STR("old")));
        assert_int_equal(compose(&rows[i], &out, NULL, &err), OG_E_UNPROCESSABLE);
        if (strcmp(err.field, rows[i].field) != 0 || !strstr(err.text, rows[i].text)) {
            fail_msg("row %zu: \"%s\" \"%s\"", i, err.field, err.text);
        }
        assert_null(strstr(err.text, "482913"));
        assert_int_equal(out.len, 0);
    }
}

/* `filler` as often as given behind the code and a space; with or without the 12 bytes of a
 * hash. */
static enum og_code
compose_filled(const char *filler, size_t times, const char *hash, struct og_err *err)
{
    static char template[OG_OTP_TEMPLATE_MAX_BYTES * 2];
    struct og_secret out = {0};
    struct row row = {template, "", 0, hash, false, NULL, NULL};

    strcpy(template, "{code} ");
    for (size_t i = 0; i < times; i++) {
        strcat(template, filler);
    }
    enum og_code code = compose(&row, &out, NULL, err);
    og_secret_finish(&out);
    return code;
}

static void
test_edges(void **state)
{
    static const struct {
        const char *filler;
        size_t times;
        const char *hash;
        const char *reason; /* NULL: fits */
    } rows[] = {
        {"a", 133, "", NULL}, /* 140 bytes */
        {"a", 134, "", "exceeds the 140 bytes that apps can read by 1"},
        {"a", 153, "", "exceeds the 140 bytes that apps can read by 20"},
        {"a", 154, "", "exceeds one SMS of 160 characters by 1"},
        {"a", 121, HASH, NULL},
        {"a", 122, HASH, "exceeds the 140 bytes that apps can read by 1"},
        {"ж", 63, "", NULL}, /* 70 units, 133 bytes */
        {"ж", 64, "", "exceeds one SMS by 1: it has only 70 characters because of U+0436"},
        {"ç", 64, "", "U+00E7 at character 8; write \"c\""},
        {"€", 44, "", NULL}, /* 139 bytes, 95 units */
        {"€", 45, "", "exceeds the 140 bytes that apps can read by 2"},
        {"中", 44, "", NULL}, /* 139 bytes, 51 units */
        {"中", 45, "", "exceeds the 140 bytes that apps can read by 2"},
        {"a", 634, "", "at most 640 bytes"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct og_err err = {0};
        enum og_code code = compose_filled(rows[i].filler, rows[i].times, rows[i].hash, &err);
        assert_int_equal(code, rows[i].reason ? OG_E_UNPROCESSABLE : OG_OK);
        if (rows[i].reason && !strstr(err.text, rows[i].reason)) {
            fail_msg("row %zu: \"%s\"", i, err.text);
        }
    }
}

/* Many long variables: the text is not even built to its end. */
static void
test_exploding(void **state)
{
    static char template[OG_OTP_TEMPLATE_MAX_BYTES + 1] = "{code}:";
    struct row row = {template, "中中中中中中中中中中中中中中中中中中中中中中中中中中中中中中", 0, "",
                      false, NULL, NULL};
    struct og_secret out = {0};
    struct og_err err;

    while (strlen(template) + 7 <= OG_OTP_TEMPLATE_MAX_BYTES) {
        strcat(template, "{brand}");
    }
    assert_int_equal(OG_E_UNPROCESSABLE, compose(&row, &out, NULL, &err));
    assert_string_equal(err.field, "text");
    assert_non_null(strstr(err.text, "much too long"));
}

static void
test_letters_as_code(void **state)
{
    const struct og_otp_text text = {.code = OG_STR("aB3d")};
    struct og_secret out = {0};

    assert_int_equal(OG_OK, og_otp_text_compose(&text, &out, NULL, NULL));
    assert_str(og_secret_str(&out), "aB3d is your code. Never share it.");
    og_secret_finish(&out);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_composed),  cmocka_unit_test(test_refused),
        cmocka_unit_test(test_edges),     cmocka_unit_test(test_exploding),
        cmocka_unit_test(test_letters_as_code),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
