/* libuv's timers and signals with an owner that may go before its handle does. */
#include "phone/ticker.h"

#include <signal.h>
#include <stdlib.h>
#include <uv.h>

#include "base/arena.h"

struct og_ticker {
    uv_timer_t timer; /* first: the close callback frees the whole */
    void (*fn)(void *ctx);
    void *ctx;
};

struct og_signals {
    uv_signal_t watches[2];
    int open_count;
    void (*fn)(void *ctx, int signal);
    void *ctx;
};

static void
on_timer(uv_timer_t *timer)
{
    struct og_ticker *self = (struct og_ticker *)timer;
    self->fn(self->ctx);
}

static void
on_timer_closed(uv_handle_t *handle)
{
    free(handle);
}

struct og_ticker *
og_ticker_create(struct og_loop *loop, void (*fn)(void *ctx), void *ctx)
{
    struct og_ticker *self = og_xalloc(sizeof(*self));
    self->fn = fn;
    self->ctx = ctx;
    uv_timer_init(og_loop_uv(loop), &self->timer);
    return self;
}

void
og_ticker_after(struct og_ticker *self, int64_t wait_ms)
{
    uv_timer_start(&self->timer, on_timer, wait_ms > 0 ? (uint64_t)wait_ms : 0, 0);
}

void
og_ticker_stop(struct og_ticker *self)
{
    uv_timer_stop(&self->timer);
}

void
og_ticker_destroy(struct og_ticker *self)
{
    if (self) {
        uv_close((uv_handle_t *)&self->timer, on_timer_closed);
    }
}

static void
on_signal(uv_signal_t *watch, int number)
{
    struct og_signals *self = watch->data;
    self->fn(self->ctx, number);
}

static void
on_signal_closed(uv_handle_t *handle)
{
    struct og_signals *self = handle->data;
    if (--self->open_count == 0) {
        free(self);
    }
}

struct og_signals *
og_signals_watch(struct og_loop *loop, void (*fn)(void *ctx, int signal), void *ctx)
{
    static const int numbers[] = {SIGINT, SIGTERM};
    struct og_signals *self = og_xalloc(sizeof(*self));
    self->fn = fn;
    self->ctx = ctx;
    for (int i = 0; i < 2; i++) {
        uv_signal_init(og_loop_uv(loop), &self->watches[i]);
        self->watches[i].data = self;
        uv_signal_start(&self->watches[i], on_signal, numbers[i]);
        self->open_count++;
    }
    return self;
}

void
og_signals_destroy(struct og_signals *self)
{
    if (self) {
        uv_close((uv_handle_t *)&self->watches[0], on_signal_closed);
        uv_close((uv_handle_t *)&self->watches[1], on_signal_closed);
    }
}
