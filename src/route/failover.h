/*
 * What next for a message that does not get on: stay, move, try another route, or give up.
 *
 * Pure. A message that no phone has fetched moves as often as it likes. One that was handed may go
 * out by radio at any time, so it goes to another phone only when the phone says that it failed,
 * or, if it is a code, when nothing was heard for so long that a possible second SMS is the lesser
 * evil. It is never with two phones at once.
 */
#pragma once

#include "base/str.h"

#define OG_FAILOVER_ROUTES_MAX 3

/* Whose fault a failure is. */
enum og_failure {
    OG_FAILURE_NONE,
    OG_FAILURE_ROUTE,   /* this phone, SIM or network: another one may do */
    OG_FAILURE_MESSAGE, /* the number or the text: no route will do */
    OG_FAILURE_NETWORK, /* sent, and the network reports that it could not be delivered */
};

/* From the text that phones report ("Send result: RESULT_ERROR_NO_SERVICE"; wire/smsgate.md
 * section 4.8). */
enum og_failure og_failure_of(struct og_str error);

enum og_failover_event {
    OG_FAILOVER_UNFETCHED, /* its phone is lost, or was woken and does not fetch */
    OG_FAILOVER_SILENT,    /* handed, and nothing was heard for longer than the phone's patience */
    OG_FAILOVER_FAILED,    /* the phone says so */
};

enum og_failover_action {
    OG_FAILOVER_STAY,
    OG_FAILOVER_MOVE,    /* plan it anew: no phone has it */
    OG_FAILOVER_RETRY,   /* another route; the first one did not send it */
    OG_FAILOVER_REPEAT,  /* another route; possibly a duplicate */
    OG_FAILOVER_GIVE_UP, /* it fails for good */
};

struct og_failover_facts {
    enum og_failover_event event;
    enum og_failure failure; /* of OG_FAILOVER_FAILED */
    bool is_otp;
    bool is_bound;           /* the client named the phone */
    bool is_on_its_way;      /* some recipient is Sent or Delivered, or failed while others did not */
    int routes;              /* phones that had it, this one too */
    int routes_max;
    int64_t left_ms;         /* of its life */
    int64_t needed_ms;       /* the least that another route needs; INT64_MAX: there is none */
};

enum og_failover_action og_failover_decide(const struct og_failover_facts *facts);
