/*
 * The inbox as rows: what is kept, what is the same told twice, and how long it stays.
 */
#include "message_fixture.h"

#include "service/device/inbox_service.h"
#include "store/account_store.h"

#define DAY_MS (24 * INT64_C(3600000))

static int
setup(void **state)
{
    int failed = world_setup(state);
    struct world *w = *state;
    uint8_t bytes[OG_KEY_BYTES] = {2};
    const struct og_account account = {.id = ACCOUNT, .name = OG_STR("a"), .created_at = NOON};
    og_key_from_bytes(bytes, &w->svc.keys.number);
    w->svc.inbox = (struct og_inbox_policy){.is_on = true, .keep_ms = 30 * DAY_MS};
    must(w, og_account_insert(w->db, &account, &w->err));
    return failed;
}

/* How many were new; -1: refused. */
static int
take(struct world *w, struct og_str device, const struct og_incoming *item)
{
    struct og_inbox_take_op *op = OG_ARENA_NEW(&w->mem, struct og_inbox_take_op);
    struct og_incoming copy = *item;
    *op = (struct og_inbox_take_op){
        .svc = &w->svc, .mem = &w->mem, .device_id = device, .items = &copy, .count = 1};
    return world_run_one(w, STEP(op, og_inbox_take_apply, NULL)) == OG_OK ? op->stored : -1;
}

static struct og_inbox_list_op *
list(struct world *w, const struct og_inbox_filter *filter, const char *sender)
{
    struct og_inbox_list_op *op = OG_ARENA_NEW(&w->mem, struct og_inbox_list_op);
    *op = (struct og_inbox_list_op){.svc = &w->svc,
                                    .mem = &w->mem,
                                    .filter = *filter,
                                    .sender = og_str_from(sender)};
    assert_int_equal(world_run_one(w, STEP(op, og_inbox_list_apply, NULL)), OG_OK);
    return op;
}

static const struct og_inbox_filter all = {
    .account_id = {"acc-a", 5}, .device_id = {"", 0}, .type = -1, .limit = 50};

static void
test_each_member_tells_one_from_another(void **state)
{
    struct world *w = *state;
    struct og_str phone = add_phone(w), other = add_phone(w);
    const struct og_incoming first = {
        .sender = NUMBER, .text = OG_STR("hello"), .received_at = NOON - 5000};
    struct og_incoming items[] = {first, first, first, first, first, first};
    items[1].sender = OG_STR("+4915112345679");
    items[2].text = OG_STR("hello!");
    items[3].type = OG_INCOMING_MMS_DOWNLOADED;
    items[4].subject = OG_STR("hello");
    items[5].received_at += 1000;
    for (size_t i = 0; i < COUNT(items); i++) {
        assert_int_equal(take(w, phone, &items[i]), 1);
        assert_int_equal(take(w, phone, &items[i]), 0);
    }
    items[0].received_at += 999; /* the same second */
    assert_int_equal(take(w, phone, &items[0]), 0);
    assert_int_equal(take(w, other, &first), 1);
    assert_int_equal(list(w, &all, "")->total, COUNT(items) + 1);
    assert_int_equal(list(w, &all, "+4915112345679")->total, 1);
}

/* What it said is compared; what is shown is never later than now. */
static void
test_a_clock_that_is_ahead(void **state)
{
    struct world *w = *state;
    struct og_str phone = add_phone(w);
    const struct og_incoming item = {
        .sender = NUMBER, .text = TEXT, .received_at = NOON + DAY_MS};
    assert_int_equal(take(w, phone, &item), 1);
    w->now_ms += 60000;
    assert_int_equal(take(w, phone, &item), 0);
    struct og_inbox_list_op *found = list(w, &all, "");
    assert_int_equal(found->count, 1);
    assert_int_equal(found->items[0].received_at, NOON);
    assert_true(og_str_eq(found->items[0].text, TEXT));
}

static void
test_nobody_tells_for_a_phone_that_is_gone(void **state)
{
    struct world *w = *state;
    struct og_str phone = add_phone(w);
    const struct og_incoming item = {.sender = NUMBER, .text = TEXT, .received_at = NOON};
    assert_int_equal(take(w, OG_STR("stranger"), &item), -1);
    const struct og_account_change off = {.has_disabled = true, .disabled = true};
    must(w, og_account_update(w->db, ACCOUNT, &off, w->now_ms, &w->err));
    assert_int_equal(take(w, phone, &item), -1);
    assert_int_equal(list(w, &all, "")->total, 0);
}

static void
purge(struct world *w)
{
    struct og_inbox_purge_op *op = OG_ARENA_NEW(&w->mem, struct og_inbox_purge_op);
    op->svc = &w->svc;
    assert_int_equal(world_run_one(w, STEP(op, og_inbox_purge_apply, NULL)), OG_OK);
    assert_false(op->has_more);
}

/* By when it was told: a phone may tell of messages that are years old. */
static void
test_it_goes_after_its_time(void **state)
{
    struct world *w = *state;
    struct og_str phone = add_phone(w);
    struct og_incoming item = {.sender = NUMBER, .text = TEXT, .received_at = NOON - 900 * DAY_MS};
    assert_int_equal(take(w, phone, &item), 1);
    w->now_ms += DAY_MS;
    item.text = OG_STR("a day later");
    assert_int_equal(take(w, phone, &item), 1);
    w->now_ms = NOON + 30 * DAY_MS;
    purge(w);
    assert_int_equal(list(w, &all, "")->total, 2);
    w->now_ms++;
    purge(w);
    struct og_inbox_list_op *left = list(w, &all, "");
    assert_int_equal(left->total, 1);
    assert_true(og_str_eq(left->items[0].text, OG_STR("a day later")));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_each_member_tells_one_from_another, setup,
                                        world_teardown),
        cmocka_unit_test_setup_teardown(test_a_clock_that_is_ahead, setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_nobody_tells_for_a_phone_that_is_gone, setup,
                                        world_teardown),
        cmocka_unit_test_setup_teardown(test_it_goes_after_its_time, setup, world_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
