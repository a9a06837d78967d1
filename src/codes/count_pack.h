/*
 * The window of a count as a value of memcached:
 *
 *   version 1 | newest step 8 | how much there was in each of the steps 31 * 4  (big endian)
 */
#pragma once

#include "base/str.h"
#include "base/window.h"
#include "codes/count_store.h"

#define OG_COUNT_PACK_BYTES (1 + 8 + 4 * (OG_COUNT_STEPS + 1))

struct og_count_window {
    struct og_window window; /* its counts are those behind it */
    uint32_t counts[OG_COUNT_STEPS + 1];
};

void og_count_pack(const struct og_count_window *from, char out[OG_COUNT_PACK_BYTES]);
/* False when it is no such value, or one whose newest step is after step_max, which no clock of
 * ours has written; `out` is then an empty window. */
bool og_count_unpack(struct og_str bytes, int64_t step_max, struct og_count_window *out);
