/*
 * Whole files: read within a limit, written at once, folders made private.
 */
#include "base/files.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "check.h"

static char folder[] = "/tmp/otpgate-files-XXXXXX";
static struct og_arena mem;

static int
make_folder(void **state)
{
    (void)state;
    og_arena_init(&mem, 0);
    return mkdtemp(folder) ? 0 : -1;
}

static int
remove_folder(void **state)
{
    (void)state;
    og_arena_finish(&mem);
    return rmdir(folder);
}

static const char *
in_folder(const char *name)
{
    return og_str_printf(&mem, "%s/%s", folder, name).ptr;
}

static int
mode_of(const char *path)
{
    struct stat about;
    assert_int_equal(stat(path, &about), 0);
    return (int)(about.st_mode & 07777);
}

static void
files_are_written_whole(void **state)
{
    (void)state;
    const char *path = in_folder("key");
    umask(0077);
    assert_int_equal(og_file_write(path, OG_STR("first"), 0644, NULL), OG_OK);
    assert_int_equal(mode_of(path), 0644);
    assert_true(og_file_is_exposed(path));
    umask(0);
    assert_int_equal(og_file_write(path, OG_STR("sec\0ond"), 0600, NULL), OG_OK);
    umask(0022);
    assert_int_equal(mode_of(path), 0600);
    assert_false(og_file_is_exposed(path));

    struct og_buf content;
    og_buf_init(&content, 7);
    assert_int_equal(og_file_read(path, &content, NULL), OG_OK);
    assert_true(og_str_eq(og_buf_str(&content), OG_STR("sec\0ond")));
    og_buf_finish(&content);
    og_buf_init(&content, 6);
    struct og_err err;
    assert_int_equal(og_file_read(path, &content, &err), OG_E_TOO_LARGE);
    og_buf_finish(&content);
    assert_int_equal(unlink(path), 0); /* and no neighbour is left: the folder can be removed */
}

static void
what_is_missing_is_said(void **state)
{
    (void)state;
    struct og_buf content;
    struct og_err err;
    og_buf_init(&content, 10);
    assert_int_equal(og_file_read(in_folder("none"), &content, &err), OG_E_NOT_FOUND);
    assert_int_equal(og_file_read(folder, &content, &err), OG_E_UNAVAILABLE);
    assert_int_equal(og_file_write(in_folder("no/where"), OG_STR("x"), 0600, &err),
                     OG_E_NOT_FOUND);
    assert_false(og_file_is_exposed(in_folder("none")));
    og_buf_finish(&content);
}

static void
a_failed_write_leaves_the_old_file(void **state)
{
    (void)state;
    const char *path = in_folder("taken");
    assert_int_equal(mkdir(path, 0700), 0);
    assert_int_equal(og_file_write(path, OG_STR("x"), 0600, NULL), OG_E_UNAVAILABLE);
    assert_int_equal(rmdir(path), 0);
}

static void
folders_are_made_private(void **state)
{
    (void)state;
    const char *deep = in_folder("a/b//c/");
    assert_int_equal(og_dir_make(deep, NULL), OG_OK);
    assert_int_equal(og_dir_make(deep, NULL), OG_OK);
    assert_int_equal(mode_of(in_folder("a")), 0700);
    assert_int_equal(mode_of(deep), 0700);
    const char *file = in_folder("a/file");
    struct og_err err;
    assert_int_equal(og_file_write(file, OG_STR(""), 0600, NULL), OG_OK);
    assert_int_equal(og_dir_make(file, &err), OG_E_UNAVAILABLE);
    assert_int_equal(og_dir_make(in_folder("a/file/x"), &err), OG_E_UNAVAILABLE);
    assert_int_equal(og_dir_make("", &err), OG_E_UNAVAILABLE);
    assert_int_equal(err.code, OG_E_UNAVAILABLE);
    unlink(file);
    rmdir(in_folder("a/b/c"));
    rmdir(in_folder("a/b"));
    rmdir(in_folder("a"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_are_written_whole),
        cmocka_unit_test(what_is_missing_is_said),
        cmocka_unit_test(a_failed_write_leaves_the_old_file),
        cmocka_unit_test(folders_are_made_private),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
