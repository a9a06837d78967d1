/*
 * What a fleet has done, and how long messages took to reach it. Touched by the fleet's loop only.
 */
#pragma once

#include "base/buf.h"
#include "phone/protocol.h"

/* name, what */
#define OG_PHONE_COUNTS(X)                                                                         \
    X(registrations, "devices registered anew")                                                    \
    X(unauthorized, "calls answered 401")                                                          \
    X(streams_opened, "event streams opened")                                                      \
    X(streams_ended, "event streams ended by the other side")                                      \
    X(pulls, "pulls answered")                                                                     \
    X(call_failures, "calls without a usable answer")                                              \
    X(received, "messages new to a phone")                                                         \
    X(repeats, "messages offered again")                                                           \
    X(cancelled, "messages cancelled before they were sent")                                       \
    X(expired, "messages past their end by the phone's clock")                                     \
    X(sms, "SMS on the air")                                                                       \
    X(failed, "recipients that failed")                                                            \
    X(delivered, "recipients with a delivery report")                                              \
    X(reports, "reports accepted")                                                                 \
    X(reports_retried, "reports to be repeated")                                                   \
    X(reports_dropped, "reports given up")                                                         \
    X(told, "webhooks called and uploads made")                                                      \
    X(tell_failures, "tries of those that failed")                                                   \
    X(offline, "losses of network")                                                                \
    X(violations, "violations of the protocol by the server")

#define OG_LAG_MS_MAX 10000

struct og_phone_counts {
#define OG_PHONE_COUNT_AS_MEMBER(name, what) int64_t name;
    OG_PHONE_COUNTS(OG_PHONE_COUNT_AS_MEMBER)
#undef OG_PHONE_COUNT_AS_MEMBER
    int64_t phones_registered; /* now */
    int64_t streams_open;      /* now */
    int64_t phones_up;         /* that had a stream at least once */
    int64_t reports_open;      /* messages that have something to report, now */
    int64_t by_violation[OG_VIOLATION_COUNT];
    uint32_t lag[OG_LAG_MS_MAX + 1]; /* createdAt to receipt, by ms; the last holds all above */
    int64_t lag_count;
};

/* created_at as the server wrote it, now by the machine's clock. Before 0 counts as 0. */
void og_phone_counts_lag(struct og_phone_counts *self, int64_t created_at, int64_t now_ms);
/* The lag that `percent` of the messages do not exceed, in ms; -1 without messages. */
int64_t og_phone_counts_percentile(const struct og_phone_counts *self, double percent);
/* One JSON object; cpu_us and rss_kib are of this process. */
void og_phone_counts_write(const struct og_phone_counts *self, struct og_buf *out);
