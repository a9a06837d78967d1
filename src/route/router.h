/*
 * Which phone, and which of its SIMs, for a message: candidates in, a choice with a reason for each
 * of them out.
 *
 * Pure. A candidate is refused for the first reason that holds; among the others the one that will
 * have it on the air first wins, group by group. Where no phone is there at all, the message is
 * planned for one that may come back.
 */
#pragma once

#include <stddef.h>

#include "base/str.h"
#include "route/health.h"
#include "route/pace.h"

#define OG_ROUTE_GROUP_NONE 1000 /* priority of phones that no rule's group holds */

/* What is known of a phone with one of its SIMs; strings are borrowed. */
struct og_route_candidate {
    struct og_str device;
    int sim;                   /* 0: the phone chooses */
    enum og_health_state health;
    bool is_connected;
    bool wants_probe;          /* quarantine is over but for a proof */
    int score;
    int64_t seen_at;
    struct og_pace_verdict pace;
    int64_t ahead_parts;       /* that it would send before this message */
    int64_t busy_ms;           /* with each of them; 0: as usual */
    int64_t part_ms;           /* its pace in the long run; 0: no limit */
    int64_t latency_ms;        /* from the wake-up to the radio, when it has nothing else to do */
    int group_priority;        /* smaller first */
    int weight;                /* of the phone in its group, from 1 */
    uint64_t turn;             /* when it was last chosen, in strides of its weight */
    bool is_in_rule;           /* no rule, or the rule that matched names it */
    bool is_tried;             /* had the message already */
    bool is_present;           /* has it in its line already: moving it must be worth it */
    bool is_sticky;            /* the recipient's last message went this way */
};

struct og_route_ask {
    bool is_otp;
    struct og_str device;  /* binding; "" : any */
    int sim;               /* binding; 0: any */
    int64_t left_ms;       /* of its life */
    int64_t seen_since_ms; /* only phones that are there or were seen since; INT64_MIN: all */
    int64_t now_ms;
};

/* Why not, or how well. */
enum og_route_verdict {
    OG_ROUTE_CHOSEN,
    OG_ROUTE_LATER,       /* would do, another one is better */
    OG_ROUTE_AWAY,        /* not connected: would do if nobody else is there */
    OG_ROUTE_NOT_ASKED,   /* the client named another phone or SIM */
    OG_ROUTE_NOT_IN_RULE,
    OG_ROUTE_TRIED,
    OG_ROUTE_UNSEEN,      /* not seen lately, as the client asked */
    OG_ROUTE_QUARANTINED,
    OG_ROUTE_TOO_SLOW,    /* would send it after its time */
    OG_ROUTE_VERDICT_COUNT
};

/* "chosen", "not_in_rule", ... Static storage. */
const char *og_route_verdict_name(enum og_route_verdict verdict);

struct og_route_answer {
    enum og_route_verdict verdict;
    int64_t delay_ms; /* expected, until it is on the air; of LATER, CHOSEN and TOO_SLOW */
};

#define OG_ROUTE_NONE ((size_t)-1)

/*
 * answers  as many as candidates; may be NULL
 * Returns  the index of the chosen one, or OG_ROUTE_NONE. Chosen is one that is AWAY only where
 *          no other would do.
 */
size_t og_router_choose(const struct og_route_candidate *candidates, size_t count,
                        const struct og_route_ask *ask, struct og_route_answer *answers);

/* The best delay of all that would do and are there; INT64_MAX: there is none. */
int64_t og_router_best_delay_ms(const struct og_route_candidate *candidates,
                                const struct og_route_answer *answers, size_t count);
