/*
 * The schema: forward only, one transaction each, and never back from a newer one.
 */
#include "store/migrate.h"
#include "tests/unit/store/sql_fixture.h"

static const struct og_migration steps[] = {
    {1, "init",
     "-- the first; with a note\n"
     "CREATE TABLE items (id TEXT NOT NULL PRIMARY KEY, number BIGINT, data {blob})"
     " {without_rowid};\n"
     "CREATE INDEX items_number ON items (number);\n"
     "-- the end\n"},
    {2, "more", "ALTER TABLE items ADD COLUMN note TEXT;\nINSERT INTO items (id) VALUES ('x');\n"},
    {3, "wrong", "CREATE TABLE half (id TEXT);\nCREATE TABLE items (id TEXT);\n"},
};

static int
current(struct og_db *db)
{
    int number = -1;
    assert_int_equal(og_schema_current(db, &number, NULL), OG_OK);
    return number;
}

static void
test_steps_are_applied_once(void **state)
{
    struct og_db *db = item_connect(":memory:");
    assert_int_equal(current(db), 0);
    assert_int_equal(og_schema_apply(db, steps, 1, 1000, NULL), OG_OK);
    assert_int_equal(current(db), 1);
    assert_int_equal(item_count(db), 0);
    for (int round = 0; round < 2; round++) {
        assert_int_equal(og_schema_apply(db, steps, 2, 2000, NULL), OG_OK);
        assert_int_equal(current(db), 2);
        assert_int_equal(item_count(db), 1);
    }
    og_db_close(db);
}

static void
test_a_failing_step_leaves_the_one_before(void **state)
{
    const struct og_migration mended[] = {
        steps[0], steps[1], {3, "right", "CREATE TABLE half (id TEXT);\n"}};
    struct og_db *db = item_connect(":memory:");
    struct og_err err = {0};
    assert_int_equal(og_schema_apply(db, steps, 3, 1000, &err), OG_E_INTERNAL);
    assert_non_null(strstr(err.text, "schema 3 (wrong)"));
    assert_int_equal(current(db), 2);
    assert_int_equal(og_schema_apply(db, mended, 3, 2000, NULL), OG_OK); /* no half is left */
    assert_int_equal(current(db), 3);
    og_db_close(db);
}

static void
test_a_failing_commit_leaves_nothing(void **state)
{
    struct og_db *db = item_connect(":memory:");
    og_db_inject(db, OG_FAULT_FULL, 1);
    assert_int_equal(og_schema_apply(db, steps, 2, 1000, NULL), OG_E_UNAVAILABLE);
    assert_int_equal(current(db), 0);
    assert_int_equal(og_schema_apply(db, steps, 2, 1000, NULL), OG_OK);
    og_db_close(db);
}

static void
test_a_newer_schema_is_refused_untouched(void **state)
{
    struct og_db *db = item_connect(":memory:");
    struct og_err err = {0};
    assert_int_equal(og_schema_apply(db, steps, 2, 1000, NULL), OG_OK);
    assert_int_equal(og_schema_apply(db, steps, 1, 2000, &err), OG_E_CONFLICT);
    assert_non_null(strstr(err.text, "schema 2"));
    assert_int_equal(current(db), 2);
    assert_int_equal(item_count(db), 1);
    og_db_close(db);
}

static void
test_a_reader_may_ask_for_the_number(void **state)
{
    struct temp_dir dir;
    char path[PATH_MAX];
    temp_dir_make(&dir);
    struct og_db *writer = item_connect(temp_dir_file(&dir, "a.db", path));
    struct og_db_config config = {.path = path, .read_only = true};
    struct og_db *reader = NULL;
    assert_int_equal(og_db_connect(&config, &reader, NULL), OG_OK);
    assert_int_equal(current(reader), 0);
    assert_int_equal(og_schema_apply(writer, steps, 2, 1000, NULL), OG_OK);
    assert_int_equal(current(reader), 2);
    og_db_close(reader);
    og_db_close(writer);
    temp_dir_remove(&dir);
}

static void
test_the_embedded_schema_applies(void **state)
{
    struct og_db *db = item_connect(":memory:");
    assert_true(og_schema_known() > 0);
    assert_int_equal(og_schema_migrate(db, 1000, NULL), OG_OK);
    assert_int_equal(current(db), og_schema_known());
    item_assert_sound(db);
    og_db_close(db);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_steps_are_applied_once),
        cmocka_unit_test(test_a_failing_step_leaves_the_one_before),
        cmocka_unit_test(test_a_failing_commit_leaves_nothing),
        cmocka_unit_test(test_a_newer_schema_is_refused_untouched),
        cmocka_unit_test(test_a_reader_may_ask_for_the_number),
        cmocka_unit_test(test_the_embedded_schema_applies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
