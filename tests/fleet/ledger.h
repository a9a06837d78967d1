/*
 * The truth about each code, kept beside the gateway and without asking it: when it was accepted,
 * which phones got it, when it was at the radio, when its life was over. SMS are recognised by
 * their recipient: every code and every bulk message has a number of its own.
 *
 * Times are ms of virtual time. "At the radio" is the moment in which the SIM begins to send; what
 * the radio itself then takes, and what earlier tries of the same code took on the air, is the
 * network's and not counted.
 */
#pragma once

#include <stdio.h>

#include "base/str.h"

#define LEDGER_NEVER INT64_MAX
#define LEDGER_NUMBER_BYTES 16

enum ledger_kind { LEDGER_CODE, LEDGER_BULK };

/* One try of a code by one phone. */
struct ledger_route {
    int phone;
    const char *condition; /* how the phone was then; static */
    int64_t handed_at;
    int64_t failed_at;     /* the gateway was told then; LEDGER_NEVER */
    int64_t begun_at;      /* LEDGER_NEVER: not at the radio */
    bool is_aired;
};

#define LEDGER_ROUTES_MAX 8 /* further ones are counted, not kept */

struct ledger_code {
    char message_id[24];
    int64_t accepted_at;  /* LEDGER_NEVER: not yet */
    int64_t dead_from;    /* end of its life: expired, used, cancelled */
    int64_t begun_at;     /* of the first SMS that went out; LEDGER_NEVER: none did */
    int64_t begun_spent;  /* radio_spent then */
    int64_t radio_spent;  /* by tries that failed on the air */
    int route_count;
    struct ledger_route routes[LEDGER_ROUTES_MAX];
    int aired_count;
    bool had_route;          /* somebody could send it, soon after it was accepted */
    bool was_bulk_time;
    bool is_possibly_double; /* a second phone got it, and the first had not failed */
    bool was_sent_dead;
    bool was_refused;        /* the application was told at once that it cannot be sent */
};

struct ledger {
    struct ledger_code *codes;
    int code_count;
    int asked_count; /* those from here on are still to come */
    int first_open;  /* those before it need no look for a route any more */
    int bulk_count, bulk_accepted, bulk_over; /* over: sent, failed */
    bool *bulk_is_over;
    int dead_sent;
    int limits_exceeded;
    int double_sent; /* codes that really went out twice */
    int bulk_aired;
    bool is_bulk_time;
};

void ledger_init(struct ledger *self, int code_count, int bulk_count);
void ledger_finish(struct ledger *self);

/* The number that a code or bulk message goes to, and back. False: none of ours. */
void ledger_number(enum ledger_kind kind, int index, char out[LEDGER_NUMBER_BYTES]);
bool ledger_read_number(const char *number, enum ledger_kind *kind, int *index);

void ledger_accepted(struct ledger *self, int code, int64_t now_ms, int64_t expires_at,
                     struct og_str message_id);
void ledger_refused(struct ledger *self, int code, int64_t now_ms);
/* It was used. */
void ledger_ended(struct ledger *self, int code, int64_t now_ms);
/* Somebody can send, now: look at codes of the last moments. */
void ledger_route_is_live(struct ledger *self, int64_t now_ms);

void ledger_bulk_accepted(struct ledger *self);

/* What happens to a message on a phone. */
struct ledger_event {
    const char *number;
    int phone;
    int64_t now_ms;
};

/* The gateway gave it to the phone, which is in this condition (static text). */
void ledger_handed(struct ledger *self, const struct ledger_event *event, const char *condition);
/* The gateway knows that the phone did not send it. */
void ledger_told_failed(struct ledger *self, const struct ledger_event *event);
/* A SIM had it from begun_at to now, and it went out, or did not. */
void ledger_aired(struct ledger *self, const struct ledger_event *event, int64_t begun_at);
void ledger_lost(struct ledger *self, const struct ledger_event *event, int64_t begun_at);

/* Tell of codes that had a route and were not at the radio within limit_ms, and of those that
 * were sent dead: `max` at most. */
void ledger_tell_late(const struct ledger *self, FILE *out, int64_t limit_ms, int max);

/* From acceptance to the radio, without the radio's own time; LEDGER_NEVER. */
int64_t ledger_delay_ms(const struct ledger_code *code);
