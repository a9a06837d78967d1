/*
 * Times as text, there and back, and what is not a time.
 */
#include "base/clock.h"

#include <string.h>

#include "check.h"

static void
formats_three_digits_and_z(void **state)
{
    (void)state;
    const struct {
        int64_t at_ms;
        const char *text;
    } cases[] = {
        {0, "1970-01-01T00:00:00.000Z"},
        {1, "1970-01-01T00:00:00.001Z"},
        {951782399999, "2000-02-28T23:59:59.999Z"},
        {951782400000, "2000-02-29T00:00:00.000Z"},
        {951868800000, "2000-03-01T00:00:00.000Z"},
        {1709164800120, "2024-02-29T00:00:00.120Z"},
        {1767323045120, "2026-01-02T03:04:05.120Z"},
        {4107542399000, "2100-02-28T23:59:59.000Z"},
        {4107542400000, "2100-03-01T00:00:00.000Z"},
        {253402300799999, "9999-12-31T23:59:59.999Z"},
        {253402300800000, "9999-12-31T23:59:59.999Z"},
        {-1, "1970-01-01T00:00:00.000Z"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char text[OG_TIME_TEXT_BYTES];
        og_time_format(cases[i].at_ms, text);
        assert_string_equal(text, cases[i].text);
    }
    struct og_arena mem;
    og_arena_init(&mem, 0);
    assert_true(og_str_eq(og_time_text(&mem, 1), OG_STR("1970-01-01T00:00:00.001Z")));
    og_arena_finish(&mem);
}

static void
parses_every_form(void **state)
{
    (void)state;
    const struct {
        const char *text;
        int64_t at_ms;
    } cases[] = {
        {"2026-01-02T03:04:05Z", 1767323045000},
        {"2026-01-02t03:04:05z", 1767323045000},
        {"2026-01-02T03:04:05.1Z", 1767323045100},
        {"2026-01-02T03:04:05.12Z", 1767323045120},
        {"2026-01-02T03:04:05.123456Z", 1767323045123},
        {"2026-01-02T03:04:05.123999999Z", 1767323045123},
        {"2026-01-02T03:04:05.000000001Z", 1767323045000},
        {"2026-01-02T05:04:05.120+02:00", 1767323045120},
        {"2026-01-01T21:34:05.120-05:30", 1767323045120},
        {"2026-01-02T03:04:05-00:00", 1767323045000},
        {"2024-02-29T00:00:00Z", 1709164800000},
        {"2000-02-29T00:00:00Z", 951782400000},
        {"1970-01-01T00:00:00Z", 0},
        {"1969-12-31T23:59:59.500Z", -500},
        {"0001-01-01T00:00:00Z", -62135596800000},
        {"9999-12-31T23:59:59.999Z", 253402300799999},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        int64_t at_ms = 42;
        assert_true(og_time_parse(og_str_from(cases[i].text), &at_ms));
        assert_int_equal(at_ms, cases[i].at_ms);
    }
}

static void
refuses_what_is_no_time(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "", "now", "1767323045", "2026-01-02", "2026-01-02T03:04:05", "2026-01-02T03:04Z",
        "2026-01-02 03:04:05Z", "2026-01-02T03:04:05.Z", "2026-01-02T03:04:05.1234567890Z",
        "2026-01-02T03:04:05+2:00", "2026-01-02T03:04:05+0200", "2026-01-02T03:04:05+24:00",
        "2026-01-02T03:04:05+02:60", "2026-00-02T03:04:05Z", "2026-13-02T03:04:05Z",
        "2026-01-00T03:04:05Z", "2026-01-32T03:04:05Z", "2026-04-31T03:04:05Z",
        "2025-02-29T00:00:00Z", "2100-02-29T00:00:00Z", "2026-01-02T24:00:00Z",
        "2026-01-02T03:60:05Z", "2026-01-02T03:04:60Z", "2026-01-02T03:04:05ZZ",
        " 2026-01-02T03:04:05Z", "2026-1-2T03:04:05Z", "-026-01-02T03:04:05Z",
        "+2026-01-02T03:04:05Z", "2026-01-02T03:04:05,5Z",
    };
    for (size_t i = 0; i < COUNT(wrong); i++) {
        int64_t at_ms;
        if (og_time_parse(og_str_from(wrong[i]), &at_ms)) {
            fail_msg("accepted %s", wrong[i]);
        }
    }
    int64_t at_ms;
    assert_false(og_time_parse((struct og_str){"2026-01-02T03:04:05\0Z", 21}, &at_ms));
}

/* One instant of each day over four centuries: formatting undoes parsing. */
static void
every_day_goes_there_and_back(void **state)
{
    (void)state;
    char before[OG_TIME_TEXT_BYTES] = "";
    for (int64_t day = 0; day < 146097; day++) {
        int64_t at_ms = day * 86400000 + 3723004, parsed_ms = 0;
        char text[OG_TIME_TEXT_BYTES];
        og_time_format(at_ms, text);
        assert_true(strcmp(before, text) < 0);
        assert_true(og_time_parse(og_str_from(text), &parsed_ms));
        assert_int_equal(parsed_ms, at_ms);
        memcpy(before, text, sizeof(before));
    }
}

static void
the_machine_has_a_clock(void **state)
{
    (void)state;
    const struct og_clock *clock = og_clock_system();
    assert_true(og_now_ms(clock) > 1767225600000); /* 2026 */
    int64_t mono_ms = og_mono_ms(clock);
    assert_true(og_mono_ms(clock) >= mono_ms);
    assert_true(og_mono_us() / 1000 >= mono_ms);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(formats_three_digits_and_z),
        cmocka_unit_test(parses_every_form),
        cmocka_unit_test(refuses_what_is_no_time),
        cmocka_unit_test(every_day_goes_there_and_back),
        cmocka_unit_test(the_machine_has_a_clock),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
