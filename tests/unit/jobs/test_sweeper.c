/*
 * One round of the sweeper ends all that is due, however much it is, and lets others in between.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <semaphore.h>
#include <stdlib.h>
#include <time.h>

#include "base/id.h"
#include "codes/code_store_memory.h"
#include "jobs/sweeper.h"
#include "live/hub.h"
#include "service/device/device_service.h"
#include "service/message/message_service.h"
#include "store/migrate.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/service/routing_fixture.h"

#define NOON INT64_C(1767268800000)
#define DUE_COUNT 3000 /* several times what one step takes */
#define PATIENCE_S 60

struct world {
    struct og_services svc;
    struct og_clock clock;
    struct og_arena mem;
    struct temp_dir dir;
    char path[PATH_MAX];
    struct og_lanes *lanes;
    struct og_loop *loop;
    struct og_sweeper *sweeper;
    struct og_err err;
    int batches; /* on the lane's thread */
    sem_t has_begun, is_done;
};

static void
must(struct world *w, enum og_code code)
{
    if (code != OG_OK) {
        fail_msg("%s: %s", og_code_wire(code), w->err.text);
    }
}

static int64_t
noon(void *ctx)
{
    (void)ctx;
    return NOON;
}

/* After each batch of the lane. */
static void
on_batch(void *ctx)
{
    struct world *w = ctx;
    if (w->batches++ == 0) {
        sem_post(&w->has_begun);
    }
    if (og_dispatch_totals(w->svc.lane.dispatch).waiting == 0) {
        sem_post(&w->is_done);
    }
}

static void
make_message(struct world *w, struct og_db *db)
{
    struct og_message_recipient recipient = {.number = OG_STR("+4915112345678")};
    char id[OG_ID_BYTES];
    og_id_make(NOON - 5000, id);
    struct og_message m = {
        .id = og_str_from(id),
        .account_id = OG_STR("acc"),
        .device_id = OG_STR("phone"),
        .text = OG_STR("late"),
        .record = {.recipients = &recipient, .recipient_count = 1},
        .created_at = NOON - 5000,
        .deadline_at = NOON,
    };
    must(w, og_message_insert(db, &w->svc.keys.seal, &m, &w->err));
}

static void
make_rows(struct world *w)
{
    struct og_db *db = og_lanes_writer(w->lanes);
    must(w, og_db_begin(db, true, &w->err));
    for (int i = 0; i < DUE_COUNT; i++) {
        make_message(w, db);
    }
    must(w, og_db_commit(db, &w->err));
    must(w, og_message_load(&w->svc, db, &w->err)); /* there is no phone: they wait for any */
    assert_int_equal(og_dispatch_totals(w->svc.lane.dispatch).waiting, DUE_COUNT);
}

static void
make_lanes(struct world *w)
{
    const struct og_lanes_config config = {
        .db = {.path = temp_dir_file(&w->dir, "db", w->path)},
        .queue_max = 100, .batch_max = 16, .reader_count = 1, .slow_queue_max = 1,
        .clock = &w->clock, .after_batch = on_batch, .ctx = w,
    };
    struct og_db *db;
    must(w, og_db_connect(&config.db, &db, &w->err));
    must(w, og_schema_migrate(db, NOON, &w->err));
    og_db_close(db);
    must(w, og_lanes_create(&config, &w->lanes, &w->err));
}

static int
setup(void **state)
{
    struct world *w = og_xalloc(sizeof *w);
    const struct og_code_memory_config codes = {.entries_max = 10, .clock = &w->clock};
    const struct og_hub_config hub = {15000, 1000, 4, &w->clock, NULL, NULL};
    must(w, og_crypto_init(&w->err));
    og_arena_init(&w->mem, 0);
    temp_dir_make(&w->dir);
    sem_init(&w->has_begun, 0, 0);
    sem_init(&w->is_done, 0, 0);
    w->clock = (struct og_clock){noon, noon, NULL};
    w->svc.clock = &w->clock;
    w->svc.message.max_age_ms = 3600000;
    w->svc.codes = og_code_memory_create(&codes);
    w->svc.lane.dispatch = og_dispatch_create();
    w->svc.lane.routes = og_route_table_create(&world_routing);
    make_lanes(w);
    must(w, og_loop_create("sweep", &w->loop, &w->err));
    must(w, og_hub_create(&hub, &w->loop, 1, &w->svc.lane.hub, &w->err));
    *state = w;
    return 0;
}

static int
teardown(void **state)
{
    struct world *w = *state;
    og_hub_stop(w->svc.lane.hub);
    og_lanes_stop(w->lanes);
    og_loop_stop(w->loop);
    og_loop_join(w->loop);
    og_sweeper_destroy(w->sweeper);
    og_hub_destroy(w->svc.lane.hub);
    og_loop_destroy(w->loop);
    og_lanes_destroy(w->lanes);
    og_dispatch_destroy(w->svc.lane.dispatch);
    og_route_table_destroy(w->svc.lane.routes);
    w->svc.codes->destroy(w->svc.codes);
    sem_destroy(&w->has_begun);
    sem_destroy(&w->is_done);
    temp_dir_remove(&w->dir);
    og_arena_finish(&w->mem);
    free(w);
    return 0;
}

static bool
wait_for(sem_t *sem)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += PATIENCE_S;
    return sem_timedwait(sem, &until) == 0;
}

static void
test_one_round_ends_all_that_is_due(void **state)
{
    struct world *w = *state;
    const struct og_sweeper_config config = {
        .services = &w->svc, .lanes = w->lanes, .every_ms = 100, .gone_after_ms = 1000};
    make_rows(w);
    must(w, og_sweeper_create(&config, w->loop, &w->sweeper, &w->err));
    must(w, og_lanes_start(w->lanes, &w->err));
    must(w, og_loop_start(w->loop, &w->err));
    assert_true(wait_for(&w->has_begun));
    og_sweeper_stop(w->sweeper); /* no further round begins */
    assert_true(wait_for(&w->is_done));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_one_round_ends_all_that_is_due, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
