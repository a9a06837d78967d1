/*
 * The rules: what is counted for whom over which time, and how a refusal by it is told. A rule's
 * word is its option (abuse.recipient_hour), its label in metrics, and the reason in answers.
 *
 * Sources: domain/otp.md sections 5.2 and 5.4 (defaults), requirements 66 to 75.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Whose counts a rule looks at. All but the last two are counted per account. */
enum og_abuse_subject {
    OG_SUBJECT_ACCOUNT,
    OG_SUBJECT_APP,       /* client app, or the credential where none is named */
    OG_SUBJECT_IP,        /* IPv4 address, or /64 */
    OG_SUBJECT_RECIPIENT,
    OG_SUBJECT_PREFIX,    /* the number without its last four digits */
    OG_SUBJECT_COUNTRY,
    OG_SUBJECT_SIM,
    OG_SUBJECT_GLOBAL,
    OG_SUBJECT_COUNT
};
/* "recipient", ... Static storage. */
const char *og_abuse_subject_name(enum og_abuse_subject subject);
bool og_abuse_subject_from_name(const char *name, enum og_abuse_subject *out);

/* Limits come first: their number is their place in the configuration. */
enum og_abuse_rule {
    OG_RULE_RECIPIENT_HOUR,
    OG_RULE_RECIPIENT_DAY,
    OG_RULE_PREFIX_HOUR,
    OG_RULE_IP_HOUR,
    OG_RULE_IP_DAY,
    OG_RULE_COUNTRY_HOUR, /* of countries that are not home */
    OG_RULE_APP_HOUR,
    OG_RULE_ACCOUNT_MINUTE,
    OG_RULE_ACCOUNT_DAY,
    OG_RULE_GLOBAL_MINUTE,
    OG_RULE_GLOBAL_DAY,
    OG_RULE_SIM_DAY,
    OG_RULE_ACCOUNT_COST_DAY,
    OG_RULE_LIMITS, /* how many limits there are */

    OG_RULE_COUNTRY_NOT_ALLOWED = OG_RULE_LIMITS,
    OG_RULE_COUNTRY_STOPPED,
    OG_RULE_PREFIX_STOPPED,
    OG_RULE_NUMBER_TYPE,
    OG_RULE_CHALLENGE,
    OG_RULE_CHALLENGE_FAILED,
    OG_RULE_CONVERSION,
    OG_RULE_SPRAY_CHECKS,
    OG_RULE_SPRAY_NETWORK,
    OG_RULE_OPERATOR, /* a person stopped, released or reset something */
    OG_RULE_COUNT
};

/* Which messages of applications (not codes) a limit holds for; abuse.messages chooses. */
enum og_abuse_messages {
    OG_MESSAGES_RATE,    /* how many a minute */
    OG_MESSAGES_BUDGETS, /* and budgets of a day */
    OG_MESSAGES_ALL,     /* and all else, as for codes */
};

struct og_abuse_rule_row {
    const char *word;
    enum og_abuse_subject subject;
    int64_t span_ms;                /* 0: not a limit */
    enum og_abuse_messages holds_from;
    bool is_budget;                 /* alert at 80 %; messages leave the reserve to codes */
    bool counts_cost;               /* money instead of messages */
    const char *text;               /* for people */
};

extern const struct og_abuse_rule_row og_abuse_rules[OG_RULE_COUNT];
