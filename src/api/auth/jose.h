/*
 * Tokens on the wire: JWTs signed with HS256. Pure and thread-safe.
 *
 * The key changes every 30 days by itself: it is derived from the server's key and the number of
 * the period in which the token was made, which stands in the header as kid. Tokens of the period
 * before are good until they end, and none lives longer than a period; older kids are refused.
 *
 * Sources: RFC 7515, RFC 7519, wire/smsgate.md section 5.
 */
#pragma once

#include "base/arena.h"
#include "base/crypto.h"
#include "store/token_store.h"

#define OG_JWT_MAX_BYTES 4096
#define OG_JWT_ISSUER "otpgate"

/* Has it the shape of a JWT? Our other tokens have no dots. */
bool og_jwt_is_like(struct og_str text);

enum og_jwt_use { OG_JWT_ACCESS, OG_JWT_REFRESH };

/* "" when memory is out. */
struct og_str og_jwt_write(const struct og_key *key, const struct og_token_pair *pair,
                           enum og_jwt_use use, struct og_arena *mem);

/*
 * Its jti, in `mem`. False, and "", unless it is signed by us, of our issuer, not of the future
 * and, but for `may_be_over`, not over. Whether it was revoked, its row says.
 */
bool og_jwt_read(const struct og_key *key, struct og_str text, int64_t now_ms, bool may_be_over,
                 struct og_arena *mem, struct og_str *jti_out);
