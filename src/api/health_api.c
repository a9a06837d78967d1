/*
 * Health in the shape of wire/smsgate.md section 2.9, metrics, and the API's description.
 */
#include "api/health_api.h"

#include <stdio.h>

#include "alert/board.h"
#include "api/api_priv.h"
#include "base/json.h"
#include "base/metrics.h"
#include "codes/code_store.h"
#include "openapi_json.h"

#define FSYNC_SLOW_US 700 /* above this 20,000 messages a second do not stay under 10 ms */
#define DAY_MS (24 * 3600 * INT64_C(1000))
#define METRICS_BYTES_MAX (1024 * 1024)

enum level { PASS, WARN, FAIL };
static const char *const level_names[] = {"pass", "warn", "fail"};

struct check {
    const char *name;
    const char *unit;
    int64_t value;
    enum level level;
    const char *reason; /* "" when all is well */
};

static struct check
check_database(struct og_api *api, char *reason, size_t reason_bytes)
{
    struct og_lane_health lane;
    og_lane_health(api->config.lanes, OG_LANE_WRITE, &lane);
    snprintf(reason, reason_bytes, "%s", lane.is_failing ? lane.reason : "");
    return (struct check){"db:ping", "waiting operations", lane.waiting,
                          lane.is_failing ? FAIL : PASS, reason};
}

static struct check
check_fsync(struct og_api *api)
{
    int64_t us = api->fsync_us;
    bool is_slow = us > FSYNC_SLOW_US;
    return (struct check){"db:fsync", "microseconds", us < INT32_MAX ? us : INT32_MAX,
                          is_slow ? WARN : PASS,
                          is_slow ? "the disk is slow to confirm writes; answers wait for it" : ""};
}

static struct check
check_phones(struct og_api *api)
{
    int count = api->hub ? og_hub_stream_count(api->hub) : 0;
    return (struct check){"phones:streams", "streams", count, count ? PASS : WARN,
                          count ? "" : "no phone is connected"};
}

/* Messages go out without it, so it degrades the gateway and does not end it. */
static struct check
check_codes(struct og_api *api, char *reason, size_t reason_bytes)
{
    struct og_code_store *codes = api->config.services->codes;
    struct og_code_health health = {0};
    if (codes->health) {
        health = codes->health(codes);
    }
    snprintf(reason, reason_bytes, "%s", health.reason);
    return (struct check){"codes:store", "bool", health.level != OG_CODE_HEALTH_DOWN,
                          health.level == OG_CODE_HEALTH_UP ? PASS : WARN, reason};
}

/* "" unless it is known to be older than the operator wants. */
static void
tell_age(const struct og_services *svc, int64_t made_at, char *reason, size_t reason_bytes)
{
    char date[OG_TIME_TEXT_BYTES];
    const int64_t age_ms = made_at ? og_now_ms(svc->clock) - made_at : 0;
    reason[0] = '\0';
    if (svc->plan_age_max_ms && age_ms > svc->plan_age_max_ms) {
        og_time_format(made_at, date);
        snprintf(reason, reason_bytes, "numbering plans are %lld days old, of %.10s: newer ranges "
                 "of numbers are not known", (long long)(age_ms / DAY_MS), date);
    }
}

/* How old the knowledge of numbers is. Without it no code goes out where the shield judges. */
static struct check
check_plan(const struct og_api *api, char *reason, size_t reason_bytes)
{
    const struct og_phone_plan *plan = api->config.services->plan;
    const bool is_gone = plan && plan->is_there && !plan->is_there(plan->ctx);
    tell_age(api->config.services, plan && plan->made_at ? plan->made_at(plan->ctx) : 0, reason,
             reason_bytes);
    if (is_gone) {
        snprintf(reason, reason_bytes, "numbering plans are missing; see the log of the start");
    }
    return (struct check){"numbers:plan", plan ? plan->version : "none", plan && !is_gone,
                          reason[0] ? WARN : PASS, reason};
}

/* Kinds only: subjects are for operators. */
static struct check
check_alerts(struct og_api *api, char *reason, size_t reason_bytes)
{
    struct og_alert_board *board = api->config.services->alerts;
    int counts[OG_ALERT_KINDS] = {0}, total = 0;
    struct og_buf kinds;
    if (board) {
        og_alert_counts(board, counts);
    }
    og_buf_init(&kinds, reason_bytes);
    for (int i = 0; i < OG_ALERT_KINDS; i++) {
        if (counts[i]) {
            og_buf_printf(&kinds, "%s%s", total ? ", " : "", og_alert_kinds[i].word);
        }
        total += counts[i];
    }
    snprintf(reason, reason_bytes, "%s", total ? kinds.ptr : "");
    og_buf_finish(&kinds);
    return (struct check){"alerts:active", "alerts", total, total ? WARN : PASS, reason};
}

static void
write_check(struct og_json_writer *w, const struct check *check)
{
    og_json_object(w, check->name);
    if (check->reason[0]) {
        og_json_add_cstr(w, "description", check->reason);
    }
    og_json_add_cstr(w, "observedUnit", check->unit);
    og_json_add_i64(w, "observedValue", check->value);
    og_json_add_cstr(w, "status", level_names[check->level]);
    og_json_end(w);
}

static void
answer_health(struct og_call *call, const struct check *checks, int count)
{
    enum level worst = PASS;
    for (int i = 0; i < count; i++) {
        worst = checks[i].level > worst ? checks[i].level : worst;
    }
    struct og_answer answer = {.status = worst == FAIL ? 503 : 200};
    struct og_json_writer w;
    og_buf_init(&answer.body, 8192);
    og_json_begin(&w, &answer.body);
    og_json_object(&w, NULL);
    og_json_add_cstr(&w, "status", level_names[worst]);
    og_json_add_cstr(&w, "version", OG_VERSION);
    og_json_object(&w, "checks");
    for (int i = 0; i < count; i++) {
        write_check(&w, &checks[i]);
    }
    og_json_end(&w);
    og_json_end(&w);
    og_call_answer(call, &answer);
}

void
og_health_ready(struct og_call *call)
{
    struct og_api *api = call->api;
    char reason[160], codes_reason[160], plan_reason[160], alert_reason[512];
    struct check checks[] = {
        check_database(api, reason, sizeof reason),
        check_codes(api, codes_reason, sizeof codes_reason),
        check_fsync(api),
        check_phones(api),
        check_plan(api, plan_reason, sizeof plan_reason),
        check_alerts(api, alert_reason, sizeof alert_reason),
        {"server:started", "bool", api->is_ready, api->is_ready ? PASS : FAIL,
         api->is_ready ? "" : "starting or stopping"},
    };
    answer_health(call, checks, sizeof checks / sizeof checks[0]);
}

void
og_health_live(struct og_call *call)
{
    int connections = 0, streams = 0;
    if (call->api->server) {
        og_http_server_counts(call->api->server, &connections, &streams);
    }
    struct check check = {"server:connections", "connections", connections, PASS, ""};
    answer_health(call, &check, 1);
}

void
og_health_startup(struct og_call *call)
{
    answer_health(call, NULL, 0);
}

void
og_health_metrics(struct og_call *call)
{
    struct og_answer answer = {.status = 200,
                               .content_type = OG_STR("text/plain; version=0.0.4")};
    og_buf_init(&answer.body, METRICS_BYTES_MAX);
    og_metrics_write(&answer.body);
    og_call_answer(call, &answer);
}

void
og_health_openapi(struct og_call *call)
{
    og_call_answer_static(call, "application/json",
                          (struct og_str){og_openapi_json, og_openapi_json_bytes});
}
