/*
 * The few things that are needed of a zip file: its end, its directory, and small entries. The door
 * to zlib.
 *
 * Source: PKWARE APPNOTE 4.3; domain notes 1.5. Android reads no zip64 and no encrypted entries,
 * and neither do we. One thread at a time.
 */
#pragma once

#include "apphash/input.h"

#define OG_ZIP_DIRECTORY_BYTES_MAX (32u * 1024 * 1024)

struct og_zip {
    const struct og_input *input;
    uint64_t directory_at;
    struct og_str directory;
    unsigned entry_count; /* as the end of the file says */
};

struct og_zip_entry {
    struct og_str name;
    uint16_t flags, method;
    uint32_t crc, packed_bytes, size_bytes, local_at;
};

/* input  borrowed as long as the zip is used. Errors: OG_E_INVALID, OG_E_TOO_LARGE, "file" */
OG_MUST_CHECK enum og_code og_zip_open(struct og_zip *self, const struct og_input *input,
                                       struct og_arena *mem, struct og_err *err);

/* Calls fn for each entry until it returns false. False when the directory is damaged; fn may then
 * have seen the entries before. */
bool og_zip_each(const struct og_zip *self,
                 bool (*fn)(void *ctx, const struct og_zip_entry *entry), void *ctx);

/*
 * The content of an entry; its length and checksum are as the directory says.
 * max_bytes  packed or not, an entry over it is refused unread
 * Errors     OG_E_INVALID, OG_E_TOO_LARGE, "file"
 */
OG_MUST_CHECK enum og_code og_zip_read(const struct og_zip *self, const struct og_zip_entry *entry,
                                       size_t max_bytes, struct og_arena *mem, struct og_str *out,
                                       struct og_err *err);
