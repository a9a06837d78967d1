/* A shield with the defaults of domain/otp.md section 5.4, and messages to ask it about. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "abuse/shield.h"

#define NOON INT64_C(1767268800000)
#define SECOND INT64_C(1000)
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)

static inline struct og_shield_config
defaults(void)
{
    struct og_shield_config config = {
        .regions = {"DE", "AT"},
        .region_count = 2,
        .types_refused = 1U << OG_PHONE_TYPE_PREMIUM | 1U << OG_PHONE_TYPE_VOIP,
        .limits = {[OG_RULE_RECIPIENT_HOUR] = 5,
                   [OG_RULE_RECIPIENT_DAY] = 10,
                   [OG_RULE_PREFIX_HOUR] = 10,
                   [OG_RULE_IP_HOUR] = 10,
                   [OG_RULE_IP_DAY] = 30,
                   [OG_RULE_COUNTRY_HOUR] = 20,
                   [OG_RULE_ACCOUNT_MINUTE] = 6000,
                   [OG_RULE_ACCOUNT_DAY] = 2000,
                   [OG_RULE_GLOBAL_MINUTE] = 300,
                   [OG_RULE_GLOBAL_DAY] = 10000},
        .price_home = 1,
        .price_abroad = 30,
        .reserve_percent = 20,
        .conversion = {40, 20, 15, 30},
        .spray = {200, 5, 50},
        .challenge_bits = 8,
        .keys_max = 10000,
    };
    const uint8_t bytes[OG_KEY_BYTES] = {3};
    struct og_err err;
    assert_int_equal(og_crypto_init(&err), OG_OK);
    og_key_from_bytes(bytes, &config.key);
    og_key_from_bytes(bytes, &config.challenge_key);
    return config;
}

static inline struct og_abuse_ask
ask_for(const char *number)
{
    return (struct og_abuse_ask){
        .kind = OG_ABUSE_CODE,
        .account = OG_STR("acc-a"),
        .app = OG_STR("app"),
        .number = og_str_from(number),
        .source = OG_STR("192.0.2.1"),
        .region = OG_STR("DE"),
        .type = OG_PHONE_TYPE_MOBILE,
    };
}

/* The verdict on one message; what is let through is kept. */
static inline struct og_abuse_verdict
judge_case(struct og_shield *shield, const struct og_abuse_case *c, int64_t at_ms)
{
    struct og_abuse_ticket ticket = {0};
    struct og_abuse_verdict verdict;
    og_shield_judge(shield, c, at_ms, at_ms, &ticket, &verdict);
    og_shield_keep(shield, &ticket);
    og_shield_settle(shield);
    return verdict;
}

static inline struct og_abuse_verdict
judge(struct og_shield *shield, const struct og_abuse_ask *ask, int64_t at_ms)
{
    struct og_abuse_case c;
    og_shield_case(shield, ask, &c);
    return judge_case(shield, &c, at_ms);
}

/* How many of `tries` go through, each for another number with `step` between them. */
static inline int
count_allowed(struct og_shield *shield, struct og_abuse_ask ask, int tries, int64_t step,
              int64_t at_ms, enum og_abuse_rule *rule_out)
{
    int allowed = 0;
    for (int i = 0; i < tries; i++) {
        char number[OG_PHONE_BYTES];
        snprintf(number, sizeof number, "+49151%08lld", (long long)(i * step));
        if (step) {
            ask.number = og_str_from(number);
        }
        const struct og_abuse_verdict verdict = judge(shield, &ask, at_ms);
        allowed += verdict.action == OG_ABUSE_ALLOW;
        *rule_out = verdict.action == OG_ABUSE_ALLOW ? *rule_out : verdict.rule;
    }
    return allowed;
}

static inline const struct og_decision *
last_decision(struct og_shield *shield)
{
    const struct og_decisions *list = og_shield_decisions(shield);
    return list->count ? &list->items[list->count - 1] : NULL;
}
