/* Many phones on one loop: what they share, how they come up, and where their news goes. Everything
 * but create, start, stop and destroy runs on the loop's thread. */
#include "phone/fleet.h"

#include <assert.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/crypto.h"
#include "base/log.h"
#include "base/secret.h"
#include "phone/identities.h"
#include "phone/recorder.h"
#include "phone/ticker.h"

#define RAMP_MS 20
#define COMING_UP_MAX 64    /* phones on their way to their first stream */
#define RAMP_LEAST_PER_S 10 /* even if none gets there */
#define LATE_MS 1000        /* a loop that is so late judges nobody */
#define LATE_FOR_MS 30000
#define KEEP_MS 50          /* how often lines are flushed */
#define SAVE_AFTER_MS 2000  /* identities, after the last change */
#define BODY_MAX_BYTES (4 << 20)

enum stage { STAGE_NEW, STAGE_RUNNING, STAGE_STOPPED };

struct og_fleet {
    struct og_fleet_config config; /* its texts live in `texts` */
    struct og_arena texts;
    struct og_loop *loop;
    struct og_loop_task start_task, stop_task;
    struct {
        pthread_mutex_t lock;
        pthread_cond_t changed;
        enum stage stage;
        bool stop_posted, stop_ran; /* stop_task */
    } shared;
    /* the loop's */
    struct og_vphone_world world;
    struct og_vphone_listener listener;
    struct og_phone_counts counts;
    struct og_vphone **phones;
    struct og_vphone_identity *identities; /* as loaded */
    char (*names)[80];
    int up_count;
    int64_t ramp_began_ms;
    int64_t keeps_at_ms; /* when on_keep should come next */
    struct og_ticker *ramp, *keep;
    struct og_recorder *recorder;
    int64_t save_at_ms; /* 0: nothing to save */
};

void
og_fleet_config_defaults(struct og_fleet_config *config)
{
    *config = (struct og_fleet_config){
        .url = "https://localhost:8443/api/mobile/v1", .name = "otpgate/virtual", .count = 1,
        .seed = 1, .starts_per_s = 200, .connections = 32, .clock = og_clock_system(),
    };
    og_profile_defaults(&config->profile);
}

/* ---- news of the phones ---- */

static void
on_received(void *ctx, struct og_vphone *phone, const struct og_sms *sms)
{
    struct og_fleet *self = ctx;
    if (self->recorder) {
        og_recorder_received(self->recorder, phone, sms);
    }
}

static void
on_sms(void *ctx, struct og_vphone *phone, const struct og_aired_sms *aired)
{
    struct og_fleet *self = ctx;
    if (self->recorder) {
        og_recorder_sms(self->recorder, phone, aired);
    }
    if (self->config.on_sms) {
        const struct og_sms *sms = aired->sms;
        self->config.on_sms(self->config.ctx, &(struct og_fleet_sms){
            .phone = og_vphone_index(phone) + 1, .phone_name = og_vphone_name(phone),
            .device_id = og_vphone_identity(phone)->id, .id = sms->id, .to = aired->to,
            .text = sms->text, .text_len = sms->text_len, .parts = sms->parts, .sim = aired->sim,
            .is_data = sms->is_data, .is_encrypted = sms->is_encrypted});
    }
}

static void
on_report(void *ctx, struct og_vphone *phone, const struct og_sms *sms, enum og_sms_state as,
          int status)
{
    struct og_fleet *self = ctx;
    if (self->recorder) {
        og_recorder_report(self->recorder, phone, sms, as, status);
    }
}

static void
on_violation(void *ctx, struct og_vphone *phone, enum og_violation violation, struct og_str about)
{
    struct og_fleet *self = ctx;
    if (self->recorder) {
        og_recorder_violation(self->recorder, phone, violation, about);
    }
    if (self->config.on_violation) {
        self->config.on_violation(self->config.ctx, og_vphone_index(phone) + 1, violation, about);
    }
}

static void
on_identity(void *ctx, struct og_vphone *phone)
{
    struct og_fleet *self = ctx;
    const struct og_vphone_identity *identity = og_vphone_identity(phone);
    self->save_at_ms = og_mono_ms(self->config.clock) + SAVE_AFTER_MS;
    if (identity->token[0] == '\0') {
        return;
    }
    if (self->recorder) {
        og_recorder_registered(self->recorder, phone);
    }
    if (self->config.on_registered) {
        self->config.on_registered(self->config.ctx, og_vphone_index(phone) + 1, identity->id);
    }
}

/* ---- keeping ---- */

static void
save(struct og_fleet *self)
{
    struct og_err err;
    size_t count = (size_t)self->config.count;
    if (self->save_at_ms == 0 || !self->config.state_file) {
        return;
    }
    self->save_at_ms = 0;
    const struct og_vphone_identity **of = og_xalloc(count * sizeof(of[0]));
    for (size_t i = 0; i < count; i++) { /* those that are not up yet keep what they had */
        of[i] = self->phones[i] ? og_vphone_identity(self->phones[i]) : &self->identities[i];
    }
    if (og_identities_save(self->config.state_file, of, count, &err) != OG_OK) {
        og_log_warn("phone", "the phones' identities cannot be kept", "error=%s",
                    og_log_quote(og_str_from(err.text)));
    }
    free(of);
}

static void
keep_later(struct og_fleet *self)
{
    self->keeps_at_ms = og_mono_ms(self->config.clock) + KEEP_MS;
    og_ticker_after(self->keep, KEEP_MS);
}

static void
on_keep(void *ctx)
{
    struct og_fleet *self = ctx;
    int64_t now_ms = og_mono_ms(self->config.clock);
    if (now_ms - self->keeps_at_ms > LATE_MS) {
        self->world.late_until_ms = now_ms + LATE_FOR_MS;
    }
    if (self->recorder && og_recorder_is_dirty(self->recorder)) {
        og_recorder_flush(self->recorder);
    }
    if (self->save_at_ms != 0 && now_ms >= self->save_at_ms) {
        save(self);
    }
    keep_later(self);
}

/* ---- coming up ---- */

static void
start_phone(struct og_fleet *self, int index)
{
    snprintf(self->names[index], sizeof(self->names[index]),
             self->config.count > 1 ? "%.60s-%d" : "%.60s", self->config.name, index + 1);
    const struct og_vphone_identity *identity = &self->identities[index];
    self->phones[index] =
        og_vphone_create(&self->world, index, self->config.seed, self->names[index],
                         identity->token[0] != '\0' ? identity : NULL);
    og_vphone_start(self->phones[index]);
}

/* How many phones should be up or coming by now. Never so many coming that their calls pass their
 * time limits and are repeated on top of those of the others. */
static int64_t
count_wanted(const struct og_fleet *self)
{
    int64_t since_ms = og_mono_ms(self->config.clock) - self->ramp_began_ms;
    int64_t wanted = 1 + since_ms * self->config.starts_per_s / 1000;
    int64_t bearable = self->counts.phones_up + COMING_UP_MAX;
    int64_t least = since_ms * RAMP_LEAST_PER_S / 1000;
    bearable = least > bearable ? least : bearable;
    return wanted < bearable ? wanted : bearable;
}

static void
on_ramp(void *ctx)
{
    struct og_fleet *self = ctx;
    int64_t wanted = count_wanted(self);
    while (self->up_count < self->config.count && self->up_count < wanted) {
        start_phone(self, self->up_count++);
    }
    if (self->up_count < self->config.count) {
        og_ticker_after(self->ramp, RAMP_MS);
    }
}

static void
start_here(struct og_loop_task *task)
{
    struct og_fleet *self = OG_CONTAINER_OF(task, struct og_fleet, start_task);
    struct og_err err;
    struct og_client_config config = {.ca_file = self->config.ca_file,
                                      .connections_per_host_max = self->config.connections};
    if (og_client_create(self->loop, &config, &self->world.client, &err) != OG_OK) {
        og_log_error("phone", "no HTTP client", "error=%s", og_log_quote(og_str_from(err.text)));
        og_fleet_stop_here(self);
        return;
    }
    self->ramp = og_ticker_create(self->loop, on_ramp, self);
    self->keep = og_ticker_create(self->loop, on_keep, self);
    keep_later(self);
    self->ramp_began_ms = og_mono_ms(self->config.clock);
    if (self->config.on_started) {
        self->config.on_started(self->config.ctx);
    }
    on_ramp(self);
}

/* ---- going down ---- */

static enum stage
change_stage(struct og_fleet *self, enum stage to)
{
    pthread_mutex_lock(&self->shared.lock);
    enum stage was = self->shared.stage;
    if (was < to) {
        self->shared.stage = to;
        pthread_cond_broadcast(&self->shared.changed);
    }
    pthread_mutex_unlock(&self->shared.lock);
    return was;
}

static void
close_phones(struct og_fleet *self)
{
    for (int i = 0; i < self->up_count; i++) {
        og_vphone_destroy(self->phones[i]);
        self->phones[i] = NULL;
    }
    self->up_count = 0;
}

void
og_fleet_stop_here(struct og_fleet *self)
{
    if (!self->listener.ctx) {
        return; /* stopped already */
    }
    self->listener.ctx = NULL;
    save(self);
    close_phones(self);
    og_client_destroy(self->world.client);
    self->world.client = NULL;
    og_ticker_destroy(self->ramp);
    og_ticker_destroy(self->keep);
    self->ramp = self->keep = NULL;
    og_recorder_close(self->recorder);
    self->recorder = NULL;
    void (*on_stopped)(void *ctx) = self->config.on_stopped;
    void *ctx = self->config.ctx;
    if (on_stopped) {
        on_stopped(ctx);
    }
    change_stage(self, STAGE_STOPPED); /* from here on another thread may destroy it */
}

static void
stop_by_task(struct og_loop_task *task)
{
    struct og_fleet *self = OG_CONTAINER_OF(task, struct og_fleet, stop_task);
    og_fleet_stop_here(self);
    pthread_mutex_lock(&self->shared.lock);
    self->shared.stop_ran = true;
    pthread_cond_broadcast(&self->shared.changed);
    pthread_mutex_unlock(&self->shared.lock);
}

void
og_fleet_start(struct og_fleet *self)
{
    if (change_stage(self, STAGE_RUNNING) == STAGE_NEW) {
        og_loop_post(self->loop, &self->start_task);
    }
}

void
og_fleet_stop(struct og_fleet *self)
{
    pthread_mutex_lock(&self->shared.lock);
    if (self->shared.stage == STAGE_RUNNING && !self->shared.stop_posted) {
        self->shared.stop_posted = true;
        og_loop_post(self->loop, &self->stop_task);
    }
    while (self->shared.stop_posted && !self->shared.stop_ran) {
        pthread_cond_wait(&self->shared.changed, &self->shared.lock);
    }
    pthread_mutex_unlock(&self->shared.lock);
}

/* ---- making ---- */

static const char *
keep_text(struct og_fleet *self, const char *text)
{
    return text ? og_str_cstr(&self->texts, og_str_from(text)) : NULL;
}

static const char *
join_url(struct og_fleet *self, const char *path)
{
    struct og_str base = og_str_from(self->config.url);
    while (og_str_ends(base, OG_STR("/"))) {
        base = og_str_slice(base, 0, base.len - 1);
    }
    return og_str_printf(&self->texts, "%" OG_STR_FMT "%s", OG_STR_ARG(base), path).ptr;
}

static void
make_world(struct og_fleet *self)
{
    self->world = (struct og_vphone_world){
        .loop = self->loop, .clock = self->config.clock, .profile = &self->config.profile,
        .url_device = join_url(self, "/device"), .url_message = join_url(self, "/message"),
        .url_pull = {[OG_ORDER_LIFO] = join_url(self, "/message?order=lifo"),
                     [OG_ORDER_FIFO] = join_url(self, "/message?order=fifo")},
        .url_events = join_url(self, "/events"), .url_webhooks = join_url(self, "/webhooks"),
        .url_settings = join_url(self, "/settings"), .url_inbox = join_url(self, "/inbox"),
        .incoming = self->config.incoming, .incoming_count = self->config.incoming_count,
        .passphrase = self->config.passphrase,
        .counts = &self->counts, .listener = &self->listener,
    };
    og_arena_init(&self->world.scratch, 16384);
    og_buf_init(&self->world.body, BODY_MAX_BYTES);
    self->listener = (struct og_vphone_listener){on_received, on_sms, on_report, on_violation,
                                                 on_identity, self};
}

/* The credential of POST /device. Without one there is no Authorization at all, as in the app. */
static bool
make_register_headers(struct og_fleet *self)
{
    const struct og_fleet_config *c = &self->config;
    const char *agent = og_app_profiles[c->profile.app].agent;
    struct og_client_headers *headers = og_client_headers_create();
    struct og_buf credential;
    og_buf_init(&credential, 1024);
    if (c->private_token) {
        og_buf_printf(&credential, "Bearer %s", c->private_token);
    } else if (c->code) {
        og_buf_printf(&credential, "Code %s", c->code);
    } else if (c->login) {
        og_buf_add_cstr(&credential, "Basic ");
        og_base64_encode(og_str_from(c->login), false, &credential);
    }
    bool is_fine = !credential.full &&
                   og_client_headers_add(headers, "Accept", OG_STR("application/json")) &&
                   og_client_headers_add(headers, "Content-Type", OG_STR("application/json")) &&
                   og_client_headers_add(headers, "User-Agent", og_str_from(agent)) &&
                   (credential.len == 0 || og_client_headers_add(headers, "Authorization",
                                                                 og_buf_str(&credential)));
    og_buf_finish(&credential);
    self->world.register_headers = headers;
    return is_fine;
}

static enum og_code
check(const struct og_fleet_config *c, struct og_err *err)
{
    struct og_str url = og_str_from(c->url);
    if (!og_str_starts(url, OG_STR("https://")) && !og_str_starts(url, OG_STR("http://"))) {
        return og_fail(err, OG_E_INVALID, "url", "the URL must begin with https:// or http://");
    }
    if (c->count < 1 || c->count > OG_FLEET_PHONES_MAX) {
        return og_fail(err, OG_E_INVALID, "count", "a fleet has 1 to %d phones",
                       OG_FLEET_PHONES_MAX);
    }
    if (c->login && !strchr(c->login, ':')) {
        return og_fail(err, OG_E_INVALID, "login", "the login is user:password");
    }
    if (c->ca_file && access(c->ca_file, R_OK) != 0) {
        return og_fail(err, OG_E_INVALID, "ca", "the CA file cannot be read: %s", c->ca_file);
    }
    return OG_OK;
}

static const struct og_incoming_text *
keep_incoming(struct og_fleet *self, const struct og_fleet_config *config)
{
    struct og_incoming_text *texts =
        OG_ARENA_ARRAY(&self->texts, struct og_incoming_text, config->incoming_count + 1);
    for (size_t i = 0; i < config->incoming_count; i++) {
        texts[i] = (struct og_incoming_text){keep_text(self, config->incoming[i].from),
                                             keep_text(self, config->incoming[i].text)};
    }
    return texts;
}

static void
copy_config(struct og_fleet *self, const struct og_fleet_config *config)
{
    struct og_fleet_config *c = &self->config;
    *c = *config;
    c->url = keep_text(self, config->url);
    c->ca_file = keep_text(self, config->ca_file);
    c->private_token = keep_text(self, config->private_token);
    c->login = keep_text(self, config->login);
    c->code = keep_text(self, config->code);
    c->passphrase = keep_text(self, config->passphrase);
    c->incoming = keep_incoming(self, config);
    c->name = keep_text(self, config->name);
    c->state_file = keep_text(self, config->state_file);
    c->jsonl_file = keep_text(self, config->jsonl_file);
}

static enum og_code
open_files(struct og_fleet *self, struct og_err *err)
{
    enum og_code code = OG_OK;
    if (self->config.state_file) {
        code = og_identities_load(self->config.state_file, self->identities,
                                  (size_t)self->config.count, err);
    }
    if (code == OG_OK && self->config.jsonl_file) {
        code = og_recorder_open(self->config.jsonl_file, &self->recorder, err);
    }
    return code;
}

enum og_code
og_fleet_create(struct og_loop *loop, const struct og_fleet_config *config, struct og_fleet **out,
                struct og_err *err)
{
    enum og_code code = check(config, err);
    if (code != OG_OK) {
        return code;
    }
    struct og_fleet *self = og_xalloc(sizeof(*self));
    size_t count = (size_t)config->count;
    self->loop = loop;
    self->start_task.run = start_here;
    self->stop_task.run = stop_by_task;
    pthread_mutex_init(&self->shared.lock, NULL);
    pthread_cond_init(&self->shared.changed, NULL);
    copy_config(self, config);
    self->phones = og_xalloc(count * sizeof(self->phones[0]));
    self->identities = og_xalloc(count * sizeof(self->identities[0]));
    self->names = og_xalloc(count * sizeof(self->names[0]));
    make_world(self);
    if (!make_register_headers(self)) {
        code = og_fail(err, OG_E_INVALID, "token", "the credential has characters that no header"
                                                   " can carry, or is too long");
    }
    code = code == OG_OK ? open_files(self, err) : code;
    if (code != OG_OK) {
        og_fleet_destroy(self);
        return code;
    }
    *out = self;
    return OG_OK;
}

void
og_fleet_destroy(struct og_fleet *self)
{
    if (!self) {
        return;
    }
    assert(self->shared.stage != STAGE_RUNNING);
    og_recorder_close(self->recorder);
    og_client_headers_destroy((struct og_client_headers *)self->world.register_headers);
    og_arena_finish(&self->world.scratch);
    og_buf_finish(&self->world.body);
    og_wipe(self->identities, (size_t)self->config.count * sizeof(self->identities[0]));
    free(self->identities);
    free(self->phones);
    free(self->names);
    og_arena_reset(&self->texts); /* wipes the credentials */
    og_arena_finish(&self->texts);
    pthread_cond_destroy(&self->shared.changed);
    pthread_mutex_destroy(&self->shared.lock);
    free(self);
}

const struct og_phone_counts *
og_fleet_counts(const struct og_fleet *self)
{
    return &self->counts;
}
