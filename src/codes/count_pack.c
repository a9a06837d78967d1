/*
 * The room wants bytes from outside to be a whole window or nothing. Which numbers it holds does
 * not matter: any of them is a count.
 */
#include "codes/count_pack.h"

#include "codes/pack_number.h"

#define VERSION 2 /* 1 is a code's: neither is taken for the other */

void
og_count_pack(const struct og_count_window *from, char out[OG_COUNT_PACK_BYTES])
{
    char *at = og_pack_number(out, VERSION, 1);
    at = og_pack_number(at, (uint64_t)from->window.last_step, 8);
    for (int i = 0; i <= OG_COUNT_STEPS; i++) {
        at = og_pack_number(at, from->counts[i], 4);
    }
}

bool
og_count_unpack(struct og_str bytes, int64_t step_max, struct og_count_window *out)
{
    const char *at = bytes.ptr;
    *out = (struct og_count_window){.window.counts = out->counts};
    if (bytes.len != OG_COUNT_PACK_BYTES || og_unpack_number(&at, 1) != VERSION) {
        return false;
    }
    const uint64_t last_step = og_unpack_number(&at, 8);
    if (last_step > (uint64_t)step_max) {
        return false;
    }
    out->window.last_step = (int64_t)last_step;
    for (int i = 0; i <= OG_COUNT_STEPS; i++) {
        out->counts[i] = (uint32_t)og_unpack_number(&at, 4);
    }
    return true;
}
