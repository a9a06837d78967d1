/*
 * An event loop with a mailbox. Posting is one compare-and-swap, and one wake-up for all that
 * waits. Asked to stop, the thread goes on until no other handle is open and the mailbox is empty;
 * whoever still posts then comes too late, so producers are stopped first.
 */
#include "base/loop.h"

#include <assert.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <uv.h>

#include "base/arena.h"

struct og_loop {
    uv_loop_t uv;
    uv_async_t wake;
    uv_thread_t thread;
    char name[16];
    bool is_started; /* written before the thread runs, and by the joiner */
    struct og_mpsc mailbox;
    _Atomic bool is_stopping;
};

static _Thread_local const struct og_loop *loop_here;

/* Was there anything? A task may free itself, and may post again: that wakes us for another
 * round. */
static bool
run_mailbox(struct og_loop *self)
{
    struct og_mpsc_node *node = og_mpsc_take_all(&self->mailbox);
    bool had_tasks = node != NULL;
    while (node) {
        struct og_mpsc_node *next = node->next;
        struct og_loop_task *task = OG_CONTAINER_OF(node, struct og_loop_task, node);
        task->run(task);
        node = next;
    }
    return had_tasks;
}

static void
on_wake(uv_async_t *wake)
{
    struct og_loop *self = wake->data;
    run_mailbox(self);
    if (atomic_load(&self->is_stopping)) {
        uv_unref((uv_handle_t *)wake); /* the loop ends with the last handle of others */
    }
}

enum og_code
og_loop_create(const char *name, struct og_loop **out, struct og_err *err)
{
    struct og_loop *self = og_xalloc(sizeof(*self));
    snprintf(self->name, sizeof(self->name), "%s", name);
    int status = uv_loop_init(&self->uv);
    if (status != 0) {
        free(self);
        return og_fail(err, OG_E_UNAVAILABLE, "", "cannot make an event loop: %s",
                       uv_strerror(status));
    }
    status = uv_async_init(&self->uv, &self->wake, on_wake);
    if (status != 0) {
        uv_loop_close(&self->uv);
        free(self);
        return og_fail(err, OG_E_UNAVAILABLE, "", "cannot make a wake-up: %s",
                       uv_strerror(status));
    }
    self->wake.data = self;
    *out = self;
    return OG_OK;
}

static void
close_wake(struct og_loop *self)
{
    uv_close((uv_handle_t *)&self->wake, NULL);
    uv_run(&self->uv, UV_RUN_DEFAULT);
}

static void
run_thread(void *arg)
{
    struct og_loop *self = arg;
    loop_here = self;
    pthread_setname_np(pthread_self(), self->name);
    do {
        uv_run(&self->uv, UV_RUN_DEFAULT);
    } while (run_mailbox(self) || uv_loop_alive(&self->uv));
    close_wake(self);
    loop_here = NULL;
}

enum og_code
og_loop_start(struct og_loop *self, struct og_err *err)
{
    self->is_started = true;
    int status = uv_thread_create(&self->thread, run_thread, self);
    if (status != 0) {
        self->is_started = false;
        return og_fail(err, OG_E_UNAVAILABLE, "", "cannot start thread %s: %s", self->name,
                       uv_strerror(status));
    }
    return OG_OK;
}

void
og_loop_stop(struct og_loop *self)
{
    atomic_store(&self->is_stopping, true);
    uv_async_send(&self->wake);
}

void
og_loop_join(struct og_loop *self)
{
    if (self->is_started) {
        uv_thread_join(&self->thread);
        self->is_started = false;
    }
}

void
og_loop_destroy(struct og_loop *self)
{
    if (!self) {
        return;
    }
    assert(!self->is_started);
    if (!uv_is_closing((uv_handle_t *)&self->wake)) {
        close_wake(self); /* it never ran */
    }
    int status = uv_loop_close(&self->uv);
    assert(status == 0);
    (void)status;
    free(self);
}

void
og_loop_post(struct og_loop *self, struct og_loop_task *task)
{
    if (og_mpsc_push(&self->mailbox, &task->node)) {
        uv_async_send(&self->wake);
    }
}

struct uv_loop_s *
og_loop_uv(struct og_loop *self)
{
    return &self->uv;
}

bool
og_loop_is_here(const struct og_loop *self)
{
    return loop_here == self || !self->is_started;
}
