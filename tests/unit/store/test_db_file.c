/*
 * The database as a file: who may write, what readers see, full disks, checkpoints and copies.
 */
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "tests/unit/store/sql_fixture.h"

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

static enum og_code
connect_to(const char *path, bool read_only, struct og_db **out, struct og_err *err)
{
    struct og_db_config config = {.path = path, .read_only = read_only, .busy_timeout_ms = 1};
    return og_db_connect(&config, out, err);
}

static struct og_db *
connect_reader(const char *path)
{
    struct og_db *reader = NULL;
    assert_int_equal(connect_to(path, true, &reader, NULL), OG_OK);
    return reader;
}

static off_t
size_of(const struct fixture *fix, const char *name)
{
    char path[PATH_MAX];
    struct stat st;
    return stat(temp_dir_file(&fix->dir, name, path), &st) == 0 ? st.st_size : -1;
}

/* Run in a child; its exit status. */
static int
in_child(int (*work)(struct fixture *fix), struct fixture *fix)
{
    int status = 0;
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        _exit(work(fix));
    }
    assert_true(child > 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void
test_all_files_are_private(void **state)
{
    static const char *const names[] = {"a.db", "a.db-wal", "a.db-shm", "a.db.lock"};
    struct fixture *fix = *state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char path[PATH_MAX];
        struct stat st;
        assert_int_equal(stat(temp_dir_file(&fix->dir, names[i], path), &st), 0);
        assert_int_equal(st.st_mode & 0777, 0600);
    }
}

static int
try_second_writer(struct fixture *fix)
{
    struct og_db *second = NULL;
    struct og_err err = {0};
    char expected[32];
    snprintf(expected, sizeof expected, "pid %ld", (long)getppid());
    enum og_code code = connect_to(fix->path, false, &second, &err);
    return code == OG_E_UNAVAILABLE && !second && strstr(err.text, expected) ? 0 : 1;
}

static void
test_a_second_writer_is_refused(void **state)
{
    struct fixture *fix = *state;
    struct og_db *second = NULL;
    char link[PATH_MAX];
    assert_int_equal(in_child(try_second_writer, fix), 0);
    assert_int_equal(connect_to(fix->path, false, &second, NULL), OG_E_UNAVAILABLE);
    assert_int_equal(symlink("a.db", temp_dir_file(&fix->dir, "b.db", link)), 0);
    assert_int_equal(connect_to(link, false, &second, NULL), OG_E_UNAVAILABLE);
    assert_int_equal(item_add(fix->db, "still", 1), OG_OK);
    og_db_close(fix->db);
    fix->db = item_connect(link);
    assert_int_equal(item_count(fix->db), 1);
}

static int
open_and_die(struct fixture *fix)
{
    struct og_db *db = NULL;
    if (connect_to(fix->path, false, &db, NULL) != OG_OK || item_add(db, "dead", 1) != OG_OK ||
        og_db_begin(db, true, NULL) != OG_OK || item_add(db, "lost", 1) != OG_OK) {
        return 1;
    }
    kill(getpid(), SIGKILL);
    return 1;
}

static void
test_a_killed_writer_leaves_no_lock(void **state)
{
    struct fixture *fix = *state;
    og_db_close(fix->db);
    fix->db = NULL;
    assert_int_equal(in_child(open_and_die, fix), -1);
    fix->db = item_connect(fix->path);
    assert_int_equal(item_count(fix->db), 1);
    item_assert_sound(fix->db);
}

static void
test_readers_see_what_is_committed(void **state)
{
    struct fixture *fix = *state;
    struct og_db *reader = connect_reader(fix->path);
    assert_int_equal(og_db_begin(fix->db, true, NULL), OG_OK);
    assert_int_equal(item_add(fix->db, "a", 1), OG_OK);
    assert_int_equal(item_count(reader), 0);
    assert_int_equal(og_db_commit(fix->db, NULL), OG_OK);
    assert_int_equal(item_count(reader), 1);

    assert_int_equal(og_db_begin(reader, false, NULL), OG_OK);
    assert_int_equal(item_count(reader), 1);
    assert_int_equal(item_add(fix->db, "b", 1), OG_OK);
    assert_int_equal(item_count(reader), 1); /* its snapshot */
    assert_int_equal(og_db_commit(reader, NULL), OG_OK);
    assert_int_equal(item_count(reader), 2);

    assert_int_equal(item_add(reader, "c", 1), OG_E_UNAVAILABLE);
    og_db_close(reader);
}

static void
test_what_is_no_database_is_refused(void **state)
{
    struct fixture *fix = *state;
    struct og_db *db = NULL;
    char path[PATH_MAX];
    assert_int_equal(connect_to(temp_dir_file(&fix->dir, "none.db", path), true, &db, NULL),
                     OG_E_UNAVAILABLE);
    assert_int_equal(connect_to("/nonexistent/a.db", false, &db, NULL), OG_E_UNAVAILABLE);
    FILE *file = fopen(temp_dir_file(&fix->dir, "text.db", path), "w");
    for (int i = 0; i < 400; i++) {
        fputs("this is a text\n", file);
    }
    fclose(file);
    assert_int_equal(connect_to(path, false, &db, NULL), OG_E_INTERNAL);
    assert_int_equal(connect_to(path, true, &db, NULL), OG_E_INTERNAL);
    assert_null(db);
}

/* What an operator's SQL shell does: a writer that does not know of the lock file. */
static struct og_db *
connect_stranger(struct fixture *fix)
{
    char lock[PATH_MAX];
    assert_int_equal(unlink(temp_dir_file(&fix->dir, "a.db.lock", lock)), 0);
    return item_connect(fix->path);
}

static void
test_a_locked_database_is_unavailable_until_it_is_free(void **state)
{
    struct fixture *fix = *state;
    struct og_db *stranger = connect_stranger(fix);
    assert_int_equal(og_db_begin(stranger, true, NULL), OG_OK);
    assert_int_equal(og_db_begin(fix->db, true, NULL), OG_E_UNAVAILABLE);
    assert_int_equal(og_db_probe(fix->db, NULL), OG_E_UNAVAILABLE);
    og_db_rollback(stranger);
    assert_int_equal(og_db_probe(fix->db, NULL), OG_OK);
    assert_int_equal(og_db_begin(fix->db, true, NULL), OG_OK);
    assert_int_equal(item_add(fix->db, "a", 1), OG_OK);
    assert_int_equal(og_db_commit(fix->db, NULL), OG_OK);
    assert_int_equal(item_count(stranger), 1);
    og_db_close(stranger);
}

static enum og_code
add_batch(struct og_db *db, int batch)
{
    char prefix[16];
    snprintf(prefix, sizeof prefix, "%d.", batch);
    enum og_code code = og_db_begin(db, true, NULL);
    if (code == OG_OK) {
        code = og_db_run(db, &item_page, ITEM_ADD_MANY,
                         OG_ARGS(og_value_cstr(prefix), og_value_i64(100), og_value_null()), NULL,
                         NULL);
    }
    if (code == OG_OK) {
        code = og_db_commit(db, NULL);
    }
    og_db_rollback(db);
    return code;
}

/* Whole batches until the disk has no more room; how many are in. */
static int
fill_up(struct og_db *db)
{
    int batch = 0;
    while (batch < 10000 && add_batch(db, batch) == OG_OK) {
        batch++;
    }
    return batch;
}

/* The kernel refuses to let any file grow: a disk that is full, for the writes that matter. */
static void
test_a_file_that_cannot_grow(void **state)
{
    struct fixture *fix = *state;
    struct rlimit before;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    struct rlimit tight = {300 * 1024, before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &tight), 0);
    int stored = fill_up(fix->db);
    enum og_code probe = OG_OK;
    for (int i = 0; probe == OG_OK && i < 100; i++) { /* a page each, where a batch did not fit */
        probe = og_db_probe(fix->db, NULL);
    }
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_in_range(stored, 1, 9999);
    assert_int_equal(probe, OG_E_UNAVAILABLE);
    assert_int_equal(item_count(fix->db), stored * 100);
    assert_int_equal(og_db_probe(fix->db, NULL), OG_OK);
    assert_int_equal(add_batch(fix->db, stored), OG_OK);
    assert_int_equal(item_count(fix->db), (stored + 1) * 100);
    item_assert_sound(fix->db);
}

#define CANNOT_TRY 77

static void
write_proc(const char *name, const char *text)
{
    FILE *file = fopen(name, "w");
    if (file) {
        fputs(text, file);
        fclose(file);
    }
}

/* A mount table of our own, as root or in a user namespace. */
static bool
may_mount(void)
{
    char users[32];
    char groups[32];
    snprintf(users, sizeof users, "0 %u 1", (unsigned)getuid());
    snprintf(groups, sizeof groups, "0 %u 1", (unsigned)getgid());
    if (unshare(CLONE_NEWNS) != 0) {
        if (unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) {
            return false;
        }
        write_proc("/proc/self/setgroups", "deny");
        write_proc("/proc/self/uid_map", users);
        write_proc("/proc/self/gid_map", groups);
    }
    return mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0;
}

/* 0 good, CANNOT_TRY where the machine does not let us mount. */
static int
use_up_a_small_disk(struct fixture *fix)
{
    if (!may_mount() || mount("none", fix->dir.path, "tmpfs", 0, "size=512k,mode=700") != 0) {
        return CANNOT_TRY;
    }
    char ballast[PATH_MAX];
    int fd = open(temp_dir_file(&fix->dir, "ballast", ballast), O_CREAT | O_WRONLY, 0600);
    if (fd < 0 || posix_fallocate(fd, 0, 128 * 1024) != 0) {
        return 1;
    }
    struct og_db *db = item_connect(fix->path);
    item_create(db);
    int stored = fill_up(db);
    if (stored == 0 || stored == 10000 || item_count(db) != stored * 100) {
        return 2;
    }
    unlink(ballast);
    close(fd);
    if (add_batch(db, stored) != OG_OK || item_count(db) != (stored + 1) * 100) {
        return 3;
    }
    item_assert_sound(db);
    og_db_close(db);
    return 0;
}

static void
test_a_full_disk(void **state)
{
    struct fixture *fix = *state;
    og_db_close(fix->db);
    fix->db = NULL;
    int status = in_child(use_up_a_small_disk, fix);
    if (status == CANNOT_TRY) {
        skip();
    }
    assert_int_equal(status, 0);
}

#define WAL_PAGE 4120 /* a page and its frame header */

static void
test_tidy_keeps_the_log_short(void **state)
{
    struct fixture *fix = *state;
    og_db_close(fix->db);
    struct og_db_config config = {.path = fix->path, .checkpoint_pages = 20};
    assert_int_equal(og_db_connect(&config, &fix->db, NULL), OG_OK);
    for (int i = 0; i < 50; i++) {
        assert_int_equal(add_batch(fix->db, i), OG_OK);
        og_db_tidy(fix->db);
    }
    assert_in_range(size_of(fix, "a.db-wal"), 1, 60 * WAL_PAGE);

    /* A reader that stays holds it back; when it leaves the log starts afresh. */
    struct og_db *reader = connect_reader(fix->path);
    assert_int_equal(og_db_begin(reader, false, NULL), OG_OK);
    assert_int_equal(item_count(reader), 5000);
    for (int i = 50; i < 100; i++) {
        assert_int_equal(add_batch(fix->db, i), OG_OK);
        og_db_tidy(fix->db);
    }
    off_t held = size_of(fix, "a.db-wal");
    assert_true(held > 100 * WAL_PAGE);
    assert_int_equal(item_count(reader), 5000);
    assert_int_equal(og_db_commit(reader, NULL), OG_OK);
    for (int i = 100; i < 200; i++) {
        assert_int_equal(add_batch(fix->db, i), OG_OK);
        og_db_tidy(fix->db);
    }
    assert_true(size_of(fix, "a.db-wal") < held + 100 * WAL_PAGE);
    og_db_close(reader);
    item_assert_sound(fix->db);
}

static void
test_without_tidy_nothing_checkpoints(void **state)
{
    struct fixture *fix = *state;
    struct og_db *reader = connect_reader(fix->path);
    off_t before = size_of(fix, "a.db");
    for (int i = 0; i < 50; i++) {
        assert_int_equal(add_batch(fix->db, i), OG_OK);
    }
    og_db_close(reader);
    assert_int_equal(size_of(fix, "a.db"), before);
    og_db_close(fix->db); /* the writer does, at its end */
    fix->db = NULL;
    assert_true(size_of(fix, "a.db") > before);
    assert_int_equal(size_of(fix, "a.db-wal"), -1);
}

static void
test_a_backup_is_a_whole_private_copy(void **state)
{
    struct fixture *fix = *state;
    struct og_db *reader = connect_reader(fix->path);
    char path[PATH_MAX];
    struct stat st;
    temp_dir_file(&fix->dir, "copy.db", path);
    assert_int_equal(add_batch(fix->db, 0), OG_OK);
    assert_int_equal(og_db_begin(fix->db, true, NULL), OG_OK);
    assert_int_equal(item_add(fix->db, "not yet", 1), OG_OK);
    assert_int_equal(og_db_backup(reader, path, NULL), OG_OK);
    assert_int_equal(og_db_commit(fix->db, NULL), OG_OK);
    assert_int_equal(og_db_backup(reader, path, NULL), OG_E_UNAVAILABLE); /* never overwrites */
    og_db_close(reader);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    struct og_db *copy = item_connect(path);
    assert_int_equal(item_count(copy), 100);
    item_assert_sound(copy);
    og_db_close(copy);
}

static void
test_a_damaged_file_is_described(void **state)
{
    struct fixture *fix = *state;
    struct og_arena mem;
    struct og_str complaint;
    og_arena_init(&mem, 0);
    assert_int_equal(add_batch(fix->db, 0), OG_OK);
    assert_int_equal(add_batch(fix->db, 1), OG_OK);
    og_db_close(fix->db);
    int fd = open(fix->path, O_WRONLY);
    assert_int_equal(pwrite(fd, "damaged damaged", 15, 4096 * 2 + 5), 15);
    assert_int_equal(pwrite(fd, "damaged damaged", 15, 4096 + 5), 15);
    close(fd);
    fix->db = item_connect(fix->path);
    assert_int_equal(og_db_check(fix->db, &mem, &complaint, NULL), OG_OK);
    assert_true(complaint.len > 0);
    og_arena_finish(&mem);
}

static void
test_fsync_is_measured(void **state)
{
    struct fixture *fix = *state;
    int64_t median_us = -1;
    assert_int_equal(og_db_measure_fsync(fix->dir.path, &median_us, NULL), OG_OK);
    assert_true(median_us >= 0);
    assert_int_equal(og_db_measure_fsync("/nonexistent", &median_us, NULL), OG_E_UNAVAILABLE);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_all_files_are_private),
        TEST(test_a_second_writer_is_refused),
        TEST(test_a_killed_writer_leaves_no_lock),
        TEST(test_readers_see_what_is_committed),
        TEST(test_what_is_no_database_is_refused),
        TEST(test_a_locked_database_is_unavailable_until_it_is_free),
        TEST(test_a_file_that_cannot_grow),
        TEST(test_a_full_disk),
        TEST(test_tidy_keeps_the_log_short),
        TEST(test_without_tidy_nothing_checkpoints),
        TEST(test_a_backup_is_a_whole_private_copy),
        TEST(test_a_damaged_file_is_described),
        TEST(test_fsync_is_measured),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
