/*
 * One request and its answer: fills in what handlers see, asks them, and sends what they answer. An
 * exchange and its arena are reused by the loop's next request, so a request costs no malloc.
 */
#include <assert.h>
#include <stdlib.h>

#include "base/log.h"
#include "http/http_priv.h"

#define FREE_EXCHANGES_MAX 64
#define ARENA_KEPT_BYTES_MAX (16 * 1024)
#define OUT_COPIED_BYTES_MAX (8 * 1024) /* a body up to this goes out in one piece with its head */
#define REFUSED_BODY_BYTES_MAX (64 * 1024)
#define REQUEST_ID_CHARS_MAX 64

struct og_exchange *
og_exchange_create(struct og_conn *conn)
{
    struct og_worker *worker = conn->worker;
    struct og_exchange *self;
    if (og_ring_is_empty(&worker->free_exchanges)) {
        self = og_xalloc(sizeof(*self));
        og_arena_init(&self->arena, 0);
    } else {
        self = OG_CONTAINER_OF(worker->free_exchanges.prev, struct og_exchange, link);
        og_ring_remove(&self->link);
        worker->free_exchange_count--;
    }
    og_ring_add(&worker->exchanges, &self->link);
    self->worker = worker;
    self->conn = conn;
    self->parser = og_parser_create(&self->arena, &worker->limits);
    return self;
}

void
og_exchange_release(struct og_exchange *self)
{
    struct og_worker *worker = self->worker;
    struct og_arena arena = self->arena;

    og_ring_remove(&self->link);
    if (worker->free_exchange_count == FREE_EXCHANGES_MAX) {
        og_arena_finish(&arena);
        free(self);
        return;
    }
    if (arena.used_bytes > ARENA_KEPT_BYTES_MAX) {
        og_arena_finish(&arena);
        og_arena_init(&arena, 0);
    } else {
        og_arena_reset(&arena);
    }
    *self = (struct og_exchange){.arena = arena};
    og_ring_add(&worker->free_exchanges, &self->link);
    worker->free_exchange_count++;
}

static bool
is_request_id(struct og_str id)
{
    for (size_t i = 0; i < id.len; i++) {
        char c = id.ptr[i];
        if (!((c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '.' ||
              c == '_' || c == '-')) {
            return false;
        }
    }
    return id.len >= 1 && id.len <= REQUEST_ID_CHARS_MAX;
}

static struct og_str
tls_client(struct og_conn *conn)
{
    if (conn->tls && !conn->tls_client) {
        conn->tls_client = og_tls_client_subject(conn->tls);
    }
    return og_str_from(conn->tls_client);
}

/* What is known of every request, also of one that is refused before its head is complete. */
static void
fill_basics(struct og_exchange *self)
{
    struct og_http_request *req = &self->req;
    req->peer = og_str_dup(&self->arena, og_str_from(self->conn->peer));
    req->is_tls = self->conn->tls != NULL;
    req->mem = &self->arena;
    req->loop = self->worker->loop;
    req->loop_index = self->worker->index;
    req->received_us = og_mono_us();
    req->id = og_http_header(req, "X-Request-Id");
    if (!is_request_id(req->id)) {
        req->id = og_worker_request_id(self->worker, &self->arena);
    }
    self->is_known = true;
}

static void
fill_request(struct og_exchange *self)
{
    const struct og_parsed_head *head = og_parser_head(self->parser);
    struct og_http_request *req = &self->req;
    req->method = head->method;
    req->path = head->target.path;
    req->raw_path = head->target.raw_path;
    req->query = head->target.query;
    req->headers = head->headers;
    req->header_count = head->header_count;
    fill_basics(self);
    if (self->conn->tls) {
        req->tls_client = og_str_dup(&self->arena, tls_client(self->conn));
    }
    self->is_http10 = head->is_http10;
    self->wants_close = head->wants_close;
}

enum og_parse_step
og_exchange_head(struct og_exchange *self)
{
    const struct og_http_handler *handler = &self->worker->server->handler;
    fill_request(self);
    og_log_set_request(self->req.id);
    int64_t body_max = handler->on_head(handler->ctx, &self->req, &self->refusal);
    og_log_set_request(OG_STR(""));
    if (body_max >= 0) {
        return og_parser_expect_body(self->parser, (uint64_t)body_max, true);
    }
    self->has_refusal = true;
    return og_parser_expect_body(self->parser, REFUSED_BODY_BYTES_MAX, false);
}

void
og_exchange_deliver(struct og_exchange *self)
{
    const struct og_http_handler *handler = &self->worker->server->handler;
    self->req.body = og_parser_body(self->parser);
    self->conn->state = OG_CONN_IN_HAND;
    og_log_set_request(self->req.id);
    handler->on_request(handler->ctx, &self->req);
    og_log_set_request(OG_STR(""));
}

bool
og_exchange_build(struct og_exchange *self, const struct og_http_reply *reply,
                  enum og_reply_framing framing, bool close)
{
    struct og_buf *out = &self->worker->out;
    og_buf_clear(out);
    og_reply_head(out, reply, self->req.id, og_worker_date(self->worker), framing, close);
    return !out->full;
}

/* Send an answer and let the exchange go. */
static void
answer(struct og_exchange *self, const struct og_http_reply *reply, bool close)
{
    static const struct og_http_reply too_large = {.status = 500};
    struct og_worker *worker = self->worker;
    struct og_conn *conn = self->conn;

    og_http_metrics_answered(reply->status, self->is_known && self->req.received_us
                                                ? og_mono_us() - self->req.received_us : -1);
    if (!og_exchange_build(self, reply, OG_REPLY_LENGTH, close)) {
        og_log_error("http", "the headers of an answer are too large", "id=%" OG_STR_FMT,
                     OG_STR_ARG(self->req.id));
        reply = &too_large;
        close = true;
        og_exchange_build(self, reply, OG_REPLY_LENGTH, close);
    }
    struct og_str body = {NULL, 0};
    if (self->req.method != OG_HEAD && og_status_has_body(reply->status)) {
        body = reply->body;
    }
    if (body.len && body.len <= OUT_COPIED_BYTES_MAX) {
        og_buf_add(&worker->out, body);
        body.len = 0;
    }
    bool ok = og_conn_send(conn, (struct og_str[]){og_buf_str(&worker->out), body}, 2);
    og_worker_out_done(worker);
    conn->exchange = NULL;
    og_exchange_release(self);
    if (ok) {
        og_conn_replied(conn, close);
    } else {
        og_conn_close(conn, false);
    }
}

void
og_http_answer(struct og_http_request *req, const struct og_http_reply *reply)
{
    struct og_exchange *self = OG_CONTAINER_OF(req, struct og_exchange, req);
    assert(og_loop_is_here(self->worker->loop));
    if (!self->conn) {
        og_exchange_release(self);
        return;
    }
    answer(self, reply, reply->close || self->wants_close || self->worker->is_stopping);
}

void
og_exchange_send_refusal(struct og_exchange *self, bool close)
{
    struct og_http_reply reply = self->refusal;
    answer(self, &reply, close || reply.close || self->wants_close || self->worker->is_stopping);
}

void
og_exchange_refuse(struct og_exchange *self, int status, const char *reason)
{
    const struct og_http_handler *handler = &self->worker->server->handler;
    struct og_http_reply reply = {.status = status};
    if (!self->is_known) {
        fill_basics(self);
    }
    og_log_set_request(self->req.id);
    og_log_debug("http", "refused a request", "status=%d peer=%s reason=%s", status,
                 self->conn->peer, og_log_quote(og_str_from(reason)));
    if (handler->on_refusal) {
        handler->on_refusal(handler->ctx, og_parser_path(self->parser), self->req.id, status,
                            reason, &self->arena, &reply);
    }
    og_log_set_request(OG_STR(""));
    answer(self, &reply, true);
}
