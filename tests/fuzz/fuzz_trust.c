/*
 * Fuzzes the reader of authorities in PEM. What is taken holds as many certificates as it says,
 * each with a name that is text and an end in the time to come.
 */
#include <stdint.h>
#include <stdlib.h>

#include "base/trust.h"

#define NOW_MS INT64_C(1767323045000)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct og_trust_entry *items;
    size_t count;
    struct og_err err = {0};
    struct og_arena mem;
    og_arena_init(&mem, 0);
    if (og_trust_read((struct og_str){(const char *)data, size}, NOW_MS, "ca", &mem, &items,
                      &count, &err) == OG_OK) {
        if (count == 0 || count > OG_TRUST_COUNT_MAX) {
            abort();
        }
        for (size_t i = 0; i < count; i++) {
            if (items[i].ends_at <= NOW_MS || !og_str_is_utf8(items[i].subject)) {
                abort();
            }
        }
    } else if (!err.text[0]) {
        abort();
    }
    og_arena_finish(&mem);
    return 0;
}
