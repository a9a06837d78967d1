/*
 * What the audit log tells: the kinds of events, and one event. Names are those of the field
 * (domain/otp.md section 6.4); severities are syslog's (RFC 5424 section 6.2.1), categories, types
 * and outcomes Elastic's common schema.
 */
#pragma once

#include "base/str.h"

/* name, wire name, what it says, severity, category, type, outcome
 * Whoever adds a kind adds it at the end of its group, and a row to docs/audit.md. */
#define OG_AUDIT_KINDS(X)                                                                         \
    X(OTP_START_ACCEPTED, "otp.start.accepted", "Verification started", 6, AUTH, START, SUCCESS)  \
    X(OTP_START_REFUSED, "otp.start.refused", "Verification refused", 5, AUTH, DENIED, FAILURE)   \
    X(OTP_CODE_GENERATED, "otp.code.generated", "Code generated", 6, AUTH, INFO, SUCCESS)         \
    X(OTP_SEND_QUEUED, "otp.send.queued", "Message with a code queued", 6, AUTH, INFO, UNKNOWN)   \
    X(OTP_SEND_HANDED, "otp.send.handed_to_device", "Message handed to a phone", 6, AUTH, INFO,   \
      UNKNOWN)                                                                                    \
    X(OTP_SEND_SENT, "otp.send.sent", "Message sent by radio", 6, AUTH, INFO, SUCCESS)            \
    X(OTP_SEND_DELIVERED, "otp.send.delivered", "Message delivered", 6, AUTH, INFO, SUCCESS)      \
    X(OTP_SEND_FAILED, "otp.send.failed", "Message failed", 4, AUTH, ERROR, FAILURE)              \
    X(OTP_SEND_EXPIRED, "otp.send.expired", "Message not sent in time", 4, AUTH, ERROR, FAILURE)  \
    X(OTP_RESEND, "otp.resend", "Code sent again", 6, AUTH, INFO, SUCCESS)                        \
    X(OTP_FALLBACK, "otp.fallback", "Code sent by another route", 5, AUTH, INFO, SUCCESS)         \
    X(OTP_CHECK_OK, "otp.check.ok", "Code right", 6, AUTH, END, SUCCESS)                          \
    X(OTP_CHECK_WRONG, "otp.check.wrong", "Code wrong", 5, AUTH, INFO, FAILURE)                   \
    X(OTP_CHECK_EXPIRED, "otp.check.expired", "Code too late", 5, AUTH, INFO, FAILURE)            \
    X(OTP_CHECK_LOCKED, "otp.check.locked", "Recipient locked after wrong codes", 4, AUTH,        \
      DENIED, FAILURE)                                                                            \
    X(OTP_CHECK_UNKNOWN, "otp.check.unknown", "Check of an unknown verification", 5, AUTH, INFO,  \
      FAILURE)                                                                                    \
    X(OTP_CHECK_MALFORMED, "otp.check.malformed", "Check of what cannot be the code", 5, AUTH,    \
      INFO, FAILURE)                                                                              \
    X(OTP_CHECK_CONTEXT, "otp.check.context_mismatch", "Check in another context", 4, AUTH, INFO, \
      FAILURE)                                                                                    \
    X(OTP_CHECK_REPLAYED, "otp.check.replayed", "Check after the end", 5, AUTH, INFO, FAILURE)    \
    X(OTP_CANCEL, "otp.cancel", "Verification cancelled", 6, AUTH, END, SUCCESS)                  \
    X(OTP_EXPIRED, "otp.expired", "Verifications ran out of time", 6, AUTH, END, FAILURE)         \
    X(LIMIT_HIT, "limit.hit", "Limit reached", 4, INTRUSION, DENIED, FAILURE)                     \
    X(FRAUD_RULE, "fraud.rule", "Rule against fraud applied", 3, INTRUSION, DENIED, FAILURE)      \
    X(COUNTRY_BLOCKED, "country.blocked", "Country blocked", 4, INTRUSION, DENIED, FAILURE)       \
    X(DEVICE_ONLINE, "device.online", "Phone connected", 6, HOST, START, SUCCESS)                 \
    X(DEVICE_OFFLINE, "device.offline", "Phone gone", 5, HOST, END, UNKNOWN)                      \
    X(DEVICE_HEALTH, "device.health", "Phone does better or worse", 5, HOST, CHANGE, UNKNOWN)     \
    X(DEVICE_SIM_CHANGED, "device.sim_changed", "SIM changed", 4, HOST, CHANGE, UNKNOWN)          \
    X(DEVICE_SIM_BLOCKED, "device.sim_blocked", "SIM fails and rests", 3, HOST, ERROR, FAILURE)   \
    X(AUTH_API_OK, "auth.api.ok", "Credential verified", 6, AUTH, START, SUCCESS)                 \
    X(AUTH_API_FAILED, "auth.api.failed", "Credential refused", 4, AUTH, DENIED, FAILURE)         \
    X(AUTH_TOKEN, "auth.token", "Token issued or revoked", 5, IAM, CHANGE, SUCCESS)               \
    X(ADMIN_ACCOUNT, "admin.account", "Account changed", 5, IAM, CHANGE, SUCCESS)                 \
    X(ADMIN_CREDENTIAL, "admin.credential", "Credential changed", 5, IAM, CHANGE, SUCCESS)        \
    X(ADMIN_DEVICE, "admin.device", "Phone added or removed", 5, IAM, CHANGE, SUCCESS)            \
    X(ADMIN_CONFIG, "admin.config", "Configuration changed", 5, CONFIGURATION, CHANGE, SUCCESS)   \
    X(ADMIN_TEMPLATE, "admin.template", "Template changed", 5, CONFIGURATION, CHANGE, SUCCESS)    \
    X(ADMIN_CLIENT_APP, "admin.client_app", "Client app changed", 5, CONFIGURATION, CHANGE,       \
      SUCCESS)                                                                                    \
    X(ADMIN_WEBHOOK, "admin.webhook", "Webhook changed", 5, CONFIGURATION, CHANGE, SUCCESS)       \
    X(ADMIN_LIMIT, "admin.limit", "Limit or rule changed", 5, CONFIGURATION, CHANGE, SUCCESS)     \
    X(BATCH_CREATED, "batch.created", "Batch made", 6, PROCESS, INFO, SUCCESS)                    \
    X(BATCH_STARTED, "batch.started", "Batch started", 6, PROCESS, START, SUCCESS)                \
    X(BATCH_PAUSED, "batch.paused", "Batch paused", 6, PROCESS, CHANGE, SUCCESS)                  \
    X(BATCH_RESUMED, "batch.resumed", "Batch resumed", 6, PROCESS, CHANGE, SUCCESS)               \
    X(BATCH_CANCELED, "batch.canceled", "Batch canceled", 5, PROCESS, END, SUCCESS)               \
    X(KEY_ROTATED, "key.rotated", "Key rotated", 5, CONFIGURATION, CHANGE, SUCCESS)               \
    X(AUDIT_CHECKPOINT, "audit.checkpoint", "Checkpoint of this log", 6, PROCESS, INFO, SUCCESS)  \
    X(AUDIT_VERIFY_FAILED, "audit.verify_failed", "This log does not verify", 1, PROCESS, ERROR,  \
      FAILURE)                                                                                    \
    X(AUDIT_PURGED, "audit.purged", "Old entries removed", 5, PROCESS, CHANGE, SUCCESS)           \
    X(AUDIT_DROPPED, "audit.dropped", "Entries lost: the log was full", 3, PROCESS, ERROR,        \
      FAILURE)                                                                                    \
    X(PRIVACY_EXPORT, "privacy.export", "Data of a number exported", 5, DATABASE, ACCESS,         \
      SUCCESS)                                                                                    \
    X(PRIVACY_ERASE, "privacy.erase", "Data of a number erased", 5, DATABASE, DELETION, SUCCESS)  \
    X(STORE_FAILOVER, "store.failover", "Code store changed over", 4, DATABASE, CHANGE, UNKNOWN)  \
    X(CLOCK_JUMP, "clock.jump", "Clock jumped", 4, HOST, CHANGE, UNKNOWN)                         \
    X(ALERT_FIRED, "alert.fired", "Alert begins", 3, INTRUSION, INFO, UNKNOWN)                    \
    X(ALERT_RESOLVED, "alert.resolved", "Alert is over", 5, INTRUSION, INFO, SUCCESS)             \
    X(SERVICE_START, "service.start", "Gateway started", 5, PROCESS, START, SUCCESS)              \
    X(SERVICE_STOP, "service.stop", "Gateway stopped", 5, PROCESS, END, SUCCESS)

#define OG_AUDIT_AS_ENUM(name, ...) OG_AUDIT_##name,
enum og_audit_kind { OG_AUDIT_KINDS(OG_AUDIT_AS_ENUM) OG_AUDIT_KIND_COUNT };
#undef OG_AUDIT_AS_ENUM

struct og_audit_kind_row {
    const char *name;     /* "otp.check.wrong" */
    const char *title;    /* for people */
    int severity;         /* syslog: 1 alert .. 6 informational */
    const char *category; /* event.category */
    const char *type;     /* event.type */
    const char *outcome;  /* event.outcome */
};
extern const struct og_audit_kind_row og_audit_kind_rows[OG_AUDIT_KIND_COUNT];

/* False for a name that this version does not know; *out is then not touched. */
bool og_audit_kind_find(struct og_str name, enum og_audit_kind *out);

/* How the detail of audit.purged begins: the last entry that retention has removed. */
#define OG_AUDIT_UNTIL "until="

/*
 * One event. Fields that do not apply are "". Never a code, a whole number, a credential or a text.
 * Foreign bytes may stand in any of them: they are cut to OG_AUDIT_FIELD_MAX bytes, and what is not
 * UTF-8 becomes U+FFFD.
 */
#define OG_AUDIT_FIELD_MAX 256

struct og_audit_event {
    enum og_audit_kind kind;
    struct og_str account; /* the tenant */
    struct og_str actor;   /* credential or phone; "" : the gateway by itself */
    struct og_str object;  /* what it is about: a verification, phone, credential, ... */
    struct og_str subject; /* pseudonym of a recipient; readers cannot get from it to the number */
    struct og_str masked;  /* the recipient's number, masked (core/phone_number.h) */
    struct og_str country; /* of the recipient: "DE" */
    struct og_str purpose;
    struct og_str reason;  /* a short word: "too_many_sends", "country_not_allowed" */
    struct og_str detail;  /* rule values and the like: "rule=recipient_hour limit=5 value=6" */
    struct og_str ip;      /* of the client */
    struct og_str request; /* the request's id */
};

/* A copy with its texts in `mem`, each cut to its maximum; a NUL, which no reader of JSON here
 * takes, becomes a question mark. */
struct og_audit_event og_audit_event_copy(const struct og_audit_event *event,
                                          struct og_arena *mem);
/* At most OG_AUDIT_FIELD_MAX bytes of a text, and no part of a character. */
struct og_str og_audit_field_cut(struct og_str text);
