/*
 * Pure: bytes in, eleven characters out. The usual mistakes are refused by name, because a wrong
 * hash fails silently on the phone.
 */
#include "apphash/apphash.h"

#include "apphash/certificate.h"
#include "base/crypto.h"

#define KEPT_BYTES 9

static enum og_code
check_certificates(struct og_str_list certificates, struct og_err *err)
{
    if (certificates.count == 0 || certificates.count > OG_APPHASH_SIGNERS_MAX) {
        return og_fail(err, OG_E_INVALID, "certificate", "an app has 1 to %d certificates",
                       OG_APPHASH_SIGNERS_MAX);
    }
    for (size_t i = 0; i < certificates.count; i++) {
        if (certificates.items[i].len == 0) {
            return og_fail(err, OG_E_INVALID, "certificate",
                           "the certificate is empty: keytool prints nothing on a wrong password "
                           "or alias");
        }
        if (certificates.items[i].len > OG_CERTIFICATE_BYTES_MAX) {
            return og_fail(err, OG_E_INVALID, "certificate", "the certificate is too long");
        }
    }
    return OG_OK;
}

enum og_code
og_apphash(struct og_str package, struct og_str_list certificates, char out[OG_APPHASH_CHARS + 1],
           struct og_err *err)
{
    struct og_buf text, base64;
    uint8_t digest[OG_DIGEST_BYTES];
    enum og_code code = check_certificates(certificates, err);
    if (code != OG_OK) {
        return code;
    }
    if (package.len == 0 || package.len > OG_PACKAGE_CHARS_MAX) {
        return og_fail(err, OG_E_INVALID, "package", "the package has 1 to %d characters",
                       OG_PACKAGE_CHARS_MAX);
    }
    og_buf_init(&text, OG_PACKAGE_CHARS_MAX + 2 +
                           2 * OG_CERTIFICATE_BYTES_MAX * certificates.count);
    og_buf_init(&base64, 64);
    og_buf_add(&text, package);
    og_buf_add_byte(&text, ' ');
    for (size_t i = 0; i < certificates.count; i++) {
        struct og_str der = certificates.items[i];
        /* og_hex ends with a NUL, for which the buffer has room */
        og_hex(der.ptr, der.len, og_buf_reserve(&text, 2 * der.len + 1));
        og_buf_commit(&text, 2 * der.len);
    }
    og_sha256(og_buf_str(&text), digest);
    og_base64_encode((struct og_str){(const char *)digest, KEPT_BYTES}, false, &base64);
    memcpy(out, base64.ptr, OG_APPHASH_CHARS);
    out[OG_APPHASH_CHARS] = '\0';
    og_buf_finish(&text);
    og_buf_finish(&base64);
    return OG_OK;
}
