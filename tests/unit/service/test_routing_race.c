/*
 * Fetches, reports, cancels, failover and expiry of the same messages, from many threads through
 * the real lanes. Each hand-out is noted: no route of a message may be two phones'. In the end
 * every message is final, and nothing is left in the queue.
 */
#include "tests/unit/service/otp_fixture.h"

#include <pthread.h>
#include <stdatomic.h>

#include "lane/lanes.h"
#include "service/device/device_service.h"

#define MESSAGES 24
#define PHONES 4
#define THREADS 6
#define STEPS 250
#define ROUTES 4

struct race {
    struct world *w;
    struct og_lanes *lanes;
    struct og_clock clock;
    _Atomic int64_t now_ms;
    char ids[MESSAGES][OG_ID_BYTES];
    char phones[PHONES][OG_ID_BYTES];
    _Atomic int under_way;
    /* the write lane's thread only, until it has stopped */
    char holder[MESSAGES][ROUTES][OG_ID_BYTES];
    int handed, rerouted;
};

union any_op {
    struct og_op op;
    struct og_send_op send;
    struct og_pull_op pull;
    struct og_report_op report;
    struct og_message_one_op cancel;
    struct og_expire_op expire;
    struct og_attend_op attend;
    struct og_device_register_op device;
};

struct job {
    union any_op any; /* first */
    struct og_arena mem;
    struct race *race;
    struct og_report item;
    struct og_recipient_report recipient;
    int index;
};

static int64_t
race_now(void *ctx)
{
    return atomic_load(&((struct race *)ctx)->now_ms);
}

static void
finish(struct job *job)
{
    atomic_fetch_sub(&job->race->under_way, 1);
    og_arena_finish(&job->mem);
    free(job);
}

static void
any_done(struct og_op *op)
{
    if (op->code != OG_OK && op->code != OG_E_CONFLICT) {
        fail_msg("%s: %s %s", op->kind->name, og_code_wire(op->code), op->err.text);
    }
    finish((struct job *)op);
}

static void
send_done(struct og_op *op)
{
    struct job *job = (struct job *)op;
    assert_int_equal(op->code, OG_OK);
    memcpy(job->race->ids[job->index], job->any.send.out.id.ptr, job->any.send.out.id.len);
    finish(job);
}

static void
device_done(struct og_op *op)
{
    struct job *job = (struct job *)op;
    assert_int_equal(op->code, OG_OK);
    memcpy(job->race->phones[job->index], job->any.device.out.id.ptr,
           job->any.device.out.id.len);
    finish(job);
}

static int
index_of(const struct race *race, struct og_str id)
{
    for (int i = 0; i < MESSAGES; i++) {
        if (og_str_eq(og_str_from(race->ids[i]), id)) {
            return i;
        }
    }
    fail_msg("an unknown message");
    return -1;
}

static void
pull_done(struct og_op *op)
{
    struct job *job = (struct job *)op;
    struct race *race = job->race;
    assert_int_equal(op->code, OG_OK);
    for (int i = 0; i < job->any.pull.count; i++) {
        const struct og_message *m = &job->any.pull.items[i];
        if (!job->any.pull.newly_handed[i]) {
            continue;
        }
        assert_in_range(m->routes, 0, ROUTES - 2); /* three phones at most */
        char *holder = race->holder[index_of(race, m->id)][m->routes];
        assert_int_equal(holder[0], 0);
        memcpy(holder, m->device_id.ptr, m->device_id.len);
        race->handed++;
        race->rerouted += m->routes > 0;
    }
    finish(job);
}

static struct job *
new_job(struct race *race)
{
    struct job *job = og_xalloc(sizeof *job);
    job->race = race;
    og_arena_init(&job->mem, 0);
    atomic_fetch_add(&race->under_way, 1);
    return job;
}

static void
submit(struct job *job, const struct og_op_kind *kind)
{
    job->any.op.kind = kind;
    job->any.op.is_ours = true;
    assert_int_equal(og_lane_submit(job->race->lanes, OG_LANE_WRITE, &job->any.op), OG_OK);
}

/* ---- what threads do ---- */

static void
do_pull(struct race *race, uint64_t random)
{
    static const struct og_op_kind kind = {"pull", og_pull_apply, og_pull_committed, pull_done};
    struct job *job = new_job(race);
    job->any.pull = (struct og_pull_op){.svc = &race->w->svc,
                                        .mem = &job->mem,
                                        .account_id = ACCOUNT,
                                        .device_id = og_str_from(race->phones[random % PHONES])};
    submit(job, &kind);
}

static void
do_report(struct race *race, uint64_t random)
{
    static const struct og_op_kind kind = {"report", og_report_apply, og_report_committed,
                                           any_done};
    static const enum og_message_state states[] = {OG_MESSAGE_PROCESSED, OG_MESSAGE_FAILED,
                                                   OG_MESSAGE_FAILED,    OG_MESSAGE_SENT,
                                                   OG_MESSAGE_DELIVERED, OG_MESSAGE_CANCELLED};
    struct job *job = new_job(race);
    job->recipient = (struct og_recipient_report){
        OG_STR("+4915112345678"), states[random / 64 % 6],
        OG_STR("Send result: RESULT_ERROR_NO_SERVICE")};
    job->item = (struct og_report){.id = og_str_from(race->ids[random / 512 % MESSAGES]),
                                   .report = {.state = job->recipient.state,
                                              .recipients = &job->recipient,
                                              .recipient_count = 1}};
    job->any.report = (struct og_report_op){.svc = &race->w->svc,
                                            .mem = &job->mem,
                                            .account_id = ACCOUNT,
                                            .device_id = og_str_from(race->phones[random % PHONES]),
                                            .items = &job->item,
                                            .count = 1};
    submit(job, &kind);
}

static void
do_cancel(struct race *race, uint64_t random)
{
    static const struct og_op_kind kind = {"cancel", og_cancel_apply, og_cancel_committed,
                                           any_done};
    struct job *job = new_job(race);
    job->any.cancel = (struct og_message_one_op){.svc = &race->w->svc,
                                                 .mem = &job->mem,
                                                 .account_id = ACCOUNT,
                                                 .id = og_str_from(race->ids[random % MESSAGES])};
    submit(job, &kind);
}

static void
do_expire(struct race *race, uint64_t random)
{
    static const struct og_op_kind kind = {"expire", og_expire_apply, og_expire_committed,
                                           any_done};
    struct job *job = new_job(race);
    (void)random;
    job->any.expire = (struct og_expire_op){.svc = &race->w->svc, .mem = &job->mem};
    submit(job, &kind);
}

static void
do_attend(struct race *race, uint64_t random)
{
    static const struct og_op_kind kind = {"attend", og_attend_apply, og_attend_committed,
                                           any_done};
    struct job *job = new_job(race);
    (void)random;
    job->any.attend = (struct og_attend_op){.svc = &race->w->svc,
                                            .mem = &job->mem,
                                            .gone_after_ms = 20000};
    submit(job, &kind);
}

static void
pass_time(struct race *race, uint64_t random)
{
    atomic_fetch_add(&race->now_ms, (int64_t)(random % 4000));
}

struct runner {
    struct race *race;
    uint64_t random;
};

static void *
run_steps(void *arg)
{
    static void (*const steps[])(struct race *, uint64_t) = {
        do_pull, do_pull, do_pull, do_report, do_report, do_attend, do_expire, pass_time,
    };
    struct runner *self = arg;
    for (int i = 0; i < STEPS; i++) {
        self->random = self->random * UINT64_C(6364136223846793005) + 1442695040888963407;
        const uint64_t draw = self->random >> 24;
        if (draw % 97 == 0) {
            do_cancel(self->race, draw / 97);
        } else {
            steps[draw % 8](self->race, draw / 8);
        }
    }
    return NULL;
}

/* ---- the race ---- */

static void
settle(struct race *race)
{
    while (atomic_load(&race->under_way) > 0) {
        sched_yield();
    }
}

static void
open_lanes(struct race *race)
{
    struct world *w = race->w;
    const struct og_lanes_config config = {
        .db = {.path = w->path, .checkpoint_pages = 1000},
        .queue_max = 100000,
        .batch_max = 16,
        .reader_count = 1,
        .slow_queue_max = 10,
        .clock = &race->clock,
    };
    og_db_close(w->db);
    w->db = NULL;
    world_must(og_lanes_create(&config, &race->lanes, &w->err), &w->err);
    world_must(og_lanes_start(race->lanes, &w->err), &w->err);
}

static void
add_phones(struct race *race)
{
    static const struct og_op_kind kind = {"register", og_device_register_apply,
                                           og_device_register_committed, device_done};
    for (int i = 0; i < PHONES; i++) {
        struct job *job = new_job(race);
        job->index = i;
        job->any.device = (struct og_device_register_op){.svc = &race->w->svc,
                                                         .mem = &job->mem,
                                                         .account_id = ACCOUNT,
                                                         .name = OG_STR("phone"),
                                                         .sims = OG_STR("[]"),
                                                         .app_version = OG_STR("")};
        submit(job, &kind);
    }
    settle(race);
}

/* Streams are open: which phones are there is the lane's business, so it is told there. */
static void
connect_done(struct og_op *op)
{
    finish((struct job *)op);
}

static void
connect_committed(struct og_op *op, struct og_tx *tx)
{
    struct race *race = ((struct job *)op)->race;
    og_dispatch_device_remove(race->w->svc.lane.dispatch, ACCOUNT, OG_STR("phone-1"));
    og_route_table_remove(race->w->svc.lane.routes, OG_STR("phone-1"));
    for (int i = 0; i < PHONES; i++) {
        const struct og_str phone = og_str_from(race->phones[i]);
        og_dispatch_device_connected(race->w->svc.lane.dispatch, ACCOUNT, phone, tx->now_ms);
        og_health_stream(&og_route_table_find(race->w->svc.lane.routes, phone)->health, true,
                         tx->now_ms);
    }
}

static void
send_all(struct race *race)
{
    static const struct og_op_kind kind = {"send", og_send_apply, og_send_committed, send_done};
    static const struct og_op_kind connect = {"connect", NULL, connect_committed, connect_done};
    static const struct og_str number = {"+4915112345678", 14};
    submit(new_job(race), &connect);
    for (int i = 0; i < MESSAGES; i++) {
        struct job *job = new_job(race);
        job->index = i;
        job->any.send = (struct og_send_op){
            .svc = &race->w->svc,
            .mem = &job->mem,
            .ask = {.account_id = ACCOUNT,
                    .text = OG_STR("482913 is your code"),
                    .numbers = {&number, 1},
                    .valid_until_ms = race->now_ms + 3600000,
                    .is_otp = i % 3 != 0,
                    .want_report = true},
        };
        submit(job, &kind);
    }
    settle(race);
}

static void
check_end(struct race *race)
{
    struct world *w = race->w;
    struct og_message *items;
    int count;
    int64_t total;
    const struct og_message_filter filter = {
        .account_id = ACCOUNT, .state = -1, .limit = MESSAGES + 1};
    world_open_db(w);
    world_must(og_message_list(w->db, &w->svc.keys.seal, &filter, &w->mem, &items, &count,
                               &total, &w->err),
               &w->err);
    assert_int_equal(count, MESSAGES);
    for (int i = 0; i < count; i++) {
        assert_true(items[i].final_at != 0);
    }
    const struct og_dispatch_totals totals = og_dispatch_totals(w->svc.lane.dispatch);
    assert_int_equal(totals.waiting + totals.handed + totals.taken, 0);
}

static void
test_everything_at_once(void **state)
{
    struct world *w = *state;
    struct race *race = og_xalloc(sizeof *race);
    pthread_t threads[THREADS];
    struct runner runners[THREADS];
    race->w = w;
    race->now_ms = w->now_ms;
    race->clock = (struct og_clock){race_now, race_now, race};
    w->svc.clock = &race->clock;
    w->svc.message.max_age_ms = 3600000;
    open_lanes(race);
    add_phones(race);
    send_all(race);
    for (int i = 0; i < THREADS; i++) {
        runners[i] = (struct runner){race, (uint64_t)i * 7919 + 17};
        assert_int_equal(pthread_create(&threads[i], NULL, run_steps, &runners[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    settle(race);
    atomic_fetch_add(&race->now_ms, 2 * 3600000);
    do_expire(race, 0);
    do_expire(race, 0);
    settle(race);
    og_lanes_stop(race->lanes);
    og_lanes_destroy(race->lanes);
    assert_true(race->handed > MESSAGES); /* the race was one */
    assert_true(race->rerouted > 0);
    check_end(race);
    w->svc.clock = &w->clock;
    free(race);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_everything_at_once, world_setup, world_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
