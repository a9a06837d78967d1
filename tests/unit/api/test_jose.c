/*
 * JWTs written and read again: times, periods of keys, other keys, every bit of a signature.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "api/auth/jose.h"

#define DAY_MS INT64_C(86400000)
#define PERIOD_MS (30 * DAY_MS)
#define NOON (INT64_C(700) * PERIOD_MS + DAY_MS)

struct world {
    struct og_arena mem;
    struct og_key key, other;
    struct og_token_pair pair;
};

static int
set_up(void **state)
{
    static struct world w;
    const uint8_t bytes[OG_KEY_BYTES] = {1, 2, 3}, others[OG_KEY_BYTES] = {3, 2, 1};
    og_arena_init(&w.mem, 0);
    og_key_from_bytes(bytes, &w.key);
    og_key_from_bytes(others, &w.other);
    w.pair = (struct og_token_pair){
        .id = OG_STR("aaaaaaaaaaaaaaaaaaaaa"),
        .refresh_id = OG_STR("rrrrrrrrrrrrrrrrrrrrr"),
        .account_id = OG_STR("account"),
        .scopes = OG_STR("messages:send otp:start"),
        .created_at = NOON,
        .access_ends_at = NOON + 900000,
        .ends_at = NOON + PERIOD_MS,
    };
    *state = &w;
    return 0;
}

static int
tear_down(void **state)
{
    og_arena_finish(&((struct world *)*state)->mem);
    return 0;
}

static bool
reads(struct world *w, struct og_str token, int64_t now_ms, const char *jti)
{
    struct og_str out;
    if (!og_jwt_read(&w->key, token, now_ms, false, &w->mem, &out)) {
        assert_int_equal(out.len, 0);
        return false;
    }
    assert_true(og_str_eq(out, og_str_from(jti)));
    return true;
}

static void
tokens_are_read_while_they_live(void **state)
{
    struct world *w = *state;
    struct og_str access = og_jwt_write(&w->key, &w->pair, OG_JWT_ACCESS, &w->mem);
    struct og_str refresh = og_jwt_write(&w->key, &w->pair, OG_JWT_REFRESH, &w->mem);
    assert_true(og_jwt_is_like(access) && og_jwt_is_like(refresh));
    assert_true(reads(w, access, NOON, "aaaaaaaaaaaaaaaaaaaaa"));
    assert_true(reads(w, access, NOON + 899000, "aaaaaaaaaaaaaaaaaaaaa"));
    assert_false(reads(w, access, NOON + 900000, ""));
    assert_true(reads(w, access, NOON - 60000, "aaaaaaaaaaaaaaaaaaaaa"));
    assert_false(reads(w, access, NOON - 61000, ""));
    assert_true(reads(w, refresh, NOON + PERIOD_MS - 1000, "rrrrrrrrrrrrrrrrrrrrr"));
    assert_false(reads(w, refresh, NOON + PERIOD_MS, ""));
    struct og_str jti;
    assert_true(og_jwt_read(&w->key, refresh, NOON + PERIOD_MS, true, &w->mem, &jti));
}

static void
keys_change_with_the_period(void **state)
{
    struct world *w = *state;
    struct og_str jti;
    struct og_str now = og_jwt_write(&w->key, &w->pair, OG_JWT_ACCESS, &w->mem);
    w->pair.created_at += PERIOD_MS;
    struct og_str next = og_jwt_write(&w->key, &w->pair, OG_JWT_ACCESS, &w->mem);
    assert_false(og_str_eq(og_str_slice(now, 0, 50), og_str_slice(next, 0, 50)));
    assert_true(og_jwt_read(&w->key, now, NOON + PERIOD_MS, true, &w->mem, &jti));
    assert_false(og_jwt_read(&w->key, now, NOON + 2 * PERIOD_MS, true, &w->mem, &jti));
    assert_false(og_jwt_read(&w->key, next, NOON, true, &w->mem, &jti));
}

static void
other_keys_and_changed_bytes_are_refused(void **state)
{
    struct world *w = *state;
    struct og_str jti;
    struct og_str token = og_jwt_write(&w->key, &w->pair, OG_JWT_ACCESS, &w->mem);
    assert_false(og_jwt_read(&w->other, token, NOON, false, &w->mem, &jti));
    char *bytes = (char *)og_str_cstr(&w->mem, token);
    for (size_t i = 0; i < token.len; i++) {
        char was = bytes[i];
        bytes[i] = was == 'A' ? 'B' : 'A';
        assert_false(reads(w, (struct og_str){bytes, token.len}, NOON, ""));
        bytes[i] = was;
    }
    assert_false(reads(w, og_str_slice(token, 0, token.len - 1), NOON, ""));
    assert_true(reads(w, token, NOON, "aaaaaaaaaaaaaaaaaaaaa"));
}

static void
what_is_no_jwt_is_not_tried(void **state)
{
    (void)state;
    static const char *const texts[] = {"", "og_abc", "ey", "ey.a", "ey.a.b.c", "a.b.c", "..",
                                        "Ey.a.b"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        assert_false(og_jwt_is_like(og_str_from(texts[i])));
    }
    assert_true(og_jwt_is_like(OG_STR("ey.a.b")));
}

int
main(void)
{
    if (og_crypto_init(NULL) != OG_OK) {
        return 1;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(tokens_are_read_while_they_live, set_up, tear_down),
        cmocka_unit_test_setup_teardown(keys_change_with_the_period, set_up, tear_down),
        cmocka_unit_test_setup_teardown(other_keys_and_changed_bytes_are_refused, set_up,
                                        tear_down),
        cmocka_unit_test(what_is_no_jwt_is_not_tried),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
