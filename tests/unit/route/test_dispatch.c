/*
 * The queue by example: order, choice of device, moving, deadlines. test_dispatch_model.c compares
 * it with a slow model over random histories.
 */
#include "tests/unit/check.h"

#include <stdio.h>

#include "route/dispatch.h"

#define FOREVER OG_DISPATCH_NO_DEADLINE

static const struct og_str account = {"acme", 4};
static const struct og_str none = {NULL, 0};

struct world {
    struct og_dispatch *queue;
    struct og_arena mem;
};

static int
setup(void **state)
{
    struct world *world = og_xalloc(sizeof(*world));
    world->queue = og_dispatch_create();
    og_arena_init(&world->mem, 0);
    *state = world;
    return 0;
}

static int
teardown(void **state)
{
    struct world *world = *state;
    og_dispatch_destroy(world->queue);
    og_arena_finish(&world->mem);
    free(world);
    return 0;
}

static void
add_device(struct world *world, const char *device, int64_t seen_ms, bool connected)
{
    assert_int_equal(OG_OK, og_dispatch_device_add(world->queue, account, og_str_from(device),
                                                   seen_ms, NULL));
    if (connected) {
        og_dispatch_device_connected(world->queue, account, og_str_from(device), seen_ms);
    }
}

static void
add_item(struct world *world, const struct og_dispatch_item *wanted)
{
    struct og_dispatch_item item = *wanted;
    item.account = account;
    if (item.deadline_ms == 0) {
        item.deadline_ms = FOREVER;
    }
    assert_int_equal(OG_OK, og_dispatch_add(world->queue, &item, NULL));
}

static void
add(struct world *world, const char *id, const char *device)
{
    add_item(world, &(struct og_dispatch_item){.id = og_str_from(id),
                                               .device = og_str_from(device),
                                               .class = OG_DISPATCH_NORMAL,
                                               .created_at_ms = 1});
}

/* The ids that a device is given, with a space behind each. */
static const char *
listed(struct world *world, const char *device, int64_t now_ms, bool lifo, size_t max)
{
    static char text[512];
    struct og_dispatch_item items[32];
    size_t count = og_dispatch_list(world->queue, account, og_str_from(device), now_ms, lifo,
                                    items, max);
    size_t len = 0;
    text[0] = '\0';
    for (size_t i = 0; i < count; i++) {
        len += (size_t)snprintf(text + len, sizeof(text) - len, "%" OG_STR_FMT " ",
                                OG_STR_ARG(items[i].id));
    }
    return text;
}

/* Give what may move to the best other devices, as long as there is one. Returns how many went. */
static size_t
move_all(struct world *world, const char *from, size_t max)
{
    struct og_dispatch_item *items = og_arena_alloc(&world->mem, max * sizeof(items[0]));
    const size_t count =
        og_dispatch_movable(world->queue, account, og_str_from(from), items, max);
    size_t moved = 0;
    for (; moved < count; moved++) {
        struct og_str to;
        if (!og_dispatch_choose(world->queue, account, INT64_MAX, og_str_from(from), &to)) {
            break;
        }
        assert_true(og_dispatch_move(world->queue, account, items[moved].id, to, OG_DISPATCH_SOONER, 0));
    }
    return moved;
}

static void
test_order(void **state)
{
    struct world *world = *state;
    static const struct {
        const char *id;
        enum og_dispatch_class class;
        int priority;
        int64_t created_at_ms;
    } rows[] = {
        {"n0-late", OG_DISPATCH_NORMAL, 0, 30},  {"n0-early", OG_DISPATCH_NORMAL, 0, 10},
        {"n0-mid", OG_DISPATCH_NORMAL, 0, 20},   {"n127", OG_DISPATCH_NORMAL, 127, 40},
        {"n-128", OG_DISPATCH_NORMAL, -128, 1},  {"o-128-a", OG_DISPATCH_OTP, -128, 50},
        {"o-128-b", OG_DISPATCH_OTP, -128, 51},  {"o5", OG_DISPATCH_OTP, 5, 60},
        {"s127", OG_DISPATCH_BULK, 127, 0}, {"n0-tie", OG_DISPATCH_NORMAL, 0, 20},
    };

    add_device(world, "d", 0, true);
    for (size_t i = 0; i < COUNT(rows); i++) {
        add_item(world, &(struct og_dispatch_item){.id = og_str_from(rows[i].id),
                                                   .device = OG_STR("d"),
                                                   .class = rows[i].class,
                                                   .priority = rows[i].priority,
                                                   .created_at_ms = rows[i].created_at_ms});
    }
    assert_string_equal(listed(world, "d", 0, false, 32),
                        "o5 o-128-a o-128-b n127 n0-early n0-mid n0-tie n0-late n-128 s127 ");
    assert_string_equal(listed(world, "d", 0, true, 32),
                        "o5 o-128-a o-128-b n127 n0-late n0-tie n0-mid n0-early n-128 s127 ");
    assert_string_equal(listed(world, "d", 0, false, 2), "o5 o-128-a ");
    assert_string_equal(listed(world, "d", 0, false, 0), "");
    assert_string_equal(listed(world, "other", 0, false, 32), "");
}

static void
test_phases(void **state)
{
    struct world *world = *state;
    struct og_dispatch_device device;

    add_device(world, "d", 0, true);
    add(world, "a", "d");
    add(world, "b", "d");
    assert_true(og_dispatch_set_phase(world->queue, account, OG_STR("a"), OG_DISPATCH_HANDED));
    assert_string_equal(listed(world, "d", 0, false, 32), "a b ");
    assert_true(og_dispatch_set_phase(world->queue, account, OG_STR("a"), OG_DISPATCH_TAKEN));
    assert_true(og_dispatch_set_phase(world->queue, account, OG_STR("a"), OG_DISPATCH_WAITING));
    assert_string_equal(listed(world, "d", 0, false, 32), "b ");
    assert_true(og_dispatch_device_find(world->queue, account, OG_STR("d"), &device));
    assert_int_equal(device.waiting, 1);
    assert_int_equal(device.handed, 0);
    assert_int_equal(device.taken, 1);
    assert_false(og_dispatch_set_phase(world->queue, account, OG_STR("x"), OG_DISPATCH_TAKEN));
    assert_true(og_dispatch_remove(world->queue, account, OG_STR("a")));
    assert_false(og_dispatch_remove(world->queue, account, OG_STR("a")));
    assert_int_equal(og_dispatch_totals(world->queue).taken, 0);
}

static void
test_ids(void **state)
{
    struct world *world = *state;
    struct og_err err;
    char long_id[38] = "1234567890123456789012345678901234567";
    struct og_dispatch_item item = {.account = account,
                                    .id = {long_id, 37},
                                    .device = OG_STR("d"),
                                    .deadline_ms = FOREVER};

    add_device(world, "d", 0, true);
    assert_int_equal(OG_E_INVALID, og_dispatch_add(world->queue, &item, &err));
    item.id.len = 0;
    assert_int_equal(OG_E_INVALID, og_dispatch_add(world->queue, &item, &err));
    item.id.len = 36;
    assert_int_equal(OG_OK, og_dispatch_add(world->queue, &item, &err));
    assert_int_equal(OG_E_CONFLICT, og_dispatch_add(world->queue, &item, &err));
    assert_string_equal(err.field, "id");
    memset(long_id, 'x', sizeof(long_id)); /* the queue has its own copy */
    item.id = OG_STR("123456789012345678901234567890123456");
    assert_int_equal(OG_E_CONFLICT, og_dispatch_add(world->queue, &item, &err));
    item.id = OG_STR("m");
    item.device = OG_STR("nobody");
    assert_int_equal(OG_E_NOT_FOUND, og_dispatch_add(world->queue, &item, &err));
    item.account = OG_STR("other");
    assert_int_equal(OG_E_NOT_FOUND, og_dispatch_add(world->queue, &item, &err));
    /* Another account may use the same id. */
    item.id = OG_STR("123456789012345678901234567890123456");
    item.device = none;
    assert_int_equal(OG_OK, og_dispatch_add(world->queue, &item, &err));
}

static void
test_even_split(void **state)
{
    struct world *world = *state;
    struct og_dispatch_device device;
    struct og_str chosen;
    char id[16];

    add_device(world, "d1", 5, true);
    add_device(world, "d2", 900, true);
    add_device(world, "gone", 1000, false);
    for (int i = 0; i < 1000; i++) {
        assert_true(og_dispatch_choose(world->queue, account, INT64_MIN, none, &chosen));
        snprintf(id, sizeof(id), "m%d", i);
        add_item(world, &(struct og_dispatch_item){.id = og_str_from(id), .device = chosen});
    }
    assert_true(og_dispatch_device_find(world->queue, account, OG_STR("d1"), &device));
    assert_int_equal(device.waiting, 500);
    assert_true(og_dispatch_device_find(world->queue, account, OG_STR("d2"), &device));
    assert_int_equal(device.waiting, 500);
}

/* Choices between which nothing is added take turns too. */
static void
test_turns(void **state)
{
    struct world *world = *state;
    struct og_str chosen;
    int counts[3] = {0};

    add_device(world, "0", 0, true);
    add_device(world, "1", 0, true);
    add_device(world, "2", 0, true);
    for (int i = 0; i < 30; i++) {
        assert_true(og_dispatch_choose(world->queue, account, INT64_MIN, none, &chosen));
        counts[chosen.ptr[0] - '0']++;
    }
    for (size_t i = 0; i < COUNT(counts); i++) {
        assert_int_equal(counts[i], 10);
    }
}

static void
test_choice(void **state)
{
    struct world *world = *state;
    struct og_str chosen;

    assert_false(og_dispatch_choose(world->queue, account, INT64_MIN, none, &chosen));
    add_device(world, "old", 100, false);
    add_device(world, "new", 200, false);
    assert_true(og_dispatch_choose(world->queue, account, INT64_MIN, none, &chosen));
    assert_str(chosen, "new");
    assert_true(og_dispatch_choose(world->queue, account, 200, none, &chosen));
    assert_str(chosen, "new");
    assert_false(og_dispatch_choose(world->queue, account, 201, none, &chosen));
    assert_true(og_dispatch_choose(world->queue, account, INT64_MIN, OG_STR("new"), &chosen));
    assert_str(chosen, "old");
    og_dispatch_device_seen(world->queue, account, OG_STR("old"), 300);
    assert_true(og_dispatch_choose(world->queue, account, INT64_MIN, none, &chosen));
    assert_str(chosen, "old");
    og_dispatch_device_seen(world->queue, account, OG_STR("old"), 1); /* never backwards */
    assert_true(og_dispatch_choose(world->queue, account, 300, none, &chosen));
    /* A connected device counts as seen now, and goes before a longer queue is looked at. */
    og_dispatch_device_connected(world->queue, account, OG_STR("new"), 250);
    add(world, "a", "new");
    add(world, "b", "new");
    assert_true(og_dispatch_choose(world->queue, account, 999, none, &chosen));
    assert_str(chosen, "new");
    og_dispatch_device_connected(world->queue, account, OG_STR("old"), 260);
    assert_true(og_dispatch_choose(world->queue, account, 999, none, &chosen));
    assert_str(chosen, "old");
    assert_false(og_dispatch_choose(world->queue, OG_STR("other"), INT64_MIN, none, &chosen));
    og_dispatch_device_disconnected(world->queue, account, OG_STR("old"), 400);
    og_dispatch_device_disconnected(world->queue, account, OG_STR("new"), 400);
    assert_int_equal(og_dispatch_totals(world->queue).connected, 0);
    assert_false(og_dispatch_choose(world->queue, account, 999, none, &chosen));
}

static void
test_move(void **state)
{
    struct world *world = *state;
    struct og_dispatch_item item;
    struct og_dispatch_device stranded[4];

    add_device(world, "gone", 10, false);
    add(world, "free1", "gone");
    add(world, "free2", "gone");
    add_item(world, &(struct og_dispatch_item){.id = OG_STR("otp"), .device = OG_STR("gone"),
                                               .class = OG_DISPATCH_OTP, .created_at_ms = 9});
    add_item(world, &(struct og_dispatch_item){.id = OG_STR("bound"), .device = OG_STR("gone"),
                                               .is_bound = true});
    add_item(world, &(struct og_dispatch_item){.id = OG_STR("handed"), .device = OG_STR("gone"),
                                               .phase = OG_DISPATCH_HANDED});
    add_item(world, &(struct og_dispatch_item){.id = OG_STR("cancel"), .device = OG_STR("gone"),
                                               .is_cancelling = true});
    assert_int_equal(move_all(world, "gone", 100), 0);
    assert_int_equal(og_dispatch_stranded(world->queue, 100, stranded, 4), 0);

    add_device(world, "here", 20, true);
    assert_int_equal(og_dispatch_stranded(world->queue, 10, stranded, 4), 0);
    assert_int_equal(og_dispatch_stranded(world->queue, 11, stranded, 4), 1);
    assert_str(stranded[0].device, "gone");
    assert_int_equal(move_all(world, "gone", 2), 2);
    add_device(world, "idle", 20, true);
    assert_int_equal(move_all(world, "gone", 100), 1);
    assert_string_equal(listed(world, "here", 0, false, 32), "otp free1 ");
    assert_string_equal(listed(world, "idle", 0, false, 32), "free2 ");
    assert_string_equal(listed(world, "gone", 0, false, 32), "bound handed cancel ");
    assert_true(og_dispatch_find(world->queue, account, OG_STR("free2"), &item));
    assert_str(item.device, "idle");
    /* what must not move, does not; nor does anything to nowhere */
    static const char *const fixed[] = {"bound", "handed", "cancel", "unknown"};
    for (size_t i = 0; i < COUNT(fixed); i++) {
        assert_false(og_dispatch_move(world->queue, account, og_str_from(fixed[i]),
                                      OG_STR("here"), OG_DISPATCH_SOONER, 0));
    }
    assert_false(og_dispatch_move(world->queue, account, OG_STR("free2"), OG_STR("nobody"), OG_DISPATCH_SOONER, 0));
}

static void
test_device_removal(void **state)
{
    struct world *world = *state;
    struct og_dispatch_item item;
    struct og_str chosen;

    add_device(world, "d", 10, true);
    add(world, "free", "d");
    add_item(world, &(struct og_dispatch_item){.id = OG_STR("bound"), .device = OG_STR("d"),
                                               .is_bound = true});
    add_item(world, &(struct og_dispatch_item){.id = OG_STR("taken"), .device = OG_STR("d"),
                                               .phase = OG_DISPATCH_TAKEN});
    assert_int_equal(og_dispatch_device_remove(world->queue, account, OG_STR("x")), 0);
    assert_int_equal(og_dispatch_device_remove(world->queue, account, OG_STR("d")), 2);
    assert_false(og_dispatch_find(world->queue, account, OG_STR("bound"), &item));
    assert_true(og_dispatch_find(world->queue, account, OG_STR("free"), &item));
    assert_int_equal(item.device.len, 0);
    assert_false(og_dispatch_choose(world->queue, account, INT64_MIN, none, &chosen));
    assert_string_equal(listed(world, "", 0, false, 32), "free ");
    add_device(world, "e", 10, true);
    assert_int_equal(move_all(world, "", 100), 1);
    assert_string_equal(listed(world, "e", 0, false, 32), "free ");
    struct og_dispatch_totals totals = og_dispatch_totals(world->queue);
    assert_int_equal(totals.devices, 1);
    assert_int_equal(totals.connected, 1);
    assert_int_equal(totals.waiting, 1);
}

static void
test_deadlines(void **state)
{
    struct world *world = *state;
    add_device(world, "d", 10, true);
    add_item(world, &(struct og_dispatch_item){.id = OG_STR("b"), .device = OG_STR("d"),
                                               .deadline_ms = 200});
    add_item(world, &(struct og_dispatch_item){.id = OG_STR("a"), .device = OG_STR("d"),
                                               .deadline_ms = 100});
    add(world, "c", "d");
    assert_string_equal(listed(world, "d", 99, false, 32), "b a c ");
    assert_string_equal(listed(world, "d", 100, false, 32), "b c ");
}

static void
test_attention(void **state)
{
    struct world *world = *state;
    struct og_dispatch_item due[8];

    add_device(world, "d", 10, true);
    add(world, "never", "d");
    add_item(world, &(struct og_dispatch_item){.id = OG_STR("b"), .device = OG_STR("d"),
                                               .attend_at_ms = 200});
    add_item(world, &(struct og_dispatch_item){.id = OG_STR("a"), .device = OG_STR("d"),
                                               .attend_at_ms = 100});
    assert_int_equal(og_dispatch_due(world->queue, 99, due, 8), 0);
    assert_int_equal(og_dispatch_due(world->queue, 100, due, 8), 1);
    assert_str(due[0].id, "a");
    assert_int_equal(og_dispatch_due(world->queue, 200, due, 8), 2);
    assert_int_equal(og_dispatch_due(world->queue, 200, due, 1), 1);
    assert_true(og_dispatch_set_attention(world->queue, account, OG_STR("a"), 300));
    assert_true(og_dispatch_set_attention(world->queue, account, OG_STR("never"), 5));
    assert_int_equal(og_dispatch_due(world->queue, 200, due, 8), 2);
    assert_true(og_dispatch_remove(world->queue, account, OG_STR("b")));
    assert_true(og_dispatch_set_attention(world->queue, account, OG_STR("never"), 0));
    assert_int_equal(og_dispatch_due(world->queue, 299, due, 8), 0);
    assert_int_equal(og_dispatch_due(world->queue, 300, due, 8), 1);
    assert_false(og_dispatch_set_attention(world->queue, account, OG_STR("x"), 1));
}

/* Parts are counted with the messages, through all that happens to them. */
static void
test_parts(void **state)
{
    struct world *world = *state;
    struct og_dispatch_device devices[4];

    add_device(world, "d", 10, true);
    add_device(world, "e", 10, false);
    add_item(world, &(struct og_dispatch_item){.id = OG_STR("a"), .device = OG_STR("d"),
                                               .class = OG_DISPATCH_OTP, .parts = 2});
    add_item(world, &(struct og_dispatch_item){.id = OG_STR("b"), .device = OG_STR("d"),
                                               .class = OG_DISPATCH_BULK, .parts = 5});
    assert_int_equal(og_dispatch_ranked(world->queue, account, devices, 1), 1);
    assert_int_equal(og_dispatch_ranked(world->queue, account, devices, 4), 2);
    assert_str(devices[0].device, "d");
    assert_int_equal(devices[0].waiting_parts, 7);
    assert_int_equal(devices[0].waiting_otp_parts, 2);
    assert_int_equal(devices[0].waiting_otp, 1);
    og_dispatch_set_phase(world->queue, account, OG_STR("a"), OG_DISPATCH_HANDED);
    assert_true(og_dispatch_move(world->queue, account, OG_STR("b"), OG_STR("e"), OG_DISPATCH_SOONER, 0));
    assert_true(og_dispatch_device_find(world->queue, account, OG_STR("d"), &devices[0]));
    assert_int_equal(devices[0].waiting_parts, 0);
    assert_int_equal(devices[0].waiting_otp, 0);
    assert_int_equal(devices[0].ahead_parts, 2);
    assert_true(og_dispatch_device_find(world->queue, account, OG_STR("e"), &devices[0]));
    assert_int_equal(devices[0].waiting_parts, 5);
    /* what the phone has taken is not sent yet, and in the way until nobody hopes for it any
     * more */
    og_dispatch_set_phase(world->queue, account, OG_STR("a"), OG_DISPATCH_TAKEN);
    assert_true(og_dispatch_device_find(world->queue, account, OG_STR("d"), &devices[0]));
    assert_int_equal(devices[0].ahead_parts, 2);
    assert_int_equal(devices[0].silent, 0);
    assert_true(og_dispatch_set_silent(world->queue, account, OG_STR("a")));
    assert_true(og_dispatch_device_find(world->queue, account, OG_STR("d"), &devices[0]));
    assert_int_equal(devices[0].ahead_parts, 0);
    assert_int_equal(devices[0].silent, 1);
    assert_int_equal(og_dispatch_ranked(world->queue, OG_STR("other"), devices, 4), 0);
}

/* A deep queue costs no more per message than a short one: were any step below linear in the depth,
 * this would take minutes and run into the time limit. */
static void
test_deep_queue(void **state)
{
    struct world *world = *state;
    static const int depth = 200000;
    char id[16];

    add_device(world, "d", 0, true);
    for (int i = 0; i < depth; i++) {
        snprintf(id, sizeof(id), "m%d", i);
        add_item(world, &(struct og_dispatch_item){.id = og_str_from(id), .device = OG_STR("d"),
                                                   .created_at_ms = i, .deadline_ms = depth + i});
    }
    for (int i = 0; i < depth / 2; i++) { /* oldest first, then heard of in another order */
        snprintf(id, sizeof(id), "m%d", i);
        og_dispatch_set_phase(world->queue, account, og_str_from(id), OG_DISPATCH_HANDED);
    }
    for (int i = 0; i < depth / 2; i++) {
        snprintf(id, sizeof(id), "m%d", i * 7919 % (depth / 2));
        og_dispatch_set_phase(world->queue, account, og_str_from(id), OG_DISPATCH_TAKEN);
    }
    add_device(world, "e", 0, true);
    for (int i = 0; i < depth / 2; i++) { /* newer ones wait where the older ones go */
        snprintf(id, sizeof(id), "n%d", i);
        add_item(world, &(struct og_dispatch_item){.id = og_str_from(id), .device = OG_STR("e"),
                                                   .created_at_ms = depth + i});
    }
    og_dispatch_device_disconnected(world->queue, account, OG_STR("d"), 1);
    assert_int_equal(move_all(world, "d", (size_t)depth), depth / 2);
    assert_string_equal(listed(world, "e", 0, false, 2), "m100000 m100001 ");
    assert_int_equal(og_dispatch_device_remove(world->queue, account, OG_STR("d")), depth / 2);
    assert_int_equal(og_dispatch_totals(world->queue).waiting, depth);
}

int
main(void)
{
#define WORLD_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        WORLD_TEST(test_order),      WORLD_TEST(test_phases), WORLD_TEST(test_ids),
        WORLD_TEST(test_even_split), WORLD_TEST(test_turns),  WORLD_TEST(test_choice),
        WORLD_TEST(test_move),       WORLD_TEST(test_device_removal),
        WORLD_TEST(test_deadlines),  WORLD_TEST(test_attention),
        WORLD_TEST(test_parts),      WORLD_TEST(test_deep_queue),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
