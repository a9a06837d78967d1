/*
 * The tree against RFC 9162's definition, computed from all leaves, and vectors of its reference
 * code.
 */
#include "tests/unit/audit/audit_fixture.h"

/* MTH of section 2.1.1, straight from the text. */
static void
root_by_definition(const uint8_t (*hashes)[OG_DIGEST_BYTES], size_t count,
                   uint8_t out[OG_DIGEST_BYTES])
{
    uint8_t both[2][OG_DIGEST_BYTES];
    size_t k = 1;
    if (count <= 1) {
        memcpy(out, hashes[0], OG_DIGEST_BYTES);
        return;
    }
    while (k * 2 < count) {
        k *= 2;
    }
    root_by_definition(hashes, k, both[0]);
    root_by_definition(hashes + k, count - k, both[1]);
    og_sha256_tagged(1, (struct og_str){(const char *)both, sizeof both}, out);
}

static void
test_roots_are_those_of_the_definition(void **state)
{
    enum { MANY = 130 };
    static uint8_t hashes[MANY][OG_DIGEST_BYTES];
    struct og_audit_chain chain = {0};
    uint8_t root[OG_DIGEST_BYTES], expected[OG_DIGEST_BYTES];
    (void)state;
    for (size_t i = 0; i < MANY; i++) {
        char line[32];
        int len = snprintf(line, sizeof line, "entry %zu", i);
        og_audit_hash((struct og_str){line, (size_t)len}, hashes[i]);
        og_audit_chain_add(&chain, hashes[i]);
        og_audit_chain_root(&chain, root);
        root_by_definition(hashes, i + 1, expected);
        assert_memory_equal(root, expected, sizeof root);
        assert_memory_equal(chain.last, hashes[i], sizeof root);
    }
}

/* The test vectors of certificate transparency's reference tree: leaves "", 0x00, 0x10, 0x20 0x21.
 */
static void
test_roots_are_those_of_the_reference(void **state)
{
    static const struct {
        struct og_str leaf;
        const char *root;
    } steps[] = {
        {{"", 0}, "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"},
        {{"\x00", 1}, "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"},
        {{"\x10", 1}, "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77"},
        {{"\x20\x21", 2}, "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"},
    };
    struct og_audit_chain chain = {0};
    char hex[OG_DIGEST_HEX_CHARS + 1];
    uint8_t bytes[OG_DIGEST_BYTES];
    (void)state;
    og_audit_chain_root(&chain, bytes);
    og_hex(bytes, sizeof bytes, hex);
    assert_string_equal(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        og_audit_hash(steps[i].leaf, bytes);
        og_audit_chain_add(&chain, bytes);
        og_audit_chain_root(&chain, bytes);
        og_hex(bytes, sizeof bytes, hex);
        assert_string_equal(hex, steps[i].root);
    }
}

static void
test_a_stored_head_goes_on_as_the_chain_would(void **state)
{
    struct og_audit_chain chain = {0}, restored;
    uint8_t hash[OG_DIGEST_BYTES] = {0};
    (void)state;
    for (int i = 0; i < 70; i++) {
        hash[0] = (uint8_t)i;
        og_audit_chain_add(&chain, hash);
        struct og_str last = {(const char *)chain.last, sizeof chain.last};
        assert_true(og_audit_chain_restore(&restored, chain.size, last,
                                           og_audit_chain_peaks(&chain)));
        og_audit_chain_add(&restored, hash);
        struct og_audit_chain next = chain;
        og_audit_chain_add(&next, hash);
        uint8_t roots[2][OG_DIGEST_BYTES];
        og_audit_chain_root(&restored, roots[0]);
        og_audit_chain_root(&next, roots[1]);
        assert_memory_equal(roots[0], roots[1], OG_DIGEST_BYTES);
        assert_false(og_audit_chain_restore(&restored, chain.size + 1, last,
                                            og_audit_chain_peaks(&chain)) &&
                     __builtin_popcountll((unsigned long long)chain.size) !=
                         __builtin_popcountll((unsigned long long)chain.size + 1));
    }
    assert_false(og_audit_chain_restore(&restored, -1, OG_STR(""), OG_STR("")));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_roots_are_those_of_the_definition),
        cmocka_unit_test(test_roots_are_those_of_the_reference),
        cmocka_unit_test(test_a_stored_head_goes_on_as_the_chain_would),
    };
    return cmocka_run_group_tests(tests, start_crypto, NULL);
}
