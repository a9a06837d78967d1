/*
 * The cache of verified credentials: hits, staleness, bounds, and that nothing old survives a
 * change.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "cache/credential_cache.h"

#define AGE_MS 1000
#define NOW INT64_C(1767268800000)

static void
make_key(uint32_t n, uint8_t out[OG_DIGEST_BYTES])
{
    memset(out, 0x5a, OG_DIGEST_BYTES);
    memcpy(out, &n, sizeof n);
}

static void
put(struct og_credential_cache *cache, uint32_t n, const uint8_t *proof, uint64_t epoch,
    int64_t expires_at)
{
    uint8_t key[OG_DIGEST_BYTES];
    char login[16];
    snprintf(login, sizeof login, "LOGIN%u", n);
    make_key(n, key);
    const struct og_identity identity = {
        .kind = OG_IDENTITY_BASIC,
        .scopes = n,
        .custom_code = n % 2,
        .expires_at = expires_at,
        .account_id = OG_STR("account"),
        .credential_id = OG_STR("credential"),
        .login = og_str_from(login),
        .brand = OG_STR("Brand"),
    };
    og_credential_cache_put(cache, key, &identity, proof, epoch, 0);
}

static enum og_cache_verdict
get(struct og_credential_cache *cache, uint32_t n, int64_t mono_ms, struct og_identity *out,
    uint8_t proof[OG_DIGEST_BYTES])
{
    uint8_t key[OG_DIGEST_BYTES];
    struct og_identity unused;
    uint8_t no_proof[OG_DIGEST_BYTES];
    make_key(n, key);
    return og_credential_cache_get(cache, key, NOW + mono_ms, mono_ms, out ? out : &unused,
                                   proof ? proof : no_proof);
}

static void
what_was_put_comes_back(void **state)
{
    (void)state;
    struct og_credential_cache *cache = og_credential_cache_create(10, AGE_MS);
    struct og_identity out;
    assert_int_equal(get(cache, 7, 0, &out, NULL), OG_CACHE_MISS);
    put(cache, 7, NULL, og_credential_epoch(), 0);
    assert_int_equal(get(cache, 7, 1, &out, NULL), OG_CACHE_HIT);
    assert_int_equal(out.kind, OG_IDENTITY_BASIC);
    assert_int_equal(out.scopes, 7);
    assert_true(out.custom_code);
    assert_true(og_str_eq(out.account_id, OG_STR("account")));
    assert_true(og_str_eq(out.credential_id, OG_STR("credential")));
    assert_true(og_str_eq(out.login, OG_STR("LOGIN7")));
    assert_true(og_str_eq(out.brand, OG_STR("Brand")));
    assert_int_equal(out.device_id.len, 0);
    put(cache, 7, NULL, og_credential_epoch(), 0);
    assert_int_equal(og_credential_cache_count(cache), 1);
    og_credential_cache_destroy(cache);
}

static void
a_change_makes_all_stale(void **state)
{
    (void)state;
    struct og_credential_cache *cache = og_credential_cache_create(10, AGE_MS);
    uint8_t proof[OG_DIGEST_BYTES], back[OG_DIGEST_BYTES] = {0};
    memset(proof, 0x33, sizeof proof);
    put(cache, 1, NULL, og_credential_epoch(), 0);
    put(cache, 2, proof, og_credential_epoch(), 0);
    og_credential_epoch_bump();
    assert_int_equal(get(cache, 1, 0, NULL, NULL), OG_CACHE_MISS);
    assert_int_equal(get(cache, 2, 0, NULL, back), OG_CACHE_STALE);
    assert_memory_equal(back, proof, sizeof proof);
    assert_int_equal(og_credential_cache_count(cache), 1); /* the one without proof has gone */
    og_credential_cache_destroy(cache);
}

/* The rows were read before the change was committed: what they said must not be believed after
 * it. */
static void
what_was_read_before_a_change_is_not_kept(void **state)
{
    (void)state;
    struct og_credential_cache *cache = og_credential_cache_create(10, AGE_MS);
    uint8_t proof[OG_DIGEST_BYTES] = {1};
    uint64_t before = og_credential_epoch();
    og_credential_epoch_bump();
    put(cache, 1, NULL, before, 0);
    put(cache, 2, proof, before, 0);
    assert_int_equal(get(cache, 1, 0, NULL, NULL), OG_CACHE_MISS);
    assert_int_equal(get(cache, 2, 0, NULL, NULL), OG_CACHE_STALE);
    og_credential_cache_destroy(cache);
}

static void
time_ends_entries(void **state)
{
    (void)state;
    struct og_credential_cache *cache = og_credential_cache_create(10, AGE_MS);
    put(cache, 1, NULL, og_credential_epoch(), 0);
    put(cache, 2, NULL, og_credential_epoch(), NOW + 100);
    assert_int_equal(get(cache, 2, 99, NULL, NULL), OG_CACHE_HIT);
    assert_int_equal(get(cache, 2, 100, NULL, NULL), OG_CACHE_MISS);
    assert_int_equal(get(cache, 1, AGE_MS - 1, NULL, NULL), OG_CACHE_HIT);
    assert_int_equal(get(cache, 1, AGE_MS, NULL, NULL), OG_CACHE_MISS);
    og_credential_cache_destroy(cache);
}

static void
the_least_recently_used_goes_first(void **state)
{
    (void)state;
    struct og_credential_cache *cache = og_credential_cache_create(3, AGE_MS);
    for (uint32_t n = 1; n <= 3; n++) {
        put(cache, n, NULL, og_credential_epoch(), 0);
    }
    assert_int_equal(get(cache, 1, 0, NULL, NULL), OG_CACHE_HIT);
    put(cache, 4, NULL, og_credential_epoch(), 0);
    assert_int_equal(og_credential_cache_count(cache), 3);
    assert_int_equal(get(cache, 2, 0, NULL, NULL), OG_CACHE_MISS);
    assert_int_equal(get(cache, 1, 0, NULL, NULL), OG_CACHE_HIT);
    assert_int_equal(get(cache, 3, 0, NULL, NULL), OG_CACHE_HIT);
    assert_int_equal(get(cache, 4, 0, NULL, NULL), OG_CACHE_HIT);
    for (uint32_t n = 100; n < 10100; n++) {
        put(cache, n, NULL, og_credential_epoch(), 0);
    }
    assert_int_equal(og_credential_cache_count(cache), 3);
    og_credential_cache_destroy(cache);
}

static void
an_entry_can_be_dropped(void **state)
{
    (void)state;
    struct og_credential_cache *cache = og_credential_cache_create(3, AGE_MS);
    uint8_t key[OG_DIGEST_BYTES];
    put(cache, 1, NULL, og_credential_epoch(), 0);
    make_key(1, key);
    og_credential_cache_drop(cache, key);
    og_credential_cache_drop(cache, key);
    assert_int_equal(get(cache, 1, 0, NULL, NULL), OG_CACHE_MISS);
    og_credential_cache_destroy(cache);
    og_credential_cache_destroy(NULL);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_put_comes_back),
        cmocka_unit_test(a_change_makes_all_stale),
        cmocka_unit_test(what_was_read_before_a_change_is_not_kept),
        cmocka_unit_test(time_ends_entries),
        cmocka_unit_test(the_least_recently_used_goes_first),
        cmocka_unit_test(an_entry_can_be_dropped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
