/*
 * Fuzzes the readers of key stores and certificates: the first byte says whether the password of
 * the corpus is known, the rest is the file.
 */
#include <stdint.h>
#include <stdlib.h>

#include "apphash/signing.h"

#define CHECK(cond)                                                                               \
    do {                                                                                          \
        if (!(cond)) {                                                                            \
            abort();                                                                              \
        }                                                                                         \
    } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct og_signing signing;
    struct og_input input;
    struct og_secret password;
    struct og_arena mem;
    struct og_err err = {0};
    if (size == 0) {
        return 0;
    }
    CHECK(og_secret_set(&password, OG_STR("changeit")));
    og_arena_init(&mem, 0);
    og_input_over(&input, (struct og_str){(const char *)data + 1, size - 1});
    if (og_signing_read(&input, data[0] & 1 ? &password : NULL, &mem, &signing, &err) == OG_OK) {
        CHECK(signing.count > 0 && signing.count <= OG_SIGNING_CERTS_MAX);
        for (size_t i = 0; i < signing.count; i++) {
            CHECK(og_str_is_utf8(signing.certs[i].alias));
        }
    } else {
        CHECK(err.text[0] != '\0');
    }
    og_arena_finish(&mem);
    return 0;
}
