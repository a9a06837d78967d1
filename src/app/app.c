/*
 * Every room, made and started in order. A step that fails leaves what was made before it to
 * og_app_destroy, which takes a half-made app.
 */
#include "app/app.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "alert/board.h"
#include "alert/outcomes.h"
#include "api/api.h"
#include "app/addresses.h"
#include "app/app_alerts.h"
#include "app/app_codes.h"
#include "app/app_facts.h"
#include "app/app_jobs.h"
#include "app/app_presence.h"
#include "app/app_settings.h"
#include "app/database.h"
#include "base/files.h"
#include "base/log.h"
#include "http/ca.h"
#include "http/server.h"
#include "lane/lanes.h"
#include "live/hub.h"
#include "plan/phone_plan.h"
#include "service/abuse/abuse_service.h"
#include "service/account/account_service.h"
#include "service/audit/audit.h"
#include "service/device/device_service.h"
#include "service/device/routing_service.h"
#include "service/message/message_service.h"
#include "service/otp/otp_service.h"
#include "service/timeline/watchdog.h"
#include "service/webhook/webhook_service.h"
#include "store/sealed_box.h"

#define ADDRESSES_MAX 8
#define CODES_FILE "codes.snapshot" /* between a planned stop and the next start */

struct og_app {
    const struct og_config *config;
    struct og_arena mem; /* paths and the URL */
    struct og_services services;
    struct og_rng rng;
    struct og_lanes *lanes;
    struct og_http_server *server;
    struct og_hub *hub;
    struct og_api *api;
    struct og_app_presence presence;
    struct og_app_jobs jobs;
    struct og_plan *plan;
    struct og_secret operator_token;
    const char *url;
    struct og_ca_files ca; /* empty paths when it is not used */
    const char *operator_file;
    int64_t fsync_us;
    _Atomic bool is_running;
};

static const char *
in_data(struct og_app *self, const char *name)
{
    return og_str_printf(&self->mem, "%s/%s", self->config->data.dir, name).ptr;
}

/* ---- database ---- */

static enum og_code
open_audit(struct og_app *self, struct og_db *db, struct og_err *err)
{
    const struct og_config_audit *config = &self->config->audit;
    if (!config->enabled) {
        return OG_OK;
    }
    enum og_code code = og_audit_create(db, og_str_from(config->origin),
                                        self->services.keys.audit.public_key,
                                        &self->services.lane.audit, err);
    if (code == OG_OK) {
        og_audit_limit(self->services.lane.audit, config->entries_max, config->when_full == 1);
    }
    return code;
}

static enum og_code
bring_schema_up(struct og_app *self, struct og_err *err)
{
    struct og_db *db = NULL;
    enum og_code code = og_app_db_open(self->config, &self->services.keys,
                                       og_now_ms(self->services.clock), &self->mem, &db, err);
    code = code == OG_OK ? open_audit(self, db, err) : code;
    og_db_close(db);
    if (code == OG_OK) {
        code = og_db_measure_fsync(self->config->data.dir, &self->fsync_us, err);
    }
    return code;
}

/* What lives in memory, from the rows: before any lane runs. */
static enum og_code
load_memory(struct og_app *self, struct og_err *err)
{
    const int64_t now_ms = og_now_ms(self->services.clock);
    struct og_services *svc = &self->services;
    struct og_db *db = og_lanes_writer(self->lanes);
    bool was_made = false, is_lost = access(self->operator_file, F_OK) != 0;
    enum og_code code = og_operator_ensure(svc, db, now_ms, self->operator_file, is_lost, &was_made,
                                           &self->operator_token, err);
    if (code == OG_OK) {
        code = og_device_load(svc, db, err);
    }
    if (code == OG_OK) {
        code = og_routing_load(svc, db, err);
    }
    if (code == OG_OK) {
        code = og_otp_load(svc, db, now_ms, err);
    }
    og_audit_add(svc, &(struct og_audit_event){.kind = OG_AUDIT_SERVICE_START,
                                               .detail = OG_STR("version=" OG_VERSION)});
    if (code == OG_OK) {
        code = og_abuse_load(svc, db, now_ms, err);
    }
    if (code == OG_OK) {
        code = og_message_load(svc, db, err);
    }
    if (code == OG_OK) {
        code = og_webhook_load(svc, db, now_ms, err);
    }
    return code;
}

static void
flush_hints(void *ctx)
{
    struct og_app *self = ctx;
    og_hub_flush(self->hub);
    og_abuse_batch_end(&self->services);
}

static enum og_code
make_lanes(struct og_app *self, struct og_err *err)
{
    const struct og_config_lane *lane = &self->config->lane;
    struct og_audit *audit = self->services.lane.audit;
    struct og_lanes_config config = {
        .db = og_app_db_config(self->config, &self->mem),
        .queue_max = lane->queue_max,
        .batch_max = lane->batch_max,
        .reader_count = lane->readers,
        .slow_queue_max = lane->slow_queue_max,
        .linger_us = lane->linger_us,
        .clock = self->services.clock,
        .journal = audit ? og_audit_journal(audit) : NULL,
        .after_batch = flush_hints,
        .ctx = self,
    };
    return og_lanes_create(&config, &self->lanes, err);
}

/* ---- services ---- */

static enum og_code
random_of_system(void *ctx, void *out, size_t size_bytes, struct og_err *err)
{
    (void)ctx;
    return og_random_bytes(out, size_bytes, err);
}

bool
og_app_wants_country(const struct og_app *self)
{
    const struct og_shield_config *config = og_shield_config(self->services.shield);
    return config->region_count == 0 && config->mode == OG_SHIELD_ENFORCE;
}

/* What would make every start of a verification fail. */
static void
warn_of_shield(const struct og_app *self)
{
    struct og_err err;
    if (og_app_wants_country(self)) {
        og_log_warn("app", "no country may get codes yet: start with --abuse.home and yours, as DE",
                    "");
    }
    if (og_shield_config(self->services.shield)->mode != OG_SHIELD_OFF &&
        !og_plan_is_there(self->plan, &err)) {
        og_log_warn("app", "numbering plans are missing: messages that the shield judges get 503",
                    "reason=%s", og_log_quote(og_str_from(err.text)));
    }
}

static enum og_code
make_shield(struct og_app *self, struct og_err *err)
{
    struct og_services *svc = &self->services;
    struct og_shield_config config;
    uint8_t random[OG_KEY_BYTES];
    enum og_code code = og_random_bytes(random, sizeof random, err);
    if (code != OG_OK) {
        return code;
    }
    og_app_shield_config(self->config, &config);
    og_key_derive(&svc->keys.number, "abuse", &config.key);
    config.shared_key = svc->keys.shared;
    og_key_from_bytes(random, &config.challenge_key);
    svc->shield = og_shield_create(&config);
    svc->abuse.servers = og_app_texts(&self->config->abuse.servers, &self->mem);
    og_wipe(random, sizeof random);
    og_wipe(&config, sizeof config);
    warn_of_shield(self);
    return OG_OK;
}

static enum og_code
make_services(struct og_app *self, struct og_err *err)
{
    struct og_services *svc = &self->services;
    enum og_code code = og_app_db_keys(self->config, &self->mem, &svc->keys, err);
    if (code != OG_OK) {
        return code;
    }
    (void)mlock(svc, sizeof *svc); /* where it is permitted: keys do not reach the swap */
    self->rng = (struct og_rng){random_of_system, NULL};
    svc->rng = &self->rng;
    svc->clock = og_clock_system();
    og_app_alerts_board(self->config, svc);
    self->plan = og_plan_create(NULL);
    svc->plan = og_plan_face(self->plan);
    svc->plan_age_max_ms = self->config->number.plan_age_max_ms;
    og_app_message_policy(self->config, &svc->message);
    og_app_otp_policy(self->config, &svc->otp);
    svc->inbox = (struct og_inbox_policy){self->config->inbox.enabled,
                                          self->config->inbox.keep_ms};
    svc->lane.dispatch = og_dispatch_create();
    struct og_route_policy routing;
    og_app_route_policy(self->config, &routing);
    svc->lane.routes = og_route_table_create(&routing);
    code = og_app_codes_open(self->config, in_data(self, CODES_FILE), svc, err);
    if (code == OG_OK) {
        code = make_shield(self, err);
    }
    /* a missing module is better found now than by the first national number */
    return code == OG_OK && svc->message.default_region[0] ? og_plan_load(self->plan, err) : code;
}

/* ---- http ---- */

/* What the operator named, and the addresses under which phones find us. */
static struct og_str_list
certificate_names(struct og_app *self)
{
    struct og_str_list named = og_app_texts(&self->config->http.names, &self->mem);
    struct og_str_list local = og_app_addresses(&self->mem, ADDRESSES_MAX);
    struct og_str *items =
        OG_ARENA_ARRAY(&self->mem, struct og_str, named.count + local.count + 1);
    for (size_t i = 0; i < named.count; i++) {
        items[i] = named.items[i];
    }
    for (size_t i = 0; i < local.count; i++) {
        items[named.count + i] = local.items[i];
    }
    return (struct og_str_list){items, named.count + local.count};
}

/* The host of a URL to us: what the first listener says, `any` where it listens everywhere. */
static struct og_str
host_of_listener(struct og_app *self, struct og_str any)
{
    struct og_str address = og_str_from(self->config->http.listen.items[0].address);
    if (og_str_eq(address, OG_STR("0.0.0.0")) || og_str_eq(address, OG_STR("::"))) {
        return any;
    }
    bool is_loopback =
        og_str_starts(address, OG_STR("127.")) || og_str_eq(address, OG_STR("::1"));
    return is_loopback ? OG_STR("localhost") : address;
}

static const char *
url_with(struct og_app *self, struct og_str host)
{
    bool is_v6 = og_str_find(host, ':') < host.len;
    return og_str_printf(&self->mem, "%s://%s%" OG_STR_FMT "%s:%d",
                         self->config->http.tls ? "https" : "http", is_v6 ? "[" : "",
                         OG_STR_ARG(host), is_v6 ? "]" : "",
                         og_http_server_port(self->server, 0)).ptr;
}

/* Where phones are sent: as configured, else this machine's first address on its network. */
static const char *
public_url(struct og_app *self)
{
    if (self->config->http.public_url[0]) {
        return self->config->http.public_url;
    }
    struct og_str_list local = og_app_addresses(&self->mem, 1);
    struct og_str any = local.count ? local.items[0] : OG_STR("localhost");
    return url_with(self, host_of_listener(self, any));
}

/* The built-in CA, unless the operator brought certificates. */
static enum og_code
provide_certificate(struct og_app *self, struct og_http_config *http, struct og_err *err)
{
    if (!self->config->http.tls || http->cert_file) {
        return OG_OK;
    }
    struct og_str_list names = certificate_names(self);
    enum og_code code = og_ca_ensure(in_data(self, "ca"), &names,
                                     og_now_ms(self->services.clock), &self->ca, err);
    http->cert_file = self->ca.server_cert;
    http->key_file = self->ca.server_key;
    return code;
}

static enum og_code
make_hub(struct og_app *self, struct og_err *err)
{
    int loop_count = og_http_server_loop_count(self->server);
    struct og_loop **loops = OG_ARENA_ARRAY(&self->mem, struct og_loop *, (size_t)loop_count);
    for (int i = 0; i < loop_count; i++) {
        loops[i] = og_http_server_loop(self->server, i);
    }
    struct og_hub_config config = {
        .keepalive_ms = self->config->phone.keepalive_ms,
        .wake_gap_ms = self->config->phone.wake_gap_ms,
        .streams_per_device_max = self->config->phone.streams_per_device_max,
        .clock = self->services.clock,
        .on_presence = og_app_presence,
        .ctx = &self->presence,
    };
    self->presence = (struct og_app_presence){&self->services, self->lanes, &self->is_running};
    enum og_code code = og_hub_create(&config, loops, loop_count, &self->hub, err);
    self->services.lane.hub = self->hub;
    og_api_set_hub(self->api, self->hub);
    return code;
}

static enum og_code
make_api(struct og_app *self, int loop_count, struct og_err *err)
{
    struct og_api_config config = {
        .services = &self->services,
        .lanes = self->lanes,
        .loop_count = loop_count,
        .gate = {
            .services = &self->services,
            .lanes = self->lanes,
            .loop_count = loop_count,
            .public_registration = self->config->phone.public_registration,
            .failures_max = self->config->login.failures_max,
            .lock_ms = self->config->login.lock_ms,
            .registrations_max = self->config->login.registrations_max,
            .trusted_proxies = og_app_texts(&self->config->http.trusted_proxies, &self->mem),
        },
    };
    return og_api_create(&config, &self->api, err);
}

static enum og_code
make_server(struct og_app *self, struct og_err *err)
{
    struct og_http_config http;
    og_app_http_config(self->config, &http);
    http.clock = self->services.clock;
    http.ticket_key_file = self->config->http.tls ? in_data(self, "tickets.key") : NULL;
    enum og_code code = provide_certificate(self, &http, err);
    /* the gate needs the number of loops, the loops come with the server, the server needs a
     * handler */
    if (code == OG_OK) {
        code = make_api(self, og_http_config_loop_count(&http), err);
    }
    if (code == OG_OK) {
        struct og_http_handler handler = og_api_handler(self->api);
        code = og_http_server_create(&http, &handler, &self->server, err);
    }
    if (code != OG_OK) {
        return code;
    }
    self->url = url_with(self, host_of_listener(self, OG_STR("localhost")));
    og_api_set_server(self->api, self->server);
    og_api_set_public_url(self->api, public_url(self),
                          self->config->http.public_url[0] != '\0');
    og_api_set_fsync_us(self->api, self->fsync_us);
    return OG_OK;
}

/* ---- life ---- */

static enum og_code
make_crypto(struct og_app *self, struct og_err *err)
{
    enum og_code code = og_crypto_init(err);
    return code == OG_OK ? og_dir_make(self->config->data.dir, err) : code;
}

static enum og_code
make_jobs(struct og_app *self, struct og_err *err)
{
    const struct og_app_jobs_room room = {
        .config = self->config,
        .services = &self->services,
        .lanes = self->lanes,
        .loop = og_http_server_loop(self->server, 0),
        .mem = &self->mem,
    };
    return og_app_jobs_open(&self->jobs, &room, err);
}

typedef enum og_code make_fn(struct og_app *self, struct og_err *err);

/* Each needs what stands before it. */
static make_fn *const steps[] = {
    make_crypto, make_services, bring_schema_up, make_lanes, make_server, make_hub, load_memory,
    make_jobs,
};

static enum og_code
make_all(struct og_app *self, struct og_err *err)
{
    enum og_code code = OG_OK;
    for (size_t i = 0; code == OG_OK && i < sizeof steps / sizeof steps[0]; i++) {
        code = steps[i](self, err);
    }
    return code;
}

enum og_code
og_app_create(const struct og_config *config, struct og_app **out, struct og_err *err)
{
    struct og_app *self = og_xalloc(sizeof *self);
    self->config = config;
    og_arena_init(&self->mem, 0);
    self->operator_file = in_data(self, "operator.token");
    og_box_register_metrics();
    og_message_phone_metrics();
    og_otp_register_metrics();
    og_watchdog_register_metrics();
    og_abuse_register_metrics();
    og_alert_register_metrics();
    og_app_jobs_metrics();
    og_audit_register_metrics();
    og_purge_register_metrics();
    enum og_code code = make_all(self, err);
    if (code != OG_OK) {
        og_app_destroy(self);
        return code;
    }
    *out = self;
    return OG_OK;
}

/* For the command line: where the running server is. */
static enum og_code
write_whereabouts(struct og_app *self, struct og_err *err)
{
    struct og_str text = og_str_printf(&self->mem, "{\"url\":\"%s\",\"pid\":%ld}\n", self->url,
                                       (long)getpid());
    return og_file_write(in_data(self, "gateway.json"), text, 0644, err);
}

static void
tell_facts(struct og_app *self)
{
    const char *own = self->config->http.cert_file;
    const char *certificate = own[0] ? own : self->ca.server_cert;
    og_app_facts_tell(self->config, self->config->http.tls ? certificate : "", &self->services,
                      self->lanes);
}

enum og_code
og_app_start(struct og_app *self, struct og_err *err)
{
    enum og_code code = og_lanes_start(self->lanes, err);
    if (code == OG_OK) {
        code = og_app_jobs_start(&self->jobs, err);
    }
    if (code == OG_OK) {
        code = og_http_server_start(self->server, err);
    }
    if (code != OG_OK) {
        return code;
    }
    self->is_running = true;
    tell_facts(self);
    og_api_set_ready(self->api, true);
    og_log_info("app", "ready", "url=%s data=%s fsync_us=%lld", self->url,
                og_log_quote(og_str_from(self->config->data.dir)), (long long)self->fsync_us);
    return write_whereabouts(self, err);
}

struct og_app_parts
og_app_parts(struct og_app *self)
{
    return (struct og_app_parts){&self->services, self->lanes, self->hub,
                                 og_http_server_loop(self->server, 0)};
}

enum og_code
og_app_reload(struct og_app *self, struct og_err *err)
{
    enum og_code code = self->config->http.tls ? og_http_server_reload(self->server, err) : OG_OK;
    if (code == OG_OK) {
        tell_facts(self);
    }
    return code;
}

void
og_app_stop(struct og_app *self)
{
    if (!self->is_running) {
        return;
    }
    self->is_running = false;
    og_api_set_ready(self->api, false);
    og_http_server_stop(self->server);
    og_app_codes_settle(&self->services);
    og_app_jobs_stop(&self->jobs);
    og_hub_stop(self->hub);
    /* the last entry; what the lanes still apply may come behind it */
    (void)!og_audit_note(&self->services, self->lanes,
                         &(struct og_audit_event){.kind = OG_AUDIT_SERVICE_STOP});
    og_lanes_stop(self->lanes);
    og_app_jobs_end(&self->jobs);
    (void)!unlink(in_data(self, "gateway.json"));
    og_log_info("app", "stopped", "");
}

void
og_app_destroy(struct og_app *self)
{
    if (!self) {
        return;
    }
    og_http_server_destroy(self->server); /* its loops run what the lanes still posted */
    og_app_jobs_close(&self->jobs);
    og_lanes_destroy(self->lanes);
    og_hub_destroy(self->hub);
    og_api_destroy(self->api);
    og_dispatch_destroy(self->services.lane.dispatch);
    og_route_table_destroy(self->services.lane.routes);
    og_audit_destroy(self->services.lane.audit);
    og_app_codes_close(self->config, in_data(self, CODES_FILE), &self->services);
    og_shield_destroy(self->services.shield);
    og_plan_destroy(self->plan);
    og_alert_board_destroy(self->services.alerts);
    og_outcomes_destroy(self->services.lane.outcomes);
    og_wipe(&self->services.keys, sizeof self->services.keys);
    og_secret_finish(&self->operator_token);
    og_arena_finish(&self->mem);
    free(self);
}

const char *
og_app_url(const struct og_app *self)
{
    return self->url;
}

const char *
og_app_ca_file(const struct og_app *self)
{
    return self->ca.ca_cert;
}

const char *
og_app_new_operator_token(const struct og_app *self)
{
    return self->operator_token.bytes;
}

void
og_app_forget_operator_token(struct og_app *self)
{
    og_secret_finish(&self->operator_token);
}

const char *
og_app_operator_file(const struct og_app *self)
{
    return self->operator_file;
}
