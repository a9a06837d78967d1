/*
 * One loop's share of the server: its listening sockets, its clock and timer wheel, its
 * connections, and the buffers that they all use in turn.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/id.h"
#include "base/secret.h"
#include "http/http_priv.h"

#define OUT_BYTES_MAX (1024 * 1024)
#define CIPHER_BYTES_MAX (256 * 1024)
#define HANDSHAKES_PER_ROUND 8 /* about 5 ms of one processor */
#define WAITING_PER_ROUND 64

static void run_stop(struct og_loop_task *task);
static void run_abort(struct og_loop_task *task);
static void run_close(struct og_loop_task *task);

enum og_code
og_worker_create(struct og_worker *self, struct og_http_server *server, int index,
                 struct og_err *err)
{
    char name[16];
    self->server = server;
    self->index = index;
    self->limits.head_bytes_max = (size_t)server->config.header_bytes_max;
    self->limits.header_count_max = server->config.header_count_max;
    self->date_s = -1;
    self->stop_task.run = run_stop;
    self->abort_task.run = run_abort;
    self->close_task.run = run_close;
    for (int i = 0; i < OG_HTTP_SOCKETS_MAX; i++) {
        self->doors[i].fd = -1;
    }
    og_ring_init(&self->conns);
    og_ring_init(&self->waiting);
    og_ring_init(&self->exchanges);
    og_ring_init(&self->free_exchanges);
    og_buf_init(&self->out, OUT_BYTES_MAX);
    og_buf_init(&self->cipher, CIPHER_BYTES_MAX);
    og_token_make(sizeof(self->id_prefix) - 1, self->id_prefix);
    og_worker_look_at_clock(self);
    og_wheel_init(&self->wheel, self->now_ms);
    snprintf(name, sizeof(name), "og-http-%d", index);
    return og_loop_create(name, &self->loop, err);
}

static void
on_connection(void *ctx, struct og_sock *sock)
{
    struct og_door *door = ctx;
    og_conn_accept(door->worker, sock, door->is_tls);
}

enum og_code
og_worker_open(struct og_worker *self, struct og_err *err)
{
    self->io = og_io_create(self->loop);
    for (int i = 0; i < OG_HTTP_SOCKETS_MAX; i++) {
        struct og_door *door = &self->doors[i];
        if (door->fd < 0) {
            continue;
        }
        int fd = door->fd;
        door->fd = -1;
        door->worker = self;
        enum og_code code =
            og_listener_open(self->io, fd, on_connection, door, &door->listener, err);
        if (code != OG_OK) {
            return code;
        }
    }
    return OG_OK;
}

/* Time */

void
og_worker_look_at_clock(struct og_worker *self)
{
    self->now_ms = og_mono_ms(self->server->config.clock);
}

static void
fire(void *ctx, struct og_timer *timer)
{
    og_conn_on_timer(OG_CONTAINER_OF(timer, struct og_conn, timer));
}

static void
on_tick(void *ctx)
{
    struct og_worker *self = ctx;
    og_worker_look_at_clock(self);
    og_wheel_advance(&self->wheel, self->now_ms, fire, NULL);
    if (self->wheel.count == 0) {
        og_io_tick_stop(self->io); /* a loop at rest does not wake up */
    }
}

void
og_worker_arm(struct og_worker *self, struct og_timer *timer, int64_t due_ms)
{
    if (self->wheel.count == 0) {
        og_wheel_advance(&self->wheel, self->now_ms, fire, NULL); /* it may have stood still */
    }
    og_wheel_set(&self->wheel, timer, due_ms);
    og_io_tick_start(self->io, OG_TICK_INTERVAL_MS, on_tick, self);
}

struct og_str
og_worker_date(struct og_worker *self)
{
    int64_t now_ms = og_now_ms(self->server->config.clock);
    if (now_ms / 1000 != self->date_s) {
        self->date_s = now_ms / 1000;
        og_http_date(now_ms, self->date);
    }
    return (struct og_str){self->date, OG_DATE_BYTES - 1};
}

/* Unique, not secret: a random prefix per loop and a count. */
struct og_str
og_worker_request_id(struct og_worker *self, struct og_arena *mem)
{
    static const char digits[] = "0123456789abcdef";
    const size_t prefix_len = sizeof(self->id_prefix) - 1;
    char *id = og_arena_alloc(mem, prefix_len + 8);
    uint32_t count = self->id_count++;
    memcpy(id, self->id_prefix, prefix_len);
    for (int i = 7; i >= 0; i--) {
        id[prefix_len + (size_t)i] = digits[count & 15];
        count >>= 4;
    }
    return (struct og_str){id, prefix_len + 8};
}

void
og_worker_out_done(struct og_worker *self)
{
    og_buf_clear(&self->out);
}

/* Kept input */

static void
take_waiting(void *ctx)
{
    struct og_worker *self = ctx;
    struct og_link now;
    og_ring_init(&now);
    og_worker_look_at_clock(self);
    for (int i = 0; i < WAITING_PER_ROUND && !og_ring_is_empty(&self->waiting); i++) {
        struct og_link *link = self->waiting.next;
        og_ring_remove(link);
        og_ring_add(&now, link);
    }
    while (!og_ring_is_empty(&now)) { /* a connection that closes leaves the ring by itself */
        struct og_link *link = now.next;
        og_ring_remove(link);
        og_conn_take_waiting(OG_CONTAINER_OF(link, struct og_conn, waiting));
    }
    if (!og_ring_is_empty(&self->waiting)) {
        og_io_soon(self->io, take_waiting, self);
    }
}

void
og_worker_wait(struct og_worker *self, struct og_conn *conn)
{
    if (!conn->waiting.next) {
        og_ring_add(&self->waiting, &conn->waiting);
    }
    og_io_soon(self->io, take_waiting, self);
}

bool
og_worker_may_handshake(struct og_worker *self)
{
    uint64_t round = og_io_round(self->io);
    if (round != self->handshake_round) {
        self->handshake_round = round;
        self->handshake_count = 0;
    }
    return self->handshake_count++ < HANDSHAKES_PER_ROUND;
}

/* Stopping */

static void
close_doors(struct og_worker *self)
{
    for (int i = 0; i < OG_HTTP_SOCKETS_MAX; i++) {
        if (self->doors[i].listener) {
            og_listener_close(self->doors[i].listener);
            self->doors[i].listener = NULL;
        }
    }
}

static void
report_idle(struct og_worker *self)
{
    struct og_http_server *server = self->server;
    pthread_mutex_lock(&server->shared.lock);
    server->shared.busy_workers--;
    pthread_cond_signal(&server->shared.idle);
    pthread_mutex_unlock(&server->shared.lock);
}

static void
run_stop(struct og_loop_task *task)
{
    struct og_worker *self = OG_CONTAINER_OF(task, struct og_worker, stop_task);
    self->is_stopping = true;
    og_worker_look_at_clock(self);
    close_doors(self);
    for (struct og_link *link = self->conns.next; link != &self->conns; link = link->next) {
        og_conn_stop(OG_CONTAINER_OF(link, struct og_conn, link));
    }
    if (self->conn_count == 0) {
        report_idle(self);
    }
}

void
og_worker_conn_gone(struct og_worker *self)
{
    self->conn_count--;
    if (self->is_stopping && self->conn_count == 0) {
        report_idle(self);
    }
}

static void
run_abort(struct og_loop_task *task)
{
    struct og_worker *self = OG_CONTAINER_OF(task, struct og_worker, abort_task);
    for (struct og_link *link = self->conns.next; link != &self->conns; link = link->next) {
        og_conn_close(OG_CONTAINER_OF(link, struct og_conn, link), true);
    }
}

static void
run_close(struct og_loop_task *task)
{
    struct og_worker *self = OG_CONTAINER_OF(task, struct og_worker, close_task);
    close_doors(self);
    og_io_close(self->io);
}

void
og_worker_stop(struct og_worker *self)
{
    og_loop_post(self->loop, &self->stop_task);
}

void
og_worker_abort(struct og_worker *self)
{
    og_loop_post(self->loop, &self->abort_task);
}

static void
free_exchanges(struct og_link *ring)
{
    while (!og_ring_is_empty(ring)) {
        struct og_exchange *exchange = OG_CONTAINER_OF(ring->next, struct og_exchange, link);
        og_ring_remove(&exchange->link);
        og_arena_finish(&exchange->arena);
        free(exchange);
    }
}

void
og_worker_destroy(struct og_worker *self)
{
    if (self->loop) {
        if (self->io) {
            og_loop_post(self->loop, &self->close_task);
        }
        og_loop_stop(self->loop);
        og_loop_join(self->loop);
        og_loop_destroy(self->loop);
    }
    for (int i = 0; i < OG_HTTP_SOCKETS_MAX; i++) {
        if (self->doors[i].fd >= 0) {
            close(self->doors[i].fd);
        }
    }
    free_exchanges(&self->exchanges); /* never answered */
    free_exchanges(&self->free_exchanges);
    og_buf_finish(&self->out);
    og_buf_finish(&self->cipher);
    free(self->plain);
}
