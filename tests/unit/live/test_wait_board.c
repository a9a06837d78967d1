/*
 * The board of waits: set, changed, cleared; and one writer beside readers, for the sanitizers.
 */
#include "live/wait_board.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdatomic.h>

static const struct og_wait minute = {"sim_pace", "minute", 5};
static const struct og_wait rest = {"quarantine", "", 0};

static void
test_board(void **state)
{
    struct og_wait_board *board = og_wait_board_create();
    struct og_wait wait;
    (void)state;
    assert_false(og_wait_board_get(board, OG_STR("a"), &wait));
    og_wait_board_set(board, OG_STR("a"), &minute);
    og_wait_board_set(board, OG_STR(""), &rest); /* no phone at all */
    assert_false(og_wait_board_get(board, OG_STR(""), &wait));
    assert_true(og_wait_board_get(board, OG_STR("a"), &wait));
    assert_string_equal(wait.detail, "minute");
    og_wait_board_set(board, OG_STR("a"), &rest);
    assert_true(og_wait_board_get(board, OG_STR("a"), &wait));
    assert_string_equal(wait.reason, "quarantine");
    og_wait_board_set(board, OG_STR("a"), NULL);
    og_wait_board_set(board, OG_STR("a"), NULL);
    assert_false(og_wait_board_get(board, OG_STR("a"), &wait));
    og_wait_board_set(board, OG_STR("b"), &rest); /* still there at the end */
    og_wait_board_destroy(board);
    og_wait_board_destroy(NULL);
}

struct readers {
    struct og_wait_board *board;
    _Atomic bool is_over;
};

static void *
read_on(void *arg)
{
    struct readers *self = arg;
    struct og_wait wait;
    while (!atomic_load(&self->is_over)) {
        if (og_wait_board_get(self->board, OG_STR("a"), &wait) && wait.reason[0] != 's') {
            return self; /* nobody wrote that */
        }
    }
    return NULL;
}

static void
test_one_writes_many_read(void **state)
{
    struct readers readers = {.board = og_wait_board_create()};
    pthread_t threads[4];
    (void)state;
    for (int i = 0; i < 4; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, read_on, &readers), 0);
    }
    for (int i = 0; i < 20000; i++) {
        og_wait_board_set(readers.board, OG_STR("a"), i % 3 ? &minute : NULL);
    }
    atomic_store(&readers.is_over, true);
    for (int i = 0; i < 4; i++) {
        void *wrong;
        assert_int_equal(pthread_join(threads[i], &wrong), 0);
        assert_null(wrong);
    }
    og_wait_board_destroy(readers.board);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_board),
        cmocka_unit_test(test_one_writes_many_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
