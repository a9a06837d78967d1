/*
 * Alerts as channels want them: Alertmanager's API, plain JSON, and mail. Pure.
 */
#pragma once

#include "alert/board.h"
#include "base/buf.h"
#include "base/json.h"

struct og_alert_letter {
    const char *instance; /* whose alerts: the gateway's host name */
    const struct og_alert *alerts;
    int count;
};

/* "A phone is offline: AP73GLhHJCSf038GmCEll (130 seconds)" */
void og_alert_sentence(const struct og_alert *alert, struct og_buf *out);
/* The members of one alert in our own JSON: kind, severity, state, subject, figure, ... */
void og_alert_write(const struct og_alert *alert, struct og_json_writer *w);

/* POST /api/v2/alerts of Alertmanager: an array with labels, annotations, startsAt, endsAt. One
 * that lasts has no endsAt: Alertmanager ends it by itself when it is not told again in time. */
void og_alert_letter_alertmanager(const struct og_alert_letter *letter, struct og_buf *out);
/* {"source","alerts":[…]} */
void og_alert_letter_plain(const struct og_alert_letter *letter, struct og_buf *out);

struct og_alert_envelope {
    const char *from; /* the address alone */
    struct og_str_list to;
    const char *id;   /* of the message, unique */
    int64_t at;       /* UTC */
};

/* RFC 5322: head and text, lines end with CRLF. */
void og_alert_letter_mail(const struct og_alert_letter *letter,
                          const struct og_alert_envelope *envelope, struct og_buf *out);
