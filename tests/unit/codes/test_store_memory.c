/*
 * What is special about the store in memory: its bounds, its clock, its housekeeping, its threads.
 * A fake clock moves time; the numbers in the names are those of the OTP requirements.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "codes/code_store_memory.h"
#include "tests/unit/codes/asks.h"

#define RACERS 64

static int64_t mono_now_ms;
static int64_t wall_now_ms;

static int64_t
fake_mono(void *ctx)
{
    return mono_now_ms;
}

static int64_t
fake_wall(void *ctx)
{
    return wall_now_ms;
}

static const struct og_clock fake_clock = {fake_wall, fake_mono, NULL};

static void
heard(struct og_code_ask *ask)
{
    ask->err.code = OG_OK;
}

static enum og_code
put(struct og_code_store *store, struct og_code_record record)
{
    struct og_code_ask ask = {.done = heard};
    store->put(store, NULL, &record, &ask);
    return ask.code;
}

static struct og_code_ask
ask_guess(struct og_code_store *store, struct og_code_guess guess)
{
    struct og_code_ask ask = {.done = heard, .code = OG_E_INTERNAL};
    store->check(store, NULL, &guess, &ask);
    assert_int_equal(ask.code, OG_OK);
    return ask;
}

static enum og_code_verdict
check(struct og_code_store *store, const char *id, const char *code)
{
    return ask_guess(store, guess_of(id, code)).verdict;
}

static void
drop(struct og_code_store *store, const char *id)
{
    struct og_code_ask ask = {.done = heard, .code = OG_E_INTERNAL};
    store->drop(store, NULL, name_of("acc", id), &ask);
    assert_int_equal(ask.code, OG_OK);
}

static struct og_code_store *
new_store(int64_t entries_max, int64_t bytes_max)
{
    const struct og_code_memory_config config = {entries_max, bytes_max, &fake_clock};
    mono_now_ms = 5000;
    wall_now_ms = 1700000000000;
    return og_code_memory_create(&config);
}

static int
setup(void **state)
{
    *state = new_store(0, 0);
    return 0;
}

static int
teardown(void **state)
{
    struct og_code_store *store = *state;
    store->destroy(store);
    return 0;
}

static void
test_req_10_life_is_strict(void **state)
{
    struct og_code_store *store = *state;
    assert_int_equal(put(store, record_of("early", "482913")), OG_OK);
    assert_int_equal(put(store, record_of("late", "482913")), OG_OK);
    mono_now_ms += 299000;
    assert_int_equal(check(store, "early", "482913"), OG_VERDICT_MATCH);
    mono_now_ms += 1000;
    assert_int_equal(check(store, "late", "482913"), OG_VERDICT_NONE);
}

static void
test_req_33_wall_clock_jumps_change_no_life(void **state)
{
    struct og_code_store *store = *state;
    const int64_t jumps[] = {3600000, -3600000};
    for (int i = 0; i < 2; i++) {
        assert_int_equal(put(store, record_of("v1", "482913")), OG_OK);
        assert_int_equal(put(store, record_of("v2", "482913")), OG_OK);
        wall_now_ms += jumps[i];
        mono_now_ms += 299999;
        assert_int_equal(check(store, "v1", "482913"), OG_VERDICT_MATCH);
        mono_now_ms += 2;
        assert_int_equal(check(store, "v2", "482913"), OG_VERDICT_NONE);
    }
}

struct peeked {
    struct og_code_ask ask;
    char sealed[64];
};

static void
keep_sealed(struct og_code_ask *ask)
{
    struct peeked *self = (struct peeked *)ask;
    memset(self->sealed, 0, sizeof(self->sealed));
    if (ask->found) {
        memcpy(self->sealed, ask->sealed.ptr, ask->sealed.len);
    }
}

static void
test_req_32_bounded_by_entries(void **state)
{
    struct og_code_store *store = new_store(100, 0);
    char id[16];
    for (int i = 0; i < 100; i++) {
        snprintf(id, sizeof(id), "v%d", i);
        assert_int_equal(put(store, record_of(id, "482913")), OG_OK);
    }
    assert_int_equal(put(store, record_of("more", "482913")), OG_E_BUSY);
    assert_int_equal(check(store, "v7", "482913"), OG_VERDICT_MATCH);
    assert_int_equal(put(store, record_of("more", "482913")), OG_OK);
    assert_int_equal(put(store, record_of("again", "482913")), OG_E_BUSY);
    assert_int_equal(check(store, "v99", "482913"), OG_VERDICT_MATCH);
    store->destroy(store);
}

static void
test_req_32_bounded_by_bytes(void **state)
{
    struct og_code_store *store = new_store(0, 10000);
    char id[16];
    int stored = 0;
    enum og_code code = OG_OK;
    while (code == OG_OK && stored < 1000) {
        snprintf(id, sizeof(id), "v%d", stored);
        code = put(store, record_of(id, "482913"));
        stored += code == OG_OK;
    }
    assert_int_equal(code, OG_E_BUSY);
    assert_in_range(stored, 10, 80);
    assert_int_equal(store->usage(store).entries, stored);
    assert_true(store->usage(store).bytes <= 10000);
    assert_int_equal(check(store, "v0", "482913"), OG_VERDICT_MATCH);
    store->destroy(store);
}

static void
test_req_32_what_has_ended_makes_room(void **state)
{
    struct og_code_store *store = new_store(100, 0);
    char id[16];
    for (int i = 0; i < 100; i++) {
        snprintf(id, sizeof(id), "v%d", i);
        assert_int_equal(put(store, record_of(id, "482913")), OG_OK);
    }
    mono_now_ms += 301000;
    assert_int_equal(put(store, record_of("new", "482913")), OG_OK);
    assert_int_equal(store->usage(store).entries, 1);
    store->destroy(store);
}

/* Lives of every length, over more than one turn of the wheel, with and without pauses. */
static void
test_req_31_nothing_stays_behind(void **state)
{
    struct og_code_store *store = *state;
    char id[16];
    for (int i = 0; i < 10000; i++) {
        struct og_code_record record;
        snprintf(id, sizeof(id), "v%d", i);
        record = record_of(id, "482913");
        record.ttl_ms = 1 + (int64_t)i * 7919 % OG_CODE_TTL_MAX_MS;
        assert_int_equal(put(store, record), OG_OK);
        mono_now_ms += i % 100 == 0 ? 40000 : 150;
        if (i % 3 == 0) {
            drop(store, id);
        }
    }
    mono_now_ms += OG_CODE_TTL_MAX_MS + 1000;
    for (int i = 0; i < 10000 && store->usage(store).entries > 0; i++) {
        store->sweep(store);
    }
    assert_int_equal(store->usage(store).entries, 0);
    assert_int_equal(store->usage(store).bytes, 0);
}

/* After a long sleep new records share slots of the wheel with old ones that nobody cleared yet. */
static void
test_sweep_spares_the_living_after_a_sleep(void **state)
{
    struct og_code_store *store = *state;
    char id[16];
    for (int i = 0; i < 2000; i++) {
        snprintf(id, sizeof(id), "old%d", i);
        assert_int_equal(put(store, record_of(id, "482913")), OG_OK);
    }
    mono_now_ms += 1024000; /* once around */
    for (int i = 0; i < 500; i++) {
        snprintf(id, sizeof(id), "new%d", i);
        assert_int_equal(put(store, record_of(id, "482913")), OG_OK);
    }
    for (int i = 0; i < 100; i++) {
        store->sweep(store);
    }
    assert_int_equal(store->usage(store).entries, 500);
    assert_int_equal(check(store, "new499", "482913"), OG_VERDICT_MATCH);
}

/* ---- races ---- */

struct race {
    struct og_code_store *store;
    pthread_barrier_t start;
    const char *code;
    _Atomic int matches, compared, none;
};

static void *
race_run(void *arg)
{
    struct race *self = arg;
    struct og_code_guess guess = guess_of("v1", self->code);
    struct og_code_ask ask = {.done = heard};
    pthread_barrier_wait(&self->start);
    self->store->check(self->store, NULL, &guess, &ask);
    self->matches += ask.verdict == OG_VERDICT_MATCH;
    self->compared += ask.verdict == OG_VERDICT_WRONG || ask.verdict == OG_VERDICT_KILLED;
    self->none += ask.verdict == OG_VERDICT_NONE;
    return NULL;
}

static void
race(struct og_code_store *store, const char *code, int matches, int compared)
{
    struct race self = {.store = store, .code = code};
    pthread_t threads[RACERS];
    assert_int_equal(put(store, record_of("v1", "482913")), OG_OK);
    pthread_barrier_init(&self.start, NULL, RACERS);
    for (int i = 0; i < RACERS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, race_run, &self), 0);
    }
    for (int i = 0; i < RACERS; i++) {
        pthread_join(threads[i], NULL);
    }
    pthread_barrier_destroy(&self.start);
    assert_int_equal(self.matches, matches);
    assert_int_equal(self.compared, compared);
    assert_int_equal(self.none, RACERS - matches - compared);
    assert_int_equal(store->usage(store).entries, 0);
}

static void
test_req_11_parallel_right_checks_match_once(void **state)
{
    for (int round = 0; round < 20; round++) {
        race(*state, "482913", 1, 0);
    }
}

static void
test_req_14_parallel_wrong_checks_compare_as_often_as_allowed(void **state)
{
    for (int round = 0; round < 20; round++) {
        race(*state, "000000", 0, 5);
    }
}

/* Threads on different records, with puts, checks, peeks, drops and sweeps between each other. */
static void *
mix_run(void *arg)
{
    struct og_code_store *store = ((void **)arg)[0];
    const int me = *(int *)((void **)arg)[1];
    struct peeked peeked = {.ask.done = keep_sealed};
    char id[24];
    for (int i = 0; i < 2000; i++) {
        struct og_code_ask ask = {.done = heard};
        snprintf(id, sizeof(id), "t%d-%d", i % 3 == 0 ? 0 : me, i);
        struct og_code_record record = record_of(id, "482913");
        struct og_code_guess guess = guess_of(id, i % 2 ? "482913" : "000000");
        store->put(store, NULL, &record, &ask);
        store->peek(store, NULL, name_of("acc", id), &peeked.ask);
        store->check(store, NULL, &guess, &ask);
        store->drop(store, NULL, name_of("acc", id), NULL);
        if (i % 64 == 0) {
            store->sweep(store);
        }
    }
    return NULL;
}

static void
test_threads_leave_the_books_in_order(void **state)
{
    struct og_code_store *store = *state;
    pthread_t threads[4];
    int numbers[4] = {0, 1, 2, 3};
    void *args[4][2];
    for (int i = 0; i < 4; i++) {
        args[i][0] = store;
        args[i][1] = &numbers[i];
        assert_int_equal(pthread_create(&threads[i], NULL, mix_run, args[i]), 0);
    }
    for (int i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
    }
    const struct og_code_usage usage = store->usage(store);
    assert_in_range(usage.entries, 0, 4); /* a put may come between another's check and drop */
    assert_true(usage.entries > 0 || usage.bytes == 0);
}

#define WITH_STORE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_STORE(test_req_10_life_is_strict),
        WITH_STORE(test_req_33_wall_clock_jumps_change_no_life),
        cmocka_unit_test(test_req_32_bounded_by_entries),
        cmocka_unit_test(test_req_32_bounded_by_bytes),
        cmocka_unit_test(test_req_32_what_has_ended_makes_room),
        WITH_STORE(test_req_31_nothing_stays_behind),
        WITH_STORE(test_sweep_spares_the_living_after_a_sleep),
        WITH_STORE(test_req_11_parallel_right_checks_match_once),
        WITH_STORE(test_req_14_parallel_wrong_checks_compare_as_often_as_allowed),
        WITH_STORE(test_threads_leave_the_books_in_order),
    };
    return cmocka_run_group_tests_name("codes", tests, NULL, NULL);
}
