/*
 * The APK Signing Block: where version 2 and later of Android's signatures stand, between the
 * entries and the directory of the zip file.
 *
 * Source: domain notes 1.5. One thread at a time.
 */
#pragma once

#include "apphash/zip.h"

#define OG_BLOCK_V2 0x7109871au
#define OG_BLOCK_V3 0xf05368c0u
#define OG_BLOCK_V31 0x1b93ad61u

struct og_signing_block {
    struct og_str v2, v3, v31; /* ptr NULL: not there */
};

/* All three empty when the file has no such block. Errors: OG_E_INVALID, OG_E_TOO_LARGE "file" */
OG_MUST_CHECK enum og_code og_signing_block_read(const struct og_zip *zip, struct og_arena *mem,
                                                 struct og_signing_block *out, struct og_err *err);
