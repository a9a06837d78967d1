/*
 * Webhooks of the sms-gate.app API: decode and encode, pure.
 */
#include "api/smsgate/webhooks.h"

#include "base/id.h"
#include "base/json.h"
#include "service/webhook/webhook_service.h"

#define ID_CHARS_MAX 36
#define URL_CHARS_MAX 256
#define EVENT_CHARS_MAX 64

struct put_ask {
    struct og_str id;
    struct og_str device_id;
    struct og_str device_id_too; /* as the Rust client spells it, and the peer's own guide */
    struct og_str url;
    struct og_str event;
};

#define AT(member) offsetof(struct put_ask, member)

static const struct og_json_member put_members[] = {
    {"id", OG_JSON_STRING, AT(id), false, 0, ID_CHARS_MAX},
    {"deviceId", OG_JSON_STRING, AT(device_id), false, 0, OG_ID_CHARS},
    {"device_id", OG_JSON_STRING, AT(device_id_too), false, 0, OG_ID_CHARS},
    {"url", OG_JSON_STRING, AT(url), true, 1, URL_CHARS_MAX},
    {"event", OG_JSON_STRING, AT(event), true, 1, EVENT_CHARS_MAX},
};

static bool
has_control(struct og_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        if ((unsigned char)text.ptr[i] < 0x20) {
            return true;
        }
    }
    return false;
}

enum og_code
og_smsgate_webhook_put_decode(struct og_call *call, struct og_op *op, struct og_err *err)
{
    struct og_webhook_put_op *self = (struct og_webhook_put_op *)op;
    struct put_ask ask = {0};
    const struct og_json *body;
    enum og_code code = og_call_json(call, &body, err);
    if (code == OG_OK) {
        code = og_json_decode(body, put_members, sizeof put_members / sizeof put_members[0],
                              OG_JSON_UNKNOWN_IGNORED, "", og_call_mem(call), &ask, err);
    }
    if (code != OG_OK) {
        return code;
    }
    if (!og_webhook_url_is_good(ask.url)) {
        return og_fail(err, OG_E_INVALID, "url", "url must be a valid https URL");
    }
    if (!og_webhook_event_from_text(ask.event, &self->hook.event)) {
        return og_fail(err, OG_E_INVALID, "event", "no such event");
    }
    if (has_control(ask.id)) {
        return og_fail(err, OG_E_INVALID, "id", "must not hold control characters");
    }
    self->svc = og_call_services(call);
    self->mem = og_call_mem(call);
    self->hook.account_id = call->who.account_id;
    self->hook.id = ask.id;
    self->hook.device_id = ask.device_id.len ? ask.device_id : ask.device_id_too;
    self->hook.url = ask.url;
    return OG_OK;
}

void
og_smsgate_write_hook(struct og_json_writer *w, const struct og_webhook *hook)
{
    og_json_object(w, NULL);
    og_json_add_str(w, "id", hook->id);
    if (hook->device_id.len) {
        og_json_add_str(w, "deviceId", hook->device_id);
    } else {
        og_json_add_null(w, "deviceId");
    }
    og_json_add_str(w, "url", hook->url);
    og_json_add_cstr(w, "event", og_webhook_event_name(hook->event));
    og_json_end(w);
}

void
og_smsgate_webhook_put_encode(struct og_call *call, struct og_op *op, struct og_answer *answer)
{
    struct og_webhook_put_op *self = (struct og_webhook_put_op *)op;
    struct og_json_writer w;
    (void)call;
    og_json_begin(&w, &answer->body);
    og_smsgate_write_hook(&w, &self->hook);
}

enum og_code
og_smsgate_webhook_remove_decode(struct og_call *call, struct og_op *op, struct og_err *err)
{
    struct og_webhook_put_op *self = (struct og_webhook_put_op *)op;
    (void)err;
    self->svc = og_call_services(call);
    self->mem = og_call_mem(call);
    self->hook.account_id = call->who.account_id;
    self->hook.id = call->params[0];
    return OG_OK;
}

enum og_code
og_smsgate_webhooks_decode(struct og_call *call, struct og_op *op, struct og_err *err)
{
    struct og_webhook_list_op *self = (struct og_webhook_list_op *)op;
    (void)err;
    self->svc = og_call_services(call);
    self->mem = og_call_mem(call);
    self->account_id = call->who.account_id;
    self->device_id = call->who.device_id;
    return OG_OK;
}

void
og_smsgate_webhooks_encode(struct og_call *call, struct og_op *op, struct og_answer *answer)
{
    struct og_webhook_list_op *self = (struct og_webhook_list_op *)op;
    struct og_json_writer w;
    (void)call;
    og_json_begin(&w, &answer->body);
    og_json_array(&w, NULL);
    for (int i = 0; i < self->count; i++) {
        og_smsgate_write_hook(&w, &self->items[i]);
    }
    og_json_end(&w);
}
