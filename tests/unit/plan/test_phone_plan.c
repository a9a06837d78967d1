/*
 * National numbers through the real module. The data are Debian's: only numbers whose form has not
 * changed for decades are asked about.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <pthread.h>

#include "base/clock.h"
#include "plan/phone_plan.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void
test_national(void **state)
{
    static const struct {
        const char *written;
        const char *region;
        const char *e164; /* NULL: refused */
    } rows[] = {
        {"030 1234567", "DE", "+49301234567"},
        {"(0170) 123-4567", "DE", "+491701234567"},
        {"8 999 000-12-34", "RU", "+79990001234"},
        {"79990001234", "RU", "+79990001234"}, /* the plus forgotten */
        {"(212) 555-0100", "US", "+12125550100"},
        {"020 7946 0000", "GB", "+442079460000"},
        {"06 698 12345", "IT", "+390669812345"},
        {"+33 6 12 34 56 78", "DE", "+33612345678"},
        {"900", "RU", NULL},
        {"12", "DE", NULL},
        {"030123456789012", "DE", NULL}, /* 16 digits with the calling code */
        {"555-0100", "US", NULL}, /* possible within the town only */
        {"0301234567", "ZZ", NULL},
        {"0301234567", "QQ", NULL},
    };
    struct og_plan *plan = og_plan_create(PLAN_MODULE);
    struct og_arena mem;

    og_arena_init(&mem, 0);
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct og_str out;
        struct og_err err = {0};
        enum og_code code =
            og_phone_parse(og_str_from(rows[i].written), og_str_from(rows[i].region),
                           og_plan_face(plan), "to", &mem, &out, &err);
        assert_int_equal(code, rows[i].e164 ? OG_OK : OG_E_UNPROCESSABLE);
        if (rows[i].e164) {
            assert_string_equal(out.ptr, rows[i].e164);
        } else {
            assert_string_equal(err.field, "to");
        }
    }
    og_arena_finish(&mem);
    og_plan_destroy(plan);
}

static void
test_types(void **state)
{
    static const struct {
        const char *e164;
        enum og_phone_type type;
        const char *region;
        bool is_valid;
    } rows[] = {
        {"+491701234567", OG_PHONE_TYPE_MOBILE, "DE", true},
        {"+49301234567", OG_PHONE_TYPE_FIXED, "DE", true},
        {"+12125550100", OG_PHONE_TYPE_FIXED_OR_MOBILE, "US", true},
        {"+14165550100", OG_PHONE_TYPE_FIXED_OR_MOBILE, "CA", true},
        {"+18005550100", OG_PHONE_TYPE_TOLL_FREE, "US", true},
        {"+499001234567", OG_PHONE_TYPE_PREMIUM, "DE", true},
        {"+390612345678", OG_PHONE_TYPE_FIXED, "IT", true}, /* its zero belongs to it */
        {"+80012345678", OG_PHONE_TYPE_TOLL_FREE, "001", true},
        {"+10005550100", OG_PHONE_TYPE_UNKNOWN, "US", false},
    };
    struct og_plan *plan = og_plan_create(PLAN_MODULE);
    const struct og_phone_plan *face = og_plan_face(plan);

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct og_phone_facts facts = {0};
        assert_int_equal(OG_OK, face->parse(face->ctx, og_str_from(rows[i].e164), "ZZ", &facts,
                                            NULL));
        assert_string_equal(facts.e164, rows[i].e164);
        assert_int_equal(facts.type, rows[i].type);
        assert_string_equal(facts.region, rows[i].region);
        assert_int_equal(facts.is_valid, rows[i].is_valid);
    }
    og_plan_destroy(plan);
}

static void
test_not_numbers(void **state)
{
    static const char *const rows[] = {
        "", "+", "+4", "+49", "+999123456789", "+49170123456789012",
    };
    struct og_plan *plan = og_plan_create(PLAN_MODULE);
    const struct og_phone_plan *face = og_plan_face(plan);

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct og_phone_facts facts = {0};
        assert_int_equal(OG_E_UNPROCESSABLE,
                         face->parse(face->ctx, og_str_from(rows[i]), "ZZ", &facts, NULL));
    }
    og_plan_destroy(plan);
}

static void
test_missing_module(void **state)
{
    struct og_plan *plan = og_plan_create("/nonexistent/og_plan.so");
    const struct og_phone_plan *face = og_plan_face(plan);
    struct og_phone_facts facts;
    struct og_err err;

    for (int i = 0; i < 2; i++) {
        assert_int_equal(OG_E_UNAVAILABLE,
                         face->parse(face->ctx, OG_STR("030123456"), "DE", &facts, &err));
        assert_non_null(strstr(err.text, "nonexistent"));
    }
    assert_int_equal(OG_E_UNAVAILABLE, og_plan_load(plan, &err));
    og_plan_destroy(plan);
}

static void *
parse_some(void *ctx)
{
    const struct og_phone_plan *face = og_plan_face(ctx);
    struct og_phone_facts facts = {0};
    for (int i = 0; i < 200; i++) {
        if (face->parse(face->ctx, OG_STR("0301234567"), "DE", &facts, NULL) != OG_OK ||
            strcmp(facts.e164, "+49301234567") != 0) {
            return ctx;
        }
    }
    return NULL;
}

/* Threads that meet at the first use. */
static void
test_first_use(void **state)
{
    struct og_plan *plan = og_plan_create(PLAN_MODULE);
    pthread_t threads[8];

    for (size_t i = 0; i < COUNT(threads); i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, parse_some, plan), 0);
    }
    for (size_t i = 0; i < COUNT(threads); i++) {
        void *failed = plan;
        assert_int_equal(pthread_join(threads[i], &failed), 0);
        assert_null(failed);
    }
    struct og_err err;
    assert_int_equal(OG_OK, og_plan_load(plan, &err));
    og_plan_destroy(plan);
}

static void
test_req_89_the_age_of_the_data_is_known_once_they_are_used(void **state)
{
    struct og_plan *plan = og_plan_create(PLAN_MODULE);
    const struct og_phone_plan *face = og_plan_face(plan);
    assert_int_equal(face->made_at(face->ctx), 0);
    assert_int_equal(og_plan_load(plan, NULL), OG_OK);
    const int64_t made_at = face->made_at(face->ctx);
    assert_true(made_at > INT64_C(1500000000000)); /* 2017, when this form of the library was new */
    assert_true(made_at < og_now_ms(og_clock_system()));
    og_plan_destroy(plan);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_req_89_the_age_of_the_data_is_known_once_they_are_used),
        cmocka_unit_test(test_first_use),
        cmocka_unit_test(test_national),
        cmocka_unit_test(test_types),
        cmocka_unit_test(test_not_numbers),
        cmocka_unit_test(test_missing_module),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
