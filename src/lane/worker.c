/*
 * What every lane thread does with an operation before and after its apply.
 */
#include "lane/lane_metrics.h"
#include "lane/lane_priv.h"

struct og_tx
og_lane_tx(struct og_lane_worker *self)
{
    return (struct og_tx){
        .db = self->db,
        .now_ms = og_now_ms(self->config->clock),
        .mono_ms = og_mono_ms(self->config->clock),
    };
}

void
og_lane_complete_err(struct og_op *op)
{
    if (op->code != OG_OK && op->err.code != op->code) {
        (void)og_fail(&op->err, op->code, NULL, "%s failed", op->kind->name);
    }
}

void
og_lane_lose(struct og_op *op, const char *reason)
{
    op->err = (struct og_err){0};
    op->code = og_fail(&op->err, OG_E_UNAVAILABLE, NULL, "%s", reason);
    op->err.retry_after_s = 1;
}

static void
run_done(struct og_loop_task *task)
{
    struct og_op *op = OG_CONTAINER_OF(task, struct og_op, task);
    op->kind->done(op);
}

void
og_lane_answer(struct og_lane_worker *self, struct og_op *op, int64_t now_us)
{
    og_lane_metrics_done(self->lane, op->code, now_us - op->submitted_us);
    if (op->home) {
        op->task.run = run_done;
        og_loop_post(op->home, &op->task);
    } else {
        op->kind->done(op);
    }
}

int
og_lane_turn_each(struct og_lane_worker *self,
                  void (*apply)(struct og_lane_worker *, struct og_op *))
{
    struct og_op *op;
    int count = og_lane_queue_collect(&self->queue);
    while ((op = og_lane_queue_next(&self->queue))) {
        apply(self, op);
        og_lane_metrics_waiting(self->lane, -1);
        og_lane_queue_give_back(&self->queue, 1);
        og_lane_answer(self, op, og_mono_us());
    }
    return count;
}

void
og_lane_run_each(struct og_lane_worker *self,
                 void (*apply)(struct og_lane_worker *, struct og_op *))
{
    while (og_lane_queue_wait(&self->queue, -1) != OG_LANE_WAIT_ENDED) {
        og_lane_turn_each(self, apply);
    }
}
