/*
 * Accounts, credentials and lookups against a real database: what is given once, what is stored,
 * and what stops working when.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sys/stat.h>

#include "base/files.h"
#include "service/account/account_service.h"
#include "service/account/identity_service.h"
#include "service/device/device_service.h"
#include "store/migrate.h"
#include "tests/support/temp_dir.h"

#define NOON INT64_C(1767268800000)

static enum og_code
random_bytes(void *ctx, void *out, size_t size_bytes, struct og_err *err)
{
    (void)ctx;
    return og_random_bytes(out, size_bytes, err);
}

static const struct og_rng rng = {random_bytes, NULL};

struct world {
    struct og_services svc;
    struct og_db *db;
    struct og_arena mem;
    struct og_tx tx;
    struct temp_dir dir;
};

static int
set_up(void **state)
{
    struct world *w = og_xalloc(sizeof *w);
    struct og_err err;
    const struct og_db_config config = {.path = ":memory:"};
    uint8_t bytes[OG_KEY_BYTES] = {1};
    og_key_from_bytes(bytes, &w->svc.keys.token);
    bytes[0] = 2;
    og_key_from_bytes(bytes, &w->svc.keys.seal);
    bytes[0] = 3;
    og_key_from_bytes(bytes, &w->svc.keys.cache);
    w->svc.rng = &rng;
    og_arena_init(&w->mem, 0);
    temp_dir_make(&w->dir);
    if (og_db_connect(&config, &w->db, &err) != OG_OK ||
        og_schema_migrate(w->db, NOON, &err) != OG_OK) {
        return -1;
    }
    w->tx = (struct og_tx){w->db, NOON, 0};
    *state = w;
    return 0;
}

static int
tear_down(void **state)
{
    struct world *w = *state;
    og_db_close(w->db);
    og_arena_finish(&w->mem);
    temp_dir_remove(&w->dir);
    free(w);
    return 0;
}

/* ---- steps ---- */

static struct og_password_op
hashed(struct world *w)
{
    struct og_password_op op = {.svc = &w->svc};
    assert_int_equal(og_password_apply(&op.op, &w->tx), OG_OK);
    return op;
}

static struct og_account
make_account(struct world *w, const char *name, struct og_secret *password_out)
{
    struct og_password_op password = hashed(w);
    struct og_account_make_op op = {
        .svc = &w->svc, .mem = &w->mem, .password = &password,
        .account = {.name = og_str_dup(&w->mem, og_str_from(name))}};
    assert_int_equal(og_account_make_apply(&op.op, &w->tx), OG_OK);
    *password_out = password.password;
    return op.account;
}

static struct og_lookup_op
look_up(struct world *w, enum og_lookup_what what, struct og_str login, struct og_str secret)
{
    struct og_lookup_op op = {.svc = &w->svc, .mem = &w->mem, .what = what, .login = login};
    og_secret_set(&op.secret, secret);
    assert_int_equal(og_lookup_apply(&op.op, &w->tx), OG_OK);
    return op;
}

static enum og_identity_kind
basic(struct world *w, const struct og_account *account, const struct og_secret *password)
{
    return look_up(w, OG_LOOKUP_BASIC, account->login, og_secret_str(password)).identity.kind;
}

static enum og_identity_kind
bearer(struct world *w, const struct og_secret *token)
{
    return look_up(w, OG_LOOKUP_BEARER, OG_STR(""), og_secret_str(token)).identity.kind;
}

static struct og_key_make_op
make_key(struct world *w, const struct og_account *account, uint32_t scopes, int64_t expires_at)
{
    struct og_key_make_op op = {
        .svc = &w->svc, .mem = &w->mem, .account_id = account->id, .scopes = scopes,
        .credential = {.label = OG_STR("shop"), .expires_at = expires_at}};
    assert_int_equal(og_key_make_apply(&op.op, &w->tx), OG_OK);
    return op;
}

static struct og_pairing_op
pair(struct world *w, const struct og_account *account, bool rotate)
{
    struct og_pairing_op op = {
        .svc = &w->svc, .mem = &w->mem, .account_id = account->id, .rotate = rotate};
    assert_int_equal(og_pairing_apply(&op.op, &w->tx), OG_OK);
    return op;
}

static void
change(struct world *w, const struct og_account *account, struct og_account_change what)
{
    struct og_account_change_op op = {
        .svc = &w->svc, .mem = &w->mem, .account_id = account->id, .change = what};
    assert_int_equal(og_account_change_apply(&op.op, &w->tx), OG_OK);
}

/* ---- tests ---- */

static bool
is_of(const char *text, size_t len, const char *alphabet)
{
    return strlen(text) == len && strspn(text, alphabet) == len;
}

static void
an_account_has_a_login(void **state)
{
    struct world *w = *state;
    struct og_secret password;
    struct og_account account = make_account(w, "shop", &password);
    assert_true(is_of(og_str_cstr(&w->mem, account.login), 6,
                      "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"));
    assert_true(is_of(password.bytes, 16, "23456789abcdefghijkmnpqrstuvwxyz"));
    struct og_lookup_op who =
        look_up(w, OG_LOOKUP_BASIC, account.login, og_secret_str(&password));
    assert_int_equal(who.identity.kind, OG_IDENTITY_BASIC);
    assert_true(og_str_eq(who.identity.account_id, account.id));
    assert_true(og_str_eq(who.identity.login, account.login));
    assert_int_equal(who.identity.scopes, OG_SCOPE_ALL & ~OG_SCOPE_ADMIN);
    password.bytes[0] ^= 1;
    assert_int_equal(basic(w, &account, &password), OG_IDENTITY_NONE);
    assert_int_equal(look_up(w, OG_LOOKUP_BASIC, OG_STR("NOBODY"), OG_STR("x")).identity.kind,
                     OG_IDENTITY_NONE);
}

static void
names_are_checked_and_unique(void **state)
{
    struct world *w = *state;
    static const struct {
        const char *name;
        enum og_code code;
    } cases[] = {
        {"shop", OG_OK},
        {"shop", OG_E_CONFLICT},
        {"Shop", OG_E_UNPROCESSABLE},
        {"", OG_E_UNPROCESSABLE},
        {"a b", OG_E_UNPROCESSABLE},
        {"-a", OG_E_UNPROCESSABLE},
        {"a.b_c-9", OG_OK},
    };
    struct og_password_op password = hashed(w);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct og_account_make_op op = {
            .svc = &w->svc, .mem = &w->mem, .password = &password,
            .account = {.name = og_str_from(cases[i].name)}};
        enum og_code code = og_account_make_apply(&op.op, &w->tx);
        assert_int_equal(code, cases[i].code);
        assert_string_equal(code == OG_OK ? "name" : op.op.err.field, "name");
    }
}

static void
rotation_ends_the_old_password(void **state)
{
    struct world *w = *state;
    struct og_secret old;
    struct og_account account = make_account(w, "shop", &old);
    struct og_password_op fresh = hashed(w);
    struct og_rotate_op op = {.svc = &w->svc, .mem = &w->mem, .account_id = OG_STR("shop"),
                              .password = &fresh};
    assert_int_equal(og_rotate_apply(&op.op, &w->tx), OG_OK);
    assert_true(og_str_eq(op.account.login, account.login));
    assert_int_equal(basic(w, &account, &old), OG_IDENTITY_NONE);
    assert_int_equal(basic(w, &account, &fresh.password), OG_IDENTITY_BASIC);
    op.account_id = OG_STR("nobody");
    assert_int_equal(og_rotate_apply(&op.op, &w->tx), OG_E_NOT_FOUND);
}

static void
a_password_change_needs_the_current_one(void **state)
{
    struct world *w = *state;
    struct og_secret current;
    struct og_account account = make_account(w, "shop", &current);
    struct og_password_change_op op = {.fresh = {.svc = &w->svc}, .mem = &w->mem,
                                       .account_id = account.id, .current = current};
    og_secret_set(&op.fresh.password, OG_STR("correct horse battery"));
    assert_int_equal(og_password_change_apply(&op.fresh.op, &w->tx), OG_OK);
    assert_true(og_password_matches(OG_STR("correct horse battery"), op.fresh.hash));
    og_secret_set(&op.current, OG_STR("wrong"));
    assert_int_equal(og_password_change_apply(&op.fresh.op, &w->tx), OG_E_UNAUTHORIZED);
}

/* A verified password is renewed by its proof, which costs no hashing; another hash asks for it. */
static void
a_proof_renews_without_hashing(void **state)
{
    struct world *w = *state;
    struct og_secret password;
    struct og_account account = make_account(w, "shop", &password);
    struct og_lookup_op first =
        look_up(w, OG_LOOKUP_BASIC, account.login, og_secret_str(&password));
    struct og_lookup_op again = {.svc = &w->svc, .mem = &w->mem, .what = OG_LOOKUP_BASIC,
                                 .login = account.login, .has_proof = true};
    memcpy(again.proof, first.proof, sizeof first.proof);
    /* no password at all in `again`: only the proof can have let it in */
    assert_int_equal(og_lookup_apply(&again.op, &w->tx), OG_OK);
    assert_int_equal(again.identity.kind, OG_IDENTITY_BASIC);
    assert_false(again.must_hash);
    struct og_password_op fresh = hashed(w);
    struct og_rotate_op rotate = {.svc = &w->svc, .mem = &w->mem, .account_id = account.id,
                                  .password = &fresh};
    assert_int_equal(og_rotate_apply(&rotate.op, &w->tx), OG_OK);
    assert_int_equal(og_lookup_apply(&again.op, &w->tx), OG_OK);
    assert_int_equal(again.identity.kind, OG_IDENTITY_NONE);
    assert_true(again.must_hash);
}

#define FOREIGN "$2a$06$m0CrhHm10qJ3lXRY.5zDGO3rS2KdeeWLuGmsfGlMfOxih58VYVfxe" /* of "a" */

/* Puts a hash of another program in the place of ours. */
static void
make_foreign(struct world *w, const struct og_account *account)
{
    struct og_str login;
    assert_int_equal(og_credential_new_hash(w->db, account->id, OG_STR(FOREIGN), &w->mem, &login,
                                            NULL),
                     OG_OK);
}

static void
rehash(struct world *w, const struct og_lookup_op *found)
{
    struct og_rehash_op *op = og_rehash_create(found);
    assert_non_null(op);
    assert_int_equal(og_rehash_apply(&op->op, &w->tx), OG_OK);
    og_rehash_destroy(op);
}

static void
a_foreign_hash_is_replaced_at_the_first_login(void **state)
{
    struct world *w = *state;
    struct og_secret password;
    struct og_account account = make_account(w, "shop", &password);
    assert_null(og_rehash_create(&(struct og_lookup_op){0}));
    make_foreign(w, &account);
    struct og_lookup_op wrong = look_up(w, OG_LOOKUP_BASIC, account.login, OG_STR("b"));
    assert_int_equal(wrong.identity.kind, OG_IDENTITY_NONE);
    assert_null(og_rehash_create(&wrong));
    struct og_lookup_op first = look_up(w, OG_LOOKUP_BASIC, account.login, OG_STR("a"));
    assert_int_equal(first.identity.kind, OG_IDENTITY_BASIC);
    rehash(w, &first);
    struct og_credential stored;
    assert_int_equal(og_credential_of_kind(w->db, account.id, OG_CREDENTIAL_BASIC, &w->mem, &stored,
                                           NULL),
                     OG_OK);
    assert_true(og_str_starts(stored.secret, OG_STR("$argon2id$")));
    struct og_lookup_op second = look_up(w, OG_LOOKUP_BASIC, account.login, OG_STR("a"));
    assert_int_equal(second.identity.kind, OG_IDENTITY_BASIC);
    assert_null(og_rehash_create(&second));
}

/* Between the login and the write the password was changed: the change stays. */
static void
a_new_password_wins_over_the_replaced_hash(void **state)
{
    struct world *w = *state;
    struct og_secret password;
    struct og_account account = make_account(w, "shop", &password);
    make_foreign(w, &account);
    struct og_lookup_op first = look_up(w, OG_LOOKUP_BASIC, account.login, OG_STR("a"));
    struct og_password_op fresh = hashed(w);
    struct og_rotate_op rotate = {.svc = &w->svc, .mem = &w->mem, .account_id = account.id,
                                  .password = &fresh};
    assert_int_equal(og_rotate_apply(&rotate.op, &w->tx), OG_OK);
    rehash(w, &first);
    assert_int_equal(basic(w, &account, &fresh.password), OG_IDENTITY_BASIC);
    assert_int_equal(look_up(w, OG_LOOKUP_BASIC, account.login, OG_STR("a")).identity.kind,
                     OG_IDENTITY_NONE);
}

static void
keys_have_scopes_and_can_be_revoked(void **state)
{
    struct world *w = *state;
    struct og_secret password;
    struct og_account account = make_account(w, "shop", &password);
    struct og_key_make_op key =
        make_key(w, &account, OG_SCOPE_OTP_START | OG_SCOPE_MESSAGES_READ, 0);
    assert_true(is_of(key.key.bytes, 46, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                         "0123456789-_"));
    assert_int_equal(strncmp(key.key.bytes, "og_", 3), 0);
    assert_true(og_str_eq(key.credential.scopes, OG_STR("otp:start messages:read")));
    struct og_lookup_op who =
        look_up(w, OG_LOOKUP_BEARER, OG_STR(""), og_secret_str(&key.key));
    assert_int_equal(who.identity.kind, OG_IDENTITY_API_KEY);
    assert_int_equal(who.identity.scopes, OG_SCOPE_OTP_START | OG_SCOPE_MESSAGES_READ |
                                               OG_SCOPE_MESSAGES_LIST);
    struct og_key_revoke_op revoke = {.svc = &w->svc, .account_id = OG_STR("another"),
                                      .key_id = key.credential.id};
    assert_int_equal(og_key_revoke_apply(&revoke.op, &w->tx), OG_E_NOT_FOUND);
    assert_int_equal(bearer(w, &key.key), OG_IDENTITY_API_KEY);
    revoke.account_id = account.id;
    assert_int_equal(og_key_revoke_apply(&revoke.op, &w->tx), OG_OK);
    assert_int_equal(og_key_revoke_apply(&revoke.op, &w->tx), OG_E_NOT_FOUND);
    assert_int_equal(bearer(w, &key.key), OG_IDENTITY_NONE);
    struct og_key_list_op list = {.svc = &w->svc, .mem = &w->mem, .account_id = OG_STR("shop")};
    assert_int_equal(og_key_list_apply(&list.op, &w->tx), OG_OK);
    assert_int_equal(list.count, 1);
    assert_int_equal(list.items[0].disabled_at, NOON);
}

static void
keys_expire(void **state)
{
    struct world *w = *state;
    struct og_secret password;
    struct og_account account = make_account(w, "shop", &password);
    struct og_key_make_op key = make_key(w, &account, OG_SCOPE_ALL, NOON + 1000);
    w->tx.now_ms = NOON + 999;
    assert_int_equal(bearer(w, &key.key), OG_IDENTITY_API_KEY);
    w->tx.now_ms = NOON + 1000;
    assert_int_equal(bearer(w, &key.key), OG_IDENTITY_NONE);
    assert_int_equal(og_key_make_apply(&key.op, &w->tx), OG_E_UNPROCESSABLE);
    assert_string_equal(key.op.err.field, "expires_at");
}

static void
a_join_token_is_shown_again_until_rotated(void **state)
{
    struct world *w = *state;
    struct og_secret password;
    struct og_account account = make_account(w, "shop", &password);
    struct og_pairing_op first = pair(w, &account, false), again = pair(w, &account, false);
    assert_string_equal(first.token.bytes, again.token.bytes);
    assert_int_equal(first.token.len, 43);
    struct og_lookup_op who =
        look_up(w, OG_LOOKUP_BEARER, OG_STR(""), og_secret_str(&first.token));
    assert_int_equal(who.identity.kind, OG_IDENTITY_JOIN);
    assert_true(og_str_eq(who.identity.login, account.login));
    assert_int_equal(who.identity.scopes, 0);
    struct og_pairing_op other = pair(w, &account, true);
    assert_string_not_equal(first.token.bytes, other.token.bytes);
    assert_int_equal(bearer(w, &first.token), OG_IDENTITY_NONE);
    assert_int_equal(bearer(w, &other.token), OG_IDENTITY_JOIN);
    assert_string_equal(pair(w, &account, false).token.bytes, other.token.bytes);
}

static struct og_login_code_op
make_code(struct world *w, const struct og_account *account)
{
    struct og_login_code_op op = {.svc = &w->svc, .mem = &w->mem, .account_id = account->id};
    op.op.code = og_login_code_apply(&op.op, &w->tx);
    return op;
}

static enum og_identity_kind
spend(struct world *w, const char *code)
{
    return look_up(w, OG_LOOKUP_CODE, OG_STR(""), og_str_from(code)).identity.kind;
}

static void
a_login_code_works_once_and_for_a_minute(void **state)
{
    struct world *w = *state;
    struct og_secret password;
    struct og_account account = make_account(w, "shop", &password);
    struct og_login_code_op code = make_code(w, &account);
    assert_int_equal(code.valid_until, NOON + 60000);
    assert_true(is_of(code.code.bytes, 6, "23456789abcdefghjkmnpqrstuvwxyz"));
    assert_int_equal(spend(w, "zzzzzz"), OG_IDENTITY_NONE);
    assert_int_equal(spend(w, code.code.bytes), OG_IDENTITY_CODE);
    assert_int_equal(spend(w, code.code.bytes), OG_IDENTITY_NONE);
    code = make_code(w, &account);
    for (char *c = code.code.bytes; *c; c++) {
        *c = *c >= 'a' && *c <= 'z' ? (char)(*c - 32) : *c;
    }
    w->tx.now_ms = NOON + 59999;
    assert_int_equal(spend(w, code.code.bytes), OG_IDENTITY_CODE);
    code = make_code(w, &account);
    w->tx.now_ms += 60000;
    assert_int_equal(spend(w, code.code.bytes), OG_IDENTITY_NONE);
}

static void
login_codes_are_bounded(void **state)
{
    struct world *w = *state;
    struct og_secret password;
    struct og_account account = make_account(w, "shop", &password);
    for (int i = 0; i < OG_LOGIN_CODES_MAX; i++) {
        assert_int_equal(make_code(w, &account).op.code, OG_OK);
    }
    struct og_login_code_op refused = make_code(w, &account);
    assert_int_equal(refused.op.code, OG_E_LIMITED);
    assert_int_equal(refused.op.err.retry_after_s, 60);
    w->tx.now_ms += OG_LOGIN_CODE_TTL_MS;
    assert_int_equal(make_code(w, &account).op.code, OG_OK);
}

static void
a_disabled_account_lets_nobody_in(void **state)
{
    struct world *w = *state;
    struct og_secret password;
    struct og_account account = make_account(w, "shop", &password);
    struct og_key_make_op key = make_key(w, &account, OG_SCOPE_ALL, 0);
    struct og_pairing_op token = pair(w, &account, false);
    struct og_login_code_op code = make_code(w, &account);
    change(w, &account, (struct og_account_change){.has_disabled = true, .disabled = true});
    assert_int_equal(basic(w, &account, &password), OG_IDENTITY_NONE);
    assert_true(
        look_up(w, OG_LOOKUP_BASIC, account.login, og_secret_str(&password)).is_shut);
    assert_int_equal(bearer(w, &key.key), OG_IDENTITY_NONE);
    assert_int_equal(bearer(w, &token.token), OG_IDENTITY_NONE);
    assert_int_equal(spend(w, code.code.bytes), OG_IDENTITY_NONE);
    change(w, &account, (struct og_account_change){.has_disabled = true, .disabled = false});
    assert_int_equal(basic(w, &account, &password), OG_IDENTITY_BASIC);
    assert_int_equal(bearer(w, &key.key), OG_IDENTITY_API_KEY);
}

static void
settings_change_one_by_one(void **state)
{
    struct world *w = *state;
    struct og_secret password;
    struct og_account account = make_account(w, "shop", &password), read;
    struct og_err err;
    change(w, &account, (struct og_account_change){.has_brand = true, .brand = OG_STR("Shop")});
    change(w, &account, (struct og_account_change){.has_custom_code = true, .custom_code = true});
    assert_int_equal(og_account_find(w->db, OG_STR("shop"), &w->mem, &read, &err), OG_OK);
    assert_true(og_str_eq(read.brand, OG_STR("Shop")));
    assert_true(read.custom_code);
    change(w, &account, (struct og_account_change){.has_brand = true, .brand = OG_STR("")});
    assert_int_equal(og_account_find(w->db, account.id, &w->mem, &read, &err), OG_OK);
    assert_int_equal(read.brand.len, 0);
    struct og_account_change_op bad = {
        .svc = &w->svc, .mem = &w->mem, .account_id = account.id,
        .change = {.has_brand = true, .brand = OG_STR("@evil.example #1")}};
    assert_int_equal(og_account_change_apply(&bad.op, &w->tx), OG_E_UNPROCESSABLE);
    assert_string_equal(bad.op.err.field, "brand");
}

static void
a_phone_is_known_by_its_token(void **state)
{
    struct world *w = *state;
    struct og_secret password;
    struct og_err err;
    char digest[OG_DIGEST_HEX_CHARS + 1];
    bool removed;
    struct og_account account = make_account(w, "shop", &password);
    const struct og_device device = {.id = OG_STR("dev-00000000000000001"),
                                     .account_id = account.id, .name = OG_STR("x"),
                                     .sims = OG_STR("[]"), .created_at = NOON};
    og_device_token_digest(&w->svc, OG_STR("token"), digest);
    assert_int_equal(og_device_insert(w->db, &device, og_str_from(digest), &err), OG_OK);
    struct og_lookup_op who = look_up(w, OG_LOOKUP_DEVICE, OG_STR(""), OG_STR("token"));
    assert_int_equal(who.identity.kind, OG_IDENTITY_DEVICE);
    assert_true(og_str_eq(who.identity.device_id, device.id));
    assert_true(og_str_eq(who.identity.account_id, account.id));
    assert_int_equal(look_up(w, OG_LOOKUP_BEARER, OG_STR(""), OG_STR("token")).identity.kind,
                     OG_IDENTITY_NONE);
    assert_int_equal(og_device_remove(w->db, account.id, device.id, NOON, &removed, &err), OG_OK);
    assert_int_equal(look_up(w, OG_LOOKUP_DEVICE, OG_STR(""), OG_STR("token")).identity.kind,
                     OG_IDENTITY_NONE);
}

static void
the_operator_is_made_once(void **state)
{
    struct world *w = *state;
    char path[PATH_MAX];
    struct og_err err;
    struct og_secret first, second;
    struct og_buf text;
    struct stat info;
    bool made;
    temp_dir_file(&w->dir, "operator.token", path);
    assert_int_equal(og_operator_ensure(&w->svc, w->db, NOON, path, false, &made, &first, &err),
                     OG_OK);
    assert_true(made);
    assert_int_equal(strncmp(first.bytes, "og_op_", 6), 0);
    assert_int_equal(bearer(w, &first), OG_IDENTITY_OPERATOR);
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
    og_buf_init(&text, 256);
    assert_int_equal(og_file_read(path, &text, &err), OG_OK);
    assert_true(og_str_eq(og_str_slice(og_buf_str(&text), 0, text.len - 1),
                          og_secret_str(&first)));
    og_buf_finish(&text);
    assert_int_equal(og_operator_ensure(&w->svc, w->db, NOON, path, false, &made, &second, &err),
                     OG_OK);
    assert_false(made);
    assert_int_equal(second.len, 0);
    assert_int_equal(og_operator_ensure(&w->svc, w->db, NOON, path, true, &made, &second, &err),
                     OG_OK);
    assert_true(made);
    assert_int_equal(bearer(w, &first), OG_IDENTITY_NONE);
    assert_int_equal(bearer(w, &second), OG_IDENTITY_OPERATOR);
    /* a file that cannot be written leaves the old credential in place */
    assert_int_not_equal(og_operator_ensure(&w->svc, w->db, NOON, "/nowhere/operator.token", true,
                                            &made, &first, &err),
                         OG_OK);
    assert_int_equal(bearer(w, &second), OG_IDENTITY_OPERATOR);
}

static void
scopes_are_words(void **state)
{
    char text[OG_SCOPES_TEXT_BYTES];
    (void)state;
    og_scopes_write(OG_SCOPE_ALL, text);
    assert_true(og_str_starts(og_str_from(text),
                              OG_STR("otp:start otp:check messages:send messages:read "
                                     "devices:read devices:write admin messages:list ")));
    assert_int_equal(og_scopes_read(og_str_from(text)), OG_SCOPE_ALL);
    og_scopes_write(0, text);
    assert_string_equal(text, "");
    assert_int_equal(og_scopes_read(OG_STR("")), 0);
    assert_int_equal(og_scopes_read(OG_STR("admin everything  otp:start")),
                     OG_SCOPE_ADMIN | OG_SCOPE_OTP_START);
    assert_int_equal(og_scopes_read(OG_STR("administrator")), 0);
}

int
main(void)
{
#define IN_WORLD(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        IN_WORLD(an_account_has_a_login),
        IN_WORLD(names_are_checked_and_unique),
        IN_WORLD(rotation_ends_the_old_password),
        IN_WORLD(a_password_change_needs_the_current_one),
        IN_WORLD(a_proof_renews_without_hashing),
        IN_WORLD(a_foreign_hash_is_replaced_at_the_first_login),
        IN_WORLD(a_new_password_wins_over_the_replaced_hash),
        IN_WORLD(keys_have_scopes_and_can_be_revoked),
        IN_WORLD(keys_expire),
        IN_WORLD(a_join_token_is_shown_again_until_rotated),
        IN_WORLD(a_login_code_works_once_and_for_a_minute),
        IN_WORLD(login_codes_are_bounded),
        IN_WORLD(a_disabled_account_lets_nobody_in),
        IN_WORLD(settings_change_one_by_one),
        IN_WORLD(a_phone_is_known_by_its_token),
        IN_WORLD(the_operator_is_made_once),
        cmocka_unit_test(scopes_are_words),
    };
    struct og_err err;
    return og_crypto_init(&err) == OG_OK ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
