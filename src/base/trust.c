/*
 * The door to OpenSSL's reader of PEM for authorities. One block after the other: what is no
 * certificate is named, and refused.
 */
#include "base/trust.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <string.h>
#include <time.h>

struct reading {
    int64_t now_ms;
    const char *field;
    struct og_arena *mem;
    struct og_trust_entry *items;
    size_t count;
    struct og_err *err;
};

static struct og_str
subject_of(X509 *certificate, struct og_arena *mem)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *text = NULL;
    X509_NAME_print_ex(bio, X509_get_subject_name(certificate), 0,
                       XN_FLAG_RFC2253 & ~(unsigned long)ASN1_STRFLGS_ESC_MSB);
    long len = BIO_get_mem_data(bio, &text);
    struct og_str subject = og_str_dup(mem, (struct og_str){text, len > 0 ? (size_t)len : 0});
    BIO_free(bio);
    return subject;
}

static bool
end_of(X509 *certificate, int64_t *out)
{
    struct tm parts;
    if (!ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &parts)) {
        return false;
    }
    *out = (int64_t)timegm(&parts) * 1000;
    return true;
}

static enum og_code
add(struct reading *self, X509 *certificate)
{
    struct og_trust_entry *item = &self->items[self->count];
    if (!certificate || !end_of(certificate, &item->ends_at)) {
        return og_fail(self->err, OG_E_INVALID, self->field, "holds a broken certificate");
    }
    item->subject = subject_of(certificate, self->mem);
    if (item->ends_at <= self->now_ms) {
        const struct og_str name = og_str_slice(item->subject, 0, 80);
        return og_fail(self->err, OG_E_INVALID, self->field,
                       "holds a certificate that is over: %" OG_STR_FMT, OG_STR_ARG(name));
    }
    self->count++;
    return OG_OK;
}

static enum og_code
take_block(struct reading *self, const char *name, const unsigned char *bytes, long len)
{
    if (strcmp(name, PEM_STRING_X509) != 0 && strcmp(name, PEM_STRING_X509_OLD) != 0) {
        return og_fail(self->err, OG_E_INVALID, self->field, "holds a %.40s; only certificates",
                       name);
    }
    if (self->count == OG_TRUST_COUNT_MAX) {
        return og_fail(self->err, OG_E_INVALID, self->field, "holds more than %d certificates",
                       OG_TRUST_COUNT_MAX);
    }
    X509 *certificate = d2i_X509(NULL, &bytes, len);
    enum og_code code = add(self, certificate);
    X509_free(certificate);
    return code;
}

static enum og_code
take_all(struct reading *self, BIO *bio)
{
    enum og_code code = OG_OK;
    char *name = NULL, *header = NULL;
    unsigned char *bytes = NULL;
    long len = 0;
    while (code == OG_OK && PEM_read_bio(bio, &name, &header, &bytes, &len) == 1) {
        code = take_block(self, name, bytes, len);
        OPENSSL_free(name);
        OPENSSL_free(header);
        OPENSSL_clear_free(bytes, (size_t)len);
    }
    /* what ends it must be the end, not a block that is cut off */
    const unsigned long last = ERR_peek_last_error();
    if (code == OG_OK && (self->count == 0 || ERR_GET_REASON(last) != PEM_R_NO_START_LINE)) {
        code = og_fail(self->err, OG_E_INVALID, self->field, "is not certificates in PEM");
    }
    return code;
}

enum og_code
og_trust_read(struct og_str pem, int64_t now_ms, const char *field, struct og_arena *mem,
              struct og_trust_entry **items_out, size_t *count_out, struct og_err *err)
{
    if (pem.len == 0 || pem.len > OG_TRUST_BYTES_MAX || memchr(pem.ptr, '\0', pem.len)) {
        return og_fail(err, OG_E_INVALID, field, "is not certificates in PEM");
    }
    struct reading self = {
        .now_ms = now_ms,
        .field = field,
        .mem = mem,
        .items = OG_ARENA_ARRAY(mem, struct og_trust_entry, OG_TRUST_COUNT_MAX),
        .err = err,
    };
    ERR_clear_error();
    BIO *bio = BIO_new_mem_buf(pem.ptr, (int)pem.len);
    enum og_code code = take_all(&self, bio);
    BIO_free(bio);
    ERR_clear_error();
    *items_out = self.items;
    *count_out = self.count;
    return code;
}
