/*
 * Numbers as people write them. The table of refusals also checks that no digits leak into an
 * error.
 */
#include "tests/unit/check.h"

#include <stdio.h>
#include <string.h>

#include "core/phone_number.h"

/* A plan that knows one country: "DE" numbers begin with 0; it notes what it was asked. */
struct fake_plan {
    int calls;
    char region[3];
    char digits[32];
    enum og_code code;
    const char *e164;
};

static enum og_code
fake_parse(void *ctx, struct og_str text, const char *region, struct og_phone_facts *out,
           struct og_err *err)
{
    struct fake_plan *plan = ctx;
    plan->calls++;
    snprintf(plan->region, sizeof(plan->region), "%s", region);
    snprintf(plan->digits, sizeof(plan->digits), "%" OG_STR_FMT, OG_STR_ARG(text));
    if (plan->code != OG_OK) {
        return og_fail(err, plan->code, "", "too short");
    }
    snprintf(out->e164, sizeof(out->e164), "%s", plan->e164);
    return OG_OK;
}

static void
test_accepted(void **state)
{
    static const struct {
        const char *written;
        const char *e164;
    } rows[] = {
        {"+491701234567", "+491701234567"},
        {" +49 170 123 45 67 ", "+491701234567"},
        {"+49-170-123.45.67", "+491701234567"},
        {"(+49) 170 1234567", "+491701234567"},
        {"+1 (212) 555-0100", "+12125550100"},
        {"+7 999 000-12-34", "+79990001234"},
        {"+1234567", "+1234567"},                 /* 7 digits */
        {"+123456789012345", "+123456789012345"}, /* 15 digits */
        {"+8835100012345", "+8835100012345"},
        {"+44 (20) 7946 0000", "+442079460000"},
        {"+39 06 698 12345", "+390669812345"}, /* Italian zeros belong to the number */
    };
    struct og_arena mem;

    og_arena_init(&mem, 0);
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct og_str out;
        struct og_err err = {0};
        enum og_code code = og_phone_parse(og_str_from(rows[i].written), (struct og_str){0}, NULL,
                                           "to", &mem, &out, &err);
        if (code != OG_OK) {
            fail_msg("%s: %s", rows[i].written, err.text);
        }
        assert_str(out, rows[i].e164);
        assert_int_equal(out.ptr[out.len], 0);
        assert_true(og_phone_is_e164(out));
    }
    og_arena_finish(&mem);
}

static void
test_refused(void **state)
{
    static const struct {
        struct og_str written;
        const char *reason;
    } rows[] = {
        {TEXT(""), "empty"},
        {TEXT("   "), "no digits"},
        {TEXT("+"), "no digits"},
        {TEXT("+()"), "no digits"},
        {TEXT("+123456"), "fewer than 7 digits"},
        {TEXT("+1234567890123456"), "more than 15 digits"},
        {TEXT("++491701234567"), "more than one +"},
        {TEXT("+49170+1234567"), "more than one +"},
        {TEXT("49170+1234567"), "does not stand at the beginning"},
        {TEXT("491701234567"), "must begin with +"},
        {TEXT("01701234567"), "must begin with +"},
        {TEXT("00491701234567"), "must begin with +"},
        {TEXT("+49170CALLME"), "letter"},
        {TEXT("+491701234567x9"), "letter"},
        {TEXT("+491701234567;ext=9"), "extension"},
        {TEXT("+491701234567,,9"), "extension"},
        {TEXT("+491701234567#"), "extension"},
        {TEXT("+491701\0" "234567"), "NUL"},
        {TEXT("+491701\n234567"), "control"},
        {TEXT("+491701\t234567"), "control"},
        {TEXT("+49\xE2\x80\x8F" "1701234567"), "text-direction"},
        {TEXT("\xE2\x80\xAA+491701234567"), "text-direction"},
        {TEXT("+49\xE2\x81\xA6" "1701234567"), "text-direction"},
        {TEXT("+49\xD8\x9C" "1701234567"), "text-direction"},
        {TEXT("+49\xE2\x80\x8B" "1701234567"), "invisible"},
        {TEXT("+\xD9\xA4\xD9\xA9" "1701234567"), "digits 0 to 9"},
        {TEXT("\xEF\xBC\x8B" "491701234567"), "other than"}, /* full-width + */
        {TEXT("+49\xC2\xA0" "1701234567"), "other than"},    /* no-break space */
        {TEXT("+49/1701234567"), "other than"},
        {TEXT("+49\xFF" "1701234567"), "UTF-8"},
        {TEXT("+49 (0)170 1234567"), "(0)"},
        {TEXT("+49 (170 1234567"), "brackets"},
        {TEXT("+49 170) 1234567"), "brackets"},
        {TEXT("+49 ((170)) 1234567"), "brackets"},
        {TEXT("+2101234567"), "calling code"},
        {TEXT("+0491701234567"), "calling code"},
        {TEXT("+9991234567"), "calling code"},
    };
    struct og_arena mem;

    og_arena_init(&mem, 0);
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct og_str out;
        struct og_err err = {0};
        enum og_code code = og_phone_parse(rows[i].written, (struct og_str){0}, NULL,
                                           "phoneNumbers[2]", &mem, &out, &err);
        if (code != OG_E_UNPROCESSABLE || !strstr(err.text, rows[i].reason)) {
            fail_msg("row %zu: \"%s\" has no \"%s\"", i, err.text, rows[i].reason);
        }
        assert_null(strstr(err.text, "170"));
        assert_string_equal(err.field, "phoneNumbers[2]");
        assert_int_equal(out.len, 0);
    }
    og_arena_finish(&mem);
}

static void
test_national(void **state)
{
    struct fake_plan fake = {.e164 = "+493012345678"};
    struct og_phone_plan plan = {fake_parse, &fake};
    struct og_str region = OG_STR("DE");
    struct og_arena mem;
    struct og_str out;
    struct og_err err;

    og_arena_init(&mem, 0);
    assert_int_equal(OG_OK, og_phone_parse(OG_STR("(030) 1234-5678"), region, &plan, "to", &mem,
                                           &out, &err));
    assert_str(out, "+493012345678");
    assert_string_equal(fake.region, "DE");
    assert_string_equal(fake.digits, "03012345678");
    /* The international form needs no plan. */
    assert_int_equal(OG_OK, og_phone_parse(OG_STR("+33 612345678"), region, &plan, "to", &mem,
                                           &out, &err));
    assert_int_equal(fake.calls, 1);
    /* What does not look like a number does not reach it. */
    assert_int_equal(OG_E_UNPROCESSABLE, og_phone_parse(OG_STR("030x"), region, &plan, "to", &mem,
                                                        &out, &err));
    assert_int_equal(fake.calls, 1);
    fake.code = OG_E_UNPROCESSABLE;
    assert_int_equal(OG_E_UNPROCESSABLE, og_phone_parse(OG_STR("123"), region, &plan, "to", &mem,
                                                        &out, &err));
    assert_string_equal(err.field, "to");
    assert_non_null(strstr(err.text, "DE"));
    fake.code = OG_E_UNAVAILABLE;
    assert_int_equal(OG_E_UNAVAILABLE, og_phone_parse(OG_STR("123"), region, &plan, "to", &mem,
                                                      &out, &err));
    /* A plan that answers nonsense is not believed. */
    fake.code = OG_OK;
    fake.e164 = "+49";
    assert_int_equal(OG_E_UNPROCESSABLE, og_phone_parse(OG_STR("123"), region, &plan, "to", &mem,
                                                        &out, &err));
    /* Region without plan. */
    assert_int_equal(OG_E_UNPROCESSABLE, og_phone_parse(OG_STR("03012345678"), region, NULL, "to",
                                                        &mem, &out, &err));
    og_arena_finish(&mem);
}

static void
test_calling_codes(void **state)
{
    static const struct {
        const char *digits;
        size_t len;
    } rows[] = {
        {"1", 1},   {"12125550100", 1}, {"7", 1},   {"20", 2},  {"210", 0}, {"211", 3},
        {"259", 0}, {"290", 3},         {"383", 3}, {"384", 0}, {"388", 0}, {"39", 2},
        {"422", 0}, {"423", 3},         {"671", 0}, {"684", 0}, {"882", 3}, {"978", 0},
        {"979", 3}, {"98", 2},          {"997", 0}, {"998", 3}, {"0", 0},   {"", 0},
        {"4", 0},   {"49", 2},          {"85", 0},  {"852", 3}, {"9a2", 0},
        {"07", 0},  {"049", 0},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        assert_int_equal(og_phone_calling_code_len(og_str_from(rows[i].digits)), rows[i].len);
    }
}

static void
test_mask(void **state)
{
    static const struct {
        const char *number;
        const char *masked;
    } rows[] = {
        {"+491701234523", "+49 ••••••• 23"}, {"+12125550100", "+1 ••••••• 00"},
        {"+8835100012345", "+883 ••••••• 45"}, {"+1234567", "+1 ••••••• 67"},
        {"900", "•••••••"},                  {"", "•••••••"},
        {"$aes-256-cbc/pkcs5padding$abc", "•••••••"}, {"01701234567", "•••••••"},
    };
    char out[OG_PHONE_MASK_BYTES];

    for (size_t i = 0; i < COUNT(rows); i++) {
        og_phone_mask(og_str_from(rows[i].number), out);
        assert_string_equal(out, rows[i].masked);
    }
}

static void
test_questions(void **state)
{
    assert_true(og_phone_is_short_code(OG_STR("900")));
    assert_true(og_phone_is_short_code(OG_STR("123456")));
    assert_false(og_phone_is_short_code(OG_STR("12")));
    assert_false(og_phone_is_short_code(OG_STR("1234567")));
    assert_false(og_phone_is_short_code(OG_STR("+900")));
    assert_false(og_phone_is_short_code(OG_STR("90a")));
    assert_true(og_phone_is_region(OG_STR("DE")));
    assert_false(og_phone_is_region(OG_STR("de")));
    assert_false(og_phone_is_region(OG_STR("DEU")));
    assert_false(og_phone_is_e164(OG_STR("+49 1701234567")));
    assert_false(og_phone_is_e164(OG_STR("+")));
    assert_false(og_phone_is_e164(OG_STR("")));
    assert_string_equal(og_phone_type_name(OG_PHONE_TYPE_MOBILE), "mobile");
    assert_string_equal(og_phone_type_name(OG_PHONE_TYPE_VOICEMAIL), "voicemail");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_accepted),      cmocka_unit_test(test_refused),
        cmocka_unit_test(test_national),      cmocka_unit_test(test_calling_codes),
        cmocka_unit_test(test_mask),          cmocka_unit_test(test_questions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
