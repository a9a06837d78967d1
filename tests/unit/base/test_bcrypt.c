/*
 * bcrypt against published vectors (those of jBCrypt), and what is none.
 */
#include "check.h"

#include "base/bcrypt.h"
#include "base/crypto.h"

static const struct {
    const char *password, *hash;
} vectors[] = {
    {"a", "$2a$06$m0CrhHm10qJ3lXRY.5zDGO3rS2KdeeWLuGmsfGlMfOxih58VYVfxe"},
    {"abc", "$2a$06$If6bvum7DFjUnE9p2uDeDu0YHzrHM6tf.iqN8.yx.jNN1ILEf7h0i"},
    {"abcdefghijklmnopqrstuvwxyz", "$2a$06$.rCVZVOThsIa97pEDOxvGuRRgzG64bvtJ0938xuqzv18d3ZpQhstC"},
    {"~!@#$%^&*()      ~!@#$%^&*()PNBFRD",
     "$2a$06$fPIsBO8qRqkjj273rfaOI.HtSV9jLDpTbZn782DC6/t7qT67P6FfO"},
};

static void
published_vectors_match(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(vectors); i++) {
        struct og_str password = og_str_from(vectors[i].password);
        assert_true(og_bcrypt_is_hash(og_str_from(vectors[i].hash)));
        assert_true(og_bcrypt_matches(password, vectors[i].hash));
        assert_true(og_password_matches(password, vectors[i].hash));
        assert_true(og_password_is_foreign(vectors[i].hash));
        assert_false(og_bcrypt_matches(OG_STR("abd"), vectors[i].hash));
    }
}

static void
what_stands_behind_a_nul_is_not_ignored(void **state)
{
    (void)state;
    assert_false(og_bcrypt_matches(OG_STR("abc\0x"), vectors[1].hash));
    assert_false(og_bcrypt_matches(OG_STR("abc\0"), vectors[1].hash));
}

static void
other_texts_are_no_hashes(void **state)
{
    (void)state;
    static const char *const cases[] = {
        "",
        "secret",
        "$2a$06$m0CrhHm10qJ3lXRY.5zDGO3rS2KdeeWLuGmsfGlMfOxih58VYVfx",
        "$2a$06$m0CrhHm10qJ3lXRY.5zDGO3rS2KdeeWLuGmsfGlMfOxih58VYVfxee",
        "$2a$06$m0CrhHm10qJ3lXRY.5zDGO3rS2KdeeWLuGmsfGlMfOxih58VYVf$e",
        "$2x$06$m0CrhHm10qJ3lXRY.5zDGO3rS2KdeeWLuGmsfGlMfOxih58VYVfxe",
        "$2a$03$m0CrhHm10qJ3lXRY.5zDGO3rS2KdeeWLuGmsfGlMfOxih58VYVfxe",
        "$2a$15$m0CrhHm10qJ3lXRY.5zDGO3rS2KdeeWLuGmsfGlMfOxih58VYVfxe",
        "$2a$1:$m0CrhHm10qJ3lXRY.5zDGO3rS2KdeeWLuGmsfGlMfOxih58VYVfxe",
        "$6$06$$m0CrhHm10qJ3lXRY.5zDGO3rS2KdeeWLuGmsfGlMfOxih58VYVfxe",
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        if (og_bcrypt_is_hash(og_str_from(cases[i])) || og_password_is_foreign(cases[i])) {
            fail_msg("taken for a hash: %s", cases[i]);
        }
        assert_false(og_password_matches(OG_STR("a"), cases[i]));
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(published_vectors_match),
        cmocka_unit_test(what_stands_behind_a_nul_is_not_ignored),
        cmocka_unit_test(other_texts_are_no_hashes),
    };
    return og_crypto_init(NULL) == OG_OK ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
