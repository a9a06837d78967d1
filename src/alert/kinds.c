/*
 * The table of kinds. Critical is what keeps codes from arriving or data from being kept; the rest
 * can wait for working hours.
 */
#include "alert/kinds.h"

#define MINUTE_MS INT64_C(60000)
#define HOUR_MS (60 * MINUTE_MS)

const struct og_alert_kind_row og_alert_kinds[OG_ALERT_KINDS] = {
    [OG_ALERT_DATABASE] = {"database_trouble", OG_ALERT_CRITICAL,
                           "The database does not take writes", "cause", "", 0},
    [OG_ALERT_DATABASE_SLOW] = {"database_slow", OG_ALERT_WARNING,
                                "Commits take too long, and everybody waits for them", "",
                                "milliseconds", 0},
    [OG_ALERT_CODE_STORE] = {"code_store_trouble", OG_ALERT_CRITICAL,
                             "The store of codes is not well", "", "", 0},
    [OG_ALERT_AUDIT] = {"audit_trouble", OG_ALERT_WARNING,
                        "A checkpoint of the audit log does not get to its place", "place", "", 0},
    [OG_ALERT_AUDIT_BROKEN] = {"audit_broken", OG_ALERT_CRITICAL,
                               "The audit log does not verify; see `otpgate audit verify`", "",
                               "", 0},
    [OG_ALERT_ROWS_UNREADABLE] = {"rows_unreadable", OG_ALERT_CRITICAL,
                                  "Stored rows do not open: damaged, or of another master key",
                                  "", "rows", HOUR_MS},
    [OG_ALERT_NO_OTP_ROUTE] = {"no_otp_route", OG_ALERT_CRITICAL,
                               "Codes wait and no phone of the account is connected", "account",
                               "codes", 0},
    [OG_ALERT_DEVICE_OFFLINE] = {"device_offline", OG_ALERT_WARNING, "A phone is offline",
                                 "device", "seconds", 0},
    [OG_ALERT_DEVICE_QUARANTINED] = {"device_quarantined", OG_ALERT_WARNING,
                                     "A phone takes messages and does not send them", "device",
                                     "", 0},
    [OG_ALERT_QUEUE_DELAY] = {"queue_delay", OG_ALERT_WARNING,
                              "Codes for a phone wait too long", "device", "seconds", 0},
    [OG_ALERT_QUOTA_80] = {"quota_80", OG_ALERT_WARNING, "A limit of the gateway is nearly reached",
                           "limit", "percent", 0},
    [OG_ALERT_QUOTA_100] = {"quota_100", OG_ALERT_CRITICAL, "A limit of the gateway is reached",
                            "limit", "percent", 0},
    [OG_ALERT_SIM_QUOTA_80] = {"sim_quota_80", OG_ALERT_WARNING,
                               "A SIM or phone has nearly used its limit of a day or month", "sim",
                               "percent", 0},
    [OG_ALERT_SIM_QUOTA_100] = {"sim_quota_100", OG_ALERT_CRITICAL,
                                "A SIM or phone has used its limit of a day or month", "sim",
                                "percent", 0},
    [OG_ALERT_DEVICE_FAILURES] = {"device_failures", OG_ALERT_WARNING,
                                  "A phone fails to send too many messages", "device", "percent",
                                  0},
    [OG_ALERT_ACCOUNT_FAILURES] = {"account_failures", OG_ALERT_CRITICAL,
                                   "Too many messages of an account fail", "account", "percent",
                                   0},
    [OG_ALERT_WEBHOOK_DEAD] = {"webhook_dead", OG_ALERT_WARNING,
                               "Webhook events were given up; see `otpgate webhook dead`", "",
                               "events", HOUR_MS},
    [OG_ALERT_WATCHDOG] = {"watchdog", OG_ALERT_WARNING,
                           "The watchdog had to end what should have ended by itself", "what",
                           "count", HOUR_MS},
    [OG_ALERT_ABUSE] = {"abuse_alert", OG_ALERT_WARNING,
                        "A rule against abuse gives the alarm; see `otpgate abuse decisions`",
                        "rule", "", HOUR_MS},
    [OG_ALERT_ABUSE_STOP] = {"abuse_stop", OG_ALERT_CRITICAL,
                             "A place gets no codes any more; see `otpgate abuse stops`", "place",
                             "", 0},
    [OG_ALERT_CHANNEL_DEAD] = {"alert_channel_dead", OG_ALERT_CRITICAL,
                               "Alerts do not get through a channel", "channel", "tries", 0},
    [OG_ALERT_TEST] = {"test", OG_ALERT_WARNING, "A test of the ways that alerts go", "", "",
                       MINUTE_MS},
};

const char *
og_alert_severity_name(enum og_alert_severity severity)
{
    return severity == OG_ALERT_CRITICAL ? "critical" : "warning";
}
