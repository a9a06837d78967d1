/*
 * Fuzzes solved challenges. The input is challenge, line feed, solution: nobody can make one that
 * we did not sign. Then it changes one of ours, at the place and to the byte that the input says:
 * whatever is changed, it is no longer ours.
 */
#include <stdint.h>
#include <stdlib.h>

#include "abuse/challenge.h"

#define ACCOUNT OG_STR("account")
#define NOON INT64_C(1767268800000)
#define BITS 0 /* every solution would do */

#define CHECK(cond)                                                                               \
    do {                                                                                          \
        if (!(cond)) {                                                                            \
            abort();                                                                              \
        }                                                                                         \
    } while (0)

static bool
is_solved(const struct og_key *key, struct og_str challenge, struct og_str solution)
{
    uint64_t id;
    return og_challenge_is_solved(key, ACCOUNT, BITS, NOON, challenge, solution, &id);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bool is_ready;
    const uint8_t bytes[OG_KEY_BYTES] = {1};
    const struct og_str input = {(const char *)data, size};
    const size_t feed = og_str_find(input, '\n');
    struct og_key key;
    char ours[OG_CHALLENGE_BYTES];

    CHECK(is_ready || og_crypto_init(NULL) == OG_OK);
    is_ready = true;
    og_key_from_bytes(bytes, &key);
    CHECK(!is_solved(&key, og_str_slice(input, 0, feed), og_str_slice(input, feed + 1, size)));
    og_challenge_make(&key, ACCOUNT, BITS, NOON, ours);
    CHECK(is_solved(&key, og_str_from(ours), OG_STR("1")));
    if (size >= 2) {
        const struct og_str changed = og_str_from(ours);
        char *place = &ours[data[0] % changed.len];
        const bool is_other = (uint8_t)*place != data[1];
        *place = (char)data[1];
        CHECK(is_solved(&key, changed, OG_STR("1")) != is_other);
    }
    return 0;
}
