/*
 * The monitor: requirement 71 of domain/otp.md, and what it must not take for an attack.
 */
#include "tests/unit/abuse/fixture.h"

static const struct og_conversion_policy policy = {40, 20, 15, 30};

static struct og_place
place_of(uint64_t key)
{
    struct og_place place = {.key = key, .subject = OG_SUBJECT_COUNTRY};
    snprintf(place.label, sizeof place.label, "DE");
    snprintf(place.account, sizeof place.account, "acc-a");
    return place;
}

/* `sent` codes at NOON, of which `verified` are typed in; what is found a minute later. */
static int
look_after(int sent, int verified, struct og_conversion_finding *out)
{
    struct og_conversion *monitor = og_conversion_create(&policy, 10);
    const struct og_place place = place_of(1);
    for (int i = 0; i < sent; i++) {
        og_conversion_sent(monitor, &place, NOON, 1);
    }
    for (int i = 0; i < verified; i++) {
        og_conversion_verified(monitor, 1, NOON, 1);
    }
    const int found = og_conversion_look(monitor, NOON + MINUTE, out, 4);
    og_conversion_destroy(monitor);
    return found;
}

static void
test_req_71_shares_that_alarm_and_stop(void **state)
{
    static const struct {
        int sent, verified;
        bool is_found, is_stop;
    } cases[] = {
        {30, 0, true, true},    {29, 0, true, false},  {30, 4, true, true},
        {30, 5, true, false},   {100, 14, true, true}, {100, 15, true, false},
        {100, 39, true, false}, {100, 40, false},      {20, 7, true, false},
        {19, 0, false},         {20, 8, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct og_conversion_finding found[4];
        const int count = look_after(cases[i].sent, cases[i].verified, found);
        assert_int_equal(count, cases[i].is_found);
        if (cases[i].is_found) {
            assert_int_equal(found[0].is_stop, cases[i].is_stop);
            assert_int_equal(found[0].sent, cases[i].sent);
            assert_string_equal(found[0].place.label, "DE");
        }
    }
}

/* Users need time to type: codes of this moment are no sign of anything. */
static void
test_req_71_codes_have_their_chance_and_no_more_than_a_minute(void **state)
{
    (void)state;
    struct og_conversion *monitor = og_conversion_create(&policy, 10);
    struct og_conversion_finding found[4];
    const struct og_place place = place_of(1);
    for (int i = 0; i < 30; i++) {
        og_conversion_sent(monitor, &place, NOON, 1);
    }
    assert_int_equal(og_conversion_look(monitor, NOON + 19 * SECOND, found, 4), 0);
    assert_int_equal(og_conversion_look(monitor, NOON + 58 * SECOND, found, 4), 1);
    og_conversion_destroy(monitor);
}

static void
test_req_71_a_drip_is_seen_by_the_day(void **state)
{
    (void)state;
    struct og_conversion *monitor = og_conversion_create(&policy, 10);
    struct og_conversion_finding found[4];
    const struct og_place place = place_of(1);
    int64_t now_ms = NOON;
    for (int i = 0; i < 31; i++, now_ms += 30 * MINUTE) {
        og_conversion_sent(monitor, &place, now_ms, 1);
    }
    assert_int_equal(og_conversion_look(monitor, now_ms, found, 4), 1);
    assert_true(found[0].is_stop);
    og_conversion_destroy(monitor);
}

static void
test_a_finding_is_told_once_and_after_a_release_again(void **state)
{
    (void)state;
    struct og_conversion *monitor = og_conversion_create(&policy, 10);
    struct og_conversion_finding found[4];
    const struct og_place place = place_of(1);
    for (int round = 0; round < 2; round++) {
        const int64_t at_ms = NOON + round * HOUR;
        og_conversion_sent(monitor, &place, at_ms, 30);
        assert_int_equal(og_conversion_look(monitor, at_ms + MINUTE, found, 4), 1);
        /* nobody has acted on it yet */
        assert_int_equal(og_conversion_look(monitor, at_ms + MINUTE, found, 4), 1);
        og_conversion_told(monitor, &found[0]);
        assert_int_equal(og_conversion_look(monitor, at_ms + MINUTE, found, 4), 0);
        assert_true(og_conversion_is_low(monitor, 1));
        og_conversion_forget(monitor, 1);
        assert_false(og_conversion_is_low(monitor, 1));
    }
    og_conversion_destroy(monitor);
}

static void
test_places_are_bounded_and_end_with_their_day(void **state)
{
    (void)state;
    struct og_conversion *monitor = og_conversion_create(&policy, 10);
    struct og_conversion_finding found[4];
    for (uint64_t key = 1; key <= 100; key++) {
        const struct og_place place = place_of(key);
        og_conversion_sent(monitor, &place, NOON, 1);
    }
    assert_int_equal(og_conversion_count(monitor), 10);
    assert_int_equal(og_conversion_look(monitor, NOON + 26 * HOUR, found, 4), 0);
    assert_int_equal(og_conversion_count(monitor), 0);
    og_conversion_destroy(monitor);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_req_71_shares_that_alarm_and_stop),
        cmocka_unit_test(test_req_71_codes_have_their_chance_and_no_more_than_a_minute),
        cmocka_unit_test(test_req_71_a_drip_is_seen_by_the_day),
        cmocka_unit_test(test_a_finding_is_told_once_and_after_a_release_again),
        cmocka_unit_test(test_places_are_bounded_and_end_with_their_day),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
