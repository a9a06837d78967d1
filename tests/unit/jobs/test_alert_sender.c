/*
 * What the sender looks at by itself: a database whose commits take too long, on a clock that makes
 * them so, and the audit log's words of it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#include "alert/board.h"
#include "codes/code_store_memory.h"
#include "jobs/alert_sender.h"
#include "route/dispatch.h"
#include "service/audit/audit.h"
#include "store/audit_store.h"
#include "store/migrate.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/service/routing_fixture.h"

#define NOON INT64_C(1767268800000)
#define PATIENCE_MS 60000
#define SLOW_MS 1000

struct world {
    struct og_services svc;
    struct og_clock clock;
    struct temp_dir dir;
    char path[PATH_MAX];
    struct og_lanes *lanes;
    struct og_alert_sender *sender;
    struct og_err err;
};

/* Moves on by so much each time that somebody looks. */
static _Atomic int64_t mono_ms = 1, step_ms;

static int64_t
read_mono(void *ctx)
{
    (void)ctx;
    return atomic_fetch_add(&mono_ms, atomic_load(&step_ms));
}

static int64_t
read_wall(void *ctx)
{
    return NOON + read_mono(ctx);
}

static void
must(struct world *w, enum og_code code)
{
    if (code != OG_OK) {
        fail_msg("%s: %s", og_code_wire(code), w->err.text);
    }
}

static void
open_lanes(struct world *w)
{
    struct og_key seed;
    uint8_t bytes[OG_KEY_BYTES] = {1};
    struct og_lanes_config config = {
        .db = {.path = temp_dir_file(&w->dir, "db", w->path)},
        .queue_max = 100, .batch_max = 16, .reader_count = 1, .slow_queue_max = 1,
        .clock = &w->clock,
    };
    struct og_db *db;
    og_key_from_bytes(bytes, &seed);
    og_signing_key_make(&seed, &w->svc.keys.audit);
    must(w, og_db_connect(&config.db, &db, &w->err));
    must(w, og_schema_migrate(db, NOON, &w->err));
    must(w, og_audit_create(db, OG_STR("test/audit"), w->svc.keys.audit.public_key,
                            &w->svc.lane.audit, &w->err));
    og_db_close(db);
    config.journal = og_audit_journal(w->svc.lane.audit);
    must(w, og_lanes_create(&config, &w->lanes, &w->err));
    must(w, og_lanes_start(w->lanes, &w->err));
}

static int
set_up(void **state)
{
    struct world *w = og_xalloc(sizeof *w);
    static const struct og_secret no_password;
    const struct og_alert_board_config board = {&w->clock, 0};
    const struct og_code_memory_config codes = {.entries_max = 10, .clock = &w->clock};
    must(w, og_crypto_init(&w->err));
    temp_dir_make(&w->dir);
    w->clock = (struct og_clock){read_wall, read_mono, NULL};
    w->svc.clock = &w->clock;
    w->svc.alerts = og_alert_board_create(&board);
    w->svc.codes = og_code_memory_create(&codes);
    w->svc.lane.dispatch = og_dispatch_create();
    w->svc.lane.routes = og_route_table_create(&world_routing);
    open_lanes(w);
    const struct og_alert_sender_config sender = {
        .services = &w->svc, .lanes = w->lanes, .instance = "test", .alertmanager_url = "",
        .webhook_url = "", .ca_file = "", .mail_url = "", .mail_user = "",
        .mail_password = &no_password, .mail_from = "", .remind_ms = 60000, .probe_ms = 60000,
        .offline_after_ms = 60000, .code_wait_ms = 60000, .failures = {20, 20},
        .commit_slow_ms = SLOW_MS, .tick_ms = 5,
    };
    must(w, og_alert_sender_create(&sender, &w->sender, &w->err));
    must(w, og_alert_sender_start(w->sender, &w->err));
    *state = w;
    return 0;
}

static int
tear_down(void **state)
{
    struct world *w = *state;
    og_alert_sender_stop(w->sender);
    og_lanes_stop(w->lanes);
    og_alert_sender_destroy(w->sender);
    og_lanes_destroy(w->lanes);
    og_audit_destroy(w->svc.lane.audit);
    og_dispatch_destroy(w->svc.lane.dispatch);
    og_route_table_destroy(w->svc.lane.routes);
    w->svc.codes->destroy(w->svc.codes);
    og_alert_board_destroy(w->svc.alerts);
    temp_dir_remove(&w->dir);
    free(w);
    return 0;
}

/* The newest alert, once it is in that state. */
static struct og_alert
wait_alert(struct world *w, bool is_ended)
{
    const struct timespec moment = {0, 1000000};
    struct og_alert alert;
    for (int i = 0; i < PATIENCE_MS; i++) {
        if (og_alert_list(w->svc.alerts, &alert, 1) == 1 && (alert.ended_at != 0) == is_ended) {
            return alert;
        }
        nanosleep(&moment, NULL);
    }
    fail_msg("no alert in that state");
    return alert;
}

static bool
count_row(void *ctx, const struct og_audit_row *row)
{
    (void)row;
    (*(int *)ctx)++;
    return true;
}

static void
wait_entries(struct world *w, int wanted)
{
    const struct timespec moment = {0, 1000000};
    const struct og_db_config config = {.path = w->path, .read_only = true};
    struct og_db *db;
    int count = 0;
    must(w, og_db_connect(&config, &db, &w->err));
    for (int i = 0; count < wanted && i < PATIENCE_MS; i++) {
        count = 0;
        must(w, og_audit_each(db, 0, 100, count_row, &count, &w->err));
        nanosleep(&moment, NULL);
    }
    og_db_close(db);
    assert_int_equal(count, wanted);
}

static void
test_commits_that_take_too_long_are_an_alert(void **state)
{
    struct world *w = *state;
    atomic_store(&step_ms, SLOW_MS);
    const struct og_alert begun = wait_alert(w, false);
    assert_int_equal(begun.kind, OG_ALERT_DATABASE_SLOW);
    assert_true(begun.figure >= SLOW_MS);
    atomic_store(&step_ms, 1);
    assert_int_equal(wait_alert(w, true).kind, OG_ALERT_DATABASE_SLOW);
    wait_entries(w, 2); /* its begin and its end */
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_commits_that_take_too_long_are_an_alert, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
