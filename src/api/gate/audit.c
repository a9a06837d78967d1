/*
 * What the gate tells the audit log. Strangers decide how often they knock, so at most ten entries
 * a second are written for each of the two kinds; the next one says how many were not.
 */
#include <stdio.h>

#include "api/gate/priv.h"
#include "base/log.h"
#include "service/audit/audit.h"

#define TELL_EVERY_MS 100

static void
tell(const struct og_gate *self, struct og_call *call, struct og_log_limit *limit,
     struct og_audit_event *event)
{
    char detail[128];
    int64_t held;
    if (!og_log_limit_pass(limit, TELL_EVERY_MS, &held)) {
        return;
    }
    snprintf(detail, sizeof detail, "route=%s held=%lld", call->route->path, (long long)held);
    event->detail = og_str_from(detail);
    event->ip = og_gate_source(self, call->req);
    event->request = call->req->id;
    if (og_audit_note(self->config.services, self->config.lanes, event) != OG_OK) {
        og_log_warn("api", "the audit log was not told of a credential", "reason=%s",
                    og_log_quote(event->reason));
    }
}

void
og_gate_tell_refused(const struct og_gate *self, struct og_call *call, const char *reason)
{
    static struct og_log_limit limit;
    struct og_audit_event event = {.kind = OG_AUDIT_AUTH_API_FAILED,
                                   .reason = og_str_from(reason)};
    tell(self, call, &limit, &event);
}

void
og_gate_tell_verified(const struct og_gate *self, struct og_call *call,
                      const struct og_identity *identity)
{
    static struct og_log_limit limit;
    struct og_audit_event event = {.kind = OG_AUDIT_AUTH_API_OK,
                                   .account = identity->account_id,
                                   .actor = identity->credential_id};
    tell(self, call, &limit, &event);
}
