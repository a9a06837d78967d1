/*
 * The write-ahead log behind its buffer: few writes for a commit, all of it in the file when the
 * commit counts, and transactions larger than the buffer and than the engine's cache.
 */
#include <fcntl.h>
#include <stdio.h>

#include "tests/unit/store/sql_fixture.h"

#define PAGE_BYTES 4096

struct fixture {
    struct temp_dir dir;
    char path[PATH_MAX];
    struct og_db *db;
};

static int
set_up(void **state)
{
    struct fixture *fix = calloc(1, sizeof *fix);
    temp_dir_make(&fix->dir);
    fix->db = item_connect(temp_dir_file(&fix->dir, "a.db", fix->path));
    item_create(fix->db);
    *state = fix;
    return 0;
}

static int
tear_down(void **state)
{
    struct fixture *fix = *state;
    og_db_close(fix->db);
    temp_dir_remove(&fix->dir);
    free(fix);
    return 0;
}

/* Rows that fill a page each. */
static void
add_pages(struct og_db *db, const char *prefix, int count)
{
    static char data[PAGE_BYTES - 200];
    assert_int_equal(og_db_run(db, &item_page, ITEM_ADD_MANY,
                               OG_ARGS(og_value_cstr(prefix), og_value_i64(count),
                                       og_value_blob((struct og_str){data, sizeof data})),
                               NULL, NULL),
                     OG_OK);
}

static void
begin(struct og_db *db)
{
    assert_int_equal(og_db_begin(db, true, NULL), OG_OK);
}

static void
commit(struct og_db *db)
{
    assert_int_equal(og_db_commit(db, NULL), OG_OK);
}

/* Calls of this process that wrote to a file. */
static long
writes_so_far(void)
{
    char line[64];
    long count = -1;
    FILE *io = fopen("/proc/self/io", "r");
    while (io && fgets(line, sizeof line, io)) {
        (void)sscanf(line, "syscw: %ld", &count);
    }
    if (io) {
        fclose(io);
    }
    return count;
}

static void
copy_file(const struct fixture *fix, const char *from, const char *to)
{
    static char bytes[1 << 16];
    char path[PATH_MAX];
    int in = open(temp_dir_file(&fix->dir, from, path), O_RDONLY);
    int out = open(temp_dir_file(&fix->dir, to, path), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    ssize_t count;
    assert_true(in >= 0 && out >= 0);
    while ((count = read(in, bytes, sizeof bytes)) > 0) {
        assert_int_equal(write(out, bytes, (size_t)count), count);
    }
    assert_int_equal(count, 0);
    close(in);
    close(out);
}

/* As a machine that stops now would leave it. */
static int64_t
count_after_crash(const struct fixture *fix)
{
    char path[PATH_MAX];
    copy_file(fix, "a.db", "crashed.db");
    copy_file(fix, "a.db-wal", "crashed.db-wal");
    struct og_db *db = item_connect(temp_dir_file(&fix->dir, "crashed.db", path));
    const int64_t count = item_count(db);
    item_assert_sound(db);
    og_db_close(db);
    return count;
}

static void
test_a_commit_takes_few_writes(void **state)
{
    struct fixture *fix = *state;
    begin(fix->db);
    add_pages(fix->db, "a", 100);
    const long before = writes_so_far();
    commit(fix->db);
    if (before < 0) {
        skip(); /* a kernel that does not count */
    }
    assert_in_range(writes_so_far() - before, 1, 10);
}

static void
test_what_is_committed_is_in_the_file(void **state)
{
    struct fixture *fix = *state;
    for (int i = 0; i < 5; i++) {
        char prefix[2] = {(char)('a' + i), '\0'};
        begin(fix->db);
        add_pages(fix->db, prefix, 50);
        commit(fix->db);
        assert_int_equal(count_after_crash(fix), 50 * (i + 1));
    }
}

/* More than the engine keeps in memory: it writes pages to the log before the commit, reads them
 * again from there, and a rollback makes it write the same places anew. */
static void
test_a_transaction_larger_than_the_cache(void **state)
{
    enum { MANY = 3000 };
    struct fixture *fix = *state;
    struct og_db_config config = {.path = fix->path, .read_only = true};
    struct og_db *reader = NULL;
    assert_int_equal(og_db_connect(&config, &reader, NULL), OG_OK);
    begin(fix->db);
    add_pages(fix->db, "lost", MANY);
    assert_int_equal(item_count(fix->db), MANY);
    og_db_rollback(fix->db);
    assert_int_equal(item_count(fix->db), 0);
    begin(fix->db);
    add_pages(fix->db, "kept", MANY);
    assert_int_equal(og_db_run(fix->db, &item_page, ITEM_RENAME,
                               OG_ARGS(og_value_i64(1), og_value_i64(-1)), NULL, NULL),
                     OG_OK);
    assert_int_equal(item_count(reader), 0);
    commit(fix->db);
    assert_int_equal(item_count(reader), MANY);
    og_db_close(reader);
    assert_int_equal(count_after_crash(fix), MANY);
    item_assert_sound(fix->db);
}

static void
test_a_savepoint_undone_leaves_the_rest(void **state)
{
    enum { MANY = 2000 };
    struct fixture *fix = *state;
    begin(fix->db);
    add_pages(fix->db, "kept", MANY);
    assert_int_equal(og_db_savepoint(fix->db, NULL), OG_OK);
    add_pages(fix->db, "undone", MANY);
    assert_int_equal(og_db_undo(fix->db, NULL), OG_OK);
    add_pages(fix->db, "more", 10);
    commit(fix->db);
    assert_int_equal(item_count(fix->db), MANY + 10);
    assert_int_equal(count_after_crash(fix), MANY + 10);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_commit_takes_few_writes),
        TEST(test_what_is_committed_is_in_the_file),
        TEST(test_a_transaction_larger_than_the_cache),
        TEST(test_a_savepoint_undone_leaves_the_rest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
