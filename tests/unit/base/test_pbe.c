/*
 * Encrypted texts: the vector of wire/smsgate.md section 6, there and back, and what cannot be
 * read.
 */
#include "check.h"

#include "base/crypto.h"
#include "base/pbe.h"

#define VECTOR                                                                                    \
    "$aes-256-cbc/pbkdf2-sha1$i=75000$obSTW6ittQvTtdAxonQKIw==$g3QFAC9CtBcPxoKlouqsyQ=="
#define QUICK(rest) "$aes-256-cbc/pbkdf2-sha1$i=1$" rest

static const struct og_str passphrase = {"passphrase", 10};

static bool
salt_of_the_vector(void *out, size_t size_bytes)
{
    static const uint8_t salt[OG_PBE_SALT_BYTES] = {0xa1, 0xb4, 0x93, 0x5b, 0xa8, 0xad, 0xb5, 0x0b,
                                                    0xd3, 0xb5, 0xd0, 0x31, 0xa2, 0x74, 0x0a, 0x23};
    assert_int_equal(size_bytes, sizeof salt);
    memcpy(out, salt, sizeof salt);
    return true;
}

static bool
no_randomness(void *out, size_t size_bytes)
{
    (void)out;
    (void)size_bytes;
    return false;
}

static void
test_check_82_the_vector_holds(void **state)
{
    (void)state;
    struct og_buf out;
    og_buf_init(&out, 1024);
    assert_int_equal(og_pbe_decrypt(passphrase, OG_STR(VECTOR), &out, NULL), OG_OK);
    assert_string_equal(out.ptr, "hello");
    og_buf_clear(&out);
    og_random_set_source(salt_of_the_vector);
    enum og_code code = og_pbe_encrypt(passphrase, OG_STR("hello"), &out, NULL);
    og_random_set_source(NULL);
    assert_int_equal(code, OG_OK);
    assert_string_equal(out.ptr, VECTOR);
    og_buf_finish(&out);
}

static void
texts_go_there_and_back(void **state)
{
    (void)state;
    static const char *const texts[] = {"", "x", "0123456789abcde", "0123456789abcdef",
                                        "+79990001234", "Ваш код: 1234 😀"};
    for (size_t i = 0; i < COUNT(texts); i++) {
        struct og_buf first, second, back;
        og_buf_init(&first, 1024);
        og_buf_init(&second, 1024);
        og_buf_init(&back, 1024);
        assert_int_equal(og_pbe_encrypt(passphrase, og_str_from(texts[i]), &first, NULL), OG_OK);
        assert_int_equal(og_pbe_encrypt(passphrase, og_str_from(texts[i]), &second, NULL), OG_OK);
        assert_string_not_equal(first.ptr, second.ptr); /* a salt each */
        assert_int_equal(og_pbe_decrypt(passphrase, og_buf_str(&first), &back, NULL), OG_OK);
        assert_string_equal(back.len ? back.ptr : "", texts[i]);
        og_buf_finish(&first);
        og_buf_finish(&second);
        og_buf_finish(&back);
    }
}

static void
a_number_fits_where_the_peer_wants_128(void **state)
{
    (void)state;
    struct og_buf out;
    og_buf_init(&out, 128);
    assert_int_equal(og_pbe_encrypt(passphrase, OG_STR("+79990001234"), &out, NULL), OG_OK);
    assert_int_equal(out.len, 82);
    og_buf_finish(&out);
}

static void
what_cannot_be_read_says_why(void **state)
{
    (void)state;
    static const struct {
        const char *text, *why;
    } cases[] = {
        {"", "form"},
        {"hello", "form"},
        {"$aes-256-cbc/pbkdf2-sha1", "form"},
        {"$aes-128-cbc/pbkdf2-sha1$i=1$obSTW6ittQvTtdAxonQKIw==$g3QFAC9CtBcPxoKlouqsyQ==", "form"},
        {"$rsa-oaep-aes-256-gcm$v=1$k=1$AAAA$AAAA$AAAA", "form"},
        {"$aes-256-cbc/pbkdf2-sha1$", "iteration"},
        {"$aes-256-cbc/pbkdf2-sha1$v=1$obSTW6ittQvTtdAxonQKIw==$AAAA", "iteration"},
        {"$aes-256-cbc/pbkdf2-sha1$i=0$obSTW6ittQvTtdAxonQKIw==$AAAA", "iteration"},
        {"$aes-256-cbc/pbkdf2-sha1$i=-5$obSTW6ittQvTtdAxonQKIw==$AAAA", "iteration"},
        {"$aes-256-cbc/pbkdf2-sha1$i=1000001$obSTW6ittQvTtdAxonQKIw==$AAAA", "iteration"},
        {"$aes-256-cbc/pbkdf2-sha1$i=9e9$obSTW6ittQvTtdAxonQKIw==$AAAA", "iteration"},
        {QUICK(""), "salt"},
        {QUICK("obSTW6ittQvTtdAxonQK$g3QFAC9CtBcPxoKlouqsyQ=="), "salt"},
        {QUICK("obSTW6ittQvTtdAxonQKIyM=$g3QFAC9CtBcPxoKlouqsyQ=="), "salt"},
        {QUICK("obSTW6ittQvTtdAxonQKIw=!$g3QFAC9CtBcPxoKlouqsyQ=="), "salt"},
        {QUICK("obSTW6ittQvTtdAxonQKIw=="), "cipher text"},
        {QUICK("obSTW6ittQvTtdAxonQKIw==$"), "cipher text"},
        {QUICK("obSTW6ittQvTtdAxonQKIw==$g3QFAC9CtBcPxoKlouqs"), "cipher text"},
        {QUICK("obSTW6ittQvTtdAxonQKIw==$g3QFAC9CtBcPxoKlouqsyQ="), "cipher text"},
        {QUICK("obSTW6ittQvTtdAxonQKIw==$g3QFAC9CtBcPxoKlouqsyQ=="), "does not open"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct og_buf out;
        struct og_err err = {0};
        og_buf_init(&out, 1024);
        enum og_code code =
            og_pbe_decrypt(passphrase, og_str_from(cases[i].text), &out, &err);
        if (code != OG_E_INVALID || !strstr(err.text, cases[i].why) || out.len != 0) {
            fail_msg("%s: %d %s", cases[i].text, code, err.text);
        }
        og_buf_finish(&out);
    }
}

/* More members may stand beside the iterations, and more parts behind the text. */
static void
the_phones_freedoms_are_ours(void **state)
{
    (void)state;
    struct og_buf out;
    og_buf_init(&out, 1024);
    assert_int_equal(
        og_pbe_decrypt(passphrase,
                       OG_STR("$aes-256-cbc/pbkdf2-sha1$v=1,i=75000$obSTW6ittQvTtdAxonQKIw==$"
                              "g3QFAC9CtBcPxoKlouqsyQ==$more"),
                       &out, NULL),
        OG_OK);
    assert_string_equal(out.ptr, "hello");
    og_buf_finish(&out);
}

static void
failures_leave_nothing(void **state)
{
    (void)state;
    struct og_buf small, none;
    struct og_err err = {0};
    og_buf_init(&small, 60);
    og_buf_init(&none, 10);
    assert_int_equal(og_pbe_encrypt(OG_STR(""), OG_STR("x"), &small, &err), OG_E_INVALID);
    assert_string_equal(err.field, "passphrase");
    assert_int_equal(og_pbe_encrypt(passphrase, OG_STR("x"), &small, &err), OG_E_TOO_LARGE);
    assert_int_equal(og_pbe_decrypt(passphrase, OG_STR(VECTOR), &none, &err), OG_E_TOO_LARGE);
    assert_int_equal(none.len, 0);
    struct og_str long_text = {VECTOR, OG_PBE_PLAIN_MAX_BYTES + 1};
    assert_int_equal(og_pbe_encrypt(passphrase, long_text, &small, &err), OG_E_TOO_LARGE);
    og_random_set_source(no_randomness);
    enum og_code code = og_pbe_encrypt(passphrase, OG_STR("x"), &small, &err);
    og_random_set_source(NULL);
    assert_int_equal(code, OG_E_UNAVAILABLE);
    og_buf_finish(&small);
    og_buf_finish(&none);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_check_82_the_vector_holds),
        cmocka_unit_test(texts_go_there_and_back),
        cmocka_unit_test(a_number_fits_where_the_peer_wants_128),
        cmocka_unit_test(what_cannot_be_read_says_why),
        cmocka_unit_test(the_phones_freedoms_are_ours),
        cmocka_unit_test(failures_leave_nothing),
    };
    return og_crypto_init(NULL) == OG_OK ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
