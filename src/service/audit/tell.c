/*
 * Rows to events. What a row knows of a number is its digest and its mask; the number itself is not
 * looked at.
 */
#include "service/audit/tell.h"

#include <stdio.h>

void
og_audit_verification(const struct og_services *svc, enum og_audit_kind kind,
                      const struct og_verification *v, const char *reason)
{
    og_audit_add(svc, &(struct og_audit_event){.kind = kind,
                                               .account = v->account_id,
                                               .object = v->id,
                                               .subject = v->recipient_digest,
                                               .masked = v->masked,
                                               .purpose = v->purpose,
                                               .reason = og_str_from(reason)});
}

#define DIGITS_SHOWN 4

/* A phone's words may repeat the number: of a long run of digits the last four stay. */
static struct og_str
without_numbers(struct og_str words, char out[OG_AUDIT_FIELD_MAX])
{
    size_t len = words.len < OG_AUDIT_FIELD_MAX ? words.len : OG_AUDIT_FIELD_MAX;
    size_t run = 0;
    for (size_t i = 0; i < len; i++) {
        char c = words.ptr[i];
        out[i] = c;
        run = c >= '0' && c <= '9' ? run + 1 : 0;
        if (run > DIGITS_SHOWN) {
            out[i - DIGITS_SHOWN] = '*';
        }
    }
    return (struct og_str){out, len};
}

void
og_audit_message(const struct og_services *svc, enum og_audit_kind kind,
                 const struct og_message *m, struct og_str reason)
{
    char detail[OG_AUDIT_FIELD_MAX], words[OG_AUDIT_FIELD_MAX];
    if (m->cls != OG_CLASS_OTP) {
        return;
    }
    snprintf(detail, sizeof detail, "message=%" OG_STR_FMT " phone=%" OG_STR_FMT,
             OG_STR_ARG(m->id), OG_STR_ARG(m->device_id));
    og_audit_add(svc, &(struct og_audit_event){.kind = kind,
                                               .account = m->account_id,
                                               .object = m->verification_id,
                                               .reason = without_numbers(reason, words),
                                               .detail = og_str_from(detail)});
}

void
og_audit_message_state(const struct og_services *svc, const struct og_message *m)
{
    switch (m->record.state) {
    case OG_MESSAGE_SENT:
        og_audit_message(svc, OG_AUDIT_OTP_SEND_SENT, m, OG_STR(""));
        break;
    case OG_MESSAGE_DELIVERED:
        og_audit_message(svc, OG_AUDIT_OTP_SEND_DELIVERED, m, OG_STR(""));
        break;
    case OG_MESSAGE_FAILED:
        og_audit_message(svc, OG_AUDIT_OTP_SEND_FAILED, m, m->reason);
        break;
    default:
        break;
    }
}

void
og_audit_change(const struct og_services *svc, enum og_audit_kind kind, struct og_str account_id,
                struct og_str object, const char *what)
{
    og_audit_add(svc, &(struct og_audit_event){.kind = kind,
                                               .account = account_id,
                                               .object = object,
                                               .reason = og_str_from(what)});
}
