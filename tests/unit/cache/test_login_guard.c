/*
 * Counters of failed logins: limits, windows, locks, refunds, bounds, and threads that share a
 * limit.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

#include "cache/login_guard.h"

#define MAX 3
#define WINDOW_MS 10000
#define LOCK_MS 60000

static _Atomic int64_t now_ms;

static int64_t
fake_now(void *ctx)
{
    (void)ctx;
    return now_ms;
}

static const struct og_clock clock_ = {fake_now, fake_now, NULL};

static struct og_login_guard *
make_guard(int failures_max)
{
    struct og_login_guard *guard;
    struct og_err err;
    const struct og_login_guard_config config = {failures_max, WINDOW_MS, LOCK_MS, &clock_};
    now_ms = 1000;
    assert_int_equal(og_login_guard_create(&config, &guard, &err), OG_OK);
    return guard;
}

static int
spend(struct og_login_guard *guard, const char *key)
{
    return og_login_guard_spend(guard, OG_GUARD_LOGIN, og_str_from(key));
}

static int
wait_s(struct og_login_guard *guard, const char *key)
{
    return og_login_guard_wait_s(guard, OG_GUARD_LOGIN, og_str_from(key));
}

static void
one_too_many_locks(void **state)
{
    (void)state;
    struct og_login_guard *guard = make_guard(MAX);
    for (int i = 0; i < MAX; i++) {
        assert_int_equal(spend(guard, "A"), 0);
        assert_false(og_login_guard_is_armed(guard));
    }
    assert_int_equal(spend(guard, "A"), LOCK_MS / 1000);
    assert_true(og_login_guard_is_armed(guard));
    assert_int_equal(wait_s(guard, "A"), LOCK_MS / 1000);
    assert_int_equal(wait_s(guard, "B"), 0);
    assert_int_equal(spend(guard, "B"), 0);
    assert_int_equal(og_login_guard_wait_s(guard, OG_GUARD_SOURCE, OG_STR("A")), 0);
    now_ms += LOCK_MS - 1;
    assert_int_equal(spend(guard, "A"), 1);
    now_ms += 1;
    assert_int_equal(wait_s(guard, "A"), 0);
    assert_int_equal(spend(guard, "A"), 0);
    og_login_guard_destroy(guard);
}

static void
old_failures_are_forgotten(void **state)
{
    (void)state;
    struct og_login_guard *guard = make_guard(MAX);
    for (int i = 0; i < MAX; i++) {
        assert_int_equal(spend(guard, "A"), 0);
    }
    now_ms += WINDOW_MS;
    for (int i = 0; i < MAX; i++) {
        assert_int_equal(spend(guard, "A"), 0);
    }
    assert_true(spend(guard, "A") > 0);
    og_login_guard_destroy(guard);
}

static void
right_attempts_do_not_count(void **state)
{
    (void)state;
    struct og_login_guard *guard = make_guard(MAX);
    for (int i = 0; i < 100; i++) {
        assert_int_equal(spend(guard, "A"), 0);
        og_login_guard_refund(guard, OG_GUARD_LOGIN, OG_STR("A"));
    }
    for (int i = 0; i < MAX; i++) {
        assert_int_equal(spend(guard, "A"), 0);
    }
    og_login_guard_clear(guard, OG_GUARD_LOGIN, OG_STR("A"));
    assert_int_equal(spend(guard, "A"), 0);
    og_login_guard_destroy(guard);
}

/* A lock is not undone by an attempt that was on its way when it fell. */
static void
a_refund_does_not_unlock(void **state)
{
    (void)state;
    struct og_login_guard *guard = make_guard(1);
    assert_int_equal(spend(guard, "A"), 0);
    assert_true(spend(guard, "A") > 0);
    og_login_guard_refund(guard, OG_GUARD_LOGIN, OG_STR("A"));
    assert_true(wait_s(guard, "A") > 0);
    og_login_guard_destroy(guard);
}

/* A flood of names takes the room of what is not locked, never of what is. */
static void
a_flood_does_not_unlock(void **state)
{
    (void)state;
    struct og_login_guard *guard = make_guard(1);
    assert_int_equal(spend(guard, "victim"), 0);
    assert_true(spend(guard, "victim") > 0);
    for (int i = 0; i < 200000; i++) {
        char name[16];
        snprintf(name, sizeof name, "n%d", i);
        spend(guard, name);
    }
    assert_true(wait_s(guard, "victim") > 0);
    og_login_guard_destroy(guard);
}

static void
no_limit_means_none(void **state)
{
    (void)state;
    struct og_login_guard *guard = make_guard(-1);
    for (int i = 0; i < 1000; i++) {
        assert_int_equal(spend(guard, "A"), 0);
    }
    assert_int_equal(wait_s(guard, "A"), 0);
    og_login_guard_destroy(guard);
}

static struct og_login_guard *shared_guard;
static atomic_int granted;

static void *
guess(void *arg)
{
    (void)arg;
    for (int i = 0; i < 100; i++) {
        if (spend(shared_guard, "A") == 0) {
            atomic_fetch_add(&granted, 1);
        }
    }
    return NULL;
}

static void
threads_share_one_limit(void **state)
{
    (void)state;
    pthread_t threads[8];
    shared_guard = make_guard(MAX);
    granted = 0;
    for (int i = 0; i < 8; i++) {
        pthread_create(&threads[i], NULL, guess, NULL);
    }
    for (int i = 0; i < 8; i++) {
        pthread_join(threads[i], NULL);
    }
    assert_int_equal(granted, MAX);
    og_login_guard_destroy(shared_guard);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_too_many_locks),
        cmocka_unit_test(old_failures_are_forgotten),
        cmocka_unit_test(right_attempts_do_not_count),
        cmocka_unit_test(a_refund_does_not_unlock),
        cmocka_unit_test(a_flood_does_not_unlock),
        cmocka_unit_test(no_limit_means_none),
        cmocka_unit_test(threads_share_one_limit),
    };
    struct og_err err;
    return og_crypto_init(&err) == OG_OK ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
