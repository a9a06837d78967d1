/*
 * The router: a table for each refusal and preference, and random candidates against a slow
 * search that says what the rules say, in other words.
 */
#include "tests/unit/check.h"

#include "route/router.h"

#define NOW INT64_C(1800000000000)

/* Rows say what differs from the ordinary. */
#pragma GCC diagnostic ignored "-Woverride-init"

/* A phone in the best of health; rows change what they are about. */
#define GOOD                                                                                      \
    .is_connected = true, .score = 100, .seen_at = NOW, .pace = {NOW, OG_PACE_FREE},              \
    .latency_ms = 1500, .group_priority = 1, .weight = 1, .is_in_rule = true

#define ASK(...)                                                                                  \
    {                                                                                             \
        .is_otp = true, .left_ms = 60000, .seen_since_ms = INT64_MIN, .now_ms = NOW, __VA_ARGS__  \
    }

static const struct og_route_ask otp = ASK();

static void
test_verdicts(void **state)
{
    static const struct {
        struct og_route_candidate candidate;
        struct og_route_ask ask;
        enum og_route_verdict verdict;
        int64_t delay_ms;
    } rows[] = {
        {{GOOD}, ASK(), OG_ROUTE_CHOSEN, 1500},
        {{GOOD, .ahead_parts = 2}, ASK(), OG_ROUTE_CHOSEN, 4500},
        {{GOOD, .pace = {NOW + 9000, OG_PACE_BY_MINUTE}, .ahead_parts = 2, .part_ms = 3000}, ASK(),
         OG_ROUTE_CHOSEN, 16500},
        {{GOOD, .is_connected = false}, ASK(), OG_ROUTE_CHOSEN, 1500},
        {{GOOD, .is_tried = true}, ASK(), OG_ROUTE_TRIED, 1500},
        {{GOOD, .is_in_rule = false}, ASK(), OG_ROUTE_NOT_IN_RULE, 1500},
        {{GOOD, .health = OG_HEALTH_QUARANTINED}, ASK(), OG_ROUTE_QUARANTINED, 1500},
        {{GOOD, .health = OG_HEALTH_QUARANTINED, .wants_probe = true}, ASK(), OG_ROUTE_CHOSEN,
         1500},
        {{GOOD, .health = OG_HEALTH_DEGRADED, .score = 40}, ASK(), OG_ROUTE_CHOSEN, 1500},
        {{GOOD}, ASK(.left_ms = 1000), OG_ROUTE_TOO_SLOW, 1500},
        {{GOOD, .is_connected = false, .seen_at = NOW - 5000}, ASK(.seen_since_ms = NOW - 1000),
         OG_ROUTE_UNSEEN, 1500},
        {{GOOD, .device = TEXT("a")}, ASK(.device = TEXT("b")), OG_ROUTE_NOT_ASKED,
         1500},
        {{GOOD, .device = TEXT("a"), .sim = 1}, ASK(.sim = 2), OG_ROUTE_NOT_ASKED, 1500},
        /* the client's own choice is not ours to judge */
        {{GOOD, .device = TEXT("a"), .health = OG_HEALTH_QUARANTINED, .is_in_rule = false},
         ASK(.device = TEXT("a"), .left_ms = 1), OG_ROUTE_CHOSEN, 1500},
        {{GOOD, .device = TEXT("a"), .is_tried = true}, ASK(.device = TEXT("a")),
         OG_ROUTE_TRIED, 1500},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct og_route_answer answer;
        const size_t best = og_router_choose(&rows[i].candidate, 1, &rows[i].ask, &answer);
        assert_string_equal(og_route_verdict_name(answer.verdict),
                            og_route_verdict_name(rows[i].verdict));
        assert_int_equal(answer.delay_ms, rows[i].delay_ms);
        assert_int_equal(best, rows[i].verdict == OG_ROUTE_CHOSEN ? 0 : OG_ROUTE_NONE);
    }
}

/* In each row the second one is to be chosen. */
static void
test_preferences(void **state)
{
    static const struct og_route_candidate rows[][2] = {
        {{GOOD, .ahead_parts = 1}, {GOOD}},
        {{GOOD, .is_connected = false}, {GOOD, .ahead_parts = 9}},
        {{GOOD, .group_priority = 2}, {GOOD, .ahead_parts = 9}},
        {{GOOD, .turn = 5}, {GOOD, .turn = 4}},
        {{GOOD, .latency_ms = 1001, .turn = 5}, {GOOD, .latency_ms = 1399, .turn = 4}},
        {{GOOD, .latency_ms = 1399, .turn = 4}, {GOOD, .latency_ms = 900, .turn = 5}},
        {{GOOD, .ahead_parts = 1, .busy_ms = 5000}, {GOOD, .ahead_parts = 2}},
        {{GOOD, .score = 50}, {GOOD}},
        {{GOOD, .ahead_parts = 1}, {GOOD, .ahead_parts = 2, .is_sticky = true}},
        {{GOOD, .health = OG_HEALTH_QUARANTINED, .wants_probe = true},
         {GOOD, .pace = {NOW + 9000, OG_PACE_BY_MINUTE}}},
        {{GOOD, .is_connected = false, .seen_at = NOW - 9},
         {GOOD, .is_connected = false, .seen_at = NOW - 5, .ahead_parts = 7}},
        {{GOOD, .pace = {NOW + 40000, OG_PACE_BY_DAY}}, {GOOD, .latency_ms = 20000}},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct og_route_candidate turned[] = {rows[i][1], rows[i][0]};
        assert_int_equal(og_router_choose(rows[i], 2, &otp, NULL), 1);
        assert_int_equal(og_router_choose(turned, 2, &otp, NULL), 0);
    }
}

static void
test_best_delay(void **state)
{
    const struct og_route_candidate candidates[] = {
        {GOOD, .latency_ms = 4000},
        {GOOD, .latency_ms = 100, .is_tried = true},
        {GOOD, .latency_ms = 70000},
    };
    struct og_route_answer answers[3];
    (void)state;
    og_router_choose(candidates, 3, &otp, answers);
    assert_int_equal(og_router_best_delay_ms(candidates, answers, 3), 4000);
    assert_int_equal(og_router_best_delay_ms(candidates + 1, answers + 1, 1), INT64_MAX);
    assert_int_equal(og_router_best_delay_ms(candidates + 2, answers + 2, 1), 70000);
    assert_int_equal(og_router_choose(NULL, 0, &otp, NULL), OG_ROUTE_NONE);
}

/* ---- random candidates ---- */

#define MANY 12

static struct og_route_candidate
random_candidate(uint64_t *seed)
{
    const uint64_t r = next_random(seed) >> 8;
    return (struct og_route_candidate){
        .is_connected = r % 4 != 0,
        .health = r >> 2 & 1 ? OG_HEALTH_ONLINE : (enum og_health_state)(r >> 3 & 3),
        .wants_probe = r >> 5 & 1,
        .score = (int)(r >> 6 & 63) + 36,
        .seen_at = NOW - (int64_t)(r >> 12 & 0xFF),
        .pace = {NOW + (int64_t)(r >> 20 & 3) * 9000, OG_PACE_FREE},
        .ahead_parts = (int64_t)(r >> 22 & 7),
        .part_ms = 3000,
        .latency_ms = (int64_t)(r >> 25 & 0xFFF),
        .group_priority = (int)(r >> 37 & 1),
        .weight = 1,
        .turn = r >> 38 & 0xFF,
        .is_in_rule = (r >> 46 & 3) != 0,
        .is_tried = (r >> 48 & 7) == 0,
        .is_sticky = (r >> 51 & 7) == 0,
    };
}

/* May it have the message now? */
static bool
would_do(const struct og_route_candidate *c)
{
    const bool is_barred = c->health == OG_HEALTH_QUARANTINED && !c->wants_probe;
    return c->is_connected && c->is_in_rule && !c->is_tried && !is_barred;
}

/* Nothing that would do and is there may be better in every respect than the chosen one. */
static bool
beats(const struct og_route_candidate *a, const struct og_route_candidate *b)
{
    return a->group_priority <= b->group_priority && a->pace.at_ms <= b->pace.at_ms &&
           a->ahead_parts <= b->ahead_parts && a->latency_ms + 400 < b->latency_ms &&
           a->score >= b->score && a->is_sticky >= b->is_sticky &&
           a->wants_probe <= b->wants_probe;
}

static void
test_random(void **state)
{
    uint64_t seed = 4711;
    (void)state;
    for (int round = 0; round < 20000; round++) {
        struct og_route_candidate candidates[MANY];
        struct og_route_answer answers[MANY];
        bool is_any = false;
        for (size_t i = 0; i < MANY; i++) {
            candidates[i] = random_candidate(&seed);
            is_any |= would_do(&candidates[i]);
        }
        const size_t best = og_router_choose(candidates, MANY, &otp, answers);
        size_t chosen = 0;
        for (size_t i = 0; i < MANY; i++) {
            chosen += answers[i].verdict == OG_ROUTE_CHOSEN;
            if (is_any && would_do(&candidates[i])) {
                assert_false(beats(&candidates[i], &candidates[best]));
            }
        }
        assert_int_equal(chosen, best != OG_ROUTE_NONE);
        assert_true(!is_any || would_do(&candidates[best]));
        if (best != OG_ROUTE_NONE) {
            assert_true(candidates[best].is_in_rule && !candidates[best].is_tried);
        }
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_verdicts),
        cmocka_unit_test(test_preferences),
        cmocka_unit_test(test_best_delay),
        cmocka_unit_test(test_random),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
