/*
 * Who passes the gate where, what stops working when, and what an unreachable database is told as.
 */
#include "tests/unit/api/gate_fixture.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define DEVICE_TOKEN "dev-token-0123456789"
#define DEVICE OG_STR("dev-00000000000000001")

/* ---- operations of the tests ---- */

struct row_op {
    struct og_op op; /* first */
    struct world *w;
};

static enum og_code
insert_device(struct og_op *op, struct og_tx *tx)
{
    struct world *w = ((struct row_op *)op)->w;
    char digest[OG_DIGEST_HEX_CHARS + 1];
    const struct og_device device = {.id = DEVICE, .account_id = w->account.id,
                                     .name = OG_STR("x"), .sims = OG_STR("[]"),
                                     .created_at = tx->now_ms};
    og_device_token_digest(&w->svc, OG_STR(DEVICE_TOKEN), digest);
    return og_device_insert(tx->db, &device, og_str_from(digest), &op->err);
}

static enum og_code
remove_device(struct og_op *op, struct og_tx *tx)
{
    bool removed;
    struct world *w = ((struct row_op *)op)->w;
    return og_device_remove(tx->db, w->account.id, DEVICE, tx->now_ms, &removed, &op->err);
}

static enum og_code
disable_account(struct og_op *op, struct og_tx *tx)
{
    const struct og_account_change change = {.has_disabled = true, .disabled = true};
    return og_account_update(tx->db, ((struct row_op *)op)->w->account.id, &change, tx->now_ms,
                             &op->err);
}

static enum og_code
enable_account(struct og_op *op, struct og_tx *tx)
{
    const struct og_account_change change = {.has_disabled = true, .disabled = false};
    return og_account_update(tx->db, ((struct row_op *)op)->w->account.id, &change, tx->now_ms,
                             &op->err);
}

static void
run(struct world *w, enum og_code (*apply)(struct og_op *, struct og_tx *))
{
    struct row_op op = {.w = w};
    assert_int_equal(world_run(w, &op.op, apply, og_credentials_changed), OG_OK);
}

static const char *
make_code(struct world *w)
{
    struct og_login_code_op op = {.svc = &w->svc, .mem = &w->mem, .account_id = w->account.id};
    assert_int_equal(world_run(w, &op.op, og_login_code_apply, NULL), OG_OK);
    return og_str_printf(&w->mem, "Code %s", op.code.bytes).ptr;
}

/* ---- who passes where ---- */

static void
rows_take_what_they_should(void **state)
{
    struct world *w = *state;
    run(w, insert_device);
    const char *good = basic(w, w->account.login, w->password.bytes);
    const char *wrong = basic(w, w->account.login, "wrong-password");
    const char *key = bearer(w, &w->key), *admin_key = bearer(w, &w->admin_key);
    const char *join = bearer(w, &w->join_token), *boss = bearer(w, &w->operator_token);
    const char *device = "Bearer " DEVICE_TOKEN, *unknown = "Bearer og_nobody";
    const struct {
        const struct og_route *route;
        const char *authorization;
        enum og_code code;
        enum og_who kind;
    } cases[] = {
        {&route_anyone, NULL, OG_OK, OG_WHO_ANYONE},
        {&route_anyone, wrong, OG_OK, OG_WHO_ANYONE},
        {&route_read, NULL, OG_E_UNAUTHORIZED, 0},
        {&route_read, "Basic !!!", OG_E_UNAUTHORIZED, 0},
        {&route_read, "Basic dXNlcg==", OG_E_UNAUTHORIZED, 0},
        {&route_read, wrong, OG_E_UNAUTHORIZED, 0},
        {&route_read, unknown, OG_E_UNAUTHORIZED, 0},
        {&route_read, device, OG_E_UNAUTHORIZED, 0},
        {&route_read, join, OG_E_UNAUTHORIZED, 0},
        {&route_read, boss, OG_E_FORBIDDEN, 0},
        {&route_read, "Code abcdef", OG_E_UNAUTHORIZED, 0},
        {&route_read, good, OG_OK, OG_WHO_APP},
        {&route_send, good, OG_OK, OG_WHO_APP},
        {&route_read, key, OG_OK, OG_WHO_APP},
        {&route_send, key, OG_E_FORBIDDEN, 0},
        {&route_basic, good, OG_OK, OG_WHO_BASIC},
        {&route_basic, key, OG_E_UNAUTHORIZED, 0},
        {&route_basic, device, OG_E_UNAUTHORIZED, 0},
        {&route_device, NULL, OG_E_UNAUTHORIZED, 0},
        {&route_device, device, OG_OK, OG_WHO_DEVICE},
        {&route_device, key, OG_E_UNAUTHORIZED, 0},
        {&route_device, good, OG_E_UNAUTHORIZED, 0},
        {&route_device_or_nobody, NULL, OG_OK, OG_WHO_ANYONE},
        {&route_device_or_nobody, unknown, OG_OK, OG_WHO_ANYONE},
        {&route_device_or_nobody, good, OG_OK, OG_WHO_ANYONE},
        {&route_device_or_nobody, device, OG_OK, OG_WHO_DEVICE},
        {&route_join, join, OG_OK, OG_WHO_JOINING},
        {&route_join, good, OG_OK, OG_WHO_JOINING},
        {&route_join, key, OG_E_UNAUTHORIZED, 0},
        {&route_join, device, OG_E_UNAUTHORIZED, 0},
        {&route_admin, NULL, OG_E_UNAUTHORIZED, 0},
        {&route_admin, good, OG_E_UNAUTHORIZED, 0},
        {&route_admin, key, OG_E_FORBIDDEN, 0},
        {&route_admin, admin_key, OG_OK, OG_WHO_APP},
        {&route_admin, boss, OG_OK, OG_WHO_OPERATOR},
        {&route_admin, join, OG_E_UNAUTHORIZED, 0},
    };
    /* twice: looked up, then from the cache */
    for (size_t i = 0; i < 2 * COUNT(cases); i++) {
        size_t n = i % COUNT(cases);
        char peer[32];
        snprintf(peer, sizeof peer, "192.0.2.%zu", n + 1); /* failures shall not add up here */
        struct test_call *call =
            test_call_start(w, cases[n].route, cases[n].authorization, peer);
        test_call_wait(call);
        if (call->code != cases[n].code || call->call.who.kind != cases[n].kind) {
            fail_msg("case %zu: %s %s gave %s", n, cases[n].route->path,
                     cases[n].authorization ? cases[n].authorization : "", call->err.text);
        }
        test_call_free(call);
    }
}

static void
schemes_ignore_case(void **state)
{
    struct world *w = *state;
    const char *good = basic(w, w->account.login, w->password.bytes);
    char shouted[512];
    snprintf(shouted, sizeof shouted, "BASIC%s", good + 5);
    assert_int_equal(try(w, &route_read, shouted), OG_OK);
    snprintf(shouted, sizeof shouted, "bearer %s", w->key.bytes);
    assert_int_equal(try(w, &route_read, shouted), OG_OK);
}

static void
callers_are_described(void **state)
{
    struct world *w = *state;
    run(w, insert_device);
    struct test_call *call = test_call_start(
        w, &route_read, basic(w, w->account.login, w->password.bytes), "192.0.2.1");
    test_call_wait(call);
    assert_true(og_str_eq(call->call.who.account_id, w->account.id));
    assert_true(og_str_eq(call->call.who.login, w->account.login));
    assert_true(og_str_eq(call->call.who.brand, OG_STR("Shop")));
    assert_true(call->call.who.credential_id.len > 0);
    assert_int_equal(call->call.who.scopes, OG_SCOPE_ALL & ~OG_SCOPE_ADMIN);
    test_call_free(call);
    call = test_call_start(w, &route_device, "Bearer " DEVICE_TOKEN, "192.0.2.1");
    test_call_wait(call);
    assert_true(og_str_eq(call->call.who.account_id, w->account.id));
    assert_true(og_str_eq(call->call.who.device_id, DEVICE));
    test_call_free(call);
    call = test_call_start(w, &route_join, bearer(w, &w->join_token), "192.0.2.1");
    test_call_wait(call);
    assert_true(og_str_eq(call->call.who.login, w->account.login));
    test_call_free(call);
}

static void
a_missing_scope_is_named(void **state)
{
    struct world *w = *state;
    struct test_call *call = test_call_start(w, &route_send, bearer(w, &w->key), "192.0.2.1");
    test_call_wait(call);
    assert_string_equal(call->err.text, "scope required: messages:send");
    test_call_free(call);
}

/* ---- joining ---- */

static void
joining_phones_are_refused_in_the_peers_words(void **state)
{
    struct world *w = *state;
    char small[300];
    snprintf(small, sizeof small, "bearer %s", w->join_token.bytes);
    const struct {
        const char *authorization, *text;
        bool is_plain;
    } cases[] = {
        {NULL, "missing or malformed API Key", true},
        {"Bearer ", "missing or malformed API Key", true},
        {small, "missing or malformed API Key", true},
        {"Digest x", "missing or malformed API Key", true},
        {"Bearer wrong", "Invalid or expired API Key", true},
        {"Basic !!!", "Unauthorized", false},
        {"Basic dXNlcjpwYXNz", "Unauthorized", false},
        {"Code zzzzzz", "Unauthorized", false},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct test_call *call =
            test_call_start(w, &route_join, cases[i].authorization, "192.0.2.1");
        test_call_wait(call);
        assert_int_equal(call->code, OG_E_UNAUTHORIZED);
        assert_string_equal(call->err.text, cases[i].text);
        assert_int_equal(og_gate_is_plain_text(&call->err), cases[i].is_plain);
        test_call_free(call);
    }
    assert_false(og_gate_is_plain_text(NULL));
}

static void
a_code_is_spent_once(void **state)
{
    struct world *w = *state;
    const char *code = make_code(w);
    assert_int_equal(try(w, &route_join, code), OG_OK);
    assert_int_equal(try(w, &route_join, code), OG_E_UNAUTHORIZED);
    code = make_code(w);
    w->now_ms += 60000;
    assert_int_equal(try(w, &route_join, code), OG_E_UNAUTHORIZED);
}

/* Equal claims share a lookup, but a code must let in exactly one. */
static void
a_code_lets_in_one_of_many(void **state)
{
    struct world *w = *state;
    const char *code = make_code(w);
    struct test_call *calls[16];
    int let_in = 0;
    for (size_t i = 0; i < COUNT(calls); i++) {
        char peer[32];
        snprintf(peer, sizeof peer, "192.0.2.%zu", i + 1);
        calls[i] = test_call_start(w, &route_join, code, peer);
    }
    for (size_t i = 0; i < COUNT(calls); i++) {
        test_call_wait(calls[i]);
        let_in += calls[i]->code == OG_OK;
        test_call_free(calls[i]);
    }
    assert_int_equal(let_in, 1);
}

/* ---- what stops working when ---- */

static void
changes_count_at_once(void **state)
{
    struct world *w = *state;
    const char *old = basic(w, w->account.login, w->password.bytes);
    assert_int_equal(try(w, &route_read, old), OG_OK);
    assert_int_equal(try(w, &route_read, bearer(w, &w->key)), OG_OK);
    struct og_password_op fresh = world_hash(w);
    struct og_rotate_op rotate = {.svc = &w->svc, .mem = &w->mem, .account_id = w->account.id,
                                  .password = &fresh};
    assert_int_equal(world_run(w, &rotate.op, og_rotate_apply, og_credentials_changed), OG_OK);
    assert_int_equal(try(w, &route_read, old), OG_E_UNAUTHORIZED);
    assert_int_equal(try(w, &route_read, basic(w, w->account.login, fresh.password.bytes)),
                     OG_OK);
    struct og_key_revoke_op revoke = {.svc = &w->svc, .account_id = w->account.id,
                                      .key_id = w->key_id};
    assert_int_equal(world_run(w, &revoke.op, og_key_revoke_apply, og_credentials_changed), OG_OK);
    assert_int_equal(try(w, &route_read, bearer(w, &w->key)), OG_E_UNAUTHORIZED);
}

static void
a_cached_key_expires(void **state)
{
    struct world *w = *state;
    struct og_key_make_op key = world_make_key(w, OG_SCOPE_ALL, NOON + 5000);
    assert_int_equal(try(w, &route_read, bearer(w, &key.key)), OG_OK);
    w->now_ms = NOON + 4999;
    assert_int_equal(try(w, &route_read, bearer(w, &key.key)), OG_OK);
    w->now_ms = NOON + 5000;
    assert_int_equal(try(w, &route_read, bearer(w, &key.key)), OG_E_UNAUTHORIZED);
}

/* A phone that was removed learns 401 however often it asks; one of a shut account must not
 * register anew. */
static void
phones_learn_what_they_need(void **state)
{
    struct world *w = *state;
    const char *token = "Bearer " DEVICE_TOKEN;
    run(w, insert_device);
    assert_int_equal(try(w, &route_device, token), OG_OK);
    run(w, disable_account);
    assert_int_equal(try(w, &route_device, token), OG_E_FORBIDDEN);
    assert_int_equal(try(w, &route_device_or_nobody, token), OG_OK);
    run(w, enable_account);
    assert_int_equal(try(w, &route_device, token), OG_OK);
    run(w, remove_device);
    for (int i = 0; i < 30; i++) {
        assert_int_equal(try(w, &route_device, token), OG_E_UNAUTHORIZED);
    }
    assert_int_equal(try(w, &route_read, basic(w, w->account.login, w->password.bytes)), OG_OK);
}

/* Neither its own applications' tries nor the hashing that they cause harm anybody meanwhile. */
static void
a_shut_account_comes_back_at_once(void **state)
{
    struct world *w = *state;
    const char *good = basic(w, w->account.login, w->password.bytes);
    struct plug plug;
    run(w, disable_account);
    assert_int_equal(try(w, &route_read, good), OG_E_UNAUTHORIZED);
    plug_push(w, &plug); /* the right password of a shut account is hashed once, not each time */
    for (int i = 0; i < 30; i++) {
        assert_int_equal(try(w, &route_read, good), OG_E_UNAUTHORIZED);
    }
    run(w, enable_account);
    assert_int_equal(try(w, &route_read, good), OG_OK);
    plug_pull(&plug);
}

/* ---- speed ---- */

static void
a_known_password_is_not_hashed_again(void **state)
{
    struct world *w = *state;
    const char *good = basic(w, w->account.login, w->password.bytes);
    struct plug plug;
    assert_int_equal(try(w, &route_read, good), OG_OK);
    plug_push(w, &plug);
    assert_int_equal(try(w, &route_read, good), OG_OK); /* from the cache */
    run(w, insert_device);                              /* all entries are stale now */
    assert_int_equal(try(w, &route_read, good), OG_OK); /* renewed by its row */
    w->now_ms += 2 * 60 * 60 * 1000;
    assert_int_equal(try(w, &route_read, good), OG_OK); /* and after its age */
    plug_pull(&plug);
}

/* The slow queue holds 8; 64 connections that come at once need one hash. */
static void
equal_claims_share_a_lookup(void **state)
{
    struct world *w = *state;
    const char *good = basic(w, w->account.login, w->password.bytes);
    struct test_call *calls[64];
    struct plug plug;
    plug_push(w, &plug);
    for (size_t i = 0; i < COUNT(calls); i++) {
        calls[i] = test_call_start(w, &route_read, good, "192.0.2.1");
    }
    world_wait_for_loop(w);
    plug_pull(&plug);
    for (size_t i = 0; i < COUNT(calls); i++) {
        test_call_wait(calls[i]);
        assert_int_equal(calls[i]->code, OG_OK);
        test_call_free(calls[i]);
    }
}

/* ---- trouble ---- */

static void
test_check_64_no_database_is_not_a_wrong_credential(void **state)
{
    struct world *w = *state;
    const char *good = basic(w, w->account.login, w->password.bytes);
    assert_int_equal(try(w, &route_read, good), OG_OK);
    og_lanes_stop(w->lanes);
    assert_int_equal(try(w, &route_read, good), OG_OK);
    assert_int_equal(try(w, &route_read, bearer(w, &w->key)), OG_E_UNAVAILABLE);
    assert_int_equal(try(w, &route_device, "Bearer " DEVICE_TOKEN), OG_E_UNAVAILABLE);
    assert_int_equal(try(w, &route_device_or_nobody, "Bearer x"), OG_E_UNAVAILABLE);
    for (int i = 0; i < 20; i++) { /* and spends no tries */
        assert_int_equal(try(w, &route_read, basic(w, w->account.login, "other-password")),
                         OG_E_UNAVAILABLE);
    }
}

static void
a_full_queue_says_so(void **state)
{
    struct world *w = *state;
    struct test_call *calls[20];
    struct plug plug;
    int busy = 0;
    plug_push(w, &plug);
    for (size_t i = 0; i < COUNT(calls); i++) {
        char login[16], peer[32];
        snprintf(login, sizeof login, "LOGIN%zu", i);
        snprintf(peer, sizeof peer, "192.0.2.%zu", i + 1);
        calls[i] = test_call_start(w, &route_read, basic(w, og_str_from(login), "x"), peer);
    }
    world_wait_for_loop(w);
    plug_pull(&plug);
    for (size_t i = 0; i < COUNT(calls); i++) {
        test_call_wait(calls[i]);
        assert_true(calls[i]->code == OG_E_BUSY || calls[i]->code == OG_E_UNAUTHORIZED);
        busy += calls[i]->code == OG_E_BUSY;
        test_call_free(calls[i]);
    }
    assert_true(busy > 0);
}

int
main(void)
{
#define IN_WORLD(test) cmocka_unit_test_setup_teardown(test, world_set_up, world_tear_down)
    const struct CMUnitTest tests[] = {
        IN_WORLD(rows_take_what_they_should),
        IN_WORLD(schemes_ignore_case),
        IN_WORLD(callers_are_described),
        IN_WORLD(a_missing_scope_is_named),
        IN_WORLD(joining_phones_are_refused_in_the_peers_words),
        IN_WORLD(a_code_is_spent_once),
        IN_WORLD(a_code_lets_in_one_of_many),
        IN_WORLD(changes_count_at_once),
        IN_WORLD(a_cached_key_expires),
        IN_WORLD(phones_learn_what_they_need),
        IN_WORLD(a_shut_account_comes_back_at_once),
        IN_WORLD(a_known_password_is_not_hashed_again),
        IN_WORLD(equal_claims_share_a_lookup),
        IN_WORLD(test_check_64_no_database_is_not_a_wrong_credential),
        IN_WORLD(a_full_queue_says_so),
    };
    struct og_err err;
    return og_crypto_init(&err) == OG_OK ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
