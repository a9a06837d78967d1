/* Authorities in PEM: what is taken, and what is refused with which words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <string.h>

#include "base/trust.h"

#define NOW_MS INT64_C(1767323045000)
#define DAY_S 86400

static EVP_PKEY *key;
static struct og_arena mem;

static struct og_str
pem_of(BIO *bio)
{
    char *text;
    const long len = BIO_get_mem_data(bio, &text);
    struct og_str pem = og_str_dup(&mem, (struct og_str){text, (size_t)len});
    BIO_free(bio);
    return pem;
}

/* A self-signed certificate that ends so many days from now. */
static struct og_str
certificate(const char *name, int days)
{
    X509 *x = X509_new();
    X509_NAME *subject = X509_get_subject_name(x);
    BIO *bio = BIO_new(BIO_s_mem());
    time_t now = NOW_MS / 1000;
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, (const unsigned char *)name, -1, -1,
                               0);
    X509_set_issuer_name(x, subject);
    X509_time_adj_ex(X509_getm_notBefore(x), days - 2, 0, &now);
    X509_time_adj_ex(X509_getm_notAfter(x), days, 0, &now);
    X509_set_pubkey(x, key);
    assert_true(X509_sign(x, key, EVP_sha256()) > 0);
    assert_int_equal(PEM_write_bio_X509(bio, x), 1);
    X509_free(x);
    return pem_of(bio);
}

static struct og_str
private_key(void)
{
    BIO *bio = BIO_new(BIO_s_mem());
    assert_int_equal(PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL), 1);
    return pem_of(bio);
}

static struct og_str
join(struct og_str a, struct og_str b)
{
    return og_str_printf(&mem, "%" OG_STR_FMT "%" OG_STR_FMT, OG_STR_ARG(a), OG_STR_ARG(b));
}

static struct og_str
copies(struct og_str pem, int count)
{
    struct og_str all = OG_STR("");
    for (int i = 0; i < count; i++) {
        all = join(all, pem);
    }
    return all;
}

static int
setup(void **state)
{
    (void)state;
    og_arena_init(&mem, 0);
    key = EVP_EC_gen("P-256");
    return key ? 0 : -1;
}

static int
teardown(void **state)
{
    (void)state;
    EVP_PKEY_free(key);
    og_arena_finish(&mem);
    return 0;
}

static void
test_certificates_are_told(void **state)
{
    (void)state;
    struct og_trust_entry *items;
    size_t count;
    struct og_err err;
    struct og_str pem = join(join(OG_STR("# ours\n"), certificate("Größe CA", 10)),
                             join(OG_STR("\nand the next:\n"), certificate("Second", 1)));
    assert_int_equal(og_trust_read(pem, NOW_MS, "ca", &mem, &items, &count, &err), OG_OK);
    assert_int_equal(count, 2);
    assert_true(og_str_eq(items[0].subject, OG_STR("CN=Größe CA")));
    assert_true(items[0].ends_at == NOW_MS + INT64_C(10) * DAY_S * 1000);
    assert_true(og_str_eq(items[1].subject, OG_STR("CN=Second")));
    struct og_str most = copies(certificate("One", 1), OG_TRUST_COUNT_MAX);
    assert_int_equal(og_trust_read(most, NOW_MS, "ca", &mem, &items, &count, &err), OG_OK);
    assert_int_equal(count, OG_TRUST_COUNT_MAX);
}

static void
test_all_else_is_refused(void **state)
{
    (void)state;
    const struct og_str good = certificate("Good", 10);
    const struct og_str wide = {og_arena_alloc(&mem, OG_TRUST_BYTES_MAX + 1),
                                OG_TRUST_BYTES_MAX + 1};
    const struct og_str torn = og_str_dup(&mem, good);
    memset((char *)wide.ptr, ' ', wide.len);
    ((char *)torn.ptr)[torn.len - 1] = '\0';
    const struct {
        struct og_str pem;
        const char *says;
    } rows[] = {
        {OG_STR(""), "not certificates"},
        {OG_STR("/etc/ssl/certs/ca-certificates.crt"), "not certificates"},
        {wide, "not certificates"},
        {og_str_slice(good, 0, good.len - 40), "not certificates"},
        {join(good, og_str_slice(good, 0, good.len - 40)), "not certificates"},
        {torn, "not certificates"},
        {certificate("Old", 0), "over: CN=Old"},
        {join(good, certificate("Older", -1)), "over: CN=Older"},
        {join(good, private_key()), "PRIVATE KEY"},
        {OG_STR("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"), "broken"},
        {copies(good, OG_TRUST_COUNT_MAX + 1), "more than 16"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct og_trust_entry *items;
        size_t count;
        struct og_err err = {0};
        assert_int_equal(og_trust_read(rows[i].pem, NOW_MS, "ca", &mem, &items, &count, &err),
                         OG_E_INVALID);
        assert_string_equal(err.field, "ca");
        if (!strstr(err.text, rows[i].says)) {
            fail_msg("row %zu: \"%s\" instead of \"%s\"", i, err.text, rows[i].says);
        }
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_certificates_are_told),
        cmocka_unit_test(test_all_else_is_refused),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
