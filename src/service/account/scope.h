/*
 * What a credential may do. Scopes are stored and shown by name and carried as bits. Names of the
 * third-party API are sms-gate.app's (wire/smsgate.md section 5); the others are ours.
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
    OG_SCOPE_MESSAGES_LIST = 1 << 7,
    OG_SCOPE_MESSAGES_CANCEL = 1 << 8,
    OG_SCOPE_MESSAGES_EXPORT = 1 << 9,
    OG_SCOPE_DEVICES_LIST = 1 << 10,
    OG_SCOPE_DEVICES_DELETE = 1 << 11,
    OG_SCOPE_SETTINGS_READ = 1 << 12,
    OG_SCOPE_SETTINGS_WRITE = 1 << 13,
    OG_SCOPE_WEBHOOKS_LIST = 1 << 14,
    OG_SCOPE_WEBHOOKS_WRITE = 1 << 15,
    OG_SCOPE_WEBHOOKS_DELETE = 1 << 16,
    OG_SCOPE_INBOX_LIST = 1 << 17,
    OG_SCOPE_INBOX_READ = 1 << 18,
    OG_SCOPE_INBOX_REFRESH = 1 << 19,
    OG_SCOPE_LOGS_READ = 1 << 20,
    OG_SCOPE_TOKENS_MANAGE = 1 << 21,
    OG_SCOPE_ALL_ANY = 1 << 22,        /* all of an account's, but admin */
    OG_SCOPE_TOKENS_REFRESH = 1 << 23, /* what a refresh token has, and nobody can be given */
    OG_SCOPE_ALL = (1 << 23) - 1,
    /* What an account's login may do. */
    OG_SCOPE_ACCOUNT = OG_SCOPE_ALL & ~OG_SCOPE_ADMIN,
};

#define OG_SCOPE_COUNT 24
/* Room for all names with spaces between and a NUL. */
#define OG_SCOPES_TEXT_BYTES 400

/* The name of one bit: "otp:start". */
const char *og_scope_name(enum og_scope scope);
/* The bit of a name; false when there is none of that name, or it is not one to be given. */
bool og_scope_from_name(struct og_str name, uint32_t *out);
/* Names with one space between, in the order of the bits, as they are stored. */
void og_scopes_write(uint32_t scopes, char out[OG_SCOPES_TEXT_BYTES]);
/* Stored names back to bits. Unknown ones give no right. */
uint32_t og_scopes_read(struct og_str text);
/* What the scopes of a token permit: all:any stands for all of the account's. */
uint32_t og_scopes_of_token(uint32_t scopes);
/*
 * What the scopes of an API key permit. Keys have four wide names: messages:send includes
 * messages:cancel, messages:read includes messages:list, devices:read includes devices:list, and
 * devices:write includes devices:delete. In tokens they are as narrow as sms-gate.app has them.
 */
uint32_t og_scopes_of_key(uint32_t scopes);
