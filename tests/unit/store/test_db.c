/*
 * Statements and transactions on an embedded database.
 */
#include "tests/unit/store/sql_fixture.h"

static int
set_up(void **state)
{
    struct og_db *db = item_connect(":memory:");
    item_create(db);
    *state = db;
    return 0;
}

static int
tear_down(void **state)
{
    og_db_close(*state);
    return 0;
}

static void
test_values_come_back(void **state)
{
    static const struct {
        const char *id;
        int64_t number;
        struct og_str data;
        enum item_sql with;
    } cases[] = {
        {"plain", 42, {"x", 1}, ITEM_ADD},
        {"", INT64_MIN, {NULL, 0}, ITEM_ADD},
        {"backwards", INT64_MAX, {"\0\xff\0", 3}, ITEM_ADD_BACKWARDS},
    };
    struct og_arena mem;
    og_arena_init(&mem, 0);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int64_t changed = -1;
        struct og_rows rows;
        assert_int_equal(og_db_run(*state, &item_page, (int)cases[i].with,
                                   OG_ARGS(og_value_text(og_str_from(cases[i].id)),
                                           og_value_i64(cases[i].number),
                                           og_value_blob(cases[i].data)),
                                   &changed, NULL),
                         OG_OK);
        assert_int_equal(changed, 1);
        assert_int_equal(og_db_open(*state, &item_page, ITEM_GET,
                                    OG_ARGS(og_value_cstr("first"), og_value_cstr(cases[i].id)),
                                    &rows, NULL),
                         OG_OK);
        assert_int_equal(og_rows_next(&rows, NULL), OG_STEP_ROW);
        struct og_str id = og_row_text(&rows, 0, &mem);
        assert_true(og_str_eq(og_row_borrow(&rows, 2), cases[i].data));
        assert_false(og_row_is_null(&rows, 2));
        assert_int_equal(og_row_i64(&rows, 1), cases[i].number);
        assert_int_equal(og_rows_next(&rows, NULL), OG_STEP_DONE);
        og_rows_close(&rows);
        assert_true(og_str_eq(id, og_str_from(cases[i].id)));
    }
    og_arena_finish(&mem);
}

static void
test_null_is_zero_and_empty(void **state)
{
    struct og_arena mem;
    struct og_rows rows;
    og_arena_init(&mem, 0);
    assert_int_equal(og_db_run(*state, &item_page, ITEM_ADD,
                               OG_ARGS(og_value_cstr("a"), og_value_i64_or_null(0),
                                       og_value_text_or_null((struct og_str){0})),
                               NULL, NULL),
                     OG_OK);
    assert_int_equal(og_db_open(*state, &item_page, ITEM_GET,
                                OG_ARGS(og_value_cstr("a"), og_value_null()), &rows, NULL),
                     OG_OK);
    assert_int_equal(og_rows_next(&rows, NULL), OG_STEP_ROW);
    assert_true(og_row_is_null(&rows, 1));
    assert_true(og_row_is_null(&rows, 2));
    assert_int_equal(og_row_i64(&rows, 1), 0);
    assert_int_equal(og_row_text(&rows, 2, &mem).len, 0);
    og_rows_close(&rows);
    og_rows_close(&rows); /* takes zeroed */
    og_arena_finish(&mem);
}

static void
test_changed_counts_rows(void **state)
{
    static const struct {
        int64_t from, to, changed;
    } cases[] = {{1, 5, 2}, {1, 5, 0}, {5, 6, 2}, {2, 6, 1}};
    assert_int_equal(item_add(*state, "a", 1), OG_OK);
    assert_int_equal(item_add(*state, "b", 1), OG_OK);
    assert_int_equal(item_add(*state, "c", 2), OG_OK);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int64_t changed = -1;
        assert_int_equal(
            og_db_run(*state, &item_page, ITEM_RENAME,
                      OG_ARGS(og_value_i64(cases[i].from), og_value_i64(cases[i].to)), &changed,
                      NULL),
            OG_OK);
        assert_int_equal(changed, cases[i].changed);
    }
}

static void
test_returning_gives_rows_of_a_change(void **state)
{
    struct og_rows rows;
    assert_int_equal(item_add(*state, "a", 1), OG_OK);
    for (int round = 0; round < 2; round++) {
        assert_int_equal(og_db_open(*state, &item_page, ITEM_CLAIM, OG_NO_ARGS, &rows, NULL),
                         OG_OK);
        assert_int_equal(og_rows_next(&rows, NULL), round == 0 ? OG_STEP_ROW : OG_STEP_DONE);
        og_rows_close(&rows);
    }
}

static void
test_constraints_are_conflicts(void **state)
{
    struct og_err err = {0};
    assert_int_equal(item_add(*state, "a", 1), OG_OK);
    assert_int_equal(item_add(*state, "a", 2), OG_E_CONFLICT);
    assert_int_equal(item_add(*state, NULL, 2), OG_E_CONFLICT);
    assert_int_equal(og_db_run(*state, &item_page, ITEM_ADD_CHILD,
                               OG_ARGS(og_value_cstr("secret")), NULL, &err),
                     OG_E_CONFLICT);
    assert_int_equal(err.code, OG_E_CONFLICT);
    assert_null(strstr(err.text, "secret"));
    assert_int_equal(item_count(*state), 1);
}

static void
test_wrong_use_is_internal(void **state)
{
    struct og_rows rows;
    struct og_rows again;
    assert_int_equal(og_db_run(*state, &item_page, ITEM_ADD_CHILD, OG_NO_ARGS, NULL, NULL),
                     OG_E_INTERNAL);
    assert_int_equal(og_db_run(*state, &item_page, ITEM_COUNT, OG_NO_ARGS, NULL, NULL),
                     OG_E_INTERNAL);
    assert_int_equal(og_db_run(*state, &item_page, ITEM_BROKEN, OG_NO_ARGS, NULL, NULL),
                     OG_E_INTERNAL);
    assert_int_equal(og_db_open(*state, &item_page, ITEM_QUESTION_MARK,
                                OG_ARGS(og_value_i64(1)), &rows, NULL),
                     OG_E_INTERNAL);
    og_rows_close(&rows);
    assert_int_equal(item_add(*state, "a", 1), OG_OK);
    assert_int_equal(og_db_open(*state, &item_page, ITEM_ALL, OG_NO_ARGS, &rows, NULL), OG_OK);
    assert_int_equal(og_rows_next(&rows, NULL), OG_STEP_ROW);
    assert_int_equal(og_db_open(*state, &item_page, ITEM_ALL, OG_NO_ARGS, &again, NULL),
                     OG_E_INTERNAL);
    og_rows_close(&again);
    og_rows_close(&rows);
}

static void
test_rollback_forgets(void **state)
{
    og_db_rollback(*state); /* fine when none is open */
    assert_int_equal(og_db_begin(*state, true, NULL), OG_OK);
    assert_int_equal(item_add(*state, "a", 1), OG_OK);
    og_db_rollback(*state);
    assert_int_equal(item_count(*state), 0);
}

static void
test_a_savepoint_undoes_its_own_rows_only(void **state)
{
    static const struct {
        const char *id;
        bool undo;
    } cases[] = {{"a", false}, {"b", true}, {"c", false}, {"d", true}};
    assert_int_equal(og_db_begin(*state, true, NULL), OG_OK);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(og_db_savepoint(*state, NULL), OG_OK);
        assert_int_equal(item_add(*state, cases[i].id, 1), OG_OK);
        assert_int_equal(cases[i].undo ? og_db_undo(*state, NULL) : og_db_release(*state, NULL),
                         OG_OK);
    }
    assert_int_equal(og_db_commit(*state, NULL), OG_OK);
    assert_int_equal(item_count(*state), 2);
    assert_int_equal(item_add(*state, "b", 1), OG_OK);
    assert_int_equal(item_add(*state, "c", 1), OG_E_CONFLICT);
}

static void
test_a_full_database_breaks_the_transaction_off(void **state)
{
    struct og_db *db = *state;
    item_pragma(db, ITEM_CAP_PAGES);
    assert_int_equal(og_db_begin(db, true, NULL), OG_OK);
    assert_int_equal(og_db_savepoint(db, NULL), OG_OK);
    assert_int_equal(item_add(db, "kept?", 1), OG_OK);
    static char big[8000];
    enum og_code code = OG_OK;
    for (int i = 0; code == OG_OK && i < 100; i++) {
        char id[16];
        snprintf(id, sizeof id, "%d", i);
        code = og_db_run(db, &item_page, ITEM_ADD,
                         OG_ARGS(og_value_cstr(id), og_value_i64(i),
                                 og_value_blob((struct og_str){big, sizeof big})),
                         NULL, NULL);
    }
    assert_int_equal(code, OG_E_UNAVAILABLE);
    assert_true(og_db_is_broken_off(db));
    /* Nothing may run now: it would be a transaction of its own. */
    assert_int_equal(item_add(db, "late", 1), OG_E_UNAVAILABLE);
    assert_int_equal(og_db_savepoint(db, NULL), OG_E_UNAVAILABLE);
    assert_int_equal(og_db_undo(db, NULL), OG_E_UNAVAILABLE);
    assert_int_equal(og_db_commit(db, NULL), OG_E_UNAVAILABLE);
    og_db_rollback(db);
    assert_false(og_db_is_broken_off(db));
    assert_int_equal(item_count(db), 0);
    item_pragma(db, ITEM_UNCAP_PAGES);
    assert_int_equal(item_add(db, "late", 1), OG_OK);
}

static void
test_injected_faults_fail_the_commit(void **state)
{
    static const struct {
        enum og_db_fault fault;
        bool breaks_off;
    } cases[] = {{OG_FAULT_FULL, true}, {OG_FAULT_IO, true}, {OG_FAULT_BUSY, false}};
    struct og_db *db = *state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        og_db_inject(db, cases[i].fault, 2);
        for (int round = 0; round < 3; round++) {
            char id[16];
            snprintf(id, sizeof id, "%zu", i);
            assert_int_equal(og_db_begin(db, true, NULL), OG_OK);
            assert_int_equal(item_add(db, id, 1), OG_OK);
            bool should_fail = round < 2;
            assert_int_equal(og_db_commit(db, NULL), should_fail ? OG_E_UNAVAILABLE : OG_OK);
            assert_int_equal(og_db_is_broken_off(db), should_fail && cases[i].breaks_off);
            og_db_rollback(db);
            assert_int_equal(item_count(db), (int64_t)i + !should_fail);
        }
    }
    og_db_inject(db, OG_FAULT_NONE, 1);
    assert_int_equal(og_db_probe(db, NULL), OG_OK);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_values_come_back),
        TEST(test_null_is_zero_and_empty),
        TEST(test_changed_counts_rows),
        TEST(test_returning_gives_rows_of_a_change),
        TEST(test_constraints_are_conflicts),
        TEST(test_wrong_use_is_internal),
        TEST(test_rollback_forgets),
        TEST(test_a_savepoint_undoes_its_own_rows_only),
        TEST(test_a_full_database_breaks_the_transaction_off),
        TEST(test_injected_faults_fail_the_commit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
