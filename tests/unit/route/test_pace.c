/*
 * Pace: tables for each rule, and random histories against a slow model that keeps everything.
 */
#include "tests/unit/check.h"

#include "route/pace.h"

#define SECOND INT64_C(1000)
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)
#define START (INT64_C(1800000000) * SECOND) /* a Friday morning, UTC */

static const struct og_pace_ask otp = {.is_otp = true, .parts = 1};
static const struct og_pace_ask one = {.parts = 1};

static void
assert_waits(struct og_pace *pace, const struct og_pace_limits *limits,
             const struct og_pace_ask *ask, int64_t now, enum og_pace_reason reason, int64_t at)
{
    const struct og_pace_verdict verdict = og_pace_ask(pace, limits, ask, now);
    assert_string_equal(og_pace_reason_name(verdict.reason), og_pace_reason_name(reason));
    assert_int_equal(verdict.at_ms - now, at - now);
}

static void
test_minute(void **state)
{
    const struct og_pace_limits limits = {.parts = {[OG_PACE_MINUTE] = 20},
                                          .otp_reserve_percent = 25};
    struct og_pace pace = {0};
    (void)state;
    for (int i = 0; i < 15; i++) {
        assert_waits(&pace, &limits, &one, START + i * SECOND, OG_PACE_FREE, START + i * SECOND);
        og_pace_take(&pace, &limits, &one, START + i * SECOND, 0);
    }
    const int64_t now = START + 15 * SECOND;
    assert_waits(&pace, &limits, &one, now, OG_PACE_BY_MINUTE, START + 61 * SECOND);
    assert_waits(&pace, &limits, &otp, now, OG_PACE_FREE, now); /* its reserve */
    const struct og_pace_ask six = {.is_otp = true, .parts = 6};
    assert_waits(&pace, &limits, &six, now, OG_PACE_BY_MINUTE, START + 61 * SECOND);
    enum og_pace_span span;
    assert_int_equal(og_pace_use_percent(&pace, &limits, now, &span), 75);
    assert_int_equal(span, OG_PACE_MINUTE);
    assert_int_equal(og_pace_part_ms(&limits), 3000);
    /* what is too large for any minute goes in one that is empty */
    const struct og_pace_ask huge = {.parts = 100};
    assert_waits(&pace, &limits, &huge, now, OG_PACE_BY_MINUTE, START + 75 * SECOND);
    assert_waits(&pace, &limits, &huge, START + 75 * SECOND, OG_PACE_FREE, START + 75 * SECOND);
    og_pace_finish(&pace);
}

static void
test_quiet_hours(void **state)
{
    static const struct {
        int64_t from, to, offset;
        int64_t at_minute; /* of the day, UTC */
        int64_t wait_minutes;
    } rows[] = {
        {1320, 420, 0, 1319, 0},  {1320, 420, 0, 1320, 540}, {1320, 420, 0, 0, 420},
        {1320, 420, 0, 419, 1},   {1320, 420, 0, 420, 0},    {1320, 420, 60, 1260, 540},
        {480, 540, -300, 790, 50}, {0, 0, 0, 100, 0},         {720, 720, 0, 720, 0},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct og_pace_limits limits = {.quiet_from = rows[i].from,
                                              .quiet_to = rows[i].to,
                                              .utc_offset_minutes = rows[i].offset};
        struct og_pace pace = {0};
        const int64_t now = START / DAY * DAY + rows[i].at_minute * MINUTE;
        assert_waits(&pace, &limits, &one, now,
                     rows[i].wait_minutes ? OG_PACE_BY_QUIET_HOURS : OG_PACE_FREE,
                     now + rows[i].wait_minutes * MINUTE);
        assert_waits(&pace, &limits, &otp, now, OG_PACE_FREE, now);
    }
}

static void
test_gap(void **state)
{
    const struct og_pace_limits limits = {.gap_min_ms = 2000, .gap_max_ms = 5000};
    struct og_pace pace = {0};
    (void)state;
    og_pace_take(&pace, &limits, &one, START, 3001 * 7);
    assert_waits(&pace, &limits, &otp, START, OG_PACE_BY_GAP, START + 2000);
    og_pace_take(&pace, &limits, &one, START, 3001 * 7 + 3000);
    assert_waits(&pace, &limits, &one, START + 1, OG_PACE_BY_GAP, START + 5000);
    og_pace_finish(&pace);
}

static void
test_warmup(void **state)
{
    const struct og_pace_limits limits = {.parts = {[OG_PACE_DAY] = 100}, .warmup_ms = 10 * DAY};
    const struct og_pace_ask ten = {.parts = 10};
    struct og_pace pace = {0};
    (void)state;
    og_pace_take(&pace, &limits, &ten, START, 0);
    /* the first day's ten are gone; a day later it is twenty, of which none counts any more then */
    assert_waits(&pace, &limits, &one, START + HOUR, OG_PACE_BY_DAY, START + 25 * HOUR);
    og_pace_take(&pace, &limits, &ten, START + 3 * DAY, 0);
    const struct og_pace_ask thirty = {.parts = 30}, more = {.parts = 31};
    assert_waits(&pace, &limits, &thirty, START + 3 * DAY, OG_PACE_FREE, START + 3 * DAY);
    assert_int_equal(og_pace_ask(&pace, &limits, &more, START + 3 * DAY).reason, OG_PACE_BY_DAY);
    const struct og_pace_ask ninety = {.parts = 90};
    og_pace_take(&pace, &limits, &ten, START + 10 * DAY, 0);
    assert_waits(&pace, &limits, &ninety, START + 10 * DAY, OG_PACE_FREE, START + 10 * DAY);
    og_pace_finish(&pace);
}

static void
test_cooldown(void **state)
{
    const struct og_pace_limits limits = {.errors_max = 3, .cooldown_ms = MINUTE};
    static const int64_t rests[] = {1, 2, 4, 8, 16, 16};
    struct og_pace pace = {0};
    (void)state;
    for (size_t round = 0; round < COUNT(rests); round++) {
        for (int i = 0; i < 3; i++) {
            assert_true(pace.cooldown_until <= START);
            og_pace_result(&pace, &limits, false, START);
        }
        assert_waits(&pace, &limits, &otp, START, OG_PACE_BY_COOLDOWN,
                     START + rests[round] * MINUTE);
        pace.cooldown_until = 0;
    }
    og_pace_result(&pace, &limits, true, START);
    for (int i = 0; i < 3; i++) {
        og_pace_result(&pace, &limits, false, START);
    }
    assert_waits(&pace, &limits, &otp, START, OG_PACE_BY_COOLDOWN, START + MINUTE);
    og_pace_finish(&pace);
}

/* A broken row means a SIM that has sent nothing; a whole one is read as it was. */
static void
test_rows(void **state)
{
    static const char *const broken[] = {"", "x", "1:1", "1:-1 1: 1: 1: 0 0 0 0",
                                         "9:99999999999 1: 1: 1: 0 0 0 0",
                                         "1: 1: 1: 1: 0 0 0", "1: 1:1,,1 1: 1: 0 0 0 0"};
    struct og_pace pace = {0}, again = {0};
    struct og_buf text, twice;
    (void)state;
    for (size_t i = 0; i < COUNT(broken); i++) {
        assert_false(og_pace_read(&again, og_str_from(broken[i])));
    }
    const struct og_pace_limits limits = {.errors_max = 2, .cooldown_ms = HOUR};
    const int64_t moments[] = {0, 5 * SECOND, HOUR, DAY, DAY + 59 * SECOND};
    for (size_t i = 0; i < COUNT(moments); i++) {
        const struct og_pace_ask ask = {.parts = (int64_t)i + 1};
        og_pace_take(&pace, &limits, &ask, START + moments[i], 0);
        og_pace_result(&pace, &limits, false, START + moments[i]);
    }
    og_buf_init(&text, 4096);
    og_buf_init(&twice, 4096);
    og_pace_write(&pace, &text);
    assert_true(og_pace_read(&again, og_buf_str(&text)));
    og_pace_write(&again, &twice);
    assert_str(og_buf_str(&twice), text.ptr);
    for (int span = 0; span < OG_PACE_SPAN_COUNT; span++) {
        assert_int_equal(
            og_pace_window_count(&again.windows[span], (enum og_pace_span)span, START + DAY),
            og_pace_window_count(&pace.windows[span], (enum og_pace_span)span, START + DAY));
    }
    assert_int_equal(again.cooldown_until, pace.cooldown_until);
    og_buf_finish(&text);
    og_buf_finish(&twice);
    og_pace_finish(&pace);
    og_pace_finish(&again);
}

/* A clock that goes back neither frees what is counted nor keeps it for longer than its span. */
static void
test_clock_set_back(void **state)
{
    const struct og_pace_limits limits = {.parts = {[OG_PACE_MINUTE] = 1}};
    struct og_pace pace = {0};
    (void)state;
    og_pace_take(&pace, &limits, &one, START + DAY, 0);
    assert_waits(&pace, &limits, &one, START, OG_PACE_BY_MINUTE, START + 61 * SECOND);
    assert_waits(&pace, &limits, &one, START + 61 * SECOND, OG_PACE_FREE, START + 61 * SECOND);
    og_pace_finish(&pace);
}

/* ---- random histories ---- */

#define EVENTS 4000

struct event {
    int64_t at;
    int64_t parts;
    uint64_t recipient;
};

struct model {
    struct event events[EVENTS];
    size_t count;
};

static int64_t
parts_since(const struct model *model, int64_t since)
{
    int64_t sum = 0;
    for (size_t i = 0; i < model->count; i++) {
        sum += model->events[i].at > since ? model->events[i].parts : 0;
    }
    return sum;
}

/* Distinct ones, with one more. */
static int64_t
recipients_since(const struct model *model, int64_t since, uint64_t more, bool *is_new)
{
    bool seen[64] = {false};
    int64_t count = 0;
    for (size_t i = 0; i < model->count; i++) {
        if (model->events[i].at > since && !seen[model->events[i].recipient]) {
            seen[model->events[i].recipient] = true;
            count++;
        }
    }
    *is_new = !seen[more];
    return count + *is_new;
}

static const struct {
    int64_t span, slot;
} spans[OG_PACE_SPAN_COUNT] = {{MINUTE, SECOND}, {HOUR, MINUTE}, {DAY, HOUR}, {31 * DAY, DAY}};

/* What goes keeps all limits over every span that ends now; what waits has a limit in the way,
 * give or take a slot. */
static void
check_verdict(const struct model *model, const struct og_pace_limits *limits,
              const struct og_pace_ask *ask, struct og_pace_verdict verdict, int64_t now)
{
    bool may_wait = false, is_new_day, is_new_month;
    for (int span = 0; span < OG_PACE_SPAN_COUNT; span++) {
        const int64_t limit = limits->parts[span];
        const int64_t rest = ask->is_otp ? limit : limit - limit / 4;
        const int64_t used = parts_since(model, now - spans[span].span);
        if (verdict.reason == OG_PACE_FREE && used > 0) {
            assert_true(used + ask->parts <= rest);
        }
        may_wait |=
            parts_since(model, now - spans[span].span - spans[span].slot) + ask->parts > rest;
    }
    const uint64_t who = ask->recipients[0];
    const int64_t in_day = recipients_since(model, now - DAY, who, &is_new_day);
    const int64_t in_month = recipients_since(model, now - 31 * DAY, who, &is_new_month);
    if (verdict.reason == OG_PACE_FREE) {
        assert_true(!is_new_day || in_day <= limits->recipients_per_day);
        assert_true(!is_new_month || in_month <= limits->recipients_per_month);
    }
    may_wait |= recipients_since(model, now - DAY - MINUTE, who, &is_new_day) >
                limits->recipients_per_day;
    may_wait |= recipients_since(model, now - 31 * DAY - MINUTE, who, &is_new_month) >
                limits->recipients_per_month;
    assert_true(verdict.reason == OG_PACE_FREE || may_wait);
    assert_true(verdict.reason == OG_PACE_FREE ? verdict.at_ms == now : verdict.at_ms > now);
}

static int64_t
random_step(uint64_t *seed)
{
    static const int64_t steps[] = {1, 300, SECOND, 20 * SECOND, 5 * MINUTE, 3 * HOUR};
    const uint64_t random = next_random(seed) >> 20;
    return (int64_t)(random % (uint64_t)steps[random >> 32 & 3 ? random % 4 : random % 6]) + 1;
}

static void
run_history(uint64_t seed, struct model *model)
{
    const struct og_pace_limits limits = {
        .parts = {10, 60, 200, 900},
        .otp_reserve_percent = 25,
        .recipients_per_day = 20,
        .recipients_per_month = 30,
    };
    struct og_pace pace = {0};
    int64_t now = START + (int64_t)(seed % 100000);
    model->count = 0;
    while (model->count < EVENTS / 8 && now < START + 100 * DAY) {
        const uint64_t random = next_random(&seed) >> 16;
        const uint64_t who = random >> 8 & 63;
        const struct og_pace_ask ask = {.is_otp = (random & 1) != 0,
                                        .parts = (int64_t)(random >> 1 & 3) + 1,
                                        .recipients = &who,
                                        .recipient_count = 1};
        const struct og_pace_verdict verdict = og_pace_ask(&pace, &limits, &ask, now);
        check_verdict(model, &limits, &ask, verdict, now);
        if (verdict.reason == OG_PACE_FREE) {
            og_pace_take(&pace, &limits, &ask, now, 0);
            model->events[model->count++] = (struct event){now, ask.parts, who};
        }
        now = random >> 20 & 1 && verdict.at_ms > now ? verdict.at_ms : now + random_step(&seed);
    }
    assert_true(model->count > 100);
    og_pace_finish(&pace);
}

static void
test_histories(void **state)
{
    struct model *model = malloc(sizeof(*model));
    (void)state;
    assert_non_null(model);
    for (uint64_t seed = 1; seed <= 40; seed++) {
        run_history(seed * 7919, model);
    }
    free(model);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_minute),    cmocka_unit_test(test_quiet_hours),
        cmocka_unit_test(test_gap),       cmocka_unit_test(test_warmup),
        cmocka_unit_test(test_cooldown),  cmocka_unit_test(test_rows),
        cmocka_unit_test(test_clock_set_back), cmocka_unit_test(test_histories),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
