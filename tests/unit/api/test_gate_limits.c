/*
 * Failed logins: limits per login and per source, what they spare, and where a call comes from.
 */
#include "tests/unit/api/gate_fixture.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define MAX 10
#define LOCK_MS (30 * 60 * 1000)

static const char *
wrong(struct world *w, int n)
{
    char password[32];
    snprintf(password, sizeof password, "wrong-password-%d", n);
    return basic(w, w->account.login, password);
}

static const char *
stranger(struct world *w, int n)
{
    char login[16];
    snprintf(login, sizeof login, "WHO%d", n);
    return basic(w, og_str_from(login), "whatever");
}

/* A peer of its own for each n. */
static const char *
peer_of(struct world *w, int n)
{
    return og_str_printf(&w->mem, "198.51.100.%d", n + 1).ptr;
}

static void
a_login_is_locked_from_everywhere(void **state)
{
    struct world *w = *state;
    const char *good = basic(w, w->account.login, w->password.bytes);
    for (int i = 0; i < MAX; i++) {
        assert_int_equal(try_from(w, &route_read, wrong(w, i), peer_of(w, i)),
                         OG_E_UNAUTHORIZED);
    }
    struct test_call *call = test_call_start(w, &route_read, wrong(w, 99), "203.0.113.1");
    test_call_wait(call);
    assert_int_equal(call->code, OG_E_LIMITED);
    assert_int_equal(call->err.retry_after_s, LOCK_MS / 1000);
    test_call_free(call);
    assert_int_equal(try_from(w, &route_read, good, "203.0.113.2"), OG_E_LIMITED);
    /* keys are not guessed: they pass */
    assert_int_equal(try_from(w, &route_read, bearer(w, &w->key), "203.0.113.2"), OG_OK);
    w->now_ms += LOCK_MS;
    assert_int_equal(try_from(w, &route_read, good, "203.0.113.2"), OG_OK);
}

static void
who_is_known_keeps_working(void **state)
{
    struct world *w = *state;
    const char *good = basic(w, w->account.login, w->password.bytes);
    assert_int_equal(try_from(w, &route_read, good, "203.0.113.1"), OG_OK);
    for (int i = 0; i <= MAX; i++) {
        assert_int_not_equal(try_from(w, &route_read, wrong(w, i), peer_of(w, i)), OG_OK);
    }
    assert_int_equal(try_from(w, &route_read, wrong(w, 99), "203.0.113.2"), OG_E_LIMITED);
    assert_int_equal(try_from(w, &route_read, good, "203.0.113.1"), OG_OK);
    og_credential_epoch_bump(); /* something else changed: the entry is renewed, not guessed anew */
    assert_int_equal(try_from(w, &route_read, good, "203.0.113.1"), OG_OK);
}

static void
test_req_87_a_source_is_locked_for_every_login(void **state)
{
    struct world *w = *state;
    const char *good = basic(w, w->account.login, w->password.bytes);
    assert_int_equal(try_from(w, &route_read, good, "203.0.113.1"), OG_OK);
    for (int i = 0; i < MAX; i++) {
        assert_int_equal(try_from(w, &route_read, stranger(w, i), "203.0.113.1"),
                         OG_E_UNAUTHORIZED);
    }
    assert_int_equal(try_from(w, &route_read, stranger(w, 98), "203.0.113.1"), OG_E_LIMITED);
    /* even a right one, or trying on would tell */
    assert_int_equal(try_from(w, &route_read, good, "203.0.113.1"), OG_E_LIMITED);
    assert_int_equal(try_from(w, &route_join, "Code abcdef", "203.0.113.1"), OG_E_LIMITED);
    assert_int_equal(try_from(w, &route_read, bearer(w, &w->key), "203.0.113.1"), OG_OK);
    assert_int_equal(try_from(w, &route_read, bearer(w, &w->operator_token), "203.0.113.1"),
                     OG_E_FORBIDDEN);
    assert_int_equal(try_from(w, &route_read, good, "203.0.113.2"), OG_OK);
    w->now_ms += LOCK_MS;
    assert_int_equal(try_from(w, &route_read, good, "203.0.113.1"), OG_OK);
}

static void
a_source_is_an_ipv6_network(void **state)
{
    struct world *w = *state;
    for (int i = 0; i <= MAX; i++) {
        const char *peer = og_str_printf(&w->mem, "2001:db8:1:2::%x", i + 1).ptr;
        assert_int_not_equal(try_from(w, &route_read, stranger(w, i), peer), OG_OK);
    }
    assert_int_equal(try_from(w, &route_read, stranger(w, 98), "2001:db8:1:2:ffff::"),
                     OG_E_LIMITED);
    assert_int_equal(try_from(w, &route_read, stranger(w, 99), "2001:db8:1:3::1"),
                     OG_E_UNAUTHORIZED);
}

static void
wrong_codes_and_tokens_count(void **state)
{
    struct world *w = *state;
    static const char *const guesses[] = {"Code abcdef", "Bearer wrong"};
    for (size_t n = 0; n < COUNT(guesses); n++) {
        const char *peer = peer_of(w, (int)n);
        for (int i = 0; i < MAX; i++) {
            assert_int_equal(try_from(w, &route_join, guesses[n], peer), OG_E_UNAUTHORIZED);
        }
        assert_int_equal(try_from(w, &route_join, guesses[n], peer), OG_E_LIMITED);
    }
}

/* What names nobody is no guess. */
static void
malformed_headers_do_not_count(void **state)
{
    struct world *w = *state;
    for (int i = 0; i < 3 * MAX; i++) {
        assert_int_equal(try(w, &route_read, NULL), OG_E_UNAUTHORIZED);
        assert_int_equal(try(w, &route_read, "Basic !!!"), OG_E_UNAUTHORIZED);
    }
    assert_int_equal(try(w, &route_read, basic(w, w->account.login, w->password.bytes)), OG_OK);
}

/* 64 different wrong passwords at once: no more are compared than one after the other. */
static void
parallel_guesses_share_the_limit(void **state)
{
    struct world *w = *state;
    struct test_call *calls[64];
    int compared = 0;
    for (int i = 0; i < 64; i++) {
        calls[i] = test_call_start(w, &route_read, wrong(w, i), peer_of(w, i));
    }
    for (int i = 0; i < 64; i++) {
        test_call_wait(calls[i]);
        compared += calls[i]->code == OG_E_UNAUTHORIZED;
        assert_true(calls[i]->code == OG_E_UNAUTHORIZED || calls[i]->code == OG_E_LIMITED);
        test_call_free(calls[i]);
    }
    assert_int_equal(compared, MAX);
}

/* ---- where a call comes from ---- */

static void
only_trusted_proxies_are_believed(void **state)
{
    struct world *w = *state;
    static const struct {
        const char *peer, *forwarded, *source;
    } cases[] = {
        {"203.0.113.1", NULL, "203.0.113.1"},
        {"203.0.113.1", "198.51.100.9", "203.0.113.1"},
        {"10.0.0.1", NULL, "10.0.0.1"},
        {"10.0.0.1", "198.51.100.9", "198.51.100.9"},
        {"10.0.0.1", "192.0.2.66, 198.51.100.9", "198.51.100.9"},
        {"10.0.0.1", "192.0.2.66, 198.51.100.9, 10.0.0.7", "198.51.100.9"},
        {"10.0.0.1", "10.0.0.2,10.0.0.3", "10.0.0.1"},
        {"10.0.0.1", "198.51.100.9, junk", "10.0.0.1"},
        {"10.0.0.1", ",", "10.0.0.1"},
        {"::ffff:10.0.0.1", "2001:db8::7", "2001:db8::7"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct og_header header = {OG_STR("x-forwarded-for"), og_str_from(cases[i].forwarded)};
        struct og_http_request req = {.peer = og_str_from(cases[i].peer), .headers = &header,
                                      .header_count = cases[i].forwarded != NULL};
        struct og_str source = og_gate_source(w->gate, &req);
        if (!og_str_eq(source, og_str_from(cases[i].source))) {
            fail_msg("case %zu: %.*s", i, OG_STR_ARG(source));
        }
    }
}

static int
set_up_behind_a_proxy(void **state)
{
    static const struct og_str networks[] = {{"10.0.0.0/8", 10}};
    const struct og_gate_config config = {.trusted_proxies = {networks, 1}};
    return world_set_up_with(state, &config, 8);
}

/* Room for all guesses at once, so that only the limit can refuse them. */
static int
set_up_with_a_long_queue(void **state)
{
    return world_set_up_with(state, &(struct og_gate_config){0}, 100);
}

int
main(void)
{
#define IN_WORLD(test) cmocka_unit_test_setup_teardown(test, world_set_up, world_tear_down)
    const struct CMUnitTest tests[] = {
        IN_WORLD(a_login_is_locked_from_everywhere),
        IN_WORLD(who_is_known_keeps_working),
        IN_WORLD(test_req_87_a_source_is_locked_for_every_login),
        IN_WORLD(a_source_is_an_ipv6_network),
        IN_WORLD(wrong_codes_and_tokens_count),
        IN_WORLD(malformed_headers_do_not_count),
        cmocka_unit_test_setup_teardown(parallel_guesses_share_the_limit,
                                        set_up_with_a_long_queue, world_tear_down),
        cmocka_unit_test_setup_teardown(only_trusted_proxies_are_believed, set_up_behind_a_proxy,
                                        world_tear_down),
    };
    struct og_err err;
    return og_crypto_init(&err) == OG_OK ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
