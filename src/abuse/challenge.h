/*
 * Proof of work: a client that cannot be told from a bot pays with computing time before something
 * is sent for it. Stateless: the challenge is signed for an account and an end; whoever spends one
 * keeps its digest until then, so that it is good once.
 *
 *   challenge   "v1.<bits>.<end, UTC ms>.<16 random characters>.<MAC, base64url>"
 *   solution    any 1 to 64 characters A-Z a-z 0-9 _ - such that SHA-256(challenge ":" solution)
 *               begins with `bits` zero bits
 *
 * Pure and thread-safe. Sources: domain/otp.md section 5.2, requirement 74.
 */
#pragma once

#include "base/crypto.h"

#define OG_CHALLENGE_TTL_MS 120000
#define OG_CHALLENGE_BYTES 128
#define OG_CHALLENGE_BITS_MIN 8
#define OG_CHALLENGE_BITS_MAX 30

/* Writes a challenge for the account. */
void og_challenge_make(const struct og_key *key, struct og_str account, int bits, int64_t now_ms,
                       char out[OG_CHALLENGE_BYTES]);

/*
 * Is it ours, for this account, in time, at least as hard as `bits`, and solved?
 * id_out  names the challenge, for the list of those that were spent
 */
bool og_challenge_is_solved(const struct og_key *key, struct og_str account, int bits,
                            int64_t now_ms, struct og_str challenge, struct og_str solution,
                            uint64_t *id_out);
