/*
 * TCP on a loop: listening, reading into one buffer that all connections of the loop share, writing
 * with a bounded number of copies, one ticking timer. The one door to libuv's streams.
 *
 * Everything here runs on the loop's thread, og_io_create and og_listener_open also before it runs.
 */
#pragma once

#include "base/err.h"
#include "base/loop.h"
#include "base/str.h"

#define OG_SOCK_ADDRESS_BYTES 46

/* A loop's sockets: the read buffer and the timer. */
struct og_io;
struct og_sock;
struct og_listener;

struct og_io *og_io_create(struct og_loop *loop);
/* Close the timer. Frees itself once that is done; every sock and listener must be closed as
 * well. */
void og_io_close(struct og_io *self);
/* Call `fn` every interval_ms until stopped. Starting what runs changes nothing. */
void og_io_tick_start(struct og_io *self, int interval_ms, void (*fn)(void *ctx), void *ctx);
void og_io_tick_stop(struct og_io *self);
/* Call `fn` once in the next round of the loop, before it waits for anything. */
void og_io_soon(struct og_io *self, void (*fn)(void *ctx), void *ctx);
/* Milliseconds; changes only between rounds of the loop. */
uint64_t og_io_round(const struct og_io *self);

/*
 * Listen on a bound socket. on_connection gets each accepted one; it must begin or close it.
 * fd  taken, closed with the listener; also when this fails
 */
OG_MUST_CHECK enum og_code og_listener_open(struct og_io *io, int fd,
                                            void (*on_connection)(void *ctx, struct og_sock *sock),
                                            void *ctx, struct og_listener **out,
                                            struct og_err *err);
void og_listener_close(struct og_listener *self);

struct og_sock_verbs {
    /* Bytes from the peer, borrowed for the call. Not called while paused. */
    void (*on_bytes)(void *owner, struct og_str bytes);
    /* The peer sends no more: `clean` when it said so, otherwise the connection is broken. */
    void (*on_end)(void *owner, bool clean);
    /* All that was queued has gone to the kernel, or failed. */
    void (*on_drained)(void *owner, bool ok);
    /* After og_sock_close: the sock is gone. */
    void (*on_closed)(void *owner);
};

/* Name the owner and start reading. */
void og_sock_begin(struct og_sock *self, const struct og_sock_verbs *verbs, void *owner);
void og_sock_pause(struct og_sock *self);
void og_sock_resume(struct og_sock *self);
/* Are there bytes from the peer that were not read yet? */
bool og_sock_has_input(const struct og_sock *self);
/*
 * Give to the kernel what it takes at once, queue a copy of the rest.
 * count  at most 4 parts
 * False: the connection is broken; on_end follows or not, so close it.
 */
OG_MUST_CHECK bool og_sock_send(struct og_sock *self, const struct og_str *parts, int count);
/* The connection is broken when what was sent stays unacknowledged for so long, whatever the
 * kernel's own patience (TCP_USER_TIMEOUT, RFC 5482). */
void og_sock_limit_silence(struct og_sock *self, int64_t timeout_ms);
size_t og_sock_queued_bytes(const struct og_sock *self);
/* Say that we send no more. Only with nothing queued. */
void og_sock_end(struct og_sock *self);
/* Drop what is queued and close; on_closed follows later if the sock has begun.
 * reset  tell the peer at once and let the kernel forget what waits */
void og_sock_close(struct og_sock *self, bool reset);
/* The peer's address without port; "" when it is not known. */
void og_sock_peer(const struct og_sock *self, char out[OG_SOCK_ADDRESS_BYTES]);
