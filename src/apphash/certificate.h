/*
 * X.509 certificates as their exact DER bytes: out of the files that people have, out of a JAR
 * signature, and what is in them. The door to OpenSSL's readers of X.509, PEM and PKCS#7.
 *
 * Pure and thread-safe. What is handed out lives in `mem`.
 */
#pragma once

#include "base/arena.h"
#include "base/crypto.h"
#include "base/err.h"

#define OG_CERTIFICATE_BYTES_MAX 65536

/* Is this one certificate and nothing else? Errors: OG_E_INVALID "certificate" */
OG_MUST_CHECK enum og_code og_certificate_check(struct og_str der, struct og_err *err);

/*
 * data  PEM with one certificate, DER, or DER in hex digits (with or without colons and spaces)
 * der   byte for byte as it was signed
 * Errors  OG_E_INVALID "certificate" with the likely mistake
 */
OG_MUST_CHECK enum og_code og_certificate_read(struct og_str data, struct og_arena *mem,
                                               struct og_str *der, struct og_err *err);

/* The certificate of whoever made a PKCS#7 signature (META-INF/X.RSA), which need not be the first
 * in it. Borrowed from the signature.
 * Errors  OG_E_INVALID, OG_E_UNPROCESSABLE (several signers) "file" */
OG_MUST_CHECK enum og_code og_certificate_of_signature(struct og_str pkcs7, struct og_str *der,
                                                       struct og_err *err);

struct og_certificate {
    struct og_str der;
    struct og_str subject;    /* RFC 2253, UTF-8 without control characters; cut when very long */
    struct og_str public_key; /* SubjectPublicKeyInfo, DER */
    uint8_t sha256[OG_DIGEST_BYTES];
    int64_t not_before_at, not_after_at; /* UTC ms */
    bool is_debug; /* made by Android's tools for debug builds: CN=Android Debug */
};

/* der  checked; kept in `out` */
OG_MUST_CHECK enum og_code og_certificate_describe(struct og_str der, struct og_arena *mem,
                                                   struct og_certificate *out,
                                                   struct og_err *err);
