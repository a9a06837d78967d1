/*
 * Texts under a passphrase, as the sms-gate.app phone app decrypts them (end-to-end encryption: the
 * server between has no passphrase).
 *
 *   $aes-256-cbc/pbkdf2-sha1$i=<iterations>$<base64 salt>$<base64 cipher text>
 *
 * PBES2 of RFC 8018: the key is PBKDF2-HMAC-SHA-1 of the passphrase, the cipher AES-256-CBC with
 * PKCS #7 padding. 16 random bytes are salt and IV in one, fresh for each value. Nothing
 * authenticates: who can change the text can change what comes out. Source: wire/smsgate.md section
 * 6. The one door to OpenSSL's EVP_CIPHER and PBKDF2. Thread-safe; tens of milliseconds a call, so
 * never on an event loop that serves others.
 */
#pragma once

#include "base/buf.h"
#include "base/err.h"

#define OG_PBE_ITERATIONS 75000         /* what all clients write */
#define OG_PBE_ITERATIONS_MAX 1000000   /* what we read: the number is the sender's choice */
#define OG_PBE_PLAIN_MAX_BYTES (256 * 1024)
#define OG_PBE_SALT_BYTES 16

/*
 * Appends the encrypted form of `plain` to `out`.
 * Errors  OG_E_INVALID "passphrase" when it is empty, OG_E_TOO_LARGE, OG_E_UNAVAILABLE (no
 *         randomness)
 */
OG_MUST_CHECK enum og_code og_pbe_encrypt(struct og_str passphrase, struct og_str plain,
                                          struct og_buf *out, struct og_err *err);
/*
 * Appends the plain text of `text` to `out`, whose maximum leaves 32 bytes over; wipe it there.
 * Errors  OG_E_INVALID saying what is wrong: the form, the algorithm, the iterations, or that this
 *         passphrase does not open it (one wrong passphrase in 256 gives garbage instead)
 */
OG_MUST_CHECK enum og_code og_pbe_decrypt(struct og_str passphrase, struct og_str text,
                                          struct og_buf *out, struct og_err *err);
