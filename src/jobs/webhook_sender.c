/*
 * One round is under way at a time. A round begins as soon as a result has come, when there is
 * news, and each second because something may have become due. A receiver is given more than it is
 * called with at a time, so that the end of a call begins the next one, and no call waits for a
 * round.
 */
#include "jobs/webhook_sender.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <uv.h>

#include "alert/board.h"
#include "base/arena.h"
#include "base/log.h"
#include "base/metrics.h"
#include "jobs/receivers.h"
#include "net/address_guard.h"
#include "net/http_client.h"
#include "service/webhook/webhook_service.h"

#define LOOK_EVERY_MS 20
#define ROUND_EVERY_MS 1000
#define GIVEN_MAX 2048
#define PROMPT_MS 5000
#define CONNECT_TIMEOUT_MS 10000
#define TRY_TIMEOUT_MS 30000
#define ANSWER_MAX 16384

static struct og_metric metrics[] = {
    {"otpgate_webhook_tries_total", "result=\"taken\"", "Calls of webhooks by how they went"},
    {"otpgate_webhook_tries_total", "result=\"refused\"", ""},
    {"otpgate_webhook_tries_total", "result=\"no_answer\"", ""},
    {"otpgate_webhook_tries_total", "result=\"gone\"", ""},
    {"otpgate_webhook_dead_total", "", "Events that were given up"},
    {"otpgate_webhook_under_way", "", "Calls of webhooks under way", OG_METRIC_GAUGE},
};
enum { TAKEN, REFUSED, NO_ANSWER, GONE, DEAD, UNDER_WAY };

/* One try; its own memory, because it outlives the round that gave it. */
struct delivery {
    struct og_receiver_job job; /* first */
    struct og_webhook_sender *sender;
    struct delivery *prev, *next;
    struct og_arena mem;
    struct og_webhook_try ask; /* its strings live in mem, host and hook not */
    struct og_client_headers *headers;
    int64_t began_ms;
    struct og_webhook_result result;
};

struct og_webhook_sender {
    struct og_webhook_sender_config config;
    struct og_loop *loop;
    struct og_client *client;
    uv_timer_t timer;
    uv_timer_t soon; /* once all answers of this turn of the loop are in */
    bool has_timers, is_started, is_stopping;
    struct og_loop_task stop_task;
    struct og_receivers *receivers;
    struct delivery *given; /* under way, or waiting for its receiver */
    int given_count, under_way_count;
    struct delivery *finished; /* results that no round has taken, linked by next */
    struct delivery *in_round; /* those that the round has */
    int64_t last_look_ms; /* at all hooks */
    bool is_in_round;
    struct og_arena mem; /* the round's */
    struct og_webhook_round_op round;
};

void
og_webhook_sender_metrics(void)
{
    og_metrics_register(metrics, sizeof metrics / sizeof metrics[0]);
}

/* ---- deliveries ---- */

static void
delivery_free(struct delivery *one)
{
    og_client_headers_destroy(one->headers);
    og_secret_finish(&one->ask.signing_key);
    og_arena_finish(&one->mem);
    free(one);
}

static void
free_list(struct delivery *list)
{
    while (list) {
        struct delivery *next = list->next;
        delivery_free(list);
        list = next;
    }
}

static void
link_given(struct delivery *one)
{
    struct og_webhook_sender *self = one->sender;
    one->next = self->given;
    if (one->next) {
        one->next->prev = one;
    }
    self->given = one;
    self->given_count++;
}

static void
unlink_given(struct delivery *one)
{
    struct og_webhook_sender *self = one->sender;
    if (one->prev) {
        one->prev->next = one->next;
    } else {
        self->given = one->next;
    }
    if (one->next) {
        one->next->prev = one->prev;
    }
    self->given_count--;
}

static void
judge(struct og_webhook_result *result, const struct og_client_answer *answer)
{
    if (answer->failure != OG_CLIENT_ANSWERED) {
        snprintf(result->reason, sizeof result->reason, "%s",
                 og_client_failure_name(answer->failure));
        og_metric_add(&metrics[NO_ANSWER], 1);
        return;
    }
    result->is_taken = answer->status >= 200 && answer->status < 300;
    result->is_gone = answer->status == 410;
    snprintf(result->reason, sizeof result->reason, "status %d", answer->status);
    og_metric_add(&metrics[result->is_taken ? TAKEN : result->is_gone ? GONE : REFUSED], 1);
}

static void begin_soon(struct og_webhook_sender *self);
static void call_waiting(struct og_receiver *receiver);

static void
on_answer(void *ctx, const struct og_client_answer *answer)
{
    struct delivery *one = ctx;
    struct og_webhook_sender *self = one->sender;
    const int64_t took_ms = og_mono_ms(self->config.services->clock) - one->began_ms;
    judge(&one->result, answer);
    unlink_given(one);
    one->next = self->finished;
    self->finished = one;
    og_metric_set(&metrics[UNDER_WAY], --self->under_way_count);
    struct og_receiver *receiver =
        og_receivers_over(self->receivers, &one->job,
                          answer->failure == OG_CLIENT_ANSWERED && took_ms <= PROMPT_MS);
    if (receiver) {
        call_waiting(receiver);
    }
    begin_soon(self);
}

static void
add_headers(struct delivery *one)
{
    char timestamp[24], signature[OG_DIGEST_HEX_CHARS + 1];
    int64_t now_ms = og_now_ms(one->sender->config.services->clock);
    snprintf(timestamp, sizeof timestamp, "%lld", (long long)(now_ms / 1000));
    og_webhook_sign(og_secret_str(&one->ask.signing_key), one->ask.body, og_str_from(timestamp),
                    signature);
    one->headers = og_client_headers_create();
    const bool is_plain =
        og_client_headers_add(one->headers, "Content-Type", OG_STR("application/json")) &&
        og_client_headers_add(one->headers, "User-Agent", OG_STR("otpgate")) &&
        og_client_headers_add(one->headers, "X-Timestamp", og_str_from(timestamp)) &&
        og_client_headers_add(one->headers, "X-Signature", og_str_from(signature));
    assert(is_plain); /* words, digits and hex of ours */
    (void)is_plain;
}

static void
call(struct delivery *one)
{
    struct og_webhook_sender *self = one->sender;
    one->began_ms = og_mono_ms(self->config.services->clock);
    og_metric_set(&metrics[UNDER_WAY], ++self->under_way_count);
    add_headers(one);
    struct og_client_ask ask = {
        .method = "POST",
        .url = og_str_cstr(&one->mem, one->ask.url),
        .headers = one->headers,
        .body = one->ask.body,
        .authorities = one->ask.authorities,
        .timeout_ms = TRY_TIMEOUT_MS,
        .answer_max_bytes = ANSWER_MAX,
        .on_done = on_answer,
        .ctx = one,
    };
    og_client_send(self->client, &ask);
}

static void
call_waiting(struct og_receiver *receiver)
{
    struct og_receiver_job *job;
    while ((job = og_receiver_next(receiver))) {
        call((struct delivery *)job);
    }
}

/* Its strings are the round's: copied. */
static void
deliver(struct og_webhook_sender *self, const struct og_webhook_try *ask)
{
    struct delivery *one = og_xalloc(sizeof *one);
    one->sender = self;
    og_arena_init(&one->mem, 512);
    one->ask = (struct og_webhook_try){
        .url = og_str_dup(&one->mem, ask->url),
        .body = og_str_dup(&one->mem, ask->body),
        .authorities = og_str_dup(&one->mem, ask->authorities),
        .signing_key = ask->signing_key,
    };
    one->result = (struct og_webhook_result){
        .id = og_str_dup(&one->mem, ask->id),
        .account_id = og_str_dup(&one->mem, ask->account_id),
        .webhook_id = og_str_dup(&one->mem, ask->webhook_id),
        .created_at = ask->created_at,
        .failed = ask->failed,
    };
    link_given(one);
    call_waiting(og_receivers_add(self->receivers, ask->host, ask->hook, &one->job));
}

/* ---- rounds ---- */

/* A round that failed changed nothing: its results wait for the next one. */
static void
keep_results(struct og_webhook_sender *self)
{
    while (self->in_round) {
        struct delivery *one = self->in_round;
        self->in_round = one->next;
        one->next = self->finished;
        self->finished = one;
    }
}

static void
on_round_done(struct og_op *op)
{
    struct og_webhook_sender *self =
        OG_CONTAINER_OF((struct og_webhook_round_op *)op, struct og_webhook_sender, round);
    static struct og_log_limit limit;
    int64_t held;
    self->is_in_round = false;
    if (op->code != OG_OK) {
        keep_results(self);
        if (og_log_limit_pass(&limit, 10000, &held)) {
            og_log_warn("jobs", "a round of webhooks failed and will be repeated",
                        "reason=%s held=%lld", og_log_quote(og_str_from(op->err.text)),
                        (long long)held);
        }
        return;
    }
    free_list(self->in_round);
    self->in_round = NULL;
    og_metric_add(&metrics[DEAD], self->round.dead_count);
    if (self->round.dead_count > 0) {
        og_alert_raise(self->config.services->alerts, OG_ALERT_WEBHOOK_DEAD, OG_STR(""),
                       self->round.dead_count);
    }
    for (int i = 0; i < self->round.try_count && !self->is_stopping; i++) {
        deliver(self, &self->round.tries[i]);
    }
    og_arena_reset(&self->mem); /* wipes keys and bodies */
    begin_soon(self);
}

static const struct og_op_kind round_kind = {"webhook.round", og_webhook_round_apply, NULL,
                                             on_round_done};

static void
list_rooms(struct og_webhook_sender *self)
{
    struct og_webhook_round_op *round = &self->round;
    const size_t count = og_receivers_count(self->receivers);
    struct og_receiver_load *loads =
        OG_ARENA_ARRAY(&self->mem, struct og_receiver_load, count + 1);
    round->rooms = OG_ARENA_ARRAY(&self->mem, struct og_webhook_room, count + 1);
    round->room_count = (int)count;
    og_receivers_list(self->receivers, loads);
    for (size_t i = 0; i < count; i++) {
        round->rooms[i] = (struct og_webhook_room){
            .hook = og_str_dup(&self->mem, loads[i].hook),
            .given = loads[i].given,
            .given_max = loads[i].given_max,
        };
    }
}

static void
begin_round(struct og_webhook_sender *self, int64_t now_ms, bool looks_at_all)
{
    og_arena_reset(&self->mem);
    self->round = (struct og_webhook_round_op){
        .op = {.kind = &round_kind, .home = self->loop},
        .svc = self->config.services,
        .mem = &self->mem,
        .looks_at_all = looks_at_all,
        .given_max = 2 * OG_RECEIVER_CALLS_FIRST,
        .first_wait_ms = self->config.first_wait_ms,
        .tries_max = GIVEN_MAX - self->given_count,
    };
    list_rooms(self);
    self->in_round = self->finished;
    self->finished = NULL;
    for (struct delivery *one = self->in_round; one; one = one->next) {
        one->result.next = one->next ? &one->next->result : NULL;
    }
    self->round.results = self->in_round ? &self->in_round->result : NULL;
    self->last_look_ms = looks_at_all ? now_ms : self->last_look_ms;
    if (og_lane_submit(self->config.lanes, OG_LANE_WRITE, &self->round.op) == OG_OK) {
        self->is_in_round = true;
    } else {
        keep_results(self); /* full or stopping */
    }
}

/* To look at all hooks costs more the more there are, so not each answer brings that about. */
static void
on_soon(uv_timer_t *timer)
{
    struct og_webhook_sender *self = timer->data;
    const int64_t now_ms = og_mono_ms(self->config.services->clock);
    if (!self->is_in_round && !self->is_stopping && self->finished) {
        begin_round(self, now_ms, now_ms - self->last_look_ms >= LOOK_EVERY_MS);
    }
}

static void
begin_soon(struct og_webhook_sender *self)
{
    if (!self->is_in_round && !self->is_stopping && self->finished) {
        uv_timer_start(&self->soon, on_soon, 0, 0);
    }
}

static void
on_timer(uv_timer_t *timer)
{
    struct og_webhook_sender *self = timer->data;
    const int64_t now_ms = og_mono_ms(self->config.services->clock);
    if (self->is_in_round || self->is_stopping) {
        return;
    }
    const bool is_due = now_ms - self->last_look_ms >= ROUND_EVERY_MS;
    if (atomic_exchange(&self->config.services->has_webhook_news, false) || self->finished ||
        is_due) {
        begin_round(self, now_ms, true);
    }
}

/* ---- life ---- */

static bool
may_connect(void *ctx, const struct sockaddr *address)
{
    const struct og_webhook_sender *self = ctx;
    enum og_address_reach reach = og_address_reach(address);
    return reach == OG_ADDRESS_PUBLIC ||
           (reach == OG_ADDRESS_PRIVATE && self->config.allow_private);
}

enum og_code
og_webhook_sender_create(const struct og_webhook_sender_config *config,
                         struct og_webhook_sender **out, struct og_err *err)
{
    struct og_webhook_sender *self = og_xalloc(sizeof *self);
    self->config = *config;
    og_arena_init(&self->mem, 0);
    self->receivers = og_receivers_create();
    enum og_code code = og_loop_create("og-hook", &self->loop, err);
    if (code == OG_OK) {
        struct og_client_config client = {
            .ca_file = config->ca_file[0] ? config->ca_file : NULL,
            .connections_per_host_max = OG_RECEIVER_CALLS_MAX,
            .connect_timeout_ms = CONNECT_TIMEOUT_MS,
            .may_connect = may_connect,
            .may_connect_ctx = self,
        };
        code = og_client_create(self->loop, &client, &self->client, err);
    }
    if (code != OG_OK) {
        og_webhook_sender_destroy(self);
        return code;
    }
    uv_timer_init(og_loop_uv(self->loop), &self->timer);
    uv_timer_init(og_loop_uv(self->loop), &self->soon);
    self->timer.data = self->soon.data = self;
    self->has_timers = true;
    uv_timer_start(&self->timer, on_timer, LOOK_EVERY_MS, LOOK_EVERY_MS);
    *out = self;
    return OG_OK;
}

enum og_code
og_webhook_sender_start(struct og_webhook_sender *self, struct og_err *err)
{
    enum og_code code = og_loop_start(self->loop, err);
    self->is_started = code == OG_OK;
    return code;
}

static void
close_all(struct og_webhook_sender *self)
{
    self->is_stopping = true;
    og_client_destroy(self->client);
    self->client = NULL;
    uv_close((uv_handle_t *)&self->timer, NULL);
    uv_close((uv_handle_t *)&self->soon, NULL);
}

static void
stop_here(struct og_loop_task *task)
{
    close_all(OG_CONTAINER_OF(task, struct og_webhook_sender, stop_task));
}

void
og_webhook_sender_stop(struct og_webhook_sender *self)
{
    if (self->is_started) {
        self->stop_task.run = stop_here;
        og_loop_post(self->loop, &self->stop_task);
    }
}

void
og_webhook_sender_destroy(struct og_webhook_sender *self)
{
    if (!self) {
        return;
    }
    if (self->is_started) {
        og_loop_stop(self->loop);
        og_loop_join(self->loop);
    } else if (self->has_timers) {
        close_all(self); /* the loop never ran: it is ours */
    }
    og_loop_destroy(self->loop);
    free_list(self->given);
    og_receivers_destroy(self->receivers);
    free_list(self->finished);
    free_list(self->in_round);
    og_arena_finish(&self->mem);
    free(self);
}
