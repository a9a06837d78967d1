/*
 * Digested with its parts' lengths, so that no two contexts look alike.
 */
#include "core/otp_context.h"

#include "core/label.h"
#include "core/otp_text.h"

enum og_code
og_otp_context_check(const struct og_otp_context *self, struct og_err *err)
{
    enum og_code code = OG_OK;
    if ((self->amount.len > 0) != (self->payee.len > 0)) {
        return og_fail(err, OG_E_UNPROCESSABLE,
                       self->payee.len ? "context.amount" : "context.payee",
                       "is needed: whoever pays has to see what and whom");
    }
    if (self->payee.len) {
        code = og_otp_check_variable(self->payee, "context.payee", err);
    }
    if (code == OG_OK) {
        code = og_label_check(self->reference, OG_OTP_REFERENCE_MAX_CHARS, "context.reference",
                              err);
    }
    return code;
}

void
og_otp_context_digest(const struct og_key *key, struct og_str account,
                      const struct og_otp_context *self, char out[OG_DIGEST_HEX_CHARS + 1])
{
    const struct og_str parts[] = {OG_STR("context"), account, self->amount, self->payee,
                                   self->reference};
    uint8_t digest[OG_DIGEST_BYTES];
    out[0] = '\0';
    if (!og_otp_context_is_empty(self)) {
        og_mac_parts(key, parts, sizeof(parts) / sizeof(parts[0]), digest);
        og_hex(digest, sizeof(digest), out);
    }
}
