/*
 * Secrets that we make: how they look, and what is kept in their place.
 *
 * Pure but for randomness. Thread-safe.
 */
#pragma once

#include "service/services.h"

#define OG_API_KEY_PREFIX "og_"
#define OG_OPERATOR_PREFIX "og_op_"
#define OG_LOGIN_CHARS 6
#define OG_PASSWORD_CHARS 16     /* 80 bits; the phone app wants at least 14 */
#define OG_LOGIN_CODE_CHARS 6

enum og_token_kind {
    OG_TOKEN_CREDENTIAL, /* API keys, join tokens, the operator's */
    OG_TOKEN_LOGIN_CODE, /* in lower case */
};

/* What is stored in place of a token: a keyed digest in hex. Different for each kind. */
void og_token_digest(const struct og_keys *keys, enum og_token_kind kind, struct og_str token,
                     char out[OG_DIGEST_HEX_CHARS + 1]);

/* A prefix ("" for none) and 43 characters of A-Z a-z 0-9 _ -: 256 random bits. */
OG_MUST_CHECK enum og_code og_token_draw(const struct og_rng *rng, const char *prefix,
                                         struct og_secret *out, struct og_err *err);
/* Upper-case letters and digits that are not mistaken for one another. */
OG_MUST_CHECK enum og_code og_login_draw(const struct og_rng *rng, char out[OG_LOGIN_CHARS + 1],
                                         struct og_err *err);
/* Lower-case letters and digits that are not mistaken for one another: people type it into a
 * phone. */
OG_MUST_CHECK enum og_code og_password_draw(const struct og_rng *rng, struct og_secret *out,
                                            struct og_err *err);
/* From 23456789abcdefghjkmnpqrstuvwxyz (wire/smsgate.md section 3.8). */
OG_MUST_CHECK enum og_code og_login_code_draw(const struct og_rng *rng, struct og_secret *out,
                                              struct og_err *err);
