/*
 * The sliding window and the table of counters, against a list of all that happened.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "abuse/counters.h"
#include "base/window.h"

#define NOON INT64_C(1767268800000)
#define HOUR INT64_C(3600000)
#define MINUTE INT64_C(60000)
#define EVENTS_MAX 1000
#define STEPS 30

/* The slow model: everything is kept, and looked at again for every question. */
struct model {
    int64_t step_ms;
    int count;
    struct {
        int64_t at_ms, amount;
    } events[EVENTS_MAX];
};

static int64_t
model_sum(const struct model *m, int64_t now_ms)
{
    int64_t sum = 0;
    for (int i = 0; i < m->count; i++) {
        const int64_t age = now_ms / m->step_ms - m->events[i].at_ms / m->step_ms;
        sum += age <= STEPS ? m->events[i].amount : 0;
    }
    return sum;
}

/* A generator of its own, so that every run sees the same history. */
static uint32_t
next_random(uint64_t *state)
{
    *state = *state * 6364136223846793005U + 1442695040888963407U;
    return (uint32_t)(*state >> 33);
}

static void
test_window_equals_the_model(void **state)
{
    (void)state;
    static struct model m;
    const struct og_window_shape shape = {HOUR / STEPS, STEPS};
    for (uint64_t seed = 1; seed <= 5; seed++) {
        uint32_t counts[STEPS + 1] = {0};
        struct og_window window = {.counts = counts};
        uint64_t random = seed;
        int64_t now_ms = NOON;
        m = (struct model){.step_ms = shape.step_ms};
        while (m.count < EVENTS_MAX) {
            const bool is_pause = next_random(&random) % 50 == 0;
            now_ms += next_random(&random) % (uint32_t)(2 * MINUTE) + (is_pause ? 2 * HOUR : 0);
            const int64_t amount = next_random(&random) % 3;
            og_window_add(&window, &shape, now_ms, amount);
            m.events[m.count].at_ms = now_ms;
            m.events[m.count++].amount = amount;
            assert_int_equal(og_window_sum(&window, &shape, now_ms, 0), model_sum(&m, now_ms));
            const int64_t later_ms = now_ms + next_random(&random) % (uint32_t)(2 * HOUR);
            assert_int_equal(og_window_sum(&window, &shape, later_ms, 0), model_sum(&m, later_ms));
        }
    }
}

/* Whoever asks whenever he may never gets more than the limit into any true hour, and never waits
 * longer than the hour and one step. */
static void
test_no_hour_holds_more_than_the_limit(void **state)
{
    (void)state;
    enum { LIMIT = 5, SENDS = 500 };
    struct og_counters *counters = og_counters_create(HOUR, 10);
    int64_t sent[SENDS], now_ms = NOON;
    uint64_t random = 11;
    for (int i = 0; i < SENDS; i++) {
        const int64_t wait_ms = og_counters_wait_ms(counters, 1, now_ms, LIMIT, 1);
        assert_true(wait_ms >= 0 && wait_ms <= HOUR + HOUR / STEPS);
        if (wait_ms > 0) { /* the wait is exact: a millisecond less is too early */
            assert_true(og_counters_wait_ms(counters, 1, now_ms + wait_ms - 1, LIMIT, 1) > 0);
        }
        now_ms += wait_ms;
        assert_int_equal(og_counters_wait_ms(counters, 1, now_ms, LIMIT, 1), 0);
        og_counters_add(counters, 1, now_ms, 1);
        sent[i] = now_ms;
        if (i >= LIMIT) {
            assert_true(sent[i] - sent[i - LIMIT] >= HOUR);
        }
        now_ms += next_random(&random) % (uint32_t)(10 * MINUTE);
    }
    og_counters_destroy(counters);
}

static void
test_what_was_taken_back_leaves_nothing(void **state)
{
    (void)state;
    struct og_counters *counters = og_counters_create(HOUR, 10);
    og_counters_add(counters, 1, NOON, 2);
    og_counters_add(counters, 1, NOON, -2);
    og_counters_add(counters, 2, NOON, -1);
    assert_int_equal(og_counters_sum(counters, 1, NOON), 0);
    assert_int_equal(og_counters_sum(counters, 2, NOON), 0);
    og_counters_destroy(counters);
}

static void
test_an_amount_that_never_fits_waits_a_window(void **state)
{
    (void)state;
    struct og_counters *counters = og_counters_create(HOUR, 10);
    assert_int_equal(og_counters_wait_ms(counters, 1, NOON, 5, 6), HOUR);
    og_counters_destroy(counters);
}

static void
test_the_table_is_bounded_and_forgets_the_oldest(void **state)
{
    (void)state;
    struct og_counters *counters = og_counters_create(HOUR, 100);
    for (uint64_t key = 1; key <= 100; key++) {
        og_counters_add(counters, key, NOON + (int64_t)key, 1);
    }
    og_counters_add(counters, 1, NOON + 200, 1); /* 2 is now the one counted longest ago */
    og_counters_add(counters, 101, NOON + 201, 1);
    assert_int_equal(og_counters_count(counters), 100);
    assert_int_equal(og_counters_evicted(counters), 1);
    assert_int_equal(og_counters_sum(counters, 1, NOON + 201), 2);
    assert_int_equal(og_counters_sum(counters, 2, NOON + 201), 0);
    assert_int_equal(og_counters_sum(counters, 3, NOON + 201), 1);
    og_counters_destroy(counters);
}

static void
test_what_is_over_makes_room_by_itself(void **state)
{
    (void)state;
    struct og_counters *counters = og_counters_create(HOUR, 1000);
    for (uint64_t key = 1; key <= 500; key++) {
        og_counters_add(counters, key, NOON, 1);
    }
    for (uint64_t key = 1001; key <= 1500; key++) {
        og_counters_add(counters, key, NOON + 2 * HOUR, 1);
    }
    assert_int_equal(og_counters_count(counters), 500);
    assert_int_equal(og_counters_evicted(counters), 0);
    og_counters_destroy(counters);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_window_equals_the_model),
        cmocka_unit_test(test_no_hour_holds_more_than_the_limit),
        cmocka_unit_test(test_what_was_taken_back_leaves_nothing),
        cmocka_unit_test(test_an_amount_that_never_fits_waits_a_window),
        cmocka_unit_test(test_the_table_is_bounded_and_forgets_the_oldest),
        cmocka_unit_test(test_what_is_over_makes_room_by_itself),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
