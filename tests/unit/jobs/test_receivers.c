/* Receivers: order, how many calls each may have at a time, and who is forgotten. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "jobs/receivers.h"

#define JOBS 40

static struct og_receivers *receivers;
static struct og_receiver_job jobs[JOBS];

static int
setup(void **state)
{
    (void)state;
    receivers = og_receivers_create();
    return 0;
}

static int
teardown(void **state)
{
    (void)state;
    og_receivers_destroy(receivers);
    return 0;
}

/* How many of what waits may be called with now; they come in order. */
static int
begin(struct og_receiver *receiver, struct og_receiver_job **expected)
{
    struct og_receiver_job *job;
    int count = 0;
    while ((job = og_receiver_next(receiver))) {
        assert_ptr_equal(job, *expected);
        (*expected)++;
        count++;
    }
    return count;
}

static struct og_receiver *
add(const char *host, const char *hook, struct og_receiver_job *job)
{
    return og_receivers_add(receivers, og_str_from(host), og_str_from(hook), job);
}

static struct og_receiver_load
load_of(struct og_str hook)
{
    struct og_receiver_load loads[8];
    assert_true(og_receivers_count(receivers) <= 8);
    og_receivers_list(receivers, loads);
    for (size_t i = 0; i < og_receivers_count(receivers); i++) {
        if (og_str_eq(loads[i].hook, hook)) {
            return loads[i];
        }
    }
    return (struct og_receiver_load){.given_max = -1};
}

static void
test_a_prompt_receiver_gets_more(void **state)
{
    (void)state;
    struct og_receiver_job *next = jobs;
    struct og_receiver *one = NULL;
    for (int i = 0; i < JOBS; i++) {
        one = add(i % 2 ? "Hook.example" : "hook.EXAMPLE", "a/1", &jobs[i]);
    }
    assert_int_equal(og_receivers_count(receivers), 1);
    assert_int_equal(begin(one, &next), OG_RECEIVER_CALLS_FIRST);
    assert_int_equal(load_of(OG_STR("a/1")).given, JOBS);
    assert_int_equal(load_of(OG_STR("a/1")).given_max, 2 * OG_RECEIVER_CALLS_FIRST);
    static const int more[] = {3, 5, 1, 1}; /* 4 and 8 at a time, and no more */
    for (size_t i = 0; i < sizeof more / sizeof more[0]; i++) {
        assert_ptr_equal(og_receivers_over(receivers, &jobs[i], true), one);
        assert_int_equal(begin(one, &next), more[i]);
    }
    assert_int_equal(load_of(OG_STR("a/1")).given_max, 2 * OG_RECEIVER_CALLS_MAX);
}

static void
test_one_that_stalls_gets_one_at_a_time(void **state)
{
    (void)state;
    struct og_receiver_job *next = jobs;
    struct og_receiver *one = NULL;
    for (int i = 0; i < 6; i++) {
        one = add("host", "slow", &jobs[i]);
    }
    assert_int_equal(begin(one, &next), 2);
    assert_ptr_equal(og_receivers_over(receivers, &jobs[0], false), one);
    assert_int_equal(begin(one, &next), 0); /* the other is still under way */
    assert_ptr_equal(og_receivers_over(receivers, &jobs[1], false), one);
    assert_int_equal(begin(one, &next), 1);
    assert_int_equal(load_of(OG_STR("slow")).given_max, 2);
    assert_ptr_equal(og_receivers_over(receivers, &jobs[2], true), one);
    assert_int_equal(begin(one, &next), 2); /* it is well again */
}

static void
test_only_those_that_stalled_are_remembered(void **state)
{
    (void)state;
    struct og_receiver_job *next = jobs;
    struct og_receiver *good = add("good.example", "good", &jobs[0]);
    struct og_receiver *bad = add("bad.example", "bad", &jobs[1]);
    assert_int_equal(begin(good, &next), 1);
    assert_int_equal(begin(bad, &next), 1);
    assert_null(og_receivers_over(receivers, &jobs[0], true));
    assert_ptr_equal(og_receivers_over(receivers, &jobs[1], false), bad);
    assert_int_equal(load_of(OG_STR("good")).given_max, -1);
    assert_int_equal(load_of(OG_STR("bad")).given_max, 2);
    assert_int_equal(load_of(OG_STR("bad")).given, 0);
    assert_ptr_equal(add("bad.example", "bad", &jobs[2]), bad);
    assert_int_equal(begin(bad, &next), 1);
    assert_null(og_receivers_over(receivers, &jobs[2], true));
    assert_int_equal(og_receivers_count(receivers), 0);
}

/* Two hooks of one host: the slow one has one call at a time, whatever waits for it. */
static void
test_a_slow_hook_is_not_in_the_way_of_a_quick_one(void **state)
{
    (void)state;
    struct og_receiver *host = NULL;
    for (int i = 0; i < 10; i++) {
        host = add("host", "slow", &jobs[i]);
    }
    assert_ptr_equal(og_receiver_next(host), &jobs[0]);
    assert_ptr_equal(og_receiver_next(host), &jobs[1]);
    assert_ptr_equal(og_receivers_over(receivers, &jobs[0], false), host);
    for (int i = 10; i < 14; i++) {
        assert_ptr_equal(add("HOST", "quick", &jobs[i]), host);
    }
    assert_ptr_equal(og_receiver_next(host), &jobs[10]);
    assert_ptr_equal(og_receiver_next(host), &jobs[11]);
    assert_null(og_receiver_next(host));
    assert_ptr_equal(og_receivers_over(receivers, &jobs[10], true), host);
    assert_ptr_equal(og_receiver_next(host), &jobs[12]);
    assert_ptr_equal(og_receiver_next(host), &jobs[13]);
    assert_int_equal(load_of(OG_STR("slow")).given, 9);
    assert_int_equal(load_of(OG_STR("slow")).given_max, 2);
    assert_int_equal(load_of(OG_STR("quick")).given_max, 8);
}

static void
test_hooks_of_a_host_share_its_bound_in_turns(void **state)
{
    (void)state;
    static const char *const hooks[] = {"a", "b", "c", "d", "e"};
    struct og_receiver *host = NULL;
    for (int i = 0; i < 20; i++) { /* four of each, those of "a" first */
        host = add("host", hooks[i / 4], &jobs[i]);
    }
    static const int order[OG_RECEIVER_CALLS_MAX] = {0, 4, 8, 12, 16, 1, 5, 9};
    for (int i = 0; i < OG_RECEIVER_CALLS_MAX; i++) {
        assert_ptr_equal(og_receiver_next(host), &jobs[order[i]]);
    }
    assert_null(og_receiver_next(host));
    assert_ptr_equal(og_receivers_over(receivers, &jobs[0], true), host);
    assert_ptr_equal(og_receiver_next(host), &jobs[13]); /* the next in turn, not "a" again */
    struct og_receiver *other = add("elsewhere", "a", &jobs[20]);
    assert_ptr_equal(og_receiver_next(other), &jobs[20]);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_prompt_receiver_gets_more, setup, teardown),
        cmocka_unit_test_setup_teardown(test_one_that_stalls_gets_one_at_a_time, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_slow_hook_is_not_in_the_way_of_a_quick_one, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_hooks_of_a_host_share_its_bound_in_turns, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_only_those_that_stalled_are_remembered, setup,
                                        teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
