/*
 * What is wished of a new batch, out of a body or, where that is a list, out of the query. Pure.
 */
#include "api/batch/ask.h"

#include "api/smsgate/query.h"
#include "base/id.h"
#include "core/label.h"
#include "route/rules.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define TEXT_CHARS_MAX 10000
#define TTL_MIN_S 60

struct make_ask {
    struct og_str id, text, tag, to_column, separator;
    int64_t priority, ttl_s, valid_until, per_minute;
    bool delivery_report, repeat_numbers, start;
    const struct og_json *recipients;
    bool has_ttl, has_valid_until, has_start;
};

#define AT(member) offsetof(struct make_ask, member)

static const struct og_json_member make_members[] = {
    {"text", OG_JSON_STRING, AT(text), true, 1, TEXT_CHARS_MAX},
    {"id", OG_JSON_STRING, AT(id), false, 1, OG_BATCH_ID_MAX_CHARS},
    {"tag", OG_JSON_STRING, AT(tag), false, 1, OG_ROUTE_TAG_CHARS_MAX},
    {"priority", OG_JSON_INT, AT(priority), false, -128, 127},
    {"ttl", OG_JSON_INT, AT(ttl_s), false, TTL_MIN_S, OG_BATCH_LIFE_MS / 1000, AT(has_ttl)},
    {"valid_until", OG_JSON_TIME, AT(valid_until), false, 0, 0, AT(has_valid_until)},
    {"per_minute", OG_JSON_INT, AT(per_minute), false, 0, OG_BATCH_PER_MINUTE_MAX},
    {"delivery_report", OG_JSON_BOOL, AT(delivery_report), false},
    {"repeat_numbers", OG_JSON_BOOL, AT(repeat_numbers), false},
    {"start", OG_JSON_BOOL, AT(start), false, 0, 0, AT(has_start)},
    {"recipients", OG_JSON_ARRAY, AT(recipients), false},
};

bool
og_batch_ask_is_csv(const struct og_call *call)
{
    const struct og_str type = og_http_header(call->req, "Content-Type");
    return og_str_eq_nocase(og_str_trim(og_str_slice(type, 0, og_str_find(type, ';'))),
                            OG_STR("text/csv"));
}

/* With a CSV as the body the wishes stand in the query, by the same names. */
static enum og_code
read_make_query(struct og_call *call, struct make_ask *ask, struct og_err *err)
{
    const struct og_http_request *req = call->req;
    og_http_query(req, "id", &ask->id);
    og_http_query(req, "tag", &ask->tag);
    ask->has_ttl = og_http_query(req, "ttl", &(struct og_str){0});
    ask->has_valid_until = og_http_query(req, "valid_until", &(struct og_str){0});
    if (!og_http_query(req, "text", &ask->text) || ask->text.len == 0) {
        return og_fail(err, OG_E_INVALID, "text", "is required");
    }
    if (ask->text.len > TEXT_CHARS_MAX || !og_str_is_utf8(ask->text)) {
        return og_fail(err, OG_E_INVALID, "text", "must be UTF-8 of at most %d bytes",
                       TEXT_CHARS_MAX);
    }
    enum og_code code = og_query_int(req, "priority", -128, 127, &ask->priority, err);
    if (code == OG_OK) {
        code = og_query_int(req, "ttl", TTL_MIN_S, OG_BATCH_LIFE_MS / 1000, &ask->ttl_s, err);
    }
    if (code == OG_OK) {
        code = og_query_time(req, "valid_until", &ask->valid_until, err);
    }
    if (code == OG_OK) {
        code = og_query_int(req, "per_minute", 0, OG_BATCH_PER_MINUTE_MAX, &ask->per_minute, err);
    }
    if (code == OG_OK) {
        code = og_query_bool(req, "delivery_report", &ask->delivery_report, err);
    }
    if (code == OG_OK) {
        code = og_query_bool(req, "repeat_numbers", &ask->repeat_numbers, err);
    }
    return code == OG_OK ? og_query_bool(req, "start", &ask->start, err) : code;
}

static enum og_code
read_make_body(struct og_call *call, struct make_ask *ask, struct og_err *err)
{
    const struct og_json *body;
    enum og_code code = og_call_json(call, &body, err);
    if (code == OG_OK) {
        code = og_json_decode(body, make_members, COUNT(make_members), OG_JSON_UNKNOWN_REFUSED, "",
                              og_call_mem(call), ask, err);
    }
    if (!ask->has_start) {
        ask->start = ask->recipients != NULL;
    }
    return code;
}

static enum og_code
check_make(struct og_call *call, const struct make_ask *ask, struct og_err *err)
{
    if (ask->id.len && (ask->id.len > OG_BATCH_ID_MAX_CHARS || !og_id_is_plain(ask->id))) {
        return og_fail(err, OG_E_UNPROCESSABLE, "id",
                       "must have 1 to %d characters of A-Z a-z 0-9 _ -", OG_BATCH_ID_MAX_CHARS);
    }
    if (ask->has_ttl && ask->has_valid_until) {
        return og_fail(err, OG_E_UNPROCESSABLE, "ttl", "give either ttl or valid_until");
    }
    if (ask->has_valid_until && (ask->valid_until <= call->now_ms ||
                                 ask->valid_until > call->now_ms + OG_BATCH_LIFE_MS)) {
        return og_fail(err, OG_E_UNPROCESSABLE, "valid_until",
                       "must be in the next %lld days", (long long)(OG_BATCH_LIFE_MS / 86400000));
    }
    const enum og_code code =
        ask->tag.len ? og_label_check(ask->tag, OG_ROUTE_TAG_CHARS_MAX, "tag", err) : OG_OK;
    return code == OG_OK ? og_fill_check(ask->text, err) : code;
}

static struct og_batch
batch_of(const struct og_call *call, const struct make_ask *ask)
{
    return (struct og_batch){
        .id = ask->id,
        .account_id = call->who.account_id,
        .credential_id = call->who.credential_id,
        .text = ask->text,
        .tag = ask->tag,
        .priority = ask->priority,
        .want_report = ask->delivery_report,
        .repeats = ask->repeat_numbers,
        .is_sandbox = call->who.is_sandbox,
        .per_minute = ask->per_minute,
        .ttl_ms = ask->ttl_s * 1000,
        .valid_until = ask->valid_until,
    };
}

enum og_code
og_batch_ask_read(struct og_call *call, struct og_batch_ask *out, struct og_err *err)
{
    struct make_ask ask = {.delivery_report = true, .start = true};
    enum og_code code = og_batch_ask_is_csv(call) ? read_make_query(call, &ask, err)
                                                  : read_make_body(call, &ask, err);
    if (code == OG_OK) {
        code = check_make(call, &ask, err);
    }
    *out = (struct og_batch_ask){batch_of(call, &ask), ask.recipients, ask.start};
    return code;
}
