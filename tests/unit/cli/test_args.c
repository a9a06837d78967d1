/*
 * Words and options of a command line.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cli/args.h"
#include "base/str.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct og_arg_option options[] = {
    {"brand", "TEXT", "a value"},
    {"json", NULL, "a switch"},
    {"ttl", "SECONDS", "a number"},
    {"help", NULL, "a switch"},
    {NULL, NULL, NULL},
};

/* Words are split at single spaces; `~` stands for an empty word. */
static enum og_code
parse(const char *line, struct og_args *args, char copy[256], struct og_err *err)
{
    char *words[40];
    int count = 0;
    strcpy(copy, line);
    for (char *at = strtok(copy, " "); at; at = strtok(NULL, " ")) {
        words[count++] = strcmp(at, "~") == 0 ? at + 1 : at;
    }
    *args = (struct og_args){0};
    og_args_accept(args, options);
    og_args_accept(args, NULL);
    return og_args_parse(args, count, words, err);
}

static void
lines_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *line;
        int words;
        const char *first, *brand;
        bool json;
    } cases[] = {
        {"", 0, NULL, NULL, false},
        {"shop", 1, "shop", NULL, false},
        {"--brand Shop shop --json", 1, "shop", "Shop", true},
        {"shop --brand=Shop", 1, "shop", "Shop", false},
        {"--brand= shop", 1, "shop", "", false},
        {"--brand=a=b", 0, NULL, "a=b", false},
        {"--brand --json", 0, NULL, "--json", false},
        {"-- --json", 1, "--json", NULL, false},
        {"- x", 2, "-", NULL, false},
        {"~ x", 2, "", NULL, false},
        {"+49170 text", 2, "+49170", NULL, false},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct og_args args;
        struct og_err err;
        char copy[256];
        assert_int_equal(parse(cases[i].line, &args, copy, &err), OG_OK);
        assert_int_equal(args.word_count, cases[i].words);
        if (cases[i].first) {
            assert_string_equal(args.words[0], cases[i].first);
        }
        const char *brand = og_args_value(&args, "brand");
        assert_int_equal(brand != NULL, cases[i].brand != NULL);
        if (brand) {
            assert_string_equal(brand, cases[i].brand);
        }
        assert_int_equal(og_args_has(&args, "json"), cases[i].json);
    }
}

static void
mistakes_are_named(void **state)
{
    (void)state;
    static const struct {
        const char *line, *text;
    } cases[] = {
        {"--brnd x", "there is no option --brnd"},
        {"--bran", "there is no option --bran"},
        {"--brand a --brand b", "--brand is given twice"},
        {"--json=yes", "--json takes no value"},
        {"--brand", "--brand needs a value: --brand TEXT"},
        {"-x", "there is no option -x (words with a dash in front go behind --)"},
        {"1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32 "
         "33",
         "too many words; quote a text as one"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct og_args args;
        struct og_err err;
        char copy[256];
        assert_int_equal(parse(cases[i].line, &args, copy, &err), OG_E_INVALID);
        assert_string_equal(err.text, cases[i].text);
    }
}

static void
numbers_have_bounds(void **state)
{
    (void)state;
    static const struct {
        const char *line;
        enum og_code code;
        int64_t value;
    } cases[] = {
        {"", OG_OK, 7},
        {"--ttl 60", OG_OK, 60},
        {"--ttl 600", OG_OK, 600},
        {"--ttl 59", OG_E_INVALID, 0},
        {"--ttl 601", OG_E_INVALID, 0},
        {"--ttl 1m", OG_E_INVALID, 0},
        {"--ttl=", OG_E_INVALID, 0},
        {"--ttl 99999999999999999999", OG_E_INVALID, 0},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct og_args args;
        struct og_err err;
        char copy[256];
        int64_t value = 7;
        assert_int_equal(parse(cases[i].line, &args, copy, &err), OG_OK);
        assert_int_equal(og_args_int(&args, "ttl", 60, 600, &value, &err), cases[i].code);
        if (cases[i].code == OG_OK) {
            assert_int_equal(value, cases[i].value);
        } else {
            assert_string_equal(err.text, "--ttl must be a whole number from 60 to 600");
        }
    }
}

static void
help_has_a_letter(void **state)
{
    (void)state;
    struct og_args args;
    struct og_err err;
    char copy[256];
    assert_int_equal(parse("-h", &args, copy, &err), OG_OK);
    assert_true(og_args_has(&args, "help"));
    assert_false(og_args_has(&args, "unheard-of"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_are_read),
        cmocka_unit_test(mistakes_are_named),
        cmocka_unit_test(numbers_have_bounds),
        cmocka_unit_test(help_has_a_letter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
