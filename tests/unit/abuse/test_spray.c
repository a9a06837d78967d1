/*
 * The spray alarm: requirement 72 of domain/otp.md.
 */
#include "tests/unit/abuse/fixture.h"

static const struct og_spray_policy policy = {200, 5, 50};

static void
test_req_72_share_of_failing_checks(void **state)
{
    static const struct {
        int checks, failing;
        bool alarms;
    } cases[] = {{199, 199, false}, {200, 10, false}, {200, 11, true}, {1000, 50, false}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct og_spray *spray = og_spray_create(&policy);
        struct og_spray_finding found = {0};
        int alarms = 0;
        for (int k = 0; k < cases[i].checks; k++) {
            const bool fails = k >= cases[i].checks - cases[i].failing;
            og_spray_checked(spray, NOON, 0, 1, fails, &found);
            alarms += found.is_checks;
        }
        assert_int_equal(alarms, cases[i].alarms);
        assert_int_equal(og_spray_is_on(spray, NOON), cases[i].alarms);
        assert_false(og_spray_is_on(spray, NOON + 10 * MINUTE));
        og_spray_destroy(spray);
    }
}

static void
test_req_72_recipients_failing_from_one_network(void **state)
{
    (void)state;
    struct og_spray *spray = og_spray_create(&policy);
    struct og_spray_finding found;
    for (uint64_t recipient = 1; recipient < 50; recipient++) {
        og_spray_checked(spray, NOON, 7, recipient, true, &found);
        og_spray_checked(spray, NOON, 7, recipient, true, &found); /* counts once */
        assert_false(found.is_network);
    }
    og_spray_checked(spray, NOON, 8, 50, true, &found); /* another network */
    assert_false(found.is_network);
    og_spray_checked(spray, NOON, 7, 50, true, &found);
    assert_true(found.is_network);
    assert_int_equal(found.recipients, 50);
    og_spray_checked(spray, NOON, 7, 51, true, &found);
    assert_false(found.is_network); /* told already */
    og_spray_destroy(spray);
}

static void
test_req_72_old_failures_do_not_count(void **state)
{
    (void)state;
    struct og_spray *spray = og_spray_create(&policy);
    struct og_spray_finding found;
    for (uint64_t recipient = 1; recipient <= 200; recipient++) {
        og_spray_checked(spray, NOON + (int64_t)recipient * MINUTE, 7, recipient, true, &found);
        assert_false(found.is_network);
    }
    og_spray_destroy(spray);
}

static void
test_networks_are_bounded(void **state)
{
    (void)state;
    struct og_spray *spray = og_spray_create(&policy);
    struct og_spray_finding found;
    for (uint64_t network = 1; network <= 5000; network++) {
        og_spray_checked(spray, NOON, network, network, true, &found);
    }
    assert_int_equal(found.recipients, 1);
    og_spray_destroy(spray);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_req_72_share_of_failing_checks),
        cmocka_unit_test(test_req_72_recipients_failing_from_one_network),
        cmocka_unit_test(test_req_72_old_failures_do_not_count),
        cmocka_unit_test(test_networks_are_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
