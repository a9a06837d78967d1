/*
 * Answers that never end: the sink that the hub writes events to. What a slow peer has not taken is
 * bounded; the owner hears of the end exactly once, and never from within one of its own calls.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "http/http_priv.h"

#define CHUNK_HEAD_BYTES 20 /* 16 hex digits, CR, LF, NUL */

/* Send one piece, framed as the peer's version wants it. */
static bool
send_piece(struct og_stream *self, struct og_str bytes)
{
    struct og_worker *worker = self->worker;
    if (!self->is_chunked) {
        return og_conn_send(self->conn, &bytes, 1);
    }
    char head[CHUNK_HEAD_BYTES];
    int head_len = snprintf(head, sizeof(head), "%zx\r\n", bytes.len);
    og_buf_clear(&worker->out);
    og_buf_add(&worker->out, (struct og_str){head, (size_t)head_len});
    og_buf_add(&worker->out, bytes);
    og_buf_add(&worker->out, OG_STR("\r\n"));
    bool ok = !worker->out.full;
    if (ok) {
        ok = og_conn_send(self->conn, (struct og_str[]){og_buf_str(&worker->out)}, 1);
    }
    og_worker_out_done(worker);
    return ok;
}

static bool
is_open(const struct og_stream *self)
{
    return self->conn && self->conn->state == OG_CONN_STREAM && !self->is_ended;
}

static bool
stream_send(struct og_sink *sink, struct og_str bytes)
{
    struct og_stream *self = OG_CONTAINER_OF(sink, struct og_stream, sink);
    assert(og_loop_is_here(self->worker->loop));
    if (!is_open(self)) {
        return false;
    }
    if (bytes.len == 0) {
        return true; /* an empty chunk would end the stream */
    }
    if (og_sock_queued_bytes(self->conn->sock) + bytes.len > self->queue_bytes_max) {
        return false;
    }
    if (!send_piece(self, bytes)) {
        og_conn_close(self->conn, false);
        return false;
    }
    og_conn_arm_write(self->conn);
    return true;
}

void
og_stream_end(struct og_stream *self)
{
    if (!is_open(self)) {
        return;
    }
    self->is_ended = true;
    if (self->is_chunked && !og_conn_send(self->conn, (struct og_str[]){OG_STR("0\r\n\r\n")}, 1)) {
        og_conn_close(self->conn, false);
    } else if (og_sock_queued_bytes(self->conn->sock) == 0) {
        og_conn_linger(self->conn);
    } else {
        og_conn_arm_write(self->conn);
    }
}

static void
stream_close(struct og_sink *sink)
{
    struct og_stream *self = OG_CONTAINER_OF(sink, struct og_stream, sink);
    assert(og_loop_is_here(self->worker->loop));
    og_stream_end(self);
}

static const struct og_sink_verbs verbs = {.send = stream_send, .close = stream_close};

static void
run_gone(struct og_loop_task *task)
{
    struct og_stream *self = OG_CONTAINER_OF(task, struct og_stream, gone);
    atomic_fetch_sub(&self->worker->server->streams, 1);
    og_http_metrics_streams(-1);
    self->owner.on_closed(self->owner.ctx);
    free(self);
}

void
og_stream_detach(struct og_stream *self)
{
    if (self->conn) {
        self->conn->stream = NULL;
        self->conn = NULL;
    }
    self->gone.run = run_gone;
    og_loop_post(self->worker->loop, &self->gone);
}

/* The head and, if there is one, the first piece. */
static bool
send_head(struct og_stream *self, struct og_exchange *exchange, const struct og_http_reply *head)
{
    enum og_reply_framing framing = self->is_chunked ? OG_REPLY_CHUNKED : OG_REPLY_CLOSED;
    if (!og_exchange_build(exchange, head, framing, true) ||
        !og_conn_send(self->conn, (struct og_str[]){og_buf_str(&self->worker->out)}, 1)) {
        return false;
    }
    return head->body.len == 0 || exchange->req.method == OG_HEAD || send_piece(self, head->body);
}

/* Make the exchange's connection a stream's. */
static void
attach(struct og_stream *self, struct og_exchange *exchange, const struct og_http_reply *head)
{
    struct og_conn *conn = exchange->conn;
    self->conn = conn;
    self->is_chunked = !exchange->is_http10;
    bool ok = send_head(self, exchange, head);
    bool is_over = exchange->req.method == OG_HEAD || exchange->worker->is_stopping;
    conn->exchange = NULL;
    conn->stream = self;
    conn->state = OG_CONN_STREAM;
    og_sock_limit_silence(conn->sock, conn->worker->server->config.stream_ack_timeout_ms);
    og_conn_arm(conn);
    if (!ok || conn->is_peer_done) {
        og_conn_close(conn, false);
    } else if (is_over) {
        self->is_chunked &= exchange->req.method != OG_HEAD;
        og_stream_end(self);
    } else {
        og_sock_resume(conn->sock);
        og_conn_arm_write(conn);
    }
}

struct og_sink *
og_http_stream(struct og_http_request *req, const struct og_http_reply *head,
               const struct og_sink_owner *owner, size_t max_queue_bytes)
{
    struct og_exchange *exchange = OG_CONTAINER_OF(req, struct og_exchange, req);
    struct og_stream *self = og_xalloc(sizeof(*self));
    assert(og_loop_is_here(exchange->worker->loop));
    self->sink.verbs = &verbs;
    self->owner = *owner;
    self->worker = exchange->worker;
    self->queue_bytes_max = max_queue_bytes;
    atomic_fetch_add(&self->worker->server->streams, 1);
    og_http_metrics_streams(1);
    og_http_metrics_answered(head->status, og_mono_us() - req->received_us);
    if (exchange->conn) {
        attach(self, exchange, head);
    } else {
        og_stream_detach(self);
    }
    og_exchange_release(exchange);
    return &self->sink;
}
