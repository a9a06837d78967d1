/*
 * The queue alone: bound, order, and the end.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lane/queue.h"

static const struct og_op_kind soon = {.name = "soon"}, some_time = {.name = "some time",
                                                                   .can_wait = true};

static void
test_order_and_bound(void **state)
{
    struct og_lane_queue queue;
    struct og_op ops[4] = {{.kind = &soon}, {.kind = &soon}, {.kind = &soon}, {.kind = &soon}};
    assert_int_equal(og_lane_queue_init(&queue, 3, NULL), OG_OK);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(og_lane_queue_push(&queue, &ops[i]), i < 3 ? OG_OK : OG_E_BUSY);
    }
    assert_int_equal(og_lane_queue_length(&queue), 3);
    assert_int_equal(og_lane_queue_wait(&queue, 0), OG_LANE_WAIT_OPS);
    assert_ptr_equal(og_lane_queue_next(&queue), &ops[0]);
    assert_int_equal(og_lane_queue_push(&queue, &ops[3]), OG_E_BUSY); /* not given back yet */
    og_lane_queue_give_back(&queue, 1);
    assert_int_equal(og_lane_queue_push(&queue, &ops[3]), OG_OK);
    assert_int_equal(og_lane_queue_collect(&queue), 3);
    for (int i = 1; i < 4; i++) {
        assert_ptr_equal(og_lane_queue_next(&queue), &ops[i]);
    }
    assert_null(og_lane_queue_next(&queue));
    assert_int_equal(og_lane_queue_push(&queue, &ops[0]), OG_E_BUSY);
    og_lane_queue_give_back(&queue, 3);
    og_lane_queue_finish(&queue);
}

static void
test_the_end_comes_after_the_last_operation(void **state)
{
    struct og_lane_queue queue;
    struct og_op ops[2] = {{.kind = &soon}, {.kind = &soon}};
    assert_int_equal(og_lane_queue_init(&queue, 8, NULL), OG_OK);
    assert_int_equal(og_lane_queue_wait(&queue, 0), OG_LANE_WAIT_TIMEOUT);
    assert_int_equal(og_lane_queue_push(&queue, &ops[0]), OG_OK);
    og_lane_queue_stop(&queue);
    assert_int_equal(og_lane_queue_push(&queue, &ops[1]), OG_E_UNAVAILABLE);
    assert_int_equal(og_lane_queue_wait(&queue, -1), OG_LANE_WAIT_OPS);
    assert_ptr_equal(og_lane_queue_next(&queue), &ops[0]);
    assert_int_equal(og_lane_queue_wait(&queue, -1), OG_LANE_WAIT_WOKEN); /* by the stop */
    og_lane_queue_give_back(&queue, 1);
    assert_int_equal(og_lane_queue_wait(&queue, -1), OG_LANE_WAIT_ENDED);
    og_lane_queue_finish(&queue);
}

static void
test_what_can_wait_comes_last(void **state)
{
    struct og_lane_queue queue;
    struct og_op ops[4] = {{.kind = &some_time, .submitted_us = 7},
                           {.kind = &soon},
                           {.kind = &some_time, .submitted_us = 8},
                           {.kind = &soon}};
    assert_int_equal(og_lane_queue_init(&queue, 8, NULL), OG_OK);
    assert_int_equal(og_lane_queue_later_since_us(&queue), 0);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(og_lane_queue_push(&queue, &ops[i]), OG_OK);
    }
    assert_int_equal(og_lane_queue_wait(&queue, 0), OG_LANE_WAIT_OPS);
    assert_int_equal(og_lane_queue_later_since_us(&queue), 7);
    assert_ptr_equal(og_lane_queue_next(&queue), &ops[1]);
    assert_ptr_equal(og_lane_queue_next_urgent(&queue), &ops[3]);
    assert_null(og_lane_queue_next_urgent(&queue));
    assert_int_equal(og_lane_queue_wait(&queue, 0), OG_LANE_WAIT_OPS); /* two are left */
    assert_ptr_equal(og_lane_queue_next(&queue), &ops[0]);
    assert_int_equal(og_lane_queue_later_since_us(&queue), 8);
    assert_ptr_equal(og_lane_queue_next(&queue), &ops[2]);
    og_lane_queue_give_back(&queue, 4);
    og_lane_queue_finish(&queue);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order_and_bound),
        cmocka_unit_test(test_what_can_wait_comes_last),
        cmocka_unit_test(test_the_end_comes_after_the_last_operation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
