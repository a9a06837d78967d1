/*
 * Receipts: what an application gets for a right code, to hand on to whoever acts on it.
 *
 * A receipt is a JWT signed with Ed25519, so that everybody can read it with the public key and
 * nobody can make one. It is bound to verification, account, purpose, recipient and context, lives
 * five minutes, and is redeemed once, by otp_redeem. Pure and thread-safe. Sources: RFC 7515, RFC
 * 7519, RFC 8037, domain notes section 4.5.
 */
#pragma once

#include "core/otp_context.h"
#include "service/services.h"
#include "store/otp_store.h"

#define OG_RECEIPT_LIFE_S 300
#define OG_RECEIPT_MAX_BYTES 2048

struct og_receipt {
    struct og_str id;      /* of the verification */
    struct og_str account;
    struct og_str purpose;
    struct og_str subject; /* a pseudonym of the recipient, the same within an account */
    struct og_otp_context context;
    int64_t made_at;       /* UTC seconds */
    int64_t expires_at;
};

/* In `mem`. */
struct og_str og_receipt_write(const struct og_services *svc, const struct og_receipt *receipt,
                               struct og_arena *mem);
/* Errors: OG_E_UNPROCESSABLE, field "receipt": not ours, changed, or over. Strings in `mem`. */
OG_MUST_CHECK enum og_code og_receipt_read(const struct og_services *svc, struct og_str text,
                                           int64_t now_ms, struct og_arena *mem,
                                           struct og_receipt *out, struct og_err *err);
/* The recipient's pseudonym as receipts have it. */
struct og_str og_receipt_subject(const struct og_services *svc, struct og_str account,
                                 struct og_str recipient_digest, struct og_arena *mem);
/* The public key as a set of JSON Web Keys (RFC 7517, RFC 8037). In `mem`. */
struct og_str og_receipt_key_set(const struct og_services *svc, struct og_arena *mem);
