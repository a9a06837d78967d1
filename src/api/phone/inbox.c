/*
 * What phones tell of what they received: by the app's webhooks, which among others call a path of
 * ours that only this phone knows, or many at once. Decode and encode, pure.
 *
 * The phone repeats what is refused, and its queue waits meanwhile. So whatever will never be right
 * is dropped with a success; the answer says which and why.
 */
#include "api/phone/inbox.h"

#include "api/api_priv.h"
#include "api/smsgate/webhooks.h"
#include "base/json.h"
#include "core/app_version.h"
#include "service/device/inbox_service.h"
#include "service/webhook/webhook_service.h"

#define BATCH_MAX 500
#define PATH_PREFIX "/api/mobile/v1/inbox/"

/* ---- one message ---- */

/* Members of the payloads of all events (wire/smsgate.md 4.7), and of IncomingMessage (2.8). */
struct item_ask {
    struct og_str type;
    struct og_str sender, phone_number;
    struct og_str recipient;
    struct og_str message, data, body, preview;
    struct og_str subject, transaction_id, content_class;
    int64_t size_bytes;
    int64_t sim_number;
    int64_t received_at, created_at;
};

#define AT(member) offsetof(struct item_ask, member)
#define NUMBER(name, member) {name, OG_JSON_STRING, AT(member), false, 0, OG_INBOX_SENDER_MAX_CHARS}
#define TEXT(name, member) {name, OG_JSON_STRING, AT(member), false, 0, OG_INBOX_TEXT_MAX_CHARS}
#define WORD(name, member) {name, OG_JSON_STRING, AT(member), false, 0, 256}

static const struct og_json_member item_members[] = {
    WORD("type", type),
    NUMBER("sender", sender),
    NUMBER("phoneNumber", phone_number),
    NUMBER("recipient", recipient),
    TEXT("message", message),
    TEXT("data", data),
    TEXT("body", body),
    TEXT("contentPreview", preview),
    TEXT("subject", subject),
    WORD("transactionId", transaction_id),
    WORD("contentClass", content_class),
    {"size", OG_JSON_INT, AT(size_bytes), false, 0, INT32_MAX},
    {"simNumber", OG_JSON_INT, AT(sim_number), false, 0, 255},
    {"receivedAt", OG_JSON_TIME, AT(received_at), false},
    {"createdAt", OG_JSON_TIME, AT(created_at), false},
};

static struct og_str
text_of(const struct item_ask *ask, enum og_incoming_type type)
{
    const struct og_str texts[OG_INCOMING_TYPE_COUNT] = {
        [OG_INCOMING_SMS] = ask->message,
        [OG_INCOMING_DATA_SMS] = ask->data,
        [OG_INCOMING_MMS_DOWNLOADED] = ask->body,
    };
    return texts[type].len ? texts[type] : ask->preview;
}

static enum og_code
read_item(const struct og_json *node, const char *parent, struct og_arena *mem,
          struct item_ask *ask, struct og_err *err)
{
    enum og_code code = og_json_decode(node, item_members,
                                       sizeof item_members / sizeof item_members[0],
                                       OG_JSON_UNKNOWN_IGNORED, parent, mem, ask, err);
    if (code == OG_OK && ask->sender.len == 0) {
        ask->sender = ask->phone_number; /* all that older apps tell */
    }
    if (code == OG_OK && ask->sender.len == 0) {
        code = og_fail(err, OG_E_INVALID, "sender", "is required");
    }
    return code;
}

static void
fill_item(const struct item_ask *ask, enum og_incoming_type type, struct og_incoming *out)
{
    *out = (struct og_incoming){
        .type = type,
        .sender = ask->sender,
        .recipient = ask->recipient,
        .text = text_of(ask, type),
        .subject = ask->subject,
        .transaction_id = ask->transaction_id,
        .content_class = ask->content_class,
        .size_bytes = ask->size_bytes,
        .sim_number = ask->sim_number,
        .received_at = ask->received_at ? ask->received_at : ask->created_at,
    };
}

/* ---- operations ---- */

static void
drop(struct og_phone_inbox_op *self, size_t index, const struct og_err *err)
{
    self->dropped[self->dropped_count++] = (struct og_phone_inbox_drop){index, *err};
}

static void
begin(struct og_call *call, struct og_phone_inbox_op *self, struct og_str device_id, size_t count)
{
    struct og_arena *mem = og_call_mem(call);
    self->take.svc = og_call_services(call);
    self->take.mem = mem;
    self->take.device_id = device_id;
    self->take.items = OG_ARENA_ARRAY(mem, struct og_incoming, count + 1);
    self->dropped = OG_ARENA_ARRAY(mem, struct og_phone_inbox_drop, count + 1);
}

static enum og_code
refuse_when_off(struct og_call *call, struct og_err *err)
{
    return og_call_services(call)->inbox.is_on
               ? OG_OK
               : og_fail(err, OG_E_NOT_FOUND, "", "this server keeps no inbox (inbox.enabled)");
}

/* In constant time: whoever may tell for a phone knows its key. */
static bool
is_key_of(const struct og_services *svc, struct og_str device_id, struct og_str key)
{
    char right[OG_INBOX_KEY_CHARS + 1];
    og_inbox_key(svc, device_id, right);
    bool is_right = key.len == OG_INBOX_KEY_CHARS && og_equal_const_time(key.ptr, right, key.len);
    og_wipe(right, sizeof right);
    return is_right;
}

struct event_ask {
    struct og_str event;
    const struct og_json *payload;
};

static const struct og_json_member event_members[] = {
    {"event", OG_JSON_STRING, offsetof(struct event_ask, event), true, 1, 64},
    {"payload", OG_JSON_OBJECT, offsetof(struct event_ask, payload), true},
};

static enum og_code
read_event(struct og_call *call, const struct og_json *body, struct og_incoming *out,
           struct og_err *err)
{
    struct event_ask ask = {0};
    struct item_ask item = {0};
    enum og_webhook_event event;
    enum og_incoming_type type;
    enum og_code code = og_json_decode(body, event_members, 2, OG_JSON_UNKNOWN_IGNORED, "",
                                       og_call_mem(call), &ask, err);
    if (code == OG_OK && (!og_webhook_event_from_text(ask.event, &event) ||
                          !og_incoming_type_of_event(event, &type))) {
        code = og_fail(err, OG_E_INVALID, "event", "tells of nothing received");
    }
    if (code == OG_OK) {
        code = read_item(ask.payload, "payload", og_call_mem(call), &item, err);
    }
    if (code == OG_OK) {
        fill_item(&item, type, out);
    }
    return code;
}

enum og_code
og_phone_inbox_hook_decode(struct og_call *call, struct og_op *op, struct og_err *err)
{
    struct og_phone_inbox_op *self = (struct og_phone_inbox_op *)op;
    const struct og_json *body;
    struct og_err why = {0};
    if (!is_key_of(og_call_services(call), call->params[0], call->params[1])) {
        return og_fail(err, OG_E_NOT_FOUND, "", "no such path");
    }
    enum og_code code = refuse_when_off(call, err);
    if (code == OG_OK) {
        code = og_call_json(call, &body, err);
    }
    if (code == OG_OK && og_json_kind(body) != OG_JSON_K_OBJECT) {
        code = og_fail(err, OG_E_INVALID, "", "must be an object");
    }
    if (code != OG_OK) {
        return code;
    }
    begin(call, self, call->params[0], 1);
    if (read_event(call, body, &self->take.items[0], &why) == OG_OK) {
        self->take.count = 1;
    } else {
        drop(self, 0, &why);
    }
    return OG_OK;
}

static enum og_code
read_upload(struct og_call *call, const struct og_json *node, struct og_incoming *out,
            struct og_err *err)
{
    struct item_ask item = {0};
    enum og_incoming_type type = OG_INCOMING_SMS;
    enum og_code code = read_item(node, "", og_call_mem(call), &item, err);
    if (code == OG_OK && item.type.len && !og_incoming_type_from_text(item.type, &type)) {
        code = og_fail(err, OG_E_INVALID, "type", "must be SMS, DATA_SMS, MMS or MMS_DOWNLOADED");
    }
    if (code == OG_OK) {
        fill_item(&item, type, out);
    }
    return code;
}

enum og_code
og_phone_inbox_upload_decode(struct og_call *call, struct og_op *op, struct og_err *err)
{
    struct og_phone_inbox_op *self = (struct og_phone_inbox_op *)op;
    const struct og_json *body;
    enum og_code code = refuse_when_off(call, err);
    if (code == OG_OK) {
        code = og_call_json(call, &body, err);
    }
    if (code != OG_OK) {
        return code;
    }
    size_t count = og_json_count(body);
    if (og_json_kind(body) != OG_JSON_K_ARRAY || count > BATCH_MAX) {
        return og_fail(err, OG_E_INVALID, "", "must be an array of at most %d messages", BATCH_MAX);
    }
    begin(call, self, call->who.device_id, count);
    for (size_t i = 0; i < count; i++) {
        struct og_err why = {0};
        if (read_upload(call, og_json_at(body, i), &self->take.items[self->take.count], &why) ==
            OG_OK) {
            self->take.count++;
        } else {
            drop(self, i, &why);
        }
    }
    return OG_OK;
}

void
og_phone_inbox_encode(struct og_call *call, struct og_op *op, struct og_answer *answer)
{
    struct og_phone_inbox_op *self = (struct og_phone_inbox_op *)op;
    struct og_json_writer w;
    (void)call;
    og_json_begin(&w, &answer->body);
    og_json_object(&w, NULL);
    og_json_add_i64(&w, "stored", self->take.stored);
    og_json_array(&w, "dropped");
    for (size_t i = 0; i < self->dropped_count; i++) {
        const struct og_phone_inbox_drop *one = &self->dropped[i];
        og_json_object(&w, NULL);
        og_json_add_i64(&w, "index", (int64_t)one->index);
        og_json_add_cstr(&w, "field", one->why.field);
        og_json_add_cstr(&w, "reason", one->why.text);
        og_json_end(&w);
    }
    og_json_end(&w);
    og_json_end(&w);
}

/* ---- the hooks by which they tell ---- */

enum og_code
og_phone_webhooks_decode(struct og_call *call, struct og_op *op, struct og_err *err)
{
    struct og_webhook_list_op *self = (struct og_webhook_list_op *)op;
    self->app_version = og_app_version(og_http_header(call->req, "User-Agent"));
    return og_smsgate_webhooks_decode(call, op, err);
}

/* Its id is the same each time, and no account's hook can have it: that is at most 36 long. */
static void
write_own(struct og_json_writer *w, struct og_call *call, enum og_incoming_type type)
{
    struct og_arena *mem = og_call_mem(call);
    const struct og_str device_id = call->who.device_id;
    struct og_str base = og_call_reached_url(call);
    char key[OG_INBOX_KEY_CHARS + 1];
    og_inbox_key(og_call_services(call), device_id, key);
    const struct og_webhook hook = {
        .id = og_str_printf(mem, "otpgate-inbox-%" OG_STR_FMT "-%d", OG_STR_ARG(device_id), type),
        .device_id = device_id,
        .event = og_incoming_event(type),
        .url = og_str_printf(mem, "%" OG_STR_FMT PATH_PREFIX "%" OG_STR_FMT "/%s",
                             OG_STR_ARG(base), OG_STR_ARG(device_id), key),
    };
    og_smsgate_write_hook(w, &hook);
    og_wipe(key, sizeof key);
}

void
og_phone_webhooks_encode(struct og_call *call, struct og_op *op, struct og_answer *answer)
{
    struct og_webhook_list_op *self = (struct og_webhook_list_op *)op;
    struct og_json_writer w;
    og_json_begin(&w, &answer->body);
    og_json_array(&w, NULL);
    for (int i = 0; i < self->count; i++) {
        og_smsgate_write_hook(&w, &self->items[i]);
    }
    for (int type = 0; self->svc->inbox.is_on && type < OG_INCOMING_TYPE_COUNT; type++) {
        if (og_incoming_is_known((enum og_incoming_type)type, self->app_version)) {
            write_own(&w, call, (enum og_incoming_type)type);
        }
    }
    og_json_end(&w);
}
