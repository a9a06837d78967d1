/* Texts: parts on the air, the handset's screen, flags and profiles, figures. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "phone/counts.h"
#include "phone/handset.h"
#include "phone/phone_options.h"
#include "phone/sms_parts.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static int
parts_of(const char *unit, int times)
{
    struct og_buf text;
    og_buf_init(&text, 65536);
    for (int i = 0; i < times; i++) {
        og_buf_add_cstr(&text, unit);
    }
    int parts = og_sms_parts_of_text(og_buf_str(&text));
    og_buf_finish(&text);
    return parts;
}

static void
test_parts(void **state)
{
    static const struct {
        const char *unit;
        int times, parts;
    } cases[] = {
        {"a", 0, 1},   {"a", 160, 1},  {"a", 161, 2},  {"a", 306, 2}, {"a", 307, 3},
        {"é", 160, 1}, {"Δ", 160, 1},  {"\n", 160, 1}, /* in the default alphabet */
        {"€", 80, 1},  {"€", 81, 2},   {"[", 80, 1},   {"[", 81, 2}, /* escaped */
        {"€", 152, 2}, {"€", 153, 3},  /* 76 pairs a part: none is split */
        {"`", 70, 1},  {"`", 71, 2},   {"ж", 70, 1},   {"ж", 71, 2}, {"ж", 134, 2}, {"ж", 135, 3},
        {"😀", 35, 1}, {"😀", 36, 2},  {"😀", 66, 2},  {"😀", 67, 3}, /* 33 pairs a part */
        {"ç", 70, 1},  {"ç", 71, 2},   {"Ç", 160, 1},  /* the capital one is in, the small is not */
        {"\xff", 70, 1}, {"\xff", 71, 2}, /* broken bytes count, they do not crash */
        {"\xf0\x9f", 35, 1}, {"\xf0\x9f", 36, 2},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        int parts = parts_of(cases[i].unit, cases[i].times);
        if (parts != cases[i].parts) {
            fail_msg("%d times %s: %d parts", cases[i].times, cases[i].unit, parts);
        }
    }
    assert_int_equal(og_sms_parts_of_data(140), 1);
    assert_int_equal(og_sms_parts_of_data(141), 2);
    assert_int_equal(og_sms_parts_of_data(269), 3);
}

/* ---- the screen ---- */

static void
draw(const char *text, enum og_handset_style style, struct og_buf *out)
{
    og_buf_init(out, 65536);
    og_handset_draw(out, &(struct og_handset_sms){
        .phone = OG_STR("test"), .sim = 1, .time = OG_STR("14:03:22"), .to = OG_STR("+15550100001"),
        .text = og_str_from(text), .parts = 1, .id = OG_STR("m1")}, style);
}

static void
test_screen(void **state)
{
    struct og_buf out;
    draw("123456 is your code.\nFA+9qCX9VSu", OG_HANDSET_ASCII, &out);
    assert_string_equal(out.ptr,
                        "+- test, SIM 1 ------------------------------- 14:03:22 -+\n"
                        "| To +15550100001                                        |\n"
                        "|                                                        |\n"
                        "| 123456 is your code.                                   |\n"
                        "| FA+9qCX9VSu                                            |\n"
                        "+- 1 part, id m1 ----------------------------------------+\n");
    og_buf_finish(&out);
}

static int
columns(struct og_str line)
{
    int count = 0;
    for (size_t i = 0; i < line.len; i++) {
        count += ((unsigned char)line.ptr[i] & 0xc0) != 0x80;
    }
    return count;
}

/* Foreign text neither moves the cursor nor breaks the frame. */
static void
test_screen_is_safe(void **state)
{
    static const char *const texts[] = {
        "", "\x1b[2J\x1b[31mred\r\n\b\a", "a very long text that must be broken into several lines "
        "because no screen is that wide, not even this one, which is 56 columns wide",
        "nospacesnospacesnospacesnospacesnospacesnospacesnospacesnospacesnospacesnospacesnospaces",
        "\xff\xfe broken \xc3", "\n\n\n", "ends with a line feed\n",
        "\xe2\x80\xae" "turned around",
        "жжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжж",
    };
    for (size_t i = 0; i < COUNT(texts); i++) {
        struct og_buf out;
        draw(texts[i], OG_HANDSET_UTF8, &out);
        struct og_str rest = og_buf_str(&out);
        assert_true(og_str_is_utf8(rest));
        while (rest.len > 0) {
            size_t end = og_str_find(rest, '\n');
            struct og_str line = og_str_slice(rest, 0, end);
            assert_int_equal(columns(line), 58);
            for (size_t c = 0; c < line.len; c++) {
                assert_true((unsigned char)line.ptr[c] >= 0x20);
            }
            rest = og_str_slice(rest, end + 1, rest.len);
        }
        og_buf_finish(&out);
    }
}

/* ---- flags ---- */

static enum og_code
read_flags(struct og_phone_options *options, struct og_err *err, const char *line)
{
    static char copy[512], name[] = "phone";
    char *argv[32] = {name};
    int argc = 1;
    snprintf(copy, sizeof(copy), "%s", line);
    for (char *word = strtok(copy, " "); word; word = strtok(NULL, " ")) {
        argv[argc++] = word;
    }
    return og_phone_options_read(options, argc, argv, err);
}

static void
test_flags(void **state)
{
    struct og_phone_options options;
    struct og_err err;
    assert_int_equal(read_flags(&options, &err,
                                "--url=https://h/api/mobile/v1 --count 9000 --order fifo --perfect "
                                "--part-median 250ms --poll 5m --zone -03:30 --quiet --for 20 "
                                "--pull-replace --pull-replace=false --fail-generic 2.5"),
                     OG_OK);
    assert_string_equal(options.fleet.url, "https://h/api/mobile/v1");
    assert_int_equal(options.fleet.count, 9000);
    assert_int_equal(options.fleet.profile.order, OG_ORDER_FIFO); /* survives --perfect */
    assert_int_equal(options.fleet.profile.radio.part_median_ms, 250);
    assert_int_equal(options.fleet.profile.poll_ms, 300000);
    assert_int_equal(options.fleet.profile.zone_minutes, -210);
    assert_int_equal(options.for_ms, 20000);
    assert_true(options.quiet);
    assert_false(options.fleet.profile.pull_replace);
    assert_true(options.fleet.profile.radio.generic == 2.5);
    og_phone_options_finish(&options);
}

static void
test_bad_flags(void **state)
{
    static const struct {
        const char *line, *text;
    } cases[] = {
        {"--count 9001", "--count takes a number from 1 to 9000"},
        {"--count", "--count needs a value"},
        {"--speed 7", "there is no option --speed, see --help"},
        {"something", "unexpected argument: something"},
        {"--order up", "order takes lifo or fifo"},
        {"--poll soon", "poll takes a time such as 250ms, 2s, 3m or 6h"},
        {"--poll -1", "poll takes a time such as 250ms, 2s, 3m or 6h"},
        {"--fail-generic 101", "fail-generic takes a percentage from 0 to 100"},
        {"--fail-generic nan", "fail-generic takes a percentage from 0 to 100"},
        {"--sims 4", "sims takes 1 to 3"},
        {"--zone +3", "zone takes local, Z or +hh:mm"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct og_phone_options options;
        struct og_err err = {0};
        assert_int_not_equal(read_flags(&options, &err, cases[i].line), OG_OK);
        assert_string_equal(err.text, cases[i].text);
        og_phone_options_finish(&options);
    }
}

static void
test_profile_file(void **state)
{
    char path[] = "/tmp/otpgate-profile-XXXXXX";
    int fd = mkstemp(path);
    FILE *file = fdopen(fd, "w");
    struct og_profile profile;
    struct og_err err = {0};
    fputs("# an old 2G phone\npart-median = 3s\r\n\nsims=2 # both in use\nos-class=fail-fast\n",
          file);
    fclose(file);
    og_profile_defaults(&profile);
    assert_int_equal(og_profile_load(&profile, path, &err), OG_OK);
    assert_int_equal(profile.radio.part_median_ms, 3000);
    assert_int_equal(profile.sims, 2);
    assert_int_equal(profile.radio.os_class, OG_OS_FAIL_FAST);
    file = fopen(path, "a");
    fputs("part-p95=fast\n", file);
    fclose(file);
    assert_int_equal(og_profile_load(&profile, path, &err), OG_E_INVALID);
    assert_string_equal(err.text, "line 6: part-p95 takes a time such as 250ms, 2s, 3m or 6h");
    remove(path);
}

static void
test_help_names_every_flag(void **state)
{
    static const char *const names[] = {"--url", "--perfect", "--os-class", "--silent-cut",
                                        "--report-mode", "--delivery-twice", "--jsonl"};
    struct og_buf help;
    og_buf_init(&help, 65536);
    og_phone_options_help(&help);
    assert_false(help.full);
    for (size_t i = 0; i < COUNT(names); i++) {
        assert_non_null(strstr(help.ptr, names[i]));
    }
    og_buf_finish(&help);
}

static void
test_percentiles(void **state)
{
    struct og_phone_counts *counts = og_xalloc(sizeof(*counts));
    assert_int_equal(og_phone_counts_percentile(counts, 50), -1);
    for (int i = 1; i <= 100; i++) {
        og_phone_counts_lag(counts, 1000, 1000 + i);
    }
    assert_int_equal(og_phone_counts_percentile(counts, 50), 50);
    assert_int_equal(og_phone_counts_percentile(counts, 99), 99);
    assert_int_equal(og_phone_counts_percentile(counts, 100), 100);
    og_phone_counts_lag(counts, 1000, 900);
    og_phone_counts_lag(counts, 0, 10000000);
    assert_int_equal(og_phone_counts_percentile(counts, 0), 0);
    assert_int_equal(og_phone_counts_percentile(counts, 100), OG_LAG_MS_MAX);
    free(counts);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parts),
        cmocka_unit_test(test_screen),
        cmocka_unit_test(test_screen_is_safe),
        cmocka_unit_test(test_flags),
        cmocka_unit_test(test_bad_flags),
        cmocka_unit_test(test_profile_file),
        cmocka_unit_test(test_help_names_every_flag),
        cmocka_unit_test(test_percentiles),
    };
    return cmocka_run_group_tests_name("phone: texts and flags", tests, NULL, NULL);
}
