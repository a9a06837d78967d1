/*
 * Dumps as dump programs write them, and as they are when something went wrong; each in pieces of
 * many sizes.
 */
#include "source.h"

#include <stdio.h>

#include "import/dump_reader.h"

static const struct og_dump_table tables[] = {
    {"users", {"id", "hash"}},
    {"phones", {"token"}},
};

/* Rows as "table@line(a,NULL)". */
static enum og_code
note_row(void *ctx, const struct og_dump_row *row, struct og_err *err)
{
    struct og_buf *out = ctx;
    (void)err;
    og_buf_printf(out, "%s@%lld(", tables[row->table].name, (long long)row->line);
    for (int i = 0; i < OG_DUMP_WANTED_MAX && tables[row->table].columns[i]; i++) {
        og_buf_add_cstr(out, i ? "," : "");
        if (row->values[i].is_null) {
            og_buf_add_cstr(out, "NULL");
        } else {
            og_buf_add(out, row->values[i].text);
        }
    }
    og_buf_add_cstr(out, ")");
    return OG_OK;
}

static enum og_code
read_dump(struct og_str text, size_t piece, struct og_buf *out, struct og_err *err)
{
    struct text_source source;
    bool seen[OG_DUMP_TABLES_MAX];
    const struct og_dump_reader reader = {tables, COUNT(tables), note_row, out};
    *err = (struct og_err){0};
    og_buf_clear(out);
    return og_dump_read(text_source(&source, text, piece), &reader, seen, err);
}

#define USERS "CREATE TABLE `users` (`id` varchar(3), `hash` text, KEY `k` (`id`));\n"

static const struct {
    const char *dump, *rows;
} good[] = {
    {"", ""},
    {"-- nothing\n# nothing\n/* nothing */ ;;", ""},
    {USERS "INSERT INTO `users` VALUES ('a','b');", "users@2(a,b)"},
    {USERS "INSERT INTO `users` VALUES\n('a','b'),\n('c',NULL);", "users@3(a,b)users@4(c,NULL)"},
    {USERS "insert ignore into users (hash, id) value ('b','a');", "users@2(a,b)"},
    {USERS "REPLACE INTO `db`.`users` VALUES (1,-2.5e-3);", "users@2(1,-2.5e-3)"},
    {USERS "INSERT INTO `users` VALUES (0x61620A,x'4142'),(0X6,0x);",
     "users@2(ab\n,AB)users@2(\006,)"},
    {USERS "INSERT INTO `users` VALUES (_binary 'a',_utf8mb4'b');", "users@2(a,b)"},
    {USERS "INSERT INTO `users` VALUES ('a''b','\\'\\\\\\n\\x\\\"');", "users@2(a'b,'\\\nx\")"},
    {USERS "INSERT INTO `users` VALUES ('--','/*'),('#',';');", "users@2(--,/*)users@2(#,;)"},
    {USERS "INSERT INTO `users` VALUES ('a','b') ON DUPLICATE KEY UPDATE `id`='x';",
     "users@2(a,b)"},
    {"CREATE TABLE IF NOT EXISTS \"users\" (\"hash\" text,\"id\" int);"
     "INSERT INTO \"users\" VALUES ('b','a');", "users@1(a,b)"},
    {"CREATE TABLE users (id int DEFAULT '(', more enum('),','x') /*!80023 INVISIBLE */, "
     "PRIMARY KEY (id), hash text CHECK (length(hash) > 3));\n"
     "INSERT INTO users VALUES (1,'x','y');",
     "users@2(1,y)"},
    {"CREATE TABLE `phones` (`a` int,`token` text);" USERS
     "INSERT INTO `users` VALUES ('a','b');INSERT INTO `phones` VALUES (1,'t');",
     "users@2(a,b)phones@2(t)"},
    {"INSERT INTO `others` VALUES ('); INSERT INTO `users` VALUES (1);');", ""},
    {"DELIMITER ;;\nCREATE TRIGGER x BEGIN INSERT INTO users VALUES (';'); END ;;\nDELIMITER ;\n"
     USERS "INSERT INTO users VALUES (1,2);", "users@5(1,2)"},
    {"delimiter $$\nit's unbalanced\n", ""},
    {"/*!40000 ALTER TABLE `users` DISABLE KEYS */;LOCK TABLES `users` WRITE;", ""},
    {"CREATE VIEW users AS SELECT 1;CREATE DATABASE `x`;USE `x`;", ""},
};

static const struct {
    const char *dump, *why;
} bad[] = {
    {"SELECT", "line 1: the dump ends in the middle of a statement"},
    {"\nSELECT 'x", "line 2: the dump ends inside a text that begins here"},
    {"SELECT `x", "line 1: the dump ends inside a name"},
    {"SELECT x'41", "line 1: the dump ends inside a text"},
    {"/* x *", "line 1: the dump ends inside a comment"},
    {USERS "INSERT INTO users VALUES ('a','b'),", "line 2: expected '(' before a row of users"},
    {USERS "INSERT INTO users VALUES ('a','b'", "line 2: expected ')'"},
    {USERS "INSERT INTO users VALUES ('a','b')", "the dump ends in the middle of a statement"},
    {USERS "INSERT INTO users VALUES ('a');", "line 2: a row of users has 1 values for 2 columns"},
    {USERS "INSERT INTO users VALUES (1,2,3);", "a row of users has 3 values for 2 columns"},
    {USERS "INSERT INTO users VALUES ();", "expected a constant value"},
    {USERS "INSERT INTO users VALUES (now(),1);", "expected a constant value"},
    {USERS "INSERT INTO users VALUES (-'1',1);", "expected a constant value"},
    {USERS "INSERT INTO users SELECT 1;", "expected VALUES"},
    {USERS "INSERT INTO ;", "expected the name of a table"},
    {USERS "INSERT INTO users (id,;", "expected the name of a column"},
    {USERS USERS, "line 2: the table users is created a second time"},
    {"INSERT INTO users VALUES (1,2);", "rows of users without their columns"},
    {"CREATE TABLE users LIKE x;", "expected '('"},
    {"CREATE TABLE users (5 int);", "expected the name of a column"},
};

static void
dumps_are_read(void **state)
{
    (void)state;
    struct og_buf out;
    struct og_err err;
    og_buf_init(&out, 65536);
    for (size_t i = 0; i < COUNT(good); i++) {
        for (size_t piece = 1; piece < 40; piece++) {
            if (read_dump(og_str_from(good[i].dump), piece, &out, &err) != OG_OK ||
                strcmp(out.len ? out.ptr : "", good[i].rows) != 0) {
                fail_msg("%s in pieces of %zu: %s %s", good[i].dump, piece, out.ptr, err.text);
            }
        }
    }
    og_buf_finish(&out);
}

static void
what_is_no_dump_says_why(void **state)
{
    (void)state;
    struct og_buf out;
    struct og_err err;
    og_buf_init(&out, 65536);
    for (size_t i = 0; i < COUNT(bad); i++) {
        enum og_code code = read_dump(og_str_from(bad[i].dump), 7, &out, &err);
        if (code != OG_E_INVALID || !strstr(err.text, bad[i].why)) {
            fail_msg("%s: %d %s", bad[i].dump, code, err.text);
        }
    }
    og_buf_finish(&out);
}

/* Long values of columns that nobody wants pass; wanted ones have a limit. */
static void
long_values_have_a_limit(void **state)
{
    (void)state;
    struct og_buf dump, out;
    struct og_err err;
    og_buf_init(&out, 4 * OG_DUMP_TOKEN_MAX_BYTES);
    og_buf_init(&dump, 4 * OG_DUMP_TOKEN_MAX_BYTES);
    static const char *const heads[] = {
        "CREATE TABLE users (x int, id int, hash int);INSERT INTO users VALUES ('",
        "CREATE TABLE users (id int, hash int, x int);INSERT INTO users VALUES ('",
    };
    for (size_t i = 0; i < COUNT(heads); i++) {
        og_buf_clear(&dump);
        og_buf_add_cstr(&dump, heads[i]);
        for (size_t n = 0; n < OG_DUMP_TOKEN_MAX_BYTES / 8 + 1; n++) {
            og_buf_add_cstr(&dump, "12345678");
        }
        og_buf_add_cstr(&dump, "',1,2);");
        enum og_code code = read_dump(og_buf_str(&dump), 65536, &out, &err);
        assert_int_equal(code, i == 0 ? OG_OK : OG_E_TOO_LARGE);
    }
    assert_non_null(strstr(err.text, "line 1"));
    og_buf_finish(&dump);
    og_buf_finish(&out);
}

static void
columns_have_a_limit(void **state)
{
    (void)state;
    struct og_buf dump, out;
    struct og_err err;
    og_buf_init(&out, 65536);
    og_buf_init(&dump, 65536);
    og_buf_add_cstr(&dump, "CREATE TABLE users (c0 int");
    for (int i = 1; i <= OG_DUMP_COLUMNS_MAX; i++) {
        og_buf_printf(&dump, ",c%d int", i);
    }
    og_buf_add_cstr(&dump, ");");
    assert_int_equal(read_dump(og_buf_str(&dump), 100, &out, &err), OG_E_INVALID);
    assert_non_null(strstr(err.text, "more than 128 columns"));
    og_buf_finish(&dump);
    og_buf_finish(&out);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dumps_are_read),
        cmocka_unit_test(what_is_no_dump_says_why),
        cmocka_unit_test(long_values_have_a_limit),
        cmocka_unit_test(columns_have_a_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
