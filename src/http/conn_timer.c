/*
 * How long a connection may take for what it is doing, and what happens when it takes longer.
 */
#include "http/http_priv.h"

#define RATE_GRACE_MS 5000 /* before a body's rate is judged */
#define RATE_STEP_MS 1000

static int64_t
body_due_ms(const struct og_conn *self)
{
    const struct og_http_config *config = &self->worker->server->config;
    int64_t last = self->began_ms + config->body_timeout_ms;
    int64_t elapsed = self->worker->now_ms - self->began_ms;
    int64_t next = self->began_ms + RATE_GRACE_MS;
    if (elapsed >= RATE_GRACE_MS) {
        next = self->worker->now_ms + RATE_STEP_MS;
    }
    return next < last ? next : last;
}

static void
arm_reading(struct og_conn *self)
{
    const struct og_http_config *config = &self->worker->server->config;
    struct og_worker *worker = self->worker;
    if (self->tls && !og_tls_is_established(self->tls)) {
        return; /* runs since accept */
    }
    if (!self->exchange) {
        og_worker_arm(worker, &self->timer, worker->now_ms + config->idle_timeout_ms);
    } else if (!self->is_body) {
        og_worker_arm(worker, &self->timer, self->began_ms + config->header_timeout_ms);
    } else {
        og_worker_arm(worker, &self->timer, body_due_ms(self));
    }
}

void
og_conn_arm(struct og_conn *self)
{
    switch (self->state) {
    case OG_CONN_READING:
        arm_reading(self);
        break;
    case OG_CONN_IN_HAND:
        og_wheel_cancel(&self->worker->wheel, &self->timer);
        break;
    case OG_CONN_STREAM:
        if (og_sock_queued_bytes(self->sock) == 0) {
            og_wheel_cancel(&self->worker->wheel, &self->timer);
        }
        break;
    default:
        break; /* armed where the state was entered */
    }
}

/* Bytes that have gone to the kernel since the connection began. */
static int64_t
progress(const struct og_conn *self)
{
    return self->sent_bytes - (int64_t)og_sock_queued_bytes(self->sock);
}

/* Watch that what is queued moves. Changes nothing while it is watched already. */
void
og_conn_arm_write(struct og_conn *self)
{
    struct og_worker *worker = self->worker;
    if (og_sock_queued_bytes(self->sock) == 0) {
        return;
    }
    if (self->state == OG_CONN_STREAM && self->timer.next) {
        return;
    }
    og_worker_look_at_clock(worker);
    self->progress_bytes = progress(self);
    og_worker_arm(worker, &self->timer, worker->now_ms + worker->server->config.write_timeout_ms);
}

static void
judge_write(struct og_conn *self)
{
    struct og_worker *worker = self->worker;
    if (og_sock_queued_bytes(self->sock) == 0) {
        return;
    }
    if (progress(self) == self->progress_bytes) {
        og_conn_close(self, true);
        return;
    }
    self->progress_bytes = progress(self);
    og_worker_arm(worker, &self->timer, worker->now_ms + worker->server->config.write_timeout_ms);
}

static void
judge_body(struct og_conn *self)
{
    const struct og_http_config *config = &self->worker->server->config;
    int64_t elapsed = self->worker->now_ms - self->began_ms;
    uint64_t received = og_parser_body_received(self->exchange->parser);
    bool is_slow = elapsed >= RATE_GRACE_MS &&
                   received * 1000 < (uint64_t)(config->body_rate_min * elapsed);
    if (elapsed >= config->body_timeout_ms || is_slow) {
        og_exchange_refuse(self->exchange, 408, "the body came too slowly");
    } else {
        og_conn_arm(self);
    }
}

static void
judge_reading(struct og_conn *self)
{
    bool is_mute = !self->exchange || (self->tls && !og_tls_is_established(self->tls));
    if (is_mute) {
        og_conn_close(self, false);
    } else if (self->is_body) {
        judge_body(self);
    } else {
        og_exchange_refuse(self->exchange, 408, "the head came too slowly");
    }
}

void
og_conn_on_timer(struct og_conn *self)
{
    switch (self->state) {
    case OG_CONN_READING:
        judge_reading(self);
        break;
    case OG_CONN_REPLYING:
    case OG_CONN_STREAM:
        judge_write(self);
        break;
    case OG_CONN_LINGER:
        og_conn_close(self, false);
        break;
    case OG_CONN_IN_HAND:
    case OG_CONN_CLOSING:
        break;
    }
}
