/*
 * What a credential may do. Scopes are stored and shown by name and carried as bits.
 *
 * Pure and thread-safe.
 */
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

enum og_scope {
    OG_SCOPE_NONE = 0,
    OG_SCOPE_OTP_START = 1 << 0,
    OG_SCOPE_OTP_CHECK = 1 << 1,
    OG_SCOPE_MESSAGES_SEND = 1 << 2,
    OG_SCOPE_MESSAGES_READ = 1 << 3,
    OG_SCOPE_DEVICES_READ = 1 << 4,
    OG_SCOPE_DEVICES_WRITE = 1 << 5,
    OG_SCOPE_ADMIN = 1 << 6,
    OG_SCOPE_ALL = (1 << 7) - 1,
};

#define OG_SCOPE_COUNT 7
/* Room for all names with spaces between and a NUL. */
#define OG_SCOPES_TEXT_BYTES 112

/* The name of one bit: "otp:start". */
const char *og_scope_name(enum og_scope scope);
/* The bit of a name; false when there is none of that name. */
bool og_scope_from_name(struct og_str name, uint32_t *out);
/* Names with one space between, in the order of the bits, as they are stored. */
void og_scopes_write(uint32_t scopes, char out[OG_SCOPES_TEXT_BYTES]);
/* Stored names back to bits. Unknown ones give no right. */
uint32_t og_scopes_read(struct og_str text);
