/*
 * A process is killed in the middle of batches, again and again: what was answered is there, and
 * the file is sound.
 */
#include <signal.h>
#include <sys/wait.h>

#include "tests/unit/lane/lane_fixture.h"

#define ROUNDS 12
#define WINDOW 64 /* operations under way in the child */

/* In the child: an operation that submits itself anew, with its next number, after each answer. */
struct crash_op {
    struct og_op op;
    struct og_lanes *lanes;
    int64_t number;
    int pipe_fd;
};

static enum og_code
crash_apply(struct og_op *op, struct og_tx *tx)
{
    struct crash_op *self = (struct crash_op *)op;
    char id[24];
    snprintf(id, sizeof id, "%019lld", (long long)self->number);
    return item_add(tx->db, id, self->number);
}

static void
crash_done(struct og_op *op)
{
    struct crash_op *self = (struct crash_op *)op;
    if (op->code != OG_OK || write(self->pipe_fd, &self->number, sizeof self->number) < 0) {
        _exit(1);
    }
    self->number += WINDOW;
    if (og_lane_submit(self->lanes, OG_LANE_WRITE, op) != OG_OK) {
        _exit(1);
    }
}

static const struct og_op_kind crash_kind = {"crash.add", crash_apply, NULL, crash_done};

static void
work_until_killed(struct lane_fixture *fix, int64_t first_number, int pipe_fd)
{
    static struct crash_op ops[WINDOW];
    struct og_lanes_config config = lane_config(fix);
    config.batch_max = 48;
    config.after_batch = NULL;
    if (og_lanes_create(&config, &fix->lanes, NULL) != OG_OK ||
        og_lanes_start(fix->lanes, NULL) != OG_OK) {
        _exit(1);
    }
    for (int i = 0; i < WINDOW; i++) {
        ops[i] = (struct crash_op){{.kind = &crash_kind}, fix->lanes, first_number + i, pipe_fd};
        if (og_lane_submit(fix->lanes, OG_LANE_WRITE, &ops[i].op) != OG_OK) {
            _exit(1);
        }
    }
    for (;;) {
        pause();
    }
}

/* Read answers until `enough`, kill the child, read the rest; marks each in `answered`. */
static int
collect_and_kill(pid_t child, int pipe_fd, int enough, bool *answered, int64_t max)
{
    int count = 0;
    int64_t number;
    while (read(pipe_fd, &number, sizeof number) == (ssize_t)sizeof number) {
        assert_in_range(number, 1, max - 1);
        answered[number] = true;
        if (++count == enough) {
            kill(child, SIGKILL);
        }
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    return count;
}

static void
check_answered(struct lane_fixture *fix, const bool *answered, int64_t max)
{
    struct og_db *db = item_connect(fix->path);
    item_assert_sound(db);
    for (int64_t number = 1; number < max; number++) {
        if (answered[number]) {
            char id[24];
            snprintf(id, sizeof id, "%019lld", (long long)number);
            assert_true(has_item(db, id));
        }
    }
    og_db_close(db);
}

#define NUMBERS_A_ROUND 100000

static void
test_what_was_answered_survives(void **state)
{
    struct lane_fixture *fix = *state;
    struct og_db *db = item_connect(fix->path);
    item_create(db);
    og_db_close(db);
    int64_t max = (int64_t)ROUNDS * NUMBERS_A_ROUND + 1;
    bool *answered = calloc((size_t)max, sizeof *answered);
    for (int round = 0; round < ROUNDS; round++) {
        int fds[2];
        assert_int_equal(pipe(fds), 0);
        fflush(NULL);
        pid_t child = fork();
        if (child == 0) {
            close(fds[0]);
            work_until_killed(fix, (int64_t)round * NUMBERS_A_ROUND + 1, fds[1]);
        }
        close(fds[1]);
        int enough = 1 + round * 371;
        int count = collect_and_kill(child, fds[0], enough, answered, max);
        assert_true(count >= enough);
        close(fds[0]);
        check_answered(fix, answered, max);
    }
    free(answered);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_what_was_answered_survives, lane_set_up,
                                        lane_tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
