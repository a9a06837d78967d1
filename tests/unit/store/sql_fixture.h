/*
 * A small schema and its page of statements, for tests of the engine.
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "store/db.h"
#include "tests/support/temp_dir.h"

enum item_sql {
    ITEM_CREATE,
    ITEM_CREATE_CHILD,
    ITEM_ADD,
    ITEM_ADD_BACKWARDS,
    ITEM_ADD_CHILD,
    ITEM_GET,
    ITEM_RENAME,
    ITEM_ALL,
    ITEM_COUNT,
    ITEM_CLAIM,
    ITEM_CAP_PAGES,
    ITEM_UNCAP_PAGES,
    ITEM_BROKEN,
    ITEM_QUESTION_MARK,
    ITEM_ADD_MANY,
    ITEM_SQL_COUNT
};

static const char *const item_sql[ITEM_SQL_COUNT] = {
    [ITEM_CREATE] = "CREATE TABLE items (id TEXT NOT NULL PRIMARY KEY, number BIGINT, data {blob})"
                    " {without_rowid}",
    [ITEM_CREATE_CHILD] = "CREATE TABLE children (item TEXT NOT NULL REFERENCES items (id))",
    [ITEM_ADD] = "INSERT INTO items (id, number, data) VALUES ($1, $2, $3)",
    [ITEM_ADD_BACKWARDS] = "INSERT INTO items (data, number, id) VALUES ($3, $2, $1)",
    [ITEM_ADD_CHILD] = "INSERT INTO children (item) VALUES ($1)",
    [ITEM_GET] = "SELECT id, number, data FROM items WHERE id = $1 OR ($1 = 'first' AND id = $2)",
    [ITEM_RENAME] = "UPDATE items SET number = $2 WHERE number = $1",
    [ITEM_ALL] = "SELECT id FROM items ORDER BY id",
    [ITEM_COUNT] = "SELECT COUNT(*) FROM items",
    [ITEM_CLAIM] = "UPDATE items SET number = 0 WHERE id ="
                   " (SELECT id FROM items WHERE number > 0 ORDER BY id LIMIT 1 {lock})"
                   " RETURNING id",
    [ITEM_CAP_PAGES] = "PRAGMA max_page_count = 12",
    [ITEM_UNCAP_PAGES] = "PRAGMA max_page_count = 1000000",
    [ITEM_BROKEN] = "SELEKT 1",
    [ITEM_QUESTION_MARK] = "SELECT ?",
    [ITEM_ADD_MANY] = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $2)"
                      " INSERT INTO items SELECT $1 || i, i, $3 FROM n",
};

static const struct og_sql_page item_page = {OG_PAGE_ACCOUNT, item_sql, ITEM_SQL_COUNT};

static inline struct og_db *
item_connect(const char *path)
{
    struct og_db_config config = {.path = path, .busy_timeout_ms = 1};
    struct og_db *db = NULL;
    struct og_err err = {0};
    if (og_db_connect(&config, &db, &err) != OG_OK) {
        fail_msg("%s", err.text);
    }
    return db;
}

static inline void
item_create(struct og_db *db)
{
    assert_int_equal(og_db_run(db, &item_page, ITEM_CREATE, OG_NO_ARGS, NULL, NULL), OG_OK);
    assert_int_equal(og_db_run(db, &item_page, ITEM_CREATE_CHILD, OG_NO_ARGS, NULL, NULL), OG_OK);
}

static inline enum og_code
item_add(struct og_db *db, const char *id, int64_t number)
{
    return og_db_run(db, &item_page, ITEM_ADD,
                     OG_ARGS(og_value_cstr(id), og_value_i64(number), og_value_null()), NULL, NULL);
}

/* Set a pragma that answers with a row. */
static inline void
item_pragma(struct og_db *db, enum item_sql which)
{
    struct og_rows rows;
    assert_int_equal(og_db_open(db, &item_page, which, OG_NO_ARGS, &rows, NULL), OG_OK);
    assert_int_equal(og_rows_next(&rows, NULL), OG_STEP_ROW);
    og_rows_close(&rows);
}

static inline int64_t
item_count(struct og_db *db)
{
    struct og_rows rows;
    assert_int_equal(og_db_open(db, &item_page, ITEM_COUNT, OG_NO_ARGS, &rows, NULL), OG_OK);
    assert_int_equal(og_rows_next(&rows, NULL), OG_STEP_ROW);
    int64_t count = og_row_i64(&rows, 0);
    og_rows_close(&rows);
    return count;
}

static inline void
item_assert_sound(struct og_db *db)
{
    struct og_arena mem;
    struct og_str complaint;
    og_arena_init(&mem, 0);
    assert_int_equal(og_db_check(db, &mem, &complaint, NULL), OG_OK);
    assert_int_equal(complaint.len, 0);
    og_arena_finish(&mem);
}
