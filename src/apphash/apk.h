/*
 * Apps (APK) and app bundles (AAB): which certificates sign them, by the newest scheme that is
 * there, and the package that the manifest names.
 *
 * One thread at a time. Source: domain notes 1.5.
 */
#pragma once

#include "apphash/signing.h"

/* As og_signing_read, for a file that begins like a zip file. */
OG_MUST_CHECK enum og_code og_apk_read(const struct og_input *input, struct og_arena *mem,
                                       struct og_signing *out, struct og_err *err);
