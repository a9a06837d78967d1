/*
 * Binary XML as the packager writes it, in both kinds of strings, and damaged.
 */
#include "apphash/manifest.h"

#include "tests/unit/apphash/support.h"

static struct og_arena mem;

static void
put(struct og_buf *out, uint64_t value, int bytes)
{
    for (int i = 0; i < bytes; i++) {
        og_buf_add_byte(out, (char)(value >> (8 * i)));
    }
}

static void
put_string(struct og_buf *out, const char *text, bool is_utf8)
{
    size_t len = strlen(text);
    put(out, (uint32_t)len, is_utf8 ? 1 : 2);
    if (is_utf8) {
        put(out, (uint32_t)len, 1);
    }
    for (size_t i = 0; i < len; i++) {
        put(out, (uint8_t)text[i], is_utf8 ? 1 : 2);
    }
    put(out, 0, is_utf8 ? 1 : 2);
}

/* Strings: "versionCode", "package", the package, the element's name. */
static void
put_strings(struct og_buf *out, const char *element, const char *package, bool is_utf8)
{
    const char *const texts[] = {"versionCode", "package", package, element};
    struct og_buf strings;
    og_buf_init(&strings, 4096);
    uint32_t offsets[COUNT(texts)];
    for (size_t i = 0; i < COUNT(texts); i++) {
        offsets[i] = (uint32_t)strings.len;
        put_string(&strings, texts[i], is_utf8);
    }
    uint32_t head = 28 + 4 * COUNT(texts);
    put(out, 0x0001, 2);
    put(out, 28, 2);
    put(out, head + (uint32_t)strings.len, 4);
    put(out, COUNT(texts), 4);
    put(out, 0, 4);
    put(out, is_utf8 ? 0x100 : 0, 4);
    put(out, head, 4);
    put(out, 0, 4);
    for (size_t i = 0; i < COUNT(texts); i++) {
        put(out, offsets[i], 4);
    }
    og_buf_add(out, og_buf_str(&strings));
    og_buf_finish(&strings);
}

static void
put_attribute(struct og_buf *out, uint32_t name, uint32_t type, uint32_t value)
{
    put(out, 0xffffffff, 4);
    put(out, name, 4);
    put(out, value, 4);
    put(out, 8, 2);
    put(out, 0, 1);
    put(out, type, 1);
    put(out, value, 4);
}

/* In the arena, of exactly its size. */
static struct og_str
manifest(const char *element, const char *package, bool is_utf8)
{
    struct og_buf body, out;
    og_buf_init(&body, 8192);
    og_buf_init(&out, 8192);
    put_strings(&body, element, package, is_utf8);
    put(&body, 0x0102, 2);
    put(&body, 16, 2);
    put(&body, 16 + 20 + 2 * 20, 4);
    put(&body, 1, 4); /* line */
    put(&body, 0xffffffff, 4);
    put(&body, 0xffffffff, 4);
    put(&body, 3, 4); /* the element's name */
    put(&body, 20, 2);
    put(&body, 20, 2);
    put(&body, 2, 2);
    put(&body, 0, 6);
    put_attribute(&body, 0, 16, 7);
    put_attribute(&body, 1, 3, 2);
    put(&out, 0x0003, 2);
    put(&out, 8, 2);
    put(&out, 8 + (uint32_t)body.len, 4);
    og_buf_add(&out, og_buf_str(&body));
    struct og_str text = og_str_dup(&mem, og_buf_str(&out));
    og_buf_finish(&body);
    og_buf_finish(&out);
    return text;
}

static void
packages_are_read(void **state)
{
    (void)state;
    static const char *const packages[] = {"com.example.myapp", "a.b", "com.Example.MixedCase_2"};
    for (size_t i = 0; i < COUNT(packages); i++) {
        for (int is_utf8 = 0; is_utf8 < 2; is_utf8++) {
            struct og_str found =
                og_manifest_package(manifest("manifest", packages[i], is_utf8), &mem);
            assert_true(og_str_eq(found, og_str_from(packages[i])));
        }
    }
}

static void
what_is_no_manifest_has_no_package(void **state)
{
    (void)state;
    const struct og_str cases[] = {
        OG_STR(""),
        OG_STR("\3\0\10\0\10\0\0\0"), /* without an element */
        OG_STR("<?xml version=\"1.0\"?><manifest package=\"a.b\"/>"),
        manifest("resources", "com.example.myapp", true),
        manifest("manifest", "com.ex\x01mple", true),
        manifest("manifest", "com.\xC3\xA9xample", false),
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        assert_int_equal(og_manifest_package(cases[i], &mem).len, 0);
    }
}

static void
damage_is_survived(void **state)
{
    (void)state;
    struct og_str whole = manifest("manifest", "com.example.myapp", false);
    for (size_t at = 0; at < whole.len; at++) {
        char *copy = og_xalloc(whole.len);
        memcpy(copy, whole.ptr, whole.len);
        copy[at] = (char)0xff;
        (void)og_manifest_package((struct og_str){copy, whole.len}, &mem);
        assert_int_equal(og_manifest_package((struct og_str){whole.ptr, at}, &mem).len, 0);
        free(copy);
    }
}

static int
finish(void **state)
{
    (void)state;
    og_arena_finish(&mem);
    return 0;
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(packages_are_read),
        cmocka_unit_test(what_is_no_manifest_has_no_package),
        cmocka_unit_test(damage_is_survived),
    };
    og_arena_init(&mem, 0);
    return cmocka_run_group_tests(tests, NULL, finish);
}
