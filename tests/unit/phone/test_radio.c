/* The model of Android, SIM and network under a clock that the test moves: fixed seeds, days in
 * milliseconds. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "phone/radio.h"

#define DAY_MS (24 * 3600 * (int64_t)1000)

struct tally {
    int aired, ok, over, delivered, undelivered, temporary, duplicates;
    int results[128];
    int64_t last_at_ms;
    int64_t result_at[4000]; /* by job; -1: none */
    bool is_over[4000];
};

struct world {
    struct og_profile profile;
    struct og_dice dice;
    struct og_radio radio;
    int64_t now_ms;
    struct tally tally;
    char owners[4000];
};

static void
set_up(struct world *w, uint64_t seed, bool is_perfect)
{
    memset(w, 0, sizeof(*w));
    og_profile_defaults(&w->profile);
    if (is_perfect) {
        og_profile_make_perfect(&w->profile);
    }
    og_dice_seed(&w->dice, seed, 0);
    og_radio_init(&w->radio, &w->profile.radio, &w->dice);
    w->now_ms = 1000;
    for (int i = 0; i < 4000; i++) {
        w->tally.result_at[i] = -1;
    }
}

static void
submit(struct world *w, int number, int parts, int sim)
{
    struct og_radio_job job = {&w->owners[number], 0, parts, sim, true};
    og_radio_submit(&w->radio, &job, w->now_ms);
}

static void
count(struct world *w, const struct og_radio_event *event)
{
    struct tally *t = &w->tally;
    size_t number = (size_t)((char *)event->job.owner - w->owners);
    assert_false(t->is_over[number]); /* nothing comes after the end */
    switch (event->kind) {
    case OG_RADIO_AIRED:
        t->aired++;
        break;
    case OG_RADIO_RESULT:
        t->ok += event->result == OG_RADIO_OK;
        t->results[event->result == OG_RADIO_OK ? 0 : event->result]++;
        t->result_at[number] = w->now_ms;
        break;
    case OG_RADIO_DELIVERY:
        t->delivered += event->tp_status < 0x20;
        t->temporary += event->tp_status >= 0x20 && event->tp_status < 0x40;
        t->undelivered += event->tp_status >= 0x40;
        break;
    case OG_RADIO_OVER:
        t->over++;
        t->is_over[number] = true;
        break;
    }
}

/* Lets the time pass, event by event. */
static void
pass(struct world *w, int64_t duration_ms)
{
    struct og_radio_event event;
    int64_t end_ms = w->now_ms + duration_ms;
    while (og_radio_next_at(&w->radio) <= end_ms) {
        int64_t next_at = og_radio_next_at(&w->radio);
        w->now_ms = next_at > w->now_ms ? next_at : w->now_ms;
        while (og_radio_step(&w->radio, w->now_ms, &event)) {
            count(w, &event);
        }
    }
    w->now_ms = end_ms;
}

static void
test_dice(void **state)
{
    struct og_dice a, b, other;
    og_dice_seed(&a, 7, 1);
    og_dice_seed(&b, 7, 1);
    og_dice_seed(&other, 7, 2);
    int same = 0;
    for (int i = 0; i < 1000; i++) {
        uint64_t value = og_dice_next(&a);
        assert_true(value == og_dice_next(&b));
        same += value == og_dice_next(&other);
        double unit = og_dice_unit(&a);
        assert_true(unit >= 0 && unit < 1);
        assert_true(unit == og_dice_unit(&b));
    }
    assert_int_equal(same, 0);
    for (int i = 0; i < 1000; i++) {
        assert_in_range(og_dice_between(&a, 3, 5), 3, 5);
        assert_false(og_dice_percent(&a, 0));
        assert_true(og_dice_percent(&a, 100));
    }
    assert_int_equal(og_dice_between(&a, 5, 3), 5);
    assert_int_equal(og_dice_exponential(&a, 0), 0);
}

static int
compare(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static void
test_distributions(void **state)
{
    enum { N = 20000 };
    static int64_t values[N];
    struct og_dice dice;
    double sum = 0, squares = 0, waits = 0;
    og_dice_seed(&dice, 42, 0);
    for (int i = 0; i < N; i++) {
        values[i] = og_dice_lognormal(&dice, 1200, 4000);
        double normal = og_dice_normal(&dice);
        sum += normal;
        squares += normal * normal;
        waits += (double)og_dice_exponential(&dice, 5000);
    }
    qsort(values, N, sizeof(values[0]), compare);
    assert_in_range(values[N / 2], 1150, 1250);
    assert_in_range(values[N * 95 / 100], 3800, 4200);
    assert_true(fabs(sum / N) < 0.03);
    assert_true(fabs(squares / N - 1) < 0.04);
    assert_true(fabs(waits / N - 5000) < 150);
}

static void
test_perfect(void **state)
{
    struct world w;
    set_up(&w, 1, true);
    for (int i = 0; i < 100; i++) {
        submit(&w, i, 3, 0);
    }
    pass(&w, 0);
    assert_int_equal(w.tally.aired, 100);
    assert_int_equal(w.tally.ok, 300);
    assert_int_equal(w.tally.delivered, 300); /* one for each part */
    assert_int_equal(w.tally.over, 100);
    og_radio_finish(&w.radio);
}

static void
test_mix_of_results(void **state)
{
    enum { N = 4000 };
    struct world w;
    set_up(&w, 3, false);
    w.profile.radio.os_class = OG_OS_UNLIMITED;
    for (int i = 0; i < N; i++) {
        submit(&w, i, 1, 0);
        pass(&w, 10000);
    }
    pass(&w, 2 * DAY_MS);
    const struct tally *t = &w.tally;
    assert_int_equal(t->over, N);
    assert_in_range(t->ok, N * 970 / 1000, N * 982 / 1000);
    assert_in_range(t->results[OG_RADIO_GENERIC], N * 8 / 1000, N * 16 / 1000);
    assert_in_range(t->results[OG_RADIO_NO_SERVICE], N * 3 / 1000, N * 9 / 1000);
    assert_true(t->results[OG_RADIO_OFF] > 0 && t->results[OG_RADIO_LIMIT] > 0);
    assert_true(t->results[OG_RADIO_RIL_SEND_RETRY] + t->results[OG_RADIO_RIL_RATE_LIMITED] > 0);
    assert_true(t->aired > t->ok); /* some go out without a word */
    assert_in_range(t->delivered, N * 94 / 100, N * 98 / 100);
    assert_in_range(t->undelivered, N * 4 / 1000, N * 16 / 1000);
    assert_in_range(t->temporary, N * 4 / 1000, N * 16 / 1000);
    assert_true(t->delivered + t->undelivered > 0);
    og_radio_finish(&w.radio);
}

static void
test_same_seed_same_fate(void **state)
{
    struct world a, b;
    set_up(&a, 9, false);
    set_up(&b, 9, false);
    for (int i = 0; i < 200; i++) {
        submit(&a, i, 1 + i % 3, 0);
        submit(&b, i, 1 + i % 3, 0);
        pass(&a, 7000);
        pass(&b, 7000);
    }
    pass(&a, DAY_MS);
    pass(&b, DAY_MS);
    assert_memory_equal(a.tally.result_at, b.tally.result_at, sizeof(a.tally.result_at));
    assert_memory_equal(a.tally.results, b.tally.results, sizeof(a.tally.results));
    assert_int_equal(a.tally.delivered, b.tally.delivered);
    og_radio_finish(&a.radio);
    og_radio_finish(&b.radio);
}

static void
test_sim_is_serial(void **state)
{
    struct world w;
    set_up(&w, 1, true);
    w.profile.radio.part_median_ms = w.profile.radio.part_p95_ms = 1000; /* no spread */
    submit(&w, 0, 2, 0);
    submit(&w, 1, 1, 0);
    submit(&w, 2, 1, 1); /* another SIM does not wait */
    pass(&w, 10000);
    assert_int_equal(w.tally.result_at[0], 1000 + 2000);
    assert_int_equal(w.tally.result_at[1], 1000 + 3000);
    assert_int_equal(w.tally.result_at[2], 1000 + 1000);
    og_radio_finish(&w.radio);
}

static void
test_part_that_takes_too_long(void **state)
{
    struct world w;
    set_up(&w, 1, true);
    w.profile.radio.part_median_ms = w.profile.radio.part_p95_ms = 60000;
    w.profile.radio.part_limit_ms = 45000;
    submit(&w, 0, 1, 0);
    pass(&w, 44999);
    assert_int_equal(w.tally.over, 0);
    pass(&w, 1);
    assert_int_equal(w.tally.results[OG_RADIO_GENERIC], 1);
    assert_int_equal(w.tally.aired, 0);
    og_radio_finish(&w.radio);
}

/* 30 parts in 60 s, counted in parts; a message that would pass the limit is refused whole. */
static void
test_os_limit_fail_fast(void **state)
{
    struct world w;
    set_up(&w, 1, true);
    w.profile.radio.os_class = OG_OS_FAIL_FAST;
    for (int i = 0; i < 14; i++) {
        submit(&w, i, 2, 0); /* 28 parts */
    }
    submit(&w, 14, 3, 0); /* 31: refused whole */
    submit(&w, 15, 2, 0); /* 30: goes */
    submit(&w, 16, 1, 0); /* 31: refused */
    pass(&w, 59999);
    assert_int_equal(w.tally.aired, 15);
    assert_int_equal(w.tally.results[OG_RADIO_LIMIT], 4);
    submit(&w, 17, 1, 0);
    pass(&w, 0);
    assert_int_equal(w.tally.aired, 15); /* one millisecond short of the window */
    pass(&w, 1);
    submit(&w, 18, 30, 0); /* the window is empty again */
    pass(&w, 0);
    assert_int_equal(w.tally.aired, 16);
    og_radio_finish(&w.radio);
}

static void
test_os_limit_dialog(void **state)
{
    struct world w;
    set_up(&w, 1, true);
    w.profile.radio.os_class = OG_OS_DIALOG;
    for (int i = 0; i < 30 + OG_RADIO_DIALOGS_MAX + 2; i++) {
        submit(&w, i, 1, 0);
    }
    pass(&w, 30 * DAY_MS);
    assert_int_equal(w.tally.aired, 30);
    assert_int_equal(w.tally.results[OG_RADIO_LIMIT], 2); /* beyond five that wait: at once */
    assert_int_equal(w.tally.over, 32);                   /* the five hang for ever */
    og_radio_finish(&w.radio);

    set_up(&w, 1, true);
    w.profile.radio.os_class = OG_OS_DIALOG;
    w.profile.radio.dialog_answer_ms = 5000;
    w.profile.radio.dialog_yes = 100;
    for (int i = 0; i < 32; i++) {
        submit(&w, i, 1, 0);
    }
    pass(&w, 4999);
    assert_int_equal(w.tally.aired, 30);
    w.profile.radio.dialog_yes = 0;
    pass(&w, 1);
    assert_int_equal(w.tally.results[OG_RADIO_USER_NO], 2);
    assert_int_equal(w.tally.over, 32);
    og_radio_finish(&w.radio);
}

static void
test_reports(void **state)
{
    struct world w;
    set_up(&w, 1, true);
    w.profile.radio.report_twice = 100;
    submit(&w, 0, 2, 0);
    pass(&w, 5000);
    assert_int_equal(w.tally.delivered, 4); /* each part, twice */
    w.profile.radio.report_twice = 0;
    w.profile.radio.report_temporary = 100;
    w.profile.radio.report_median_ms = w.profile.radio.report_p95_ms = 1000;
    submit(&w, 1, 1, 0);
    pass(&w, 999);
    assert_int_equal(w.tally.temporary, 1);
    assert_int_equal(w.tally.delivered, 4);
    pass(&w, 1);
    assert_int_equal(w.tally.delivered, 5);
    w.profile.radio.report_failed = 100;
    submit(&w, 2, 1, 0);
    pass(&w, 5000);
    assert_int_equal(w.tally.undelivered, 1);
    w.profile.radio.report_never = 100;
    submit(&w, 3, 1, 0);
    pass(&w, DAY_MS);
    assert_int_equal(w.tally.delivered + w.tally.undelivered, 6);
    assert_int_equal(w.tally.over, 4);
    og_radio_finish(&w.radio);
}

static void
test_finish_with_events_under_way(void **state)
{
    struct world w;
    set_up(&w, 1, false);
    for (int i = 0; i < 60; i++) {
        submit(&w, i, 1, 0);
    }
    og_radio_finish(&w.radio); /* the sanitizer looks for what is left */
    assert_int_equal(og_radio_next_at(&w.radio), OG_NEVER);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dice),
        cmocka_unit_test(test_distributions),
        cmocka_unit_test(test_perfect),
        cmocka_unit_test(test_mix_of_results),
        cmocka_unit_test(test_same_seed_same_fate),
        cmocka_unit_test(test_sim_is_serial),
        cmocka_unit_test(test_part_that_takes_too_long),
        cmocka_unit_test(test_os_limit_fail_fast),
        cmocka_unit_test(test_os_limit_dialog),
        cmocka_unit_test(test_reports),
        cmocka_unit_test(test_finish_with_events_under_way),
    };
    return cmocka_run_group_tests_name("phone: radio", tests, NULL, NULL);
}
