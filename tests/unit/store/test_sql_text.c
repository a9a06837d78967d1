/*
 * SQL as text: dialect words and scripts.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "store/sql_text.h"

static const struct og_sql_word words[] = {{"{lock}", ""}, {"{blob}", "BLOB"}};

static void
test_words_are_replaced(void **state)
{
    static const struct {
        const char *in, *out;
    } cases[] = {
        {"", ""},
        {"SELECT 1", "SELECT 1"},
        {"a {blob} NOT NULL, b {blob}", "a BLOB NOT NULL, b BLOB"},
        {"SELECT 1 {lock}", "SELECT 1 "},
        {"'{}' {unknown} {", "'{}' {unknown} {"},
        {"{blob", "{blob"},
    };
    struct og_arena mem;
    og_arena_init(&mem, 0);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_string_equal(og_sql_translate(&mem, og_str_from(cases[i].in), words, 2),
                            cases[i].out);
    }
    og_arena_finish(&mem);
}

static void
test_scripts_are_cut_at_line_ends(void **state)
{
    static const struct {
        const char *script;
        const char *statements[4];
    } cases[] = {
        {"", {NULL}},
        {" \n\t", {NULL}},
        {"A;\nB;\n", {"A", "B"}},
        {"A;  \r\nB", {"A", "B"}},
        {"A ';' x; y\nz;\n", {"A ';' x; y\nz"}},
        {"-- note; more\nA (\n  b\n);\n\nC;", {"-- note; more\nA (\n  b\n)", "C"}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct og_str script = og_str_from(cases[i].script);
        struct og_str got;
        for (int n = 0; cases[i].statements[n]; n++) {
            assert_true(og_sql_next(&script, &got));
            assert_true(og_str_eq(got, og_str_from(cases[i].statements[n])));
        }
        assert_false(og_sql_next(&script, &got));
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words_are_replaced),
        cmocka_unit_test(test_scripts_are_cut_at_line_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
