/*
 * Steps come back as they were noted, in their order and to their subject only; words of others
 * lose what could be a number or a code.
 */
#include "store/timeline_store.h"

#include "row_fixture.h"

static void
test_steps(void **state)
{
    struct rows *r = *state;
    struct og_timeline_note *items;
    int count;
    const struct og_str id = OG_STR("message");
    const struct og_timeline_note moved = {.kind = OG_NOTE_REPLANNED,
                                           .at = NOON,
                                           .device_id = OG_STR("phone-2"),
                                           .other_id = OG_STR("phone-1"),
                                           .reason = OG_STR("offline")};
    const struct og_timeline_note told = {.kind = OG_NOTE_HOOK,
                                          .at = NOON + 5,
                                          .other_id = OG_STR("hook"),
                                          .event = OG_STR("sms:sent"),
                                          .tries = 3,
                                          .until = NOON + 7,
                                          .reason = OG_STR("no peer +4915112345678")};
    rows_must(r, og_timeline_add(r->db, ACCOUNT, id, &told, &r->err));
    rows_must(r, og_timeline_add(r->db, ACCOUNT, id, &moved, &r->err));
    rows_must(r, og_timeline_add(r->db, OG_STR("other"), id, &moved, &r->err));
    rows_must(r, og_timeline_list(r->db, ACCOUNT, id, 9, &r->mem, &items, &count, &r->err));
    assert_int_equal(count, 2);
    assert_int_equal(items[0].kind, OG_NOTE_REPLANNED);
    assert_int_equal(items[0].at, NOON);
    assert_int_equal(items[0].until, 0);
    assert_true(og_str_eq(items[0].device_id, OG_STR("phone-2")));
    assert_true(og_str_eq(items[0].other_id, OG_STR("phone-1")));
    assert_true(og_str_eq(items[1].event, OG_STR("sms:sent")));
    assert_int_equal(items[1].tries, 3);
    assert_int_equal(items[1].until, NOON + 7);
    assert_true(og_str_eq(items[1].reason, OG_STR("no peer +…")));
    rows_must(r, og_timeline_list(r->db, ACCOUNT, id, 1, &r->mem, &items, &count, &r->err));
    assert_int_equal(count, 1);
    rows_must(r, og_timeline_list(r->db, ACCOUNT, OG_STR("none"), 9, &r->mem, &items, &count,
                                  &r->err));
    assert_int_equal(count, 0);
}

static void
test_cover(void **state)
{
    struct rows *r = *state;
    static const struct {
        const char *words, *covered;
    } cases[] = {
        {"", ""},
        {"status 500", "status 500"},
        {"1234", "…"},
        {"code 482913 to +49 151 12345678.", "code … to +49 151 …."},
        {"999 1000", "999 …"},
        {"٣٤٥٦", "٣٤٥٦"},
        {"a12b345c6789", "a12b345c…"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct og_str got = og_timeline_cover(og_str_from(cases[i].words), &r->mem);
        assert_true(og_str_eq(got, og_str_from(cases[i].covered)));
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ROWS(test_steps),
        WITH_ROWS(test_cover),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
