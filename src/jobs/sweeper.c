/*
 * The timer and its rounds. A round is owned by the lane while it is under way; the count tells the
 * timer's thread when all of it is back. A step that found as much as it may take goes in again at
 * once, behind what others have submitted meanwhile.
 */
#include "jobs/sweeper.h"

#include <semaphore.h>
#include <stdlib.h>
#include <uv.h>

#include "base/arena.h"
#include "base/log.h"
#include "service/abuse/abuse_service.h"
#include "service/batch/batch_service.h"
#include "service/clock_watch.h"
#include "service/device/inbox_service.h"
#include "service/message/message_service.h"
#include "service/otp/otp_service.h"
#include "service/timeline/watchdog.h"

#define PURGE_EVERY_ROUNDS 120 /* what is kept for days may stay a minute longer */

struct round_job {
    struct og_arena expire_mem;
    struct og_arena release_mem;
    struct og_arena attend_mem;
    struct og_arena batch_mem;
    struct og_arena watchdog_mem;
    struct og_expire_op expire;
    struct og_release_op release;
    struct og_attend_op attend;
    struct og_batch_round_op batch;
    struct og_batch_share batch_share;
    struct og_otp_expire_op otp;
    struct og_abuse_round_op abuse;
    struct og_inbox_purge_op inbox;
    struct og_clock_watch_op clock;
    struct og_watchdog_op watchdog;
    _Atomic int under_way;
};

struct og_sweeper {
    struct og_sweeper_config config;
    struct og_loop *loop;
    uv_timer_t timer;
    struct og_loop_task stop_task;
    sem_t stopped;
    struct round_job job;
    int64_t rounds;
    int64_t round_at_ms; /* when the last one began, UTC; 0: there was none */
};

static void
end_one(struct og_sweeper *self, struct og_op *op)
{
    static struct og_log_limit limit;
    int64_t held;
    if (op->code != OG_OK && og_log_limit_pass(&limit, 10000, &held)) {
        og_log_warn("jobs", "a round failed and will be repeated", "job=%s reason=%s held=%lld",
                    op->kind->name, og_log_quote(og_str_from(op->err.text)), (long long)held);
    }
    atomic_fetch_sub(&self->job.under_way, 1);
}

static void
submit(struct og_sweeper *self, struct og_op *op, const struct og_op_kind *kind)
{
    op->kind = kind;
    atomic_fetch_add(&self->job.under_way, 1);
    if (og_lane_submit(self->config.lanes, OG_LANE_WRITE, op) != OG_OK) {
        atomic_fetch_sub(&self->job.under_way, 1); /* full or stopping: the next round does it */
    }
}

static void expire_done(struct og_op *op);
static void release_done(struct og_op *op);
static void otp_done(struct og_op *op);
static void inbox_done(struct og_op *op);
static void attend_done(struct og_op *op);
static void batch_done(struct og_op *op);

static void
submit_expire(struct og_sweeper *self)
{
    static const struct og_op_kind kind = {"sweep.expire", og_expire_apply, og_expire_committed,
                                           expire_done};
    struct round_job *job = &self->job;
    og_arena_reset(&job->expire_mem);
    job->expire = (struct og_expire_op){.svc = self->config.services, .mem = &job->expire_mem};
    submit(self, &job->expire.op, &kind);
}

static void
submit_release(struct og_sweeper *self)
{
    static const struct og_op_kind kind = {"sweep.release", og_release_apply,
                                           og_release_committed, release_done};
    struct round_job *job = &self->job;
    og_arena_reset(&job->release_mem);
    job->release = (struct og_release_op){.svc = self->config.services, .mem = &job->release_mem};
    submit(self, &job->release.op, &kind);
}

static void
submit_batch(struct og_sweeper *self)
{
    static const struct og_op_kind kind = {
        .name = "sweep.batch",
        .apply = og_batch_round_apply,
        .committed = og_batch_round_committed,
        .done = batch_done,
        .can_wait = true,
    };
    struct round_job *job = &self->job;
    og_arena_reset(&job->batch_mem);
    job->batch = (struct og_batch_round_op){
        .svc = self->config.services, .mem = &job->batch_mem, .share = &job->batch_share};
    submit(self, &job->batch.op, &kind);
}

/* Places of shared limits for the batch that is next, or none: it will find out. */
static void
share_ready(struct og_batch_share *share)
{
    struct og_sweeper *self = share->ctx;
    submit_batch(self);
    atomic_fetch_sub(&self->job.under_way, 1);
}

static void
submit_otp(struct og_sweeper *self)
{
    static const struct og_op_kind kind = {"sweep.otp", og_otp_expire_apply,
                                           og_otp_expire_committed, otp_done};
    self->job.otp = (struct og_otp_expire_op){.svc = self->config.services};
    submit(self, &self->job.otp.op, &kind);
}

static void
submit_inbox(struct og_sweeper *self)
{
    static const struct og_op_kind kind = {"sweep.inbox", og_inbox_purge_apply, NULL, inbox_done};
    self->job.inbox = (struct og_inbox_purge_op){.svc = self->config.services};
    submit(self, &self->job.inbox.op, &kind);
}

/* On the lane's thread. The next step is counted before this one is, so that the round goes on. */
static void
expire_done(struct og_op *op)
{
    struct og_expire_op *expire = (struct og_expire_op *)op;
    struct og_sweeper *self = OG_CONTAINER_OF(expire, struct og_sweeper, job.expire);
    if (op->code == OG_OK && expire->has_more) {
        submit_expire(self);
    }
    end_one(self, op);
}

static void
release_done(struct og_op *op)
{
    struct og_release_op *release = (struct og_release_op *)op;
    struct og_sweeper *self = OG_CONTAINER_OF(release, struct og_sweeper, job.release);
    if (op->code == OG_OK && release->has_more) {
        submit_release(self);
    }
    end_one(self, op);
}

static void
batch_done(struct og_op *op)
{
    struct og_batch_round_op *batch = (struct og_batch_round_op *)op;
    struct og_sweeper *self = OG_CONTAINER_OF(batch, struct og_sweeper, job.batch);
    struct og_batch_share *share = &self->job.batch_share;
    const bool is_wanted = op->code == OG_OK && share->is_wanted;
    og_batch_share_settle(share, op->code == OG_OK ? batch->places_used : 0);
    if (!is_wanted && op->code == OG_OK && batch->has_more) {
        submit_batch(self);
    }
    /* from the take on the operation is another thread's: the next round's */
    atomic_fetch_add(&self->job.under_way, is_wanted);
    end_one(self, op);
    share->is_wanted = false;
    if (is_wanted) {
        og_batch_share_take(share);
    }
}

static void
otp_done(struct og_op *op)
{
    struct og_otp_expire_op *otp = (struct og_otp_expire_op *)op;
    struct og_sweeper *self = OG_CONTAINER_OF(otp, struct og_sweeper, job.otp);
    if (op->code == OG_OK && otp->has_more) {
        submit_otp(self);
    }
    end_one(self, op);
}

static void
inbox_done(struct og_op *op)
{
    struct og_inbox_purge_op *inbox = (struct og_inbox_purge_op *)op;
    struct og_sweeper *self = OG_CONTAINER_OF(inbox, struct og_sweeper, job.inbox);
    if (op->code == OG_OK && inbox->has_more) {
        submit_inbox(self);
    }
    end_one(self, op);
}

static void
submit_attend(struct og_sweeper *self)
{
    static const struct og_op_kind kind = {"sweep.attend", og_attend_apply, og_attend_committed,
                                           attend_done};
    struct round_job *job = &self->job;
    og_arena_reset(&job->attend_mem);
    job->attend = (struct og_attend_op){.svc = self->config.services,
                                        .mem = &job->attend_mem,
                                        .gone_after_ms = self->config.gone_after_ms};
    submit(self, &job->attend.op, &kind);
}

static void
attend_done(struct og_op *op)
{
    struct og_attend_op *attend = (struct og_attend_op *)op;
    struct og_sweeper *self = OG_CONTAINER_OF(attend, struct og_sweeper, job.attend);
    if (op->code == OG_OK && attend->has_more) {
        submit_attend(self);
    }
    end_one(self, op);
}

static void
abuse_done(struct og_op *op)
{
    struct og_abuse_round_op *abuse = (struct og_abuse_round_op *)op;
    end_one(OG_CONTAINER_OF(abuse, struct og_sweeper, job.abuse), op);
}

static void
submit_abuse(struct og_sweeper *self)
{
    static const struct og_op_kind kind = {"sweep.abuse", og_abuse_round_apply,
                                           og_abuse_round_committed, abuse_done};
    self->job.abuse.svc = self->config.services;
    submit(self, &self->job.abuse.op, &kind);
}

static void
clock_done(struct og_op *op)
{
    struct og_clock_watch_op *clock = (struct og_clock_watch_op *)op;
    end_one(OG_CONTAINER_OF(clock, struct og_sweeper, job.clock), op);
}

static void
submit_clock(struct og_sweeper *self)
{
    static const struct og_op_kind kind = {"sweep.clock", NULL, og_clock_watch_committed,
                                           clock_done};
    self->job.clock = (struct og_clock_watch_op){.svc = self->config.services};
    submit(self, &self->job.clock.op, &kind);
}

static void
watchdog_done(struct og_op *op)
{
    struct og_watchdog_op *watchdog = (struct og_watchdog_op *)op;
    end_one(OG_CONTAINER_OF(watchdog, struct og_sweeper, job.watchdog), op);
}

/* All of the last round is over: what was due in it has ended, or was left over. */
static void
submit_watchdog(struct og_sweeper *self)
{
    static const struct og_op_kind kind = {"sweep.watchdog", og_watchdog_apply,
                                           og_watchdog_committed, watchdog_done};
    struct round_job *job = &self->job;
    og_arena_reset(&job->watchdog_mem);
    job->watchdog = (struct og_watchdog_op){.svc = self->config.services,
                                            .mem = &job->watchdog_mem,
                                            .swept_at_ms = self->round_at_ms};
    submit(self, &job->watchdog.op, &kind);
}

static void
on_timer(uv_timer_t *timer)
{
    struct og_sweeper *self = timer->data;
    if (atomic_load(&self->job.under_way) > 0) {
        return;
    }
    const bool is_purge_round = self->rounds++ % PURGE_EVERY_ROUNDS == 0;
    if (is_purge_round && self->round_at_ms) {
        submit_watchdog(self);
    }
    self->round_at_ms = og_now_ms(self->config.services->clock);
    submit_expire(self);
    submit_release(self);
    submit_attend(self);
    submit_batch(self);
    submit_otp(self);
    submit_abuse(self);
    submit_clock(self);
    if (is_purge_round) {
        submit_inbox(self);
    }
}

enum og_code
og_sweeper_create(const struct og_sweeper_config *config, struct og_loop *loop,
                  struct og_sweeper **out, struct og_err *err)
{
    struct og_sweeper *self = og_xalloc(sizeof *self);
    self->config = *config;
    self->loop = loop;
    og_arena_init(&self->job.expire_mem, 0);
    og_arena_init(&self->job.release_mem, 0);
    og_arena_init(&self->job.attend_mem, 0);
    og_arena_init(&self->job.batch_mem, 0);
    og_arena_init(&self->job.watchdog_mem, 0);
    sem_init(&self->stopped, 0, 0);
    uv_timer_init(og_loop_uv(loop), &self->timer);
    self->timer.data = self;
    self->job.batch_share = (struct og_batch_share){
        .svc = config->services, .loop = loop, .ready = share_ready, .ctx = self};
    uint64_t every_ms = (uint64_t)config->every_ms;
    if (uv_timer_start(&self->timer, on_timer, every_ms, every_ms) != 0) {
        og_sweeper_destroy(self);
        return og_fail(err, OG_E_UNAVAILABLE, "", "no timer");
    }
    *out = self;
    return OG_OK;
}

static void
on_closed(uv_handle_t *handle)
{
    struct og_sweeper *self = handle->data;
    sem_post(&self->stopped);
}

static void
stop_here(struct og_loop_task *task)
{
    struct og_sweeper *self = OG_CONTAINER_OF(task, struct og_sweeper, stop_task);
    uv_close((uv_handle_t *)&self->timer, on_closed);
}

void
og_sweeper_stop(struct og_sweeper *self)
{
    self->stop_task.run = stop_here;
    og_loop_post(self->loop, &self->stop_task);
    while (sem_wait(&self->stopped) != 0) {
    }
}

void
og_sweeper_destroy(struct og_sweeper *self)
{
    if (self) {
        og_arena_finish(&self->job.expire_mem);
        og_arena_finish(&self->job.release_mem);
        og_arena_finish(&self->job.attend_mem);
        og_arena_finish(&self->job.batch_mem);
        og_arena_finish(&self->job.watchdog_mem);
        sem_destroy(&self->stopped);
        free(self);
    }
}
