/*
 * Pure: bytes in, eleven characters out. The usual mistakes are refused by name, because a wrong
 * hash fails silently on the phone.
 */
#include "cli/apphash.h"

#include "base/crypto.h"

#define KEPT_BYTES 9
#define PACKAGE_CHARS_MAX 255
#define CERTIFICATE_BYTES_MAX 65536

static bool
is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Two or more segments, each beginning with a letter, of letters, digits and underscores. */
static bool
is_application_id(struct og_str text)
{
    int segments = 1;
    bool at_start = true;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (at_start) {
            if (!is_letter(c)) {
                return false;
            }
            at_start = false;
        } else if (c == '.') {
            segments++;
            at_start = true;
        } else if (!is_letter(c) && !(c >= '0' && c <= '9') && c != '_') {
            return false;
        }
    }
    return segments >= 2 && !at_start && text.len <= PACKAGE_CHARS_MAX;
}

enum og_code
og_apphash(struct og_str package, struct og_str certificate_der, char out[OG_APPHASH_CHARS + 1],
           struct og_err *err)
{
    if (!is_application_id(package)) {
        return og_fail(err, OG_E_INVALID, "package",
                       "the package is the applicationId, like com.example.app; case counts");
    }
    if (certificate_der.len == 0) {
        return og_fail(err, OG_E_INVALID, "certificate",
                       "the certificate is empty: keytool prints nothing on a wrong password or "
                       "alias");
    }
    if (certificate_der.len > CERTIFICATE_BYTES_MAX) {
        return og_fail(err, OG_E_INVALID, "certificate", "the certificate is too long");
    }
    struct og_buf text, base64;
    uint8_t digest[OG_DIGEST_BYTES];
    og_buf_init(&text, PACKAGE_CHARS_MAX + 2 + 2 * CERTIFICATE_BYTES_MAX);
    og_buf_init(&base64, 64);
    og_buf_add(&text, package);
    og_buf_add_byte(&text, ' ');
    /* og_hex ends with a NUL, for which the buffer has room */
    og_hex(certificate_der.ptr, certificate_der.len,
           og_buf_reserve(&text, 2 * certificate_der.len + 1));
    og_buf_commit(&text, 2 * certificate_der.len);
    og_sha256(og_buf_str(&text), digest);
    og_base64_encode((struct og_str){(const char *)digest, KEPT_BYTES}, false, &base64);
    memcpy(out, base64.ptr, OG_APPHASH_CHARS);
    out[OG_APPHASH_CHARS] = '\0';
    og_buf_finish(&text);
    og_buf_finish(&base64);
    return OG_OK;
}
