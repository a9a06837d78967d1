/*
 * Randomness, digests and sealing.
 *
 * Thread-safe after og_crypto_init. Sources: RFC 2104 (HMAC), FIPS 180-4 (SHA-256), RFC 9106
 * (Argon2id), libsodium's XChaCha20-Poly1305.
 */
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "base/secret.h"

#define OG_DIGEST_BYTES 32
#define OG_DIGEST_HEX_CHARS 64
#define OG_SHA1_BYTES 20
#define OG_KEY_BYTES 32
#define OG_SEAL_OVERHEAD_BYTES 44 /* key id 4, nonce 24, tag 16 */
#define OG_PASSWORD_HASH_BYTES 128 /* an encoded argon2id string with its NUL */

/* Once per process, before threads. Fails when there is no source of randomness. */
OG_MUST_CHECK enum og_code og_crypto_init(struct og_err *err);

/* Bytes from the operating system's generator. Fails only when the generator does
 * (OG_E_UNAVAILABLE). */
OG_MUST_CHECK enum og_code og_random_bytes(void *out, size_t size_bytes, struct og_err *err);

/* Random bytes for ids, tokens and nonces from a per-thread buffer that the operating system's
 * generator fills; wiped as it is used, dropped by fork. Logs and aborts when the generator fails.
 * Never for OTP codes: those ask og_random_bytes. */
void og_random_fast(void *out, size_t size_bytes);

/* For tests only: what og_random_bytes asks instead of the operating system, false to make it fail;
 * NULL restores it. og_random_fast is not touched. Not while other threads ask. */
void og_random_set_source(bool (*source)(void *out, size_t size_bytes));

struct og_key {
    uint32_t id; /* first 4 bytes of SHA-256 of the bytes: names the key, tells nothing */
    uint8_t bytes[OG_KEY_BYTES];
};

/* A subkey for one use ("otp-code", "device-token", ...): HMAC-SHA-256(master, label). */
void og_key_derive(const struct og_key *master, const char *label, struct og_key *out);
void og_key_from_bytes(const uint8_t bytes[OG_KEY_BYTES], struct og_key *out);

/* HMAC-SHA-256 over the parts, each preceded by its length as 8 bytes big endian, so that no two
 * lists of parts give the same input. */
void og_mac_parts(const struct og_key *key, const struct og_str *parts, size_t count,
                  uint8_t out[OG_DIGEST_BYTES]);
/* Plain HMAC-SHA-256 (RFC 2104) over the parts one behind the other, with a key of any length: for
 * signatures that others check. */
void og_hmac_sha256(struct og_str key, const struct og_str *parts, size_t count,
                    uint8_t out[OG_DIGEST_BYTES]);
void og_sha256(struct og_str data, uint8_t out[OG_DIGEST_BYTES]);
/* SHA-256 of one byte and the data behind it: leaves and nodes of Merkle trees (RFC 9162). */
void og_sha256_tagged(uint8_t tag, struct og_str data, uint8_t out[OG_DIGEST_BYTES]);
/* For files whose format has it. It guards against damage, not against people. */
void og_sha1(struct og_str data, uint8_t out[OG_SHA1_BYTES]);

/*
 * Authenticated encryption with a random nonce: key id, nonce, cipher text, tag.
 * context  bound to the box but not stored in it: opening needs the same (row id, say)
 * out      appended
 */
void og_seal(const struct og_key *key, struct og_str context, struct og_str plain,
             struct og_buf *out);
/* Appends the plain text to `out`. OG_E_INVALID when it is not ours, cut, or changed. */
OG_MUST_CHECK enum og_code og_unseal(const struct og_key *key, struct og_str context,
                                     struct og_str box, struct og_buf *out, struct og_err *err);

/*
 * Ed25519 (RFC 8032): a signature, and whether one is right. The seed is the secret half. To find
 * the public half costs as much as a signature, so a key is made once and kept.
 */
#define OG_PUBLIC_KEY_BYTES 32
#define OG_SIGNATURE_BYTES 64
struct og_signing_key {
    uint8_t seed[OG_KEY_BYTES];
    uint8_t public_key[OG_PUBLIC_KEY_BYTES];
};
void og_signing_key_make(const struct og_key *seed, struct og_signing_key *out);
void og_sign(const struct og_signing_key *key, struct og_str text,
             uint8_t out[OG_SIGNATURE_BYTES]);
bool og_sign_is_right(const uint8_t public_key[OG_PUBLIC_KEY_BYTES], struct og_str text,
                      const uint8_t signature[OG_SIGNATURE_BYTES]);

/* Argon2id, t=2, 19 MiB: about 20 ms. Slow lane only. */
OG_MUST_CHECK enum og_code og_password_hash(struct og_str password,
                                            char out[OG_PASSWORD_HASH_BYTES], struct og_err *err);
/* encoded  ours, or a bcrypt hash that came from elsewhere (base/bcrypt.h) */
bool og_password_matches(struct og_str password, const char *encoded);
/* Is it such a bcrypt hash, to be replaced by one of ours when the password is next known? */
bool og_password_is_foreign(const char *encoded);

void og_hex(const void *bytes, size_t size_bytes, char *out); /* lower case, 2n + 1 bytes */
bool og_unhex(struct og_str hex, void *out, size_t size_bytes); /* exactly 2n digits */
/* Standard padded base64; `url` gives the URL-safe alphabet without padding. Appended. */
void og_base64_encode(struct og_str bytes, bool url, struct og_buf *out);
bool og_base64_decode(struct og_str text, bool url, struct og_buf *out);
