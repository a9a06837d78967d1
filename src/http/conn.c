/*
 * The life of a connection: admitted or turned away, answers sent or queued, and its ends: closed
 * at once, or after a goodbye that the peer has time to read.
 */
#include <stdlib.h>

#include "http/http_priv.h"

#define SEND_SLICE_BYTES 65536 /* plain bytes encrypted before they are sent */
#define LINGER_MS 2000
#define LINGER_STOPPING_MS 300

bool
og_conn_flush_cipher(struct og_conn *self)
{
    struct og_buf *cipher = &self->worker->cipher;
    struct og_str bytes = og_buf_str(cipher);
    self->sent_bytes += (int64_t)bytes.len;
    bool ok = !cipher->full && og_sock_send(self->sock, &bytes, 1);
    og_buf_clear(cipher);
    return ok;
}

static bool
send_encrypted(struct og_conn *self, struct og_str bytes)
{
    while (bytes.len) {
        struct og_str slice = og_str_slice(bytes, 0, SEND_SLICE_BYTES);
        bytes = og_str_slice(bytes, slice.len, bytes.len);
        if (!og_tls_write(self->tls, slice, &self->worker->cipher) || !og_conn_flush_cipher(self)) {
            og_buf_clear(&self->worker->cipher);
            return false;
        }
    }
    return true;
}

bool
og_conn_send(struct og_conn *self, const struct og_str *parts, int count)
{
    if (!self->tls) {
        for (int i = 0; i < count; i++) {
            self->sent_bytes += (int64_t)parts[i].len;
        }
        return og_sock_send(self->sock, parts, count);
    }
    for (int i = 0; i < count; i++) {
        if (!send_encrypted(self, parts[i])) {
            return false;
        }
    }
    return true;
}

/* Ends */

static void
forget_exchange(struct og_conn *self)
{
    struct og_exchange *exchange = self->exchange;
    self->exchange = NULL;
    if (exchange && self->state == OG_CONN_IN_HAND) {
        exchange->conn = NULL; /* its handler will answer to nobody */
    } else if (exchange) {
        og_exchange_release(exchange);
    }
}

void
og_conn_close(struct og_conn *self, bool reset)
{
    if (self->state == OG_CONN_CLOSING) {
        return;
    }
    forget_exchange(self);
    og_conn_forget_input(self);
    self->state = OG_CONN_CLOSING;
    og_wheel_cancel(&self->worker->wheel, &self->timer);
    if (self->stream) {
        og_stream_detach(self->stream);
    }
    og_sock_close(self->sock, reset);
}

void
og_conn_linger(struct og_conn *self)
{
    struct og_worker *worker = self->worker;
    forget_exchange(self);
    og_conn_forget_input(self);
    if (self->stream) {
        og_stream_detach(self->stream);
    }
    if (self->tls) {
        og_tls_end(self->tls, &worker->cipher);
        if (!og_conn_flush_cipher(self)) {
            og_conn_close(self, false);
            return;
        }
    }
    og_sock_end(self->sock);
    if (self->is_peer_done) {
        og_conn_close(self, false);
        return;
    }
    self->state = OG_CONN_LINGER;
    og_worker_arm(worker, &self->timer,
                  worker->now_ms + (worker->is_stopping ? LINGER_STOPPING_MS : LINGER_MS));
    og_sock_resume(self->sock);
}

/* Output */

static void
next_request(struct og_conn *self)
{
    self->state = OG_CONN_READING;
    if (self->is_feeding) {
        return;
    }
    if (og_conn_has_kept(self)) {
        og_worker_wait(self->worker, self);
    } else {
        og_conn_settle(self);
    }
}

void
og_conn_replied(struct og_conn *self, bool close)
{
    self->wants_close = close;
    if (og_sock_queued_bytes(self->sock) > 0) {
        self->state = OG_CONN_REPLYING;
        og_conn_arm_write(self);
    } else if (close) {
        og_conn_linger(self);
    } else {
        next_request(self);
    }
}

static void
on_drained(void *owner, bool ok)
{
    struct og_conn *self = owner;
    og_worker_look_at_clock(self->worker);
    if (!ok) {
        og_conn_close(self, false);
    } else if (self->state == OG_CONN_REPLYING) {
        og_conn_replied(self, self->wants_close || self->worker->is_stopping);
    } else if (self->state == OG_CONN_STREAM && self->stream->is_ended) {
        og_conn_linger(self);
    } else if (self->state == OG_CONN_STREAM) {
        og_conn_arm(self);
    }
}

/* Life */

static void
on_closed(void *owner)
{
    struct og_conn *self = owner;
    struct og_worker *worker = self->worker;
    struct og_http_server *server = worker->server;
    og_ring_remove(&self->link);
    atomic_fetch_sub(&server->connections, 1);
    og_http_metrics_connections(-1);
    if (server->peers) {
        og_peers_leave(server->peers, self->peer);
    }
    og_tls_destroy(self->tls);
    free(self->tls_client);
    free(self);
    og_worker_conn_gone(worker);
}

static const struct og_sock_verbs verbs = {
    .on_bytes = og_conn_on_bytes,
    .on_end = og_conn_on_end,
    .on_drained = on_drained,
    .on_closed = on_closed,
};

/* Too many: say so where it is cheap, and close. */
static void
turn_away(struct og_worker *worker, struct og_sock *sock, bool is_tls)
{
    const struct og_http_handler *handler = &worker->server->handler;
    struct og_http_reply reply = {.status = 503};
    struct og_arena mem;
    og_http_metrics_refused_connection();
    if (!is_tls) {
        og_arena_init(&mem, 0);
        struct og_str id = og_worker_request_id(worker, &mem);
        if (handler->on_refusal) {
            handler->on_refusal(handler->ctx, OG_STR(""), id, 503, "too many connections", &mem,
                                &reply);
        }
        og_buf_clear(&worker->out);
        og_reply_head(&worker->out, &reply, id, og_worker_date(worker), OG_REPLY_LENGTH, true);
        struct og_str parts[] = {og_buf_str(&worker->out), reply.body};
        if (og_sock_send(sock, parts, 2)) {
            og_sock_end(sock);
        }
        og_worker_out_done(worker);
        og_arena_finish(&mem);
    }
    og_sock_close(sock, false);
}

/* Count it in, or not. */
static bool
admit(struct og_http_server *server, const char *peer)
{
    const struct og_http_config *config = &server->config;
    if (atomic_fetch_add(&server->connections, 1) >= config->connections_max ||
        (server->peers &&
         !og_peers_enter(server->peers, peer, config->connections_per_address_max))) {
        atomic_fetch_sub(&server->connections, 1);
        return false;
    }
    og_http_metrics_connections(1);
    return true;
}

void
og_conn_accept(struct og_worker *worker, struct og_sock *sock, bool is_tls)
{
    char peer[OG_SOCK_ADDRESS_BYTES];
    struct og_http_server *server = worker->server;
    og_sock_peer(sock, peer);
    if (worker->is_stopping || !admit(server, peer)) {
        turn_away(worker, sock, is_tls);
        return;
    }
    struct og_conn *self = og_xalloc(sizeof(*self));
    self->worker = worker;
    self->sock = sock;
    memcpy(self->peer, peer, sizeof(peer));
    og_ring_add(&worker->conns, &self->link);
    worker->conn_count++;
    og_worker_look_at_clock(worker);
    og_sock_begin(sock, &verbs, self);
    if (is_tls) {
        pthread_mutex_lock(&server->shared.lock);
        self->tls = og_tls_create(server->shared.tls);
        pthread_mutex_unlock(&server->shared.lock);
        if (!self->tls) {
            og_conn_close(self, false);
            return;
        }
    }
    og_worker_arm(worker, &self->timer, worker->now_ms + server->config.header_timeout_ms);
}

void
og_conn_stop(struct og_conn *self)
{
    bool is_idle = self->state == OG_CONN_READING && !og_conn_has_kept(self) &&
                   !(self->exchange && og_parser_has_begun(self->exchange->parser)) &&
                   !og_sock_has_input(self->sock);
    if (self->state == OG_CONN_STREAM) {
        og_stream_end(self->stream);
    } else if (is_idle && self->tls && og_tls_is_established(self->tls)) {
        og_conn_linger(self);
    } else if (is_idle || self->state == OG_CONN_LINGER) {
        og_conn_close(self, false);
    }
}
