/*
 * A connection: bytes from the socket go through TLS to the parser, one request at a time to the
 * handler, and on after its answer. What comes too early is kept (at most one read) and reading
 * stops, so a peer that pipelines waits like any other.
 *
 * Feeding never nests: an answer given from within a handler returns to the feeding loop, an answer
 * given at any other time leaves kept input to the loop's next round.
 */
#include <assert.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/secret.h"
#include "http/http_priv.h"

#define RECORD_BYTES 16384         /* plain bytes of a TLS record, at most */
#define SEND_SLICE_BYTES 65536     /* plain bytes encrypted before they are sent */
#define DISCARD_BYTES_MAX 4194304  /* thrown away after our goodbye */
#define LINGER_MS 2000
#define LINGER_STOPPING_MS 300

static void
drop_kept(struct og_kept *kept)
{
    og_wipe(kept->ptr, kept->len);
    free(kept->ptr);
    *kept = (struct og_kept){NULL, 0};
}

/* Put aside what cannot be used yet. Reading stops until it was. */
static void
keep(struct og_conn *self, struct og_kept *kept, struct og_str bytes)
{
    if (bytes.len == 0) {
        return;
    }
    assert(!kept->ptr);
    kept->ptr = og_xalloc(bytes.len);
    kept->len = bytes.len;
    memcpy(kept->ptr, bytes.ptr, bytes.len);
    og_sock_pause(self->sock);
}

static bool
has_kept(const struct og_conn *self)
{
    return self->plain.len || self->raw.len;
}

static bool
flush_cipher(struct og_conn *self)
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
        if (!og_tls_write(self->tls, slice, &self->worker->cipher) || !flush_cipher(self)) {
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
forget_input(struct og_conn *self)
{
    drop_kept(&self->plain);
    drop_kept(&self->raw);
    og_ring_remove(&self->waiting);
}

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
    forget_input(self);
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
    forget_input(self);
    if (self->stream) {
        og_stream_detach(self->stream);
    }
    if (self->tls) {
        og_tls_end(self->tls, &worker->cipher);
        if (!flush_cipher(self)) {
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

/* Input */

/* The head is complete and the handler was asked. Tell a peer that waits for leave to go on. */
static enum og_parse_step
after_head(struct og_conn *self, struct og_str rest)
{
    struct og_exchange *exchange = self->exchange;
    self->is_body = true;
    self->began_ms = self->worker->now_ms;
    enum og_parse_step step = og_exchange_head(exchange);
    bool waits = og_parser_head(exchange->parser)->expects_continue && rest.len == 0;
    if (step != OG_PARSE_MORE || !waits || exchange->has_refusal) {
        return step;
    }
    if (!og_conn_send(self, (struct og_str[]){OG_STR("HTTP/1.1 100 Continue\r\n\r\n")}, 1)) {
        og_conn_close(self, false);
    }
    return step;
}

static void
refuse(struct og_conn *self)
{
    const char *reason;
    int status = og_parser_refusal(self->exchange->parser, &reason);
    og_exchange_refuse(self->exchange, status, reason);
}

/* One request, or what there is of it. Takes it from the front of `bytes`. */
static void
feed_one(struct og_conn *self, struct og_str *bytes)
{
    if (!self->exchange) {
        self->exchange = og_exchange_create(self);
        self->began_ms = self->worker->now_ms;
        self->is_body = false;
    }
    struct og_exchange *exchange = self->exchange;
    enum og_parse_step step = og_parser_feed(exchange->parser, bytes);
    if (step == OG_PARSE_HEAD) {
        step = after_head(self, *bytes);
    }
    if (step == OG_PARSE_MORE && bytes->len && self->state == OG_CONN_READING) {
        step = og_parser_feed(exchange->parser, bytes);
    }
    if (self->state != OG_CONN_READING) {
        return;
    }
    if (exchange->has_refusal) {
        og_exchange_send_refusal(exchange, step != OG_PARSE_DONE);
    } else if (step == OG_PARSE_DONE) {
        og_exchange_deliver(exchange);
    } else if (step == OG_PARSE_REFUSED) {
        refuse(self);
    }
}

static void
feed(struct og_conn *self, struct og_str bytes)
{
    while (bytes.len && self->state == OG_CONN_READING) {
        feed_one(self, &bytes);
    }
    if (self->state == OG_CONN_IN_HAND || self->state == OG_CONN_REPLYING) {
        keep(self, &self->plain, bytes);
    }
}

/* Decrypt one record. True when there may be more to do. */
static bool
take_record(struct og_conn *self, struct og_str *raw)
{
    struct og_worker *worker = self->worker;
    size_t len = 0;
    bool was_established = og_tls_is_established(self->tls);
    if (!worker->plain) {
        worker->plain = og_xalloc(RECORD_BYTES);
    }
    enum og_tls_result result =
        og_tls_read(self->tls, raw, worker->plain, RECORD_BYTES, &len, &worker->cipher);
    if (!was_established && (og_tls_is_established(self->tls) || result == OG_TLS_FAILED)) {
        og_http_metrics_handshake(result != OG_TLS_FAILED);
    }
    if (!flush_cipher(self) || result == OG_TLS_FAILED) {
        og_log_debug("http", "TLS failed", "peer=%s cause=%s", self->peer,
                     og_log_quote(og_str_from(og_tls_failure(self->tls))));
        og_conn_close(self, false);
        return false;
    }
    if (result == OG_TLS_CLOSED) {
        self->is_peer_done = true;
        og_sock_pause(self->sock);
        return false;
    }
    if (result == OG_TLS_OK && self->state == OG_CONN_READING) {
        feed(self, (struct og_str){worker->plain, len});
        og_wipe(worker->plain, len);
    }
    return result == OG_TLS_OK && raw->len > 0; /* a record is always taken whole */
}

static void
take_raw(struct og_conn *self, struct og_str raw)
{
    if (!og_tls_is_established(self->tls) && !og_worker_may_handshake(self->worker)) {
        keep(self, &self->raw, raw);
        og_worker_wait(self->worker, self);
        return;
    }
    while ((self->state == OG_CONN_READING || self->state == OG_CONN_STREAM) &&
           take_record(self, &raw)) {
    }
    if (self->state == OG_CONN_IN_HAND || self->state == OG_CONN_REPLYING) {
        keep(self, &self->raw, raw);
    }
}

/* The peer sends no more and all that it sent was used. */
static void
end_of_input(struct og_conn *self)
{
    bool is_cut = self->exchange && og_parser_has_begun(self->exchange->parser);
    bool may_answer = !self->tls || og_tls_is_established(self->tls);
    if (is_cut && may_answer) {
        og_exchange_refuse(self->exchange, 400, "the request ended too early");
    } else {
        og_conn_close(self, false);
    }
}

/* After input was fed: what the connection waits for now. */
static void
settle(struct og_conn *self)
{
    if (self->state == OG_CONN_READING && !has_kept(self)) {
        if (self->is_peer_done) {
            end_of_input(self);
            return;
        }
        og_sock_resume(self->sock);
    }
    if (self->state == OG_CONN_STREAM && self->is_peer_done) {
        og_conn_close(self, false);
        return;
    }
    og_conn_arm(self);
}

static void
take(struct og_conn *self, struct og_str bytes)
{
    self->is_feeding = true;
    if (self->tls) {
        take_raw(self, bytes);
    } else if (self->state == OG_CONN_READING) {
        feed(self, bytes);
    }
    self->is_feeding = false;
    settle(self);
}

void
og_conn_take_waiting(struct og_conn *self)
{
    struct og_kept plain = self->plain;
    self->plain = (struct og_kept){NULL, 0};
    if (plain.len) {
        self->is_feeding = true;
        feed(self, (struct og_str){plain.ptr, plain.len});
        self->is_feeding = false;
        drop_kept(&plain);
    }
    struct og_kept raw = self->raw;
    if (raw.len && self->state == OG_CONN_READING) {
        self->raw = (struct og_kept){NULL, 0};
        take(self, (struct og_str){raw.ptr, raw.len});
        drop_kept(&raw);
        return;
    }
    settle(self);
}

static void
on_bytes(void *owner, struct og_str bytes)
{
    struct og_conn *self = owner;
    og_worker_look_at_clock(self->worker);
    switch (self->state) {
    case OG_CONN_READING:
    case OG_CONN_STREAM:
        take(self, bytes);
        break;
    case OG_CONN_IN_HAND:
    case OG_CONN_REPLYING:
        keep(self, self->tls ? &self->raw : &self->plain, bytes);
        break;
    case OG_CONN_LINGER:
        self->discarded_bytes += bytes.len;
        if (self->discarded_bytes > DISCARD_BYTES_MAX) {
            og_conn_close(self, false);
        }
        break;
    case OG_CONN_CLOSING:
        break;
    }
}

static void
on_end(void *owner, bool clean)
{
    struct og_conn *self = owner;
    bool has_work = self->state == OG_CONN_IN_HAND || self->state == OG_CONN_REPLYING;
    og_worker_look_at_clock(self->worker);
    self->is_peer_done = true;
    if (!clean || self->state == OG_CONN_LINGER) {
        og_conn_close(self, false);
    } else if (!has_work) {
        settle(self);
    }
}

/* Output */

static void
next_request(struct og_conn *self)
{
    self->state = OG_CONN_READING;
    if (self->is_feeding) {
        return;
    }
    if (has_kept(self)) {
        og_worker_wait(self->worker, self);
    } else {
        settle(self);
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
    .on_bytes = on_bytes, .on_end = on_end, .on_drained = on_drained, .on_closed = on_closed};

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
        if (handler->on_refusal) {
            handler->on_refusal(handler->ctx, OG_STR(""), 503, "too many connections", &mem,
                                &reply);
        }
        og_buf_clear(&worker->out);
        og_reply_head(&worker->out, &reply, og_worker_request_id(worker, &mem),
                      og_worker_date(worker), OG_REPLY_LENGTH, true);
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
    bool is_idle = self->state == OG_CONN_READING && !has_kept(self) &&
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
