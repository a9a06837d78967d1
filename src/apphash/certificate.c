/*
 * The bytes are parsed only to be sure what they are; what is handed out is never encoded anew,
 * because the app hash is over the bytes that were signed.
 */
#include "apphash/certificate.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs7.h>
#include <openssl/x509.h>
#include <time.h>

#define PEM_MARK "-----BEGIN "
#define SUBJECT_CHARS_MAX 512
#define SHA1_BYTES 20
#define SIGNERS_MAX 16

static enum og_code
refuse(struct og_err *err, const char *why)
{
    ERR_clear_error();
    return og_fail(err, OG_E_INVALID, "certificate", "%s", why);
}

/* NULL when the bytes are not one whole certificate. The caller frees it. */
static X509 *
parse(struct og_str der)
{
    const unsigned char *at = (const unsigned char *)der.ptr;
    if (der.len == 0 || der.len > OG_CERTIFICATE_BYTES_MAX) {
        return NULL;
    }
    X509 *certificate = d2i_X509(NULL, &at, (long)der.len);
    if (certificate && at != (const unsigned char *)der.ptr + der.len) {
        X509_free(certificate);
        certificate = NULL;
    }
    ERR_clear_error();
    return certificate;
}

enum og_code
og_certificate_check(struct og_str der, struct og_err *err)
{
    X509 *certificate = parse(der);
    X509_free(certificate);
    return certificate ? OG_OK
                       : refuse(err, "not a certificate: give the X.509 file itself (PEM, DER or "
                                     "hex), a key store, or the app");
}

/* ---- files ---- */

/* The certificates of a PEM file are counted, because one app is signed by one. */
static enum og_code
read_pem(struct og_str data, struct og_arena *mem, struct og_str *der, struct og_err *err)
{
    BIO *bio = BIO_new_mem_buf(data.ptr, (int)data.len);
    char *name = NULL, *header = NULL;
    unsigned char *bytes = NULL;
    long len = 0;
    int found = 0;
    while (bio && PEM_read_bio(bio, &name, &header, &bytes, &len) == 1) {
        if (strcmp(name, PEM_STRING_X509) == 0 || strcmp(name, PEM_STRING_X509_OLD) == 0) {
            *der = found++ == 0 ? og_str_dup(mem, (struct og_str){(char *)bytes, (size_t)len})
                                : *der;
        }
        OPENSSL_free(name);
        OPENSSL_free(header);
        OPENSSL_free(bytes);
    }
    BIO_free(bio);
    ERR_clear_error();
    if (found != 1) {
        return refuse(err, found == 0 ? "the file holds no certificate"
                                      : "the file holds several certificates; keep the one that "
                                        "signs the app");
    }
    return og_certificate_check(*der, err);
}

/* Hex digits without what people put between them; false when it is something else. */
static bool
read_hex(struct og_str data, struct og_arena *mem, struct og_str *out)
{
    char *digits = og_arena_alloc(mem, data.len);
    char *bytes = og_arena_alloc(mem, data.len / 2);
    size_t count = 0;
    for (size_t i = 0; i < data.len; i++) {
        char c = data.ptr[i];
        if (c != ':' && c != ' ' && c != '\t' && c != '\r' && c != '\n') {
            digits[count++] = c;
        }
    }
    *out = (struct og_str){bytes, count / 2};
    return count > 0 && count % 2 == 0 &&
           og_unhex((struct og_str){digits, count}, bytes, count / 2);
}

enum og_code
og_certificate_read(struct og_str data, struct og_arena *mem, struct og_str *der,
                    struct og_err *err)
{
    if (data.len == 0) {
        return refuse(err, "the file is empty: keytool prints nothing on a wrong password or "
                           "alias");
    }
    if (memmem(data.ptr, data.len, PEM_MARK, strlen(PEM_MARK))) {
        return read_pem(data, mem, der, err);
    }
    if (!read_hex(data, mem, der)) {
        *der = data;
    } else if (der->len == OG_DIGEST_BYTES || der->len == SHA1_BYTES) {
        return refuse(err, "this is a fingerprint: the app hash needs the whole certificate "
                           "(Play Console: App integrity, Download certificate)");
    }
    return og_certificate_check(*der, err);
}

/* ---- JAR signatures ---- */

static enum og_code
bad_signature(struct og_err *err, const char *why)
{
    ERR_clear_error();
    return og_fail(err, OG_E_INVALID, "file", "the app's JAR signature %s", why);
}

/* The certificate's own bytes among those of the signature; "" when it is encoded otherwise. */
static struct og_str
own_bytes(struct og_str pkcs7, X509 *certificate)
{
    unsigned char *bytes = NULL;
    int len = i2d_X509(certificate, &bytes);
    void *at = len > 0 ? memmem(pkcs7.ptr, pkcs7.len, bytes, (size_t)len) : NULL;
    OPENSSL_free(bytes);
    return at ? (struct og_str){at, (size_t)len} : OG_STR("");
}

static enum og_code
find_signer(PKCS7 *signature, struct og_str pkcs7, struct og_str *der, struct og_err *err)
{
    STACK_OF(PKCS7_SIGNER_INFO) *signers = PKCS7_get_signer_info(signature);
    int count = signers ? sk_PKCS7_SIGNER_INFO_num(signers) : 0;
    if (count < 1 || count > SIGNERS_MAX) {
        return bad_signature(err, "has no signer");
    }
    if (count > 1) {
        return og_fail(err, OG_E_UNPROCESSABLE, "file",
                       "several certificates sign this app together: Play services refuses it, so "
                       "there is no hash");
    }
    X509 *certificate =
        PKCS7_cert_from_signer_info(signature, sk_PKCS7_SIGNER_INFO_value(signers, 0));
    *der = certificate ? own_bytes(pkcs7, certificate) : OG_STR("");
    return der->len > 0 ? OG_OK : bad_signature(err, "lacks its signer's certificate");
}

enum og_code
og_certificate_of_signature(struct og_str pkcs7, struct og_str *der, struct og_err *err)
{
    const unsigned char *at = (const unsigned char *)pkcs7.ptr;
    PKCS7 *signature = d2i_PKCS7(NULL, &at, (long)pkcs7.len);
    enum og_code code = signature && PKCS7_type_is_signed(signature) && signature->d.sign
                            ? find_signer(signature, pkcs7, der, err)
                            : bad_signature(err, "cannot be read");
    PKCS7_free(signature);
    ERR_clear_error();
    return code;
}

/* ---- what is in it ---- */

static struct og_str
print_subject(X509 *certificate, struct og_arena *mem)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *text = NULL;
    unsigned long flags = XN_FLAG_RFC2253 & ~(unsigned long)ASN1_STRFLGS_ESC_MSB;
    if (X509_NAME_print_ex(bio, X509_get_subject_name(certificate), 0, flags) < 0) {
        BIO_reset(bio);
    }
    long len = BIO_get_mem_data(bio, &text);
    struct og_str subject = {text, len > 0 ? (size_t)len : 0};
    struct og_str shown = og_str_slice(subject, 0, SUBJECT_CHARS_MAX);
    while (shown.len > 0 && !og_str_is_utf8(shown)) {
        shown.len--; /* cut within a character, or no text from there on */
    }
    shown = og_str_dup(mem, shown);
    BIO_free(bio);
    ERR_clear_error();
    return shown;
}

static int64_t
to_ms(const ASN1_TIME *time)
{
    struct tm fields = {0};
    return time && ASN1_TIME_to_tm(time, &fields) == 1 ? (int64_t)timegm(&fields) * 1000 : 0;
}

static bool
is_debug(X509 *certificate)
{
    char name[32] = "";
    X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, name,
                              sizeof name);
    return strcmp(name, "Android Debug") == 0;
}

enum og_code
og_certificate_describe(struct og_str der, struct og_arena *mem, struct og_certificate *out,
                        struct og_err *err)
{
    unsigned char *key = NULL;
    X509 *certificate = parse(der);
    if (!certificate) {
        return refuse(err, "not a certificate");
    }
    int key_bytes = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &key);
    *out = (struct og_certificate){
        .der = der,
        .subject = print_subject(certificate, mem),
        .public_key = og_str_dup(
            mem, (struct og_str){(char *)key, key_bytes > 0 ? (size_t)key_bytes : 0}),
        .not_before_at = to_ms(X509_get0_notBefore(certificate)),
        .not_after_at = to_ms(X509_get0_notAfter(certificate)),
        .is_debug = is_debug(certificate),
    };
    og_sha256(der, out->sha256);
    OPENSSL_free(key);
    X509_free(certificate);
    ERR_clear_error();
    return OG_OK;
}
