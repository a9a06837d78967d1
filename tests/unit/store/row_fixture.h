/*
 * A database of its own with the real schema, in a file, for tests of the store files.
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/crypto.h"
#include "store/db.h"
#include "store/migrate.h"
#include "tests/support/temp_dir.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define NOON INT64_C(1767268800000)
#define ACCOUNT OG_STR("acc-a")
#define OTHER_ACCOUNT OG_STR("acc-b")

struct rows {
    struct temp_dir dir;
    char path[PATH_MAX];
    struct og_db *db;
    struct og_arena mem;
    struct og_key seal;
    struct og_err err;
};

static inline void
rows_open(struct rows *r)
{
    const struct og_db_config config = {.path = r->path, .checkpoint_pages = 1000};
    assert_int_equal(og_db_connect(&config, &r->db, &r->err), OG_OK);
    assert_int_equal(og_schema_migrate(r->db, NOON, &r->err), OG_OK);
}

static inline int
rows_setup(void **state)
{
    struct rows *r = og_xalloc(sizeof *r);
    uint8_t bytes[OG_KEY_BYTES] = {1, 2, 3};
    assert_int_equal(og_crypto_init(&r->err), OG_OK);
    og_key_from_bytes(bytes, &r->seal);
    og_arena_init(&r->mem, 0);
    temp_dir_make(&r->dir);
    temp_dir_file(&r->dir, "db", r->path);
    rows_open(r);
    *state = r;
    return 0;
}

static inline int
rows_teardown(void **state)
{
    struct rows *r = *state;
    og_db_close(r->db);
    temp_dir_remove(&r->dir);
    og_arena_finish(&r->mem);
    free(r);
    return 0;
}

static inline void
rows_must(struct rows *r, enum og_code code)
{
    if (code != OG_OK) {
        fail_msg("%s %s: %s", og_code_wire(code), r->err.field, r->err.text);
    }
}

static inline void
assert_text(struct og_str got, struct og_str expected)
{
    if (!og_str_eq(got, expected)) {
        fail_msg("got \"%" OG_STR_FMT "\", expected \"%" OG_STR_FMT "\"", OG_STR_ARG(got),
                 OG_STR_ARG(expected));
    }
}

#define WITH_ROWS(test) cmocka_unit_test_setup_teardown(test, rows_setup, rows_teardown)
