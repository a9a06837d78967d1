/*
 * The 11-character app hash that Android's SMS Retriever looks for. Pure and thread-safe.
 *
 * Source: domain notes section 1.1: base64 of the first 9 bytes of SHA-256(package, a space, the
 * signing certificate's DER in lower-case hex), cut to 11 characters.
 */
#pragma once

#include "base/err.h"
#include "base/str.h"

#define OG_APPHASH_CHARS 11
#define OG_APPHASH_SIGNERS_MAX 10
#define OG_PACKAGE_CHARS_MAX 255

/*
 * package       the caller has checked that it can be one
 * certificates  DER; one. Several, in their order, give what Android's framework computes for an
 *               app that they sign together; Play services refuses such an app
 * Errors        OG_E_INVALID "package" (empty, too long), "certificate" (none, empty, too long)
 */
OG_MUST_CHECK enum og_code og_apphash(struct og_str package, struct og_str_list certificates,
                                      char out[OG_APPHASH_CHARS + 1], struct og_err *err);
