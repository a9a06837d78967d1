/*
 * Reading what phones received, and asking them to read their inbox again: decode and encode, pure.
 * All values of the event are texts, because the app reads them so.
 */
#include "api/smsgate/inbox.h"

#include "api/api_priv.h"
#include "api/smsgate/query.h"
#include "base/id.h"
#include "base/json.h"
#include "service/device/inbox_service.h"

#define INBOX_LIMIT_MAX 500
#define PREVIEW_BYTES_MAX 4096 /* in lists; one read by itself is whole */

/* ---- asking for it again ---- */

struct refresh_ask {
    struct og_str device_id;
    struct og_str delivery;
    struct og_str_list types;
    int64_t since, until;
    bool triggers;
    bool has_types;
};

#define AT(member) offsetof(struct refresh_ask, member)

static const struct og_json_member members[] = {
    {"deviceId", OG_JSON_STRING, AT(device_id), false, 0, 21},
    {"since", OG_JSON_TIME, AT(since), true},
    {"until", OG_JSON_TIME, AT(until), true},
    {"messageTypes", OG_JSON_STRINGS, AT(types), false, 1, 8, AT(has_types)},
    {"webhookDelivery", OG_JSON_STRING, AT(delivery), false, 0, 16},
    {"triggerWebhooks", OG_JSON_BOOL, AT(triggers), false},
};

/* "SMS", "MMS" or "SMS,MMS"; "" when the phone may choose. */
static enum og_code
join_types(const struct refresh_ask *ask, struct og_str *out, struct og_err *err)
{
    static const char *const joined[] = {"", "SMS", "MMS", "SMS,MMS"};
    unsigned found = 0;
    for (size_t i = 0; ask->has_types && i < ask->types.count; i++) {
        bool is_sms = og_str_eq(ask->types.items[i], OG_STR("SMS"));
        if (!is_sms && !og_str_eq(ask->types.items[i], OG_STR("MMS"))) {
            return og_fail(err, OG_E_INVALID, "messageTypes", "each must be SMS or MMS");
        }
        found |= is_sms ? 1 : 2;
    }
    *out = og_str_from(joined[found]);
    return OG_OK;
}

static enum og_code
check_delivery(struct refresh_ask *ask, struct og_err *err)
{
    static const char *const words[] = {"Disabled", "Individual", "Batch"};
    if (!ask->delivery.len) {
        ask->delivery = og_str_from(words[ask->triggers]);
        return OG_OK;
    }
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (og_str_eq(ask->delivery, og_str_from(words[i]))) {
            return OG_OK;
        }
    }
    return og_fail(err, OG_E_INVALID, "webhookDelivery", "must be Disabled, Individual or Batch");
}

static struct og_str
make_event(struct og_arena *mem, const struct refresh_ask *ask, struct og_str types)
{
    struct og_buf buf;
    struct og_json_writer w;
    og_buf_init(&buf, 512);
    og_json_begin(&w, &buf);
    og_json_object(&w, NULL);
    og_json_add_time(&w, "since", ask->since);
    og_json_add_time(&w, "until", ask->until);
    if (types.len) {
        og_json_add_str(&w, "messageTypes", types);
    }
    og_json_add_str(&w, "webhookDelivery", ask->delivery);
    bool triggers = !og_str_eq(ask->delivery, OG_STR("Disabled"));
    og_json_add_cstr(&w, "triggerWebhooks", triggers ? "true" : "false");
    og_json_end(&w);
    struct og_str event = og_str_dup(mem, og_buf_str(&buf));
    og_buf_finish(&buf);
    return event;
}

static enum og_code
decode(struct og_call *call, struct refresh_ask *ask, struct og_str *types, struct og_err *err)
{
    const struct og_json *body;
    enum og_code code = og_call_json(call, &body, err);
    if (code == OG_OK) {
        code = og_json_decode(body, members, sizeof members / sizeof members[0],
                              OG_JSON_UNKNOWN_IGNORED, "", og_call_mem(call), ask, err);
    }
    if (code == OG_OK && ask->since > ask->until) {
        code = og_fail(err, OG_E_INVALID, "since", "must not be after until");
    }
    if (code == OG_OK) {
        code = join_types(ask, types, err);
    }
    return code == OG_OK ? check_delivery(ask, err) : code;
}

static void
fill(struct og_call *call, struct og_inbox_refresh_op *self, const struct refresh_ask *ask,
     struct og_str types)
{
    self->svc = og_call_services(call);
    self->mem = og_call_mem(call);
    self->account_id = call->who.account_id;
    self->device_id = ask->device_id;
    self->event = make_event(self->mem, ask, types);
}

enum og_code
og_smsgate_refresh_decode(struct og_call *call, struct og_op *op, struct og_err *err)
{
    struct refresh_ask ask = {0};
    struct og_str types = OG_STR("");
    enum og_code code = decode(call, &ask, &types, err);
    if (code == OG_OK) {
        fill(call, (struct og_inbox_refresh_op *)op, &ask, types);
    }
    return code;
}

enum og_code
og_smsgate_export_decode(struct og_call *call, struct og_op *op, struct og_err *err)
{
    struct refresh_ask ask = {0};
    struct og_str types;
    enum og_code code = decode(call, &ask, &types, err);
    if (code == OG_OK) {
        ask.delivery = OG_STR("Individual");
        fill(call, (struct og_inbox_refresh_op *)op, &ask, OG_STR("SMS"));
    }
    return code;
}

/* An object, where the peer sends a word: clients parse what is not empty. */
void
og_smsgate_refresh_encode(struct og_call *call, struct og_op *op, struct og_answer *answer)
{
    (void)call, (void)op;
    og_buf_add_cstr(&answer->body, "{}");
}

void
og_smsgate_export_encode(struct og_call *call, struct og_op *op, struct og_answer *answer)
{
    og_smsgate_refresh_encode(call, op, answer);
    og_answer_header(answer, "Deprecation", OG_STR("true"));
}

/* ---- what was received ---- */

static enum og_code
decode_type(const struct og_http_request *req, int *out, struct og_err *err)
{
    struct og_str text;
    enum og_incoming_type type;
    *out = -1;
    if (!og_http_query(req, "type", &text)) {
        return OG_OK;
    }
    if (!og_incoming_type_from_text(text, &type)) {
        return og_fail(err, OG_E_INVALID, "type",
                       "must be SMS, DATA_SMS, MMS or MMS_DOWNLOADED");
    }
    *out = (int)type;
    return OG_OK;
}

static enum og_code
decode_span(const struct og_http_request *req, struct og_inbox_filter *filter, struct og_err *err)
{
    int64_t limit = 50, offset = 0;
    bool ignored = false; /* attachments stay on the phone, whoever asks for them */
    enum og_code code = og_query_time(req, "from", &filter->from_ms, err);
    if (code == OG_OK) {
        code = og_query_time(req, "to", &filter->to_ms, err);
    }
    if (code == OG_OK) {
        code = og_query_int(req, "limit", 1, INBOX_LIMIT_MAX, &limit, err);
    }
    if (code == OG_OK) {
        code = og_query_int(req, "offset", 0, INT32_MAX, &offset, err);
    }
    if (code == OG_OK) {
        code = og_query_bool(req, "includeAttachments", &ignored, err);
    }
    filter->limit = (int)limit;
    filter->offset = (int)offset;
    return code;
}

enum og_code
og_smsgate_inbox_list_decode(struct og_call *call, struct og_op *op, struct og_err *err)
{
    struct og_inbox_list_op *self = (struct og_inbox_list_op *)op;
    struct og_inbox_filter *filter = &self->filter;
    self->svc = og_call_services(call);
    self->mem = og_call_mem(call);
    self->sender = OG_STR("");
    *filter = (struct og_inbox_filter){.account_id = call->who.account_id};
    (void)og_http_query(call->req, "sender", &self->sender);
    (void)og_http_query(call->req, "deviceId", &filter->device_id);
    if (filter->device_id.ptr && filter->device_id.len != OG_ID_CHARS) {
        return og_fail(err, OG_E_INVALID, "deviceId", "must have %d characters", OG_ID_CHARS);
    }
    enum og_code code = decode_type(call->req, &filter->type, err);
    return code == OG_OK ? decode_span(call->req, filter, err) : code;
}

/* The beginning of a text, no part of a character. */
static struct og_str
cut(struct og_str text, size_t bytes_max)
{
    size_t len = text.len < bytes_max ? text.len : bytes_max;
    while (len < text.len && len > 0 && ((unsigned char)text.ptr[len] & 0xc0) == 0x80) {
        len--;
    }
    return og_str_slice(text, 0, len);
}

static void
write_item(struct og_json_writer *w, const struct og_incoming *item, size_t text_bytes_max)
{
    og_json_object(w, NULL);
    og_json_add_str(w, "id", item->id);
    og_json_add_str(w, "deviceId", item->device_id);
    og_json_add_cstr(w, "type", og_incoming_type_name(item->type));
    og_json_add_str(w, "sender", item->sender);
    if (item->recipient.len) {
        og_json_add_str(w, "recipient", item->recipient);
    }
    if (item->sim_number) {
        og_json_add_i64(w, "simNumber", item->sim_number);
    }
    if (item->subject.len) {
        og_json_add_str(w, "subject", item->subject);
    }
    og_json_add_str(w, "contentPreview", cut(item->text, text_bytes_max));
    og_json_add_time(w, "createdAt", item->received_at);
    og_json_end(w);
}

void
og_smsgate_inbox_list_encode(struct og_call *call, struct og_op *op, struct og_answer *answer)
{
    struct og_inbox_list_op *self = (struct og_inbox_list_op *)op;
    struct og_json_writer w;
    og_json_begin(&w, &answer->body);
    og_json_array(&w, NULL);
    for (int i = 0; i < self->count; i++) {
        write_item(&w, &self->items[i], PREVIEW_BYTES_MAX);
    }
    og_json_end(&w);
    og_answer_header(answer, "X-Total-Count",
                     og_str_printf(og_call_mem(call), "%lld", (long long)self->total));
}

enum og_code
og_smsgate_inbox_get_decode(struct og_call *call, struct og_op *op, struct og_err *err)
{
    struct og_inbox_get_op *self = (struct og_inbox_get_op *)op;
    (void)err;
    self->svc = og_call_services(call);
    self->mem = og_call_mem(call);
    self->account_id = call->who.account_id;
    self->id = call->params[0];
    return OG_OK;
}

void
og_smsgate_inbox_get_encode(struct og_call *call, struct og_op *op, struct og_answer *answer)
{
    struct og_json_writer w;
    (void)call;
    og_json_begin(&w, &answer->body);
    write_item(&w, &((struct og_inbox_get_op *)op)->item, SIZE_MAX);
}

void
og_smsgate_attachment(struct og_call *call)
{
    struct og_err err;
    og_call_refuse(call, og_fail(&err, OG_E_NOT_FOUND, "", "attachments stay on the phone"), &err);
}
