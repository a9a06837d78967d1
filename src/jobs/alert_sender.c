/*
 * A timer looks at the board and at each channel; a channel has one letter under way at most, so
 * that what comes meanwhile shares the next one.
 */
#include "jobs/alert_sender.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "alert/letter.h"
#include "base/id.h"
#include "base/log.h"
#include "base/metrics.h"
#include "codes/code_store.h"
#include "net/mail.h"
#include "service/alert/watch.h"
#include "service/audit/audit.h"

#define LETTER_ALERTS_MAX 32
#define LETTER_BYTES_MAX (64 * 1024)
#define SEND_TIMEOUT_MS 15000
#define ANSWER_MAX 16384
#define DEAD_AFTER 2 /* tries in a row */
#define FIRST_WAIT_MS 1000
#define WAIT_MAX_MS 60000
#define ALERTMANAGER_EVERY_MS 60000 /* it forgets after resolve_timeout, 5 minutes */

enum channel_kind { ALERTMANAGER, WEBHOOK, MAIL, CHANNEL_COUNT };

struct channel {
    struct og_alert_sender *sender;
    bool is_on, is_under_way;
    int failures;         /* in a row */
    int64_t next_try_at;  /* monotonic, after a failure */
    int64_t next_probe_at;
    struct og_alert letter[LETTER_ALERTS_MAX];
    int letter_count;
};

struct og_alert_sender {
    struct og_alert_sender_config config;
    struct og_alert_board *board;
    struct og_loop *loop;
    struct og_client *client;
    struct og_client_headers *headers;
    uv_timer_t timer;
    struct og_loop_task stop_task;
    bool has_timer, is_started;
    struct channel channels[CHANNEL_COUNT];
    struct og_alert_watch_op watch; /* the lane's while it is under way */
    _Atomic bool is_watching;
    enum og_code_health_level codes_level; /* when last looked at */
};

static void send_alertmanager(struct channel *channel, const struct og_alert_letter *letter);
static void send_webhook(struct channel *channel, const struct og_alert_letter *letter);
static void send_mail(struct channel *channel, const struct og_alert_letter *letter);

static const struct {
    const char *name;
    void (*send)(struct channel *channel, const struct og_alert_letter *letter);
    int64_t every_ms; /* between reminders and signs of life; 0: as configured */
} kinds[CHANNEL_COUNT] = {
    [ALERTMANAGER] = {"alertmanager", send_alertmanager, ALERTMANAGER_EVERY_MS},
    [WEBHOOK] = {"webhook", send_webhook, 0},
    [MAIL] = {"mail", send_mail, 0},
};

#define SENDS "otpgate_alert_sends_total"
#define SENDS_HELP "Letters with alerts, and signs of life, by channel and how they went."
static struct og_metric metrics[CHANNEL_COUNT][2] = {
    [ALERTMANAGER] = {{SENDS, "channel=\"alertmanager\",result=\"taken\"", SENDS_HELP},
                      {SENDS, "channel=\"alertmanager\",result=\"failed\"", ""}},
    [WEBHOOK] = {{SENDS, "channel=\"webhook\",result=\"taken\"", ""},
                 {SENDS, "channel=\"webhook\",result=\"failed\"", ""}},
    [MAIL] = {{SENDS, "channel=\"mail\",result=\"taken\"", ""},
              {SENDS, "channel=\"mail\",result=\"failed\"", ""}},
};

void
og_alert_sender_metrics(void)
{
    og_metrics_register(&metrics[0][0], CHANNEL_COUNT * 2);
}

static int
index_of(const struct channel *channel)
{
    return (int)(channel - channel->sender->channels);
}

static int64_t
mono_of(const struct og_alert_sender *self)
{
    return og_mono_ms(self->config.services->clock);
}

/* ---- the end of a letter ---- */

static void
on_taken(struct channel *channel)
{
    struct og_alert_sender *self = channel->sender;
    const int index = index_of(channel);
    channel->failures = 0;
    og_alert_clear(self->board, OG_ALERT_CHANNEL_DEAD, og_str_from(kinds[index].name));
    og_alert_told(self->board, index, channel->letter, channel->letter_count);
}

static void
on_failed(struct channel *channel, const struct og_client_answer *answer)
{
    struct og_alert_sender *self = channel->sender;
    const int doublings = channel->failures < 6 ? channel->failures : 6;
    const int64_t wait_ms = (int64_t)FIRST_WAIT_MS << doublings;
    const char *name = kinds[index_of(channel)].name;
    channel->failures++;
    channel->next_try_at = mono_of(self) + (wait_ms < WAIT_MAX_MS ? wait_ms : WAIT_MAX_MS);
    channel->next_probe_at = 0; /* until it lives again */
    og_log_warn("jobs", "an alert channel did not take a letter",
                "channel=%s failure=%s status=%d reason=%s tries=%d", name,
                og_client_failure_name(answer->failure), answer->status,
                og_log_quote(og_str_from(answer->reason)), channel->failures);
    if (channel->failures >= DEAD_AFTER) {
        og_alert_raise(self->board, OG_ALERT_CHANNEL_DEAD, og_str_from(name), channel->failures);
    }
}

static void
finish(struct channel *channel, const struct og_client_answer *answer, bool is_taken)
{
    channel->is_under_way = false;
    og_metric_add(&metrics[index_of(channel)][is_taken ? 0 : 1], 1);
    if (is_taken) {
        on_taken(channel);
    } else {
        on_failed(channel, answer);
    }
}

static void
on_http(void *ctx, const struct og_client_answer *answer)
{
    finish(ctx, answer,
           answer->failure == OG_CLIENT_ANSWERED && answer->status >= 200 && answer->status < 300);
}

static void
on_mail(void *ctx, const struct og_client_answer *answer)
{
    finish(ctx, answer, answer->failure == OG_CLIENT_ANSWERED);
}

/* ---- the ways ---- */

static void
post(struct channel *channel, const char *url, const struct og_buf *body)
{
    const struct og_client_ask ask = {
        .method = "POST",
        .url = url,
        .headers = channel->sender->headers,
        .body = og_buf_str(body),
        .timeout_ms = SEND_TIMEOUT_MS,
        .answer_max_bytes = ANSWER_MAX,
        .on_done = on_http,
        .ctx = channel,
    };
    og_client_send(channel->sender->client, &ask);
}

static void
send_alertmanager(struct channel *channel, const struct og_alert_letter *letter)
{
    struct og_buf body;
    og_buf_init(&body, LETTER_BYTES_MAX);
    og_alert_letter_alertmanager(letter, &body);
    post(channel, channel->sender->config.alertmanager_url, &body);
    og_buf_finish(&body);
}

static void
send_webhook(struct channel *channel, const struct og_alert_letter *letter)
{
    struct og_buf body;
    og_buf_init(&body, LETTER_BYTES_MAX);
    og_alert_letter_plain(letter, &body);
    post(channel, channel->sender->config.webhook_url, &body);
    og_buf_finish(&body);
}

static void
send_mail(struct channel *channel, const struct og_alert_letter *letter)
{
    const struct og_alert_sender_config *config = &channel->sender->config;
    const int64_t now_ms = og_now_ms(config->services->clock);
    char id[OG_ID_BYTES];
    og_id_make(now_ms, id);
    const struct og_alert_envelope envelope = {config->mail_from, config->mail_to, id, now_ms};
    struct og_buf text;
    og_buf_init(&text, LETTER_BYTES_MAX);
    if (letter->count > 0) {
        og_alert_letter_mail(letter, &envelope, &text);
    }
    const struct og_client_mail mail = {
        .url = config->mail_url,
        .needs_starttls = config->mail_starttls,
        .user = config->mail_user,
        .password = config->mail_password->bytes,
        .from = config->mail_from,
        .to = config->mail_to,
        .text = og_buf_str(&text),
        .timeout_ms = SEND_TIMEOUT_MS,
        .on_done = on_mail,
        .ctx = channel,
    };
    og_client_mail(channel->sender->client, &mail);
    og_buf_finish(&text);
}

/* ---- looking ---- */

/* A letter when something is due, an empty one when a sign of life is. */
static void
serve(struct channel *channel)
{
    struct og_alert_sender *self = channel->sender;
    const int index = index_of(channel);
    const struct og_alert_sender_config *config = &self->config;
    const int64_t every_ms = kinds[index].every_ms;
    const int64_t mono_ms = mono_of(self);
    if (!channel->is_on || channel->is_under_way || mono_ms < channel->next_try_at) {
        return;
    }
    channel->letter_count =
        og_alert_due(self->board, index, og_str_from(kinds[index].name),
                     every_ms ? every_ms : config->remind_ms, channel->letter, LETTER_ALERTS_MAX);
    if (channel->letter_count == 0 && mono_ms < channel->next_probe_at) {
        return;
    }
    const struct og_alert_letter letter = {config->instance, channel->letter,
                                           channel->letter_count};
    channel->is_under_way = true;
    channel->next_probe_at = mono_ms + (every_ms ? every_ms : config->probe_ms);
    kinds[index].send(channel, &letter);
}

static void
note(const struct og_alert_sender *self, const struct og_audit_event *event)
{
    if (og_audit_note(self->config.services, self->config.lanes, event) != OG_OK) {
        og_log_warn("jobs", "the audit log was not told", "kind=%s",
                    og_audit_kind_rows[event->kind].name);
    }
}

/* Redis or memcached went, came, or has another state: its clients have changed over. */
static void
tell_codes(struct og_alert_sender *self, const struct og_code_health *health)
{
    static const char *const names[] = {[OG_CODE_HEALTH_UP] = "up",
                                        [OG_CODE_HEALTH_DEGRADED] = "degraded",
                                        [OG_CODE_HEALTH_DOWN] = "down"};
    if (health->level != self->codes_level) {
        self->codes_level = health->level;
        note(self, &(struct og_audit_event){.kind = OG_AUDIT_STORE_FAILOVER,
                                            .reason = og_str_from(names[health->level]),
                                            .detail = og_str_from(health->reason)});
    }
}

/* One alert for each cause, as what helps differs. */
static void
look_at_database(struct og_alert_board *board, const struct og_lane_health *lane)
{
    for (int i = 0; i < OG_DB_TROUBLES; i++) {
        og_alert_set(board, OG_ALERT_DATABASE, og_str_from(og_db_trouble_name(i)),
                     lane->is_failing && lane->trouble == (enum og_db_trouble)i);
    }
}

/* What can be wrong when no lane may be able to say so. */
static void
look_at_stores(struct og_alert_sender *self)
{
    struct og_code_store *codes = self->config.services->codes;
    struct og_lane_health lane;
    struct og_code_health health = {0};
    og_lane_health(self->config.lanes, OG_LANE_WRITE, &lane);
    look_at_database(self->board, &lane);
    if (lane.commit_ms >= self->config.commit_slow_ms) {
        og_alert_raise(self->board, OG_ALERT_DATABASE_SLOW, OG_STR(""), lane.commit_ms);
    } else {
        og_alert_clear(self->board, OG_ALERT_DATABASE_SLOW, OG_STR(""));
    }
    if (codes->health) {
        health = codes->health(codes);
        tell_codes(self, &health);
        og_alert_set(self->board, OG_ALERT_CODE_STORE, OG_STR(""),
                     health.level != OG_CODE_HEALTH_UP);
    }
}

/* On the lane's thread. */
static void
on_watched(struct og_op *op)
{
    struct og_alert_sender *self =
        OG_CONTAINER_OF((struct og_alert_watch_op *)op, struct og_alert_sender, watch);
    atomic_store(&self->is_watching, false);
}

static const struct og_op_kind watch_kind = {"alert.watch", NULL, og_alert_watch_committed,
                                             on_watched};

static void
look_at_lane(struct og_alert_sender *self)
{
    if (atomic_exchange(&self->is_watching, true)) {
        return;
    }
    self->watch = (struct og_alert_watch_op){
        .op = {.kind = &watch_kind},
        .svc = self->config.services,
        .offline_after_ms = self->config.offline_after_ms,
        .code_wait_ms = self->config.code_wait_ms,
        .failures = self->config.failures,
    };
    if (og_lane_submit(self->config.lanes, OG_LANE_WRITE, &self->watch.op) != OG_OK) {
        atomic_store(&self->is_watching, false); /* full or stopping */
    }
}

/* While the database is in trouble the log cannot be told: the letters say what there was. */
static void
tell_audit(void *ctx, const struct og_alert *alert)
{
    const struct og_alert_sender *self = ctx;
    char detail[48];
    snprintf(detail, sizeof detail, "figure=%lld", (long long)alert->figure);
    const struct og_audit_event event = {
        .kind = alert->ended_at ? OG_AUDIT_ALERT_RESOLVED : OG_AUDIT_ALERT_FIRED,
        .object = og_str_from(alert->subject),
        .reason = og_str_from(og_alert_kinds[alert->kind].word),
        .detail = og_str_from(detail),
    };
    note(self, &event);
}

static void
on_timer(uv_timer_t *timer)
{
    struct og_alert_sender *self = timer->data;
    look_at_lane(self);
    look_at_stores(self);
    og_alert_tick(self->board, tell_audit, self);
    for (int i = 0; i < CHANNEL_COUNT; i++) {
        serve(&self->channels[i]);
    }
}

/* ---- life ---- */

static enum og_code
make_client(struct og_alert_sender *self, struct og_err *err)
{
    const struct og_client_config client = {
        .ca_file = self->config.ca_file[0] ? self->config.ca_file : NULL,
    };
    self->headers = og_client_headers_create();
    (void)!og_client_headers_add(self->headers, "Content-Type", OG_STR("application/json"));
    (void)!og_client_headers_add(self->headers, "User-Agent", OG_STR("otpgate"));
    return og_client_create(self->loop, &client, &self->client, err);
}

static void
set_channels(struct og_alert_sender *self)
{
    const struct og_alert_sender_config *config = &self->config;
    const bool is_on[CHANNEL_COUNT] = {
        [ALERTMANAGER] = config->alertmanager_url[0] != '\0',
        [WEBHOOK] = config->webhook_url[0] != '\0',
        [MAIL] = config->mail_url[0] != '\0',
    };
    for (int i = 0; i < CHANNEL_COUNT; i++) {
        self->channels[i].sender = self;
        self->channels[i].is_on = is_on[i];
    }
}

enum og_code
og_alert_sender_create(const struct og_alert_sender_config *config, struct og_alert_sender **out,
                       struct og_err *err)
{
    struct og_alert_sender *self = og_xalloc(sizeof *self);
    self->config = *config;
    self->board = config->services->alerts;
    set_channels(self);
    enum og_code code = og_loop_create("og-alert", &self->loop, err);
    if (code == OG_OK) {
        code = make_client(self, err);
    }
    if (code != OG_OK) {
        og_alert_sender_destroy(self);
        return code;
    }
    uv_timer_init(og_loop_uv(self->loop), &self->timer);
    self->timer.data = self;
    self->has_timer = true;
    uv_timer_start(&self->timer, on_timer, (uint64_t)config->tick_ms, (uint64_t)config->tick_ms);
    *out = self;
    return OG_OK;
}

enum og_code
og_alert_sender_start(struct og_alert_sender *self, struct og_err *err)
{
    enum og_code code = og_loop_start(self->loop, err);
    self->is_started = code == OG_OK;
    return code;
}

static void
close_all(struct og_alert_sender *self)
{
    og_client_destroy(self->client);
    self->client = NULL;
    uv_close((uv_handle_t *)&self->timer, NULL);
}

static void
stop_here(struct og_loop_task *task)
{
    close_all(OG_CONTAINER_OF(task, struct og_alert_sender, stop_task));
}

void
og_alert_sender_stop(struct og_alert_sender *self)
{
    if (self && self->is_started) {
        self->stop_task.run = stop_here;
        og_loop_post(self->loop, &self->stop_task);
    }
}

void
og_alert_sender_destroy(struct og_alert_sender *self)
{
    if (!self) {
        return;
    }
    if (self->is_started) {
        og_loop_stop(self->loop);
        og_loop_join(self->loop);
    } else if (self->has_timer) {
        close_all(self); /* the loop never ran: it is ours */
    } else {
        og_client_destroy(self->client);
    }
    og_loop_destroy(self->loop);
    og_client_headers_destroy(self->headers);
    free(self);
}
