/*
 * A hub on real event loops, with a clock that stands still until a test moves it, and sinks that
 * keep what was sent. The test's thread plays the write lane.
 *
 * Like the streams of http, a sink that is closed takes nothing more, and its owner hears of the
 * end later, from the loop.
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <assert.h> /* where cmocka's cannot be used: on the loops' threads */
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/arena.h"
#include "base/buf.h"
#include "live/hub.h"

#define LOOPS 2
#define SINKS_MAX 16
#define KEEPALIVE_MS 3000 /* short enough for the hub to look every 100 ms */
#define GAP_MS 20
#define PATIENCE_S 20 /* for what another thread will surely do */

#define ENQUEUED "event: MessageEnqueued\ndata: null\n\n"
#define SETTINGS "event: SettingsUpdated\ndata: null\n\n"
#define WEBHOOKS "event: WebhooksUpdated\ndata: null\n\n"
#define OPENING ":connected\n\n" SETTINGS WEBHOOKS
#define KEEPALIVE ":keepalive\n\n"

struct world;

struct fake_sink {
    struct og_sink sink;
    struct world *world;
    struct og_loop *loop;
    struct og_loop_task gone;
    struct og_sink_owner owner;
    struct og_buf sent;
    bool is_full;    /* refuses what comes */
    bool is_stalled; /* closing takes until sink_finish: the peer does not answer */
    int closes;
    bool is_gone;
};

struct world {
    struct og_hub *hub;
    struct og_loop *loops[LOOPS];
    struct og_clock clock;
    _Atomic int64_t now_ms;
    bool is_stopped;
    struct fake_sink sinks[SINKS_MAX];
    int sink_count;
    pthread_mutex_t lock; /* of what loops write and the test reads */
    pthread_cond_t changed;
    struct og_buf presence; /* "account/phone+ " came, "account/phone- " went */
};

/* ---- sinks ---- */

static inline void
sink_run_gone(struct og_loop_task *task)
{
    struct fake_sink *self = OG_CONTAINER_OF(task, struct fake_sink, gone);
    self->owner.on_closed(self->owner.ctx);
    pthread_mutex_lock(&self->world->lock);
    self->is_gone = true;
    pthread_cond_broadcast(&self->world->changed);
    pthread_mutex_unlock(&self->world->lock);
}

/* The end is told, from the loop. Any thread; once. */
static inline void
sink_finish(struct fake_sink *self)
{
    self->gone.run = sink_run_gone;
    og_loop_post(self->loop, &self->gone);
}

static inline bool
sink_send(struct og_sink *sink, struct og_str bytes)
{
    struct fake_sink *self = (struct fake_sink *)sink;
    assert(og_loop_is_here(self->loop));
    pthread_mutex_lock(&self->world->lock);
    assert(!self->is_gone);
    bool takes = !self->is_full && self->closes == 0;
    if (takes) {
        og_buf_add(&self->sent, bytes);
        pthread_cond_broadcast(&self->world->changed);
    }
    pthread_mutex_unlock(&self->world->lock);
    return takes;
}

static inline void
sink_close(struct og_sink *sink)
{
    struct fake_sink *self = (struct fake_sink *)sink;
    assert(og_loop_is_here(self->loop));
    pthread_mutex_lock(&self->world->lock);
    assert(!self->is_gone);
    bool is_first = self->closes++ == 0;
    pthread_mutex_unlock(&self->world->lock);
    if (is_first && !self->is_stalled) {
        sink_finish(self);
    }
}

static const struct og_sink_verbs sink_verbs = {.send = sink_send, .close = sink_close};

/* ---- the loops' threads ---- */

struct errand {
    struct og_loop_task task;
    void (*run)(void *arg);
    void *arg;
    sem_t done;
};

static inline void
errand_run(struct og_loop_task *task)
{
    struct errand *self = OG_CONTAINER_OF(task, struct errand, task);
    self->run(self->arg);
    sem_post(&self->done);
}

/* Run there and wait for it; whatever was posted before has run too. */
static inline void
on_loop(struct og_loop *loop, void (*run)(void *arg), void *arg)
{
    struct errand errand = {.task = {.run = errand_run}, .run = run, .arg = arg};
    sem_init(&errand.done, 0, 0);
    og_loop_post(loop, &errand.task);
    while (sem_wait(&errand.done) != 0) {
    }
    sem_destroy(&errand.done);
}

static inline void
do_nothing(void *arg)
{
    (void)arg;
}

/* All that was posted has run, and what that posted, too. */
static inline void
world_settle(struct world *w)
{
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < LOOPS; i++) {
            on_loop(w->loops[i], do_nothing, NULL);
        }
    }
}

/* ---- streams ---- */

struct opening {
    struct fake_sink *sink;
    int loop_index;
    struct og_str account, device;
};

static inline void
open_here(void *arg)
{
    struct opening *self = arg;
    struct fake_sink *sink = self->sink;
    struct og_hub_stream *stream =
        og_hub_reserve(sink->world->hub, self->loop_index, self->account, self->device,
                       &sink->owner);
    og_hub_attach(stream, &sink->sink);
}

static inline struct fake_sink *
make_sink(struct world *w, int loop_index)
{
    assert_true(w->sink_count < SINKS_MAX);
    struct fake_sink *sink = &w->sinks[w->sink_count++];
    sink->sink.verbs = &sink_verbs;
    sink->world = w;
    sink->loop = w->loops[loop_index];
    og_buf_init(&sink->sent, 1 << 20);
    return sink;
}

static inline void
open_sink(struct fake_sink *sink, int loop_index, const char *device)
{
    struct opening opening = {sink, loop_index, OG_STR("acc"), og_str_from(device)};
    on_loop(sink->loop, open_here, &opening);
}

static inline struct fake_sink *
open_stream(struct world *w, int loop_index, const char *device)
{
    struct fake_sink *sink = make_sink(w, loop_index);
    open_sink(sink, loop_index, device);
    return sink;
}

static inline void
close_here(void *arg)
{
    struct fake_sink *sink = arg;
    sink->sink.verbs->close(&sink->sink);
}

/* The peer hangs up. */
static inline void
hang_up(struct world *w, struct fake_sink *sink)
{
    on_loop(sink->loop, close_here, sink);
    world_settle(w);
}

/* ---- hints ---- */

static inline void
hint(struct world *w, enum og_hint kind, const char *device)
{
    og_hub_hint(w->hub, kind, og_str_from(device), OG_STR(""));
}

static inline void
flush(struct world *w)
{
    og_hub_flush(w->hub);
    world_settle(w);
}

static inline void
hint_now(struct world *w, enum og_hint kind, const char *device)
{
    hint(w, kind, device);
    flush(w);
}

/* ---- what was seen ---- */

static inline void
take(struct world *w, struct og_buf *from, const char *expected, const char *file, int line)
{
    pthread_mutex_lock(&w->lock);
    struct og_arena mem;
    og_arena_init(&mem, 0);
    const char *got = og_str_cstr(&mem, og_buf_str(from));
    og_buf_clear(from);
    pthread_mutex_unlock(&w->lock);
    _assert_string_equal(got, expected, file, line);
    og_arena_finish(&mem);
}

/* Everything that was sent, or told, since the last look. */
#define assert_sent(w, sink, expected) take((w), &(sink)->sent, (expected), __FILE__, __LINE__)
#define assert_told(w, expected) take((w), &(w)->presence, (expected), __FILE__, __LINE__)

/* Until the sink has got this many bytes since the last look. */
static inline void
wait_for_bytes(struct world *w, struct fake_sink *sink, size_t bytes)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += PATIENCE_S;
    pthread_mutex_lock(&w->lock);
    while (sink->sent.len < bytes && pthread_cond_timedwait(&w->changed, &w->lock, &until) == 0) {
    }
    pthread_mutex_unlock(&w->lock);
}

/* ---- set up ---- */

static inline int64_t
world_mono(void *ctx)
{
    return ((struct world *)ctx)->now_ms;
}

static inline void
world_presence(void *ctx, struct og_str account_id, struct og_str device_id, bool is_connected)
{
    struct world *w = ctx;
    pthread_mutex_lock(&w->lock);
    og_buf_printf(&w->presence, "%" OG_STR_FMT "/%" OG_STR_FMT "%c ", OG_STR_ARG(account_id),
                  OG_STR_ARG(device_id), is_connected ? '+' : '-');
    pthread_mutex_unlock(&w->lock);
}

static inline int
world_setup(void **state)
{
    struct world *w = og_xalloc(sizeof *w);
    struct og_err err;
    w->now_ms = 1000000;
    w->clock = (struct og_clock){world_mono, world_mono, w};
    pthread_mutex_init(&w->lock, NULL);
    pthread_cond_init(&w->changed, NULL);
    og_buf_init(&w->presence, 1 << 20);
    const struct og_hub_config config = {.keepalive_ms = KEEPALIVE_MS,
                                         .wake_gap_ms = GAP_MS,
                                         .streams_per_device_max = 3,
                                         .clock = &w->clock,
                                         .on_presence = world_presence,
                                         .ctx = w};
    for (int i = 0; i < LOOPS; i++) {
        assert_int_equal(og_loop_create("test", &w->loops[i], &err), OG_OK);
    }
    assert_int_equal(og_hub_create(&config, w->loops, LOOPS, &w->hub, &err), OG_OK);
    for (int i = 0; i < LOOPS; i++) {
        assert_int_equal(og_loop_start(w->loops[i], &err), OG_OK);
    }
    *state = w;
    return 0;
}

static inline int
world_teardown(void **state)
{
    struct world *w = *state;
    if (!w->is_stopped) {
        og_hub_stop(w->hub);
    }
    world_settle(w);
    int open_count = og_hub_stream_count(w->hub);
    for (int i = 0; i < LOOPS; i++) {
        og_loop_stop(w->loops[i]);
        og_loop_join(w->loops[i]);
        og_loop_destroy(w->loops[i]);
    }
    og_hub_destroy(w->hub);
    for (int i = 0; i < w->sink_count; i++) {
        og_buf_finish(&w->sinks[i].sent);
    }
    og_buf_finish(&w->presence);
    pthread_cond_destroy(&w->changed);
    pthread_mutex_destroy(&w->lock);
    free(w);
    return open_count; /* none is left: a failure otherwise */
}

#define WITH_WORLD(test) cmocka_unit_test_setup_teardown(test, world_setup, world_teardown)
