/*
 * Fuzzes the reader of binary manifests. What comes out must be short and printable.
 */
#include <stdint.h>
#include <stdlib.h>

#include "apphash/manifest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct og_arena mem;
    og_arena_init(&mem, 0);
    struct og_str package = og_manifest_package((struct og_str){(const char *)data, size}, &mem);
    for (size_t i = 0; i < package.len; i++) {
        if (package.len > 255 || package.ptr[i] < 0x20 || package.ptr[i] > 0x7e) {
            abort();
        }
    }
    og_arena_finish(&mem);
    return 0;
}
