/*
 * PKCS#12 key stores (.p12, .pfx, .keystore of JDK 9 and later). The certificates are usually
 * encrypted too, so that a password is needed; the keys are never decrypted. The door to OpenSSL's
 * PKCS#12.
 *
 * Old files encrypt with 40-bit RC2: OpenSSL's legacy provider is loaded for them, in a context of
 * its own. Thread-safe. Source: RFC 7292; domain notes 1.6.
 */
#pragma once

#include "apphash/signing.h"

bool og_pkcs12_is(struct og_str whole);

/*
 * As og_signing_read.
 * password  NULL: the empty one and none at all are tried
 * Errors    OG_E_UNAUTHORIZED "storepass"; OG_E_UNPROCESSABLE "file": asks for more work than any
 *           tool's own files, or for a cipher that is not there
 */
OG_MUST_CHECK enum og_code og_pkcs12_read(struct og_str whole, const struct og_secret *password,
                                          struct og_arena *mem, struct og_signing *out,
                                          struct og_err *err);
