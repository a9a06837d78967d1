/*
 * A whole dump into a database in memory, and rows that cannot be taken.
 */
#include "source.h"

#include "base/crypto.h"
#include "base/files.h"
#include "import/smsgate_import.h"
#include "service/device/device_service.h"
#include "store/account_store.h"
#include "store/migrate.h"
#include "store/webhook_store.h"

#define NOW_MS INT64_C(1770000000000)
#define HASH "$2a$06$m0CrhHm10qJ3lXRY.5zDGO3rS2KdeeWLuGmsfGlMfOxih58VYVfxe"
#define AT "'2026-01-02 03:04:05.120'"

struct bench {
    struct og_services svc;
    struct og_db *db;
    struct og_arena mem;
    struct og_smsgate_dump dump;
    struct og_findings findings;
    struct og_import_result result;
    struct og_err err;
};

static void
set_up(struct bench *b)
{
    const struct og_db_config config = {.path = ":memory:"};
    *b = (struct bench){0};
    og_arena_init(&b->mem, 0);
    assert_int_equal(og_db_connect(&config, &b->db, &b->err), OG_OK);
    assert_int_equal(og_schema_migrate(b->db, NOW_MS, &b->err), OG_OK);
}

static void
tear_down(struct bench *b)
{
    og_db_close(b->db);
    og_arena_finish(&b->mem);
}

/* Both halves; committed when nothing was found. */
static enum og_code
import(struct bench *b, struct og_str text)
{
    struct text_source source;
    struct og_tx tx = {b->db, NOW_MS, 0};
    b->findings = (struct og_findings){0};
    b->err = (struct og_err){0};
    enum og_code code = og_smsgate_dump_read(text_source(&source, text, 4096), &b->mem, &b->dump,
                                             &b->findings, &b->err);
    if (code != OG_OK) {
        return code;
    }
    assert_int_equal(og_db_begin(b->db, true, &b->err), OG_OK);
    code = og_smsgate_import(&b->svc, &tx, &b->dump, &b->mem, &b->findings, &b->result, &b->err);
    if (code == OG_OK && b->findings.count == 0) {
        return og_db_commit(b->db, &b->err);
    }
    og_db_rollback(b->db);
    return code;
}

static struct og_str
fixture(struct bench *b)
{
    struct og_buf text;
    og_buf_init(&text, 1 << 20);
    assert_int_equal(og_file_read(OG_FIXTURE, &text, &b->err), OG_OK);
    struct og_str copy = og_str_dup(&b->mem, og_buf_str(&text));
    og_buf_finish(&text);
    return copy;
}

static void
check_account(struct bench *b, const char *login, const char *name, const char *password)
{
    struct og_credential credential;
    struct og_account account;
    assert_int_equal(og_credential_by_login(b->db, og_str_from(login), &b->mem, &credential,
                                            &account, &b->err),
                     OG_OK);
    assert_string_equal(account.name.ptr, name);
    assert_int_equal(credential.kind, OG_CREDENTIAL_BASIC);
    assert_true(og_password_matches(og_str_from(password),
                                    og_str_cstr(&b->mem, credential.secret)));
}

static void
a_dump_comes_over_whole(void **state)
{
    (void)state;
    struct bench b;
    struct og_device device;
    struct og_webhook *hooks;
    int count;
    char digest[OG_DIGEST_HEX_CHARS + 1];
    set_up(&b);
    assert_int_equal(import(&b, fixture(&b)), OG_OK);
    assert_int_equal(b.findings.count, 0);
    assert_int_equal(b.result.users, 2);
    assert_int_equal(b.result.devices, 2);
    assert_int_equal(b.result.webhooks, 2);
    assert_int_equal(b.result.settings, 1);
    assert_int_equal(b.result.left_out, 5);
    check_account(&b, "VQ4GII", "vq4gii", "cp2pydvxd2zwpx");
    check_account(&b, "O'Brien", "o-brien", "Grüße aus Köln");
    og_device_token_digest(&b.svc, OG_STR("bP0ZdK6rC6hCYZSjzmqhQ"), digest);
    assert_int_equal(og_device_by_token(b.db, og_str_from(digest), &b.mem, &device, &b.err), OG_OK);
    assert_string_equal(device.id.ptr, "PyDmBQZZXYmyxMwED8Fzy");
    assert_string_equal(device.name.ptr, "samsung/a12nsxx");
    assert_string_equal(device.sims.ptr,
                        "[{\"slotIndex\":0,\"simNumber\":1,\"carrierName\":\"****\"}]");
    assert_int_equal(device.created_at, INT64_C(1767323045120));
    assert_int_equal(device.last_seen_at, INT64_C(1767503167000));
    assert_int_equal(og_webhook_list(b.db, device.account_id, &b.mem, &hooks, &count, &b.err),
                     OG_OK);
    assert_int_equal(count, 2);
    struct og_webhook_account row;
    assert_int_equal(og_webhook_account_find(b.db, device.account_id, &b.mem, &row, &b.err), OG_OK);
    assert_int_equal(row.by, OG_WEBHOOKS_BY_PHONE);
    og_device_token_digest(&b.svc, OG_STR("token_of_deleted_0002"), digest);
    assert_int_equal(og_device_by_token(b.db, og_str_from(digest), &b.mem, &device, &b.err),
                     OG_E_NOT_FOUND);
    tear_down(&b);
}

static void
twice_is_refused_row_by_row(void **state)
{
    (void)state;
    struct bench b;
    set_up(&b);
    assert_int_equal(import(&b, fixture(&b)), OG_OK);
    assert_int_equal(import(&b, fixture(&b)), OG_OK);
    assert_int_equal(b.findings.count, 4); /* two logins, two phones */
    assert_string_equal(b.findings.items[0].table, "users");
    assert_non_null(strstr(b.findings.items[0].text, "exists here already"));
    tear_down(&b);
}

/* The name of an account is ours to choose, a login is not. */
static void
names_make_room(void **state)
{
    (void)state;
    struct bench b;
    struct og_account account = {
        .id = OG_STR("a"), .name = OG_STR("vq4gii"), .created_at = NOW_MS};
    set_up(&b);
    assert_int_equal(og_account_insert(b.db, &account, &b.err), OG_OK);
    assert_int_equal(import(&b, fixture(&b)), OG_OK);
    assert_int_equal(b.findings.count, 0);
    check_account(&b, "VQ4GII", "vq4gii-2", "cp2pydvxd2zwpx");
    tear_down(&b);
}

#define USERS                                                                                     \
    "CREATE TABLE users (id int,password_hash int,created_at int,deleted_at int);\n"              \
    "INSERT INTO users VALUES ('A','" HASH "'," AT ",NULL);\n"
#define DEVICES                                                                                   \
    USERS "INSERT INTO devices (id,auth_token,user_id,created_at,last_seen,sim_cards) VALUES\n"
#define HOOKS USERS "INSERT INTO webhooks (ext_id,user_id,url,event) VALUES\n"

static const struct {
    const char *dump;
    const char *found; /* "line 3, table: text" of all; "" : imported */
} rows[] = {
    {USERS, ""},
    {USERS "INSERT INTO users VALUES ('B','plain'," AT ",NULL);",
     "line 3, users: password_hash is no bcrypt hash that can be checked"},
    {USERS "INSERT INTO users VALUES ('B','" HASH "','yesterday',NULL),\n('C:','x'," AT ",NULL);",
     "line 3, users: created_at is no time|"
     "line 4, users: id is empty, too long, or has characters that do not belong there|"
     "line 4, users: password_hash is no bcrypt hash that can be checked"},
    {USERS "INSERT INTO users VALUES ('A','" HASH "'," AT ",NULL);",
     "line 3, users: id stands there twice"},
    {USERS "INSERT INTO users VALUES ('','" HASH "','0000-00-00 00:00:00',NULL);",
     "line 3, users: id is empty, too long, or has characters that do not belong there|"
     "line 3, users: created_at is no time"},
    {DEVICES "('d','t','A'," AT "," AT ",'[]');", ""},
    {DEVICES "('d','t','A'," AT "," AT ",'nonsense'),"
             "('e','u','A'," AT "," AT ",'[1,2,3,4,5]');", ""},
    {DEVICES "('d','t','B'," AT "," AT ",'[]');",
     "line 4, devices: user_id: there is no such user in the dump"},
    {DEVICES "('d','','A'," AT "," AT ",'[]');",
     "line 4, devices: auth_token is empty, too long, or has characters that do not belong there"},
    {DEVICES "('d','t','A'," AT "," AT ",'[]'),('e','t','A'," AT "," AT ",'[]');",
     "line 4, devices: id or auth_token: this phone is here already"},
    {DEVICES "('d|e','t','A'," AT "," AT ",'[]');",
     "line 4, devices: id is empty, too long, or has characters that do not belong there"},
    {HOOKS "('h','A','https://a.example/','sms:sent');", ""},
    {HOOKS "('h','A','http://a.example/','sms:sent'),('i','A','https://a.example/','sms:eaten');",
     "line 4, webhooks: url is no https URL|line 4, webhooks: event is none that we know"},
    {USERS "INSERT INTO device_settings (user_id,settings) VALUES ('A','{\"x\":1}');", ""},
    {USERS "INSERT INTO device_settings (user_id,settings) VALUES ('A','{');",
     "line 3, device_settings: "},
    {USERS "INSERT INTO device_settings (user_id,settings) VALUES "
           "('A','{\"messages\":{\"limit_value\":-1}}');", "line 3, device_settings: "},
};

static void
bad_rows_are_told_by_line(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct bench b;
        struct og_buf found;
        struct og_account *accounts;
        int count;
        set_up(&b);
        og_buf_init(&found, 65536);
        assert_int_equal(import(&b, og_str_from(rows[i].dump)), OG_OK);
        for (int64_t k = 0; k < b.findings.count; k++) {
            const struct og_finding *one = &b.findings.items[k];
            og_buf_printf(&found, "%sline %lld, %s: %s", k ? "|" : "", (long long)one->line,
                          one->table, one->text);
        }
        if (!og_str_starts(og_buf_str(&found), og_str_from(rows[i].found)) ||
            (rows[i].found[0] == '\0') != (found.len == 0)) {
            fail_msg("%s: %s", rows[i].dump, found.ptr);
        }
        assert_int_equal(og_account_list(b.db, OG_STR(""), &b.mem, &accounts, &count, &b.err),
                         OG_OK);
        assert_int_equal(count, found.len == 0); /* all or nothing */
        og_buf_finish(&found);
        tear_down(&b);
    }
}

static void
only_some_findings_are_kept(void **state)
{
    (void)state;
    struct bench b;
    struct og_buf dump;
    set_up(&b);
    og_buf_init(&dump, 65536);
    og_buf_add_cstr(&dump, USERS "INSERT INTO users VALUES ('B','x'," AT ",NULL)");
    for (int i = 0; i < OG_FINDINGS_MAX; i++) {
        og_buf_add_cstr(&dump, ",('B','x'," AT ",NULL)");
    }
    og_buf_add_cstr(&dump, ";");
    assert_int_equal(import(&b, og_buf_str(&dump)), OG_OK);
    assert_int_equal(b.findings.count, OG_FINDINGS_MAX + 1);
    og_buf_finish(&dump);
    tear_down(&b);
}

static void
another_dump_is_none_of_this_server(void **state)
{
    (void)state;
    struct bench b;
    set_up(&b);
    assert_int_equal(import(&b, OG_STR("CREATE TABLE x (id int);INSERT INTO x VALUES (1);")),
                     OG_E_INVALID);
    assert_non_null(strstr(b.err.text, "no account in this dump"));
    tear_down(&b);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_dump_comes_over_whole),
        cmocka_unit_test(twice_is_refused_row_by_row),
        cmocka_unit_test(names_make_room),
        cmocka_unit_test(bad_rows_are_told_by_line),
        cmocka_unit_test(only_some_findings_are_kept),
        cmocka_unit_test(another_dump_is_none_of_this_server),
    };
    struct og_err err;
    return og_crypto_init(&err) == OG_OK ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
