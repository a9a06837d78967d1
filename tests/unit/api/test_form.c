/*
 * Forms decoded by a table: escapes, absent and repeated parameters, limits.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "api/form.h"

static void
bodies_are_decoded(void **state)
{
    (void)state;
    static const struct {
        const char *body;
        const char *a, *b; /* a NULL: refused */
    } cases[] = {
        {"", "", ""},
        {"a=1&b=2", "1", "2"},
        {"b=2", "", "2"},
        {"a", "", ""},
        {"a=", "", ""},
        {"a=1=2", "1=2", ""},
        {"&&a=1&&", "1", ""},
        {"c=3&a=1&c=4", "1", ""},
        {"a=x+y%20z%2B%3d", "x y z+=", ""},
        {"%61=1", "1", ""},
        {"a=%C3%BC", "\xc3\xbc", ""},
        {"A=1", "", ""},
        {"a=1&a=2", NULL, ""},
        {"a=&a=", NULL, ""},
        {"a=1&%61=2", NULL, ""},
        {"a=%", NULL, ""},
        {"a=%4", NULL, ""},
        {"a=%4g", NULL, ""},
        {"a=%g4", NULL, ""},
        {"a=%00", NULL, ""},
        {"a=%0a", NULL, ""},
        {"a=\x7f", NULL, ""},
        {"a=%FF", NULL, ""},
        {"c=%FF", NULL, ""},
        {"x&x&x&x&x&x&x&x&x&x&x&x&x&x&x&x&x&x&x&x&x&x&x&x&x&x&x&x&x&x&x&a=1", "1", ""},
        {"x&x&x&x&x&x&x&x&x&x&x&x&x&x&x&x&x&x&x&x&x&x&x&x&x&x&x&x&x&x&x&x&a=1", NULL, ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct og_arena mem;
        struct og_err err;
        struct og_str a, b;
        const struct og_form_field fields[] = {{"a", &a}, {"b", &b}};
        og_arena_init(&mem, 0);
        enum og_code code =
            og_form_read(og_str_from(cases[i].body), fields, 2, &mem, &err);
        if (code != (cases[i].a ? OG_OK : OG_E_INVALID)) {
            fail_msg("%s", cases[i].body);
        }
        if (code == OG_OK) {
            assert_true(og_str_eq(a, og_str_from(cases[i].a)));
            assert_true(og_str_eq(b, og_str_from(cases[i].b)));
        }
        og_arena_finish(&mem);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(bodies_are_decoded)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
