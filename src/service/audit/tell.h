/*
 * What the services tell the audit log, in one line each. As og_audit_add: write lane only.
 */
#pragma once

#include "service/audit/audit.h"
#include "store/message_store.h"
#include "store/otp_store.h"

/* About a verification. reason  NULL: none */
void og_audit_verification(const struct og_services *svc, enum og_audit_kind kind,
                           const struct og_verification *v, const char *reason);
/* About a message that carries a code; of others the log says nothing. reason  "" : none */
void og_audit_message(const struct og_services *svc, enum og_audit_kind kind,
                      const struct og_message *m, struct og_str reason);
/* A report of a phone has brought the message into its present state. */
void og_audit_message_state(const struct og_services *svc, const struct og_message *m);
/* Somebody with the right to it changed something: `what` ("made", "removed") about `object`. */
void og_audit_change(const struct og_services *svc, enum og_audit_kind kind,
                     struct og_str account_id, struct og_str object, const char *what);
