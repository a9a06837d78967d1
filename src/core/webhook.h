/*
 * Events of webhooks: their names, who tells them, and when a failed delivery is tried again.
 *
 * Pure and thread-safe. Source: wire/smsgate.md sections 2.5, 4.6 and 4.7.
 */
#pragma once

#include "base/str.h"

enum og_webhook_event {
    OG_WEBHOOK_SMS_RECEIVED,
    OG_WEBHOOK_SMS_DATA_RECEIVED,
    OG_WEBHOOK_SMS_SENT,
    OG_WEBHOOK_SMS_DELIVERED,
    OG_WEBHOOK_SMS_FAILED,
    OG_WEBHOOK_SMS_CANCELLED,
    OG_WEBHOOK_SYSTEM_PING,
    OG_WEBHOOK_MMS_RECEIVED,
    OG_WEBHOOK_MMS_DOWNLOADED,
    OG_WEBHOOK_APP_STARTED,
    OG_WEBHOOK_SMS_BATCH_RECEIVED,
    OG_WEBHOOK_SMS_BATCH_DATA_RECEIVED,
    OG_WEBHOOK_MMS_BATCH_RECEIVED,
    OG_WEBHOOK_MMS_BATCH_DOWNLOADED,
    OG_WEBHOOK_MESSAGE_EXPIRED,  /* ours from here on */
    OG_WEBHOOK_MESSAGE_CANCELED,
    OG_WEBHOOK_OTP_APPROVED,
    OG_WEBHOOK_OTP_FAILED,
    OG_WEBHOOK_DEVICE_ONLINE,
    OG_WEBHOOK_DEVICE_OFFLINE,
    OG_WEBHOOK_OTP_UNDELIVERABLE, /* no phone can send it in time: offer another way */
    OG_WEBHOOK_EVENT_COUNT
};

/* Who tells the receivers about the states of messages and of what phones received; all else has
 * one who can. */
enum og_webhooks_by { OG_WEBHOOKS_BY_SERVER, OG_WEBHOOKS_BY_PHONE };

/* "sms:sent", ... Static storage. */
const char *og_webhook_event_name(enum og_webhook_event event);
/* The exact word; false when it is none. */
bool og_webhook_event_from_text(struct og_str text, enum og_webhook_event *out);

/* Does the server tell of this event in an account that chose `by`? */
bool og_webhook_is_ours(enum og_webhook_event event, enum og_webhooks_by by);
/*
 * Must a phone see the hook? Never for an event that its app cannot read: one of those stops the
 * app from reading any (4.6).
 * tells_server  it tells the server of such events, which passes them on where that is its part
 */
bool og_webhook_is_phones(enum og_webhook_event event, enum og_webhooks_by by, bool tells_server);

/* "server", "phone". */
const char *og_webhooks_by_name(enum og_webhooks_by by);
bool og_webhooks_by_from_text(struct og_str text, enum og_webhooks_by *out);

#define OG_WEBHOOK_GIVE_UP_MS (24 * 3600 * INT64_C(1000))

/*
 * How long to wait after the failed-th failure (from 1): first_ms, doubled each time up to 2 h, a
 * fifth more or less by `dice` (any 32 random bits), so that receivers that come back are not
 * stormed.
 */
int64_t og_webhook_backoff_ms(int64_t first_ms, int64_t failed, uint32_t dice);

/* Host and port of an absolute URL, as written: "hook.example:8443" of
 * "https://u@hook.example:8443/x?y". "" when there is none. Borrowed. */
struct og_str og_webhook_url_host(struct og_str url);
/* Is it an https URL with a host, without spaces and control characters? */
bool og_webhook_url_is_good(struct og_str url);
