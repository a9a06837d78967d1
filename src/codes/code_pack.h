/*
 * A record as bytes, for where it leaves this process: memcached's values and the snapshot of the
 * store in memory. All that is in it is a keyed digest, a sealed copy and counters.
 *
 *   version 1 | key id 4 | digest 32 | length 1 | letters 1 | attempts 2 | end 8 | sealed length 2
 * |
 *   sealed       (numbers big endian, the end in UTC milliseconds)
 */
#pragma once

#include "codes/code_rules.h"

#define OG_CODE_PACK_MAX_BYTES (51 + OG_CODE_SEALED_MAX_BYTES)

/* Returns how many bytes were written. */
size_t og_code_pack(const struct og_code_body *body, int64_t ends_at,
                    char out[OG_CODE_PACK_MAX_BYTES]);
/* False when they are not such a record, to the last byte. */
bool og_code_unpack(struct og_str bytes, struct og_code_body *out, int64_t *ends_at);
