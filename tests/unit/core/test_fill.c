/* Texts with placeholders: what is one, what is refused, and what stands there in the end. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/fill.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct og_str names[] = {{"name", 4}, {"Order no.", 9}, {"empty", 5}};
static const struct og_str values[] = {{"Zo\xc3\xab {x}", 8}, {"17", 2}, {"", 0}};
static const struct og_fill_values row = {names, values, 3};

static void
placeholders_become_values(void **state)
{
    static const struct {
        const char *text, *want; /* want NULL: a column is missing */
    } cases[] = {
        {"", ""},
        {"Hello", "Hello"},
        {"Hello {name}!", "Hello Zo\xc3\xab {x}!"},
        {"{name}{Order no.}", "Zo\xc3\xab {x}17"},
        {"[{empty}]", "[]"},
        {"{{name}} {{{Order no.}}}", "{name} {17}"},
        {"}}{{", "}{"},
        {"{Name}", NULL},
        {"{name} {other}", NULL},
        {"{ name}", NULL},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct og_buf out;
        struct og_str missing;
        og_buf_init(&out, 1000);
        assert_int_equal(og_fill_check(og_str_from(cases[i].text), NULL), OG_OK);
        const bool is_filled = og_fill(og_str_from(cases[i].text), &row, &out, &missing);
        assert_int_equal(is_filled, cases[i].want != NULL);
        if (is_filled && !og_str_eq(og_buf_str(&out), og_str_from(cases[i].want))) {
            fail_msg("%s", cases[i].text);
        }
        og_buf_finish(&out);
    }
}

static void
the_missing_column_is_named(void **state)
{
    struct og_buf out;
    struct og_str missing;
    (void)state;
    og_buf_init(&out, 1000);
    assert_false(og_fill(OG_STR("{name} {other} {third}"), &row, &out, &missing));
    assert_true(og_str_eq(missing, OG_STR("other")));
    og_buf_finish(&out);
}

static void
lone_brackets_are_refused(void **state)
{
    static const char *const bad[] = {"{",     "}",     "a } b",  "{}",   "{name", "{na{me}",
                                      "{name}}", "{{name}", "{{}", "{{{}}}"};
    (void)state;
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct og_err err = {0};
        if (og_fill_check(og_str_from(bad[i]), &err) != OG_E_UNPROCESSABLE) {
            fail_msg("%s", bad[i]);
        }
        assert_string_equal(err.field, "text");
    }
}

static void
names_have_a_length(void **state)
{
    char text[OG_FILL_NAME_MAX_BYTES + 4] = "{";
    (void)state;
    memset(text + 1, 'n', OG_FILL_NAME_MAX_BYTES);
    text[OG_FILL_NAME_MAX_BYTES + 1] = '}';
    assert_int_equal(og_fill_check(og_str_from(text), NULL), OG_OK);
    text[OG_FILL_NAME_MAX_BYTES + 1] = 'n';
    text[OG_FILL_NAME_MAX_BYTES + 2] = '}';
    assert_int_equal(og_fill_check(og_str_from(text), NULL), OG_E_UNPROCESSABLE);
}

static void
placeholders_are_listed(void **state)
{
    const struct og_str text = OG_STR("{a} {{b}} {c}{a}");
    static const char *const want[] = {"a", "c", "a"};
    struct og_str name;
    size_t at = 0, count = 0;
    (void)state;
    while (og_fill_next(text, &at, &name)) {
        assert_true(count < COUNT(want));
        assert_true(og_str_eq(name, og_str_from(want[count++])));
    }
    assert_int_equal(count, COUNT(want));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(placeholders_become_values), cmocka_unit_test(the_missing_column_is_named),
        cmocka_unit_test(lone_brackets_are_refused),  cmocka_unit_test(names_have_a_length),
        cmocka_unit_test(placeholders_are_listed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
