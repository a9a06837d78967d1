/*
 * Key stores as keytool and OpenSSL write them: certificates, passwords, damage.
 */
#include "apphash/jks.h"
#include "apphash/pkcs12.h"
#include "tests/unit/apphash/support.h"

static struct og_arena mem;

struct expected {
    const char *alias, *certificate;
    enum og_signing_role role;
};

static const struct {
    const char *name;
    enum og_signing_file file;
    bool needs_password;
    size_t count;
    struct expected entries[3];
} stores[] = {
    {"keystore/one-key.jks", OG_SIGNING_JKS, false, 1, {{"upload", "rsa4096", OG_ROLE_KEY}}},
    {"keystore/multi.jks",
     OG_SIGNING_JKS,
     false,
     3,
     {{"playdeploymentcert", "rsa2048", OG_ROLE_TRUSTED},
      {"keytwo", "rsa_two", OG_ROLE_KEY},
      {"keyone", "ec_p256", OG_ROLE_KEY}}},
    {"keystore/one-key.jceks", OG_SIGNING_JCEKS, false, 1, {{"ec384", "ec_p384", OG_ROLE_KEY}}},
    {"keystore/java17.p12", OG_SIGNING_PKCS12, true, 1, {{"release", "rsa2048", OG_ROLE_KEY}}},
    {"keystore/openssl3.p12", OG_SIGNING_PKCS12, true, 1, {{"android", "ossl_ec", OG_ROLE_KEY}}},
    {"keystore/legacy-rc2.p12", OG_SIGNING_PKCS12, true, 1, {{"android", "ossl_ec", OG_ROLE_KEY}}},
    {"keystore/cert-only.p12", OG_SIGNING_PKCS12, true, 1, {{NULL, "ossl_ec", OG_ROLE_TRUSTED}}},
};

static void
check_entries(size_t n, const struct og_signing *signing)
{
    assert_int_equal(signing->file, stores[n].file);
    assert_int_equal(signing->count, stores[n].count);
    for (size_t i = 0; i < signing->count; i++) {
        const struct expected *wanted = &stores[n].entries[i];
        assert_is(&mem, &signing->certs[i], wanted->certificate);
        assert_int_equal(signing->certs[i].role, wanted->role);
        assert_true(!wanted->alias ||
                    og_str_eq(signing->certs[i].alias, og_str_from(wanted->alias)));
    }
}

static void
test_req_59_all_key_stores_are_read(void **state)
{
    (void)state;
    for (size_t n = 0; n < COUNT(stores); n++) {
        struct og_signing signing;
        struct og_err err;
        struct og_str bytes = fixture(&mem, stores[n].name);
        assert_int_equal(read_bytes(bytes, "changeit", &mem, &signing, &err), OG_OK);
        assert_true(signing.is_integrity_known);
        check_entries(n, &signing);
    }
}

static void
test_req_59_jks_needs_no_password_and_pkcs12_does(void **state)
{
    (void)state;
    for (size_t n = 0; n < COUNT(stores); n++) {
        struct og_signing signing;
        struct og_err err;
        enum og_code code = read_bytes(fixture(&mem, stores[n].name), NULL, &mem, &signing, &err);
        assert_int_equal(code, stores[n].needs_password ? OG_E_UNAUTHORIZED : OG_OK);
        if (stores[n].needs_password) {
            assert_string_equal(err.field, "storepass");
            assert_non_null(strstr(err.text, "--storepass-file"));
        } else {
            assert_false(signing.is_integrity_known);
            check_entries(n, &signing);
        }
    }
}

static void
test_req_59_a_wrong_password_is_told(void **state)
{
    (void)state;
    static const char *const wrong[] = {"changeme", "", "changeit ", "CHANGEIT", "p\xC3\xA4ss",
                                        "\xF0\x9F\x94\x91", "\xff"};
    for (size_t n = 0; n < COUNT(stores); n++) {
        struct og_str bytes = fixture(&mem, stores[n].name);
        for (size_t i = 0; i < COUNT(wrong); i++) {
            struct og_signing signing;
            struct og_err err;
            assert_int_equal(read_bytes(bytes, wrong[i], &mem, &signing, &err), OG_E_UNAUTHORIZED);
            assert_string_equal(err.field, "storepass");
            assert_non_null(strstr(err.text, "password is wrong"));
            assert_int_equal(signing.count, 0);
        }
    }
}

/* Secret keys are serialised Java objects between the other entries. */
static void
secret_keys_are_stepped_over(void **state)
{
    (void)state;
    struct og_signing signing;
    struct og_err err;
    struct og_str bytes = fixture(&mem, "keystore/secret-keys.jceks");
    assert_int_equal(read_bytes(bytes, "changeit", &mem, &signing, &err), OG_OK);
    assert_int_equal(signing.count, 1);
    assert_true(og_str_eq(signing.certs[0].alias, OG_STR("zkey")));
    assert_int_equal(signing.certs[0].role, OG_ROLE_KEY);
}

static void
the_right_entry_is_chosen(void **state)
{
    (void)state;
    struct og_signing signing;
    struct og_err err;
    const struct og_signing_cert *chosen;
    assert_int_equal(
        read_bytes(fixture(&mem, "keystore/multi.jks"), NULL, &mem, &signing, &err), OG_OK);
    assert_int_equal(og_signing_choose(&signing, OG_STR(""), &chosen, &err), OG_OK);
    assert_null(chosen); /* two keys: nobody can know */
    assert_int_equal(og_signing_choose(&signing, OG_STR("KeyTwo"), &chosen, &err), OG_OK);
    assert_is(&mem, chosen, "rsa_two");
    assert_int_equal(og_signing_choose(&signing, OG_STR("key3"), &chosen, &err), OG_E_NOT_FOUND);
    assert_string_equal(err.field, "alias");
    assert_int_equal(
        read_bytes(fixture(&mem, "keystore/java17.p12"), "changeit", &mem, &signing, &err), OG_OK);
    assert_int_equal(og_signing_choose(&signing, OG_STR(""), &chosen, &err), OG_OK);
    assert_is(&mem, chosen, "rsa2048");
}

/* ---- damage ---- */

/* Reads a copy of exactly that size, so that AddressSanitizer sees each byte beyond it. */
static enum og_code
read_copy(struct og_str bytes, size_t len, size_t flip, const char *password)
{
    struct og_arena own;
    struct og_signing signing;
    struct og_err err;
    char *copy = og_xalloc(len ? len : 1);
    memcpy(copy, bytes.ptr, len);
    if (flip < len) {
        copy[flip] = (char)~copy[flip];
    }
    og_arena_init(&own, 0);
    enum og_code code = read_bytes((struct og_str){copy, len}, password, &own, &signing, &err);
    og_arena_finish(&own);
    free(copy);
    return code;
}

static void
every_cut_is_noticed(void **state)
{
    (void)state;
    for (size_t n = 0; n < COUNT(stores); n++) {
        struct og_str bytes = fixture(&mem, stores[n].name);
        for (size_t len = 0; len < bytes.len; len += len < 64 ? 1 : 29) {
            if (read_copy(bytes, len, SIZE_MAX, NULL) == OG_OK) {
                fail_msg("%s cut to %zu bytes was read", stores[n].name, len);
            }
        }
    }
}

/* With the password each change is found by the digest; without it, nothing may be read outside. */
static void
every_change_is_noticed_with_the_password(void **state)
{
    (void)state;
    static const char *const names[] = {"keystore/multi.jks", "keystore/one-key.jceks",
                                        "keystore/secret-keys.jceks"};
    for (size_t n = 0; n < COUNT(names); n++) {
        struct og_str bytes = fixture(&mem, names[n]);
        for (size_t at = 0; at < bytes.len; at += at < 64 ? 1 : 5) {
            assert_int_not_equal(read_copy(bytes, bytes.len, at, "changeit"), OG_OK);
            (void)!read_copy(bytes, bytes.len, at, NULL);
        }
    }
}

/* The digest of a key store is over what an attacker writes, so its counts mean nothing. */
static void
counts_are_bounded(void **state)
{
    (void)state;
    char store[64 + 20] = "\xFE\xED\xFE\xED\0\0\0\2";
    struct og_signing signing;
    struct og_err err;
    const struct {
        const char *bytes; /* from the count on */
        size_t len;
    } cases[] = {
        {"\xff\xff\xff\xff", 4},
        {"\0\0\4\1", 4},
        {"\0\0\0\1\0\0\0\1\0\1a\0\0\0\0\0\0\0\0\0\0\0\0\xff\xff\xff\xff", 27},
        {"\0\0\0\1\0\0\0\1\0\1a\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x11", 27},
        {"\0\0\0\1\0\0\0\2\xff\xff", 10},
        {"\0\0\0\1\0\0\0\4\0\1a", 11},
        {"\0\0\0\0", 4},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        memcpy(store + 8, cases[i].bytes, cases[i].len);
        struct og_str bytes = {store, 8 + cases[i].len + 20};
        assert_int_equal(read_bytes(bytes, NULL, &mem, &signing, &err), OG_E_INVALID);
        assert_string_equal(err.field, "file");
    }
}

/* The last bytes of the file are the rounds of its MAC: 10,000 become 0x7fffffff, with all lengths
 * around them. Refused before one of them is done, whatever the password. */
static void
work_is_bounded(void **state)
{
    (void)state;
    struct og_str bytes = fixture(&mem, "keystore/java17.p12");
    char *copy = og_arena_alloc(&mem, bytes.len + 2);
    size_t mac_at = bytes.len - 79;
    struct og_signing signing;
    struct og_err err;
    memcpy(copy, bytes.ptr, bytes.len - 4);
    memcpy(copy + bytes.len - 4, "\2\4\x7f\xff\xff\xff", 6);
    assert_memory_equal(copy + mac_at, "\x30\x4d", 2);
    copy[mac_at + 1] += 2;
    copy[3] = (char)(copy[3] + 2);
    assert_int_equal(
        read_bytes((struct og_str){copy, bytes.len + 2}, "changeit", &mem, &signing, &err),
        OG_E_UNPROCESSABLE);
    assert_non_null(strstr(err.text, "a million"));
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
        cmocka_unit_test(test_req_59_all_key_stores_are_read),
        cmocka_unit_test(test_req_59_jks_needs_no_password_and_pkcs12_does),
        cmocka_unit_test(test_req_59_a_wrong_password_is_told),
        cmocka_unit_test(secret_keys_are_stepped_over),
        cmocka_unit_test(the_right_entry_is_chosen),
        cmocka_unit_test(every_cut_is_noticed),
        cmocka_unit_test(every_change_is_noticed_with_the_password),
        cmocka_unit_test(counts_are_bounded),
        cmocka_unit_test(work_is_bounded),
    };
    og_arena_init(&mem, 0);
    return cmocka_run_group_tests(tests, NULL, finish);
}
