/*
 * The shield: may this message go out? One verdict from all rules, and the rule and figure that
 * decided.
 *
 * A verdict that lets a message through counts it at once, so that no two of a batch take the last
 * place. What is not kept (og_shield_keep, once the rows are on disk) is given back at the end of
 * the batch (og_shield_settle). So the count is never below what was sent.
 *
 * Pure: time and configuration come in. Memory is bounded by keys_max. One thread at a time (the
 * write lane) but for og_shield_case and the configuration, which any thread may read.
 * Times: `mono_ms` for what is counted; it never goes back and is near UTC, so that counts can be
 * loaded after a restart. `now_ms` is UTC, for what people read.
 */
#pragma once

#include "abuse/decisions.h"
#include "abuse/spray.h"
#include "abuse/stops.h"
#include "base/crypto.h"

enum og_shield_mode {
    OG_SHIELD_ENFORCE,
    OG_SHIELD_RECORD, /* count and log, refuse nothing */
    OG_SHIELD_OFF,
};

enum og_challenge_when { OG_CHALLENGE_NEVER, OG_CHALLENGE_SUSPICIOUS, OG_CHALLENGE_ALWAYS };

#define OG_SHIELD_REGIONS_MAX 65

struct og_shield_config {
    enum og_shield_mode mode;
    enum og_abuse_messages messages;
    char regions[OG_SHIELD_REGIONS_MAX][4]; /* allowed: "DE", "*"; the first is home */
    int region_count;
    uint32_t types_refused; /* 1 << enum og_phone_type */
    int64_t limits[OG_RULE_LIMITS]; /* 0: none */
    int64_t price_home, price_abroad; /* of one message, in the unit of account_cost_day */
    int reserve_percent; /* of each budget, for codes */
    struct og_conversion_policy conversion;
    int64_t stop_ms; /* 0: a stop of the monitor holds until it is released */
    struct og_spray_policy spray;
    enum og_challenge_when challenge;
    int challenge_bits;
    int keys_max;
    bool is_shared;              /* gateways count together; local counts stay as they are */
    struct og_key shared_key;    /* of pseudonyms that they all know */
    struct og_key key;           /* of pseudonyms; the same after a restart */
    struct og_key challenge_key; /* another after each restart: challenges end with the process */
};

enum og_abuse_kind { OG_ABUSE_CODE, OG_ABUSE_CODE_AGAIN, OG_ABUSE_MESSAGE };

enum og_proof { OG_PROOF_NONE, OG_PROOF_BAD, OG_PROOF_SOLVED };

/* A message as it is asked for. Strings are borrowed for the call. */
struct og_abuse_ask {
    enum og_abuse_kind kind;
    struct og_str account, app, number;
    struct og_str account_name; /* the same on every gateway; "" : not counted with others */
    bool is_app_named;          /* so is the app's, which is else a credential's id */
    struct og_str source; /* address or /64 as text; "" : not counted */
    struct og_str region; /* "DE"; "" : not known */
    enum og_phone_type type;
};

/* What a store of shared counts says of a case, by rule; what it was not asked for is nought. */
struct og_abuse_shared {
    int64_t sums[OG_RULE_LIMITS]; /* without this case */
    int64_t waits_ms[OG_RULE_LIMITS];
};

/* A limit that a case takes part of. */
struct og_abuse_need {
    enum og_abuse_rule rule;
    uint64_t key; /* the subject, as all gateways call it */
    int64_t limit, amount;
};

/* The same as the shield sees it: no number, no address in the clear beyond what the log shows. */
struct og_abuse_case {
    enum og_abuse_kind kind;
    uint64_t keys[OG_SUBJECT_COUNT]; /* 0: no such subject */
    uint64_t shared_keys[OG_SUBJECT_COUNT]; /* of what gateways count together; 0: not this */
    struct og_abuse_shared shared;   /* zeroed: nobody was asked */
    uint64_t country_of_all;         /* for stops that hold for all accounts */
    char account[OG_PLACE_ACCOUNT_BYTES];
    char region[4];
    char prefix[OG_PLACE_LABEL_BYTES];
    char number[OG_PHONE_MASK_BYTES];
    char source[OG_DECISION_SOURCE_BYTES];
    enum og_phone_type type;
    int amount;       /* messages; 1 */
    bool is_admitted; /* only limits are left to ask */
    enum og_proof proof;
    uint64_t proof_id;
};

enum og_abuse_action { OG_ABUSE_ALLOW, OG_ABUSE_CHALLENGE, OG_ABUSE_DENY };

struct og_abuse_verdict {
    enum og_abuse_action action;
    bool is_recorded; /* allowed only because rules are recorded */
    enum og_abuse_rule rule;
    int64_t figure, limit;
    int64_t wait_ms; /* 0: waiting does not help */
};

/* What one operation counted: places in the batch's list. Zeroed: nothing. */
struct og_abuse_ticket {
    int from, to;
};

struct og_shield;

struct og_shield *og_shield_create(const struct og_shield_config *config);
void og_shield_destroy(struct og_shield *self); /* takes NULL */
const struct og_shield_config *og_shield_config(const struct og_shield *self);

/* A keyed digest of what a subject is called, never 0. account "" : of all. Any thread. */
uint64_t og_shield_key(const struct og_shield *self, enum og_abuse_subject subject,
                       struct og_str account, struct og_str value);
/* Any thread. amount and proof are the caller's to set. */
void og_shield_case(const struct og_shield *self, const struct og_abuse_ask *ask,
                    struct og_abuse_case *out);
/* What it takes of limits that gateways count together. Any thread. Returns how many. */
int og_shield_needs(const struct og_shield *self, const struct og_abuse_case *c,
                    struct og_abuse_need out[OG_RULE_LIMITS]);
/* A subject's key for counts together. Any thread. account_name "" : of all. */
uint64_t og_shield_shared_key(const struct og_shield *self, enum og_abuse_subject subject,
                              struct og_str account_name, struct og_str value);
bool og_shield_region_allowed(const struct og_shield *self, const char *region);

/* The verdict. If the message may go it has been counted, and the ticket has grown. */
void og_shield_judge(struct og_shield *self, const struct og_abuse_case *c, int64_t mono_ms,
                     int64_t now_ms, struct og_abuse_ticket *ticket,
                     struct og_abuse_verdict *out);
/* A code of this case was typed in; it was sent at sent_mono_ms. */
void og_shield_verified(struct og_shield *self, const struct og_abuse_case *c,
                        int64_t sent_mono_ms, struct og_abuse_ticket *ticket);
/* A code was compared, or there was none. source as in ask; recipient: any stable name of it. */
void og_shield_checked(struct og_shield *self, struct og_str network, struct og_str recipient,
                       bool has_failed, int64_t mono_ms, int64_t now_ms);
/* What was typed cannot be a code: counts for the address as a message would. source as in ask. */
void og_shield_malformed(struct og_shield *self, struct og_str account, struct og_str source,
                         int64_t mono_ms);

void og_shield_keep(struct og_shield *self, const struct og_abuse_ticket *ticket);
/* The batch is over, committed or not. */
void og_shield_settle(struct og_shield *self);

/* A message of before the restart: count it without a question. */
void og_shield_load(struct og_shield *self, const struct og_abuse_case *c, int64_t at_mono_ms,
                    bool is_verified);
/* Forget what was counted for a subject. */
void og_shield_forget(struct og_shield *self, enum og_abuse_subject subject, uint64_t key);
int64_t og_shield_count_of(const struct og_shield *self, enum og_abuse_rule rule, uint64_t key,
                           int64_t mono_ms);

/* Places whose conversion calls for action; then og_shield_acted. At most `max`. */
int og_shield_look(struct og_shield *self, int64_t mono_ms, struct og_conversion_finding *out,
                   int max);
void og_shield_acted(struct og_shield *self, const struct og_conversion_finding *finding,
                     int64_t now_ms);

struct og_stops *og_shield_stops(struct og_shield *self);
/* From now on the place is stopped, and its conversion is no news. False when there are too many. */
bool og_shield_stop(struct og_shield *self, const struct og_stop *stop);
/* A stop was lifted: its place starts afresh. */
void og_shield_released(struct og_shield *self, const struct og_stop *stop);
struct og_decisions *og_shield_decisions(struct og_shield *self);

/* For metrics. */
struct og_shield_usage {
    int64_t keys, places, evicted, lost_decisions;
};
void og_shield_usage(const struct og_shield *self, struct og_shield_usage *out);
