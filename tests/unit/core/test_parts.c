/*
 * The small parts: names, SIM lists, digits of other scripts, and the map.
 */
#include "tests/unit/check.h"

#include <stdio.h>
#include <string.h>

#include "core/codepoint.h"
#include "core/device.h"
#include "core/label.h"
#include "core/map.h"

static void
test_slug(void **state)
{
    static const struct {
        const char *text;
        bool fits;
    } rows[] = {
        {"acme", true},  {"a", true},      {"9-lives", true}, {"a.b_c-d", true}, {"", false},
        {"Acme", false}, {"-acme", false}, {".acme", false},  {"a b", false},    {"a/b", false},
        {"é", false},
    };
    char longest[66];

    for (size_t i = 0; i < COUNT(rows); i++) {
        assert_int_equal(og_label_is_slug(og_str_from(rows[i].text)), rows[i].fits);
    }
    memset(longest, 'a', sizeof(longest));
    assert_true(og_label_is_slug((struct og_str){longest, 64}));
    assert_false(og_label_is_slug((struct og_str){longest, 65}));
}

static void
test_label(void **state)
{
    struct og_err err;
    char name[130];

    assert_int_equal(OG_OK, og_device_check_name(OG_STR(""), NULL));
    assert_int_equal(OG_OK, og_device_check_name(OG_STR("samsung/a12nsxx"), NULL));
    assert_int_equal(OG_OK, og_device_check_name(OG_STR("Käthes Handy"), NULL));
    assert_int_equal(OG_E_UNPROCESSABLE, og_device_check_name(OG_STR("a\nb"), &err));
    assert_string_equal(err.field, "name");
    memset(name, 'a', sizeof(name));
    assert_int_equal(OG_OK, og_device_check_name((struct og_str){name, 128}, NULL));
    assert_int_equal(OG_E_UNPROCESSABLE, og_device_check_name((struct og_str){name, 129}, NULL));
    assert_int_equal(OG_OK, og_label_check(OG_STR("éé"), 2, "x", NULL)); /* characters count */
    assert_int_equal(OG_E_UNPROCESSABLE, og_label_check(OG_STR("ééé"), 2, "x", NULL));
}

static void
test_application_ids(void **state)
{
    static const char *const good[] = {"a.b", "com.Example.MixedCase", "com.example.my_app2"};
    static const char *const bad[] = {"",     "app",   "com.",     ".app",  "com..app", "1om.app",
                                      "a.1b", "a b.c", "com.app ", "a-b.c", "com.äpp",  "_a.b"};
    struct og_err err;
    char longest[256];
    for (size_t i = 0; i < COUNT(good); i++) {
        assert_int_equal(og_label_check_application_id(og_str_from(good[i]), &err), OG_OK);
    }
    for (size_t i = 0; i < COUNT(bad); i++) {
        assert_int_equal(og_label_check_application_id(og_str_from(bad[i]), &err),
                         OG_E_UNPROCESSABLE);
        assert_string_equal(err.field, "package");
    }
    memset(longest, 'a', sizeof longest);
    longest[1] = '.';
    assert_int_equal(og_label_check_application_id((struct og_str){longest, 255}, NULL), OG_OK);
    assert_int_equal(og_label_check_application_id((struct og_str){longest, 256}, NULL),
                     OG_E_UNPROCESSABLE);
}

static void
test_sims(void **state)
{
    static const struct {
        struct og_sim sims[4];
        size_t count;
        const char *field; /* NULL: fine */
    } rows[] = {
        {{{0}}, 0, NULL},
        {{{0, 1, TEXT("****"), TEXT("****"), TEXT("***2245")}}, 1, NULL},
        {{{0, 1}, {1, 2}, {2, 3}}, 3, NULL},
        {{{0, 1}, {1, 2}, {2, 3}, {3, 4}}, 4, "simCards"},
        {{{0, 0}}, 1, "simCards[0].simNumber"},
        {{{0, 4}}, 1, "simCards[0].simNumber"},
        {{{-1, 1}}, 1, "simCards[0].slotIndex"},
        {{{0, 1}, {3, 2}}, 2, "simCards[1].slotIndex"},
        {{{0, 1}, {1, 1}}, 2, "simCards[1].simNumber"},
        {{{0, 1}, {0, 2}}, 2, "simCards[1].slotIndex"},
        {{{0, 1, TEXT("\x1B[1m")}}, 1, "simCards[0].phoneNumber"},
        {{{0, 1, TEXT(""), TEXT("a\nb")}}, 1, "simCards[0].carrierName"},
        {{{0, 1}, {1, 2, TEXT(""), TEXT(""), TEXT("\xFF")}}, 2, "simCards[1].iccid"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct og_err err = {0};
        enum og_code code = og_sim_list_check(rows[i].sims, rows[i].count, &err);
        assert_int_equal(code, rows[i].field ? OG_E_UNPROCESSABLE : OG_OK);
        assert_string_equal(err.field, rows[i].field ? rows[i].field : "");
    }
}

static void
test_digits(void **state)
{
    static const struct {
        uint32_t codepoint;
        int value;
    } rows[] = {
        {'0', 0},    {'9', 9},    {'/', -1},   {':', -1},   {0x0660, 0}, {0x0669, 9},
        {0x066A, -1}, {0x06F0, 0}, {0x06F9, 9}, {0x0966, 0}, {0x096F, 9}, {0x0970, -1},
        {0xFF10, 0}, {0xFF19, 9}, {0xFF1A, -1}, {OG_CODEPOINT_BAD, -1},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        assert_int_equal(og_codepoint_digit(rows[i].codepoint), rows[i].value);
    }
}

static void
test_map(void **state)
{
    static char keys[1000][8];
    struct og_map map = {0};
    size_t at = 0;

    assert_null(og_map_get(&map, OG_STR("x")));
    assert_null(og_map_get(&map, OG_STR("")));
    for (size_t i = 0; i < COUNT(keys); i++) {
        snprintf(keys[i], sizeof(keys[i]), "k%zu", i);
        og_map_put(&map, og_str_from(keys[i]), keys[i]);
    }
    assert_int_equal(og_map_count(&map), COUNT(keys));
    for (size_t i = 0; i < COUNT(keys); i += 2) {
        assert_ptr_equal(og_map_remove(&map, og_str_from(keys[i])), keys[i]);
        assert_null(og_map_remove(&map, og_str_from(keys[i])));
    }
    for (struct og_map_node *node = og_map_first(&map); node; node = og_map_next(node)) {
        assert_ptr_equal(og_map_value(node), keys[2 * at + 1]);
        at++;
    }
    assert_int_equal(at, COUNT(keys) / 2);
    assert_ptr_equal(og_map_get(&map, OG_STR("k999")), keys[999]);
    og_map_finish(&map);
    assert_int_equal(og_map_count(&map), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_slug),   cmocka_unit_test(test_label), cmocka_unit_test(test_sims),
        cmocka_unit_test(test_digits), cmocka_unit_test(test_map),
        cmocka_unit_test(test_application_ids),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
