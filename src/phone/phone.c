/* The life of a phone: what it waits for, and what it does when the time has come. Relies on the
 * other phone_*.c files for the doing; see phone_priv.h. */
#include "phone/phone_priv.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/secret.h"

#define EVENT_MAX_BYTES 16384
#define HOUR_MS 3600000
#define MINUTE_MS 60000

static void on_tick(void *ctx);

int64_t
og_vphone_mono(const struct og_vphone *self)
{
    return og_mono_ms(self->world->clock);
}

int64_t
og_vphone_wall(const struct og_vphone *self)
{
    return og_now_ms(self->world->clock) + self->clock_offset_ms;
}

int
og_vphone_index(const struct og_vphone *self)
{
    return self->index;
}

const char *
og_vphone_name(const struct og_vphone *self)
{
    return self->name;
}

const struct og_vphone_identity *
og_vphone_identity(const struct og_vphone *self)
{
    return &self->identity;
}

/* ---- notes ---- */

static void
note(void *ctx, enum og_violation violation, struct og_str about)
{
    struct og_vphone *self = ctx;
    const struct og_vphone_listener *listener = self->world->listener;
    self->world->counts->violations++;
    self->world->counts->by_violation[violation]++;
    if (listener->on_violation) {
        listener->on_violation(listener->ctx, self, violation, about);
    }
}

struct og_notes
og_vphone_notes(struct og_vphone *self)
{
    return (struct og_notes){note, self};
}

void
og_vphone_note(struct og_vphone *self, enum og_violation violation, const char *about)
{
    note(self, violation, og_str_from(about));
}

static bool
is_json(struct og_str type)
{
    struct og_str name = og_str_trim(og_str_slice(type, 0, og_str_find(type, ';')));
    return og_str_eq_nocase(name, OG_STR("application/json"));
}

/* Statuses that a server may give to any call: refused, limited, out of order. */
static bool
is_known_refusal(int status)
{
    return status == 401 || status == 403 || status == 408 || status == 413 || status == 429 ||
           status >= 500;
}

bool
og_vphone_is_answered(struct og_vphone *self, const struct og_client_answer *answer, int expected,
                      bool wants_json)
{
    struct og_phone_counts *counts = self->world->counts;
    bool is_fine = answer->status >= 200 && answer->status < 300;
    if (answer->status != 0 && answer->status != expected && !is_known_refusal(answer->status)) {
        char status[16];
        snprintf(status, sizeof(status), "%d", answer->status);
        og_vphone_note(self, OG_VIOLATION_STATUS, status);
    }
    if (is_fine && wants_json && !is_json(answer->content_type)) {
        note(self, OG_VIOLATION_CONTENT_TYPE, answer->content_type);
        is_fine = false;
    }
    counts->unauthorized += answer->status == 401;
    counts->call_failures += !is_fine;
    if (!is_fine) {
        og_log_debug("phone", "a call failed", "phone=%d status=%d failure=%s", self->index + 1,
                     answer->status, og_client_failure_name(answer->failure));
    }
    return is_fine;
}

/* ---- identity ---- */

static struct og_client_headers *
make_headers(const char *token, const char *accept, const char *agent, bool has_body)
{
    char credential[OG_VPHONE_TOKEN_BYTES + 8];
    struct og_client_headers *headers = og_client_headers_create();
    snprintf(credential, sizeof(credential), "Bearer %s", token);
    bool is_fine = og_client_headers_add(headers, "Authorization", og_str_from(credential)) &&
                   og_client_headers_add(headers, "Accept", og_str_from(accept)) &&
                   og_client_headers_add(headers, "User-Agent", og_str_from(agent)) &&
                   (!has_body || og_client_headers_add(headers, "Content-Type",
                                                       OG_STR("application/json")));
    og_wipe(credential, sizeof(credential));
    if (!is_fine) {
        og_client_headers_destroy(headers);
        return NULL;
    }
    return headers;
}

static void
drop_headers(struct og_vphone *self)
{
    og_client_headers_destroy(self->read_headers);
    og_client_headers_destroy(self->write_headers);
    og_client_headers_destroy(self->stream_headers);
    self->read_headers = self->write_headers = self->stream_headers = NULL;
}

void
og_vphone_set_identity(struct og_vphone *self, const struct og_vphone_identity *identity)
{
    drop_headers(self);
    if (identity != &self->identity) {
        self->identity = *identity;
    }
    const char *token = self->identity.token;
    if (token[0] == '\0') {
        return;
    }
    const char *agent = og_vphone_app(self)->agent;
    self->read_headers = make_headers(token, "application/json", agent, false);
    self->write_headers = make_headers(token, "application/json", agent, true);
    self->stream_headers = make_headers(token, "text/event-stream", OG_VPHONE_STREAM_AGENT, false);
    if (!self->read_headers || !self->write_headers || !self->stream_headers) {
        drop_headers(self); /* a token that no header can carry */
        self->identity = (struct og_vphone_identity){0};
    }
}

/* ---- birth and death ---- */

/* Most clocks are nearly right; some are off by minutes to hours, some are in a wrong zone. */
static int64_t
draw_clock(struct og_dice *dice, const struct og_profile *profile)
{
    int64_t offset = (int64_t)(og_dice_normal(dice) * (double)profile->clock_sigma_ms);
    bool is_wrong = og_dice_percent(dice, profile->clock_wrong);
    bool is_abroad = og_dice_percent(dice, profile->zone_wrong);
    int64_t sign = og_dice_percent(dice, 50) ? 1 : -1;
    int64_t error = og_dice_between(dice, MINUTE_MS, 5 * HOUR_MS);
    int64_t hours = og_dice_between(dice, 1, 12);
    return offset + (is_wrong ? sign * error : 0) + (is_abroad ? sign * hours * HOUR_MS : 0);
}

/* What a fresh installation of the app has. */
static void
install(struct og_vphone *self)
{
    const struct og_profile *profile = self->world->profile;
    og_known_init(&self->known, (size_t)profile->remember);
    og_send_queue_init(&self->queue, profile->order);
    og_radio_init(&self->radio, &profile->radio, &self->dice);
    og_phone_settings_clear(&self->settings);
    og_arena_init(&self->hook_mem, 0);
}

static void
uninstall(struct og_vphone *self)
{
    og_vphone_cancel_calls(self);
    og_vphone_cancel_reports(self);
    og_vphone_forget_tells(self);
    og_vphone_drop_stream(self, false);
    og_vphone_bury_zombie(self);
    self->world->counts->reports_open -= (int64_t)self->outbox.count;
    og_outbox_finish(&self->outbox);
    og_radio_finish(&self->radio);
    og_send_queue_finish(&self->queue);
    og_known_finish(&self->known);
}

struct og_vphone *
og_vphone_create(struct og_vphone_world *world, int index, uint64_t seed, const char *name,
                 const struct og_vphone_identity *identity)
{
    struct og_vphone *self = og_xalloc(sizeof(*self));
    self->world = world;
    self->index = index;
    self->name = name;
    og_dice_seed(&self->dice, seed, (uint64_t)index);
    self->clock_offset_ms = draw_clock(&self->dice, world->profile);
    for (int i = 0; i < DUE_COUNT; i++) {
        self->due[i] = OG_NEVER;
    }
    self->ticks_at_ms = OG_NEVER;
    self->ticker = og_ticker_create(world->loop, on_tick, self);
    og_sse_init(&self->sse, EVENT_MAX_BYTES);
    install(self);
    if (identity) {
        og_vphone_set_identity(self, identity);
    }
    return self;
}

void
og_vphone_destroy(struct og_vphone *self)
{
    if (!self) {
        return;
    }
    uninstall(self);
    og_ticker_destroy(self->ticker);
    og_sse_finish(&self->sse);
    drop_headers(self);
    og_wipe(&self->identity, sizeof(self->identity));
    free(self);
}

/* ---- time ---- */

void
og_vphone_due(struct og_vphone *self, enum due what, int64_t at_ms)
{
    if (at_ms < self->due[what]) {
        self->due[what] = at_ms;
    }
}

static void
plan_reinstall(struct og_vphone *self)
{
    int64_t wait = og_dice_exponential(&self->dice, self->world->profile->reinstall_mean_ms);
    if (wait > 0) {
        og_vphone_due(self, DUE_REINSTALL, og_vphone_mono(self) + wait);
    }
}

/* The app's service starts: it refreshes or registers, and fetches if it is registered already. */
static void
start_service(struct og_vphone *self)
{
    int64_t now_ms = og_vphone_mono(self);
    og_vphone_due(self, DUE_DEVICE, now_ms);
    if (self->identity.token[0] != '\0') {
        og_vphone_due(self, DUE_PULL, now_ms);
        og_vphone_due(self, DUE_SETTINGS, now_ms);
        og_vphone_due(self, DUE_WEBHOOKS, now_ms);
    }
}

void
og_vphone_start(struct og_vphone *self)
{
    const struct og_profile *profile = self->world->profile;
    og_link_init(&self->link, &profile->link, &self->dice, og_vphone_mono(self));
    og_vphone_due(self, DUE_LINK, self->link.flips_at_ms);
    plan_reinstall(self);
    start_service(self);
    og_vphone_arm(self);
}

static void
flip_link(struct og_vphone *self)
{
    const struct og_link_profile *profile = &self->world->profile->link;
    int64_t now_ms = og_vphone_mono(self);
    bool has_changed = og_link_step(&self->link, profile, &self->dice, now_ms);
    og_vphone_due(self, DUE_LINK, self->link.flips_at_ms);
    if (!has_changed) {
        return;
    }
    if (self->link.is_up) {
        og_outbox_release(&self->outbox, &self->dice, now_ms);
        og_vphone_due(self, DUE_REPORT, now_ms);
        return;
    }
    self->world->counts->offline++;
    og_vphone_cancel_calls(self);
    og_vphone_cancel_reports(self);
    og_vphone_drop_stream(self, og_dice_percent(&self->dice, profile->silent_cut));
    og_vphone_due(self, DUE_DEVICE, self->is_registered ? OG_NEVER : now_ms);
    og_vphone_due(self, DUE_STREAM, self->is_registered ? now_ms : OG_NEVER);
    og_vphone_due(self, DUE_PULL, self->is_registered ? now_ms : OG_NEVER);
}

/* The same SIM in a phone that the server does not know. */
static void
reinstall(struct og_vphone *self)
{
    uninstall(self);
    install(self);
    if (self->is_registered) {
        self->is_registered = false;
        self->world->counts->phones_registered--;
    }
    og_vphone_set_identity(self, &(struct og_vphone_identity){0});
    for (int i = DUE_DEVICE; i < DUE_COUNT; i++) {
        self->due[i] = OG_NEVER;
    }
    plan_reinstall(self);
    start_service(self);
}

static void
poll(struct og_vphone *self)
{
    og_vphone_due(self, DUE_PULL, og_vphone_mono(self));
    if (self->settings.ping_interval_s > 0) {
        og_vphone_ping(self);
    }
}

static const struct {
    void (*act)(struct og_vphone *self);
    bool needs_link;
} acts[DUE_COUNT] = {
    [DUE_LINK] = {flip_link, false},
    [DUE_REINSTALL] = {reinstall, false},
    [DUE_DEVICE] = {og_vphone_call_device, true},
    [DUE_STREAM] = {og_vphone_open_stream, true},
    [DUE_ZOMBIE] = {og_vphone_bury_zombie, false},
    [DUE_PULL] = {og_vphone_pull, true},
    [DUE_POLL] = {poll, false},
    [DUE_SETTINGS] = {og_vphone_fetch_settings, true},
    [DUE_WEBHOOKS] = {og_vphone_fetch_webhooks, true},
    [DUE_SEND] = {og_vphone_send, false},
    [DUE_RADIO] = {og_vphone_listen, false},
    [DUE_REPORT] = {og_vphone_report, true},
    [DUE_TELL] = {og_vphone_tell_next, true},
};

static void
step(struct og_vphone *self, int64_t now_ms)
{
    for (int i = 0; i < DUE_COUNT; i++) {
        if (self->due[i] > now_ms) {
            continue;
        }
        if (acts[i].needs_link && !self->link.is_up) {
            self->due[i] = self->link.flips_at_ms;
            continue;
        }
        self->due[i] = OG_NEVER;
        acts[i].act(self);
    }
}

static int64_t
next_due(const struct og_vphone *self)
{
    int64_t next_at = OG_NEVER;
    for (int i = 0; i < DUE_COUNT; i++) {
        next_at = self->due[i] < next_at ? self->due[i] : next_at;
    }
    return next_at;
}

/* Does what is due now, then waits for the next. What becomes due at once meanwhile is done in the
 * same breath, but not for ever: others share the loop. */
void
og_vphone_arm(struct og_vphone *self)
{
    if (self->is_stepping) {
        return;
    }
    self->is_stepping = true;
    int64_t now_ms = og_vphone_mono(self);
    for (int round = 0; round < 4 && next_due(self) <= now_ms; round++) {
        step(self, now_ms);
    }
    self->is_stepping = false;
    int64_t next_at = next_due(self);
    if (next_at == self->ticks_at_ms) {
        return;
    }
    self->ticks_at_ms = next_at;
    if (next_at == OG_NEVER) {
        og_ticker_stop(self->ticker);
    } else {
        og_ticker_after(self->ticker, next_at - now_ms);
    }
}

static void
on_tick(void *ctx)
{
    struct og_vphone *self = ctx;
    self->ticks_at_ms = OG_NEVER;
    og_vphone_arm(self);
}
