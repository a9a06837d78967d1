/*
 * The bytes are parsed only to be sure what they are; what is handed out is never encoded anew,
 * because the app hash is over the bytes that were signed.
 */
#include "cli/certificate.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#define PEM_MARK "-----BEGIN "

static enum og_code
refuse(struct og_err *err, const char *why)
{
    ERR_clear_error();
    return og_fail(err, OG_E_INVALID, "certificate", "%s", why);
}

static bool
is_certificate(const unsigned char *bytes, long len)
{
    const unsigned char *at = bytes;
    X509 *certificate = d2i_X509(NULL, &at, len);
    bool is_whole = certificate && at == bytes + len;
    X509_free(certificate);
    return is_whole;
}

static bool
holds(struct og_str data, const char *mark)
{
    return data.len && memmem(data.ptr, data.len, mark, strlen(mark)) != NULL;
}

static enum og_code
add_der(const unsigned char *bytes, long len, struct og_buf *der, struct og_err *err)
{
    if (!is_certificate(bytes, len)) {
        return refuse(err, "not a certificate: give the X.509 file itself (PEM or DER), not a "
                           "fingerprint, key or key store");
    }
    og_buf_add(der, (struct og_str){(const char *)bytes, (size_t)len});
    return OG_OK;
}

/* The certificates of a PEM file are counted, because one app is signed by one. */
static enum og_code
read_pem(struct og_str data, struct og_buf *der, struct og_err *err)
{
    BIO *bio = BIO_new_mem_buf(data.ptr, (int)data.len);
    char *name = NULL, *header = NULL;
    unsigned char *bytes = NULL;
    long len = 0;
    int found = 0;
    enum og_code code = OG_OK;
    while (code == OG_OK && bio && PEM_read_bio(bio, &name, &header, &bytes, &len) == 1) {
        if (strcmp(name, PEM_STRING_X509) == 0 || strcmp(name, PEM_STRING_X509_OLD) == 0) {
            found++;
            code = found > 1 ? refuse(err, "the file holds several certificates; keep the one "
                                           "that signs the app")
                             : add_der(bytes, len, der, err);
        }
        OPENSSL_free(name);
        OPENSSL_free(header);
        OPENSSL_free(bytes);
    }
    BIO_free(bio);
    ERR_clear_error();
    return code == OG_OK && found == 0 ? refuse(err, "the file holds no certificate") : code;
}

enum og_code
og_certificate_read(struct og_str data, struct og_buf *der, struct og_err *err)
{
    if (data.len == 0) {
        return refuse(err, "the file is empty: keytool prints nothing on a wrong password or "
                           "alias");
    }
    if (holds(data, PEM_MARK)) {
        return read_pem(data, der, err);
    }
    return add_der((const unsigned char *)data.ptr, (long)data.len, der, err);
}
