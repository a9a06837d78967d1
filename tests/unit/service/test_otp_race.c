/*
 * Many checks at once, from threads that stand for event loops, through the real lanes.
 */
#include "tests/unit/service/otp_fixture.h"

#include <pthread.h>
#include <stdatomic.h>

#include "lane/lanes.h"

#define RACERS 64

struct race {
    struct world *w;
    struct og_lanes *lanes;
    pthread_barrier_t start;
    struct og_str id;
    const char *code;
    _Atomic int approved, already, wrong, done;
};

struct racer {
    struct og_otp_check_op op; /* first */
    struct race *race;
    struct og_arena mem;
};

static void
racer_done(struct og_op *op)
{
    struct racer *self = (struct racer *)op;
    struct race *race = self->race;
    assert_int_equal(op->code, OG_OK);
    race->approved += self->op.outcome == OG_OTP_APPROVED;
    race->already += self->op.outcome == OG_OTP_ALREADY;
    race->wrong += self->op.outcome == OG_OTP_NOT_APPROVED;
    og_otp_check_release(&self->op, true);
    race->done++;
}

static const struct og_op_kind racer_kind = {"otp.check", og_otp_check_apply,
                                             og_otp_check_committed, racer_done};

static void
racer_ready(struct og_otp_base *base, enum og_code code, const struct og_err *err)
{
    struct racer *self = base->ctx;
    assert_int_equal(code, OG_OK);
    base->op.kind = &racer_kind;
    assert_int_equal(og_lane_submit(self->race->lanes, OG_LANE_WRITE, &base->op), OG_OK);
}

static void *
racer_run(void *arg)
{
    struct racer *self = arg;
    pthread_barrier_wait(&self->race->start);
    og_otp_check_prepare(&self->op);
    return NULL;
}

static void
racer_init(struct racer *self, struct race *race)
{
    struct world *w = race->w;
    *self = (struct racer){.race = race, .op = {.id = race->id, .purpose = OG_STR("login")}};
    og_arena_init(&self->mem, 0);
    assert_true(og_secret_set(&self->op.code, og_str_from(race->code)));
    self->op.base.svc = &w->svc;
    self->op.base.mem = &self->mem;
    self->op.base.account_id = ACCOUNT;
    self->op.base.ready = racer_ready;
    self->op.base.ctx = self;
}

/* The lanes need the only writing connection. */
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
    };
    og_db_close(w->db);
    w->db = NULL;
    world_must(og_lanes_create(&config, &race->lanes, &w->err), &w->err);
    world_must(og_lanes_start(race->lanes, &w->err), &w->err);
}

static void
run(struct race *race, struct world *w, const char *code)
{
    struct racer *racers = calloc(RACERS, sizeof(*racers));
    pthread_t threads[RACERS];
    w->svc.codes = w->spy.inner; /* the spy is for one thread */
    *race = (struct race){.w = w, .code = code, .id = world_start(w)};
    open_lanes(race);
    pthread_barrier_init(&race->start, NULL, RACERS);
    for (int i = 0; i < RACERS; i++) {
        racer_init(&racers[i], race);
        assert_int_equal(pthread_create(&threads[i], NULL, racer_run, &racers[i]), 0);
    }
    for (int i = 0; i < RACERS; i++) {
        pthread_join(threads[i], NULL);
    }
    og_lanes_stop(race->lanes); /* applies all that wait */
    og_lanes_destroy(race->lanes);
    pthread_barrier_destroy(&race->start);
    for (int i = 0; i < RACERS; i++) {
        og_arena_finish(&racers[i].mem);
    }
    free(racers);
    world_open_db(w);
    assert_int_equal(race->done, RACERS);
}

static void
test_req_11_of_64_right_checks_one_is_approved(void **state)
{
    struct world *w = *state;
    struct race race;
    run(&race, w, "482913");
    assert_int_equal(race.approved, 1);
    assert_int_equal(race.already + race.wrong, RACERS - 1);
    assert_int_equal(world_row(w, race.id).state, OG_VERIFICATION_APPROVED);
    assert_int_equal(world_row(w, race.id).check_count, 0);
}

static void
test_req_14_of_64_wrong_checks_five_are_compared(void **state)
{
    struct world *w = *state;
    struct race race;
    run(&race, w, "000000");
    assert_int_equal(race.wrong, RACERS);
    assert_int_equal(world_row(w, race.id).state, OG_VERIFICATION_FAILED);
    assert_int_equal(world_row(w, race.id).check_count, 5);
    world_assert_check(w, race.id, "482913", OG_OTP_NOT_APPROVED, OG_VERIFICATION_FAILED, 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_WORLD(test_req_11_of_64_right_checks_one_is_approved),
        WITH_WORLD(test_req_14_of_64_wrong_checks_five_are_compared),
    };
    return cmocka_run_group_tests_name("otp race", tests, NULL, NULL);
}
