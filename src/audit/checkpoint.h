/*
 * Checkpoints: what the log was at a moment, signed. Kept elsewhere, one shows that the end of the
 * log was cut or the whole of it made anew.
 *
 * The form is C2SP's tlog-checkpoint in a signed note (c2sp.org/tlog-checkpoint,
 * c2sp.org/signed-note):
 *
 *   otpgate.example/audit          origin: whose log
 *   1000                           entries
 *   <base64 of the root>           RFC 9162 section 2.1.1
 *                                  (an empty line)
 *   — otpgate.example/audit <base64 of key id and Ed25519 signature>
 *
 * A note that retention signs has one line more between root and empty line. It says that the
 * gateway itself removed these entries, so that no plain checkpoint can be made into a start.
 *
 * The key id is the first 4 bytes of SHA-256(name | LF | 0x01 | public key); a verifier key is
 * name+hex(key id)+base64(0x01 | public key).
 */
#pragma once

#include "base/buf.h"
#include "base/crypto.h"
#include "base/err.h"

#define OG_AUDIT_ORIGIN_MAX 128

struct og_audit_checkpoint {
    int64_t size;
    uint8_t root[OG_DIGEST_BYTES];
    bool is_start; /* signed by retention: the log begins behind these entries */
};

/* Who signs, or whose signature is right. */
struct og_audit_key {
    char origin[OG_AUDIT_ORIGIN_MAX];
    uint8_t public_key[OG_PUBLIC_KEY_BYTES];
    uint32_t id;
};

/* origin  1 to 127 printable ASCII characters without space and +. OG_E_INVALID otherwise. */
OG_MUST_CHECK enum og_code og_audit_key_make(struct og_str origin,
                                             const uint8_t public_key[OG_PUBLIC_KEY_BYTES],
                                             struct og_audit_key *out, struct og_err *err);
/* As text, to be given to those who verify; and back, from the first line. */
void og_audit_key_write(const struct og_audit_key *key, struct og_buf *out);
OG_MUST_CHECK enum og_code og_audit_key_read(struct og_str text, struct og_audit_key *out,
                                             struct og_err *err);

/* Appends the signed note. signer  the signing key; `key` is its public half */
void og_audit_checkpoint_write(const struct og_audit_checkpoint *checkpoint,
                               const struct og_audit_key *key, const struct og_signing_key *signer,
                               struct og_buf *out);
/*
 * Read the note at the start of the text and check its signature. *used_out: bytes that it takes,
 * with one empty line behind it. Other signatures (witnesses) are passed over.
 * Errors  OG_E_INVALID (form, origin), OG_E_UNAUTHORIZED (no signature of this key, or a wrong one)
 */
OG_MUST_CHECK enum og_code og_audit_checkpoint_read(struct og_str text,
                                                    const struct og_audit_key *key,
                                                    struct og_audit_checkpoint *out,
                                                    size_t *used_out, struct og_err *err);
