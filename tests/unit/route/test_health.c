/*
 * Health of a phone: what it takes to get into each state and out of it, and random histories
 * that must not make it flap or stay away for ever.
 */
#include "tests/unit/check.h"

#include "route/health.h"

#define SECOND INT64_C(1000)
#define START (INT64_C(1800000000) * SECOND)

static const struct og_health_policy policy = {
    .offline_after_ms = 20 * SECOND,
    .silent_max = 3,
    .failures_max = 5,
    .quarantine_ms = 60 * SECOND,
};

static void
assert_state(struct og_health *health, int64_t now, enum og_health_state state,
             enum og_health_reason reason)
{
    og_health_refresh(health, &policy, now);
    assert_string_equal(og_health_state_name(health->state), og_health_state_name(state));
    assert_string_equal(og_health_reason_name(health->reason), og_health_reason_name(reason));
}

static void
connect_phone(struct og_health *health)
{
    og_health_init(health, START, START);
    og_health_stream(health, true, START);
    og_health_fetched(health, 100);
    assert_state(health, START, OG_HEALTH_ONLINE, OG_HEALTH_WELL);
}

static void
test_presence(void **state)
{
    OG_SCOPED(og_health_finish) struct og_health health = {0};
    (void)state;
    connect_phone(&health);
    assert_state(&health, START + 3600 * SECOND, OG_HEALTH_ONLINE, OG_HEALTH_WELL);
    og_health_stream(&health, false, START + 3600 * SECOND);
    assert_state(&health, START + 3619 * SECOND, OG_HEALTH_ONLINE, OG_HEALTH_WELL);
    assert_true(og_health_refresh(&health, &policy, START + 3620 * SECOND));
    assert_false(og_health_refresh(&health, &policy, START + 3621 * SECOND));
    assert_state(&health, START + 3621 * SECOND, OG_HEALTH_OFFLINE, OG_HEALTH_UNSEEN);
    assert_int_equal(health.since, START + 3620 * SECOND);
    assert_int_equal(og_health_score(&health), 0);
    og_health_stream(&health, true, START + 4000 * SECOND);
    assert_state(&health, START + 4000 * SECOND, OG_HEALTH_ONLINE, OG_HEALTH_WELL);
    assert_int_equal(og_health_score(&health), 100);
}

/* A phone that polls is away when it misses three of its polls. */
static void
test_poller(void **state)
{
    OG_SCOPED(og_health_finish) struct og_health health = {0};
    int64_t now = START;
    (void)state;
    og_health_init(&health, START, START);
    for (int i = 0; i < 10; i++) {
        og_health_seen(&health, now += 60 * SECOND);
        assert_state(&health, now, OG_HEALTH_ONLINE, OG_HEALTH_WELL);
    }
    assert_state(&health, now + 179 * SECOND, OG_HEALTH_ONLINE, OG_HEALTH_WELL);
    assert_state(&health, now + 180 * SECOND, OG_HEALTH_OFFLINE, OG_HEALTH_UNSEEN);
}

static void
test_silence_and_probe(void **state)
{
    OG_SCOPED(og_health_finish) struct og_health health = {0};
    (void)state;
    connect_phone(&health);
    og_health_silent(&health, &policy, START);
    og_health_silent(&health, &policy, START);
    assert_state(&health, START, OG_HEALTH_DEGRADED, OG_HEALTH_SILENT);
    og_health_silent(&health, &policy, START);
    assert_state(&health, START, OG_HEALTH_QUARANTINED, OG_HEALTH_SILENT);
    assert_false(og_health_wants_probe(&health, START + 59 * SECOND));
    assert_true(og_health_wants_probe(&health, START + 60 * SECOND));
    og_health_handed(&health, START + 60 * SECOND);
    assert_false(og_health_wants_probe(&health, START + 60 * SECOND)); /* one at a time */
    og_health_silent(&health, &policy, START + 90 * SECOND);
    assert_false(og_health_wants_probe(&health, START + 209 * SECOND));
    assert_true(og_health_wants_probe(&health, START + 210 * SECOND));
    og_health_handed(&health, START + 210 * SECOND);
    og_health_sent(&health, 1200);
    og_health_refresh(&health, &policy, START + 212 * SECOND);
    assert_int_not_equal(health.state, OG_HEALTH_QUARANTINED);
    /* the next time it begins with the short rest again */
    for (int i = 0; i < 3; i++) {
        og_health_silent(&health, &policy, START + 300 * SECOND);
    }
    assert_true(og_health_wants_probe(&health, START + 360 * SECOND));
}

static void
test_failures(void **state)
{
    OG_SCOPED(og_health_finish) struct og_health health = {0};
    (void)state;
    connect_phone(&health);
    for (int i = 0; i < 4; i++) {
        og_health_failed(&health, &policy, START);
    }
    assert_state(&health, START, OG_HEALTH_DEGRADED, OG_HEALTH_FAILING);
    og_health_failed(&health, &policy, START);
    assert_state(&health, START, OG_HEALTH_QUARANTINED, OG_HEALTH_FAILING);
    og_health_handed(&health, START + 60 * SECOND);
    og_health_failed(&health, &policy, START + 61 * SECOND);
    og_health_refresh(&health, &policy, START + 61 * SECOND);
    assert_int_equal(health.quarantined_for, OG_HEALTH_PROBE_LOST);
    assert_int_equal(health.quarantined_until, START + 181 * SECOND);
}

/* Between the two marks a phone stays what it was. */
static void
test_hysteresis(void **state)
{
    OG_SCOPED(og_health_finish) struct og_health health = {0};
    int changes = 0;
    (void)state;
    connect_phone(&health);
    for (int i = 0; i < 200; i++) { /* every third fails: 66 and around */
        if (i % 3 == 0) {
            og_health_failed(&health, &policy, START + i);
        } else {
            og_health_sent(&health, 1000);
        }
        changes += og_health_refresh(&health, &policy, START + i);
    }
    assert_true(changes <= 1);
    for (int i = 0; i < 40; i++) {
        og_health_sent(&health, 1000);
    }
    assert_state(&health, START + 300, OG_HEALTH_ONLINE, OG_HEALTH_WELL);
}

static void
test_unfetched(void **state)
{
    OG_SCOPED(og_health_finish) struct og_health health = {0};
    (void)state;
    connect_phone(&health);
    for (int i = 0; i < 3; i++) {
        og_health_unfetched(&health);
    }
    assert_state(&health, START, OG_HEALTH_DEGRADED, OG_HEALTH_UNFETCHED);
    og_health_fetched(&health, 90);
    assert_state(&health, START, OG_HEALTH_ONLINE, OG_HEALTH_WELL);
}

static void
test_latency(void **state)
{
    struct og_latency latency = {0};
    (void)state;
    assert_int_equal(og_health_patience_ms(&latency, 3000, 30000), 30000);
    for (int i = 1; i <= 100; i++) {
        og_latency_add(&latency, i * 10);
    }
    assert_int_equal(latency.p50_ms, 850); /* of 690 to 1000 */
    assert_int_equal(latency.p95_ms, 990);
    assert_int_equal(og_health_patience_ms(&latency, 3000, 30000), 3960);
    assert_int_equal(og_health_patience_ms(&latency, 5000, 30000), 5000);
    assert_int_equal(og_health_patience_ms(&latency, 1000, 3000), 3000);
    og_latency_add(&latency, -5);
    og_latency_add(&latency, INT64_MAX);
    assert_int_equal(latency.p50_ms, 860);
    og_latency_finish(&latency);
}

static void
test_score(void **state)
{
    OG_SCOPED(og_health_finish) struct og_health health = {0};
    (void)state;
    connect_phone(&health);
    og_health_clock(&health, START + 3600 * SECOND, START);
    assert_int_equal(og_health_score(&health), 95);
    for (int i = 0; i < 20; i++) {
        og_health_delivery(&health, i % 2);
    }
    assert_int_equal(og_health_score(&health), 80);
    for (int i = 0; i < 12; i++) {
        og_health_sent(&health, 20 * SECOND);
    }
    assert_int_equal(og_health_score(&health), 55);
    assert_state(&health, START, OG_HEALTH_DEGRADED, OG_HEALTH_SLOW);
}

/* An app that pauses between two sends shows it only when it has several at once. */
static void
test_pause_of_the_app(void **state)
{
    OG_SCOPED(og_health_finish) struct og_health health = {0};
    (void)state;
    connect_phone(&health);
    for (int i = 0; i < 20; i++) { /* each alone */
        og_health_served(&health, START + i * 60 * SECOND, 1, START + i * 60 * SECOND + SECOND);
    }
    assert_int_equal(og_health_part_ms(&health, 1500), 1500);
    const int64_t noon = START + 3600 * SECOND;
    og_health_served(&health, noon, 1, noon + SECOND);
    for (int i = 1; i <= 10; i++) { /* all at once, of two parts each */
        og_health_served(&health, noon, 2, noon + SECOND + i * 5 * SECOND);
    }
    assert_int_equal(og_health_part_ms(&health, 1500), 2500);
}

/* Whatever happens, a phone that is connected and sends all of what it gets from now on is
 * online again soon, and one in quarantine always gets its probe. */
static void
test_histories(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 300; seed++) {
        uint64_t random = seed * 7919;
        int64_t now = START;
        OG_SCOPED(og_health_finish) struct og_health health = {0};
        og_health_init(&health, START, START);
        for (int i = 0; i < 200; i++) {
            const uint64_t draw = next_random(&random) >> 20;
            now += (int64_t)(draw >> 8 & 0x3FFF);
            switch (draw % 7) {
            case 0: og_health_stream(&health, draw >> 30 & 1, now); break;
            case 1: og_health_seen(&health, now); break;
            case 2: og_health_handed(&health, now); break;
            case 3: og_health_sent(&health, (int64_t)(draw >> 30 & 0xFFF)); break;
            case 4: og_health_failed(&health, &policy, now); break;
            case 5: og_health_silent(&health, &policy, now); break;
            default: og_health_unfetched(&health); break;
            }
            og_health_refresh(&health, &policy, now);
            const int score = og_health_score(&health);
            assert_in_range(score, 0, 100);
            assert_true((health.state == OG_HEALTH_QUARANTINED) <=
                        (health.quarantined_until != 0));
        }
        og_health_stream(&health, true, now);
        now = health.quarantined_until > now ? health.quarantined_until : now;
        for (int i = 0; i < 34; i++) {
            og_health_handed(&health, now);
            og_health_fetched(&health, 100);
            og_health_sent(&health, 900);
            og_health_refresh(&health, &policy, ++now);
        }
        assert_state(&health, now, OG_HEALTH_ONLINE, OG_HEALTH_WELL);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_presence),   cmocka_unit_test(test_poller),
        cmocka_unit_test(test_silence_and_probe), cmocka_unit_test(test_failures),
        cmocka_unit_test(test_hysteresis), cmocka_unit_test(test_unfetched),
        cmocka_unit_test(test_latency),    cmocka_unit_test(test_score),
        cmocka_unit_test(test_pause_of_the_app),
        cmocka_unit_test(test_histories),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
