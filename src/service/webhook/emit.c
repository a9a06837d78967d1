/*
 * Events into the outbox, in the transaction that makes them. The body is written and sealed here,
 * once: every try sends the same bytes. The text of a message that we send is never part of it.
 */
#include "base/id.h"
#include "base/json.h"
#include "service/webhook/webhook_service.h"

#define BODY_BYTES_MAX (1 << 20) /* the text of a received message, escaped */

/* What happened, to whom. */
struct event {
    enum og_webhook_event what;
    struct og_str account_id;
    struct og_str device_id;  /* "" : none */
    struct og_str subject_id; /* message or verification: its events stay in order */
    void (*write)(struct og_json_writer *w, const struct event *event);
    const struct og_message *message;
    const struct og_message_recipient *recipient;
    const struct og_verification *verification;
    const struct og_incoming *incoming;
    int64_t at_ms;
};

/* ---- bodies ---- */

static void
write_message(struct og_json_writer *w, const struct event *event)
{
    static const char *const time_names[OG_WEBHOOK_EVENT_COUNT] = {
        [OG_WEBHOOK_SMS_SENT] = "sentAt",
        [OG_WEBHOOK_SMS_DELIVERED] = "deliveredAt",
        [OG_WEBHOOK_SMS_FAILED] = "failedAt",
        [OG_WEBHOOK_SMS_CANCELLED] = "cancelledAt",
        [OG_WEBHOOK_MESSAGE_EXPIRED] = "expiredAt",
        [OG_WEBHOOK_MESSAGE_CANCELED] = "canceledAt",
    };
    const struct og_message *m = event->message;
    og_json_add_str(w, "messageId", og_message_public_id(m));
    if (event->recipient) {
        og_json_add_str(w, "recipient", event->recipient->number);
        og_json_add_str(w, "phoneNumber", event->recipient->number);
    }
    if (m->sim_number) {
        og_json_add_i64(w, "simNumber", m->sim_number);
    }
    if (event->what == OG_WEBHOOK_SMS_SENT) {
        og_json_add_i64(w, "partsCount", -1);
    }
    og_json_add_time(w, time_names[event->what], event->at_ms);
    if (event->what == OG_WEBHOOK_SMS_FAILED) {
        og_json_add_str(w, "reason", event->recipient->error);
    }
}

static void
write_undeliverable(struct og_json_writer *w, const struct event *event)
{
    og_json_add_str(w, "verificationId", event->message->verification_id);
    og_json_add_str(w, "reason", event->message->reason);
    og_json_add_time(w, "undeliverableAt", event->at_ms);
}

static void
write_verification(struct og_json_writer *w, const struct event *event)
{
    og_json_add_str(w, "verificationId", event->verification->id);
    og_json_add_str(w, "purpose", event->verification->purpose);
    og_json_add_time(w, event->what == OG_WEBHOOK_OTP_APPROVED ? "approvedAt" : "failedAt",
                     event->at_ms);
}

static void
add_if_any(struct og_json_writer *w, const char *name, struct og_str text)
{
    if (text.len) {
        og_json_add_str(w, name, text);
    }
}

static void
write_mms(struct og_json_writer *w, const struct og_incoming *item)
{
    og_json_add_str(w, "transactionId", item->transaction_id);
    add_if_any(w, "subject", item->subject);
    og_json_add_i64(w, "size", item->size_bytes);
    add_if_any(w, "contentClass", item->content_class);
}

/* As phones write it; messageId is that of the inbox. */
static void
write_incoming(struct og_json_writer *w, const struct event *event)
{
    const struct og_incoming *item = event->incoming;
    og_json_add_str(w, "messageId", item->id);
    og_json_add_str(w, "sender", item->sender);
    add_if_any(w, "recipient", item->recipient);
    if (item->sim_number) {
        og_json_add_i64(w, "simNumber", item->sim_number);
    }
    og_json_add_str(w, "phoneNumber", item->sender);
    if (item->type == OG_INCOMING_SMS) {
        og_json_add_str(w, "message", item->text);
    } else if (item->type == OG_INCOMING_DATA_SMS) {
        og_json_add_str(w, "data", item->text);
    } else {
        write_mms(w, item);
    }
    og_json_add_time(w, "receivedAt", item->received_at);
}

static void
write_body(struct og_buf *out, struct og_str id, const struct og_webhook *hook,
           const struct event *event)
{
    struct og_json_writer w;
    og_json_begin(&w, out);
    og_json_object(&w, NULL);
    og_json_add_str(&w, "id", id);
    og_json_add_str(&w, "webhookId", hook->id);
    og_json_add_cstr(&w, "event", og_webhook_event_name(event->what));
    if (event->device_id.len) {
        og_json_add_str(&w, "deviceId", event->device_id);
    } else {
        og_json_add_null(&w, "deviceId");
    }
    og_json_object(&w, "payload");
    event->write(&w, event);
    og_json_end(&w);
    og_json_end(&w);
}

/* ---- rows ---- */

/* What is told of one subject to one receiver goes one after the other, whichever hook asked. */
void
og_webhook_line(struct og_str account_id, struct og_str url, struct og_str subject_id,
                char out[OG_DIGEST_HEX_CHARS + 1])
{
    struct og_key key = {0};
    const struct og_str parts[] = {account_id, url, subject_id};
    uint8_t digest[OG_DIGEST_BYTES];
    og_mac_parts(&key, parts, 3, digest);
    og_hex(digest, sizeof digest / 2, out);
}

static enum og_code
add_row(struct og_services *svc, struct og_tx *tx, const struct og_webhook *hook,
        const struct event *event, struct og_err *err)
{
    char id[OG_ID_BYTES], line[OG_DIGEST_HEX_CHARS + 1];
    struct og_buf body, sealed;
    og_id_make(tx->now_ms, id);
    og_webhook_line(event->account_id, hook->url, event->subject_id, line);
    og_buf_init(&body, BODY_BYTES_MAX);
    og_buf_init(&sealed, BODY_BYTES_MAX + OG_SEAL_OVERHEAD_BYTES);
    write_body(&body, og_str_from(id), hook, event);
    og_seal(&svc->keys.seal, og_str_from(id), og_buf_str(&body), &sealed);
    struct og_webhook_event_row row = {
        .id = og_str_from(id),
        .account_id = hook->account_id,
        .webhook_id = hook->id,
        .line = og_str_from(line),
        .event = og_str_from(og_webhook_event_name(event->what)),
        .subject_id =
            event->message || event->verification ? event->subject_id : OG_STR(""),
        .body = og_buf_str(&sealed),
        .created_at = tx->now_ms,
    };
    enum og_code code = body.full ? og_fail(err, OG_E_INTERNAL, "", "an event is too long")
                                  : og_hook_queue_add(tx->db, &row, err);
    og_buf_finish(&body);
    og_buf_finish(&sealed);
    return code;
}

static bool
is_wanted(const struct og_webhook *hook, const struct event *event)
{
    return hook->event == event->what && !hook->disabled_at &&
           (!hook->device_id.len || og_str_eq(hook->device_id, event->device_id));
}

static enum og_code
emit(struct og_services *svc, struct og_tx *tx, const struct event *event, struct og_arena *mem,
     struct og_err *err)
{
    struct og_webhook *hooks;
    struct og_webhook_account account;
    int count;
    if (svc->lane.webhook_count == 0) {
        return OG_OK;
    }
    enum og_code code = og_webhook_list(tx->db, event->account_id, mem, &hooks, &count, err);
    if (code != OG_OK || count == 0) {
        return code;
    }
    code = og_webhook_account_find(tx->db, event->account_id, mem, &account, err);
    if (code != OG_OK || !og_webhook_is_ours(event->what, account.by)) {
        return code;
    }
    for (int i = 0; code == OG_OK && i < count; i++) {
        if (is_wanted(&hooks[i], event)) {
            code = add_row(svc, tx, &hooks[i], event, err);
            atomic_store(&svc->has_webhook_news, true);
        }
    }
    return code;
}

/* ---- messages ---- */

enum og_message_state *
og_webhook_before(const struct og_services *svc, const struct og_message *m, struct og_arena *mem)
{
    if (svc->lane.webhook_count == 0) {
        return NULL;
    }
    const struct og_message_record *record = &m->record;
    enum og_message_state *states =
        OG_ARENA_ARRAY(mem, enum og_message_state, record->recipient_count + 1);
    for (size_t i = 0; i < record->recipient_count; i++) {
        states[i] = record->recipients[i].state;
    }
    return states;
}

static enum og_code
emit_state(struct og_services *svc, struct og_tx *tx, struct event *event,
           enum og_message_state state, struct og_arena *mem, struct og_err *err)
{
    static const struct {
        enum og_message_state state;
        enum og_webhook_event event;
    } told[] = {
        {OG_MESSAGE_SENT, OG_WEBHOOK_SMS_SENT},
        {OG_MESSAGE_DELIVERED, OG_WEBHOOK_SMS_DELIVERED},
        {OG_MESSAGE_FAILED, OG_WEBHOOK_SMS_FAILED},
        {OG_MESSAGE_CANCELLED, OG_WEBHOOK_SMS_CANCELLED},
    };
    for (size_t i = 0; i < sizeof told / sizeof told[0]; i++) {
        if (told[i].state == state) {
            int64_t at_ms = event->message->record.times.at_ms[state];
            event->what = told[i].event;
            event->at_ms = at_ms ? at_ms : tx->now_ms;
            return emit(svc, tx, event, mem, err);
        }
    }
    return OG_OK;
}

enum og_code
og_webhook_message_changed(struct og_services *svc, struct og_tx *tx, const struct og_message *m,
                           const enum og_message_state *before, struct og_arena *mem,
                           struct og_err *err)
{
    enum og_code code = OG_OK;
    for (size_t i = 0; before && code == OG_OK && i < m->record.recipient_count; i++) {
        const struct og_message_recipient *recipient = &m->record.recipients[i];
        struct event event = {
            .account_id = m->account_id,
            .device_id = m->device_id,
            .subject_id = m->id,
            .write = write_message,
            .message = m,
            .recipient = recipient,
        };
        if (recipient->state == OG_MESSAGE_DELIVERED && before[i] != OG_MESSAGE_DELIVERED &&
            before[i] != OG_MESSAGE_SENT) { /* a phone may say both in one report */
            code = emit_state(svc, tx, &event, OG_MESSAGE_SENT, mem, err);
        }
        if (code == OG_OK && recipient->state != before[i]) {
            code = emit_state(svc, tx, &event, recipient->state, mem, err);
        }
    }
    return code;
}

enum og_code
og_webhook_message_ended(struct og_services *svc, struct og_tx *tx, const struct og_message *m,
                         enum og_webhook_event what, struct og_arena *mem, struct og_err *err)
{
    struct event event = {
        .what = what,
        .account_id = m->account_id,
        .device_id = m->device_id,
        .subject_id = m->id,
        .write = write_message,
        .message = m,
        .at_ms = tx->now_ms,
    };
    return emit(svc, tx, &event, mem, err);
}

/* ---- verifications ---- */

enum og_code
og_webhook_otp_closed(struct og_services *svc, struct og_tx *tx, const struct og_verification *v,
                      enum og_webhook_event what, struct og_arena *mem, struct og_err *err)
{
    struct event event = {
        .what = what,
        .account_id = v->account_id,
        .subject_id = v->id,
        .write = write_verification,
        .verification = v,
        .at_ms = tx->now_ms,
    };
    return emit(svc, tx, &event, mem, err);
}

/* ---- what phones receive ---- */

enum og_code
og_webhook_received(struct og_services *svc, struct og_tx *tx, const struct og_incoming *item,
                    struct og_arena *mem, struct og_err *err)
{
    struct event event = {
        .what = og_incoming_event(item->type),
        .account_id = item->account_id,
        .device_id = item->device_id,
        .subject_id = item->id,
        .write = write_incoming,
        .incoming = item,
        .at_ms = item->received_at,
    };
    return emit(svc, tx, &event, mem, err);
}

/* ---- phones that come and go ---- */

static void
write_device(struct og_json_writer *w, const struct event *event)
{
    og_json_add_str(w, "deviceId", event->device_id);
    og_json_add_time(w, event->what == OG_WEBHOOK_DEVICE_ONLINE ? "onlineAt" : "offlineAt",
                     event->at_ms);
}

enum og_code
og_webhook_device_changed(struct og_services *svc, struct og_tx *tx, struct og_str account_id,
                          struct og_str device_id, enum og_webhook_event what,
                          struct og_arena *mem, struct og_err *err)
{
    struct event event = {
        .what = what,
        .account_id = account_id,
        .device_id = device_id,
        .subject_id = device_id,
        .write = write_device,
        .at_ms = tx->now_ms,
    };
    return emit(svc, tx, &event, mem, err);
}

enum og_code
og_webhook_otp_undeliverable(struct og_services *svc, struct og_tx *tx, const struct og_message *m,
                             struct og_arena *mem, struct og_err *err)
{
    struct event event = {
        .what = OG_WEBHOOK_OTP_UNDELIVERABLE,
        .account_id = m->account_id,
        .subject_id = m->verification_id,
        .write = write_undeliverable,
        .message = m,
        .at_ms = tx->now_ms,
    };
    return emit(svc, tx, &event, mem, err);
}
