/* The short calls of the app's workers: registration and refresh, pull, settings, webhooks.
 * Each worker repeats with a doubling wait; only a 401 on PATCH /device makes the phone
 * register anew. */
#include "phone/phone_priv.h"

#include <stdio.h>

#include "base/log.h"

#define DAY_MS (24 * 3600 * (int64_t)1000)
#define ANSWER_MAX_BYTES (8 << 20)
#define SOON_MS 2000 /* a message may end on its way to us */

static void
call(struct og_vphone *self, const char *method, const char *url,
     const struct og_client_headers *headers, struct og_str body,
     void (*on_done)(void *ctx, const struct og_client_answer *answer),
     struct og_client_call **out)
{
    *out = og_client_send(self->world->client, &(struct og_client_ask){
        .method = method, .url = url, .headers = headers, .body = body,
        .answer_max_bytes = ANSWER_MAX_BYTES, .on_done = on_done, .ctx = self});
}

static void
repeat_later(struct og_vphone *self, enum due what, int *tries)
{
    int64_t wait = og_link_retry_wait(&self->world->profile->link, ++*tries);
    og_vphone_due(self, what, og_vphone_mono(self) + wait);
}

/* ---- registration ---- */

static void
write_device_body(struct og_vphone *self, bool is_new)
{
    static const char *const carriers[] = {"Loopback Mobile", "Example Tel", "Test Cell"};
    char iccids[OG_RADIO_SIMS_MAX][32];
    struct og_proto_sim sims[OG_RADIO_SIMS_MAX];
    int count = (int)self->world->profile->sims;
    for (int i = 0; i < count; i++) {
        snprintf(iccids[i], sizeof(iccids[i]), "8988%013d%d", self->index + 1, i + 1);
        sims[i] = (struct og_proto_sim){i + 1, carriers[i], iccids[i]};
    }
    og_buf_clear(&self->world->body);
    og_proto_write_device(&self->world->body, &(struct og_proto_device){
        .id = is_new ? NULL : self->identity.id, .name = is_new ? self->name : NULL,
        .sims = sims, .sim_count = count});
}

static void
become_registered(struct og_vphone *self)
{
    self->device_tries = 0;
    if (!self->is_registered) {
        self->is_registered = true;
        self->world->counts->phones_registered++;
    }
    og_vphone_due(self, DUE_STREAM, og_vphone_mono(self));
    og_vphone_due(self, DUE_REPORT, og_outbox_next_at(&self->outbox));
}

/* All that is under way carries the token that is no good. */
static void
lose_identity(struct og_vphone *self)
{
    const struct og_vphone_listener *listener = self->world->listener;
    og_vphone_cancel_calls(self);
    og_vphone_cancel_reports(self);
    og_vphone_drop_stream(self, false);
    og_vphone_bury_zombie(self);
    if (self->is_registered) {
        self->is_registered = false;
        self->world->counts->phones_registered--;
    }
    og_vphone_set_identity(self, &(struct og_vphone_identity){0});
    if (listener->on_identity) {
        listener->on_identity(listener->ctx, self);
    }
}

static void
copy(char *out, size_t size, struct og_str text)
{
    snprintf(out, size, "%" OG_STR_FMT, OG_STR_ARG(text));
}

static bool
take_identity(struct og_vphone *self, struct og_str body)
{
    struct og_notes notes = og_vphone_notes(self);
    struct og_proto_identity read = {0};
    struct og_vphone_identity identity = {0};
    bool is_fine = og_proto_read_identity(body, &self->world->scratch, &notes, &read) &&
                   read.id.len < sizeof(identity.id) && read.token.len < sizeof(identity.token);
    if (is_fine) {
        copy(identity.id, sizeof(identity.id), read.id);
        copy(identity.token, sizeof(identity.token), read.token);
        copy(identity.login, sizeof(identity.login), read.login);
        og_vphone_set_identity(self, &identity);
        is_fine = self->identity.token[0] != '\0';
    }
    og_arena_reset(&self->world->scratch);
    return is_fine;
}

static void
on_registered(void *ctx, const struct og_client_answer *answer)
{
    struct og_vphone *self = ctx;
    const struct og_vphone_listener *listener = self->world->listener;
    static struct og_log_limit limit;
    int64_t held;
    self->device_call = NULL;
    if (og_vphone_is_answered(self, answer, 201, true) && take_identity(self, answer->body)) {
        self->world->counts->registrations++;
        become_registered(self);
        if (listener->on_identity) {
            listener->on_identity(listener->ctx, self);
        }
    } else {
        repeat_later(self, DUE_DEVICE, &self->device_tries);
        if (og_log_limit_pass(&limit, 5000, &held)) {
            og_log_warn("phone", "registration failed, will be repeated",
                        "phone=%d status=%d failure=%s held=%lld", self->index + 1, answer->status,
                        og_client_failure_name(answer->failure), (long long)held);
        }
    }
    og_vphone_arm(self);
}

static void
on_refreshed(void *ctx, const struct og_client_answer *answer)
{
    struct og_vphone *self = ctx;
    self->device_call = NULL;
    if (og_vphone_is_answered(self, answer, 204, false)) {
        become_registered(self);
    } else if (answer->status == 401) {
        lose_identity(self);
        og_vphone_due(self, DUE_DEVICE, og_vphone_mono(self));
    } else {
        repeat_later(self, DUE_DEVICE, &self->device_tries);
    }
    og_vphone_arm(self);
}

void
og_vphone_call_device(struct og_vphone *self)
{
    if (self->device_call) {
        return;
    }
    bool is_new = self->identity.token[0] == '\0';
    write_device_body(self, is_new);
    struct og_str body = og_buf_str(&self->world->body);
    call(self, is_new ? "POST" : "PATCH", self->world->url_device,
         is_new ? self->world->register_headers : self->write_headers, body,
         is_new ? on_registered : on_refreshed, &self->device_call);
}

/* ---- the pull ---- */

static void
check_offer(struct og_vphone *self, const struct og_pull_item *item)
{
    struct og_notes notes = og_vphone_notes(self);
    const struct og_sms *sms = og_known_find(&self->known, item->id);
    bool is_over = item->valid_until_at > 0 &&
                   item->valid_until_at + SOON_MS < og_now_ms(self->world->clock);
    if (is_over && item->state == OG_SMS_PENDING) {
        notes.note(notes.ctx, OG_VIOLATION_EXPIRED, item->id);
    }
    if (sms && og_sms_state_rank(sms->acked) >= og_sms_state_rank(OG_SMS_SENT) &&
        sms->acked_us < self->pull_started_us) {
        notes.note(notes.ctx, OG_VIOLATION_OFFERED_AGAIN, item->id);
    }
}

static bool
take_pull(struct og_vphone *self, struct og_str body)
{
    struct og_notes notes = og_vphone_notes(self);
    struct og_pull pull;
    bool is_fine = og_proto_read_pull(body, &self->world->scratch, &notes, &pull);
    for (size_t i = 0; is_fine && i < pull.count; i++) {
        check_offer(self, &pull.items[i]);
        og_vphone_take(self, &pull.items[i]);
    }
    og_arena_reset(&self->world->scratch);
    return is_fine;
}

static void
on_pulled(void *ctx, const struct og_client_answer *answer)
{
    struct og_vphone *self = ctx;
    self->pull_call = NULL;
    if (og_vphone_is_answered(self, answer, 200, true) && take_pull(self, answer->body)) {
        self->pull_tries = 0;
        self->world->counts->pulls++;
    } else {
        repeat_later(self, DUE_PULL, &self->pull_tries);
    }
    if (self->pull_again) {
        self->pull_again = false;
        og_vphone_due(self, DUE_PULL, og_vphone_mono(self));
    }
    og_vphone_arm(self);
}

static int64_t
poll_wait(const struct og_vphone *self)
{
    int64_t wait = self->world->profile->poll_ms;
    int64_t ping = self->settings.ping_interval_s * 1000;
    return ping > 0 && (wait == 0 || ping < wait) ? ping : wait;
}

void
og_vphone_pull(struct og_vphone *self)
{
    if (!self->read_headers) {
        return;
    }
    if (self->pull_call && !self->world->profile->pull_replace) {
        self->pull_again = true;
        return;
    }
    if (self->pull_call) {
        og_client_cancel(self->pull_call);
    }
    int64_t wait = poll_wait(self);
    self->pull_started_us = og_mono_us();
    self->due[DUE_POLL] = wait > 0 ? og_vphone_mono(self) + wait : OG_NEVER;
    call(self, "GET", self->world->url_pull[self->queue.order], self->read_headers, OG_STR(""),
         on_pulled, &self->pull_call);
}

/* ---- settings and webhooks ---- */

static void
on_settings(void *ctx, const struct og_client_answer *answer)
{
    struct og_vphone *self = ctx;
    struct og_notes notes = og_vphone_notes(self);
    struct og_phone_settings settings;
    self->settings_call = NULL;
    if (og_vphone_is_answered(self, answer, 200, true) &&
        og_proto_read_settings(answer->body, og_vphone_app(self), &notes, &settings)) {
        self->settings_tries = 0;
        self->settings = settings;
        og_send_queue_apply(&self->queue, &settings);
        og_vphone_due(self, DUE_SEND, og_vphone_mono(self));
        if (settings.ping_interval_s > 0) {
            og_vphone_due(self, DUE_POLL, og_vphone_mono(self) + poll_wait(self));
        }
        og_vphone_due(self, DUE_SETTINGS, og_vphone_mono(self) + DAY_MS);
    } else {
        repeat_later(self, DUE_SETTINGS, &self->settings_tries);
    }
    og_vphone_arm(self);
}

void
og_vphone_fetch_settings(struct og_vphone *self)
{
    if (self->read_headers && !self->settings_call) {
        call(self, "GET", self->world->url_settings, self->read_headers, OG_STR(""), on_settings,
             &self->settings_call);
    }
}

static void
on_webhooks(void *ctx, const struct og_client_answer *answer)
{
    struct og_vphone *self = ctx;
    struct og_notes notes = og_vphone_notes(self);
    size_t count;
    self->webhooks_call = NULL;
    if (og_vphone_is_answered(self, answer, 200, true) &&
        og_proto_read_webhooks(answer->body, og_vphone_app(self), &notes, &count)) {
        self->webhooks_tries = 0;
        og_vphone_take_webhooks(self, answer->body);
        og_vphone_due(self, DUE_WEBHOOKS, og_vphone_mono(self) + DAY_MS);
    } else {
        repeat_later(self, DUE_WEBHOOKS, &self->webhooks_tries);
    }
    og_vphone_arm(self);
}

void
og_vphone_fetch_webhooks(struct og_vphone *self)
{
    if (self->read_headers && !self->webhooks_call) {
        call(self, "GET", self->world->url_webhooks, self->read_headers, OG_STR(""), on_webhooks,
             &self->webhooks_call);
    }
}

static void
cancel(struct og_vphone *self, struct og_client_call **at, enum due what)
{
    if (*at) {
        og_client_cancel(*at);
        *at = NULL;
        og_vphone_due(self, what, og_vphone_mono(self));
    }
}

void
og_vphone_cancel_calls(struct og_vphone *self)
{
    cancel(self, &self->device_call, DUE_DEVICE);
    cancel(self, &self->pull_call, DUE_PULL);
    cancel(self, &self->settings_call, DUE_SETTINGS);
    cancel(self, &self->webhooks_call, DUE_WEBHOOKS);
    self->pull_again = false;
}
