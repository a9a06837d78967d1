/*
 * The walk of a request: route, gate, decode, lane, encode. Nothing here knows what a route does.
 */
#include "api/call.h"

#include <stdlib.h>

#include "api/api_priv.h"
#include "api/catalog_api.h"
#include "api/problem.h"
#include "base/json.h"
#include "base/log.h"

#define ANSWER_BYTES_MAX (32 * 1024 * 1024) /* 100 messages of 64 KiB, escaped */
#define ANSWER_BYTES_USUAL 1000             /* room for most, taken at once */

void
og_answer_header(struct og_answer *answer, const char *name, struct og_str value)
{
    int most = (int)(sizeof answer->headers / sizeof answer->headers[0]);
    if (answer->header_count < most) {
        answer->headers[answer->header_count++] = (struct og_header){og_str_from(name), value};
    }
}

struct og_services *
og_call_services(struct og_call *call)
{
    return call->api->config.services;
}

enum og_code
og_call_submit(struct og_call *call, enum og_lane lane, struct og_op *op,
               const struct og_op_kind *kind, struct og_err *err)
{
    op->kind = kind;
    op->home = call->req->loop;
    op->origin = &call->origin;
    const enum og_code code = og_lane_submit(call->api->config.lanes, lane, op);
    return code == OG_OK ? OG_OK : og_fail(err, code, "", "the queue is full");
}

struct og_str
og_call_public_url(struct og_call *call)
{
    return og_str_from(call->api->public_url);
}

struct og_str
og_call_reached_url(struct og_call *call)
{
    struct og_str host = og_http_header(call->req, "Host");
    if (call->api->is_public_url_set || host.len == 0) {
        return og_call_public_url(call);
    }
    return og_str_printf(call->req->mem, "%s://%" OG_STR_FMT, call->req->is_tls ? "https" : "http",
                         OG_STR_ARG(host));
}

/* ---- the answer ---- */

static void
end_call(struct og_call *call)
{
    og_json_doc_finish(call->doc ? call->doc : &(struct og_json_doc){0});
}

static void
send_answer(struct og_call *call, struct og_answer *answer)
{
    static const struct og_str json = {"application/json", 16};
    if (call->who.kind == OG_WHO_APP && call->route->family == OG_FAMILY_SMSGATE) {
        og_answer_header(answer, "Link", OG_STR(OG_CATALOG_LINK));
    }
    struct og_http_reply reply = {
        .status = answer->status,
        .body = og_buf_str(&answer->body),
        .headers = answer->headers,
        .header_count = (size_t)answer->header_count,
    };
    if (reply.body.len) {
        reply.content_type = answer->content_type.len ? answer->content_type : json;
    }
    end_call(call);
    og_http_answer(call->req, &reply);
    og_buf_finish(&answer->body);
}

void
og_call_answer(struct og_call *call, struct og_answer *answer)
{
    if (answer->body.full) {
        struct og_err err;
        og_buf_finish(&answer->body);
        og_call_refuse(call, og_fail(&err, OG_E_INTERNAL, "", "answer too large"), &err);
        return;
    }
    send_answer(call, answer);
}

static void
log_refusal(const struct og_call *call, enum og_code code, const struct og_err *err)
{
    if (code != OG_E_INTERNAL && code != OG_E_UNAVAILABLE && code != OG_E_UNREADABLE) {
        og_log_debug("api", "request refused", "code=%s field=%s", og_code_wire(code),
                     og_log_quote(og_str_from(err ? err->field : "")));
        return;
    }
    static struct og_log_limit limit;
    int64_t held;
    if (og_log_limit_pass(&limit, 1000, &held)) {
        og_log_error("api", "request failed", "route=%s code=%s reason=%s held=%lld",
                     call->route ? call->route->path : "", og_code_wire(code),
                     og_log_quote(og_str_from(err ? err->text : "")), (long long)held);
    }
}

/* RFC 6750 section 3: why a token is not enough, for those who came with one. */
static void
add_challenge(struct og_call *call, enum og_code code, const struct og_err *err,
              struct og_answer *answer)
{
    static const struct og_str missing = {"scope required: ", 16};
    struct og_str text = og_str_from(err ? err->text : "");
    struct og_str word = og_str_trim(og_http_header(call->req, "Authorization"));
    word = og_str_slice(word, 0, og_str_find(word, ' '));
    if (!call->route || call->route->who != OG_WHO_APP ||
        !og_str_eq_nocase(word, OG_STR("Bearer"))) {
        return;
    }
    if (code == OG_E_UNAUTHORIZED) {
        answer->header_count = 0; /* instead of the family's */
        og_answer_header(answer, "WWW-Authenticate",
                         OG_STR("Bearer realm=\"otpgate\", error=\"invalid_token\""));
    } else if (code == OG_E_FORBIDDEN && og_str_starts(text, missing)) {
        struct og_str scope = og_str_slice(text, missing.len, text.len);
        og_answer_header(answer, "WWW-Authenticate",
                         og_str_printf(call->req->mem,
                                       "Bearer realm=\"otpgate\", error=\"insufficient_scope\", "
                                       "scope=\"%" OG_STR_FMT "\"", OG_STR_ARG(scope)));
    }
}

void
og_call_refuse(struct og_call *call, enum og_code code, const struct og_err *err)
{
    og_log_set_request(call->req->id);
    log_refusal(call, code, err);
    og_log_set_request(OG_STR(""));
    struct og_answer answer = {0};
    og_buf_init(&answer.body, 4096);
    enum og_family family = call->route ? call->route->family : og_problem_family(call->req->path);
    og_problem_write(family, code, err, call->req->id, call->req->mem, &answer);
    add_challenge(call, code, err, &answer);
    if (og_gate_is_plain_text(err)) {
        og_buf_clear(&answer.body);
        og_buf_add_cstr(&answer.body, err->text);
        answer.content_type = OG_STR("text/plain; charset=utf-8");
    }
    send_answer(call, &answer);
}

void
og_call_answer_static(struct og_call *call, const char *content_type, struct og_str body)
{
    struct og_answer answer = {.status = 200, .content_type = og_str_from(content_type)};
    og_buf_init(&answer.body, body.len + 1);
    og_buf_add(&answer.body, body);
    send_answer(call, &answer);
}

/* ---- lane and back ---- */

static void
encode(struct og_call *call)
{
    const struct og_route *route = call->route;
    struct og_answer answer = {0};
    og_buf_init(&answer.body, ANSWER_BYTES_MAX);
    if (route->encode) {
        (void)og_buf_reserve(&answer.body, ANSWER_BYTES_USUAL);
        route->encode(call, call->op, &answer);
    }
    if (answer.status == 0) {
        answer.status = route->success;
    }
    og_call_answer(call, &answer);
}

static void
refuse_op(struct og_call *call, enum og_code code, const struct og_err *err)
{
    if (call->route->failed && call->op) {
        call->route->failed(call, call->op);
    }
    og_call_refuse(call, code, err);
}

/* The operation knows its call by standing right behind a pointer to it. */
struct og_call_op {
    struct og_call *call;
    _Alignas(16) unsigned char op[];
};

void
og_call_done(struct og_op *op)
{
    struct og_call *call = OG_CONTAINER_OF(op, struct og_call_op, op)->call;
    if (op->code == OG_OK) {
        encode(call);
    } else {
        refuse_op(call, op->code, &op->err);
    }
}

static struct og_op_origin
origin_of(const struct og_call *call)
{
    const struct og_caller *who = &call->who;
    struct og_str actor = who->device_id.len ? who->device_id : who->credential_id;
    return (struct og_op_origin){
        .actor = actor,
        .ip = og_gate_source(call->api->gate, call->req),
        .request = call->req->id,
    };
}

void
og_call_continue(struct og_call *call, enum og_code code, const struct og_err *err)
{
    if (code != OG_OK) {
        refuse_op(call, code, err);
        return;
    }
    const struct og_route *route = call->route;
    if (route->lane == OG_LANE_NONE) {
        encode(call);
        return;
    }
    struct og_err full;
    code = og_call_submit(call, route->lane, call->op, &route->kind, &full);
    if (code != OG_OK) {
        refuse_op(call, code, &full);
    }
}

/* ---- gate, decode ---- */

static bool
pass_over(void *ctx, struct og_str name, struct og_str value)
{
    (void)ctx, (void)name, (void)value;
    return true;
}

/* A parameter that cannot be read must not count as one that was left out. */
static enum og_code
check_query(const struct og_call *call, struct og_err *err)
{
    return og_http_query_each(call->req, pass_over, NULL)
               ? OG_OK
               : og_fail(err, OG_E_INVALID, "", "the query is not well formed");
}

static void
after_gate(struct og_call *call, enum og_code code, const struct og_err *gate_err)
{
    const struct og_route *route = call->route;
    if (code != OG_OK) {
        og_call_refuse(call, code, gate_err);
        return;
    }
    if (route->take_over) {
        route->take_over(call);
        return;
    }
    call->origin = origin_of(call);
    struct og_err err = {0};
    code = check_query(call, &err);
    if (code != OG_OK) {
        og_call_refuse(call, code, &err);
        return;
    }
    if (route->op_bytes) {
        struct og_call_op *holder =
            og_arena_alloc(call->req->mem, sizeof *holder + route->op_bytes);
        holder->call = call;
        call->op = (struct og_op *)holder->op;
        call->origin = origin_of(call);
    }
    if (route->decode) {
        code = route->decode(call, call->op, &err);
    }
    if (code != OG_OK) {
        og_call_refuse(call, code, &err);
    } else if (route->acts && call->req->method == OG_HEAD) {
        og_call_answer(call, &(struct og_answer){.status = route->success});
    } else if (route->prepare) {
        route->prepare(call, call->op);
    } else {
        og_call_continue(call, OG_OK, NULL);
    }
}

void
og_call_begin(struct og_call *call)
{
    call->now_ms = og_now_ms(call->api->config.services->clock);
    og_gate_check(call->api->gate, call, after_gate);
}
