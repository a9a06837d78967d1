/*
 * An entry: one event as a line of JSON, with its number, its time and the hash of the entry
 * before. Members stand in the order of the alphabet, without spaces; those that are empty are left
 * out. The line is hashed as it is and never written anew.
 *
 *   {"account":"…","actor":"…","country":"DE","detail":"…","id":"…","ip":"…",
 *    "kind":"otp.check.wrong",
 *    "prev":"<64 hex>","purpose":"login","reason":"…","request":"…","seq":7,"subject":"…",
 *    "to":"+49 ••••••• 78","ts":"2026-01-02T03:04:05.120Z"}
 */
#pragma once

#include "audit/chain.h"
#include "audit/event.h"
#include "base/arena.h"
#include "base/err.h"

#define OG_AUDIT_LINE_MAX 32768 /* bytes; eleven fields of 256, each byte escaped as six at worst */

struct og_audit_entry {
    int64_t seq;
    int64_t at_ms;
    uint8_t prev[OG_DIGEST_BYTES];
    struct og_audit_event event;
    struct og_str kind_name; /* also of kinds that this version does not know */
    bool is_known;           /* event.kind is right */
};

/* Appends the line. event.subject and all others are taken as they are, cut to their maximum. */
void og_audit_entry_write(const struct og_audit_entry *entry, struct og_buf *out);

/* Read a line. Strings in `mem`. Errors: OG_E_INVALID, with what is wrong. */
OG_MUST_CHECK enum og_code og_audit_entry_read(struct og_str line, struct og_arena *mem,
                                               struct og_audit_entry *out, struct og_err *err);
