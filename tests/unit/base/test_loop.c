/*
 * The queue with many producers, raced; and loops that get tasks from other threads, from
 * themselves, and while they stop.
 */
#include "base/loop.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>
#include <uv.h>

#include "base/mpsc.h"
#include "check.h"

#define PRODUCERS 4
#define ITEMS 50000
#define POSTS 5000

struct item {
    struct og_mpsc_node node;
    int producer;
    int number;
};

static struct item items[PRODUCERS][ITEMS];
static struct og_mpsc queue;
static _Atomic int empty_pushes;

static void *
produce(void *arg)
{
    struct item *own = arg;
    for (int i = 0; i < ITEMS; i++) {
        own[i].number = i;
        if (og_mpsc_push(&queue, &own[i].node)) {
            atomic_fetch_add(&empty_pushes, 1);
        }
    }
    return NULL;
}

/* Nothing is lost or doubled, each producer's order is kept, and the number of takes that found
 * something equals the number of pushes that found the queue empty: no wake-up is missing. */
static void
the_queue_keeps_every_item(void **state)
{
    (void)state;
    pthread_t threads[PRODUCERS];
    for (int i = 0; i < PRODUCERS; i++) {
        for (int k = 0; k < ITEMS; k++) {
            items[i][k].producer = i;
        }
        assert_int_equal(pthread_create(&threads[i], NULL, produce, items[i]), 0);
    }
    int next[PRODUCERS] = {0}, total = 0, takes = 0;
    while (total < PRODUCERS * ITEMS) {
        struct og_mpsc_node *node = og_mpsc_take_all(&queue);
        takes += node != NULL;
        for (; node; node = node->next, total++) {
            struct item *item = OG_CONTAINER_OF(node, struct item, node);
            assert_int_equal(item->number, next[item->producer]);
            next[item->producer]++;
        }
    }
    for (int i = 0; i < PRODUCERS; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(next[i], ITEMS);
    }
    assert_int_equal(atomic_load(&empty_pushes), takes);
    assert_null(og_mpsc_take_all(&queue));
}

struct count_task {
    struct og_loop_task task;
    struct og_loop *loop;
    int *count;    /* touched by the loop's thread only */
    int more_left; /* posts itself so many times again */
};

static void
run_count(struct og_loop_task *base)
{
    struct count_task *self = OG_CONTAINER_OF(base, struct count_task, task);
    assert_true(og_loop_is_here(self->loop));
    ++*self->count;
    if (self->more_left > 0) {
        self->more_left--;
        og_loop_post(self->loop, &self->task);
    } else {
        free(self);
    }
}

static void
post_count(struct og_loop *loop, int *count, int more)
{
    struct count_task *task = calloc(1, sizeof(*task));
    assert_non_null(task);
    *task = (struct count_task){{.run = run_count}, loop, count, more};
    og_loop_post(loop, &task->task);
}

struct poster {
    struct og_loop *loop;
    int *count;
};

static void *
post_many(void *arg)
{
    struct poster *self = arg;
    assert_false(og_loop_is_here(self->loop));
    for (int i = 0; i < POSTS; i++) {
        post_count(self->loop, self->count, i % 100 == 0 ? 3 : 0);
    }
    return NULL;
}

static struct og_loop *
make_loop(void)
{
    struct og_loop *loop = NULL;
    assert_int_equal(og_loop_create("a name that is far too long", &loop, NULL), OG_OK);
    return loop;
}

static void
posts_of_all_threads_run_once(void **state)
{
    (void)state;
    int count = 0;
    struct og_loop *loop = make_loop();
    struct poster poster = {loop, &count};
    assert_true(og_loop_is_here(loop)); /* the caller's, before it starts */
    assert_int_equal(og_loop_start(loop, NULL), OG_OK);
    pthread_t threads[PRODUCERS];
    for (int i = 0; i < PRODUCERS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, post_many, &poster), 0);
    }
    for (int i = 0; i < PRODUCERS; i++) {
        pthread_join(threads[i], NULL);
    }
    og_loop_stop(loop);
    og_loop_join(loop);
    og_loop_destroy(loop);
    assert_int_equal(count, PRODUCERS * (POSTS + POSTS / 100 * 3));
}

static void
posts_before_the_start_wait(void **state)
{
    (void)state;
    int count = 0;
    struct og_loop *loop = make_loop();
    post_count(loop, &count, 2);
    og_loop_stop(loop);
    assert_int_equal(count, 0);
    assert_int_equal(og_loop_start(loop, NULL), OG_OK);
    og_loop_join(loop);
    og_loop_destroy(loop);
    assert_int_equal(count, 3);
}

/* A handle that somebody added keeps a stopping loop alive, and posts still arrive meanwhile. */
struct close_task {
    struct og_loop_task task;
    uv_async_t handle;
};

static void
never(uv_async_t *handle)
{
    (void)handle;
}

static void
run_close(struct og_loop_task *base)
{
    struct close_task *self = OG_CONTAINER_OF(base, struct close_task, task);
    uv_close((uv_handle_t *)&self->handle, NULL);
}

static sem_t reached;

static void
run_reached(struct og_loop_task *task)
{
    (void)task;
    sem_post(&reached);
}

static void
a_stopping_loop_waits_for_handles(void **state)
{
    (void)state;
    int count = 0;
    struct og_loop *loop = make_loop();
    struct close_task close = {.task = {.run = run_close}};
    struct og_loop_task mark = {.run = run_reached};
    assert_int_equal(sem_init(&reached, 0, 0), 0);
    assert_int_equal(uv_async_init(og_loop_uv(loop), &close.handle, never), 0);
    assert_int_equal(og_loop_start(loop, NULL), OG_OK);
    og_loop_stop(loop);
    for (int i = 0; i < 3; i++) {
        og_loop_post(loop, &mark);
        sem_wait(&reached);
    }
    post_count(loop, &count, 0);
    og_loop_post(loop, &close.task);
    og_loop_join(loop);
    og_loop_destroy(loop);
    assert_int_equal(count, 1);
    sem_destroy(&reached);
}

static void
a_loop_that_never_ran_is_freed(void **state)
{
    (void)state;
    og_loop_destroy(make_loop());
    og_loop_destroy(NULL);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_queue_keeps_every_item),
        cmocka_unit_test(posts_of_all_threads_run_once),
        cmocka_unit_test(posts_before_the_start_wait),
        cmocka_unit_test(a_stopping_loop_waits_for_handles),
        cmocka_unit_test(a_loop_that_never_ran_is_freed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
