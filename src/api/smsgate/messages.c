/*
 * Messages of the sms-gate.app API: decode and encode, pure.
 */
#include "api/smsgate/messages.h"

#include <stdio.h>
#include <stdlib.h>

#include "api/gate/client_address.h"
#include "api/smsgate/json.h"
#include "api/smsgate/query.h"
#include "base/id.h"
#include "core/label.h"
#include "route/rules.h"
#include "service/abuse/abuse_service.h"
#include "service/message/message_service.h"

#define ID_CHARS_MAX 36
#define NUMBER_CHARS_MAX 128
#define CIPHER_CHARS_MAX 512 /* an encrypted number is opaque and longer */
#define TTL_MIN_S 5
#define CLASS_CHARS_MAX 16
#define HOUR_MS (3600 * INT64_C(1000))

struct send_ask {
    struct og_str id;
    struct og_str device_id;
    struct og_str message;
    const struct og_json *text_message;
    const struct og_json *data_message;
    struct og_str_list numbers;
    int64_t sim_number;
    int64_t priority;
    int64_t ttl_s;
    int64_t valid_until;
    int64_t schedule_at;
    struct og_str text;
    int64_t port;
    struct og_str class;
    struct og_str tag;
    bool want_report;
    bool is_encrypted;
    bool has_ttl, has_valid_until, has_schedule;
};

#define AT(member) offsetof(struct send_ask, member)

static const struct og_json_member send_members[] = {
    {"id", OG_JSON_STRING, AT(id), false, 0, ID_CHARS_MAX},
    {"deviceId", OG_JSON_STRING, AT(device_id), false, 0, OG_ID_CHARS},
    {"message", OG_JSON_STRING, AT(message), false, 0, 65535},
    {"textMessage", OG_JSON_OBJECT, AT(text_message), false},
    {"dataMessage", OG_JSON_OBJECT, AT(data_message), false},
    {"phoneNumbers", OG_JSON_STRINGS, AT(numbers), true, 1, INT64_MAX},
    {"simNumber", OG_JSON_INT, AT(sim_number), false, 1, 3},
    {"priority", OG_JSON_INT, AT(priority), false, -128, 127},
    {"ttl", OG_JSON_INT, AT(ttl_s), false, TTL_MIN_S, INT64_C(31536000), AT(has_ttl)},
    {"validUntil", OG_JSON_TIME, AT(valid_until), false, 0, 0, AT(has_valid_until)},
    {"scheduleAt", OG_JSON_TIME, AT(schedule_at), false, 0, 0, AT(has_schedule)},
    {"withDeliveryReport", OG_JSON_BOOL, AT(want_report), false},
    {"isEncrypted", OG_JSON_BOOL, AT(is_encrypted), false},
    /* ours: the peer ignores them */
    {"class", OG_JSON_STRING, AT(class), false, 1, CLASS_CHARS_MAX},
    {"tag", OG_JSON_STRING, AT(tag), false, 1, OG_ROUTE_TAG_CHARS_MAX},
};

static const struct og_json_member text_members[] = {
    {"text", OG_JSON_STRING, AT(text), true, 1, 65535},
};

static const struct og_json_member data_members[] = {
    {"data", OG_JSON_STRING, AT(text), true, 4, 65535},
    {"port", OG_JSON_INT, AT(port), true, 1, 65535},
};

/* ---- send ---- */

/* The table's limit is the protocol's; the operator may have set a lower one. */
static enum og_code
check_length(struct og_call *call, const struct send_ask *ask, struct og_err *err)
{
    int most = og_call_services(call)->message.text_chars_max;
    int64_t chars = 0;
    for (size_t i = 0; i < ask->text.len; i++) {
        chars += ((unsigned char)ask->text.ptr[i] & 0xC0) != 0x80;
    }
    return chars <= most
               ? OG_OK
               : og_fail(err, OG_E_INVALID, ask->text_message ? "textMessage.text" : "message",
                         "must have at most %d characters", most);
}

static enum og_code
decode_data(struct og_call *call, struct send_ask *ask, struct og_err *err)
{
    enum og_code code =
        og_json_decode(ask->data_message, data_members, 2, OG_JSON_UNKNOWN_IGNORED, "dataMessage",
                       og_call_mem(call), ask, err);
    if (code != OG_OK || ask->is_encrypted) {
        return code; /* what is encrypted is not ours to read */
    }
    struct og_buf bytes;
    og_buf_init(&bytes, ask->text.len);
    bool is_base64 = og_base64_decode(ask->text, false, &bytes);
    og_buf_finish(&bytes);
    return is_base64 ? OG_OK
                     : og_fail(err, OG_E_INVALID, "dataMessage.data", "must be padded base64");
}

/* Exactly one of the three kinds of content. */
static enum og_code
decode_content(struct og_call *call, struct send_ask *ask, struct og_err *err)
{
    int kinds = (ask->message.len > 0) + (ask->text_message != NULL) + (ask->data_message != NULL);
    if (kinds != 1) {
        return og_fail(err, OG_E_INVALID, "textMessage",
                       "give exactly one of textMessage, dataMessage and message");
    }
    if (ask->data_message) {
        return decode_data(call, ask, err);
    }
    ask->text = ask->message;
    if (ask->text_message) {
        enum og_code code = og_json_decode(ask->text_message, text_members, 1,
                                           OG_JSON_UNKNOWN_IGNORED, "textMessage",
                                           og_call_mem(call), ask, err);
        if (code != OG_OK) {
            return code;
        }
    }
    return check_length(call, ask, err);
}

static enum og_code
decode_id(const struct send_ask *ask, struct og_err *err)
{
    /* The phone splits at the first bar and would never report such a message (2.1). Control
     * characters could break the event stream. */
    for (size_t i = 0; i < ask->id.len; i++) {
        if (ask->id.ptr[i] == '|' || (unsigned char)ask->id.ptr[i] < 0x20) {
            return og_fail(err, OG_E_INVALID, "id", "must not hold '|' or control characters");
        }
    }
    return OG_OK;
}

static enum og_code
decode_validity(struct og_call *call, struct send_ask *ask, struct og_err *err)
{
    if (ask->has_ttl && ask->has_valid_until) {
        return og_fail(err, OG_E_INVALID, "ttl", "give either ttl or validUntil");
    }
    if (ask->has_ttl) {
        ask->valid_until = call->now_ms + ask->ttl_s * 1000;
    }
    if (ask->has_valid_until && ask->valid_until <= 0) {
        return og_fail(err, OG_E_INVALID, "validUntil", "must be after 1970");
    }
    if (ask->has_schedule && ask->schedule_at <= call->now_ms) {
        return og_fail(err, OG_E_INVALID, "scheduleAt", "must be in the future");
    }
    if (ask->has_schedule && ask->valid_until && ask->schedule_at > ask->valid_until) {
        return og_fail(err, OG_E_INVALID, "scheduleAt",
                       "scheduleAt must be less than or equal to validUntil");
    }
    return OG_OK;
}

/* One number into the list, in E.164 unless the sender wants it verbatim. */
static enum og_code
decode_number(struct og_call *call, struct og_str text, bool is_verbatim, size_t chars_max,
              const char *field, struct og_str *out, struct og_err *err)
{
    if (text.len == 0 || text.len > chars_max) {
        return og_fail(err, OG_E_INVALID, field, "must have 1 to %zu characters", chars_max);
    }
    if (is_verbatim) {
        *out = text;
        return OG_OK;
    }
    struct og_services *svc = og_call_services(call);
    return og_phone_parse(text, og_str_from(svc->message.default_region), svc->plan, field,
                          og_call_mem(call), out, err);
}

static int
compare_str(const void *a, const void *b)
{
    const struct og_str *x = *(const struct og_str *const *)a, *y = *(const struct og_str *const *)b;
    size_t len = x->len < y->len ? x->len : y->len;
    int order = len ? memcmp(x->ptr, y->ptr, len) : 0;
    return order ? order : (x->len > y->len) - (x->len < y->len);
}

static bool
has_twins(const struct og_str *numbers, size_t count, struct og_arena *mem)
{
    const struct og_str **sorted = OG_ARENA_ARRAY(mem, const struct og_str *, count);
    for (size_t i = 0; i < count; i++) {
        sorted[i] = &numbers[i];
    }
    qsort(sorted, count, sizeof *sorted, compare_str);
    for (size_t i = 1; i < count; i++) {
        if (og_str_eq(*sorted[i - 1], *sorted[i])) {
            return true;
        }
    }
    return false;
}

static enum og_code
decode_numbers(struct og_call *call, const struct send_ask *ask, struct og_str_list *out,
               struct og_err *err)
{
    size_t most = (size_t)og_call_services(call)->message.recipients_max;
    if (ask->numbers.count > most) {
        return og_fail(err, OG_E_INVALID, "phoneNumbers", "at most %zu numbers", most);
    }
    bool is_verbatim = ask->is_encrypted;
    enum og_code code =
        og_query_bool(call->req, "skipPhoneValidation", &is_verbatim, err);
    if (code != OG_OK) {
        return code;
    }
    is_verbatim = is_verbatim || ask->is_encrypted;
    struct og_str *numbers =
        OG_ARENA_ARRAY(og_call_mem(call), struct og_str, ask->numbers.count);
    for (size_t i = 0; i < ask->numbers.count; i++) {
        char field[48];
        snprintf(field, sizeof field, "phoneNumbers[%zu]", i);
        code = decode_number(call, ask->numbers.items[i], is_verbatim,
                             ask->is_encrypted ? CIPHER_CHARS_MAX : NUMBER_CHARS_MAX, field,
                             &numbers[i], err);
        if (code != OG_OK) {
            return code;
        }
    }
    if (has_twins(numbers, ask->numbers.count, og_call_mem(call))) {
        return og_fail(err, OG_E_INVALID, "phoneNumbers", "phone numbers must be unique");
    }
    *out = (struct og_str_list){numbers, ask->numbers.count};
    return OG_OK;
}

/* Codes have an API of their own. */
static enum og_code
decode_class(const struct send_ask *ask, bool *is_bulk, struct og_err *err)
{
    enum og_route_class class = OG_ROUTE_TRANSACTIONAL;
    const bool is_known = !ask->class.len || og_route_class_from_text(ask->class, &class);
    *is_bulk = class == OG_ROUTE_BULK;
    if (!is_known || class == OG_ROUTE_OTP) {
        return og_fail(err, OG_E_INVALID, "class", "must be transactional or bulk");
    }
    return ask->tag.len ? og_label_check(ask->tag, OG_ROUTE_TAG_CHARS_MAX, "tag", err) : OG_OK;
}

static enum og_code
decode_rest(struct og_call *call, struct send_ask *ask, struct og_send_op *op,
            struct og_err *err)
{
    int64_t active_within_h = 0;
    enum og_code code = og_query_int(call->req, "deviceActiveWithin", 0, 24 * 366,
                                     &active_within_h, err);
    if (code == OG_OK) {
        code = decode_content(call, ask, err);
    }
    if (code == OG_OK) {
        code = decode_id(ask, err);
    }
    if (code == OG_OK) {
        code = decode_validity(call, ask, err);
    }
    if (code == OG_OK) {
        code = decode_numbers(call, ask, &op->ask.numbers, err);
    }
    if (code == OG_OK) {
        code = decode_class(ask, &op->ask.is_bulk, err);
    }
    op->ask.tag = ask->tag;
    op->ask.active_within_ms = active_within_h * HOUR_MS;
    return code;
}

enum og_code
og_smsgate_send_decode(struct og_call *call, struct og_op *op, struct og_err *err)
{
    struct og_send_op *self = (struct og_send_op *)op;
    struct send_ask ask = {.want_report = true};
    const struct og_json *body;
    enum og_code code = og_call_json(call, &body, err);
    if (code == OG_OK) {
        code = og_json_decode(body, send_members, sizeof send_members / sizeof send_members[0],
                              OG_JSON_UNKNOWN_IGNORED, "", og_call_mem(call), &ask, err);
    }
    if (code == OG_OK) {
        code = decode_rest(call, &ask, self, err);
    }
    self->svc = og_call_services(call);
    self->mem = og_call_mem(call);
    self->ask.account_id = call->who.account_id;
    self->ask.client_id = ask.id;
    self->ask.device_id = ask.device_id;
    self->ask.text = ask.text;
    self->ask.data_port = ask.port;
    self->ask.schedule_at_ms = ask.schedule_at;
    self->ask.sim_number = ask.sim_number;
    self->ask.priority = ask.priority;
    self->ask.valid_until_ms = ask.valid_until;
    self->ask.want_report = ask.want_report;
    self->ask.is_encrypted = ask.is_encrypted;
    self->ask.is_sandbox = call->who.is_sandbox;
    self->account_name = call->who.account_name;
    self->credential_id = call->who.credential_id;
    if (code == OG_OK) {
        code = og_client_address(call, (struct og_str){0}, &self->source, err);
    }
    return code == OG_OK ? og_abuse_read_message(self, err) : code;
}

static void
share_done(struct og_abuse_share *share)
{
    og_call_continue(share->ctx, share->ask.code, &share->ask.err);
}

void
og_smsgate_send_prepare(struct og_call *call, struct og_op *op)
{
    struct og_send_op *self = (struct og_send_op *)op;
    self->share.ready = share_done;
    self->share.ctx = call;
    og_abuse_share_take(&self->share, self->svc, call->req->loop, self->cases, self->case_count);
}

void
og_smsgate_send_failed(struct og_call *call, struct og_op *op)
{
    struct og_send_op *self = (struct og_send_op *)op;
    (void)call;
    og_abuse_share_end(&self->share, self->svc, false);
}

void
og_smsgate_send_encode(struct og_call *call, struct og_op *op, struct og_answer *answer)
{
    struct og_send_op *self = (struct og_send_op *)op;
    struct og_json_writer w;
    og_abuse_share_end(&self->share, self->svc, true);
    og_json_begin(&w, &answer->body);
    og_smsgate_write_state(&w, &self->out, true, NULL);
    struct og_str id = og_message_public_id(&self->out);
    if (og_id_is_plain(id)) {
        og_answer_header(answer, "Location",
                         og_str_printf(og_call_mem(call),
                                       "/api/3rdparty/v1/messages/%" OG_STR_FMT,
                                       OG_STR_ARG(id)));
    }
}

/* ---- get, cancel ---- */

enum og_code
og_smsgate_one_decode(struct og_call *call, struct og_op *op, struct og_err *err)
{
    struct og_message_one_op *self = (struct og_message_one_op *)op;
    (void)err;
    self->svc = og_call_services(call);
    self->mem = og_call_mem(call);
    self->account_id = call->who.account_id;
    self->id = call->params[0];
    return OG_OK;
}

void
og_smsgate_one_encode(struct og_call *call, struct og_op *op, struct og_answer *answer)
{
    struct og_message_one_op *self = (struct og_message_one_op *)op;
    struct og_json_writer w;
    (void)call;
    og_json_begin(&w, &answer->body);
    og_smsgate_write_state(&w, &self->out, true, NULL);
}

/* ---- list ---- */

static enum og_code
decode_words(const struct og_http_request *req, struct og_message_filter *filter,
             struct og_err *err)
{
    struct og_str text;
    if (og_http_query(req, "state", &text)) {
        enum og_message_state state;
        if (!og_message_state_from_text(text, &state)) {
            return og_fail(err, OG_E_INVALID, "state", "is not a state of a message");
        }
        filter->state = (int)state;
    }
    if (og_http_query(req, "deviceId", &filter->device_id) &&
        filter->device_id.len != OG_ID_CHARS) {
        return og_fail(err, OG_E_INVALID, "deviceId", "must have %d characters", OG_ID_CHARS);
    }
    if (og_http_query(req, "sort", &text)) {
        filter->ascending = og_str_eq(text, OG_STR("created_at"));
        if (!filter->ascending && !og_str_eq(text, OG_STR("-created_at"))) {
            return og_fail(err, OG_E_INVALID, "sort", "must be created_at or -created_at");
        }
    }
    return OG_OK;
}

enum og_code
og_smsgate_list_decode(struct og_call *call, struct og_op *op, struct og_err *err)
{
    struct og_message_list_op *self = (struct og_message_list_op *)op;
    const struct og_http_request *req = call->req;
    int64_t limit = 50, offset = 0;
    struct og_message_filter *filter = &self->filter;
    *filter = (struct og_message_filter){.account_id = call->who.account_id, .state = -1};
    enum og_code code = og_query_time(req, "from", &filter->from_ms, err);
    if (code == OG_OK) {
        code = og_query_time(req, "to", &filter->to_ms, err);
    }
    if (code == OG_OK) {
        code = og_query_int(req, "limit", 1, 100, &limit, err);
    }
    if (code == OG_OK) {
        code = og_query_int(req, "offset", 0, INT32_MAX, &offset, err);
    }
    if (code == OG_OK) {
        code = og_query_bool(req, "includeContent", &filter->with_content, err);
    }
    if (code == OG_OK) {
        code = decode_words(req, filter, err);
    }
    filter->limit = (int)limit;
    filter->offset = (int)offset;
    self->svc = og_call_services(call);
    self->mem = og_call_mem(call);
    return code;
}

void
og_smsgate_list_encode(struct og_call *call, struct og_op *op, struct og_answer *answer)
{
    struct og_message_list_op *self = (struct og_message_list_op *)op;
    struct og_json_writer w;
    og_json_begin(&w, &answer->body);
    og_json_array(&w, NULL);
    for (int i = 0; i < self->count; i++) {
        og_smsgate_write_state(&w, &self->items[i], self->filter.with_content, NULL);
    }
    og_json_end(&w);
    og_answer_header(answer, "X-Total-Count",
                     og_str_printf(og_call_mem(call), "%lld", (long long)self->total));
}
