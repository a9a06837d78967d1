/*
 * The app hash against published and generated vectors.
 */
#include "apphash/apphash.h"

#include "tests/unit/apphash/support.h"

static void
test_req_58_all_23_vectors_agree(void **state)
{
    (void)state;
    struct og_arena mem;
    og_arena_init(&mem, 0);
    assert_int_equal(COUNT(apphash_vectors), 23);
    for (size_t i = 0; i < COUNT(apphash_vectors); i++) {
        const struct apphash_vector *v = &apphash_vectors[i];
        const struct og_str ders[] = {der_of(&mem, v->certificate),
                                      v->second ? der_of(&mem, v->second) : OG_STR("")};
        const struct og_str_list list = {ders, v->second ? 2 : 1};
        struct og_err err;
        char hash[OG_APPHASH_CHARS + 1];
        assert_int_equal(og_apphash(og_str_from(v->package), list, hash, &err), OG_OK);
        assert_string_equal(hash, v->expected);
        for (size_t n = 0; n < COUNT(apphash_mistakes); n++) {
            assert_string_not_equal(hash, apphash_mistakes[n].value);
        }
    }
    og_arena_finish(&mem);
}

static void
packages_are_measured(void **state)
{
    (void)state;
    const struct og_str der = OG_STR("x");
    const struct og_str_list one = {&der, 1};
    struct og_err err;
    char hash[OG_APPHASH_CHARS + 1];
    char longest[OG_PACKAGE_CHARS_MAX + 1];
    memset(longest, 'a', sizeof longest);
    assert_int_equal(og_apphash(OG_STR(""), one, hash, &err), OG_E_INVALID);
    assert_string_equal(err.field, "package");
    assert_int_equal(og_apphash((struct og_str){longest, sizeof longest}, one, hash, &err),
                     OG_E_INVALID);
    assert_int_equal(og_apphash((struct og_str){longest, OG_PACKAGE_CHARS_MAX}, one, hash, &err),
                     OG_OK);
}

static void
certificates_are_counted_and_measured(void **state)
{
    (void)state;
    struct og_err err;
    char hash[OG_APPHASH_CHARS + 1];
    char *longest = og_xalloc(65537);
    struct og_str many[OG_APPHASH_SIGNERS_MAX + 1];
    for (size_t i = 0; i < COUNT(many); i++) {
        many[i] = OG_STR("x");
    }
    const struct og_str empty = OG_STR(""), fits = {longest, 65536}, over = {longest, 65537};
    const struct {
        struct og_str_list list;
        enum og_code code;
    } cases[] = {
        {{&empty, 0}, OG_E_INVALID}, {{&empty, 1}, OG_E_INVALID},
        {{&over, 1}, OG_E_INVALID},  {{&fits, 1}, OG_OK},
        {{many, OG_APPHASH_SIGNERS_MAX}, OG_OK}, {{many, COUNT(many)}, OG_E_INVALID},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        assert_int_equal(og_apphash(OG_STR("a.b"), cases[i].list, hash, &err), cases[i].code);
        if (cases[i].code != OG_OK) {
            assert_string_equal(err.field, "certificate");
        }
    }
    free(longest);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_req_58_all_23_vectors_agree),
        cmocka_unit_test(packages_are_measured),
        cmocka_unit_test(certificates_are_counted_and_measured),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
