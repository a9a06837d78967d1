/*
 * The room wants bytes from outside to be a whole window or nothing. Which numbers it holds does
 * not matter: any of them is a count.
 */
#include "codes/count_pack.h"

#define VERSION 2 /* 1 is a code's: neither is taken for the other */

static char *
put_number(char *at, uint64_t value, int bytes)
{
    for (int i = bytes - 1; i >= 0; i--) {
        *at++ = (char)(value >> (8 * i));
    }
    return at;
}

static uint64_t
take_number(const char **at, int bytes)
{
    uint64_t value = 0;
    for (int i = 0; i < bytes; i++) {
        value = value << 8 | (unsigned char)*(*at)++;
    }
    return value;
}

void
og_count_pack(const struct og_count_window *from, char out[OG_COUNT_PACK_BYTES])
{
    char *at = put_number(out, VERSION, 1);
    at = put_number(at, (uint64_t)from->window.last_step, 8);
    for (int i = 0; i <= OG_COUNT_STEPS; i++) {
        at = put_number(at, from->counts[i], 4);
    }
}

bool
og_count_unpack(struct og_str bytes, int64_t step_max, struct og_count_window *out)
{
    const char *at = bytes.ptr;
    *out = (struct og_count_window){.window.counts = out->counts};
    if (bytes.len != OG_COUNT_PACK_BYTES || take_number(&at, 1) != VERSION) {
        return false;
    }
    const uint64_t last_step = take_number(&at, 8);
    if (last_step > (uint64_t)step_max) {
        return false;
    }
    out->window.last_step = (int64_t)last_step;
    for (int i = 0; i <= OG_COUNT_STEPS; i++) {
        out->counts[i] = (uint32_t)take_number(&at, 4);
    }
    return true;
}
