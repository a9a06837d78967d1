/*
 * Failover: the decision for every kind of trouble, and what the texts of phones mean.
 */
#include "tests/unit/check.h"

#include "route/failover.h"

static void
test_texts(void **state)
{
    static const struct {
        const char *text;
        enum og_failure failure;
    } rows[] = {
        {"Send result: RESULT_ERROR_NO_SERVICE", OG_FAILURE_ROUTE},
        {"Send result: RESULT_ERROR_GENERIC_FAILURE", OG_FAILURE_ROUTE},
        {"Send result: RESULT_ERROR_LIMIT_EXCEEDED", OG_FAILURE_ROUTE},
        {"Send result: RESULT_ERROR_NULL_PDU", OG_FAILURE_MESSAGE},
        {"Send result: RESULT_INVALID_ARGUMENTS", OG_FAILURE_MESSAGE},
        {"Send result: RESULT_ERROR_SHORT_CODE_NEVER_ALLOWED", OG_FAILURE_MESSAGE},
        {"Can't send message: Invalid destinationAddress", OG_FAILURE_MESSAGE},
        {"Can't send message: No permission", OG_FAILURE_ROUTE},
        {"Delivery result: RESULT_ERROR_GENERIC_FAILURE", OG_FAILURE_NETWORK},
        {"TTL expired", OG_FAILURE_ROUTE}, /* by its own clock */
        {"", OG_FAILURE_ROUTE},
        {"RESULT", OG_FAILURE_ROUTE},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        assert_int_equal(og_failure_of(og_str_from(rows[i].text)), rows[i].failure);
    }
}

/* The defaults are a code on its first route with time enough for another. */
#define OTP .is_otp = true, .routes = 1, .routes_max = 3, .left_ms = 60000, .needed_ms = 2000
#define PLAIN .routes = 1, .routes_max = 3, .left_ms = 60000, .needed_ms = 2000

static void
test_decisions(void **state)
{
    static const struct {
        struct og_failover_facts facts;
        enum og_failover_action action;
    } rows[] = {
        {{OTP, .event = OG_FAILOVER_UNFETCHED}, OG_FAILOVER_MOVE},
        {{OTP, .event = OG_FAILOVER_UNFETCHED, .is_bound = true}, OG_FAILOVER_STAY},
        {{PLAIN, .event = OG_FAILOVER_UNFETCHED}, OG_FAILOVER_MOVE},
        {{OTP, .event = OG_FAILOVER_SILENT}, OG_FAILOVER_REPEAT},
        {{PLAIN, .event = OG_FAILOVER_SILENT}, OG_FAILOVER_STAY},
        {{OTP, .event = OG_FAILOVER_SILENT, .is_bound = true}, OG_FAILOVER_STAY},
        {{OTP, .event = OG_FAILOVER_SILENT, .is_on_its_way = true}, OG_FAILOVER_STAY},
        {{OTP, .event = OG_FAILOVER_FAILED, .failure = OG_FAILURE_ROUTE}, OG_FAILOVER_RETRY},
        {{PLAIN, .event = OG_FAILOVER_FAILED, .failure = OG_FAILURE_ROUTE}, OG_FAILOVER_RETRY},
        {{OTP, .event = OG_FAILOVER_FAILED, .failure = OG_FAILURE_MESSAGE}, OG_FAILOVER_GIVE_UP},
        {{OTP, .event = OG_FAILOVER_FAILED, .failure = OG_FAILURE_NETWORK}, OG_FAILOVER_GIVE_UP},
        {{OTP, .event = OG_FAILOVER_FAILED, .failure = OG_FAILURE_ROUTE, .is_bound = true},
         OG_FAILOVER_GIVE_UP},
        {{OTP, .event = OG_FAILOVER_FAILED, .failure = OG_FAILURE_ROUTE, .is_on_its_way = true},
         OG_FAILOVER_GIVE_UP},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        assert_int_equal(og_failover_decide(&rows[i].facts), rows[i].action);
    }
}

static void
test_req_49_limits(void **state)
{
    struct og_failover_facts facts = {OTP, .event = OG_FAILOVER_SILENT};
    (void)state;
    facts.routes = 2;
    assert_int_equal(og_failover_decide(&facts), OG_FAILOVER_REPEAT);
    facts.routes = 3;
    assert_int_equal(og_failover_decide(&facts), OG_FAILOVER_STAY);
    facts.routes = 1;
    facts.needed_ms = facts.left_ms; /* it would arrive dead */
    assert_int_equal(og_failover_decide(&facts), OG_FAILOVER_STAY);
    facts.needed_ms = INT64_MAX;
    facts.event = OG_FAILOVER_UNFETCHED;
    assert_int_equal(og_failover_decide(&facts), OG_FAILOVER_STAY);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_texts),
        cmocka_unit_test(test_decisions),
        cmocka_unit_test(test_req_49_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
