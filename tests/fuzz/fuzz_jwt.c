/*
 * Fuzzes the reading of JWTs: nothing but what was signed here may be read, and that is one token.
 */
#include <stdint.h>
#include <stdlib.h>

#include "api/auth/jose.h"

#define NOW INT64_C(1798761600000)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t bytes[OG_KEY_BYTES] = {7};
    const struct og_token_pair pair = {
        .id = OG_STR("aaaaaaaaaaaaaaaaaaaaa"), .account_id = OG_STR("account"),
        .scopes = OG_STR("all:any"), .created_at = NOW, .access_ends_at = NOW + 900000,
    };
    static bool is_ready;
    if (!is_ready && og_crypto_init(NULL) != OG_OK) {
        abort();
    }
    is_ready = true;
    struct og_arena mem;
    struct og_key key;
    struct og_str jti, text = {(const char *)data, size};
    og_arena_init(&mem, 0);
    og_key_from_bytes(bytes, &key);
    struct og_str right = og_jwt_write(&key, &pair, OG_JWT_ACCESS, &mem);
    if (!og_jwt_read(&key, right, NOW, false, &mem, &jti) ||
        (og_jwt_read(&key, text, NOW, true, &mem, &jti) && !og_str_eq(text, right))) {
        abort();
    }
    og_arena_finish(&mem);
    return 0;
}
