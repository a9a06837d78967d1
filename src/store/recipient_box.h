/*
 * The recipients of a message as the bytes that are sealed into its row: per recipient one byte
 * state, one byte flags (1: assumed), then number and error, each with its length in two bytes, big
 * endian.
 */
#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "core/message.h"

void og_recipients_pack(const struct og_message_recipient *items, size_t count,
                        struct og_buf *out);
/* Strings are borrowed from `packed`. Errors: OG_E_INTERNAL when the bytes are not ours. */
OG_MUST_CHECK enum og_code og_recipients_unpack(struct og_str packed, struct og_arena *mem,
                                                struct og_message_recipient **items_out,
                                                size_t *count_out, struct og_err *err);
