/*
 * What a code is for, beyond its purpose: a code with a context confirms that one and no other.
 * Dynamic linking of payments (EU 2018/389 article 5): amount and payee are shown in the message,
 * and a change of either makes the code wrong.
 *
 * Pure and thread-safe.
 */
#pragma once

#include "base/crypto.h"
#include "base/err.h"
#include "base/str.h"

#define OG_OTP_REFERENCE_MAX_CHARS 128

/* "" where nothing was said. */
struct og_otp_context {
    struct og_str amount;    /* "EUR 49.90", as core/money.h writes it; with payee, or neither */
    struct og_str payee;     /* as og_otp_check_variable wants it */
    struct og_str reference; /* an order, a session: never shown */
};

static inline bool
og_otp_context_is_empty(const struct og_otp_context *self)
{
    return self->amount.len == 0 && self->payee.len == 0 && self->reference.len == 0;
}

/* Amount and payee go together, each in its form. OG_E_UNPROCESSABLE, field "context.payee" and so
 * on. */
OG_MUST_CHECK enum og_code og_otp_context_check(const struct og_otp_context *self,
                                                struct og_err *err);

/* A keyed digest as hex; "" of an empty context. */
void og_otp_context_digest(const struct og_key *key, struct og_str account,
                           const struct og_otp_context *self, char out[OG_DIGEST_HEX_CHARS + 1]);
