/*
 * The shield around starts, resends and checks: rows, restarts, and many starts at once.
 */
#include "tests/unit/service/otp_fixture.h"

#include <pthread.h>
#include <stdatomic.h>

#include "lane/lanes.h"

#define RACERS 64
#define CODE "482913"

/* ---- a world with a shield ---- */

/* A plan that knows one country. */
static enum og_code
parse(void *ctx, struct og_str text, const char *region, struct og_phone_facts *out,
      struct og_err *err)
{
    (void)ctx, (void)region, (void)err;
    *out = (struct og_phone_facts){.type = OG_PHONE_TYPE_MOBILE};
    snprintf(out->e164, sizeof out->e164, "%" OG_STR_FMT, OG_STR_ARG(text));
    snprintf(out->region, sizeof out->region, "%s",
             og_str_starts(text, OG_STR("+49")) ? "DE" : "NL");
    return OG_OK;
}

static const struct og_phone_plan plan = {parse, NULL, "test"};

static struct og_shield_config
shield_config(void)
{
    struct og_shield_config config = {
        .regions = {"DE"},
        .region_count = 1,
        .limits = {[OG_RULE_RECIPIENT_HOUR] = 5, [OG_RULE_RECIPIENT_DAY] = 10},
        .conversion = {40, 20, 15, 30},
        .stop_ms = 3600000,
        .spray = {200, 5, 50},
        .challenge_bits = 8,
        .keys_max = 1000,
    };
    const uint8_t bytes[OG_KEY_BYTES] = {5};
    og_key_from_bytes(bytes, &config.key);
    og_key_from_bytes(bytes, &config.challenge_key);
    return config;
}

static void
open_shield(struct world *w, const struct og_shield_config *config)
{
    og_shield_destroy(w->svc.shield);
    w->svc.shield = og_shield_create(config);
    w->svc.plan = &plan;
    world_must(og_abuse_load(&w->svc, w->db, w->now_ms, &w->err), &w->err);
}

static int
setup(void **state)
{
    const struct og_shield_config config = shield_config();
    const int result = world_setup(state);
    open_shield(*state, &config);
    return result;
}

static int
teardown(void **state)
{
    struct world *w = *state;
    og_shield_destroy(w->svc.shield);
    return world_teardown(state);
}

#define WITH_SHIELD(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

/* Another purpose each time, so that none is active already. */
static enum og_code
start_one(struct world *w, const char *number, int index, struct og_str *id_out)
{
    struct og_otp_start_op op = world_start_op(w);
    op.purpose = og_str_printf(&w->mem, "p%d", index);
    op.to = og_str_from(number);
    const enum og_code code = world_run_start(w, &op);
    if (code == OG_OK && id_out) {
        *id_out = og_str_dup(&w->mem, op.out.id);
    }
    return code;
}

static int
count_starts(struct world *w, const char *number, int from, int tries)
{
    int count = 0;
    for (int i = 0; i < tries; i++) {
        count += start_one(w, number, from + i, NULL) == OG_OK;
    }
    return count;
}

/* ---- limits ---- */

static void
test_req_69_the_sixth_is_told_how_long_to_wait(void **state)
{
    struct world *w = *state;
    assert_int_equal(count_starts(w, NUMBER, 0, 5), 5);
    assert_int_equal(start_one(w, NUMBER, 5, NULL), OG_E_LIMITED);
    assert_string_equal(w->err.field, "to");
    assert_string_equal(w->err.reason, "recipient_hour");
    assert_in_range(w->err.retry_after_s, 3600, 3720);
    const int codes = (int)world_codes(w);
    assert_int_equal(codes, 5); /* the refused one left none */
    world_pass(w, w->err.retry_after_s * 1000L);
    assert_int_equal(start_one(w, NUMBER, 6, NULL), OG_OK);
}

static void
test_req_66_country_not_allowed(void **state)
{
    struct world *w = *state;
    assert_int_equal(start_one(w, "+31612345678", 0, NULL), OG_E_FORBIDDEN);
    assert_string_equal(w->err.reason, "country_not_allowed");
    assert_int_equal(w->err.retry_after_s, 0);
}

static void
test_an_active_verification_counts_once(void **state)
{
    struct world *w = *state;
    for (int i = 0; i < 20; i++) {
        assert_int_equal(start_one(w, NUMBER, 0, NULL), OG_OK);
    }
    assert_int_equal(count_starts(w, NUMBER, 1, 10), 4);
}

static void
test_resends_count(void **state)
{
    struct world *w = *state;
    struct og_str id;
    assert_int_equal(start_one(w, NUMBER, 0, &id), OG_OK);
    assert_int_equal(count_starts(w, NUMBER, 1, 4), 4);
    world_pass(w, 31000);
    struct og_otp_resend_op op = {.id = id};
    world_base(w, &op.base, ACCOUNT);
    og_otp_resend_prepare(&op);
    assert_int_equal(world_apply(w, &op.base.op, og_otp_resend_apply, og_otp_resend_committed),
                     OG_E_LIMITED);
    og_otp_resend_release(&op, false);
    assert_string_equal(w->err.reason, "recipient_hour");
}

static void
test_a_lost_commit_counts_nothing(void **state)
{
    struct world *w = *state;
    for (int i = 0; i < 10; i++) {
        og_db_inject(w->db, OG_FAULT_FULL, 1);
        assert_int_equal(start_one(w, NUMBER, i, NULL), OG_E_UNAVAILABLE);
    }
    assert_int_equal(count_starts(w, NUMBER, 20, 10), 5);
}

/* ---- restarts ---- */

static void
restart(struct world *w)
{
    const struct og_shield_config config = shield_config();
    world_restart(w);
    open_shield(w, &config);
}

static void
test_req_91_a_restart_forgets_no_limit(void **state)
{
    struct world *w = *state;
    assert_int_equal(count_starts(w, NUMBER, 0, 3), 3);
    restart(w);
    assert_int_equal(count_starts(w, NUMBER, 10, 5), 2);
    world_pass(w, 3721000);
    restart(w);
    assert_int_equal(count_starts(w, NUMBER, 20, 5), 5);
    world_pass(w, 3721000);
    restart(w);
    assert_int_equal(count_starts(w, NUMBER, 30, 5), 0); /* ten a day */
}

static void
test_a_clock_set_back_gives_nothing_away(void **state)
{
    struct world *w = *state;
    assert_int_equal(count_starts(w, NUMBER, 0, 5), 5);
    w->now_ms -= 7200000;
    restart(w);
    assert_int_equal(start_one(w, NUMBER, 10, NULL), OG_E_LIMITED);
}

static void
test_a_reset_holds_after_a_restart(void **state)
{
    struct world *w = *state;
    assert_int_equal(count_starts(w, NUMBER, 0, 6), 5);
    struct og_abuse_reset_op op = {.svc = &w->svc,
                                   .mem = &w->mem,
                                   .subject = OG_SUBJECT_GLOBAL};
    assert_int_equal(world_apply(w, &op.op, og_abuse_reset_apply, og_abuse_reset_committed),
                     OG_OK);
    assert_int_equal(start_one(w, NUMBER, 10, NULL), OG_E_LIMITED); /* another subject */
    const uint64_t key =
        og_shield_key(w->svc.shield, OG_SUBJECT_RECIPIENT, ACCOUNT, OG_STR(NUMBER));
    const struct og_abuse_reset row = {OG_STR("recipient"), (int64_t)key,
                                       w->mono_ms + w->svc.abuse.shield_offset_ms};
    world_must(og_abuse_reset_put(w->db, &row, &w->err), &w->err);
    restart(w);
    world_pass(w, 1);
    assert_int_equal(count_starts(w, NUMBER, 20, 10), 5);
}

/* ---- conversion ---- */

static void
run_round(struct world *w)
{
    struct og_abuse_round_op op = {.svc = &w->svc};
    world_must(world_apply(w, &op.op, og_abuse_round_apply, og_abuse_round_committed), &w->err);
}

/* 30 numbers get a code, `typed` of them type it in. */
static void
pump(struct world *w, int typed)
{
    for (int i = 0; i < 30; i++) {
        char number[20];
        struct og_str id;
        snprintf(number, sizeof number, "+49151123%05d", i * 10000 % 100000 + i);
        assert_int_equal(start_one(w, number, i, &id), OG_OK);
        if (i < typed) {
            struct og_otp_check_op check = world_check_op(w, id, CODE);
            check.purpose = og_str_printf(&w->mem, "p%d", i);
            assert_int_equal(world_run_check(w, &check), OG_OK);
            assert_int_equal(check.outcome, OG_OTP_APPROVED);
        }
    }
}

static int
count_stops(struct world *w, struct og_abuse_stop **items)
{
    int count;
    world_must(og_abuse_stops(w->db, OG_STR(""), w->now_ms, &w->mem, items, &count, &w->err),
               &w->err);
    return count;
}

static void
test_req_71_thirty_untyped_codes_stop_the_country(void **state)
{
    struct world *w = *state;
    struct og_abuse_stop *stops;
    pump(w, 0);
    world_pass(w, 58000);
    run_round(w);
    assert_int_equal(count_stops(w, &stops), 1);
    assert_true(og_str_eq(stops[0].label, OG_STR("DE")));
    assert_int_equal(start_one(w, NUMBER, 99, NULL), OG_E_FORBIDDEN);
    assert_string_equal(w->err.reason, "country_stopped");
    restart(w);
    assert_int_equal(start_one(w, NUMBER, 99, NULL), OG_E_FORBIDDEN); /* holds */
    run_round(w);
    struct og_abuse_stop *later;
    assert_int_equal(count_stops(w, &later), 1);
    assert_true(og_str_eq(later[0].id, stops[0].id)); /* is not made again */
    struct og_abuse_release_op release = {.svc = &w->svc, .id = stops[0].id};
    assert_int_equal(
        world_apply(w, &release.op, og_abuse_release_apply, og_abuse_release_committed), OG_OK);
    assert_int_equal(start_one(w, NUMBER, 99, NULL), OG_OK);
    run_round(w);
    assert_int_equal(count_stops(w, &stops), 0); /* its counts begin afresh */
}

static void
test_req_71_typed_codes_stop_nothing(void **state)
{
    struct world *w = *state;
    struct og_abuse_stop *stops;
    pump(w, 15);
    world_pass(w, 58000);
    run_round(w);
    assert_int_equal(count_stops(w, &stops), 0);
    restart(w);
    run_round(w);
    assert_int_equal(count_stops(w, &stops), 0);
}

static void
test_req_71_a_stop_ends_by_itself(void **state)
{
    struct world *w = *state;
    pump(w, 0);
    world_pass(w, 58000);
    run_round(w);
    world_pass(w, 3600000);
    assert_int_equal(start_one(w, NUMBER, 99, NULL), OG_OK);
}

static void
test_decisions_reach_their_table(void **state)
{
    struct world *w = *state;
    struct og_abuse_decision *items;
    int count;
    const struct og_abuse_decision_filter all = {.account_id = OG_STR(""), .rule = OG_STR(""),
                                                 .action = OG_STR(""), .limit = 10};
    assert_int_equal(count_starts(w, NUMBER, 0, 8), 5);
    run_round(w);
    world_must(og_abuse_decisions(w->db, &all, &w->mem, &items, &count, &w->err), &w->err);
    assert_int_equal(count, 1);
    assert_true(og_str_eq(items[0].rule, OG_STR("recipient_hour")));
    assert_true(og_str_eq(items[0].action, OG_STR("refused")));
    assert_int_equal(items[0].figure, 5);
    assert_int_equal(items[0].limit, 5);
    assert_int_equal(items[0].count, 3);
    run_round(w);
    world_must(og_abuse_decisions(w->db, &all, &w->mem, &items, &count, &w->err), &w->err);
    assert_int_equal(count, 1);
}

/* ---- many at once ---- */

struct race {
    struct world *w;
    struct og_lanes *lanes;
    pthread_barrier_t start;
    _Atomic int allowed, limited, done;
};

struct racer {
    struct og_otp_start_op op; /* first */
    struct race *race;
    struct og_arena mem;
};

static void
racer_done(struct og_op *op)
{
    struct racer *self = (struct racer *)op;
    self->race->allowed += op->code == OG_OK;
    self->race->limited += op->code == OG_E_LIMITED;
    og_otp_start_release(&self->op, op->code == OG_OK);
    self->race->done++;
}

static const struct og_op_kind racer_kind = {"otp.start", og_otp_start_apply,
                                             og_otp_start_committed, racer_done};

static void
racer_ready(struct og_otp_base *base, enum og_code code, const struct og_err *err)
{
    struct racer *self = base->ctx;
    (void)err;
    assert_int_equal(code, OG_OK);
    base->op.kind = &racer_kind;
    assert_int_equal(og_lane_submit(self->race->lanes, OG_LANE_WRITE, &base->op), OG_OK);
}

static void *
racer_run(void *arg)
{
    struct racer *self = arg;
    pthread_barrier_wait(&self->race->start);
    og_otp_start_prepare(&self->op);
    return NULL;
}

static void
after_batch(void *ctx)
{
    og_abuse_batch_end(&((struct world *)ctx)->svc);
}

static void
open_lanes(struct race *race)
{
    struct world *w = race->w;
    const struct og_lanes_config config = {
        .db = {.path = w->path, .checkpoint_pages = 1000},
        .queue_max = 1000,
        .batch_max = 16,
        .reader_count = 1,
        .slow_queue_max = 10,
        .clock = &w->clock,
        .after_batch = after_batch,
        .ctx = w,
    };
    og_db_close(w->db);
    w->db = NULL;
    world_must(og_lanes_create(&config, &race->lanes, &w->err), &w->err);
    world_must(og_lanes_start(race->lanes, &w->err), &w->err);
}

static void
test_req_69_of_64_at_once_five_go_out(void **state)
{
    struct world *w = *state;
    struct race race = {.w = w};
    struct racer *racers = calloc(RACERS, sizeof(*racers));
    pthread_t threads[RACERS];
    w->svc.codes = w->spy.inner; /* the spy is for one thread */
    open_lanes(&race);
    pthread_barrier_init(&race.start, NULL, RACERS);
    for (int i = 0; i < RACERS; i++) {
        struct racer *self = &racers[i];
        og_arena_init(&self->mem, 0);
        self->race = &race;
        self->op = world_start_op(w);
        self->op.purpose = og_str_printf(&self->mem, "p%d", i);
        world_base(w, &self->op.base, ACCOUNT);
        self->op.base.mem = &self->mem;
        self->op.base.ready = racer_ready;
        self->op.base.ctx = self;
        assert_int_equal(pthread_create(&threads[i], NULL, racer_run, self), 0);
    }
    for (int i = 0; i < RACERS; i++) {
        pthread_join(threads[i], NULL);
    }
    og_lanes_stop(race.lanes); /* applies all that wait */
    og_lanes_destroy(race.lanes);
    pthread_barrier_destroy(&race.start);
    for (int i = 0; i < RACERS; i++) {
        og_arena_finish(&racers[i].mem);
    }
    free(racers);
    world_open_db(w);
    assert_int_equal(race.done, RACERS);
    assert_int_equal(race.allowed, 5);
    assert_int_equal(race.limited, RACERS - 5);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_SHIELD(test_req_69_the_sixth_is_told_how_long_to_wait),
        WITH_SHIELD(test_req_66_country_not_allowed),
        WITH_SHIELD(test_an_active_verification_counts_once),
        WITH_SHIELD(test_resends_count),
        WITH_SHIELD(test_a_lost_commit_counts_nothing),
        WITH_SHIELD(test_req_91_a_restart_forgets_no_limit),
        WITH_SHIELD(test_a_clock_set_back_gives_nothing_away),
        WITH_SHIELD(test_a_reset_holds_after_a_restart),
        WITH_SHIELD(test_req_71_thirty_untyped_codes_stop_the_country),
        WITH_SHIELD(test_req_71_typed_codes_stop_nothing),
        WITH_SHIELD(test_req_71_a_stop_ends_by_itself),
        WITH_SHIELD(test_decisions_reach_their_table),
        WITH_SHIELD(test_req_69_of_64_at_once_five_go_out),
    };
    return cmocka_run_group_tests_name("abuse", tests, NULL, NULL);
}
