/* The app's own parts: states of a message, queue, memory of ids, reports in waiting, waits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "phone/known.h"
#include "phone/link.h"
#include "phone/outbox.h"
#include "phone/send_queue.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define NOW_MS INT64_C(1767355200000)

static struct og_sms *
make(const char *id, int priority, int64_t created_at, int64_t schedule_at, size_t recipients)
{
    static const struct og_str numbers[] = {OG_STR("+1"), OG_STR("+2"), OG_STR("+3")};
    struct og_pull_item item = {.id = og_str_from(id), .text = OG_STR("text"),
                                .numbers = {numbers, recipients}, .priority = priority,
                                .created_at = created_at, .schedule_at = schedule_at};
    return og_sms_create(&item, NOW_MS);
}

/* ---- states ---- */

static void
test_aggregate(void **state)
{
    static const struct {
        enum og_sms_state of[3];
        enum og_sms_state all;
    } cases[] = {
        {{OG_SMS_PENDING, OG_SMS_SENT, OG_SMS_FAILED}, OG_SMS_PENDING},
        {{OG_SMS_CANCELLED, OG_SMS_PROCESSED, OG_SMS_SENT}, OG_SMS_CANCELLED},
        {{OG_SMS_PROCESSED, OG_SMS_SENT, OG_SMS_DELIVERED}, OG_SMS_PROCESSED},
        {{OG_SMS_FAILED, OG_SMS_FAILED, OG_SMS_FAILED}, OG_SMS_FAILED},
        {{OG_SMS_DELIVERED, OG_SMS_DELIVERED, OG_SMS_DELIVERED}, OG_SMS_DELIVERED},
        {{OG_SMS_FAILED, OG_SMS_DELIVERED, OG_SMS_DELIVERED}, OG_SMS_SENT},
        {{OG_SMS_SENT, OG_SMS_DELIVERED, OG_SMS_DELIVERED}, OG_SMS_SENT},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct og_sms *sms = make("m", 0, 0, 0, 3);
        for (size_t r = 0; r < 3; r++) {
            og_sms_move(sms, r, cases[i].of[r], NULL, NOW_MS + 1);
        }
        assert_int_equal(sms->state, cases[i].all);
        og_sms_destroy(sms);
    }
}

static void
test_states_go_forward_only(void **state)
{
    struct og_sms *sms = make("m", 0, 0, 0, 1);
    assert_true(og_sms_move(sms, 0, OG_SMS_SENT, NULL, NOW_MS + 1));
    assert_false(og_sms_move(sms, 0, OG_SMS_PROCESSED, NULL, NOW_MS + 2));
    assert_false(og_sms_move(sms, 0, OG_SMS_SENT, NULL, NOW_MS + 3));
    assert_true(og_sms_move(sms, 0, OG_SMS_FAILED, "broken", NOW_MS + 4)); /* a late failure */
    assert_false(og_sms_move(sms, 0, OG_SMS_DELIVERED, NULL, NOW_MS + 5));
    assert_false(og_sms_move(sms, 0, OG_SMS_CANCELLED, NULL, NOW_MS + 6));
    assert_string_equal(sms->recipients[0].error, "broken");
    assert_int_equal(sms->state_at[OG_SMS_SENT], NOW_MS + 1);
    assert_int_equal(sms->state_at[OG_SMS_FAILED], NOW_MS + 4);
    assert_int_equal(sms->state_at[OG_SMS_PROCESSED], 0);
    og_sms_destroy(sms);
}

/* ---- the send queue ---- */

struct order_case {
    int64_t order;
    const char *expected;
};

static void
test_order(void **state)
{
    static const struct order_case cases[] = {{OG_ORDER_LIFO, "hdcba"}, {OG_ORDER_FIFO, "habcd"}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct og_send_queue queue;
        struct og_known known;
        struct og_dice dice;
        char got[8] = "";
        og_dice_seed(&dice, 1, 1);
        og_known_init(&known, 100);
        og_send_queue_init(&queue, cases[i].order);
        struct og_sms *all[] = {make("b", 0, 200, 0, 1), make("a", 0, 100, 0, 1),
                                make("c", 0, 300, 0, 1), make("d", 0, 300, 0, 1),
                                make("h", 50, 50, 0, 1)};
        for (size_t m = 0; m < COUNT(all); m++) { /* c before d by arrival */
            og_known_add(&known, all[m]);
            og_send_queue_add(&queue, all[m]);
        }
        struct og_sms *sms;
        while ((sms = og_send_queue_take(&queue, 0, NOW_MS, &dice))) {
            strcat(got, sms->id);
        }
        assert_string_equal(got, cases[i].expected);
        og_send_queue_finish(&queue);
        og_known_finish(&known);
    }
}

struct bench {
    struct og_send_queue queue;
    struct og_known known;
    struct og_dice dice;
};

static void
bench_init(struct bench *b, const char *settings_json)
{
    struct og_phone_settings settings;
    struct og_notes notes = {0};
    og_dice_seed(&b->dice, 1, 1);
    og_known_init(&b->known, 100);
    og_send_queue_init(&b->queue, OG_ORDER_FIFO);
    assert_true(og_proto_read_settings(og_str_from(settings_json),
                                       &og_app_profiles[OG_APP_1_68], &notes, &settings));
    og_send_queue_apply(&b->queue, &settings);
}

static void
bench_finish(struct bench *b)
{
    og_send_queue_finish(&b->queue);
    og_known_finish(&b->known);
}

static void
add(struct bench *b, const char *id, int priority, int64_t created_at, int64_t schedule_at)
{
    struct og_sms *sms = make(id, priority, created_at, schedule_at, 1);
    og_known_add(&b->known, sms);
    og_send_queue_add(&b->queue, sms);
}

static void
expect(struct bench *b, int64_t mono_ms, const char *id)
{
    struct og_sms *sms = og_send_queue_take(&b->queue, mono_ms, NOW_MS + mono_ms, &b->dice);
    assert_string_equal(sms ? sms->id : "", id);
}

static void
test_interval(void **state)
{
    struct bench b;
    bench_init(&b, "{\"messages\":{\"send_interval_min\":10,\"send_interval_max\":10}}");
    add(&b, "a", 0, 1, 0);
    add(&b, "b", 0, 2, 0);
    expect(&b, 0, "a");
    expect(&b, 9999, "");
    assert_int_equal(og_send_queue_next_at(&b.queue, 9999, NOW_MS), 10000);
    expect(&b, 10000, "b");
    bench_finish(&b);
}

/* An expedited message goes at once, even in a pause; of several equal ones only the first does. */
static void
test_expedited(void **state)
{
    struct bench b;
    bench_init(&b, "{\"messages\":{\"send_interval_min\":10,\"send_interval_max\":10}}");
    add(&b, "a", 0, 1, 0);
    add(&b, "b", 0, 2, 0);
    expect(&b, 0, "a");
    add(&b, "x", 100, 3, 0);
    add(&b, "y", 100, 4, 0);
    assert_int_equal(og_send_queue_next_at(&b.queue, 1, NOW_MS), 1);
    expect(&b, 1, "x");
    expect(&b, 2, ""); /* not higher than the one before it */
    add(&b, "z", 101, 5, 0);
    expect(&b, 3, "z");
    expect(&b, 4, "");
    expect(&b, 10003, "y");
    add(&b, "n", 99, 6, 0);
    expect(&b, 10004, "");
    expect(&b, 20003, "n");
    expect(&b, 30003, "b");
    bench_finish(&b);
}

static void
test_limit(void **state)
{
    struct bench b;
    char id[2] = "a";
    bench_init(&b, "{\"messages\":{\"limit_period\":\"PerMinute\",\"limit_value\":3}}");
    for (int i = 0; i < 5; i++, id[0]++) {
        add(&b, id, 0, i, 0);
    }
    expect(&b, 0, "a");
    expect(&b, 10, "b");
    expect(&b, 20, "c");
    expect(&b, 59999, "");
    assert_int_equal(og_send_queue_next_at(&b.queue, 59999, NOW_MS), 60000);
    expect(&b, 60000, "d");
    expect(&b, 60000, "");
    expect(&b, 60010, "e");
    bench_finish(&b);
}

static void
test_schedule(void **state)
{
    struct bench b;
    bench_init(&b, "{}");
    add(&b, "later", 0, 1, NOW_MS + 5000);
    add(&b, "soon", 0, 1, NOW_MS + 2000);
    expect(&b, 0, "");
    assert_int_equal(og_send_queue_next_at(&b.queue, 0, NOW_MS), 2000);
    expect(&b, 2000, "soon");
    expect(&b, 4999, "");
    assert_true(og_send_queue_remove(&b.queue, og_known_find(&b.known, OG_STR("later"))));
    assert_false(og_send_queue_remove(&b.queue, og_known_find(&b.known, OG_STR("later"))));
    expect(&b, 6000, "");
    assert_true(og_send_queue_next_at(&b.queue, 0, NOW_MS) == INT64_MAX);
    bench_finish(&b);
}

/* ---- memory of ids ---- */

static void
test_known(void **state)
{
    struct og_known known;
    char id[16];
    og_known_init(&known, 50);
    for (int i = 0; i < 200; i++) {
        snprintf(id, sizeof(id), "m%d", i);
        assert_null(og_known_find(&known, og_str_from(id)));
        struct og_sms *sms = make(id, 0, 0, 0, 1);
        og_known_add(&known, sms);
        if (i >= 5) { /* the first five are never done */
            og_sms_move_all(sms, OG_SMS_SENT, NULL, NOW_MS);
        }
        sms->pins = i == 5;
    }
    assert_int_equal(known.count, 50);
    for (int i = 0; i < 6; i++) { /* neither the unfinished nor the pinned are forgotten */
        snprintf(id, sizeof(id), "m%d", i);
        assert_non_null(og_known_find(&known, og_str_from(id)));
    }
    assert_null(og_known_find(&known, OG_STR("m6")));
    assert_non_null(og_known_find(&known, OG_STR("m199")));
    og_known_finish(&known);
}

/* ---- reports in waiting ---- */

static void
test_outbox(void **state)
{
    struct og_outbox box = {0};
    struct og_outbox_job job;
    struct og_sms *sms[12];
    struct og_dice dice;
    char id[16];
    og_dice_seed(&dice, 5, 5);
    assert_true(og_outbox_next_at(&box) == INT64_MAX);
    for (int i = 0; i < 12; i++) {
        snprintf(id, sizeof(id), "m%d", i);
        sms[i] = make(id, 0, 0, 0, 1);
        og_outbox_add(&box, sms[i], i % 2 ? 100 : 200, 0);
        assert_int_equal(sms[i]->pins, 1);
    }
    assert_int_equal(og_outbox_next_at(&box), 100);
    assert_false(og_outbox_take(&box, 99, &job));
    for (int i = 1; i < 12; i += 2) { /* those that are due, in order of arrival */
        assert_true(og_outbox_take(&box, 100, &job));
        assert_ptr_equal(job.sms, sms[i]);
        og_outbox_done(&job);
        assert_int_equal(sms[i]->pins, 0);
    }
    assert_false(og_outbox_take(&box, 100, &job));
    og_outbox_release(&box, &dice, 150);
    int moved = 0;
    for (int i = 0; i < 12; i += 2) {
        assert_true(og_outbox_take(&box, 150, &job));
        moved += job.sms != sms[i];
        og_outbox_add(&box, job.sms, 1000, job.tries + 1); /* failed: it comes back, pinned once */
        assert_int_equal(job.sms->pins, 1);
    }
    assert_true(moved > 0);
    assert_true(og_outbox_take(&box, 1000, &job));
    assert_int_equal(job.tries, 1);
    for (int i = 0; i < 12; i++) {
        og_sms_destroy(sms[i]);
    }
    og_outbox_finish(&box);
}

/* ---- waits and episodes ---- */

static void
test_waits(void **state)
{
    struct og_link_profile profile = {.reconnect_ms = 5000, .retry_ms = 10000,
                                      .retry_max_ms = 5 * 3600000};
    struct og_link link = {0};
    for (int i = 1; i <= 12; i++) {
        int64_t expected = i <= 5 ? 5000 : i <= 10 ? 30000 : 60000;
        assert_int_equal(og_link_stream_wait(&link, &profile), expected);
    }
    og_link_stream_opened(&link);
    assert_int_equal(og_link_stream_wait(&link, &profile), 5000);
    assert_int_equal(og_link_retry_wait(&profile, 1), 10000);
    assert_int_equal(og_link_retry_wait(&profile, 2), 20000);
    assert_int_equal(og_link_retry_wait(&profile, 5), 160000);
    assert_int_equal(og_link_retry_wait(&profile, 60), 5 * 3600000);
}

static void
test_episodes(void **state)
{
    struct og_link_profile profile = {.up_mean_ms = 6 * 3600000, .down_mean_ms = 180000};
    struct og_link link;
    struct og_dice dice;
    int64_t now_ms = 0, down_ms = 0;
    int flips = 0;
    og_dice_seed(&dice, 11, 0);
    og_link_init(&link, &profile, &dice, 0);
    assert_true(link.is_up);
    while (flips < 2000) {
        assert_false(og_link_step(&link, &profile, &dice, link.flips_at_ms - 1));
        down_ms += link.is_up ? 0 : link.flips_at_ms - now_ms;
        now_ms = link.flips_at_ms;
        assert_true(og_link_step(&link, &profile, &dice, now_ms));
        flips++;
    }
    assert_in_range(down_ms / 1000, 165000, 195000);
    assert_in_range(now_ms / 1000 * 1000 / flips, 10000000, 11800000);
    profile.up_mean_ms = 0;
    og_link_init(&link, &profile, &dice, 0);
    assert_true(link.flips_at_ms == INT64_MAX);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_aggregate),
        cmocka_unit_test(test_states_go_forward_only),
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_interval),
        cmocka_unit_test(test_expedited),
        cmocka_unit_test(test_limit),
        cmocka_unit_test(test_schedule),
        cmocka_unit_test(test_known),
        cmocka_unit_test(test_outbox),
        cmocka_unit_test(test_waits),
        cmocka_unit_test(test_episodes),
    };
    return cmocka_run_group_tests_name("phone: app", tests, NULL, NULL);
}
