/*
 * The decisions, and what the texts of phones mean.
 */
#include "route/failover.h"

/* Parts of result names (android.telephony.SmsManager); the first that is found counts. What is not
 * listed is the route's fault: radio off, no service, limits, modem and network errors. So is a
 * "TTL expired" while time is left: that phone's clock is wrong. */
static const char *const message_errors[] = {
    "NULL_PDU",         "INVALID_ARGUMENTS",      "INVALID_SMS_FORMAT",
    "ENCODING_ERROR",   "SHORT_CODE_NOT_ALLOWED", "SHORT_CODE_NEVER_ALLOWED",
    "FDN_CHECK_FAILURE", "Invalid destinationAddress", "Invalid message body",
};

static bool
contains(struct og_str text, struct og_str part)
{
    for (size_t i = 0; i + part.len <= text.len; i++) {
        if (og_str_starts(og_str_slice(text, i, text.len), part)) {
            return true;
        }
    }
    return false;
}

enum og_failure
og_failure_of(struct og_str error)
{
    if (og_str_starts(error, OG_STR("Delivery result:"))) {
        return OG_FAILURE_NETWORK;
    }
    for (size_t i = 0; i < sizeof message_errors / sizeof message_errors[0]; i++) {
        if (contains(error, og_str_from(message_errors[i]))) {
            return OG_FAILURE_MESSAGE;
        }
    }
    return OG_FAILURE_ROUTE;
}

static bool
can_go_elsewhere(const struct og_failover_facts *facts)
{
    return !facts->is_bound && !facts->is_on_its_way && facts->routes < facts->routes_max &&
           facts->needed_ms < facts->left_ms;
}

enum og_failover_action
og_failover_decide(const struct og_failover_facts *facts)
{
    switch (facts->event) {
    case OG_FAILOVER_UNFETCHED:
        return facts->is_bound || facts->needed_ms == INT64_MAX ? OG_FAILOVER_STAY
                                                                : OG_FAILOVER_MOVE;
    case OG_FAILOVER_SILENT:
        return facts->is_otp && can_go_elsewhere(facts) ? OG_FAILOVER_REPEAT : OG_FAILOVER_STAY;
    case OG_FAILOVER_FAILED:
        return facts->failure == OG_FAILURE_ROUTE && can_go_elsewhere(facts)
                   ? OG_FAILOVER_RETRY
                   : OG_FAILOVER_GIVE_UP;
    }
    return OG_FAILOVER_STAY;
}
