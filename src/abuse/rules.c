/*
 * The table of rules. Tuning one is a line of configuration, a new one is a row here and an option.
 */
#include "abuse/rules.h"

#include <string.h>

#define MINUTE INT64_C(60000)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)

static const char *const subject_names[OG_SUBJECT_COUNT] = {
    [OG_SUBJECT_ACCOUNT] = "account",     [OG_SUBJECT_APP] = "app",
    [OG_SUBJECT_IP] = "ip",               [OG_SUBJECT_RECIPIENT] = "recipient",
    [OG_SUBJECT_PREFIX] = "prefix",       [OG_SUBJECT_COUNTRY] = "country",
    [OG_SUBJECT_SIM] = "sim",             [OG_SUBJECT_GLOBAL] = "global",
};

#define LIMIT(word_, subject_, span_, holds_, text_)                                              \
    {.word = (word_), .subject = OG_SUBJECT_##subject_, .span_ms = (span_),                       \
     .holds_from = OG_MESSAGES_##holds_, .text = (text_)}
#define BUDGET(word_, subject_, cost_, text_)                                                     \
    {.word = (word_), .subject = OG_SUBJECT_##subject_, .span_ms = DAY,                           \
     .holds_from = OG_MESSAGES_BUDGETS, .is_budget = true, .counts_cost = (cost_),                \
     .text = (text_)}
#define OTHER(word_, text_) {.word = (word_), .holds_from = OG_MESSAGES_ALL, .text = (text_)}

const struct og_abuse_rule_row og_abuse_rules[OG_RULE_COUNT] = {
    [OG_RULE_RECIPIENT_HOUR] = LIMIT("recipient_hour", RECIPIENT, HOUR, ALL,
                                     "too many messages to this number within an hour"),
    [OG_RULE_RECIPIENT_DAY] = LIMIT("recipient_day", RECIPIENT, DAY, ALL,
                                    "too many messages to this number within a day"),
    [OG_RULE_PREFIX_HOUR] = LIMIT("prefix_hour", PREFIX, HOUR, ALL,
                                  "too many messages to numbers beside this one"),
    [OG_RULE_IP_HOUR] = LIMIT("ip_hour", IP, HOUR, ALL,
                              "too many messages for one address within an hour; servers of "
                              "applications pass client_ip or stand in abuse.servers"),
    [OG_RULE_IP_DAY] = LIMIT("ip_day", IP, DAY, ALL,
                             "too many messages for one address within a day; servers of "
                             "applications pass client_ip or stand in abuse.servers"),
    [OG_RULE_COUNTRY_HOUR] = LIMIT("country_hour", COUNTRY, HOUR, ALL,
                                   "too many messages to this country within an hour"),
    [OG_RULE_APP_HOUR] = LIMIT("app_hour", APP, HOUR, ALL,
                               "too many messages for this app within an hour"),
    [OG_RULE_ACCOUNT_MINUTE] = LIMIT("account_minute", ACCOUNT, MINUTE, RATE,
                                     "too many messages of this account within a minute"),
    [OG_RULE_ACCOUNT_DAY] = BUDGET("account_day", ACCOUNT, false,
                                   "the account's budget for the day is used up"),
    [OG_RULE_GLOBAL_MINUTE] = LIMIT("global_minute", GLOBAL, MINUTE, BUDGETS,
                                    "too many messages within a minute"),
    [OG_RULE_GLOBAL_DAY] = BUDGET("global_day", GLOBAL, false,
                                  "the gateway's budget for the day is used up"),
    [OG_RULE_SIM_DAY] = BUDGET("sim_day", SIM, false,
                               "the SIM's budget for the day is used up"),
    [OG_RULE_ACCOUNT_COST_DAY] = BUDGET("account_cost_day", ACCOUNT, true,
                                        "the account's money for the day is used up"),

    [OG_RULE_COUNTRY_NOT_ALLOWED] = OTHER("country_not_allowed",
                                          "messages to this country are not allowed; "
                                          "abuse.home and abuse.countries name those that are"),
    [OG_RULE_COUNTRY_STOPPED] = OTHER("country_stopped",
                                      "messages to this country are stopped for now"),
    [OG_RULE_PREFIX_STOPPED] = OTHER("prefix_stopped",
                                     "messages to numbers like this are stopped for now"),
    [OG_RULE_NUMBER_TYPE] = OTHER("number_type_not_allowed",
                                  "is a kind of number that gets no messages"),
    [OG_RULE_CHALLENGE] = OTHER("challenge_required",
                                "solve a challenge of POST /otp/v1/challenges first"),
    [OG_RULE_CHALLENGE_FAILED] = OTHER("challenge_failed",
                                       "the challenge is unknown, used, too old or not solved"),
    [OG_RULE_CONVERSION] = OTHER("conversion", "few codes of this place are ever typed in"),
    [OG_RULE_SPRAY_CHECKS] = OTHER("spray_checks", "many wrong codes"),
    [OG_RULE_SPRAY_NETWORK] = OTHER("spray_network",
                                    "wrong codes for many recipients from one network"),
    [OG_RULE_OPERATOR] = OTHER("operator", "by the operator"),
};

const char *
og_abuse_subject_name(enum og_abuse_subject subject)
{
    return subject_names[subject];
}

bool
og_abuse_subject_from_name(const char *name, enum og_abuse_subject *out)
{
    for (int i = 0; i < OG_SUBJECT_COUNT; i++) {
        if (strcmp(name, subject_names[i]) == 0) {
            *out = (enum og_abuse_subject)i;
            return true;
        }
    }
    return false;
}
