/*
 * Dumps on disk, plain and compressed, whole and cut off.
 */
#include "source.h"

#include <zlib.h>

#include "import/dump_file.h"
#include "tests/support/temp_dir.h"

static struct temp_dir dir;

/* Writes `text` and gives its path. */
static const char *
write_file(const char *name, struct og_str text, const char *mode, char path[PATH_MAX])
{
    gzFile file = gzopen(temp_dir_file(&dir, name, path), mode);
    assert_non_null(file);
    assert_int_equal(gzwrite(file, text.ptr, (unsigned)text.len), (int)text.len);
    assert_int_equal(gzclose(file), Z_OK);
    return path;
}

static enum og_code
read_all(const char *path, int64_t max_bytes, struct og_buf *out, struct og_err *err)
{
    struct og_dump_file file = {0};
    char block[7];
    size_t got = 1;
    og_buf_clear(out);
    enum og_code code = og_dump_file_open(&file, path, max_bytes, err);
    while (code == OG_OK && got > 0) {
        code = file.source.read(file.source.ctx, block, sizeof block, &got, err);
        if (code == OG_OK) {
            og_buf_add(out, (struct og_str){block, got});
        }
    }
    og_dump_file_close(&file);
    return code;
}

#define BYTES(literal) {(literal), sizeof(literal) - 1}

/* What it is, and what to make instead. */
static void
what_is_no_dump_in_sql_is_named(void **state)
{
    (void)state;
    static const struct {
        struct og_str text;
        const char *word;
    } cases[] = {
        {BYTES("<?xml version=\"1.0\"?>\n<mysqldump>\n"), "XML"},
        {BYTES("\357\273\277  <mysqldump xmlns:xsi=\"x\">"), "XML"},
        {BYTES("SQLite format 3\0\20\0"), "an SQLite database"},
        {BYTES("PGDMP\1\16"), "PostgreSQL"},
        {BYTES("PK\3\4\24\0"), "a zip file"},
        {BYTES("BZh91AY"), "bzip2"},
        {BYTES("\3757zXZ\0\0"), "xz"},
        {BYTES("\50\265\57\375\4"), "zstd"},
        {BYTES("\377\376-\0-\0"), "UTF-16"},
        {BYTES("{\"users\": []}"), "JSON"},
        {BYTES(""), "empty"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char path[PATH_MAX];
        struct og_dump_file file = {0};
        char block[100];
        size_t got;
        struct og_err err;
        write_file("other", cases[i].text, "wT", path);
        assert_int_equal(og_dump_file_open(&file, path, 1000, &err), OG_OK);
        assert_int_equal(file.source.read(file.source.ctx, block, sizeof block, &got, &err),
                         OG_E_INVALID);
        assert_non_null(strstr(err.text, cases[i].word));
        assert_non_null(strstr(err.text, "mysqldump"));
        og_dump_file_close(&file);
    }
}

static void
plain_and_compressed_are_the_same(void **state)
{
    (void)state;
    static const char *const modes[] = {"wT", "w9"};
    for (size_t i = 0; i < COUNT(modes); i++) {
        char path[PATH_MAX];
        struct og_buf out;
        struct og_err err;
        og_buf_init(&out, 1000);
        write_file("dump", OG_STR("INSERT INTO x VALUES (1);\n"), modes[i], path);
        assert_int_equal(read_all(path, 26, &out, &err), OG_OK);
        assert_string_equal(out.ptr, "INSERT INTO x VALUES (1);\n");
        assert_int_equal(read_all(path, 25, &out, &err), OG_E_TOO_LARGE);
        og_buf_finish(&out);
    }
}

static void
what_is_cut_off_is_told(void **state)
{
    (void)state;
    char path[PATH_MAX], text[4096];
    struct og_buf out;
    struct og_err err;
    og_buf_init(&out, 10000);
    for (size_t i = 0; i < sizeof text; i++) {
        text[i] = (char)(i * i * 7 + i / 3);
    }
    write_file("cut.gz", (struct og_str){text, sizeof text}, "w9", path);
    assert_int_equal(truncate(path, 300), 0);
    assert_int_equal(read_all(path, 10000, &out, &err), OG_E_INVALID);
    assert_string_equal(err.text, "the compressed dump is cut off");
    assert_int_equal(read_all("/nowhere/dump.sql", 10000, &out, &err), OG_E_NOT_FOUND);
    assert_int_equal(read_all(dir.path, 10000, &out, &err), OG_E_UNAVAILABLE);
    og_buf_finish(&out);
}

static int
set_up(void **state)
{
    (void)state;
    temp_dir_make(&dir);
    return 0;
}

static int
tear_down(void **state)
{
    (void)state;
    temp_dir_remove(&dir);
    return 0;
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_no_dump_in_sql_is_named),
        cmocka_unit_test(plain_and_compressed_are_the_same),
        cmocka_unit_test(what_is_cut_off_is_told),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
