/*
 * A server on a free loopback port with a handler that does what the path says, a clock that the
 * test moves, and a raw client. All waits end by themselves after some seconds and fail the test.
 *
 *   /park     kept until fixture_answer
 *   /stream   an event stream of at most 64 KiB, see fixture_stream
 *   /big?N    N bytes
 *   /denied   refused at the head with 401
 *   /upload   bodies up to 8 MiB; elsewhere 100 bytes
 *   others    echoed: METHOD path?query body
 */
#pragma once

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "http/server.h"

#define PARKED_MAX 4096
#define STREAMS_MAX 4096
#define STREAM_QUEUE_BYTES 65536

struct ssl_st;
struct ssl_ctx_st;

struct fixture {
    struct og_http_server *server;
    int port;
    struct og_clock clock;
    _Atomic int64_t mono_ms;
    _Atomic int heads, requests, refusals;
    _Atomic int64_t body_bytes; /* of all requests */
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct og_http_request *parked[PARKED_MAX]; /* under lock */
    int parked_count;
    struct og_sink *streams[STREAMS_MAX];
    struct og_loop *stream_loops[STREAMS_MAX];
    int stream_count;
    int closed_count;
    int closed_times[STREAMS_MAX]; /* by stream number */
};

/* Defaults for tests: one plain listener on 127.0.0.1:0, the table's limits, one loop. */
void fixture_config(struct fixture *self, struct og_http_config *config);
void fixture_start(struct fixture *self, const struct og_http_config *config);
void fixture_begin(struct fixture *self); /* both */
void fixture_end(struct fixture *self);

/* Wait until so many requests are parked, streams opened or closed. */
void fixture_wait_parked(struct fixture *self, int count);
void fixture_wait_streams(struct fixture *self, int count);
void fixture_wait_closed(struct fixture *self, int count);
void fixture_wait_connections(struct fixture *self, int count);
/* Answer parked request `index` by a task on its loop; returns when that has run. */
void fixture_answer(struct fixture *self, int index, const char *body);
/* Make parked request `index` a stream. */
void fixture_answer_stream(struct fixture *self, int index);
/* Call on the loop of stream `index`. */
bool fixture_stream_send(struct fixture *self, int index, const char *bytes, size_t len);
void fixture_stream_close(struct fixture *self, int index);
/* Send, then close if so wished, unless the stream is over by the time its loop gets to it. */
void fixture_stream_try(struct fixture *self, int index, const char *bytes, size_t len, bool close);
void fixture_run(struct og_loop *loop, void (*fn)(void *ctx), void *ctx);

struct client {
    int fd;
    struct ssl_st *ssl; /* NULL: plain */
    char in[65536]; /* read and not yet taken */
    size_t len;
};

struct response {
    int status;
    char head[4096];
    char *body; /* NUL behind */
    size_t body_len;
};

void client_open(struct client *self, int port);
/* Do the client's part of a TLS handshake on an open connection. `ctx` decides about everything. */
bool client_handshake(struct client *self, struct ssl_ctx_st *ctx);
void client_send(struct client *self, const void *bytes, size_t len);
void client_send_text(struct client *self, const char *text);
/* One write per byte. Stops quietly when the server has had enough. */
void client_send_slowly(struct client *self, const void *bytes, size_t len);
/* One answer with Content-Length, or to the end of the connection without. */
void client_response(struct client *self, struct response *out, bool is_head);
void response_finish(struct response *self);
/* Read one answer and check it; body NULL: any. */
void client_expect(struct client *self, int status, const char *body);
/* Exactly these bytes come next. */
void client_expect_bytes(struct client *self, const char *bytes);
/* The server closes and sends nothing more. */
void client_expect_end(struct client *self);
/* Nothing to read now, and not closed: what was sent so far was taken without an answer. */
bool client_is_quiet(struct client *self);
/* Move the clock in steps until something can be read. */
void client_wait_moving_clock(struct client *self, struct fixture *fixture, int64_t step_ms);
void client_close(struct client *self);
