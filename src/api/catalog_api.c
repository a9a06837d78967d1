/*
 * One row per API in a table, one answer for everybody. Source: wire/smsgate.md section 1.2.
 */
#include "api/catalog_api.h"

#include <pthread.h>
#include <stdlib.h>

#include "abuse/counters.h"
#include "api/api_priv.h"
#include "base/json.h"
#include "cache/source.h"

#define MEDIA_TYPE                                                                                \
    "application/linkset+json; profile=\"https://www.rfc-editor.org/info/rfc9727\""

#define REQUESTS_MAX 60
#define WINDOW_MS 60000
#define SOURCES_MAX 1024

/* ---- the limit ---- */

struct og_catalog_limit {
    struct {
        pthread_mutex_t lock;
        struct og_counters *counters;
    } shared;
};

struct og_catalog_limit *
og_catalog_limit_create(void)
{
    struct og_catalog_limit *self = og_xalloc(sizeof *self);
    pthread_mutex_init(&self->shared.lock, NULL);
    self->shared.counters = og_counters_create(WINDOW_MS, SOURCES_MAX);
    return self;
}

void
og_catalog_limit_destroy(struct og_catalog_limit *self)
{
    if (self) {
        og_counters_destroy(self->shared.counters);
        pthread_mutex_destroy(&self->shared.lock);
        free(self);
    }
}

static uint64_t
key_of(struct og_call *call)
{
    char source[OG_SOURCE_KEY_BYTES];
    uint8_t digest[OG_DIGEST_BYTES];
    uint64_t key;
    og_source_key(og_gate_source(call->api->gate, call->req), source);
    const struct og_str parts[] = {OG_STR("catalog"), og_str_from(source)};
    og_mac_parts(&og_call_services(call)->keys.cache, parts, 2, digest);
    memcpy(&key, digest, sizeof key);
    return key;
}

/* Count the request; or seconds to wait when there were too many. */
static int
spend(struct og_call *call)
{
    struct og_catalog_limit *self = call->api->catalog_limit;
    uint64_t key = key_of(call);
    pthread_mutex_lock(&self->shared.lock);
    int64_t now_ms = og_mono_ms(og_call_services(call)->clock);
    int64_t wait_ms = og_counters_wait_ms(self->shared.counters, key, now_ms, REQUESTS_MAX, 1);
    if (wait_ms == 0) {
        og_counters_add(self->shared.counters, key, now_ms, 1);
    }
    pthread_mutex_unlock(&self->shared.lock);
    return (int)((wait_ms + 999) / 1000);
}

/* ---- the catalog ---- */

/* Paths are below the public URL unless they are URLs; NULL: there is none. */
static const struct {
    const char *anchor, *service_desc, *service_doc, *status;
} apis[] = {
    {"/api/3rdparty/v1", "/api/docs/doc.json", "https://docs.sms-gate.app/",
     "/api/3rdparty/v1/health/ready"},
    {"/otp/v1", "/openapi.json", NULL, "/health/ready"},
    {"/admin/v1", "/openapi.json", NULL, "/health/ready"},
};

static struct og_str
full_url(struct og_call *call, const char *place)
{
    struct og_str base = place[0] == '/' ? og_call_public_url(call) : OG_STR("");
    return og_str_printf(og_call_mem(call), "%" OG_STR_FMT "%s", OG_STR_ARG(base), place);
}

static void
write_link(struct og_call *call, struct og_json_writer *w, const char *relation, const char *place,
           const char *type)
{
    if (!place) {
        return;
    }
    og_json_array(w, relation);
    og_json_object(w, NULL);
    og_json_add_str(w, "href", full_url(call, place));
    og_json_add_cstr(w, "type", type);
    og_json_end(w);
    og_json_end(w);
}

static void
write_linkset(struct og_call *call, struct og_json_writer *w)
{
    og_json_object(w, NULL);
    og_json_array(w, "linkset");
    for (size_t i = 0; i < sizeof apis / sizeof apis[0]; i++) {
        og_json_object(w, NULL);
        og_json_add_str(w, "anchor", full_url(call, apis[i].anchor));
        write_link(call, w, "service-desc", apis[i].service_desc, "application/json");
        write_link(call, w, "service-doc", apis[i].service_doc, "text/html");
        write_link(call, w, "status", apis[i].status, "application/json");
        og_json_end(w);
    }
    og_json_end(w);
    og_json_end(w);
}

static void
catalog(struct og_call *call)
{
    int wait_s = spend(call);
    if (wait_s > 0) {
        struct og_err err;
        og_fail(&err, OG_E_LIMITED, "", "too many requests; the answer may be kept for an hour");
        err.retry_after_s = wait_s;
        og_call_refuse(call, OG_E_LIMITED, &err);
        return;
    }
    struct og_answer answer = {.status = 200, .content_type = OG_STR(MEDIA_TYPE)};
    struct og_json_writer w;
    og_buf_init(&answer.body, 8192);
    og_json_begin(&w, &answer.body);
    write_linkset(call, &w);
    og_answer_header(&answer, "Cache-Control", OG_STR("public, max-age=3600"));
    og_answer_header(&answer, "Link", OG_STR(OG_CATALOG_LINK));
    og_call_answer(call, &answer);
}

const struct og_route og_catalog_routes[] = {
    {OG_GET, OG_CATALOG_PATH, .family = OG_FAMILY_ROOT, .who = OG_WHO_ANYONE,
     .take_over = catalog},
};

const int og_catalog_route_count = sizeof og_catalog_routes / sizeof og_catalog_routes[0];
