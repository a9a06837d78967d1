/*
 * The timer and its round. The operation is owned by the lane while it is under way; the flag tells
 * the timer's thread when it is back.
 */
#include "jobs/purger.h"

#include <semaphore.h>
#include <stdlib.h>
#include <uv.h>

#include "base/arena.h"
#include "base/log.h"

#define FIRST_MS 60000

struct og_purger {
    struct og_purger_config config;
    struct og_loop *loop;
    uv_timer_t timer;
    struct og_loop_task stop_task;
    sem_t stopped;
    struct og_purge_op op;
    int64_t count; /* of this round */
    _Atomic bool is_under_way;
    _Atomic bool is_stopping;
};

static void step_done(struct og_op *op);

static void
submit(struct og_purger *self, const struct og_purge_place *place)
{
    static const struct og_op_kind kind = {
        .name = "purge",
        .apply = og_purge_apply,
        .committed = og_purge_committed,
        .done = step_done,
        .can_wait = true,
    };
    self->op = (struct og_purge_op){
        .op.kind = &kind,
        .svc = self->config.services,
        .retention = &self->config.retention,
        .place = *place,
    };
    if (og_lane_submit(self->config.lanes, OG_LANE_WRITE, &self->op.op) != OG_OK) {
        atomic_store(&self->is_under_way, false); /* full or stopping: the next round does it */
    }
}

static void
end_round(struct og_purger *self)
{
    const struct og_op *op = &self->op.op;
    if (op->code != OG_OK) {
        og_log_warn("jobs", "retention was broken off and goes on with the next round",
                    "reason=%s", og_log_quote(og_str_from(op->err.text)));
    } else if (self->count > 0) {
        og_log_info("jobs", "retention removed what was too old", "rows=%lld",
                    (long long)self->count);
    }
    atomic_store(&self->is_under_way, false);
}

/* On the lane's thread. */
static void
step_done(struct og_op *op)
{
    struct og_purge_op *purge = (struct og_purge_op *)op;
    struct og_purger *self = OG_CONTAINER_OF(purge, struct og_purger, op);
    const struct og_purge_place next = purge->next;
    self->count += op->code == OG_OK ? purge->count : 0;
    if (op->code == OG_OK && !purge->is_over && !atomic_load(&self->is_stopping)) {
        submit(self, &next);
    } else {
        end_round(self);
    }
}

static void
on_timer(uv_timer_t *timer)
{
    struct og_purger *self = timer->data;
    if (!atomic_exchange(&self->is_under_way, true)) {
        self->count = 0;
        submit(self, &(struct og_purge_place){0});
    }
}

enum og_code
og_purger_create(const struct og_purger_config *config, struct og_loop *loop,
                 struct og_purger **out, struct og_err *err)
{
    struct og_purger *self = og_xalloc(sizeof *self);
    const uint64_t every_ms = (uint64_t)config->every_ms;
    self->config = *config;
    self->loop = loop;
    sem_init(&self->stopped, 0, 0);
    uv_timer_init(og_loop_uv(loop), &self->timer);
    self->timer.data = self;
    if (uv_timer_start(&self->timer, on_timer, every_ms < FIRST_MS ? every_ms : FIRST_MS,
                       every_ms) != 0) {
        og_purger_destroy(self);
        return og_fail(err, OG_E_UNAVAILABLE, "", "no timer");
    }
    *out = self;
    return OG_OK;
}

static void
on_closed(uv_handle_t *handle)
{
    struct og_purger *self = handle->data;
    sem_post(&self->stopped);
}

static void
stop_here(struct og_loop_task *task)
{
    struct og_purger *self = OG_CONTAINER_OF(task, struct og_purger, stop_task);
    uv_close((uv_handle_t *)&self->timer, on_closed);
}

void
og_purger_stop(struct og_purger *self)
{
    atomic_store(&self->is_stopping, true);
    self->stop_task.run = stop_here;
    og_loop_post(self->loop, &self->stop_task);
    while (sem_wait(&self->stopped) != 0) {
    }
}

void
og_purger_destroy(struct og_purger *self)
{
    if (self) {
        sem_destroy(&self->stopped);
        free(self);
    }
}
