/*
 * The table of events with who can tell of them, and the arithmetic of retries.
 */
#include "core/webhook.h"

#define LONGEST_WAIT_MS (2 * 3600 * INT64_C(1000))

/* Who is able to tell. What nobody does yet is accepted and kept all the same. */
enum teller {
    PHONE,  /* knows alone: what the app does, what an MMS carries */
    INCOMING, /* what a phone received: the server too, where the phone tells it */
    EITHER, /* states of messages, which phones report to us */
    SERVER, /* events that the app does not know */
    NOBODY, /* batch events: the app does not know these either */
};

static const struct {
    const char *name;
    enum teller teller;
} events[OG_WEBHOOK_EVENT_COUNT] = {
    [OG_WEBHOOK_SMS_RECEIVED] = {"sms:received", INCOMING},
    [OG_WEBHOOK_SMS_DATA_RECEIVED] = {"sms:data-received", INCOMING},
    [OG_WEBHOOK_SMS_SENT] = {"sms:sent", EITHER},
    [OG_WEBHOOK_SMS_DELIVERED] = {"sms:delivered", EITHER},
    [OG_WEBHOOK_SMS_FAILED] = {"sms:failed", EITHER},
    [OG_WEBHOOK_SMS_CANCELLED] = {"sms:cancelled", EITHER},
    [OG_WEBHOOK_SYSTEM_PING] = {"system:ping", PHONE},
    [OG_WEBHOOK_MMS_RECEIVED] = {"mms:received", INCOMING},
    [OG_WEBHOOK_MMS_DOWNLOADED] = {"mms:downloaded", PHONE},
    [OG_WEBHOOK_APP_STARTED] = {"app:started", PHONE},
    [OG_WEBHOOK_SMS_BATCH_RECEIVED] = {"sms:batch:received", NOBODY},
    [OG_WEBHOOK_SMS_BATCH_DATA_RECEIVED] = {"sms:batch:data-received", NOBODY},
    [OG_WEBHOOK_MMS_BATCH_RECEIVED] = {"mms:batch:received", NOBODY},
    [OG_WEBHOOK_MMS_BATCH_DOWNLOADED] = {"mms:batch:downloaded", NOBODY},
    [OG_WEBHOOK_MESSAGE_EXPIRED] = {"message.expired", SERVER},
    [OG_WEBHOOK_MESSAGE_CANCELED] = {"message.canceled", SERVER},
    [OG_WEBHOOK_OTP_APPROVED] = {"otp.approved", SERVER},
    [OG_WEBHOOK_OTP_FAILED] = {"otp.failed", SERVER},
    [OG_WEBHOOK_DEVICE_ONLINE] = {"device.online", SERVER},
    [OG_WEBHOOK_DEVICE_OFFLINE] = {"device.offline", SERVER},
    [OG_WEBHOOK_OTP_UNDELIVERABLE] = {"otp.undeliverable", SERVER},
};

static const char *const by_names[] = {
    [OG_WEBHOOKS_BY_SERVER] = "server",
    [OG_WEBHOOKS_BY_PHONE] = "phone",
};

const char *
og_webhook_event_name(enum og_webhook_event event)
{
    return events[event].name;
}

bool
og_webhook_event_from_text(struct og_str text, enum og_webhook_event *out)
{
    for (int i = 0; i < OG_WEBHOOK_EVENT_COUNT; i++) {
        if (og_str_eq(text, og_str_from(events[i].name))) {
            *out = (enum og_webhook_event)i;
            return true;
        }
    }
    return false;
}

bool
og_webhook_is_ours(enum og_webhook_event event, enum og_webhooks_by by)
{
    enum teller teller = events[event].teller;
    return teller == SERVER ||
           ((teller == EITHER || teller == INCOMING) && by == OG_WEBHOOKS_BY_SERVER);
}

bool
og_webhook_is_phones(enum og_webhook_event event, enum og_webhooks_by by, bool tells_server)
{
    enum teller teller = events[event].teller;
    return teller == PHONE || (teller == INCOMING && !tells_server) ||
           ((teller == EITHER || teller == INCOMING) && by == OG_WEBHOOKS_BY_PHONE);
}

const char *
og_webhooks_by_name(enum og_webhooks_by by)
{
    return by_names[by];
}

bool
og_webhooks_by_from_text(struct og_str text, enum og_webhooks_by *out)
{
    for (size_t i = 0; i < sizeof by_names / sizeof by_names[0]; i++) {
        if (og_str_eq(text, og_str_from(by_names[i]))) {
            *out = (enum og_webhooks_by)i;
            return true;
        }
    }
    return false;
}

int64_t
og_webhook_backoff_ms(int64_t first_ms, int64_t failed, uint32_t dice)
{
    int64_t wait_ms = first_ms;
    for (int64_t i = 1; i < failed && wait_ms < LONGEST_WAIT_MS; i++) {
        wait_ms *= 2;
    }
    if (wait_ms > LONGEST_WAIT_MS) {
        wait_ms = LONGEST_WAIT_MS;
    }
    int64_t fifth = wait_ms / 5;
    return wait_ms - fifth + (int64_t)(dice % (uint32_t)(2 * fifth + 1));
}

/* ---- URLs ---- */

static const struct og_str scheme = {"https://", 8};

struct og_str
og_webhook_url_host(struct og_str url)
{
    size_t from = 0, to;
    while (from + 2 < url.len && memcmp(url.ptr + from, "://", 3) != 0) {
        from++;
    }
    from += 3;
    if (from >= url.len) {
        return OG_STR("");
    }
    for (to = from; to < url.len && !strchr("/?#\\", url.ptr[to]); to++) {
        if (url.ptr[to] == '@') {
            from = to + 1;
        }
    }
    return og_str_slice(url, from, to);
}

bool
og_webhook_url_is_good(struct og_str url)
{
    if (!og_str_eq_nocase(og_str_slice(url, 0, scheme.len), scheme)) {
        return false;
    }
    for (size_t i = 0; i < url.len; i++) {
        unsigned char c = (unsigned char)url.ptr[i];
        if (c <= 0x20 || c == 0x7f || c == '\\') {
            return false;
        }
    }
    struct og_str host = og_webhook_url_host(url);
    return host.len > 0 && host.ptr[0] != ':';
}
