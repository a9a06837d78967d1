/*
 * The private CA: what its certificates say, that they verify as a client verifies them, and when
 * they are made again.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <cmocka.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "base/crypto.h"
#include "base/files.h"
#include "base/log.h"
#include "http/ca.h"
#include "tests/support/temp_dir.h"

#define DAY_MS (24LL * 3600 * 1000)
#define NOW_MS 1800000000000LL /* 2027 */

static struct temp_dir dir;

static const struct og_str some_names[] = {
    {"Gate.Example.org", 16}, {"192.168.1.5", 11}, {"2001:db8::1", 11}, {"gate.example.org", 16}};
static const struct og_str_list some = {some_names, 4};
static const struct og_str_list none = {NULL, 0};

static X509 *
load(const char *path)
{
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    X509 *cert = PEM_read_X509(file, NULL, NULL, NULL);
    fclose(file);
    assert_non_null(cert);
    return cert;
}

static struct og_ca_files
ensure(const struct og_str_list *names, int64_t now_ms)
{
    struct og_ca_files files;
    struct og_err err;
    if (og_ca_ensure(dir.path, names, now_ms, &files, &err) != OG_OK) {
        fail_msg("%s", err.text);
    }
    return files;
}

static int64_t
days_between(const ASN1_TIME *from, const ASN1_TIME *to)
{
    int days, seconds;
    assert_int_equal(ASN1_TIME_diff(&days, &seconds, from, to), 1);
    return days;
}

static bool
verifies(const struct og_ca_files *files, int64_t now_ms, const char *host, const char *address)
{
    X509_STORE *store = X509_STORE_new();
    X509_STORE_CTX *ctx = X509_STORE_CTX_new();
    X509 *ca = load(files->ca_cert), *server = load(files->server_cert);
    X509_STORE_add_cert(store, ca);
    X509_STORE_CTX_init(ctx, store, server, NULL);
    X509_VERIFY_PARAM *param = X509_STORE_CTX_get0_param(ctx);
    X509_VERIFY_PARAM_set_time(param, (time_t)(now_ms / 1000));
    X509_VERIFY_PARAM_set_purpose(param, X509_PURPOSE_SSL_SERVER);
    X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_X509_STRICT);
    if (host) {
        X509_VERIFY_PARAM_set1_host(param, host, 0);
    }
    if (address) {
        X509_VERIFY_PARAM_set1_ip_asc(param, address);
    }
    bool ok = X509_verify_cert(ctx) == 1;
    X509_STORE_CTX_free(ctx);
    X509_STORE_free(store);
    X509_free(ca);
    X509_free(server);
    return ok;
}

static int
mode_of(const char *name)
{
    char path[PATH_MAX];
    struct stat info;
    assert_int_equal(stat(temp_dir_file(&dir, name, path), &info), 0);
    return info.st_mode & 0777;
}

static void
test_first_start(void **state)
{
    struct og_ca_files files = ensure(&some, NOW_MS);
    assert_true(files.made_ca);
    assert_true(files.made_server);
    assert_int_equal(mode_of("ca.key"), 0600);
    assert_int_equal(mode_of("server.key"), 0600);
    X509 *ca = load(files.ca_cert), *server = load(files.server_cert);
    assert_int_equal(X509_check_ca(ca), 1);
    assert_int_equal(X509_get_pathlen(ca), 0);
    assert_int_equal(X509_check_ca(server), 0);
    assert_int_equal(days_between(X509_get0_notBefore(ca), X509_get0_notAfter(ca)), 3650);
    assert_in_range(days_between(X509_get0_notBefore(server), X509_get0_notAfter(server)), 390,
                    397);
    assert_int_equal(EVP_PKEY_get_bits(X509_get0_pubkey(server)), 256);
    X509_free(ca);
    X509_free(server);
    assert_true(verifies(&files, NOW_MS, NULL, NULL));
    assert_true(verifies(&files, NOW_MS - 1800 * 1000, "localhost", NULL)); /* a clock behind */
    assert_true(verifies(&files, NOW_MS, "gate.example.org", NULL));
    assert_true(verifies(&files, NOW_MS, NULL, "127.0.0.1"));
    assert_true(verifies(&files, NOW_MS, NULL, "::1"));
    assert_true(verifies(&files, NOW_MS, NULL, "192.168.1.5"));
    assert_true(verifies(&files, NOW_MS, NULL, "2001:db8:0::1"));
    assert_false(verifies(&files, NOW_MS, "example.org", NULL));
    assert_false(verifies(&files, NOW_MS, NULL, "192.168.1.6"));
    assert_false(verifies(&files, NOW_MS + 400 * DAY_MS, "localhost", NULL));
}

/* Later starts: what is kept and what is made again. */
static void
test_renewal(void **state)
{
    static const struct {
        const struct og_str_list *names;
        int64_t at_ms;
        bool made;
    } rows[] = {
        {&some, NOW_MS, true},
        {&some, NOW_MS + 1, false},
        {&some, NOW_MS + 366 * DAY_MS, false},
        {&some, NOW_MS + 368 * DAY_MS, true}, /* 29 days left */
        {&some, NOW_MS + 369 * DAY_MS, false},
        {&none, NOW_MS + 369 * DAY_MS, true}, /* other names */
        {&none, NOW_MS + 370 * DAY_MS, false},
        {&none, NOW_MS + 3000 * DAY_MS, true}, /* expired long ago */
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct og_ca_files files = ensure(rows[i].names, rows[i].at_ms);
        if (files.made_server != rows[i].made) {
            print_error("row %zu\n", i);
        }
        assert_int_equal(files.made_server, rows[i].made);
        assert_int_equal(files.made_ca, i == 0);
        assert_true(verifies(&files, rows[i].at_ms, "localhost", NULL));
    }
}

static void
write_text(const char *name, const char *text)
{
    char path[PATH_MAX];
    assert_int_equal(og_file_write(temp_dir_file(&dir, name, path), og_str_from(text), 0600, NULL),
                     OG_OK);
}

static void
remove_file(const char *name)
{
    char path[PATH_MAX];
    assert_int_equal(unlink(temp_dir_file(&dir, name, path)), 0);
}

static void
test_damaged_files(void **state)
{
    struct og_ca_files files;
    struct og_err err;
    ensure(&none, NOW_MS);
    /* The server's part is made again without a word. */
    write_text("server.pem", "damaged");
    assert_true(ensure(&none, NOW_MS).made_server);
    remove_file("server.key");
    assert_true(ensure(&none, NOW_MS).made_server);
    assert_false(ensure(&none, NOW_MS).made_server);
    /* The CA, which others trust, never. */
    write_text("ca.pem", "damaged");
    assert_int_equal(og_ca_ensure(dir.path, &none, NOW_MS, &files, &err), OG_E_INVALID);
    remove_file("ca.pem"); /* as after a crash between the two files */
    files = ensure(&none, NOW_MS);
    assert_true(files.made_ca && files.made_server); /* of another CA: not current */
    assert_true(verifies(&files, NOW_MS, "localhost", NULL));
    write_text("ca.key", "damaged");
    assert_int_equal(og_ca_ensure(dir.path, &none, NOW_MS, &files, &err), OG_E_INVALID);
    remove_file("ca.key");
    assert_int_equal(og_ca_ensure(dir.path, &none, NOW_MS, &files, &err), OG_E_INVALID);
}

static void
test_expired_ca(void **state)
{
    struct og_ca_files files;
    struct og_err err;
    ensure(&none, NOW_MS);
    assert_int_equal(og_ca_ensure(dir.path, &none, NOW_MS + 3651 * DAY_MS, &files, &err),
                     OG_E_UNAVAILABLE);
}

static void
test_bad_names(void **state)
{
    static const char *const rows[] = {"",      "a b",       "http://a", "a/b",    "a..b", ".a",
                                       "a.",    "1.2.3.4/8", "x*.a",     "\xc3\xa4",
                                       "[::1]", "a\n"};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct og_ca_files files;
        struct og_err err;
        struct og_str name = og_str_from(rows[i]);
        struct og_str_list names = {&name, 1};
        if (og_ca_ensure(dir.path, &names, NOW_MS, &files, &err) != OG_E_INVALID) {
            fail_msg("\"%s\" was taken", rows[i]);
        }
        assert_string_equal(err.field, "names");
    }
}

static void
test_fingerprint(void **state)
{
    char text[OG_FINGERPRINT_BYTES], path[PATH_MAX], wanted[OG_FINGERPRINT_BYTES] = "";
    unsigned char *der = NULL;
    uint8_t digest[OG_DIGEST_BYTES];
    struct og_ca_files files = ensure(&none, NOW_MS);
    assert_int_equal(og_ca_fingerprint(files.ca_cert, text, NULL), OG_OK);
    X509 *ca = load(files.ca_cert);
    int len = i2d_X509(ca, &der);
    og_sha256((struct og_str){(char *)der, (size_t)len}, digest);
    for (int i = 0; i < OG_DIGEST_BYTES; i++) {
        snprintf(wanted + 3 * i, 4, "%02X%s", digest[i], i < OG_DIGEST_BYTES - 1 ? ":" : "");
    }
    assert_string_equal(text, wanted);
    OPENSSL_free(der);
    X509_free(ca);
    assert_int_equal(og_ca_fingerprint(temp_dir_file(&dir, "no", path), text, NULL),
                     OG_E_NOT_FOUND);
}

static int
make_dir(void **state)
{
    temp_dir_make(&dir);
    return 0;
}

static int
remove_dir(void **state)
{
    temp_dir_remove(&dir);
    return 0;
}

static int
set_up(void **state)
{
    static const struct og_log_config quiet = {.level = OG_LOG_ERROR, .fd = 2};
    og_log_setup(&quiet);
    return og_crypto_init(NULL) == OG_OK ? 0 : -1;
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_first_start, make_dir, remove_dir),
        cmocka_unit_test_setup_teardown(test_renewal, make_dir, remove_dir),
        cmocka_unit_test_setup_teardown(test_damaged_files, make_dir, remove_dir),
        cmocka_unit_test_setup_teardown(test_expired_ca, make_dir, remove_dir),
        cmocka_unit_test_setup_teardown(test_bad_names, make_dir, remove_dir),
        cmocka_unit_test_setup_teardown(test_fingerprint, make_dir, remove_dir),
    };
    return cmocka_run_group_tests_name("http ca", tests, set_up, NULL);
}
