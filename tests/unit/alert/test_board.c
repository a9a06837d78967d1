/*
 * The board of alerts on a fake clock: one alert per kind and subject, with a start and an end,
 * told to each channel once and again after an interval.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "alert/board.h"

#define NOON INT64_C(1767268800000)
#define SECOND INT64_C(1000)
#define MINUTE (60 * SECOND)
#define KEEP (60 * SECOND)
#define HOUR (60 * MINUTE)
#define PHONE OG_STR("phone-1")

static int64_t mono_ms;

static int64_t
read_wall(void *ctx)
{
    (void)ctx;
    return NOON + mono_ms;
}

static int64_t
read_mono(void *ctx)
{
    (void)ctx;
    return mono_ms;
}

static const struct og_clock fake_clock = {read_wall, read_mono, NULL};

static int
set_up(void **state)
{
    const struct og_alert_board_config config = {&fake_clock, KEEP};
    mono_ms = HOUR;
    *state = og_alert_board_create(&config);
    return 0;
}

static int
tear_down(void **state)
{
    og_alert_board_destroy(*state);
    return 0;
}

static void
pass(struct og_alert_board *board, int64_t ms)
{
    mono_ms += ms;
    og_alert_tick(board, NULL, NULL);
}

/* What is due on a channel, which is then told. */
static int
tell(struct og_alert_board *board, int channel, struct og_alert *out)
{
    const int count = og_alert_due(board, channel, OG_STR("mail"), 4 * HOUR, out, OG_ALERTS_MAX);
    og_alert_told(board, channel, out, count);
    return count;
}

static void
test_req_86_alerts_deduplicate(void **state)
{
    struct og_alert_board *board = *state;
    struct og_alert list[8];
    for (int i = 0; i < 100; i++) {
        og_alert_raise(board, OG_ALERT_DEVICE_OFFLINE, PHONE, i);
        pass(board, SECOND);
    }
    og_alert_raise(board, OG_ALERT_DEVICE_OFFLINE, OG_STR("phone-2"), 5);
    og_alert_raise(board, OG_ALERT_QUEUE_DELAY, PHONE, 0);
    assert_int_equal(og_alert_list(board, list, 8), 3);
    assert_string_equal(list[2].subject, "phone-1");
    assert_int_equal(list[2].figure, 99);
    assert_int_equal(list[2].started_at, NOON + HOUR);
}

static void
test_req_86_alerts_carry_start_and_end(void **state)
{
    struct og_alert_board *board = *state;
    struct og_alert list[8];
    og_alert_raise(board, OG_ALERT_DEVICE_OFFLINE, PHONE, 1);
    pass(board, MINUTE);
    assert_int_equal(og_alert_list(board, list, 8), 1);
    assert_int_equal(list[0].ended_at, 0);
    og_alert_clear(board, OG_ALERT_DEVICE_OFFLINE, PHONE);
    pass(board, KEEP - 1);
    assert_int_equal(og_alert_list(board, list, 8), 1);
    assert_int_equal(list[0].ended_at, 0); /* it might come back */
    pass(board, 1);
    assert_int_equal(og_alert_list(board, list, 8), 1);
    assert_int_equal(list[0].started_at, NOON + HOUR);
    assert_int_equal(list[0].ended_at, NOON + HOUR + MINUTE); /* when it was cleared */
}

struct heard {
    int starts, ends;
    struct og_alert last;
};

static void
hear(void *ctx, const struct og_alert *alert)
{
    struct heard *heard = ctx;
    heard->starts += alert->ended_at == 0;
    heard->ends += alert->ended_at != 0;
    heard->last = *alert;
}

static void
test_start_and_end_are_told_once(void **state)
{
    struct og_alert_board *board = *state;
    struct heard heard = {0};
    for (int i = 0; i < 10; i++) {
        og_alert_raise(board, OG_ALERT_DEVICE_OFFLINE, PHONE, 7 + i);
        og_alert_tick(board, hear, &heard);
    }
    assert_int_equal(heard.starts, 1);
    assert_int_equal(heard.last.figure, 7);
    og_alert_clear(board, OG_ALERT_DEVICE_OFFLINE, PHONE);
    mono_ms += KEEP;
    for (int i = 0; i < 10; i++) {
        og_alert_tick(board, hear, &heard);
    }
    assert_int_equal(heard.starts, 1);
    assert_int_equal(heard.ends, 1);
    assert_string_equal(heard.last.subject, "phone-1");
}

static void
test_what_flaps_is_one_alert(void **state)
{
    struct og_alert_board *board = *state;
    struct og_alert list[8];
    for (int i = 0; i < 20; i++) {
        og_alert_raise(board, OG_ALERT_DEVICE_OFFLINE, PHONE, 1);
        pass(board, KEEP / 2);
        og_alert_clear(board, OG_ALERT_DEVICE_OFFLINE, PHONE);
        pass(board, KEEP / 2);
    }
    assert_int_equal(tell(board, 0, list), 1);
    assert_int_equal(list[0].ended_at, 0);
    og_alert_clear(board, OG_ALERT_DEVICE_OFFLINE, PHONE);
    pass(board, KEEP);
    og_alert_raise(board, OG_ALERT_DEVICE_OFFLINE, PHONE, 1); /* after its end: another */
    assert_int_equal(og_alert_list(board, list, 8), 2);
}

static void
test_req_86_reminders_keep_their_interval(void **state)
{
    struct og_alert_board *board = *state;
    struct og_alert due[OG_ALERTS_MAX];
    int told = 0;
    for (int64_t at = 0; at < 9 * HOUR; at += MINUTE) {
        og_alert_raise(board, OG_ALERT_DEVICE_OFFLINE, PHONE, at);
        told += tell(board, 0, due);
        pass(board, MINUTE);
    }
    assert_int_equal(told, 3); /* at 0, 4 and 8 hours */
    og_alert_clear(board, OG_ALERT_DEVICE_OFFLINE, PHONE);
    pass(board, KEEP);
    assert_int_equal(tell(board, 0, due), 1);
    assert_true(due[0].ended_at > 0);
    assert_int_equal(tell(board, 0, due), 0);
    /* a channel that never heard of it is not told of its end */
    assert_int_equal(tell(board, 1, due), 0);
}

static void
test_a_channel_that_failed_is_told_again(void **state)
{
    struct og_alert_board *board = *state;
    struct og_alert due[4];
    og_alert_raise(board, OG_ALERT_DATABASE, OG_STR(""), 0);
    assert_int_equal(og_alert_due(board, 0, OG_STR("mail"), HOUR, due, 4), 1);
    assert_int_equal(og_alert_due(board, 0, OG_STR("mail"), HOUR, due, 4), 1);
    og_alert_clear(board, OG_ALERT_DATABASE, OG_STR(""));
    og_alert_told(board, 0, due, 1);
    pass(board, KEEP);
    assert_int_equal(og_alert_due(board, 0, OG_STR("mail"), HOUR, due, 4), 1);
    assert_true(due[0].ended_at > 0);
}

static void
test_req_86_a_dead_channel_is_told_to_the_others(void **state)
{
    struct og_alert_board *board = *state;
    struct og_alert due[4];
    og_alert_raise(board, OG_ALERT_CHANNEL_DEAD, OG_STR("mail"), 2);
    assert_int_equal(og_alert_due(board, 0, OG_STR("mail"), HOUR, due, 4), 0);
    assert_int_equal(og_alert_due(board, 1, OG_STR("webhook"), HOUR, due, 4), 1);
}

static void
test_some_kinds_end_by_themselves(void **state)
{
    struct og_alert_board *board = *state;
    struct og_alert list[4];
    const int64_t lasts_ms = og_alert_kinds[OG_ALERT_WEBHOOK_DEAD].lasts_ms;
    og_alert_raise(board, OG_ALERT_WEBHOOK_DEAD, OG_STR(""), 3);
    pass(board, lasts_ms / 2);
    og_alert_raise(board, OG_ALERT_WEBHOOK_DEAD, OG_STR(""), 4);
    pass(board, lasts_ms - 1);
    assert_int_equal(og_alert_list(board, list, 4), 1);
    assert_int_equal(list[0].ended_at, 0);
    pass(board, 1);
    assert_int_equal(og_alert_list(board, list, 4), 1);
    assert_int_equal(list[0].ended_at, NOON + mono_ms);
}

static void
test_a_look_clears_what_it_did_not_find(void **state)
{
    struct og_alert_board *board = *state;
    int counts[OG_ALERT_KINDS];
    og_alert_raise(board, OG_ALERT_DATABASE, OG_STR(""), 0);
    for (int look = 0; look < 2; look++) {
        og_alert_look_begin(board);
        og_alert_raise(board, OG_ALERT_DEVICE_OFFLINE, PHONE, 1);
        if (look == 0) {
            og_alert_raise(board, OG_ALERT_DEVICE_OFFLINE, OG_STR("phone-2"), 1);
        }
        og_alert_look_end(board, OG_ALERT_DEVICE_OFFLINE);
    }
    pass(board, KEEP);
    og_alert_counts(board, counts);
    assert_int_equal(counts[OG_ALERT_DEVICE_OFFLINE], 1);
    assert_int_equal(counts[OG_ALERT_DATABASE], 1); /* no kind of that look */
}

static void
test_the_board_is_bounded(void **state)
{
    struct og_alert_board *board = *state;
    static struct og_alert list[2 * OG_ALERTS_MAX];
    char subject[32];
    og_alert_raise(board, OG_ALERT_TEST, OG_STR("over"), 0);
    og_alert_clear(board, OG_ALERT_TEST, OG_STR("over"));
    pass(board, KEEP);
    for (int i = 0; i < 2 * OG_ALERTS_MAX; i++) {
        snprintf(subject, sizeof subject, "phone-%d", i);
        og_alert_raise(board, OG_ALERT_DEVICE_OFFLINE, og_str_from(subject), i);
    }
    assert_int_equal(og_alert_list(board, list, 2 * OG_ALERTS_MAX), OG_ALERTS_MAX);
    assert_string_equal(list[OG_ALERTS_MAX - 1].subject, "phone-0"); /* the ended one went */
    char longer[2 * OG_ALERT_SUBJECT_BYTES];
    memset(longer, 'x', sizeof longer);
    og_alert_clear(board, OG_ALERT_DEVICE_OFFLINE, OG_STR("phone-0"));
    pass(board, KEEP);
    for (int i = 0; i < 2; i++) {
        og_alert_raise(board, OG_ALERT_TEST, (struct og_str){longer, sizeof longer}, i);
    }
    assert_int_equal(og_alert_list(board, list, 2 * OG_ALERTS_MAX), OG_ALERTS_MAX);
    assert_int_equal(strlen(list[0].subject), OG_ALERT_SUBJECT_BYTES - 1);
    assert_int_equal(list[0].figure, 1); /* the second time was the same alert */
}

static void
test_without_a_board_nobody_is_told(void **state)
{
    (void)state;
    og_alert_raise(NULL, OG_ALERT_TEST, OG_STR(""), 0);
    og_alert_clear(NULL, OG_ALERT_TEST, OG_STR(""));
    og_alert_look_begin(NULL);
    og_alert_look_end(NULL, OG_ALERT_TEST);
}

/* ---- threads ---- */

static void *
raise_and_clear(void *board)
{
    for (int i = 0; i < 2000; i++) {
        og_alert_raise(board, OG_ALERT_DEVICE_OFFLINE, PHONE, i);
        og_alert_clear(board, OG_ALERT_DEVICE_OFFLINE, PHONE);
    }
    og_alert_raise(board, OG_ALERT_DEVICE_OFFLINE, PHONE, 7);
    return NULL;
}

static void
test_threads_share_one_alert(void **state)
{
    pthread_t threads[4];
    struct og_alert list[4];
    for (int i = 0; i < 4; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, raise_and_clear, *state), 0);
    }
    for (int i = 0; i < 200; i++) {
        og_alert_tick(*state, NULL, NULL);
        tell(*state, 0, list);
    }
    for (int i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
    }
    assert_int_equal(og_alert_list(*state, list, 4), 1);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_req_86_alerts_deduplicate),
        CASE(test_req_86_alerts_carry_start_and_end),
        CASE(test_start_and_end_are_told_once),
        CASE(test_what_flaps_is_one_alert),
        CASE(test_req_86_reminders_keep_their_interval),
        CASE(test_a_channel_that_failed_is_told_again),
        CASE(test_req_86_a_dead_channel_is_told_to_the_others),
        CASE(test_some_kinds_end_by_themselves),
        CASE(test_a_look_clears_what_it_did_not_find),
        CASE(test_the_board_is_bounded),
        CASE(test_without_a_board_nobody_is_told),
        CASE(test_threads_share_one_alert),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
