/*
 * Asking phones to read their inbox again: decode and encode, pure. All values of the event are
 * texts, because the app reads them so.
 */
#include "api/smsgate_inbox.h"

#include "api/api_priv.h"
#include "base/json.h"
#include "service/inbox_service.h"

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

static void
answer_not_implemented(struct og_call *call, const char *message)
{
    struct og_answer answer = {.status = 501};
    struct og_json_writer w;
    og_buf_init(&answer.body, 256);
    og_json_begin(&w, &answer.body);
    og_json_object(&w, NULL);
    og_json_add_cstr(&w, "message", message);
    og_json_end(&w);
    og_call_answer(call, &answer);
}

void
og_smsgate_inbox_list(struct og_call *call)
{
    answer_not_implemented(call, "Inbox API is not implemented yet");
}

void
og_smsgate_logs_list(struct og_call *call)
{
    answer_not_implemented(call, "Logs API is not implemented yet");
}
