/*
 * Our reader of JSON against jansson, an older one: over documents and thousands of damaged copies
 * of them both must accept the same, and read the same out of it.
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/json.h"
#include "check.h"

#define DEPTH_MAX 16
#define COPIES 4000
#define TEXT_BYTES_MAX 512

static const char *const documents[] = {
    "{\"textMessage\":{\"text\":\"Hello\"},\"phoneNumbers\":[\"+4915112345678\",\"+1\"],\"ttl\":60}",
    "[{\"id\":\"a\",\"state\":\"Sent\",\"recipients\":[{\"phoneNumber\":\"1\",\"error\":null}],"
    "\"states\":{\"Pending\":\"2026-01-02T03:04:05.120Z\"}},{\"id\":\"b\"}]",
    "{\"a\":{\"b\":{\"c\":[[],{},[1,[2,[3]]],\"\"]}},\"d\":[true,false,null],\"e\":-0}",
    " \t\r\n[ 1 , -2.5e+3 , 9223372036854775807 , -9223372036854775808 , 0.0 , 1E2 ] \n",
    "[9223372036854775808,123456789012345678901234567890,1e308,-1.0e-400]",
    "\"esc \\\"\\\\\\/\\b\\f\\n\\r\\t\\u0041\\u00e9\\u20ac\\ud83d\\ude00 end\"",
    "\"caf\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x98\x80\"",
    "{\"a1\":1,\"a2\":2,\"a3\":3,\"a4\":4,\"a5\":5,\"a6\":6,\"a7\":7,\"a8\":8,\"a9\":9,\"b1\":1,"
    "\"b2\":2,\"b3\":3,\"b4\":4,\"b5\":5,\"b6\":6,\"b7\":7,\"b8\":8,\"b9\":9,\"c1\":{\"a1\":1}}",
    "0", "-1", "true", "null", "\"\"", "{}", "[]", "", " ", "1e999", "[01]", "[1.]", "[.5]", "[+1]",
    "\"\\ud800\"", "\"\\udc00\\ud800\"", "\"\\u0000\"", "{\"\\u0000\":1}", "\"\x7F\"", "\"\x01\"",
    "\"\xC0\xAF\"", "\"\xED\xA0\x80\"", "\"\xF4\x90\x80\x80\"", "{\"a\":1,\"\\u0061\":2}", "[1,]",
    "{\"a\":1,}", "{a:1}", "[1 2]", "nul", "truex", "{\"a\" 1}", "\"\\x\"", "\"\\u12g4\"", "[[[[[",
};

/* As og_json_parse asks it: what is too large for 64 bits becomes a fraction. */
static json_t *
ask_jansson(struct og_str text)
{
    json_error_t error;
    size_t flags = JSON_REJECT_DUPLICATES | JSON_DECODE_ANY;
    json_t *root = json_loadb(text.ptr, text.len, flags, &error);
    if (!root && json_error_code(&error) == json_error_numeric_overflow) {
        root = json_loadb(text.ptr, text.len, flags | JSON_DECODE_INT_AS_REAL, &error);
    }
    return root;
}

static void compare(const struct og_json *ours, json_t *theirs);

struct walk {
    json_t *object;
    void *at;
};

static bool
compare_next(void *ctx, struct og_str name, const struct og_json *value)
{
    struct walk *walk = ctx;
    assert_non_null(walk->at);
    assert_string_equal(name.ptr, json_object_iter_key(walk->at));
    compare(value, json_object_iter_value(walk->at));
    walk->at = json_object_iter_next(walk->object, walk->at);
    return true;
}

static void
compare_object(const struct og_json *ours, json_t *theirs)
{
    struct walk walk = {theirs, json_object_iter(theirs)};
    assert_int_equal(og_json_kind(ours), OG_JSON_K_OBJECT);
    assert_int_equal(og_json_count(ours), json_object_size(theirs));
    og_json_each(ours, compare_next, &walk);
    assert_null(walk.at);
}

static void
compare_array(const struct og_json *ours, json_t *theirs)
{
    assert_int_equal(og_json_kind(ours), OG_JSON_K_ARRAY);
    assert_int_equal(og_json_count(ours), json_array_size(theirs));
    for (size_t i = 0; i < json_array_size(theirs); i++) {
        compare(og_json_at(ours, i), json_array_get(theirs, i));
    }
    if (json_array_size(theirs) > 1) { /* and backwards */
        compare(og_json_at(ours, 0), json_array_get(theirs, 0));
    }
}

static void
compare_scalar(const struct og_json *ours, json_t *theirs)
{
    struct og_str text;
    int64_t number;
    bool flag;
    switch (json_typeof(theirs)) {
    case JSON_STRING:
        assert_true(og_json_to_str(ours, &text));
        assert_int_equal(text.len, json_string_length(theirs));
        assert_memory_equal(text.ptr, json_string_value(theirs), text.len + 1);
        break;
    case JSON_INTEGER:
        assert_true(og_json_to_i64(ours, &number));
        assert_int_equal(number, json_integer_value(theirs));
        break;
    case JSON_REAL:
        assert_int_equal(og_json_kind(ours), OG_JSON_K_NUMBER);
        if (og_json_to_i64(ours, &number)) {
            assert_true((double)number == json_real_value(theirs));
        }
        break;
    case JSON_TRUE:
    case JSON_FALSE:
        assert_true(og_json_to_bool(ours, &flag));
        assert_int_equal(flag, json_is_true(theirs));
        break;
    default:
        assert_int_equal(og_json_kind(ours), OG_JSON_K_NULL);
    }
}

static void
compare(const struct og_json *ours, json_t *theirs)
{
    assert_non_null(ours);
    if (json_is_object(theirs)) {
        compare_object(ours, theirs);
    } else if (json_is_array(theirs)) {
        compare_array(ours, theirs);
    } else {
        compare_scalar(ours, theirs);
    }
}

/* The text is handed over in a block of its very size, so that a sanitizer sees a step too far. */
static void
check_text(const char *bytes, size_t len)
{
    char *exact = malloc(len ? len : 1);
    memcpy(exact, bytes, len);
    struct og_str text = {exact, len};
    struct og_json_doc doc;
    struct og_err err = {0};
    json_t *theirs = ask_jansson(text);
    enum og_code code = og_json_parse(text, DEPTH_MAX, &doc, &err);
    bool is_deep = code != OG_OK && strstr(err.text, "nested") != NULL;
    if (!is_deep && (code == OG_OK) != (theirs != NULL)) {
        print_error("ours: %s; text:", err.text);
        for (size_t i = 0; i < len; i++) {
            print_error(" %02x", (unsigned char)bytes[i]);
        }
        print_error("\n");
    }
    assert_true(is_deep || (code == OG_OK) == (theirs != NULL));
    if (code == OG_OK) {
        compare(doc.root, theirs);
    }
    og_json_doc_finish(&doc);
    json_decref(theirs);
    free(exact);
}

static uint32_t dice = 1;

static size_t
roll(size_t sides)
{
    dice = dice * 1664525u + 1013904223u;
    return (dice >> 8) % sides;
}

/* One to three bytes changed, taken out or put in, mostly ones that mean something. */
static size_t
damage(char *text, size_t len)
{
    static const char likely[] = "{}[]\",:\\u0001fd8e+-.tn \x80\xC3\xED";
    for (size_t hits = 1 + roll(3); hits > 0; hits--) {
        size_t at = len ? roll(len) : 0;
        char byte = roll(4) ? likely[roll(sizeof likely - 1)] : (char)(1 + roll(255));
        switch (roll(3)) {
        case 0:
            text[at] = byte;
            len = len ? len : 1;
            break;
        case 1:
            memmove(text + at + 1, text + at, len - at);
            text[at] = byte;
            len++;
            break;
        default:
            memmove(text + at, text + at + 1, len > at ? len - at - 1 : 0);
            len -= len > 0;
        }
    }
    return len;
}

static void
both_read_the_same(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(documents); i++) {
        check_text(documents[i], strlen(documents[i]));
    }
}

static void
both_judge_damage_alike(void **state)
{
    (void)state;
    char text[TEXT_BYTES_MAX + 8];
    for (size_t i = 0; i < COUNT(documents); i++) {
        for (int copy = 0; copy < COPIES; copy++) {
            size_t len = strlen(documents[i]);
            memcpy(text, documents[i], len);
            check_text(text, damage(text, len));
        }
    }
}

/* jansson takes a NUL behind a number for space; the RFC does not. */
static void
a_nul_is_no_space(void **state)
{
    (void)state;
    struct og_json_doc doc;
    struct og_err err;
    assert_int_equal(og_json_parse((struct og_str){"[1\0,2]", 6}, 2, &doc, &err), OG_E_INVALID);
    assert_int_equal(og_json_parse((struct og_str){"[1]\0", 4}, 2, &doc, &err), OG_E_INVALID);
}

static void
many_members_are_compared_too(void **state)
{
    (void)state;
    char *text = malloc(300000);
    size_t len = 0;
    text[len++] = '{';
    for (int i = 0; i < 20000; i++) {
        len += (size_t)sprintf(text + len, "%s\"m%d\":%d", i ? "," : "", i, i);
    }
    memcpy(text + len, "}", 1);
    check_text(text, len + 1);
    len += (size_t)sprintf(text + len, ",\"m77\":0}");
    check_text(text, len);
    struct og_json_doc doc;
    struct og_err err;
    assert_int_equal(og_json_parse((struct og_str){text, len}, 2, &doc, &err), OG_E_INVALID);
    assert_non_null(strstr(err.text, "twice"));
    free(text);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_read_the_same),
        cmocka_unit_test(both_judge_damage_alike),
        cmocka_unit_test(a_nul_is_no_space),
        cmocka_unit_test(many_members_are_compared_too),
    };
    json_object_seed(1);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
