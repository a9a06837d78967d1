/* Lists as CSV: RFC 4180's quoting, line ends of every kind, limits, and the line that is at
 * fault. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/buf.h"
#include "core/csv_reader.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Records as "line:field|field/…"; an error as "!line". */
static void
read_all(struct og_str text, char separator, struct og_buf *out)
{
    struct og_csv *csv = og_csv_create(text, separator);
    struct og_csv_record record;
    struct og_err err;
    bool found;
    enum og_code code;
    while ((code = og_csv_next(csv, &record, &found, &err)) == OG_OK && found) {
        og_buf_printf(out, "%lld:", (long long)record.line);
        for (size_t i = 0; i < record.count; i++) {
            og_buf_add_cstr(out, i ? "|" : "");
            og_buf_add(out, record.fields[i]);
        }
        og_buf_add_byte(out, '/');
    }
    if (code != OG_OK) {
        int line = 0;
        assert_int_equal(code, OG_E_UNPROCESSABLE);
        assert_string_equal(err.field, "csv");
        assert_int_equal(sscanf(err.text, "line %d:", &line), 1);
        og_buf_printf(out, "!%d", line);
    }
    og_csv_destroy(csv);
}

static void
assert_read(struct og_str text, char separator, const char *want)
{
    struct og_buf got;
    og_buf_init(&got, 1000000);
    og_buf_add_cstr(&got, "");
    read_all(text, separator, &got);
    if (!og_str_eq(og_buf_str(&got), og_str_from(want))) {
        fail_msg("\"%" OG_STR_FMT "\": got %" OG_STR_FMT ", expected %s", OG_STR_ARG(text),
                 OG_STR_ARG(og_buf_str(&got)), want);
    }
    og_buf_finish(&got);
}

static void
records_are_read(void **state)
{
    static const struct {
        const char *text, *want;
    } cases[] = {
        {"", ""},
        {"\n\r\n\n", ""},
        {"a,b\n1,2\n", "1:a|b/2:1|2/"},
        {"a,b\r\n1,2\r\n", "1:a|b/2:1|2/"},
        {"a,b\r1,2\r", "1:a|b/2:1|2/"},
        {"a,b\n1,2", "1:a|b/2:1|2/"},
        {"\xEF\xBB\xBFto,name\n", "1:to|name/"},
        {"a\n\n\n1\r\n\r\n2\n", "1:a/4:1/6:2/"},
        {"a,,c\n,,\n", "1:a||c/2:||/"},
        {"  a , b c \n", "1:a|b c/"},
        {"\"a,b\",\"c\"\"d\",\"\"\n", "1:a,b|c\"d|/"},
        {"\"two\nlines\",x\nnext,y\n", "1:two\nlines|x/3:next|y/"},
        {"\"two\r\nlines\",x\r\nnext,y\r\n", "1:two\r\nlines|x/3:next|y/"},
        {"\" kept \",x\n", "1: kept |x/"},
        {"\"a\" ,b\n", "1:a|b/"},
        {"\xc3\xa4,\xe2\x82\xac\n", "1:\xc3\xa4|\xe2\x82\xac/"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        assert_read(og_str_from(cases[i].text), ',', cases[i].want);
    }
    assert_read(OG_STR("a;b,c\n1;2\n"), ';', "1:a|b,c/2:1|2/");
    assert_read(OG_STR("a\tb\n"), '\t', "1:a|b/");
}

static void
what_is_broken_names_its_line(void **state)
{
    (void)state;
    assert_read(OG_STR("a\nb \"c\" d\n"), ',', "1:a/!2");
    assert_read(OG_STR("a\n\"b\"c\n"), ',', "1:a/!2");
    assert_read(OG_STR("a\nb\n\"never\nclosed\n"), ',', "1:a/2:b/!3");
    assert_read(OG_STR("a\n\xff\n"), ',', "1:a/!2");
    assert_read(OG_STR("a\n\"\xed\xa0\x80\"\n"), ',', "1:a/!2");
    assert_read(OG_STR("a\nb\0c\nd\n"), ',', "1:a/!2");
}

static void
records_have_limits(void **state)
{
    struct og_buf text;
    (void)state;
    og_buf_init(&text, 1000000);
    og_buf_add_cstr(&text, "a\n\"");
    for (int i = 0; i < OG_CSV_RECORD_MAX_BYTES; i++) {
        og_buf_add_byte(&text, i % 80 ? 'x' : '\n');
    }
    og_buf_add_cstr(&text, "\"\n");
    assert_read(og_buf_str(&text), ',', "1:a/!2");
    og_buf_clear(&text);
    for (int i = 0; i < OG_CSV_FIELDS_MAX; i++) {
        og_buf_add_cstr(&text, ",");
    }
    og_buf_add_cstr(&text, "\n");
    assert_read(og_buf_str(&text), ',', "!1");
    og_buf_finish(&text);
}

static void
the_widest_and_longest_are_read(void **state)
{
    struct og_buf text;
    struct og_csv_record record;
    bool found;
    (void)state;
    og_buf_init(&text, 1000000);
    for (int i = 1; i < OG_CSV_FIELDS_MAX; i++) {
        og_buf_add_cstr(&text, ",");
    }
    og_buf_add_cstr(&text, "\n");
    for (int i = 1; i < OG_CSV_RECORD_MAX_BYTES; i++) {
        og_buf_add_byte(&text, 'x');
    }
    og_buf_add_cstr(&text, "\n");
    struct og_csv *csv = og_csv_create(og_buf_str(&text), ',');
    assert_int_equal(og_csv_next(csv, &record, &found, NULL), OG_OK);
    assert_int_equal(record.count, OG_CSV_FIELDS_MAX);
    assert_int_equal(og_csv_next(csv, &record, &found, NULL), OG_OK);
    assert_int_equal(record.count, 1);
    assert_int_equal(record.fields[0].len, OG_CSV_RECORD_MAX_BYTES - 1);
    og_csv_destroy(csv);
    og_buf_finish(&text);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_are_read),
        cmocka_unit_test(what_is_broken_names_its_line),
        cmocka_unit_test(records_have_limits),
        cmocka_unit_test(the_widest_and_longest_are_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
