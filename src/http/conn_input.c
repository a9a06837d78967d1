/*
 * What a connection does with bytes: through TLS to the parser, one request at a time to the
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

#define RECORD_BYTES 16384        /* plain bytes of a TLS record, at most */
#define DISCARD_BYTES_MAX 4194304 /* thrown away after our goodbye */

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

bool
og_conn_has_kept(const struct og_conn *self)
{
    return self->plain.len || self->raw.len;
}

void
og_conn_forget_input(struct og_conn *self)
{
    drop_kept(&self->plain);
    drop_kept(&self->raw);
    og_ring_remove(&self->waiting);
}

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
    if (!og_conn_flush_cipher(self) || result == OG_TLS_FAILED) {
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
    }
    og_wipe(worker->plain, len);
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
void
og_conn_settle(struct og_conn *self)
{
    if (self->state == OG_CONN_READING && !og_conn_has_kept(self)) {
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
    og_conn_settle(self);
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
    og_conn_settle(self);
}

void
og_conn_on_bytes(void *owner, struct og_str bytes)
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

void
og_conn_on_end(void *owner, bool clean)
{
    struct og_conn *self = owner;
    bool has_work = self->state == OG_CONN_IN_HAND || self->state == OG_CONN_REPLYING;
    og_worker_look_at_clock(self->worker);
    self->is_peer_done = true;
    if (!clean || self->state == OG_CONN_LINGER) {
        og_conn_close(self, false);
    } else if (!has_work) {
        og_conn_settle(self);
    }
}
