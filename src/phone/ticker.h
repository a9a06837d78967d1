/*
 * Timers and signals of the loop that the phones run on. The room's door to libuv.
 *
 * All on the loop's thread (create: also before the loop runs).
 */
#pragma once

#include <stdint.h>

#include "base/loop.h"

struct og_ticker;

/* fn is called once for each og_ticker_after. */
struct og_ticker *og_ticker_create(struct og_loop *loop, void (*fn)(void *ctx), void *ctx);
/* Replaces what was set before. wait_ms below 0 counts as 0. */
void og_ticker_after(struct og_ticker *self, int64_t wait_ms);
void og_ticker_stop(struct og_ticker *self);
/* fn is not called any more; the memory goes when the loop has let go. Takes NULL. */
void og_ticker_destroy(struct og_ticker *self);

struct og_signals;

/* Calls fn for each SIGINT and SIGTERM of the process, on the loop's thread. */
struct og_signals *og_signals_watch(struct og_loop *loop, void (*fn)(void *ctx, int signal),
                                    void *ctx);
void og_signals_destroy(struct og_signals *self); /* takes NULL */
