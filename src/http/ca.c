/*
 * Makes the private CA and the server's certificate. Certificates are compared by what they say
 * (names in DER, issuer, key, end), so that a start changes nothing unless something must change.
 */
#include "http/ca.h"

#include <arpa/inet.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/crypto.h"
#include "base/files.h"
#include "base/log.h"

#define DAY_S (24 * 3600)
#define CA_DAYS 3650
#define SKEW_S 3600 /* clocks of phones run behind */
#define FILE_BYTES_MAX 65536
#define NAMES_MAX 100
#define HOST_BYTES 256

struct identity {
    EVP_PKEY *key;
    X509 *cert;
};

static void
identity_finish(struct identity *self)
{
    EVP_PKEY_free(self->key);
    X509_free(self->cert);
    *self = (struct identity){NULL, NULL};
}

static enum og_code
fail_ssl(struct og_err *err, const char *doing)
{
    unsigned long number = ERR_get_error();
    const char *reason = number ? ERR_reason_error_string(number) : NULL;
    ERR_clear_error();
    return og_fail(err, OG_E_INTERNAL, "", "cannot %s: %s", doing, reason ? reason : "unknown");
}

/* Files */

static enum og_code
read_pem(const char *path, BIO **out, struct og_err *err)
{
    struct og_buf content;
    og_buf_init(&content, FILE_BYTES_MAX);
    enum og_code code = og_file_read(path, &content, err);
    *out = NULL;
    if (code == OG_OK) {
        *out = BIO_new(BIO_s_secmem());
        BIO_write(*out, content.ptr, (int)content.len);
    }
    og_buf_finish(&content);
    return code;
}

static enum og_code
read_cert(const char *path, X509 **out, struct og_err *err)
{
    BIO *bio;
    enum og_code code = read_pem(path, &bio, err);
    if (code != OG_OK) {
        return code;
    }
    *out = PEM_read_bio_X509(bio, NULL, NULL, NULL);
    BIO_free(bio);
    ERR_clear_error();
    return *out ? OG_OK : og_fail(err, OG_E_INVALID, "", "%s holds no certificate", path);
}

static enum og_code
read_key(const char *path, EVP_PKEY **out, struct og_err *err)
{
    BIO *bio;
    enum og_code code = read_pem(path, &bio, err);
    if (code != OG_OK) {
        return code;
    }
    *out = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
    BIO_free(bio);
    ERR_clear_error();
    if (*out && og_file_is_exposed(path)) {
        og_log_warn("http", "a private key can be read by others", "file=%s",
                    og_log_quote(og_str_from(path)));
    }
    return *out ? OG_OK : og_fail(err, OG_E_INVALID, "", "%s holds no private key", path);
}

/* Write key and certificate. The key goes first: a certificate is only there with its key. */
static enum og_code
write_identity(const struct identity *self, const char *key_path, const char *cert_path,
               struct og_err *err)
{
    BIO *key = BIO_new(BIO_s_secmem());
    BIO *cert = BIO_new(BIO_s_mem());
    char *key_text, *cert_text;
    enum og_code code = OG_E_INTERNAL;
    if (PEM_write_bio_PrivateKey(key, self->key, NULL, NULL, 0, NULL, NULL) == 1 &&
        PEM_write_bio_X509(cert, self->cert) == 1) {
        size_t key_len = (size_t)BIO_get_mem_data(key, &key_text);
        size_t cert_len = (size_t)BIO_get_mem_data(cert, &cert_text);
        code = og_file_write(key_path, (struct og_str){key_text, key_len}, 0600, err);
        if (code == OG_OK) {
            code = og_file_write(cert_path, (struct og_str){cert_text, cert_len}, 0644, err);
        }
    } else {
        fail_ssl(err, "write a certificate");
    }
    BIO_free(key);
    BIO_free(cert);
    return code;
}

/* Certificates */

static bool
set_serial(X509 *cert)
{
    uint8_t bytes[16];
    if (og_random_bytes(bytes, sizeof(bytes), NULL) != OG_OK) {
        return false;
    }
    bytes[0] = (bytes[0] & 0x7f) | 0x40;
    BIGNUM *number = BN_bin2bn(bytes, sizeof(bytes), NULL);
    bool ok = number && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(cert));
    BN_free(number);
    return ok;
}

static bool
set_subject(X509 *cert, const char *common_name)
{
    X509_NAME *name = X509_get_subject_name(cert);
    return X509_NAME_add_entry_by_txt(name, "O", MBSTRING_UTF8, (const unsigned char *)"otpgate",
                                      -1, -1, 0) == 1 &&
           X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
                                      (const unsigned char *)common_name, -1, -1, 0) == 1;
}

static bool
set_life(X509 *cert, int64_t now_ms, int days)
{
    time_t now = (time_t)(now_ms / 1000);
    return ASN1_TIME_set(X509_getm_notBefore(cert), now - SKEW_S) &&
           ASN1_TIME_set(X509_getm_notAfter(cert), now + (time_t)days * DAY_S);
}

static bool
add_extension(X509 *cert, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX ctx;
    X509V3_set_ctx_nodb(&ctx);
    X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
    bool ok = extension && X509_add_ext(cert, extension, -1) == 1;
    X509_EXTENSION_free(extension);
    return ok;
}

struct extension {
    int nid;
    const char *value;
};

static const struct extension ca_extensions[] = {
    {NID_basic_constraints, "critical,CA:TRUE,pathlen:0"},
    {NID_key_usage, "critical,keyCertSign,cRLSign"},
    {NID_subject_key_identifier, "hash"},
};

static const struct extension server_extensions[] = {
    {NID_basic_constraints, "critical,CA:FALSE"},
    {NID_key_usage, "critical,digitalSignature"},
    {NID_ext_key_usage, "serverAuth"},
    {NID_subject_key_identifier, "hash"},
    {NID_authority_key_identifier, "keyid:always"},
};

static bool
add_extensions(X509 *cert, X509 *issuer, const struct extension *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!add_extension(cert, issuer, rows[i].nid, rows[i].value)) {
            return false;
        }
    }
    return true;
}

/* A new key and a certificate for it, without issuer, extensions and signature. */
static bool
begin_identity(struct identity *self, const char *common_name, int64_t now_ms, int days)
{
    self->key = EVP_EC_gen("P-256");
    self->cert = X509_new();
    return self->key && self->cert && X509_set_version(self->cert, X509_VERSION_3) == 1 &&
           set_serial(self->cert) && set_subject(self->cert, common_name) &&
           set_life(self->cert, now_ms, days) && X509_set_pubkey(self->cert, self->key) == 1;
}

static bool
sign(X509 *cert, const struct identity *issuer)
{
    return X509_sign(cert, issuer->key, EVP_sha256()) > 0;
}

static bool
make_ca(struct identity *self, int64_t now_ms)
{
    char name[64];
    uint32_t tag;
    if (og_random_bytes(&tag, sizeof(tag), NULL) != OG_OK) {
        return false;
    }
    snprintf(name, sizeof(name), "otpgate private CA %08x", (unsigned)tag);
    return begin_identity(self, name, now_ms, CA_DAYS) &&
           X509_set_issuer_name(self->cert, X509_get_subject_name(self->cert)) == 1 &&
           add_extensions(self->cert, self->cert, ca_extensions,
                          sizeof(ca_extensions) / sizeof(ca_extensions[0])) &&
           sign(self->cert, self);
}

static bool
make_server(struct identity *self, const struct identity *ca, GENERAL_NAMES *names, int64_t now_ms)
{
    return begin_identity(self, "localhost", now_ms, OG_CA_SERVER_DAYS) &&
           X509_set_issuer_name(self->cert, X509_get_subject_name(ca->cert)) == 1 &&
           add_extensions(self->cert, ca->cert, server_extensions,
                          sizeof(server_extensions) / sizeof(server_extensions[0])) &&
           X509_add1_ext_i2d(self->cert, NID_subject_alt_name, names, 0, X509V3_ADD_DEFAULT) == 1 &&
           sign(self->cert, ca);
}

/* Names */

static bool
is_dns_name(const char *text)
{
    size_t len = strlen(text);
    for (size_t i = 0; i < len; i++) {
        char c = text[i];
        bool is_word = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || c == '-' || c == '_';
        bool is_star = c == '*' && i == 0 && text[1] == '.';
        bool is_dot = c == '.' && i > 0 && text[i - 1] != '.' && i + 1 < len;
        if (!is_word && !is_star && !is_dot) {
            return false;
        }
    }
    return len > 0 && len < 254;
}

static GENERAL_NAME *
make_name(const char *text)
{
    unsigned char address[16];
    int is_v4 = inet_pton(AF_INET, text, address) == 1;
    int is_v6 = !is_v4 && inet_pton(AF_INET6, text, address) == 1;
    if (!is_v4 && !is_v6 && !is_dns_name(text)) {
        return NULL;
    }
    GENERAL_NAME *name = GENERAL_NAME_new();
    ASN1_STRING *value = ASN1_STRING_type_new(is_v4 || is_v6 ? V_ASN1_OCTET_STRING
                                                             : V_ASN1_IA5STRING);
    if (is_v4 || is_v6) {
        ASN1_STRING_set(value, address, is_v4 ? 4 : 16);
        GENERAL_NAME_set0_value(name, GEN_IPADD, value);
    } else {
        ASN1_STRING_set(value, text, -1);
        GENERAL_NAME_set0_value(name, GEN_DNS, value);
    }
    return name;
}

/* Add one name in lower case unless it is there. False when it is not a name. */
static bool
add_name(GENERAL_NAMES *names, struct og_str text)
{
    char lower[HOST_BYTES];
    if (text.len == 0 || text.len >= sizeof(lower)) {
        return false;
    }
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        lower[i] = c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
    }
    lower[text.len] = '\0';
    GENERAL_NAME *name = strlen(lower) == text.len ? make_name(lower) : NULL;
    if (!name) {
        return false;
    }
    for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
        if (GENERAL_NAME_cmp(sk_GENERAL_NAME_value(names, i), name) == 0) {
            GENERAL_NAME_free(name);
            return true;
        }
    }
    sk_GENERAL_NAME_push(names, name);
    return true;
}

static enum og_code
collect_names(const struct og_str_list *given, GENERAL_NAMES *names, struct og_err *err)
{
    char host[HOST_BYTES] = "";
    add_name(names, OG_STR("localhost"));
    add_name(names, OG_STR("127.0.0.1"));
    add_name(names, OG_STR("::1"));
    if (gethostname(host, sizeof(host) - 1) == 0) {
        add_name(names, og_str_from(host)); /* one that is no DNS name is left out */
    }
    for (size_t i = 0; i < given->count; i++) {
        if (i == NAMES_MAX || !add_name(names, given->items[i])) {
            return og_fail(err, OG_E_INVALID, "names", "\"%" OG_STR_FMT "\" is %s",
                           OG_STR_ARG(og_str_slice(given->items[i], 0, 80)),
                           i == NAMES_MAX ? "one name too many"
                                          : "neither a DNS name nor an IP address");
        }
    }
    return OG_OK;
}

static bool
has_names(X509 *cert, GENERAL_NAMES *wanted)
{
    unsigned char *a = NULL, *b = NULL;
    GENERAL_NAMES *has = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
    int a_len = has ? i2d_GENERAL_NAMES(has, &a) : 0;
    int b_len = i2d_GENERAL_NAMES(wanted, &b);
    bool same = a_len > 0 && a_len == b_len && memcmp(a, b, (size_t)a_len) == 0;
    OPENSSL_free(a);
    OPENSSL_free(b);
    GENERAL_NAMES_free(has);
    return same;
}

static bool
lives_until(X509 *cert, int64_t at_s)
{
    time_t at = (time_t)at_s;
    return X509_cmp_time(X509_get0_notAfter(cert), &at) > 0;
}

/* Does what is on disk still serve? */
static bool
is_current(const struct identity *server, const struct identity *ca, GENERAL_NAMES *names,
           int64_t now_ms)
{
    bool ok = X509_check_private_key(server->cert, server->key) == 1 &&
              X509_verify(server->cert, ca->key) == 1 && has_names(server->cert, names) &&
              lives_until(server->cert, now_ms / 1000 + OG_CA_RENEW_DAYS * DAY_S);
    ERR_clear_error();
    return ok;
}

/* Put together */

static enum og_code
ensure_ca(const char *key_path, const char *cert_path, int64_t now_ms, struct identity *out,
          bool *made, struct og_err *err)
{
    if (access(cert_path, F_OK) != 0) { /* a key alone was left by a crash: nobody trusts it yet */
        *made = true;
        return make_ca(out, now_ms) ? write_identity(out, key_path, cert_path, err)
                                    : fail_ssl(err, "make the CA");
    }
    enum og_code code = read_key(key_path, &out->key, err);
    if (code == OG_E_NOT_FOUND) {
        return og_fail(err, OG_E_INVALID, "", "%s is there but not its key %s", cert_path,
                       key_path);
    }
    if (code == OG_OK) {
        code = read_cert(cert_path, &out->cert, err);
    }
    if (code == OG_OK && X509_check_private_key(out->cert, out->key) != 1) {
        ERR_clear_error();
        code = og_fail(err, OG_E_INVALID, "", "%s does not belong to %s", key_path, cert_path);
    }
    if (code == OG_OK && !lives_until(out->cert, now_ms / 1000)) {
        code = og_fail(err, OG_E_UNAVAILABLE, "",
                       "the CA in %s has expired: move it away to make a new one", cert_path);
    }
    return code;
}

static enum og_code
ensure_server(const struct identity *ca, GENERAL_NAMES *names, int64_t now_ms,
              struct og_ca_files *files, struct og_err *err)
{
    struct identity server = {NULL, NULL};
    enum og_code code = OG_OK;
    bool is_read = read_key(files->server_key, &server.key, NULL) == OG_OK &&
                   read_cert(files->server_cert, &server.cert, NULL) == OG_OK;
    if (!is_read || !is_current(&server, ca, names, now_ms)) {
        identity_finish(&server);
        files->made_server = true;
        code = make_server(&server, ca, names, now_ms)
                   ? write_identity(&server, files->server_key, files->server_cert, err)
                   : fail_ssl(err, "make the server certificate");
    }
    identity_finish(&server);
    return code;
}

static bool
join(char out[OG_CA_PATH_BYTES], const char *dir, const char *name)
{
    int len = snprintf(out, OG_CA_PATH_BYTES, "%s/%s", dir, name);
    return len > 0 && len < OG_CA_PATH_BYTES;
}

enum og_code
og_ca_ensure(const char *dir, const struct og_str_list *names, int64_t now_ms,
             struct og_ca_files *out, struct og_err *err)
{
    char ca_key[OG_CA_PATH_BYTES];
    struct identity ca = {NULL, NULL};

    *out = (struct og_ca_files){.made_ca = false};
    if (!join(ca_key, dir, "ca.key") || !join(out->ca_cert, dir, "ca.pem") ||
        !join(out->server_key, dir, "server.key") || !join(out->server_cert, dir, "server.pem")) {
        return og_fail(err, OG_E_INVALID, "", "the path of the CA's folder is too long");
    }
    GENERAL_NAMES *wanted = sk_GENERAL_NAME_new_null();
    enum og_code code = collect_names(names, wanted, err);
    if (code == OG_OK) {
        code = og_dir_make(dir, err);
    }
    if (code == OG_OK) {
        code = ensure_ca(ca_key, out->ca_cert, now_ms, &ca, &out->made_ca, err);
    }
    if (code == OG_OK) {
        code = ensure_server(&ca, wanted, now_ms, out, err);
    }
    identity_finish(&ca);
    sk_GENERAL_NAME_pop_free(wanted, GENERAL_NAME_free);
    return code;
}

enum og_code
og_ca_fingerprint(const char *cert_file, char out[OG_FINGERPRINT_BYTES], struct og_err *err)
{
    uint8_t digest[EVP_MAX_MD_SIZE];
    unsigned int len = 0;
    X509 *cert = NULL;
    enum og_code code = read_cert(cert_file, &cert, err);
    if (code != OG_OK) {
        return code;
    }
    bool ok = X509_digest(cert, EVP_sha256(), digest, &len) == 1 && len == OG_DIGEST_BYTES;
    X509_free(cert);
    if (!ok) {
        return fail_ssl(err, "digest a certificate");
    }
    for (unsigned int i = 0; i < len; i++) {
        snprintf(out + 3 * i, 4, "%02X%s", digest[i], i + 1 < len ? ":" : "");
    }
    return OG_OK;
}
