/*
 * JSON in: what is refused and how the fault is named. JSON out: commas, escapes, numbers.
 */
#include "base/json.h"

#include <math.h>
#include <stdio.h>

#include "check.h"

struct target {
    struct og_str text;
    int64_t number;
    int64_t free_number;
    int64_t at;
    bool flag;
    bool has_flag;
    const struct og_json *any;
    const struct og_json *object;
    const struct og_json *array;
    struct og_str_list strings;
};

static const struct og_json_member members[] = {
    {"text", OG_JSON_STRING, offsetof(struct target, text), true, 1, 5, 0},
    {"number", OG_JSON_INT, offsetof(struct target, number), false, -3, 10, 0},
    {"free", OG_JSON_INT, offsetof(struct target, free_number), false, 0, 0, 0},
    {"at", OG_JSON_TIME, offsetof(struct target, at), false, 0, 0, 0},
    {"flag", OG_JSON_BOOL, offsetof(struct target, flag), false, 0, 0,
     offsetof(struct target, has_flag)},
    {"any", OG_JSON_ANY, offsetof(struct target, any), false, 0, 0, 0},
    {"object", OG_JSON_OBJECT, offsetof(struct target, object), false, 0, 0, 0},
    {"array", OG_JSON_ARRAY, offsetof(struct target, array), false, 1, 2, 0},
    {"strings", OG_JSON_STRINGS, offsetof(struct target, strings), false, 1, 3, 0},
};

static struct og_arena mem;

static int
open_arena(void **state)
{
    (void)state;
    og_arena_init(&mem, 0);
    return 0;
}

static int
close_arena(void **state)
{
    (void)state;
    og_arena_finish(&mem);
    return 0;
}

/* Nodes in `out` are gone afterwards; strings stay. */
static enum og_code
decode(const char *text, enum og_json_unknown unknown, const char *parent, struct target *out,
       struct og_err *err)
{
    struct og_json_doc doc;
    enum og_code code = og_json_parse(og_str_from(text), OG_JSON_DEPTH_DEFAULT, &doc, err);
    if (code == OG_OK) {
        code = og_json_decode(doc.root, members, COUNT(members), unknown, parent, &mem, out, err);
    }
    og_json_doc_finish(&doc);
    return code;
}

static void
good_members_arrive(void **state)
{
    (void)state;
    struct target out = {.number = 7, .free_number = 8};
    assert_int_equal(decode("{\"text\":\"a\\u20ac\\ud83d\\ude00 b\",\"free\":9223372036854775807,"
                            "\"at\":\"2026-01-02T03:04:05.120Z\",\"flag\":true,"
                            "\"strings\":[\"x\",\"\"]}",
                            OG_JSON_UNKNOWN_REFUSED, "", &out, NULL),
                     OG_OK);
    assert_true(og_str_eq(out.text, OG_STR("a\xE2\x82\xAC\xF0\x9F\x98\x80 b")));
    assert_int_equal(out.number, 7); /* the default stays */
    assert_int_equal(out.free_number, INT64_MAX);
    assert_int_equal(out.at, 1767323045120);
    assert_true(out.flag && out.has_flag);
    assert_int_equal(out.strings.count, 2);
    assert_true(og_str_eq(out.strings.items[0], OG_STR("x")));
}

static void
null_counts_as_absent(void **state)
{
    (void)state;
    struct target out = {.number = 7};
    struct og_err err;
    assert_int_equal(decode("{\"text\":\"a\",\"number\":null,\"flag\":null,\"any\":null}",
                            OG_JSON_UNKNOWN_REFUSED, "", &out, NULL),
                     OG_OK);
    assert_int_equal(out.number, 7);
    assert_false(out.has_flag);
    assert_null(out.any);
    assert_int_equal(decode("{\"text\":null}", OG_JSON_UNKNOWN_REFUSED, "", &out, &err),
                     OG_E_INVALID);
    assert_string_equal(err.field, "text");
}

static void
bad_members_are_named(void **state)
{
    (void)state;
    const struct {
        const char *text, *field, *cause;
    } cases[] = {
        {"[]", "", "must be an object"},
        {"7", "", "must be an object"},
        {"null", "", "must be an object"},
        {"{}", "text", "is required"},
        {"{\"text\":5}", "text", "must be a string"},
        {"{\"text\":\"\"}", "text", "must have characters from 1 to 5"},
        {"{\"text\":\"\\u00e9\\u00e9\\u00e9\\u00e9\\u00e9\\u00e9\"}", "text",
         "must have characters from 1 to 5"},
        {"{\"text\":\"a\",\"number\":\"5\"}", "number", "must be a whole number from -3 to 10"},
        {"{\"text\":\"a\",\"number\":-4}", "number", "must be a whole number from -3 to 10"},
        {"{\"text\":\"a\",\"number\":11}", "number", "must be a whole number from -3 to 10"},
        {"{\"text\":\"a\",\"number\":1.5}", "number", "must be a whole number from -3 to 10"},
        {"{\"text\":\"a\",\"number\":99999999999999999999}", "number",
         "must be a whole number from -3 to 10"},
        {"{\"text\":\"a\",\"free\":-99999999999999999999}", "free", "must be a whole number"},
        {"{\"text\":\"a\",\"free\":1e300}", "free", "must be a whole number"},
        {"{\"text\":\"a\",\"flag\":\"true\"}", "flag", "must be true or false"},
        {"{\"text\":\"a\",\"flag\":1}", "flag", "must be true or false"},
        {"{\"text\":\"a\",\"at\":\"2026-01-02T03:04:05\"}", "at",
         "must be a time like 2026-01-02T03:04:05.120Z"},
        {"{\"text\":\"a\",\"at\":5}", "at", "must be a time like 2026-01-02T03:04:05.120Z"},
        {"{\"text\":\"a\",\"object\":[]}", "object", "must be an object"},
        {"{\"text\":\"a\",\"array\":{}}", "array", "must be an array"},
        {"{\"text\":\"a\",\"array\":[]}", "array", "must have entries from 1 to 2"},
        {"{\"text\":\"a\",\"array\":[1,2,3]}", "array", "must have entries from 1 to 2"},
        {"{\"text\":\"a\",\"strings\":\"x\"}", "strings", "must be an array of strings"},
        {"{\"text\":\"a\",\"strings\":[\"x\",5]}", "strings", "must be an array of strings"},
        {"{\"text\":\"a\",\"strings\":[\"1\",\"2\",\"3\",\"4\"]}", "strings",
         "must have entries from 1 to 3"},
        {"{\"text\":\"a\",\"texts\":1}", "texts", "unknown member"},
        {"{\"text\":\"a\",\"Text\":null}", "Text", "unknown member"},
        {"{\"text\":\"a\",\"<script>\":1}", "", "unknown member"},
        {"{\"text\":\"a\",\"\":1}", "", "unknown member"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct target out = {0};
        struct og_err err = {0};
        assert_int_equal(decode(cases[i].text, OG_JSON_UNKNOWN_REFUSED, "", &out, &err),
                         OG_E_INVALID);
        assert_string_equal(err.field, cases[i].field);
        assert_string_equal(err.text, cases[i].cause);
    }
}

static void
faults_below_a_parent_have_its_path(void **state)
{
    (void)state;
    struct target out = {0};
    struct og_err err;
    assert_int_equal(decode("{}", OG_JSON_UNKNOWN_REFUSED, "textMessage", &out, &err),
                     OG_E_INVALID);
    assert_string_equal(err.field, "textMessage.text");
    assert_int_equal(decode("{\"text\":\"a\",\"x\":1}", OG_JSON_UNKNOWN_REFUSED, "tm", &out, &err),
                     OG_E_INVALID);
    assert_string_equal(err.field, "tm.x");
    assert_int_equal(decode("[]", OG_JSON_UNKNOWN_REFUSED, "tm", &out, &err), OG_E_INVALID);
    assert_string_equal(err.field, "tm");
}

static void
foreign_clients_may_send_more(void **state)
{
    (void)state;
    struct target out = {0};
    assert_int_equal(decode("{\"text\":\"a\",\"more\":[99999999999999999999]}",
                            OG_JSON_UNKNOWN_IGNORED, "", &out, NULL),
                     OG_OK);
    /* numbers beside one that does not fit stay exact where they can */
    assert_int_equal(decode("{\"text\":\"a\",\"number\":5,\"more\":99999999999999999999}",
                            OG_JSON_UNKNOWN_IGNORED, "", &out, NULL),
                     OG_OK);
    assert_int_equal(out.number, 5);
    assert_int_equal(decode("{\"text\":\"a\",\"number\":1e1}", OG_JSON_UNKNOWN_REFUSED, "", &out,
                            NULL),
                     OG_OK);
    assert_int_equal(out.number, 10);
}

static void
broken_documents_are_refused(void **state)
{
    (void)state;
    const struct {
        struct og_str text;
        const char *cause;
    } cases[] = {
        {{NULL, 0}, "the JSON ends too early"},
        {OG_STR("{"), "the JSON ends too early"},
        {OG_STR("{\"a\":1"), "the JSON ends too early"},
        {OG_STR("{\"a\":1}x"), "text after the JSON value"},
        {OG_STR("{} {}"), "text after the JSON value"},
        {OG_STR("{\"a\":1}\0"), "text after the JSON value"},
        {OG_STR("{\"a\":1,\"a\":2}"), "a member appears twice"},
        {OG_STR("{\"o\":{\"a\":1,\"b\":2,\"a\":1}}"), "a member appears twice"},
        {OG_STR("{\"a\":1,\"\\u0061\":2}"), "a member appears twice"},
        {OG_STR("{\"a\":\"\\u0000\"}"), "a NUL character in a string"},
        {OG_STR("{\"\\u0000\":1}"), "a NUL character in a string"},
        {OG_STR("{\"a\":\"\xFF\"}"), "not well-formed UTF-8"},
        {OG_STR("{\"a\":\"\xC0\x80\"}"), "not well-formed UTF-8"},
        {OG_STR("{\"a\":\"\xED\xA0\x80\"}"), "not well-formed UTF-8"},
        {OG_STR("{\"a\":\"\xE2\x82\"}"), "not well-formed UTF-8"},
        {OG_STR("{\"\xFF\":1}"), "not well-formed UTF-8"},
        {OG_STR("{\"a\":1e999}"), "a number is too large"},
        {OG_STR("{\"a\":\"\\ud800\"}"), "not well-formed JSON"},
        {OG_STR("{\"a\":\"\x01\"}"), "not well-formed JSON"},
        {OG_STR("{\"a\":\"\0\"}"), "not well-formed JSON"},
        {OG_STR("{\"a\":01}"), "not well-formed JSON"},
        {OG_STR("{\"a\":+1}"), "not well-formed JSON"},
        {OG_STR("{\"a\":NaN}"), "not well-formed JSON"},
        {OG_STR("{'a':1}"), "not well-formed JSON"},
        {OG_STR("{\"a\":1,}"), "not well-formed JSON"},
        {OG_STR("\xEF\xBB\xBF{}"), "not well-formed JSON"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct og_json_doc doc;
        struct og_err err = {0};
        enum og_code code = og_json_parse(cases[i].text, OG_JSON_DEPTH_DEFAULT, &doc, &err);
        assert_null(doc.root);
        assert_int_equal(code, OG_E_INVALID);
        if (strncmp(err.text, cases[i].cause, strlen(cases[i].cause)) != 0) {
            fail_msg("case %zu: %s", i, err.text);
        }
    }
}

static void
nesting_ends_at_the_limit(void **state)
{
    (void)state;
    for (int depth = 15; depth <= 5000; depth = depth < 18 ? depth + 1 : depth * 10) {
        struct og_buf text;
        og_buf_init(&text, 1 << 16);
        for (int i = 0; i < depth; i++) {
            og_buf_add_cstr(&text, i % 2 ? "{\"a\":" : "[");
        }
        og_buf_add_cstr(&text, "\"[[[[\\\"{{{{\"");
        for (int i = depth - 1; i >= 0; i--) {
            og_buf_add_cstr(&text, i % 2 ? "}" : "]");
        }
        struct og_json_doc doc;
        enum og_code code = og_json_parse(og_buf_str(&text), 16, &doc, NULL);
        assert_int_equal(code, depth <= 16 ? OG_OK : OG_E_INVALID);
        og_json_doc_finish(&doc);
        og_buf_finish(&text);
    }
    og_json_doc_finish(&(struct og_json_doc){0});
}

static bool
collect_name(void *ctx, struct og_str name, const struct og_json *value)
{
    (void)value;
    struct og_buf *names = ctx;
    og_buf_add(names, name);
    return names->len < 3;
}

static void
nodes_can_be_walked(void **state)
{
    (void)state;
    struct og_json_doc doc;
    assert_int_equal(og_json_parse(OG_STR("{\"z\":[1,-2.0,2.5],\"a\":\"s\",\"m\":true,\"b\":{}}"),
                                   16, &doc, NULL),
                     OG_OK);
    const struct og_json *list = og_json_get(doc.root, "z");
    assert_int_equal(og_json_count(doc.root), 4);
    assert_int_equal(og_json_count(list), 3);
    assert_int_equal(og_json_kind(list), OG_JSON_K_ARRAY);
    assert_int_equal(og_json_kind(NULL), OG_JSON_K_NULL);
    assert_null(og_json_get(doc.root, "none"));
    assert_null(og_json_at(list, 3));
    int64_t number = 0;
    assert_true(og_json_to_i64(og_json_at(list, 0), &number));
    assert_int_equal(number, 1);
    assert_true(og_json_to_i64(og_json_at(list, 1), &number));
    assert_int_equal(number, -2);
    assert_false(og_json_to_i64(og_json_at(list, 2), &number));
    assert_false(og_json_to_i64(og_json_get(doc.root, "a"), &number));
    assert_false(og_json_to_i64(NULL, &number));
    struct og_str text;
    bool flag = false;
    assert_true(og_json_to_str(og_json_get(doc.root, "a"), &text));
    assert_false(og_json_to_str(NULL, &text));
    assert_true(og_json_to_bool(og_json_get(doc.root, "m"), &flag));
    assert_true(flag);
    assert_false(og_json_to_bool(list, &flag));

    struct og_buf names;
    og_buf_init(&names, 64);
    og_json_each(doc.root, collect_name, &names);
    assert_string_equal(names.ptr, "zam"); /* document order, and ended by the callback */
    og_buf_finish(&names);
    og_json_doc_finish(&doc);
}

static void
writing_puts_commas_and_escapes(void **state)
{
    (void)state;
    struct og_buf out;
    struct og_json_writer w;
    og_buf_init(&out, 4096);
    og_json_begin(&w, &out);
    og_json_object(&w, NULL);
    og_json_add_str(&w, "s", OG_STR("q\"\\\n\t\x01\x7F \xE2\x82\xAC \xFF/\xC3"));
    og_json_add_cstr(&w, "none", NULL);
    og_json_array(&w, "list");
    og_json_add_i64(&w, NULL, INT64_MIN);
    og_json_object(&w, NULL);
    og_json_end(&w);
    og_json_object(&w, NULL);
    og_json_add_bool(&w, "t", true);
    og_json_add_time(&w, "at", 0);
    og_json_end(&w);
    og_json_array(&w, NULL);
    og_json_end(&w);
    og_json_end(&w);
    og_json_add_raw(&w, "raw", OG_STR("[1]"));
    og_json_add_double(&w, "tenth", 0.1);
    og_json_add_double(&w, "third", 1.0 / 3);
    og_json_add_double(&w, "nan", NAN);
    og_json_end(&w);
    assert_string_equal(out.ptr,
                        "{\"s\":\"q\\\"\\\\\\n\\t\\u0001\\u007f \xE2\x82\xAC \xEF\xBF\xBD/"
                        "\xEF\xBF\xBD\",\"none\":null,\"list\":[-9223372036854775808,{},"
                        "{\"t\":true,\"at\":\"1970-01-01T00:00:00.000Z\"},[]],\"raw\":[1],"
                        "\"tenth\":0.1,\"third\":0.33333333333333331,\"nan\":null}");
    struct og_json_doc doc;
    assert_int_equal(og_json_parse(og_buf_str(&out), 16, &doc, NULL), OG_OK);
    og_json_doc_finish(&doc);
    og_buf_finish(&out);
}

static void
writing_nests_to_its_limit(void **state)
{
    (void)state;
    struct og_buf out;
    struct og_json_writer w;
    og_buf_init(&out, 4096);
    og_json_begin(&w, &out);
    for (int i = 0; i < 32; i++) {
        og_json_array(&w, NULL);
        og_json_add_i64(&w, NULL, i);
    }
    for (int i = 0; i < 32; i++) {
        og_json_end(&w);
    }
    struct og_json_doc doc;
    assert_int_equal(og_json_parse(og_buf_str(&out), 32, &doc, NULL), OG_OK);
    og_json_doc_finish(&doc);
    og_buf_finish(&out);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_members_arrive),
        cmocka_unit_test(null_counts_as_absent),
        cmocka_unit_test(bad_members_are_named),
        cmocka_unit_test(faults_below_a_parent_have_its_path),
        cmocka_unit_test(foreign_clients_may_send_more),
        cmocka_unit_test(broken_documents_are_refused),
        cmocka_unit_test(nesting_ends_at_the_limit),
        cmocka_unit_test(nodes_can_be_walked),
        cmocka_unit_test(writing_puts_commas_and_escapes),
        cmocka_unit_test(writing_nests_to_its_limit),
    };
    return cmocka_run_group_tests(tests, open_arena, close_arena);
}
