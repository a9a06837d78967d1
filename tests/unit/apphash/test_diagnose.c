/*
 * Wrong hashes, and what is said of them.
 */
#include "apphash/diagnose.h"

#include "apphash/apphash.h"
#include "tests/unit/apphash/support.h"

static struct og_arena mem;

static struct og_suspect
suspect(const char *name)
{
    struct og_certificate *facts = OG_ARENA_NEW(&mem, struct og_certificate);
    assert_int_equal(og_certificate_describe(der_of(&mem, name), &mem, facts, NULL), OG_OK);
    return (struct og_suspect){facts, name};
}

static struct og_diagnosis
diagnose(const char *package, const char *certificate, const char *hash)
{
    struct og_diagnosis out; /* points to its suspect */
    struct og_suspect *suspects = OG_ARENA_ARRAY(&mem, struct og_suspect, 3);
    suspects[0] = suspect(certificate);
    suspects[1] = suspect("ec_p256");
    suspects[2] = suspect("rn_debug");
    og_diagnose(og_str_from(package), suspects, 3, (struct og_str_list){0}, og_str_from(hash),
                &mem, &out);
    return out;
}

static void
assert_id(const char *is, const char *text, const char *wanted, const char *hash)
{
    if (wanted ? !text || strcmp(is, wanted) != 0 : text != NULL) {
        fail_msg("%s: %s instead of %s", hash, is, wanted ? wanted : "nothing");
    }
}

static void
test_req_58_all_14_wrong_results_are_named(void **state)
{
    (void)state;
    assert_int_equal(COUNT(apphash_mistakes), 14);
    for (size_t i = 0; i < COUNT(apphash_mistakes); i++) {
        const struct apphash_mistake *m = &apphash_mistakes[i];
        const char *certificate = m->certificate ? m->certificate : "rsa2048";
        struct og_diagnosis found =
            diagnose(m->package ? m->package : "com.example.myapp", certificate, m->value);
        assert_true(found.is_found);
        assert_false(found.is_well_made);
        assert_string_equal(found.suspect->whose, certificate);
        assert_id(found.recipe_id, found.recipe, m->recipe, m->value);
        assert_id(found.form_id, found.form, m->form, m->value);
    }
}

static void
right_ones_are_right(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(apphash_vectors); i++) {
        const struct apphash_vector *v = &apphash_vectors[i];
        if (!v->second) {
            struct og_diagnosis found = diagnose(v->package, v->certificate, v->expected);
            assert_true(found.is_found && found.is_well_made);
            assert_string_equal(found.suspect->whose, v->certificate);
        }
    }
}

/* For com.example.myapp with rsa2048, whose hash is OjvCiOzMEvS. */
static void
further_mistakes_are_named(void **state)
{
    (void)state;
    static const struct {
        const char *hash, *recipe, *form, *package, *whose;
    } cases[] = {
        {"OjvCiOzMEv", NULL, "too-short", "com.example.myapp", "rsa2048"},
        {"OjvCiOzM", NULL, "too-short", "com.example.myapp", "rsa2048"},
        {"ojvcioZmevs", NULL, "case-changed", "com.example.myapp", "rsa2048"},
        {"3a3bc288eccc", NULL, "hex-digest", "com.example.myapp", "rsa2048"},
        {"OjvCiOzMEvSQ4", NULL, NULL, NULL, NULL}, /* not the digest's next character */
        {" \"OjvCiOzMEvS\"\n", NULL, NULL, "com.example.myapp", "rsa2048"},
        {"GwnR/7oVNam", NULL, NULL, "com.example.myapp.debug", "rsa2048"},
        {"Cb3ViKLaPO0", NULL, NULL, "com.example.myapp", "ec_p256"},
        {"OjvCi", NULL, NULL, NULL, NULL}, /* too short to mean anything */
        {"FA+9qCX9VSu", NULL, NULL, NULL, NULL},
        {"", NULL, NULL, NULL, NULL},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct og_diagnosis found = diagnose("com.example.myapp", "rsa2048", cases[i].hash);
        assert_int_equal(found.is_found, cases[i].whose != NULL);
        if (found.is_found) {
            assert_id(found.recipe_id, found.recipe, cases[i].recipe, cases[i].hash);
            assert_id(found.form_id, found.form, cases[i].form, cases[i].hash);
            assert_true(og_str_eq(found.package, og_str_from(cases[i].package)));
            assert_string_equal(found.suspect->whose, cases[i].whose);
        }
    }
}

/* com.example.mixedcase is what com.Example.MixedCase becomes in small letters; and back. */
static void
other_packages_are_tried(void **state)
{
    (void)state;
    static const struct {
        const char *asked, *hash, *package;
    } cases[] = {
        {"com.Example.MixedCase", "f4XcTbgZT6N", "com.example.mixedcase"},
        {"com.example.myapp.debug", "OjvCiOzMEvS", "com.example.myapp"},
        {"com.example.myapp.mine", "OjvCiOzMEvS", "com.example.myapp"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct og_diagnosis found = diagnose(cases[i].asked, "rsa2048", cases[i].hash);
        assert_true(found.is_found);
        assert_false(found.is_well_made);
        assert_true(og_str_eq(found.package, og_str_from(cases[i].package)));
    }
}

static void
several_signers_are_named(void **state)
{
    (void)state;
    const struct og_str ders[] = {der_of(&mem, "rsa2048"), der_of(&mem, "ec_p256")};
    const struct og_suspect suspects[] = {suspect("rsa2048"), suspect("ec_p256")};
    struct og_diagnosis found;
    og_diagnose(OG_STR("com.example.myapp"), suspects, 2, (struct og_str_list){ders, 2},
                OG_STR("fLzH4/oENFH"), &mem, &found);
    assert_true(found.is_found);
    assert_false(found.is_well_made);
    assert_string_equal(found.recipe_id, "several-signers");
}

static int
finish(void **state)
{
    (void)state;
    og_arena_finish(&mem);
    return 0;
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_req_58_all_14_wrong_results_are_named),
        cmocka_unit_test(right_ones_are_right),
        cmocka_unit_test(further_mistakes_are_named),
        cmocka_unit_test(other_packages_are_tried),
        cmocka_unit_test(several_signers_are_named),
    };
    og_arena_init(&mem, 0);
    return cmocka_run_group_tests(tests, NULL, finish);
}
