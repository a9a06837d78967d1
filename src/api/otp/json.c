/*
 * Verifications in JSON, in the order in which people read them. Absent is told by null, so that
 * every answer of a kind has the same members.
 */
#include "api/otp/json.h"

#include "base/json.h"

static void
add_verification(struct og_json_writer *w, const struct og_verification *v, int sends_max)
{
    /* A decoy looks like all others. */
    static const char *const modes[OG_MODE_COUNT] = {[OG_MODE_SANDBOX] = "sandbox",
                                                     [OG_MODE_TEST] = "test"};
    const bool is_pending = v->state == OG_VERIFICATION_PENDING;
    const bool may_resend =
        is_pending && v->send_count < sends_max && v->resend_at < v->expires_at;
    og_json_add_str(w, "id", v->id);
    og_json_add_str(w, "to", v->masked);
    og_json_add_str(w, "purpose", v->purpose);
    og_json_add_cstr(w, "status", og_verification_state_name(v->state));
    if (modes[v->mode]) {
        og_json_add_cstr(w, "mode", modes[v->mode]);
    }
    og_json_add_i64(w, "code_length", v->code_length);
    og_json_add_i64(w, "sends", v->send_count);
    og_json_add_time(w, "created_at", v->created_at);
    og_json_add_time(w, "expires_at", v->expires_at);
    og_json_add_time_or_null(w, "resend_after", may_resend ? v->resend_at : 0);
    og_json_add_time_or_null(w, "ended_at",
                             is_pending ? 0 : v->closed_at ? v->closed_at : v->expires_at);
}

void
og_otp_verification_json(const struct og_verification *v, int sends_max, struct og_buf *out)
{
    struct og_json_writer w;
    og_json_begin(&w, out);
    og_json_object(&w, NULL);
    add_verification(&w, v, sends_max);
    og_json_end(&w);
}

int
og_otp_start_json(const struct og_otp_start_op *op, struct og_buf *out)
{
    struct og_json_writer w;
    og_json_begin(&w, out);
    og_json_object(&w, NULL);
    add_verification(&w, &op->out, op->base.svc->otp.sends_max);
    if (!op->is_new) {
        og_json_add_bool(&w, "resent", false);
    }
    const bool is_lost = op->is_new && !op->is_concealed && op->message.final_at &&
                         op->message.record.state == OG_MESSAGE_FAILED;
    if (is_lost) {
        og_json_add_str(&w, "undeliverable", op->message.reason);
    }
    og_json_end(&w);
    return op->is_concealed ? 202 : op->is_new ? 201 : 200;
}

static void
add_event(struct og_json_writer *w, const struct og_otp_event *event)
{
    og_json_object(w, NULL);
    og_json_add_cstr(w, "event", og_otp_event_name(event->kind));
    og_json_add_time(w, "at", event->at);
    if (event->send) {
        og_json_add_i64(w, "send", event->send);
    }
    if (event->reason.len) {
        og_json_add_str(w, "reason", event->reason);
    }
    og_json_end(w);
}

void
og_otp_get_json(const struct og_otp_get_op *op, struct og_buf *out)
{
    struct og_json_writer w;
    og_json_begin(&w, out);
    og_json_object(&w, NULL);
    add_verification(&w, &op->out, op->base.svc->otp.sends_max);
    if (op->undeliverable.len) {
        og_json_add_str(&w, "undeliverable", op->undeliverable);
    }
    og_json_array(&w, "timeline");
    for (int i = 0; i < op->event_count; i++) {
        add_event(&w, &op->events[i]);
    }
    og_json_end(&w);
    og_json_end(&w);
}

void
og_otp_check_json(const struct og_otp_check_op *op, struct og_arena *mem, struct og_buf *out)
{
    struct og_json_writer w;
    og_json_begin(&w, out);
    og_json_object(&w, NULL);
    og_json_add_str(&w, "id", op->id);
    og_json_add_cstr(&w, "status", og_verification_state_name(op->state));
    og_json_add_bool(&w, "approved", op->outcome == OG_OTP_APPROVED);
    if (op->attempts_left >= 0) {
        og_json_add_i64(&w, "attempts_left", op->attempts_left);
    } else {
        og_json_add_null(&w, "attempts_left");
    }
    if (op->outcome == OG_OTP_APPROVED) {
        og_json_add_str(&w, "receipt", og_receipt_write(op->base.svc, &op->receipt, mem));
    } else {
        og_json_add_null(&w, "receipt");
    }
    og_json_end(&w);
}

void
og_otp_receipt_json(const struct og_receipt *receipt, struct og_buf *out)
{
    struct og_json_writer w;
    og_json_begin(&w, out);
    og_json_object(&w, NULL);
    og_json_add_str(&w, "id", receipt->id);
    og_json_add_str(&w, "purpose", receipt->purpose);
    og_json_add_str(&w, "recipient", receipt->subject);
    og_json_add_str_or_null(&w, "amount", receipt->context.amount);
    og_json_add_str_or_null(&w, "payee", receipt->context.payee);
    og_json_add_str_or_null(&w, "reference", receipt->context.reference);
    og_json_add_time(&w, "approved_at", receipt->made_at * 1000);
    og_json_add_time(&w, "expires_at", receipt->expires_at * 1000);
    og_json_end(&w);
}

void
og_otp_already_json(struct og_str request_id, struct og_buf *out)
{
    struct og_json_writer w;
    og_json_begin(&w, out);
    og_json_object(&w, NULL);
    og_json_add_cstr(&w, "error", "already_verified");
    og_json_add_cstr(&w, "message", "this verification has been approved already");
    og_json_add_str(&w, "request_id", request_id);
    og_json_end(&w);
}
