/*
 * What an operator is told of: one row per kind. Words are part of the API and never change.
 */
#pragma once

#include <stdint.h>

enum og_alert_severity { OG_ALERT_WARNING, OG_ALERT_CRITICAL };

enum og_alert_kind {
    OG_ALERT_DATABASE,
    OG_ALERT_DATABASE_SLOW,
    OG_ALERT_CODE_STORE,
    OG_ALERT_AUDIT,
    OG_ALERT_AUDIT_BROKEN,
    OG_ALERT_ROWS_UNREADABLE,
    OG_ALERT_NO_OTP_ROUTE,
    OG_ALERT_DEVICE_OFFLINE,
    OG_ALERT_DEVICE_QUARANTINED,
    OG_ALERT_QUEUE_DELAY,
    OG_ALERT_QUOTA_80,
    OG_ALERT_QUOTA_100,
    OG_ALERT_SIM_QUOTA_80,
    OG_ALERT_SIM_QUOTA_100,
    OG_ALERT_DEVICE_FAILURES,
    OG_ALERT_ACCOUNT_FAILURES,
    OG_ALERT_WEBHOOK_DEAD,
    OG_ALERT_WATCHDOG,
    OG_ALERT_ABUSE,
    OG_ALERT_ABUSE_STOP,
    OG_ALERT_CHANNEL_DEAD,
    OG_ALERT_TEST,
    OG_ALERT_KINDS
};

struct og_alert_kind_row {
    const char *word; /* "device_offline" */
    enum og_alert_severity severity;
    const char *text;    /* for people: "A phone is offline" */
    const char *subject; /* what the subject is: "device", "" : there is only one */
    const char *unit;    /* of the figure, "" : there is none */
    int64_t lasts_ms;    /* ends so long after it was last raised; 0: when it is cleared */
};

extern const struct og_alert_kind_row og_alert_kinds[OG_ALERT_KINDS];

/* "warning", "critical". Static storage. */
const char *og_alert_severity_name(enum og_alert_severity severity);
