/*
 * Codes: uniform, reachable at both ends, failing when the generator does; typed forms; bounds.
 */
#include "tests/unit/check.h"

#include <string.h>

#include "core/otp.h"

/* A generator that plays words from a script, then fails. */
struct script {
    const uint64_t *words;
    size_t count;
    size_t used;
};

static enum og_code
play(void *ctx, void *out, size_t size_bytes, struct og_err *err)
{
    struct script *script = ctx;
    if (script->used == script->count) {
        return og_fail(err, OG_E_UNAVAILABLE, "", "no randomness");
    }
    uint64_t word = script->words[script->used++];
    uint32_t narrow = (uint32_t)word;
    memcpy(out, size_bytes == sizeof(narrow) ? (void *)&narrow : (void *)&word, size_bytes);
    return OG_OK;
}

static enum og_code
pseudo_random(void *ctx, void *out, size_t size_bytes, struct og_err *err)
{
    uint32_t words[2] = {(uint32_t)(next_random(ctx) >> 16), (uint32_t)(next_random(ctx) >> 16)};
    assert_in_range(size_bytes, 4, sizeof(words));
    memcpy(out, words, size_bytes);
    return OG_OK;
}

static enum og_code
stuck(void *ctx, void *out, size_t size_bytes, struct og_err *err)
{
    memset(out, 0xFF, size_bytes);
    return OG_OK;
}

static void
test_req_5_mapping_rejects_spare_words(void **state)
{
    static const struct {
        uint64_t word;
        unsigned length;
        bool kept;
        uint64_t value;
    } rows[] = {
        {0, 6, true, 0},
        {42, 6, true, 42},
        {999999, 6, true, 999999},
        {1000000, 6, true, 0},
        {4293999999, 6, true, 999999},
        {4294000000, 6, false, 0},
        {4294967295, 6, false, 0},
        {4294960000 - 1, 4, true, 9999},
        {4294960000, 4, false, 0},
        {4294900000 - 1, 5, true, 99999},
        {4294900000, 5, false, 0},
        {4290000000 - 1, 7, true, 9999999},
        {4290000000, 7, false, 0},
        {4200000000 - 1, 8, true, 99999999},
        {4200000000, 8, false, 0},
        {4000000000 - 1, 9, true, 999999999},
        {4000000000, 9, false, 0},
        {9999999999, 10, true, 9999999999},
        {UINT64_C(18446744070000000000) - 1, 10, true, 9999999999},
        {UINT64_C(18446744070000000000), 10, false, 0},
        {UINT64_MAX, 10, false, 0},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        uint64_t value = 0;
        bool kept = og_otp_value_from_word(rows[i].word, rows[i].length, &value);
        if (kept != rows[i].kept || value != rows[i].value) {
            fail_msg("row %zu: %d %llu", i, kept, (unsigned long long)value);
        }
    }
    assert_int_equal(og_otp_word_bytes(4), 4);
    assert_int_equal(og_otp_word_bytes(9), 4);
    assert_int_equal(og_otp_word_bytes(10), 8);
}

static void
test_req_4_leading_zeros_are_kept(void **state)
{
    static const struct {
        uint64_t words[3];
        size_t words_used;
        unsigned length;
        const char *code;
    } rows[] = {
        {{0}, 1, 6, "000000"},
        {{42}, 1, 6, "000042"},
        {{999999}, 1, 6, "999999"},
        {{4294000000, 4294967295, 7}, 3, 6, "000007"},
        {{4294000000, 482913}, 2, 6, "482913"},
        {{5}, 1, 4, "0005"},
        {{9999999999}, 1, 10, "9999999999"},
        {{UINT64_MAX, 1}, 2, 10, "0000000001"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct script script = {rows[i].words, COUNT(rows[i].words), 0};
        struct og_rng rng = {play, &script};
        struct og_secret code = {0};
        assert_int_equal(OG_OK, og_otp_draw(&rng, rows[i].length, &code, NULL));
        assert_str(og_secret_str(&code), rows[i].code);
        assert_int_equal(script.used, rows[i].words_used);
        og_secret_finish(&code);
    }
}

static void
test_req_1_broken_generators(void **state)
{
    static const uint64_t refused[] = {4294000000};
    struct script script = {refused, 1, 0};
    struct og_rng failing = {play, &script};
    struct og_rng repeating = {stuck, NULL};
    struct og_secret code;
    struct og_err err;

    assert_true(og_secret_set(&code, OG_STR("111111")));
    assert_int_equal(OG_E_UNAVAILABLE, og_otp_draw(&failing, 6, &code, &err));
    assert_string_equal(err.text, "no randomness");
    assert_int_equal(code.len, 0);
    assert_int_equal(code.bytes[0], 0);
    assert_int_equal(OG_E_UNAVAILABLE, og_otp_draw(&repeating, 6, &code, &err));
    assert_int_equal(code.len, 0);
}

/* Each digit position over a million codes: nine degrees of freedom, 27.88 at 0.001. */
static void
test_req_3_digits_are_uniform(void **state)
{
    static unsigned counts[6][10];
    uint64_t seed = 20260101;
    struct og_rng rng = {pseudo_random, &seed};
    const int draws = 1000000;

    for (int i = 0; i < draws; i++) {
        struct og_secret code = {0};
        assert_int_equal(OG_OK, og_otp_draw(&rng, 6, &code, NULL));
        for (size_t at = 0; at < 6; at++) {
            counts[at][code.bytes[at] - '0']++;
        }
    }
    for (size_t at = 0; at < 6; at++) {
        double chi_square = 0;
        for (size_t digit = 0; digit < 10; digit++) {
            double off = counts[at][digit] - draws / 10.0;
            chi_square += off * off / (draws / 10.0);
        }
        if (chi_square > 27.88) {
            fail_msg("position %zu: %f", at, chi_square);
        }
    }
}

/* Pairs of neighbouring digits, and each digit with that of the code before, for every length:
 * ninety-nine degrees of freedom, 148.23 at 0.001. The seed is fixed, so the verdict is too. */
static void
test_req_3_digits_do_not_depend_on_each_other(void **state)
{
    const int draws = 200000;
    for (unsigned length = OG_OTP_MIN_LENGTH; length <= OG_OTP_MAX_LENGTH; length++) {
        unsigned pairs[2][100] = {{0}};
        uint64_t seed = 20260101 + length;
        struct og_rng rng = {pseudo_random, &seed};
        int before = 0;
        for (int i = 0; i < draws; i++) {
            struct og_secret code = {0};
            assert_int_equal(OG_OK, og_otp_draw(&rng, length, &code, NULL));
            const int last = code.bytes[length - 1] - '0';
            pairs[0][(code.bytes[length - 2] - '0') * 10 + last]++;
            pairs[1][before * 10 + last]++;
            before = last;
        }
        for (size_t k = 0; k < 2; k++) {
            double chi_square = 0;
            for (size_t pair = 0; pair < 100; pair++) {
                const double off = pairs[k][pair] - draws / 100.0;
                chi_square += off * off / (draws / 100.0);
            }
            if (chi_square > 148.23) {
                fail_msg("length %u, pairs %zu: %f", length, k, chi_square);
            }
        }
    }
}

/* All of them can be drawn: each word's value, over the words that are kept, from end to end. */
static void
test_req_3_both_ends_are_reachable(void **state)
{
    for (unsigned length = OG_OTP_MIN_LENGTH; length <= OG_OTP_MAX_LENGTH; length++) {
        uint64_t last = 1, value = 0;
        for (unsigned i = 0; i < length; i++) {
            last *= 10;
        }
        assert_true(og_otp_value_from_word(0, length, &value));
        assert_int_equal(value, 0);
        assert_true(og_otp_value_from_word(last - 1, length, &value));
        assert_int_equal(value, last - 1);
        assert_true(og_otp_value_from_word(last, length, &value));
        assert_int_equal(value, 0);
    }
}

static void
test_req_16_typed_digits_are_normalised(void **state)
{
    static const struct {
        const char *typed;
        enum og_otp_alphabet alphabet;
        unsigned length;
        const char *code; /* NULL: refused */
    } rows[] = {
        {"482913", OG_OTP_DIGITS, 6, "482913"},
        {"000042", OG_OTP_DIGITS, 6, "000042"},
        {" 482 913 ", OG_OTP_DIGITS, 6, "482913"},
        {"482-913", OG_OTP_DIGITS, 6, "482913"},
        {"4 8 2 9 1 3", OG_OTP_DIGITS, 6, "482913"},
        {"482\xC2\xA0" "913", OG_OTP_DIGITS, 6, "482913"},
        {"482\xE2\x80\x91" "913", OG_OTP_DIGITS, 6, "482913"}, /* no-break hyphen */
        {"482\xE3\x80\x80" "913", OG_OTP_DIGITS, 6, "482913"}, /* wide space */
        {"٤٨٢ ٩١٣", OG_OTP_DIGITS, 6, "482913"},
        {"۴۸۲۹۱۳", OG_OTP_DIGITS, 6, "482913"},
        {"४८२९१३", OG_OTP_DIGITS, 6, "482913"},
        {"４８２９１３", OG_OTP_DIGITS, 6, "482913"},
        {"٤8۲９१3", OG_OTP_DIGITS, 6, "482913"},
        {"1234567890", OG_OTP_DIGITS, 10, "1234567890"},
        {"1234", OG_OTP_DIGITS, 0, "1234"},
        {"aB3d", OG_OTP_ALNUM, 4, "aB3d"},
        {"aB-٣d", OG_OTP_ALNUM, 4, "aB3d"},
        {"", OG_OTP_DIGITS, 6, NULL},
        {"   ", OG_OTP_DIGITS, 6, NULL},
        {"-", OG_OTP_DIGITS, 0, NULL},
        {"48291", OG_OTP_DIGITS, 6, NULL},
        {"4829131", OG_OTP_DIGITS, 6, NULL},
        {"12345678901", OG_OTP_DIGITS, 0, NULL},
        {"123", OG_OTP_DIGITS, 0, NULL},
        {"48291a", OG_OTP_DIGITS, 6, NULL},
        {"G-482913", OG_OTP_DIGITS, 6, NULL},
        {"482.913", OG_OTP_DIGITS, 6, NULL},
        {"482\n913", OG_OTP_DIGITS, 6, NULL},
        {"482\xE2\x80\x8B" "913", OG_OTP_DIGITS, 6, NULL},
        {"৪৮২৯১৩", OG_OTP_DIGITS, 6, NULL}, /* Bengali: not among those we read */
        {"482\xFF" "913", OG_OTP_DIGITS, 6, NULL},
        {"ａB3d", OG_OTP_ALNUM, 4, NULL},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct og_secret code;
        struct og_err err = {0};
        enum og_code result = og_otp_read(og_str_from(rows[i].typed), rows[i].alphabet,
                                          rows[i].length, &code, &err);
        if ((result == OG_OK) != (rows[i].code != NULL)) {
            fail_msg("row %zu: %s", i, err.text);
        }
        if (rows[i].code) {
            assert_str(og_secret_str(&code), rows[i].code);
            assert_int_equal(code.bytes[code.len], 0);
        } else {
            assert_int_equal(result, OG_E_UNPROCESSABLE);
            assert_string_equal(err.field, "code");
            assert_null(strstr(err.text, "482"));
            assert_int_equal(code.len, 0);
        }
        og_secret_finish(&code);
    }
}

static void
test_req_15_long_input(void **state)
{
    static char digits[10000];
    struct og_secret code;

    memset(digits, '1', sizeof(digits));
    assert_int_equal(OG_E_UNPROCESSABLE, og_otp_read((struct og_str){digits, sizeof(digits)},
                                                     OG_OTP_DIGITS, 6, &code, NULL));
    memset(digits, ' ', sizeof(digits));
    assert_int_equal(OG_E_UNPROCESSABLE, og_otp_read((struct og_str){digits, sizeof(digits)},
                                                     OG_OTP_DIGITS, 6, &code, NULL));
    assert_int_equal(OG_E_UNPROCESSABLE, og_otp_read((struct og_str){"482913\0", 7},
                                                     OG_OTP_DIGITS, 6, &code, NULL));
}

static void
test_req_7_custom_codes(void **state)
{
    static const struct {
        const char *code;
        bool fits;
    } rows[] = {
        {"1234", true},         {"aZ09", true},    {"ABCDEFGHIJ", true}, {"123", false},
        {"12345678901", false}, {"", false},       {"12 34", false},     {"12-34", false},
        {"12\xC3\xA9" "4", false}, {"12_34", false}, {"<1234>", false},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        assert_int_equal(og_otp_check_custom(og_str_from(rows[i].code), NULL),
                         rows[i].fits ? OG_OK : OG_E_UNPROCESSABLE);
    }
    assert_int_equal(og_otp_alphabet_of(OG_STR("000042")), OG_OTP_DIGITS);
    assert_int_equal(og_otp_alphabet_of(OG_STR("00x042")), OG_OTP_ALNUM);
}

static void
test_req_21_mac_binds_everything(void **state)
{
    static const char *const rows[][5] = {
        {"acme", "login", "v1", "", "482913"},   {"acme", "login", "v2", "", "482913"},
        {"acme", "signup", "v1", "", "482913"},  {"other", "login", "v1", "", "482913"},
        {"acme", "login", "v1", "", "482914"},   {"acm", "elogin", "v1", "", "482913"},
        {"acme", "login", "v14", "", "82913"},   {"acme", "login", "v1", "4", "82913"},
        {"acme", "login", "v1", "c1", "482913"}, {"acme", "login", "v1", "c2", "482913"},
    };
    uint8_t bytes[OG_KEY_BYTES] = {1};
    uint8_t macs[COUNT(rows)][OG_DIGEST_BYTES];
    uint8_t again[OG_DIGEST_BYTES];
    struct og_otp_binding first;
    struct og_key key;

    og_key_from_bytes(bytes, &key);
    for (size_t i = COUNT(rows); i-- > 0;) {
        first = (struct og_otp_binding){og_str_from(rows[i][0]), og_str_from(rows[i][1]),
                                        og_str_from(rows[i][2]), og_str_from(rows[i][3])};
        og_otp_mac(&key, &first, og_str_from(rows[i][4]), macs[i]);
        for (size_t k = i + 1; k < COUNT(rows); k++) {
            assert_memory_not_equal(macs[i], macs[k], OG_DIGEST_BYTES);
        }
    }
    og_otp_mac(&key, &first, OG_STR("482913"), again);
    assert_memory_equal(again, macs[0], OG_DIGEST_BYTES);
    bytes[0] = 2;
    og_key_from_bytes(bytes, &key);
    og_otp_mac(&key, &first, OG_STR("482913"), again);
    assert_memory_not_equal(again, macs[0], OG_DIGEST_BYTES);
}

static void
test_req_34_purposes(void **state)
{
    char longest[66];
    memset(longest, 'a', sizeof(longest));
    assert_int_equal(OG_OK, og_otp_check_purpose(OG_STR("login"), NULL));
    assert_int_equal(OG_OK, og_otp_check_purpose(OG_STR("a_b.c-9"), NULL));
    assert_int_equal(OG_OK, og_otp_check_purpose((struct og_str){longest, 64}, NULL));
    assert_int_equal(OG_E_UNPROCESSABLE,
                     og_otp_check_purpose((struct og_str){longest, 65}, NULL));
    static const char *const wrong[] = {"", "Login", "log in", "login\n", "l\xC3\xB6gin", "a/b"};
    for (size_t i = 0; i < COUNT(wrong); i++) {
        struct og_err err;
        assert_int_equal(OG_E_UNPROCESSABLE,
                         og_otp_check_purpose(og_str_from(wrong[i]), &err));
        assert_string_equal(err.field, "purpose");
    }
}

static void
test_req_57_app_hash_form(void **state)
{
    static const struct {
        const char *hash;
        const char *reason; /* NULL: right */
    } rows[] = {
        {"FA+9qCX9VSu", NULL},
        {"f8Escobih1Z", NULL},
        {"kFUwfusCq/+", NULL},
        {"00000000000", NULL},
        {"", "empty"},
        {"FA+9qCX9", "8 characters"},
        {"FA+9qCX9VS", "10 characters"},
        {"FA+9qCX9VSuQ", "12 characters"},
        {"nGauqAZq6a8=", "'='"},
        {"FA+9qCX9VS=", "'='"},
        {"FA-9qCX9VSu", "URL alphabet"},
        {"FA_9qCX9VSu", "URL alphabet"},
        {"FA+9qCX9VS ", "white space"},
        {"FA+9qCX9VSu\n", "white space"},
        {"FA+9qCX9VS.", "only"},
        {"FA+9qCX9VS\xC3\xA9", "only"},
        {"fac61745dc0903786fb9ede62a962b399f7348f0bb6f899b8332667591033b9c", "digest"},
        {"FA+9qCX9V", "exactly 11"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct og_err err = {0};
        enum og_code code = og_otp_check_app_hash(og_str_from(rows[i].hash), &err);
        assert_int_equal(code, rows[i].reason ? OG_E_UNPROCESSABLE : OG_OK);
        if (rows[i].reason && !strstr(err.text, rows[i].reason)) {
            fail_msg("%s: \"%s\" has no \"%s\"", rows[i].hash, err.text, rows[i].reason);
        }
        assert_string_equal(err.field, rows[i].reason ? "app_hash" : "");
    }
}

static void
test_bounds(void **state)
{
    struct og_err err;

    assert_int_equal(OG_OK, og_otp_check_ttl(60, NULL));
    assert_int_equal(OG_OK, og_otp_check_ttl(600, NULL));
    assert_int_equal(OG_E_UNPROCESSABLE, og_otp_check_ttl(59, NULL));
    assert_int_equal(OG_E_UNPROCESSABLE, og_otp_check_ttl(601, &err));
    assert_string_equal(err.field, "ttl");
    assert_string_equal(err.text, "must be 60 to 600 seconds");
    assert_int_equal(OG_E_UNPROCESSABLE, og_otp_check_ttl(INT64_MIN, NULL));
    assert_int_equal(OG_OK, og_otp_check_length(6, false, NULL));
    assert_int_equal(OG_OK, og_otp_check_length(10, false, NULL));
    assert_int_equal(OG_E_UNPROCESSABLE, og_otp_check_length(5, false, NULL));
    assert_int_equal(OG_OK, og_otp_check_length(4, true, NULL));
    assert_int_equal(OG_E_UNPROCESSABLE, og_otp_check_length(3, true, NULL));
    assert_int_equal(OG_E_UNPROCESSABLE, og_otp_check_length(11, true, &err));
    assert_string_equal(err.field, "code_length");
    assert_int_equal(OG_OK, og_otp_check_attempts(1, NULL));
    assert_int_equal(OG_OK, og_otp_check_attempts(10, NULL));
    assert_int_equal(OG_E_UNPROCESSABLE, og_otp_check_attempts(0, NULL));
    assert_int_equal(OG_E_UNPROCESSABLE, og_otp_check_attempts(11, &err));
    assert_string_equal(err.field, "max_attempts");
    static const int waits_s[] = {0, 30, 60, 120, 120, 120};
    for (unsigned sends = 0; sends < COUNT(waits_s); sends++) {
        assert_int_equal(og_otp_resend_wait_s(sends), waits_s[sends]);
    }
}

static int
init_crypto(void **state)
{
    return og_crypto_init(NULL) == OG_OK ? 0 : -1;
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_req_5_mapping_rejects_spare_words),
        cmocka_unit_test(test_req_4_leading_zeros_are_kept),
        cmocka_unit_test(test_req_1_broken_generators),
        cmocka_unit_test(test_req_3_digits_are_uniform),
        cmocka_unit_test(test_req_3_digits_do_not_depend_on_each_other),
        cmocka_unit_test(test_req_3_both_ends_are_reachable),
        cmocka_unit_test(test_req_16_typed_digits_are_normalised),
        cmocka_unit_test(test_req_15_long_input),
        cmocka_unit_test(test_req_7_custom_codes),
        cmocka_unit_test(test_req_21_mac_binds_everything),
        cmocka_unit_test(test_req_34_purposes),
        cmocka_unit_test(test_req_57_app_hash_form),
        cmocka_unit_test(test_bounds),
    };
    return cmocka_run_group_tests(tests, init_crypto, NULL);
}
