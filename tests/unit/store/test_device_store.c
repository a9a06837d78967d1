/*
 * Phones as rows: fields, tokens, and what is left of one that was removed.
 */
#include "row_fixture.h"
#include "store/device_store.h"

static const struct og_device sample = {
    .id = {"dev-1", 5},
    .account_id = {"acc-a", 5},
    .name = {"Ph\xC3\xB6ne \"1\"", 10},
    .sims = {"[{\"slotIndex\":0}]", 17},
    .app_version = {"app/1.68.0", 10},
    .created_at = NOON,
    .updated_at = NOON,
    .last_seen_at = NOON,
};

static void
insert(struct rows *r, struct og_str id, struct og_str account, struct og_str token)
{
    struct og_device d = sample;
    d.id = id;
    d.account_id = account;
    rows_must(r, og_device_insert(r->db, &d, token, &r->err));
}

static enum og_code
find(struct rows *r, struct og_str account, struct og_str id, struct og_device *out)
{
    return og_device_find(r->db, account, id, &r->mem, out, &r->err);
}

static void
assert_device(const struct og_device *got, const struct og_device *expected)
{
    assert_text(got->id, expected->id);
    assert_text(got->account_id, expected->account_id);
    assert_text(got->name, expected->name);
    assert_text(got->sims, expected->sims);
    assert_text(got->app_version, expected->app_version);
    assert_int_equal(got->created_at, expected->created_at);
    assert_int_equal(got->updated_at, expected->updated_at);
    assert_int_equal(got->last_seen_at, expected->last_seen_at);
}

static void
test_every_field_comes_back(void **state)
{
    struct rows *r = *state;
    struct og_device got, plain = {.id = OG_STR("dev-2"), .account_id = ACCOUNT,
                                   .name = OG_STR(""), .sims = OG_STR("[]"),
                                   .app_version = OG_STR(""), .created_at = 1, .updated_at = 1,
                                   .last_seen_at = 1};
    rows_must(r, og_device_insert(r->db, &sample, OG_STR("t-1"), &r->err));
    rows_must(r, og_device_insert(r->db, &plain, OG_STR("t-2"), &r->err));
    rows_must(r, find(r, ACCOUNT, OG_STR("dev-1"), &got));
    assert_device(&got, &sample);
    rows_must(r, find(r, ACCOUNT, OG_STR("dev-2"), &got));
    assert_device(&got, &plain);
    rows_must(r, og_device_by_token(r->db, OG_STR("t-1"), &r->mem, &got, &r->err));
    assert_device(&got, &sample);
}

static void
test_ids_and_tokens_are_unique(void **state)
{
    struct rows *r = *state;
    insert(r, OG_STR("dev-1"), ACCOUNT, OG_STR("t-1"));
    struct og_device again = sample;
    assert_int_equal(og_device_insert(r->db, &again, OG_STR("t-2"), &r->err), OG_E_CONFLICT);
    again.id = OG_STR("dev-2");
    assert_int_equal(og_device_insert(r->db, &again, OG_STR("t-1"), &r->err), OG_E_CONFLICT);
    rows_must(r, og_device_insert(r->db, &again, OG_STR("t-2"), &r->err));
}

static void
test_unknown_ones_are_not_found(void **state)
{
    struct rows *r = *state;
    struct og_device got;
    insert(r, OG_STR("dev-1"), ACCOUNT, OG_STR("t-1"));
    assert_int_equal(find(r, OTHER_ACCOUNT, OG_STR("dev-1"), &got), OG_E_NOT_FOUND);
    assert_int_equal(find(r, OG_STR(""), OG_STR("dev-1"), &got), OG_E_NOT_FOUND);
    assert_int_equal(find(r, ACCOUNT, OG_STR("dev-"), &got), OG_E_NOT_FOUND);
    assert_int_equal(og_device_by_token(r->db, OG_STR("T-1"), &r->mem, &got, NULL),
                     OG_E_NOT_FOUND);
    assert_int_equal(og_device_update(r->db, OG_STR("dev-2"), OG_STR("x"), OG_STR("[]"),
                                      OG_STR(""), NOON, &r->err),
                     OG_E_NOT_FOUND);
}

static void
test_list(void **state)
{
    struct rows *r = *state;
    struct og_device *items;
    int count;
    rows_must(r, og_device_list(r->db, ACCOUNT, &r->mem, &items, &count, &r->err));
    assert_int_equal(count, 0);
    for (int i = 49; i >= 0; i--) { /* more than the list starts with */
        insert(r, og_str_printf(&r->mem, "dev-%02d", i), i % 2 ? OTHER_ACCOUNT : ACCOUNT,
               og_str_printf(&r->mem, "t-%d", i));
    }
    const struct {
        struct og_str account;
        int count, first, step;
    } cases[] = {{ACCOUNT, 25, 0, 2}, {OTHER_ACCOUNT, 25, 1, 2}, {OG_STR(""), 50, 0, 1},
                 {OG_STR("acc-c"), 0, 0, 0}};
    for (size_t c = 0; c < COUNT(cases); c++) {
        rows_must(r, og_device_list(r->db, cases[c].account, &r->mem, &items, &count, &r->err));
        assert_int_equal(count, cases[c].count);
        for (int i = 0; i < count; i++) {
            assert_text(items[i].id, og_str_printf(&r->mem, "dev-%02d",
                                                   cases[c].first + i * cases[c].step));
            assert_text(items[i].sims, sample.sims);
        }
    }
}

static void
test_update_keeps_what_is_not_said(void **state)
{
    struct rows *r = *state;
    static const struct og_str keep = {NULL, 0};
    const struct {
        struct og_str name, sims, version;
    } cases[] = {
        {keep, keep, keep},
        {OG_STR("new"), keep, keep},
        {keep, OG_STR("[1]"), keep},
        {keep, keep, OG_STR("app/2")},
        {OG_STR(""), keep, OG_STR("")}, /* said to be empty */
    };
    struct og_device expected = sample, got;
    insert(r, OG_STR("dev-1"), ACCOUNT, OG_STR("t-1"));
    insert(r, OG_STR("dev-2"), ACCOUNT, OG_STR("t-2"));
    for (size_t i = 0; i < COUNT(cases); i++) {
        expected.updated_at = expected.last_seen_at = NOON + 1 + (int64_t)i;
        expected.name = cases[i].name.ptr ? cases[i].name : expected.name;
        expected.sims = cases[i].sims.ptr ? cases[i].sims : expected.sims;
        expected.app_version = cases[i].version.ptr ? cases[i].version : expected.app_version;
        rows_must(r, og_device_update(r->db, OG_STR("dev-1"), cases[i].name, cases[i].sims,
                                      cases[i].version, expected.updated_at, &r->err));
        rows_must(r, find(r, ACCOUNT, OG_STR("dev-1"), &got));
        assert_device(&got, &expected);
    }
    rows_must(r, find(r, ACCOUNT, OG_STR("dev-2"), &got));
    assert_text(got.name, sample.name);
}

static void
test_seen_goes_forward(void **state)
{
    struct rows *r = *state;
    struct og_device got;
    insert(r, OG_STR("dev-1"), ACCOUNT, OG_STR("t-1"));
    static const int64_t seen_s[][2] = {{59, 0}, {61, 61}, {119, 61}, {30, 61}, {120, 120}};
    for (size_t i = 0; i < COUNT(seen_s); i++) {
        rows_must(r, og_device_seen(r->db, OG_STR("dev-1"), NOON + seen_s[i][0] * 1000, &r->err));
        rows_must(r, find(r, ACCOUNT, OG_STR("dev-1"), &got));
        assert_int_equal(got.last_seen_at, NOON + seen_s[i][1] * 1000);
        assert_int_equal(got.updated_at, NOON);
    }
    assert_int_equal(og_device_seen(r->db, OG_STR("nobody"), NOON, NULL), OG_E_NOT_FOUND);
}

static bool
removed(struct rows *r, struct og_str account, struct og_str id)
{
    bool out;
    rows_must(r, og_device_remove(r->db, account, id, NOON + 1, &out, &r->err));
    return out;
}

static void
test_a_removed_phone_is_gone(void **state)
{
    struct rows *r = *state;
    struct og_device got, *items;
    int count;
    insert(r, OG_STR("dev-1"), ACCOUNT, OG_STR("t-1"));
    insert(r, OG_STR("dev-2"), ACCOUNT, OG_STR("t-2"));
    assert_false(removed(r, OTHER_ACCOUNT, OG_STR("dev-1")));
    assert_false(removed(r, ACCOUNT, OG_STR("dev-3")));
    assert_true(removed(r, ACCOUNT, OG_STR("dev-1")));
    assert_false(removed(r, ACCOUNT, OG_STR("dev-1")));
    assert_int_equal(find(r, ACCOUNT, OG_STR("dev-1"), &got), OG_E_NOT_FOUND);
    assert_int_equal(og_device_by_token(r->db, OG_STR("t-1"), &r->mem, &got, &r->err),
                     OG_E_NOT_FOUND);
    assert_int_equal(og_device_update(r->db, OG_STR("dev-1"), OG_STR("x"), OG_STR("[]"),
                                      OG_STR(""), NOON, &r->err),
                     OG_E_NOT_FOUND);
    assert_int_equal(og_device_seen(r->db, OG_STR("dev-1"), NOON + 60000, &r->err),
                     OG_E_NOT_FOUND);
    rows_must(r, og_device_list(r->db, ACCOUNT, &r->mem, &items, &count, &r->err));
    assert_int_equal(count, 1);
    assert_text(items[0].id, OG_STR("dev-2"));
    insert(r, OG_STR("dev-3"), ACCOUNT, OG_STR("t-1")); /* nothing holds the token any more */
    assert_true(removed(r, OG_STR(""), OG_STR("dev-3"))); /* the operator, of any account */
    assert_true(removed(r, OG_STR(""), OG_STR("dev-2")));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ROWS(test_every_field_comes_back),     WITH_ROWS(test_ids_and_tokens_are_unique),
        WITH_ROWS(test_unknown_ones_are_not_found), WITH_ROWS(test_list),
        WITH_ROWS(test_update_keeps_what_is_not_said), WITH_ROWS(test_seen_goes_forward),
        WITH_ROWS(test_a_removed_phone_is_gone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
