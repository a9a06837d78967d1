/*
 * The app hash against published and generated vectors, and certificate files as people have them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/crypto.h"
#include "cli/apphash.h"
#include "cli/certificate.h"
#include "tests/unit/cli/data/apphash_vectors.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define ROOM (256 * 1024)

static const char *
base64_of(const char *name)
{
    for (size_t i = 0; i < COUNT(apphash_certificates); i++) {
        if (strcmp(apphash_certificates[i].name, name) == 0) {
            return apphash_certificates[i].der_base64;
        }
    }
    fail_msg("no certificate %s", name);
    return NULL;
}

static void
der_of(const char *name, struct og_buf *out)
{
    og_buf_init(out, ROOM);
    assert_true(og_base64_decode(og_str_from(base64_of(name)), false, out));
}

static void
add_pem(struct og_buf *out, const char *label, const char *base64)
{
    og_buf_printf(out, "-----BEGIN %s-----\n", label);
    for (size_t at = 0; at < strlen(base64); at += 64) {
        og_buf_printf(out, "%.64s\n", base64 + at);
    }
    og_buf_printf(out, "-----END %s-----\n", label);
}

static void
vectors_agree(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(apphash_vectors); i++) {
        const struct apphash_vector *v = &apphash_vectors[i];
        struct og_buf der;
        struct og_err err;
        char hash[OG_APPHASH_CHARS + 1];
        der_of(v->certificate, &der);
        assert_int_equal(og_apphash(og_str_from(v->package), og_buf_str(&der), hash, &err), OG_OK);
        assert_string_equal(hash, v->expected);
        for (size_t n = 0; n < COUNT(apphash_wrong); n++) {
            assert_string_not_equal(hash, apphash_wrong[n]);
        }
        og_buf_finish(&der);
    }
}

static void
packages_are_checked(void **state)
{
    (void)state;
    static const char *const bad[] = {"",     "app",    "com.",     ".app", "com..app", "1om.app",
                                      "a.1b", "a b.c",  "com.app ", "a-b.c", "com.äpp", "_a.b"};
    struct og_err err;
    char hash[OG_APPHASH_CHARS + 1];
    for (size_t i = 0; i < COUNT(bad); i++) {
        assert_int_equal(og_apphash(og_str_from(bad[i]), OG_STR("x"), hash, &err), OG_E_INVALID);
        assert_string_equal(err.field, "package");
    }
    assert_int_equal(og_apphash(OG_STR("a.b"), OG_STR(""), hash, &err), OG_E_INVALID);
    assert_string_equal(err.field, "certificate");
}

/* PEM and DER of one certificate give the same bytes. */
static void
both_forms_are_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(apphash_certificates); i++) {
        struct og_buf der, pem, from_pem, from_der;
        struct og_err err;
        der_of(apphash_certificates[i].name, &der);
        og_buf_init(&pem, ROOM);
        og_buf_init(&from_pem, ROOM);
        og_buf_init(&from_der, ROOM);
        og_buf_add_cstr(&pem, "Bag Attributes\n    friendlyName: app\n");
        add_pem(&pem, "CERTIFICATE", apphash_certificates[i].der_base64);
        assert_int_equal(og_certificate_read(og_buf_str(&pem), &from_pem, &err), OG_OK);
        assert_int_equal(og_certificate_read(og_buf_str(&der), &from_der, &err), OG_OK);
        assert_true(og_str_eq(og_buf_str(&from_pem), og_buf_str(&der)));
        assert_true(og_str_eq(og_buf_str(&from_der), og_buf_str(&der)));
        og_buf_finish(&der);
        og_buf_finish(&pem);
        og_buf_finish(&from_pem);
        og_buf_finish(&from_der);
    }
}

static void
other_files_are_refused(void **state)
{
    (void)state;
    struct og_buf der, cut, longer, two, key, wrong;
    struct og_err err;
    der_of("rsa2048", &der);
    struct og_buf *files[] = {&cut, &longer, &two, &key, &wrong};
    for (size_t i = 0; i < COUNT(files); i++) {
        og_buf_init(files[i], ROOM);
    }
    og_buf_add(&cut, og_str_slice(og_buf_str(&der), 0, der.len - 1));
    og_buf_add(&longer, og_buf_str(&der));
    og_buf_add_byte(&longer, '\n');
    add_pem(&two, "CERTIFICATE", base64_of("rsa2048"));
    add_pem(&two, "CERTIFICATE", base64_of("ec_p256"));
    add_pem(&key, "PUBLIC KEY", base64_of("rsa2048"));
    add_pem(&wrong, "CERTIFICATE", "aGVsbG8=");
    const struct og_str cases[] = {
        og_buf_str(&cut), og_buf_str(&longer), og_buf_str(&two), og_buf_str(&key),
        og_buf_str(&wrong), OG_STR(""), OG_STR("9C:66:AE:A8:06:6A"), OG_STR("-----BEGIN "),
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct og_buf out;
        og_buf_init(&out, ROOM);
        if (og_certificate_read(cases[i], &out, &err) != OG_E_INVALID) {
            fail_msg("case %zu was read", i);
        }
        assert_string_equal(err.field, "certificate");
        og_buf_finish(&out);
    }
    for (size_t i = 0; i < COUNT(files); i++) {
        og_buf_finish(files[i]);
    }
    og_buf_finish(&der);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vectors_agree),
        cmocka_unit_test(packages_are_checked),
        cmocka_unit_test(both_forms_are_read),
        cmocka_unit_test(other_files_are_refused),
    };
    struct og_err err;
    return og_crypto_init(&err) == OG_OK ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
