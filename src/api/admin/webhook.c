/*
 * Webhooks as the operator sees them: who tells, the key that signs, and what could not be
 * delivered.
 */
#include "api/admin/priv.h"
#include "base/secret.h"
#include "base/trust.h"
#include "service/webhook/webhook_service.h"

struct change_ask {
    struct og_str by;
    struct og_str authorities;
    bool rotates, has_authorities;
};

static const struct og_json_member change_members[] = {
    {"webhooks_by", OG_JSON_STRING, offsetof(struct change_ask, by), false, 1, 16},
    {"rotate_signing_key", OG_JSON_BOOL, offsetof(struct change_ask, rotates), false},
    {"authorities", OG_JSON_STRING, offsetof(struct change_ask, authorities), false, 0,
     OG_TRUST_BYTES_MAX, offsetof(struct change_ask, has_authorities)},
};

/* What may be stored: certificates that are good now, or nothing. */
static enum og_code
check_authorities(const struct og_call *call, struct og_str pem, struct og_err *err)
{
    struct og_trust_entry *entries;
    size_t count;
    return pem.len == 0 ? OG_OK
                        : og_trust_read(pem, call->now_ms, "authorities", call->req->mem, &entries,
                                        &count, err);
}

enum og_code
og_admin_webhook_show_decode(struct og_call *call, struct og_op *op, struct og_err *err)
{
    struct og_webhook_account_op *self = (struct og_webhook_account_op *)op;
    self->svc = og_call_services(call);
    self->mem = og_call_mem(call);
    return og_admin_account_of(call, call->params[0], &self->account_id, err);
}

enum og_code
og_admin_webhook_change_decode(struct og_call *call, struct og_op *op, struct og_err *err)
{
    struct og_webhook_account_op *self = (struct og_webhook_account_op *)op;
    struct change_ask ask = {0};
    enum og_code code = og_admin_webhook_show_decode(call, op, err);
    if (code == OG_OK) {
        code = og_admin_decode_body(call, change_members, 3, &ask, err);
    }
    if (code == OG_OK) {
        code = check_authorities(call, ask.authorities, err);
    }
    if (code != OG_OK) {
        return code;
    }
    self->sets_by = ask.by.len > 0;
    self->rotates = ask.rotates;
    self->sets_authorities = ask.has_authorities;
    self->authorities = ask.authorities;
    if (self->sets_by && !og_webhooks_by_from_text(ask.by, &self->by)) {
        return og_fail(err, OG_E_INVALID, "webhooks_by", "must be server or phone");
    }
    return OG_OK;
}

/* null: the server's. One that has ended since is shown, too: so somebody finds out. */
static void
add_authorities(struct og_json_writer *w, struct og_str pem, struct og_arena *mem)
{
    struct og_trust_entry *entries;
    size_t count;
    if (pem.len == 0 || og_trust_read(pem, 0, "", mem, &entries, &count, NULL) != OG_OK) {
        og_json_add_null(w, "authorities");
        return;
    }
    og_json_array(w, "authorities");
    for (size_t i = 0; i < count; i++) {
        og_json_object(w, NULL);
        og_json_add_str(w, "subject", entries[i].subject);
        og_json_add_time(w, "ends_at", entries[i].ends_at);
        og_json_end(w);
    }
    og_json_end(w);
}

void
og_admin_webhook_show_encode(struct og_call *call, struct og_op *op, struct og_answer *answer)
{
    struct og_webhook_account_op *self = (struct og_webhook_account_op *)op;
    struct og_json_writer w;
    og_admin_begin_answer(&w, answer);
    og_json_add_str(&w, "account_id", self->account_id);
    og_json_add_cstr(&w, "webhooks_by", og_webhooks_by_name(self->by));
    og_json_add_str(&w, "signing_key", og_secret_str(&self->signing_key));
    add_authorities(&w, self->authorities, og_call_mem(call));
    og_json_end(&w);
    og_secret_finish(&self->signing_key);
}

enum og_code
og_admin_webhooks_decode(struct og_call *call, struct og_op *op, struct og_err *err)
{
    struct og_webhook_list_op *self = (struct og_webhook_list_op *)op;
    self->svc = og_call_services(call);
    self->mem = og_call_mem(call);
    return og_admin_account_of(call, OG_STR(""), &self->account_id, err);
}

void
og_admin_webhooks_encode(struct og_call *call, struct og_op *op, struct og_answer *answer)
{
    struct og_webhook_list_op *self = (struct og_webhook_list_op *)op;
    struct og_json_writer w;
    (void)call;
    og_admin_begin_answer(&w, answer);
    og_json_array(&w, "webhooks");
    for (int i = 0; i < self->count; i++) {
        const struct og_webhook *hook = &self->items[i];
        og_json_object(&w, NULL);
        og_json_add_str(&w, "id", hook->id);
        og_json_add_str(&w, "account_id", hook->account_id);
        og_json_add_str_or_null(&w, "device_id", hook->device_id);
        og_json_add_cstr(&w, "event", og_webhook_event_name(hook->event));
        og_json_add_str(&w, "url", hook->url);
        og_json_add_time(&w, "created_at", hook->created_at);
        og_json_add_time_or_null(&w, "disabled_at", hook->disabled_at);
        og_json_end(&w);
    }
    og_json_end(&w);
    og_json_end(&w);
}

enum og_code
og_admin_webhook_dead_decode(struct og_call *call, struct og_op *op, struct og_err *err)
{
    struct og_webhook_dead_op *self = (struct og_webhook_dead_op *)op;
    struct og_str asked = OG_STR("");
    self->svc = og_call_services(call);
    self->mem = og_call_mem(call);
    og_http_query(call->req, "account", &asked);
    og_http_query(call->req, "id", &self->id);
    return og_admin_account_of(call, asked, &self->account_id, err);
}

void
og_admin_webhook_dead_encode(struct og_call *call, struct og_op *op, struct og_answer *answer)
{
    struct og_webhook_dead_op *self = (struct og_webhook_dead_op *)op;
    struct og_json_writer w;
    (void)call;
    og_admin_begin_answer(&w, answer);
    og_json_array(&w, "events");
    for (int i = 0; i < self->count; i++) {
        const struct og_webhook_event_row *row = &self->items[i];
        og_json_object(&w, NULL);
        og_json_add_str(&w, "id", row->id);
        og_json_add_str(&w, "account_id", row->account_id);
        og_json_add_str(&w, "webhook_id", row->webhook_id);
        og_json_add_str(&w, "event", row->event);
        og_json_add_str(&w, "reason", row->reason);
        og_json_add_i64(&w, "failed", row->failed);
        og_json_add_time(&w, "created_at", row->created_at);
        og_json_add_time(&w, "dead_at", row->dead_at);
        og_json_end(&w);
    }
    og_json_end(&w);
    og_json_end(&w);
}

void
og_admin_webhook_replay_encode(struct og_call *call, struct og_op *op, struct og_answer *answer)
{
    struct og_webhook_dead_op *self = (struct og_webhook_dead_op *)op;
    struct og_json_writer w;
    (void)call;
    og_admin_begin_answer(&w, answer);
    og_json_add_i64(&w, "replayed", self->replayed);
    og_json_end(&w);
}
