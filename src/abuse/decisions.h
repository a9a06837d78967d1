/*
 * What the shield decided and why, until it is on disk: a bounded list. The same decision about the
 * same subject again is counted, so that an attack fills neither the list nor the table.
 */
#pragma once

#include "abuse/conversion.h"
#include "abuse/rules.h"
#include "core/phone_number.h"

#define OG_DECISIONS_MAX 256
#define OG_DECISION_SOURCE_BYTES 48

enum og_decision_action {
    OG_DECISION_REFUSED,
    OG_DECISION_CHALLENGED,
    OG_DECISION_RECORDED, /* would have been refused, but rules are only recorded */
    OG_DECISION_ALERT,
    OG_DECISION_STOPPED,
    OG_DECISION_RELEASED,
    OG_DECISION_RESET,
    OG_DECISION_ACTIONS
};
/* "refused", ... Static storage. */
const char *og_decision_action_name(enum og_decision_action action);

struct og_decision {
    int64_t at_ms; /* UTC, of the first */
    enum og_decision_action action;
    enum og_abuse_rule rule;
    int64_t figure, limit; /* what was counted, and how much may be; 0, 0: not a count */
    int count;             /* how often */
    char account[OG_PLACE_ACCOUNT_BYTES];
    char number[OG_PHONE_MASK_BYTES]; /* masked, "" for none */
    char place[OG_PLACE_LABEL_BYTES];
    char source[OG_DECISION_SOURCE_BYTES]; /* address or /64, "" for none */
};

struct og_decisions {
    struct og_decision items[OG_DECISIONS_MAX];
    int count;
    int64_t lost_count; /* since there was no room */
};

void og_decisions_add(struct og_decisions *self, const struct og_decision *decision);
/* The first `count` are on disk. */
void og_decisions_drop(struct og_decisions *self, int count);
