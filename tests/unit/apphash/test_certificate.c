/*
 * Certificate files as people have them, and what is read out of a certificate.
 */
#include "apphash/certificate.h"

#include "tests/unit/apphash/support.h"

static struct og_arena mem;

static struct og_str
pem_of(const char *label, const char *base64)
{
    struct og_str text = og_str_printf(&mem, "-----BEGIN %s-----\n", label);
    for (size_t at = 0; at < strlen(base64); at += 64) {
        text = og_str_printf(&mem, "%s%.64s\n", text.ptr, base64 + at);
    }
    return og_str_printf(&mem, "%s-----END %s-----\n", text.ptr, label);
}

static struct og_str
hex_of(struct og_str der, const char *glue)
{
    char *text = og_arena_alloc(&mem, der.len * 8 + 1), *at = text;
    for (size_t i = 0; i < der.len; i++) {
        at += sprintf(at, "%02X%s", (unsigned char)der.ptr[i], i % 16 == 15 ? "\n" : glue);
    }
    return og_str_from(text);
}

static void
check_reads(struct og_str file, struct og_str der)
{
    struct og_err err;
    struct og_str out;
    if (og_certificate_read(file, &mem, &out, &err) != OG_OK) {
        fail_msg("%s", err.text);
    }
    assert_true(og_str_eq(out, der));
}

/* PEM, DER and hex of one certificate give the same bytes. */
static void
all_forms_are_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(apphash_certificates); i++) {
        struct og_str der = der_of(&mem, apphash_certificates[i].name);
        struct og_str pem = pem_of("CERTIFICATE", apphash_certificates[i].der_base64);
        check_reads(der, der);
        check_reads(pem, der);
        check_reads(og_str_printf(&mem, "Bag Attributes\n    friendlyName: app\n%s", pem.ptr), der);
        check_reads(hex_of(der, ""), der);
        check_reads(hex_of(der, ":"), der);
        check_reads(hex_of(der, " "), der);
    }
}

static void
other_files_are_refused(void **state)
{
    (void)state;
    struct og_str der = der_of(&mem, "rsa2048");
    struct og_str pem = pem_of("CERTIFICATE", base64_of("rsa2048"));
    const struct {
        struct og_str file;
        const char *reason;
    } cases[] = {
        {og_str_slice(der, 0, der.len - 1), "not a certificate"},
        {og_str_printf(&mem, "%s\n%s", pem.ptr, pem.ptr), "several certificates"},
        {pem_of("PUBLIC KEY", base64_of("rsa2048")), "holds no certificate"},
        {pem_of("CERTIFICATE", "aGVsbG8="), "not a certificate"},
        {OG_STR(""), "keytool prints nothing"},
        {OG_STR("9C:66:AE:A8:06:6A"), "not a certificate"},
        {OG_STR("FA:C6:17:45:DC:09:03:78:6F:B9:ED:E6:2A:96:2B:39:9F:73:48:F0:BB:6F:89:9B:83:32:66:"
                "75:91:03:3B:9C"),
         "fingerprint"},
        {OG_STR("5E8F16062EA3CD2C4A0D547876BAA6F38CABF625"), "fingerprint"},
        {OG_STR("-----BEGIN "), "holds no certificate"},
        {OG_STR("keytool error: java.lang.Exception"), "not a certificate"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct og_str out;
        struct og_err err = {0};
        assert_int_equal(og_certificate_read(cases[i].file, &mem, &out, &err), OG_E_INVALID);
        assert_string_equal(err.field, "certificate");
        if (!strstr(err.text, cases[i].reason)) {
            fail_msg("case %zu: \"%s\" has no \"%s\"", i, err.text, cases[i].reason);
        }
    }
}

static void
one_more_byte_is_refused(void **state)
{
    (void)state;
    struct og_str der = der_of(&mem, "ec_p256");
    char *longer = og_arena_alloc(&mem, der.len + 1);
    memcpy(longer, der.ptr, der.len);
    assert_int_equal(og_certificate_check((struct og_str){longer, der.len + 1}, NULL),
                     OG_E_INVALID);
    assert_int_equal(og_certificate_check(der, NULL), OG_OK);
    assert_int_equal(og_certificate_check(OG_STR(""), NULL), OG_E_INVALID);
}

static void
what_is_in_it_is_told(void **state)
{
    (void)state;
    static const struct {
        const char *name, *subject, *sha256_start;
        bool is_debug;
    } cases[] = {
        {"rsa2048", "CN=Example Release,O=Example,C=DE", "9c66aea8066a", false},
        {"rn_debug", "CN=Android Debug,OU=Android,O=Unknown,L=Unknown,ST=Unknown,C=US",
         "fac61745dc09", true},
        {"x509v1_utf8", "C=SE,O=Ünïcode Ö,CN=X509v1", "ac7019393ca3", false},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct og_certificate facts;
        struct og_err err;
        char sha256[OG_DIGEST_HEX_CHARS + 1];
        assert_int_equal(
            og_certificate_describe(der_of(&mem, cases[i].name), &mem, &facts, &err), OG_OK);
        assert_string_equal(facts.subject.ptr, cases[i].subject);
        og_hex(facts.sha256, OG_DIGEST_BYTES, sha256);
        assert_memory_equal(sha256, cases[i].sha256_start, 12);
        assert_int_equal(facts.is_debug, cases[i].is_debug);
        assert_true(facts.not_before_at > 0 && facts.not_after_at > facts.not_before_at);
        assert_true(facts.public_key.len > 60);
    }
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
        cmocka_unit_test(all_forms_are_read),
        cmocka_unit_test(other_files_are_refused),
        cmocka_unit_test(one_more_byte_is_refused),
        cmocka_unit_test(what_is_in_it_is_told),
    };
    og_arena_init(&mem, 0);
    return cmocka_run_group_tests(tests, NULL, finish);
}
