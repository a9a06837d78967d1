/*
 * Who fails too often, on a clock of the test: from the share and number asked for, until it is
 * half of that or nothing is known any more; phones and accounts each for themselves.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "alert/outcomes.h"

#define MINUTE INT64_C(60000)
#define PHONE OG_STR("phone-1")

static const struct og_outcomes_policy policy = {.percent = 20, .least = 10};

struct found {
    int count, percent;
    enum og_outcomes_of of;
    char id[64];
};

static void
take(void *ctx, enum og_outcomes_of of, struct og_str id, int percent)
{
    struct found *found = ctx;
    found->count++;
    found->of = of;
    found->percent = percent;
    snprintf(found->id, sizeof found->id, "%.*s", (int)id.len, id.ptr);
}

static struct found
look(struct og_outcomes *outcomes, int64_t at_ms)
{
    struct found found = {0};
    og_outcomes_each(outcomes, &policy, at_ms, take, &found);
    return found;
}

static void
add(struct og_outcomes *outcomes, int sent, int failed, int64_t at_ms)
{
    for (int i = 0; i < sent + failed; i++) {
        og_outcomes_add(outcomes, OG_OUTCOMES_OF_DEVICE, PHONE, i < failed, at_ms);
    }
}

static void
test_too_many_failures_of_enough_outcomes(void **state)
{
    static const struct {
        int sent, failed;
        bool is_high;
    } cases[] = {{0, 9, false}, {0, 10, true}, {8, 2, true},  {9, 1, false},
                 {80, 20, true}, {81, 20, false}, {10, 0, false}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct og_outcomes *outcomes = og_outcomes_create();
        add(outcomes, cases[i].sent, cases[i].failed, MINUTE);
        const struct found found = look(outcomes, MINUTE);
        assert_int_equal(found.count, cases[i].is_high);
        if (cases[i].is_high) {
            assert_int_equal(found.of, OG_OUTCOMES_OF_DEVICE);
            assert_string_equal(found.id, "phone-1");
            assert_int_equal(found.percent,
                             cases[i].failed * 100 / (cases[i].sent + cases[i].failed));
        }
        og_outcomes_destroy(outcomes);
    }
}

/* Around the limit it neither begins nor ends again and again. */
static void
test_it_ends_when_it_is_clearly_better(void **state)
{
    struct og_outcomes *outcomes = og_outcomes_create();
    (void)state;
    add(outcomes, 8, 2, 0);
    assert_int_equal(look(outcomes, 0).percent, 20);
    add(outcomes, 2, 0, 0);
    assert_int_equal(look(outcomes, 0).percent, 16);
    add(outcomes, 8, 0, 0);
    assert_int_equal(look(outcomes, 0).percent, 10);
    add(outcomes, 1, 0, 0);
    assert_int_equal(look(outcomes, 0).count, 0);
    add(outcomes, 0, 1, 0); /* 3 of 22: less than where it begins */
    assert_int_equal(look(outcomes, 0).count, 0);
    og_outcomes_destroy(outcomes);
}

static void
test_what_is_old_does_not_count(void **state)
{
    struct og_outcomes *outcomes = og_outcomes_create();
    (void)state;
    add(outcomes, 0, 10, 4 * MINUTE);
    assert_int_equal(look(outcomes, 14 * MINUTE).count, 1);
    assert_int_equal(look(outcomes, 15 * MINUTE).count, 0);
    add(outcomes, 0, 9, 16 * MINUTE);
    assert_int_equal(look(outcomes, 16 * MINUTE).count, 0);
    add(outcomes, 0, 1, 24 * MINUTE);
    assert_int_equal(look(outcomes, 24 * MINUTE).count, 1);
    assert_int_equal(look(outcomes, 500 * MINUTE).count, 0);
    add(outcomes, 10, 0, 501 * MINUTE); /* nothing of it is left */
    assert_int_equal(look(outcomes, 501 * MINUTE).count, 0);
    og_outcomes_destroy(outcomes);
}

static void
test_subjects_are_apart_and_bounded(void **state)
{
    struct og_outcomes *outcomes = og_outcomes_create();
    char id[100];
    (void)state;
    for (int i = 0; i < OG_OUTCOMES_MAX + 100; i++) {
        snprintf(id, sizeof id, "id-%d", i);
        for (int k = 0; k < 10; k++) {
            og_outcomes_add(outcomes, OG_OUTCOMES_OF_ACCOUNT, og_str_from(id), i % 2, 0);
        }
    }
    assert_int_equal(look(outcomes, 0).count, OG_OUTCOMES_MAX / 2);
    assert_int_equal(look(outcomes, 20 * MINUTE).count, 0); /* and makes room */
    add(outcomes, 0, 10, 20 * MINUTE);
    for (int k = 0; k < 10; k++) {
        og_outcomes_add(outcomes, OG_OUTCOMES_OF_ACCOUNT, PHONE, false, 20 * MINUTE);
    }
    memset(id, 'x', sizeof id);
    og_outcomes_add(outcomes, OG_OUTCOMES_OF_DEVICE, (struct og_str){id, sizeof id}, true, 0);
    assert_int_equal(look(outcomes, 20 * MINUTE).count, 1);
    og_outcomes_add(NULL, OG_OUTCOMES_OF_DEVICE, PHONE, true, 0);
    og_outcomes_destroy(outcomes);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_too_many_failures_of_enough_outcomes),
        cmocka_unit_test(test_it_ends_when_it_is_clearly_better),
        cmocka_unit_test(test_what_is_old_does_not_count),
        cmocka_unit_test(test_subjects_are_apart_and_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
