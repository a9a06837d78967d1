/*
 * Digests against published vectors, boxes against tampering, passwords, and randomness that fails.
 */
#include "base/crypto.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

static int
start_crypto(void **state)
{
    (void)state;
    return og_crypto_init(NULL) == OG_OK ? 0 : -1;
}

/* HMAC pads short keys with zeros, so the vectors of RFC 4231 with keys up to 32 bytes fit. */
static void
mac_matches_rfc_4231(void **state)
{
    (void)state;
    char dd[51] = "", cd[51] = "";
    memset(dd, 0xDD, 50);
    memset(cd, 0xCD, 50);
    struct og_key repeated = {0}, jefe = {0}, repeated_aa = {0}, counted = {0};
    memset(repeated.bytes, 0x0B, 20);
    memcpy(jefe.bytes, "Jefe", 4);
    memset(repeated_aa.bytes, 0xAA, 20);
    for (int i = 0; i < 25; i++) {
        counted.bytes[i] = (uint8_t)(i + 1);
    }
    const struct {
        const struct og_key *key;
        const char *data;
        const char *hex;
    } cases[] = {
        {&repeated, "Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
        {&jefe, "what do ya want for nothing?",
         "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
        {&repeated_aa, dd, "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"},
        {&counted, cd, "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct og_key derived;
        char hex[OG_DIGEST_HEX_CHARS + 1];
        og_key_derive(cases[i].key, cases[i].data, &derived);
        og_hex(derived.bytes, OG_KEY_BYTES, hex);
        assert_string_equal(hex, cases[i].hex);
    }
}

/* The same bytes through the raw form: each part is preceded by its length. */
static void
mac_parts_are_framed(void **state)
{
    (void)state;
    struct og_key key = {0};
    memcpy(key.bytes, "Jefe", 4);
    uint8_t digest[OG_DIGEST_BYTES];
    char hex[OG_DIGEST_HEX_CHARS + 1];
    const struct og_str parts[] = {OG_STR("ab"), OG_STR(""), OG_STR("c")};
    og_mac_parts(&key, parts, COUNT(parts), digest);
    og_hex(digest, sizeof(digest), hex);
    /* printf '\0\0\0\0\0\0\0\2ab\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1c' |
     *   openssl dgst -sha256 -hmac Jefe */
    assert_string_equal(hex, "eceb2714e2361bb4e2f955921e017ffdece810342f330d70b303ed247493d8e9");

    uint8_t other[OG_DIGEST_BYTES];
    const struct og_str shifted[] = {OG_STR("a"), OG_STR("b"), OG_STR("c")};
    og_mac_parts(&key, shifted, COUNT(shifted), other);
    assert_memory_not_equal(digest, other, sizeof(digest));
    og_mac_parts(&key, parts, COUNT(parts), other);
    assert_memory_equal(digest, other, sizeof(digest));
}

/* More keys than a thread keeps contexts, in turns, and parts of all lengths: each as libsodium
 * has it. */
static void
mac_parts_keep_keys_apart(void **state)
{
    enum { KEYS = 24, ROUNDS = 3 };
    static char filler[700];
    (void)state;
    for (int i = 0; i < KEYS * ROUNDS; i++) {
        const int n = i % KEYS;
        struct og_key key = {.bytes = {(uint8_t)(n / 2), (uint8_t)n}};
        const struct og_str key_bytes = {(const char *)key.bytes, OG_KEY_BYTES};
        const size_t lens[] = {(size_t)n, (size_t)i * 9};
        char framing[2][8] = {{0}};
        struct og_str parts[2], framed[4];
        uint8_t digest[OG_DIGEST_BYTES], expected[OG_DIGEST_BYTES];
        for (int j = 0; j < 2; j++) {
            framing[j][6] = (char)(lens[j] >> 8);
            framing[j][7] = (char)lens[j];
            parts[j] = (struct og_str){filler, lens[j]};
            framed[2 * j] = (struct og_str){framing[j], 8};
            framed[2 * j + 1] = parts[j];
        }
        og_mac_parts(&key, parts, 2, digest);
        og_hmac_sha256(key_bytes, framed, 4, expected);
        assert_memory_equal(digest, expected, sizeof digest);
    }
}

static void
sha256_tagged_is_of_both(void **state)
{
    (void)state;
    uint8_t digest[OG_DIGEST_BYTES], expected[OG_DIGEST_BYTES];
    og_sha256(OG_STR("abc"), expected);
    og_sha256_tagged('a', OG_STR("bc"), digest);
    assert_memory_equal(digest, expected, sizeof digest);
}

static void
sha1_matches_fips_180(void **state)
{
    (void)state;
    uint8_t digest[OG_SHA1_BYTES];
    char hex[2 * OG_SHA1_BYTES + 1];
    og_sha1(OG_STR("abc"), digest);
    og_hex(digest, sizeof digest, hex);
    assert_string_equal(hex, "a9993e364706816aba3e25717850c26c9cd0d89d");
    og_sha1((struct og_str){NULL, 0}, digest);
    og_hex(digest, sizeof digest, hex);
    assert_string_equal(hex, "da39a3ee5e6b4b0d3255bfef95601890afd80709");
}

static void
sha256_matches_fips_180(void **state)
{
    (void)state;
    uint8_t digest[OG_DIGEST_BYTES];
    char hex[OG_DIGEST_HEX_CHARS + 1];
    og_sha256(OG_STR("abc"), digest);
    og_hex(digest, sizeof(digest), hex);
    assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    og_sha256((struct og_str){NULL, 0}, digest);
    og_hex(digest, sizeof(digest), hex);
    assert_string_equal(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

static struct og_key
make_key(uint8_t first)
{
    uint8_t bytes[OG_KEY_BYTES] = {first, 2, 3};
    struct og_key key;
    og_key_from_bytes(bytes, &key);
    return key;
}

static void
boxes_open_only_unchanged(void **state)
{
    (void)state;
    struct og_key key = make_key(1), other_key = make_key(9);
    struct og_str context = OG_STR("row-17"), plain = OG_STR("Your code is secret");
    struct og_buf box, out;
    og_buf_init(&box, 1024);
    og_buf_init(&out, 1024);
    og_seal(&key, context, plain, &box);
    assert_int_equal(box.len, plain.len + OG_SEAL_OVERHEAD_BYTES);

    assert_int_equal(og_unseal(&key, context, og_buf_str(&box), &out, NULL), OG_OK);
    assert_true(og_str_eq(og_buf_str(&out), plain));
    og_buf_clear(&out);

    struct og_err err;
    for (size_t i = 0; i < box.len; i++) {
        box.ptr[i] ^= 0x40;
        assert_int_equal(og_unseal(&key, context, og_buf_str(&box), &out, &err), OG_E_INVALID);
        box.ptr[i] ^= 0x40;
    }
    for (size_t len = 0; len < box.len; len++) {
        struct og_str cut = {box.ptr, len};
        assert_int_equal(og_unseal(&key, context, cut, &out, &err), OG_E_INVALID);
    }
    struct og_str sealed = og_buf_str(&box);
    assert_int_equal(og_unseal(&key, OG_STR("row-18"), sealed, &out, &err), OG_E_INVALID);
    assert_int_equal(og_unseal(&other_key, context, sealed, &out, &err), OG_E_INVALID);
    assert_int_equal(out.len, 0);

    struct og_buf again;
    og_buf_init(&again, 1024);
    og_seal(&key, context, plain, &again);
    assert_false(og_str_eq(sealed, og_buf_str(&again)));
    og_buf_finish(&again);
    og_buf_finish(&box);
    og_buf_finish(&out);
}

static void
an_empty_box_has_its_overhead(void **state)
{
    (void)state;
    struct og_key key = make_key(1);
    struct og_buf box, out;
    og_buf_init(&box, OG_SEAL_OVERHEAD_BYTES);
    og_buf_init(&out, 0);
    og_seal(&key, (struct og_str){0}, (struct og_str){0}, &box);
    assert_int_equal(og_unseal(&key, (struct og_str){0}, og_buf_str(&box), &out, NULL), OG_OK);
    assert_int_equal(out.len, 0);
    assert_false(out.full);
    og_buf_clear(&box);
    og_seal(&key, (struct og_str){0}, OG_STR("x"), &box);
    assert_true(box.full);
    assert_int_equal(box.len, 0);
    og_buf_finish(&box);
    og_buf_finish(&out);
}

static void
passwords_match_only_themselves(void **state)
{
    (void)state;
    char encoded[OG_PASSWORD_HASH_BYTES], again[OG_PASSWORD_HASH_BYTES];
    assert_int_equal(og_password_hash(OG_STR("correct horse"), encoded, NULL), OG_OK);
    assert_int_equal(og_password_hash(OG_STR("correct horse"), again, NULL), OG_OK);
    assert_string_not_equal(encoded, again);
    assert_int_equal(strncmp(encoded, "$argon2id$v=19$m=19456,t=2,p=1$", 31), 0);
    assert_true(og_password_matches(OG_STR("correct horse"), encoded));
    assert_false(og_password_matches(OG_STR("correct horsf"), encoded));
    assert_false(og_password_matches(OG_STR("correct horse"), "not a hash"));
}

static void
text_forms_go_there_and_back(void **state)
{
    (void)state;
    const struct {
        const char *bytes, *padded, *url;
    } cases[] = {
        {"", "", ""},
        {"f", "Zg==", "Zg"},
        {"fo", "Zm8=", "Zm8"},
        {"foo", "Zm9v", "Zm9v"},
        {"foob", "Zm9vYg==", "Zm9vYg"},
        {"\xfb\xff\xfe", "+//+", "-__-"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        for (int url = 0; url <= 1; url++) {
            struct og_buf text, bytes;
            og_buf_init(&text, 64);
            og_buf_init(&bytes, 64);
            og_base64_encode(og_str_from(cases[i].bytes), url, &text);
            const char *expected = url ? cases[i].url : cases[i].padded;
            assert_true(og_str_eq(og_buf_str(&text), og_str_from(expected)));
            assert_true(og_base64_decode(og_str_from(expected), url, &bytes));
            assert_true(og_str_eq(og_buf_str(&bytes), og_str_from(cases[i].bytes)));
            og_buf_finish(&text);
            og_buf_finish(&bytes);
        }
    }
}

static void
wrong_text_forms_are_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {"Z",    "Zg",    "Zg=",   "Zg===",
                                        "Zh==", "Z g==", "Zg==x", "-__-",
                                        "Zm9\253Yg==", "\377\377\377\377"};
    struct og_buf out;
    og_buf_init(&out, 64);
    for (size_t i = 0; i < COUNT(wrong); i++) {
        assert_false(og_base64_decode(og_str_from(wrong[i]), false, &out));
    }
    assert_false(og_base64_decode(OG_STR("Zg=="), true, &out));
    assert_false(og_base64_decode(OG_STR("+//+"), true, &out));
    assert_int_equal(out.len, 0);
    og_buf_finish(&out);

    uint8_t bytes[2];
    assert_true(og_unhex(OG_STR("00fF"), bytes, 2));
    assert_int_equal(bytes[1], 0xFF);
    assert_false(og_unhex(OG_STR("00f"), bytes, 2));
    assert_false(og_unhex(OG_STR("00fg"), bytes, 2));
    assert_false(og_unhex(OG_STR("00ff0"), bytes, 2));
    assert_false(og_unhex(OG_STR("0:ff"), bytes, 2));
}

static bool
failing_source(void *out, size_t size_bytes)
{
    memset(out, 7, size_bytes / 2);
    return false;
}

static void
failing_randomness_is_an_error(void **state)
{
    (void)state;
    struct og_err err;
    uint8_t bytes[8], zero[8] = {0};
    og_random_set_source(failing_source);
    assert_int_equal(og_random_bytes(bytes, sizeof(bytes), &err), OG_E_UNAVAILABLE);
    assert_memory_equal(bytes, zero, sizeof(bytes));
    og_random_set_source(NULL);
    assert_int_equal(og_random_bytes(bytes, sizeof(bytes), &err), OG_OK);
    assert_memory_not_equal(bytes, zero, sizeof(bytes));
}

static void
a_child_draws_other_bytes(void **state)
{
    (void)state;
    uint8_t mine[16], theirs[16];
    og_random_fast(mine, sizeof(mine)); /* the block is filled before the fork */
    int pipe_fds[2];
    assert_int_equal(pipe(pipe_fds), 0);
    pid_t child = fork();
    if (child == 0) {
        og_random_fast(mine, sizeof(mine));
        _exit(write(pipe_fds[1], mine, sizeof(mine)) == sizeof(mine) ? 0 : 1);
    }
    assert_int_equal(read(pipe_fds[0], theirs, sizeof(theirs)), sizeof(theirs));
    og_random_fast(mine, sizeof(mine));
    assert_memory_not_equal(mine, theirs, sizeof(mine));
    int status = 1;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    close(pipe_fds[0]);
    close(pipe_fds[1]);
}

static void
secrets_are_bounded_and_wiped(void **state)
{
    (void)state;
    struct og_secret secret = {0};
    char longest[OG_SECRET_MAX_BYTES + 1];
    memset(longest, 'x', sizeof(longest));
    assert_true(og_secret_set(&secret, (struct og_str){longest, OG_SECRET_MAX_BYTES}));
    assert_int_equal(secret.bytes[OG_SECRET_MAX_BYTES], 0);
    assert_false(og_secret_set(&secret, (struct og_str){longest, OG_SECRET_MAX_BYTES + 1}));
    assert_int_equal(secret.len, 0);
    assert_true(og_secret_set(&secret, OG_STR("token")));
    assert_string_equal(secret.bytes, "token");
    og_secret_finish(&secret);
    static const struct og_secret zero;
    assert_memory_equal(&secret, &zero, sizeof(secret));

    assert_true(og_equal_const_time("abc", "abd", 2));
    assert_false(og_equal_const_time("abc", "abd", 3));
    assert_false(og_equal_const_time("xbc", "abc", 3));
    assert_true(og_equal_const_time("", "", 0));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mac_matches_rfc_4231),
        cmocka_unit_test(mac_parts_are_framed),
        cmocka_unit_test(sha1_matches_fips_180),
        cmocka_unit_test(sha256_matches_fips_180),
        cmocka_unit_test(sha256_tagged_is_of_both),
        cmocka_unit_test(mac_parts_keep_keys_apart),
        cmocka_unit_test(boxes_open_only_unchanged),
        cmocka_unit_test(an_empty_box_has_its_overhead),
        cmocka_unit_test(passwords_match_only_themselves),
        cmocka_unit_test(text_forms_go_there_and_back),
        cmocka_unit_test(wrong_text_forms_are_refused),
        cmocka_unit_test(failing_randomness_is_an_error),
        cmocka_unit_test(a_child_draws_other_bytes),
        cmocka_unit_test(secrets_are_bounded_and_wiped),
    };
    return cmocka_run_group_tests(tests, start_crypto, NULL);
}
