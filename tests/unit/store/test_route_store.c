/*
 * Rows of routing: what was written comes back, a second write replaces, old recipients are
 * forgotten.
 */
#include "store/route_store.h"

#include "row_fixture.h"

struct seen {
    struct og_arena *mem;
    struct og_str keys[8], values[8];
    int count;
};

static void
note_pair(void *ctx, struct og_str key, struct og_str value)
{
    struct seen *seen = ctx;
    seen->keys[seen->count] = og_str_dup(seen->mem, key);
    seen->values[seen->count++] = og_str_dup(seen->mem, value);
}

static void
test_usage(void **state)
{
    struct rows *r = *state;
    struct seen seen = {.mem = &r->mem};
    rows_must(r, og_usage_save(r->db, OG_STR("phone-1"), OG_STR("1:2"), &r->err));
    rows_must(r, og_usage_save(r->db, OG_STR("phone-2"), OG_STR("3:4"), &r->err));
    rows_must(r, og_usage_save(r->db, OG_STR("phone-1"), OG_STR("5:6"), &r->err));
    rows_must(r, og_usage_each(r->db, note_pair, &seen, &r->err));
    assert_int_equal(seen.count, 2);
    assert_true(og_str_eq(seen.values[0], OG_STR("5:6")));
    assert_true(og_str_eq(seen.values[1], OG_STR("3:4")));
}

struct recipients {
    int count;
    uint64_t digest;
    int64_t at_ms;
    int sim;
};

static void
note_recipient(void *ctx, struct og_str device_id, int sim, uint64_t recipient, int64_t at_ms)
{
    struct recipients *seen = ctx;
    assert_true(og_str_eq(device_id, OG_STR("phone-1")));
    *seen = (struct recipients){seen->count + 1, recipient, at_ms, sim};
}

static void
test_recipients(void **state)
{
    struct rows *r = *state;
    struct recipients seen = {0};
    const uint64_t high = UINT64_C(0xFEDCBA9876543210); /* more than a signed column has */
    const struct og_str phone = OG_STR("phone-1");
    rows_must(r, og_sim_recipient_note(r->db, phone, 2, high, NOON, &r->err));
    rows_must(r, og_sim_recipient_note(r->db, phone, 2, high, NOON + 5, &r->err));
    rows_must(r, og_sim_recipient_note(r->db, phone, 1, 7, NOON - 1, &r->err));
    rows_must(r, og_sim_recipient_each(r->db, NOON - 1, note_recipient, &seen, &r->err));
    assert_int_equal(seen.count, 1);
    assert_true(seen.digest == high);
    assert_int_equal(seen.at_ms - NOON, 5);
    assert_int_equal(seen.sim, 2);
    rows_must(r, og_sim_recipient_each(r->db, 0, note_recipient, &seen, &r->err));
    assert_int_equal(seen.count, 2); /* the old one is gone for good */
}

static void
test_former_routes(void **state)
{
    struct rows *r = *state;
    struct og_former_route *items;
    int count;
    const struct og_former_route silent = {OG_STR("phone-1"), 2, NOON, NOON + 9,
                                           OG_ROUTE_SILENT, OG_STR("")};
    const struct og_former_route failed = {OG_STR("phone-2"), 0, NOON + 10, NOON + 12,
                                           OG_ROUTE_FAILED, OG_STR("no signal")};
    const struct og_str id = OG_STR("message");
    rows_must(r, og_former_route_insert(r->db, ACCOUNT, id, 2, &failed, &r->err));
    rows_must(r, og_former_route_insert(r->db, ACCOUNT, id, 1, &silent, &r->err));
    assert_int_equal(og_former_route_insert(r->db, ACCOUNT, id, 1, &silent, &r->err),
                     OG_E_CONFLICT);
    rows_must(r, og_former_route_list(r->db, ACCOUNT, id, 3, &r->mem, &items, &count, &r->err));
    assert_int_equal(count, 2);
    assert_int_equal(items[0].outcome, OG_ROUTE_SILENT);
    assert_int_equal(items[0].sim, 2);
    assert_true(og_str_eq(items[1].reason, OG_STR("no signal")));
    assert_int_equal(items[1].ended_at - NOON, 12);
    rows_must(r, og_former_route_list(r->db, OG_STR("other"), id, 3, &r->mem, &items, &count,
                                      &r->err));
    assert_int_equal(count, 0);
}

static void
test_rules(void **state)
{
    struct rows *r = *state;
    struct seen seen = {.mem = &r->mem};
    struct og_str document;
    rows_must(r, og_routing_find(r->db, ACCOUNT, &r->mem, &document, &r->err));
    assert_int_equal(document.len, 0);
    rows_must(r, og_routing_save(r->db, ACCOUNT, OG_STR("{}"), NOON, &r->err));
    rows_must(r, og_routing_save(r->db, ACCOUNT, OG_STR("{\"sticky\":true}"), NOON, &r->err));
    rows_must(r, og_routing_find(r->db, ACCOUNT, &r->mem, &document, &r->err));
    assert_true(og_str_eq(document, OG_STR("{\"sticky\":true}")));
    rows_must(r, og_routing_each(r->db, note_pair, &seen, &r->err));
    assert_int_equal(seen.count, 1);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ROWS(test_usage),
        WITH_ROWS(test_recipients),
        WITH_ROWS(test_former_routes),
        WITH_ROWS(test_rules),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
