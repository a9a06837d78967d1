/*
 * One-time codes: drawing, reading back, digest, bounds.
 *
 * Pure: randomness, keys and time are arguments. Thread-safe. Sources: NIST SP 800-63B-4 section
 * 3.1.3 (six digits, ten minutes), domain notes sections 4.2 (uniformity), 4.4 (digest), 4.10.
 */
#pragma once

#include "base/crypto.h"
#include "base/err.h"
#include "base/secret.h"
#include "base/str.h"

#define OG_OTP_MIN_LENGTH 4 /* 4 and 5 only where weak codes are allowed */
#define OG_OTP_MIN_STRONG_LENGTH 6
#define OG_OTP_MAX_LENGTH 10
#define OG_OTP_DEFAULT_LENGTH 6
#define OG_OTP_MIN_TTL_S 60
#define OG_OTP_MAX_TTL_S 600
#define OG_OTP_DEFAULT_TTL_S 300
#define OG_OTP_MIN_ATTEMPTS 1
#define OG_OTP_MAX_ATTEMPTS 10
#define OG_OTP_DEFAULT_ATTEMPTS 5
#define OG_OTP_MAX_SENDS 3 /* the first and two resends */
#define OG_OTP_PURPOSE_MAX_CHARS 64
#define OG_OTP_APP_HASH_CHARS 11

/* Where random bytes come from: og_random_bytes behind it in the program, a script in tests. */
struct og_rng {
    enum og_code (*bytes)(void *ctx, void *out, size_t size_bytes, struct og_err *err);
    void *ctx;
};

/*
 * Draw a code of `length` digits (4 to 10), all equally likely, leading zeros kept.
 * Errors  OG_E_UNAVAILABLE (or what the generator says) when the generator fails or repeats itself;
 *         `out` is then empty
 */
OG_MUST_CHECK enum og_code og_otp_draw(const struct og_rng *rng, unsigned length,
                                       struct og_secret *out, struct og_err *err);

/* Bytes of a random word for a code of that length: 4, or 8 for ten digits. */
size_t og_otp_word_bytes(unsigned length);
/* Map a random word to a value in [0, 10^length). False: the word must be drawn again, because
 * keeping it would favour small values (for six digits: 4,294,000,000 and above). */
bool og_otp_value_from_word(uint64_t word, unsigned length, uint64_t *out);

enum og_otp_alphabet {
    OG_OTP_DIGITS,
    OG_OTP_ALNUM, /* A-Z a-z 0-9, case counts */
};

/*
 * Bring a code that a person typed into the form in which it was drawn: full-width, Arabic-Indic,
 * Persian and Devanagari digits become ASCII; spaces and hyphens around and between go.
 *
 * length  what the code must have then; 0: any of 4 to 10
 * out     the code; the caller finishes it
 * Errors  OG_E_UNPROCESSABLE, field "code": not a code at all, which costs no attempt
 */
OG_MUST_CHECK enum og_code og_otp_read(struct og_str input, enum og_otp_alphabet alphabet,
                                       unsigned length, struct og_secret *out,
                                       struct og_err *err);

/* A code that the caller chose: 4 to 10 of A-Z a-z 0-9, taken as it is. OG_E_UNPROCESSABLE, field
 * "code". */
OG_MUST_CHECK enum og_code og_otp_check_custom(struct og_str code, struct og_err *err);
/* Digits only, or letters too? For a code that og_otp_check_custom let through. */
enum og_otp_alphabet og_otp_alphabet_of(struct og_str code);

/* What a code is good for: this and nothing else. */
struct og_otp_binding {
    struct og_str account;
    struct og_str purpose;
    struct og_str id;      /* of the verification */
    struct og_str context; /* digest of core/otp_context.h, "" : none */
};

/* What is stored in place of the code: bound, so that equal codes of two verifications differ, and
 * a right code in another context is a wrong one. */
void og_otp_mac(const struct og_key *key, const struct og_otp_binding *binding, struct og_str code,
                uint8_t out[OG_DIGEST_BYTES]);

/* 1 to 64 of a-z 0-9 _ . -; OG_E_UNPROCESSABLE, field "purpose". */
OG_MUST_CHECK enum og_code og_otp_check_purpose(struct og_str purpose, struct og_err *err);
/* Exactly 11 of A-Z a-z 0-9 + /; OG_E_UNPROCESSABLE, field "app_hash", with the likely mistake. */
OG_MUST_CHECK enum og_code og_otp_check_app_hash(struct og_str hash, struct og_err *err);
/* Bounds; OG_E_UNPROCESSABLE with fields "ttl", "code_length", "max_attempts". */
OG_MUST_CHECK enum og_code og_otp_check_ttl(int64_t ttl_s, struct og_err *err);
OG_MUST_CHECK enum og_code og_otp_check_length(int64_t length, bool allow_weak,
                                               struct og_err *err);
OG_MUST_CHECK enum og_code og_otp_check_attempts(int64_t attempts, struct og_err *err);

/* Seconds to wait after the n-th send (from 1) before the next: 30, 60, 120, 120, ... Whether a
 * next one is allowed is OG_OTP_MAX_SENDS's business. */
int og_otp_resend_wait_s(unsigned sends_made);
