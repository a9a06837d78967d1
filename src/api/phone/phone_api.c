/*
 * What phones call: register, change, pull, report. Decode and encode, pure; the stream is in
 * phone_events.c.
 */
#include "api/phone/phone_api.h"

#include "api/api_priv.h"
#include "api/auth/new_password.h"
#include "api/smsgate/json.h"
#include "service/device/device_service.h"
#include "service/message/message_service.h"

/* "me.capcom.smsgateway/1.68.0" -> "me.capcom.smsgateway/1.68.0", at most 64 plain characters. */
static struct og_str
app_version(const struct og_call *call)
{
    struct og_str agent = og_str_slice(og_http_header(call->req, "User-Agent"), 0, 64);
    for (size_t i = 0; i < agent.len; i++) {
        if (agent.ptr[i] < 0x20 || agent.ptr[i] > 0x7e) {
            return OG_STR("");
        }
    }
    return agent.ptr ? agent : OG_STR("");
}

/* ---- register, change ---- */

struct device_ask {
    struct og_str id;
    struct og_str name;
    struct og_str push_token; /* read and forgotten: nothing of ours goes through Google */
    const struct og_json *sims;
    bool has_name;
};

static const struct og_json_member device_members[] = {
    {"id", OG_JSON_STRING, offsetof(struct device_ask, id), false, 0, 64},
    {"name", OG_JSON_STRING, offsetof(struct device_ask, name), false, 0, OG_DEVICE_NAME_MAX_CHARS,
     offsetof(struct device_ask, has_name)},
    {"pushToken", OG_JSON_STRING, offsetof(struct device_ask, push_token), false, 0, 256},
    {"simCards", OG_JSON_ARRAY, offsetof(struct device_ask, sims), false},
};

static enum og_code
decode_device(struct og_call *call, struct device_ask *ask, struct og_str *sims,
              struct og_err *err)
{
    const struct og_json *body;
    enum og_code code = og_call_json(call, &body, err);
    if (code == OG_OK) {
        code = og_json_decode(body, device_members,
                              sizeof device_members / sizeof device_members[0],
                              OG_JSON_UNKNOWN_IGNORED, "", og_call_mem(call), ask, err);
    }
    if (code == OG_OK) {
        code = og_device_check_name(ask->name, err);
    }
    if (code == OG_OK && ask->sims) {
        code = og_smsgate_read_sims(ask->sims, og_call_mem(call), sims, err);
    }
    return code;
}

enum og_code
og_phone_register_decode(struct og_call *call, struct og_op *op, struct og_err *err)
{
    struct og_device_register_op *self = (struct og_device_register_op *)op;
    struct device_ask ask = {.name = OG_STR("")};
    self->svc = og_call_services(call);
    self->mem = og_call_mem(call);
    self->account_id = call->who.account_id;
    self->sims = OG_STR("[]");
    self->app_version = app_version(call);
    enum og_code code = decode_device(call, &ask, &self->sims, err);
    self->name = ask.name;
    return code;
}

/* An account that nobody has named; the operator sees by its name where it came from. */
static struct og_account_make_op *
new_account(struct og_call *call)
{
    struct og_arena *mem = og_call_mem(call);
    struct og_account_make_op *make = OG_ARENA_NEW(mem, struct og_account_make_op);
    uint8_t random[8];
    char hex[2 * sizeof random + 1];
    og_random_fast(random, sizeof random);
    og_hex(random, sizeof random, hex);
    make->svc = og_call_services(call);
    make->mem = mem;
    make->account.name = og_str_printf(mem, "phone-%s", hex);
    return make;
}

void
og_phone_register_prepare(struct og_call *call, struct og_op *op)
{
    struct og_device_register_op *self = (struct og_device_register_op *)op;
    if (self->account_id.len) {
        og_call_continue(call, OG_OK, NULL);
        return;
    }
    self->fresh = new_account(call);
    og_new_password_prepare(call, &self->fresh->password);
}

void
og_phone_register_failed(struct og_call *call, struct og_op *op)
{
    struct og_device_register_op *self = (struct og_device_register_op *)op;
    (void)call;
    og_new_password_wipe(self->fresh ? self->fresh->password : NULL);
}

void
og_phone_register_encode(struct og_call *call, struct og_op *op, struct og_answer *answer)
{
    struct og_device_register_op *self = (struct og_device_register_op *)op;
    struct og_json_writer w;
    og_json_begin(&w, &answer->body);
    og_json_object(&w, NULL);
    og_json_add_str(&w, "id", self->out.id);
    og_json_add_cstr(&w, "token", self->token);
    og_json_add_str(&w, "login", self->fresh ? self->fresh->account.login : call->who.login);
    if (self->fresh) {
        og_json_add_str(&w, "password", og_secret_str(&self->fresh->password->password));
        og_new_password_wipe(self->fresh->password);
    }
    og_json_end(&w);
    og_wipe(self->token, sizeof self->token);
}

enum og_code
og_phone_patch_decode(struct og_call *call, struct og_op *op, struct og_err *err)
{
    struct og_device_patch_op *self = (struct og_device_patch_op *)op;
    struct device_ask ask = {.name = OG_STR("")};
    enum og_code code = decode_device(call, &ask, &self->sims, err);
    if (code == OG_OK && ask.id.len == 0) {
        return og_fail(err, OG_E_INVALID, "id", "is required");
    }
    if (code == OG_OK && !og_str_eq(ask.id, call->who.device_id)) {
        return og_fail(err, OG_E_FORBIDDEN, "", "Forbidden");
    }
    self->svc = og_call_services(call);
    self->mem = og_call_mem(call);
    self->account_id = call->who.account_id;
    self->device_id = call->who.device_id;
    self->app_version = app_version(call);
    if (ask.has_name) {
        self->name = ask.name;
    }
    return code;
}

enum og_code
og_phone_self_decode(struct og_call *call, struct og_op *op, struct og_err *err)
{
    struct og_device_get_op *self = (struct og_device_get_op *)op;
    (void)err;
    self->svc = og_call_services(call);
    self->mem = og_call_mem(call);
    self->account_id = call->who.account_id;
    self->device_id = call->who.device_id;
    return OG_OK;
}

void
og_phone_self_encode(struct og_call *call, struct og_op *op, struct og_answer *answer)
{
    struct og_device_get_op *self = (struct og_device_get_op *)op;
    struct og_json_writer w;
    og_json_begin(&w, &answer->body);
    og_json_object(&w, NULL);
    if (self->out.id.len) {
        og_smsgate_write_device(&w, "device", &self->out);
    }
    og_json_add_str(&w, "externalIp", og_gate_source(call->api->gate, call->req));
    og_json_end(&w);
}

/* ---- pull ---- */

enum og_code
og_phone_pull_decode(struct og_call *call, struct og_op *op, struct og_err *err)
{
    struct og_pull_op *self = (struct og_pull_op *)op;
    struct og_str order = OG_STR("lifo");
    og_http_query(call->req, "order", &order);
    self->lifo = og_str_eq(order, OG_STR("lifo"));
    if (!self->lifo && !og_str_eq(order, OG_STR("fifo"))) {
        return og_fail(err, OG_E_INVALID, "order", "must be lifo or fifo");
    }
    self->svc = og_call_services(call);
    self->mem = og_call_mem(call);
    self->account_id = call->who.account_id;
    self->device_id = call->who.device_id;
    return OG_OK;
}

void
og_phone_pull_encode(struct og_call *call, struct og_op *op, struct og_answer *answer)
{
    struct og_pull_op *self = (struct og_pull_op *)op;
    struct og_json_writer w;
    og_json_begin(&w, &answer->body);
    og_json_array(&w, NULL);
    for (int i = 0; i < self->count; i++) {
        og_smsgate_write_mobile(&w, &self->items[i], call->now_ms);
    }
    og_json_end(&w);
}

/* ---- report ---- */

#define REPORT_ITEMS_MAX 200
#define REPORT_RECIPIENTS_MAX 200

struct report_ask {
    struct og_str id;
    struct og_str state;
    const struct og_json *recipients;
    const struct og_json *states;
};

static const struct og_json_member report_members[] = {
    {"id", OG_JSON_STRING, offsetof(struct report_ask, id), true, 1, 36},
    {"state", OG_JSON_STRING, offsetof(struct report_ask, state), true, 1, 32},
    {"recipients", OG_JSON_ARRAY, offsetof(struct report_ask, recipients), true},
    {"states", OG_JSON_OBJECT, offsetof(struct report_ask, states), false},
};

struct recipient_ask {
    struct og_str number;
    struct og_str state;
    struct og_str error;
};

static const struct og_json_member recipient_members[] = {
    {"phoneNumber", OG_JSON_STRING, offsetof(struct recipient_ask, number), true, 1, 512},
    {"state", OG_JSON_STRING, offsetof(struct recipient_ask, state), true, 1, 32},
    {"error", OG_JSON_STRING, offsetof(struct recipient_ask, error), false, 0, 65535},
};

static bool
read_time(void *ctx, struct og_str name, const struct og_json *value)
{
    struct og_message_times *times = ctx;
    struct og_str text;
    enum og_message_state state;
    int64_t at_ms;
    /* a clock that is wrong is the phone's affair: what cannot be read is left out */
    if (og_message_state_from_text(name, &state) && og_json_to_str(value, &text) &&
        og_time_parse(text, &at_ms)) {
        times->at_ms[state] = at_ms;
    }
    return true;
}

/* An unknown state is dropped, not refused: the phone would repeat the report for ever. */
static enum og_code
read_recipients(struct og_call *call, const struct og_json *array, struct og_message_report *out,
                struct og_err *err)
{
    size_t count = og_json_count(array);
    if (count == 0 || count > REPORT_RECIPIENTS_MAX) {
        return og_fail(err, OG_E_INVALID, "recipients", "must have 1 to %d entries",
                       REPORT_RECIPIENTS_MAX);
    }
    struct og_arena *mem = og_call_mem(call);
    struct og_recipient_report *items = OG_ARENA_ARRAY(mem, struct og_recipient_report, count);
    for (size_t i = 0; i < count; i++) {
        struct recipient_ask ask = {0};
        enum og_code code = og_json_decode(og_json_at(array, i), recipient_members, 3,
                                           OG_JSON_UNKNOWN_IGNORED, "", mem, &ask, err);
        if (code != OG_OK) {
            return og_err_within(err, code, "recipients[%zu]", i);
        }
        struct og_recipient_report *item = &items[out->recipient_count];
        if (og_message_state_from_text(ask.state, &item->state)) {
            item->number = ask.number;
            item->error = ask.error;
            out->recipient_count++;
        }
    }
    out->recipients = items;
    return OG_OK;
}

static enum og_code
read_report(struct og_call *call, const struct og_json *node, struct og_report *out,
            struct og_err *err)
{
    struct report_ask ask = {0};
    enum og_code code = og_json_decode(node, report_members, 4, OG_JSON_UNKNOWN_IGNORED, "",
                                       og_call_mem(call), &ask, err);
    if (code != OG_OK) {
        return code;
    }
    out->id = ask.id;
    if (!og_message_state_from_text(ask.state, &out->report.state)) {
        out->id = OG_STR(""); /* a word from a newer app: count it as unknown */
    }
    if (ask.states) {
        og_json_each(ask.states, read_time, &out->report.times);
    }
    return read_recipients(call, ask.recipients, &out->report, err);
}

enum og_code
og_phone_report_decode(struct og_call *call, struct og_op *op, struct og_err *err)
{
    struct og_report_op *self = (struct og_report_op *)op;
    const struct og_json *body;
    enum og_code code = og_call_json(call, &body, err);
    if (code != OG_OK) {
        return code;
    }
    if (og_json_kind(body) != OG_JSON_K_ARRAY || og_json_count(body) > REPORT_ITEMS_MAX) {
        return og_fail(err, OG_E_INVALID, "", "must be an array of at most %d reports",
                       REPORT_ITEMS_MAX);
    }
    self->svc = og_call_services(call);
    self->mem = og_call_mem(call);
    self->account_id = call->who.account_id;
    self->device_id = call->who.device_id;
    self->count = (int)og_json_count(body);
    struct og_report *items =
        OG_ARENA_ARRAY(self->mem, struct og_report, (size_t)self->count + 1);
    for (int i = 0; i < self->count && code == OG_OK; i++) {
        code = read_report(call, og_json_at(body, (size_t)i), &items[i], err);
        if (code != OG_OK) {
            code = og_err_within(err, code, "[%d]", i);
        }
    }
    self->items = items;
    return code;
}
