/* What the files of the shield share. */
#pragma once

#include "abuse/counters.h"
#include "abuse/shield.h"

#define COUNTRIES_MAX 1024
#define PREFIXES_MAX 4096

/* Something that was counted and may have to be given back. */
enum hold_kind { HOLD_LIMIT, HOLD_SENT, HOLD_VERIFIED, HOLD_PROOF };
struct hold {
    enum hold_kind kind;
    bool is_kept;
    enum og_abuse_rule rule;       /* of HOLD_LIMIT */
    enum og_abuse_subject subject; /* of the place */
    uint64_t key;
    int64_t at_ms;
    int64_t amount;
};

struct og_shield {
    struct og_shield_config config; /* constant */
    struct og_counters *limits[OG_RULE_LIMITS];
    struct og_counters *proofs; /* challenges that were spent */
    struct og_conversion *countries, *prefixes;
    struct og_spray *spray;
    struct og_stops stops;
    struct og_decisions decisions;
    struct hold *holds; /* of the batch */
    int hold_count, hold_cap;
};

/* The limit that holds for this case; 0: none. */
int64_t og_shield_limit(const struct og_shield *self, enum og_abuse_rule rule,
                        const struct og_abuse_case *c);
/* How much of a limit this case takes. */
int64_t og_shield_amount(const struct og_shield *self, enum og_abuse_rule rule,
                         const struct og_abuse_case *c);
bool og_shield_is_home(const struct og_shield *self, const char *region);
/* Count it in all rules that hold, and remember that for the batch. */
void og_shield_charge(struct og_shield *self, const struct og_abuse_case *c, int64_t mono_ms,
                      struct og_abuse_ticket *ticket);
/* The monitor of countries or that of prefixes. */
struct og_conversion *og_shield_monitor(const struct og_shield *self,
                                        enum og_abuse_subject subject);
void og_shield_decided(struct og_shield *self, enum og_decision_action action,
                       const struct og_abuse_case *c, const struct og_abuse_verdict *verdict,
                       int64_t now_ms);
