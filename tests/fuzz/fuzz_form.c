/*
 * Fuzzes form decoding. A value must be UTF-8 without control bytes, no longer than its body, and
 * come back when it is encoded again.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "api/form.h"

static void
check_value(struct og_str value, struct og_arena *mem)
{
    char *text = og_arena_alloc(mem, 3 * value.len + 1);
    struct og_str again;
    for (size_t i = 0; i < value.len; i++) {
        snprintf(text + 3 * i, 4, "%%%02x", (unsigned char)value.ptr[i]);
        if ((unsigned char)value.ptr[i] < 0x20) {
            abort();
        }
    }
    if (!og_str_is_utf8(value) ||
        !og_form_decode((struct og_str){text, 3 * value.len}, mem, &again) ||
        !og_str_eq(value, again)) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct og_arena mem;
    struct og_err err;
    struct og_str a, scope;
    const struct og_form_field fields[] = {{"a", &a}, {"scope", &scope}};
    og_arena_init(&mem, 0);
    if (og_form_read((struct og_str){(const char *)data, size}, fields, 2, &mem, &err) == OG_OK) {
        check_value(a, &mem);
        check_value(scope, &mem);
    }
    og_arena_finish(&mem);
    return 0;
}
