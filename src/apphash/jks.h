/*
 * Java's own key stores, JKS and JCEKS. Their certificates are not encrypted, so no password is
 * needed; with one, the digest at the end says whether the file is as it was written.
 *
 * Pure and thread-safe. Source: domain notes 1.6.
 */
#pragma once

#include "apphash/signing.h"

bool og_jks_is(struct og_str whole);
bool og_jceks_is(struct og_str whole);

/* As og_signing_read; a key's certificate is the first of its chain. */
OG_MUST_CHECK enum og_code og_jks_read(struct og_str whole, const struct og_secret *password,
                                       struct og_arena *mem, struct og_signing *out,
                                       struct og_err *err);
