/*
 * What the router remembers: phones and their SIMs, wake-ups in order, turns by weight, rows and
 * back, habits.
 */
#include "tests/unit/check.h"

#include <stdio.h>

#include "route/table.h"

#define NOW INT64_C(1800000000000)

static const struct og_route_policy policy = {
    .sim = {.parts = {[OG_PACE_MINUTE] = 3}},
    .device = {.parts = {[OG_PACE_MINUTE] = 5}},
};
static const struct og_pace_ask one = {.parts = 1};

static void
test_phones(void **state)
{
    struct og_route_table *table = og_route_table_create(&policy);
    (void)state;
    struct og_route_phone *a = og_route_table_add(table, OG_STR("acme"), OG_STR("a"), NOW, NOW);
    assert_ptr_equal(og_route_table_add(table, OG_STR("acme"), OG_STR("a"), 0, 0), a);
    assert_ptr_equal(og_route_table_find(table, OG_STR("a")), a);
    assert_null(og_route_table_find(table, OG_STR("b")));
    og_route_table_wake_at(table, a, NOW);
    og_route_table_remove(table, OG_STR("a"));
    og_route_table_remove(table, OG_STR("a"));
    assert_null(og_route_table_find(table, OG_STR("a")));
    assert_null(og_route_table_awake(table, NOW));
    og_route_table_destroy(table);
    og_route_table_destroy(NULL);
}

static void
test_wakes(void **state)
{
    struct og_route_table *table = og_route_table_create(&policy);
    struct og_route_phone *phones[3];
    char name[2] = "a";
    (void)state;
    for (int i = 0; i < 3; i++, name[0]++) {
        phones[i] = og_route_table_add(table, OG_STR("acme"), og_str_from(name), NOW, NOW);
        og_route_table_wake_at(table, phones[i], NOW + 30 - 10 * i);
    }
    og_route_table_wake_at(table, phones[2], NOW + 99); /* later than planned: no */
    og_route_table_wake_at(table, phones[0], NOW + 5);
    assert_null(og_route_table_awake(table, NOW + 4));
    assert_ptr_equal(og_route_table_awake(table, NOW + 10), phones[0]);
    assert_ptr_equal(og_route_table_awake(table, NOW + 10), phones[2]);
    assert_null(og_route_table_awake(table, NOW + 10));
    og_route_table_wake_at(table, phones[1], 0);
    assert_null(og_route_table_awake(table, NOW + 1000));
    og_route_table_destroy(table);
}

static void
take(struct og_route_phone *phone, int sim, int times)
{
    for (int i = 0; i < times; i++) {
        og_pace_take(&og_route_phone_sim(phone, sim)->pace, &policy.sim, &one, NOW, 0);
        og_pace_take(&phone->pace, &policy.device, &one, NOW, 0);
    }
}

static void
test_sims(void **state)
{
    static const int numbers[] = {1, 2}, swapped[] = {2, 3};
    struct og_route_table *table = og_route_table_create(&policy);
    struct og_route_phone *phone =
        og_route_table_add(table, OG_STR("acme"), OG_STR("a"), NOW, NOW);
    (void)state;
    assert_int_equal(og_route_phone_admit(phone, &policy, &one, 0, NOW).sim, 0);
    og_route_phone_set_sims(phone, numbers, 2);
    take(phone, 1, 3);
    struct og_route_admission admission = og_route_phone_admit(phone, &policy, &one, 0, NOW);
    assert_int_equal(admission.sim, 2);
    assert_int_equal(admission.at_ms, NOW);
    assert_int_equal(og_route_phone_admit(phone, &policy, &one, 1, NOW).reason,
                     OG_PACE_BY_MINUTE);
    take(phone, 2, 2); /* the phone's own limit */
    assert_int_equal(og_route_phone_admit(phone, &policy, &one, 2, NOW).at_ms, NOW + 61000);
    og_route_phone_set_sims(phone, NULL, 0); /* it says nothing of them any more */
    assert_int_equal(phone->sim_count, 2);
    og_route_phone_set_sims(phone, swapped, 2);
    assert_null(og_route_phone_sim(phone, 1));
    assert_int_equal(og_route_phone_sim(phone, 2)->pace.windows[OG_PACE_MINUTE].total, 2);
    assert_null(og_route_phone_sim(phone, 3)->pace.windows); /* nothing was counted */
    og_route_table_destroy(table);
}

static void
test_rows(void **state)
{
    static const int numbers[] = {1, 2, 3};
    struct og_route_table *table = og_route_table_create(&policy);
    struct og_route_phone *phone =
        og_route_table_add(table, OG_STR("acme"), OG_STR("a"), NOW, NOW);
    struct og_route_phone *again =
        og_route_table_add(table, OG_STR("acme"), OG_STR("b"), NOW, NOW);
    struct og_buf text, twice;
    (void)state;
    og_buf_init(&text, 8192);
    og_buf_init(&twice, 8192);
    og_route_phone_set_sims(phone, numbers, 3);
    og_route_phone_set_sims(again, numbers, 3);
    take(phone, 1, 2);
    take(phone, 3, 1);
    og_route_phone_write(phone, &text);
    assert_true(og_route_phone_read(again, og_buf_str(&text)));
    og_route_phone_write(again, &twice);
    assert_str(og_buf_str(&twice), text.ptr);
    assert_false(og_route_phone_read(again, OG_STR("nonsense|x|7 1:1")));
    /* a SIM that is not there any more is left out, the others are read */
    og_route_phone_set_sims(again, numbers, 1);
    assert_false(og_route_phone_read(again, og_buf_str(&text)));
    assert_int_equal(again->sims[0].pace.windows[OG_PACE_DAY].total, 2);
    og_buf_finish(&text);
    og_buf_finish(&twice);
    og_route_table_destroy(table);
}

/* Of two phones with weights 1 and 3, always the one whose turn is longest ago: one in four. */
static void
test_turns(void **state)
{
    struct og_route_table *table = og_route_table_create(&policy);
    struct og_route_phone *a = og_route_table_add(table, OG_STR("acme"), OG_STR("a"), NOW, NOW);
    struct og_route_phone *b = og_route_table_add(table, OG_STR("acme"), OG_STR("b"), NOW, NOW);
    int turns_of_a = 0;
    (void)state;
    for (int i = 0; i < 400; i++) {
        struct og_route_phone *next = a->turn < b->turn ? a : b;
        og_route_table_took_turn(table, next, next == a ? 1 : 3);
        turns_of_a += next == a;
    }
    assert_in_range(turns_of_a, 95, 105);
    og_route_table_destroy(table);
}

static void
test_habits(void **state)
{
    struct og_route_table *table = og_route_table_create(&policy);
    const struct og_route_rules sticky = {.is_sticky = true}, plain = {.may_rebind = true};
    struct og_arena mem;
    (void)state;
    og_arena_init(&mem, 0);
    og_route_table_stick(table, OG_STR("acme"), 7, OG_STR("a")); /* nobody wants it */
    assert_null(og_route_table_rules(table, OG_STR("acme")));
    og_route_table_set_rules(table, OG_STR("acme"), &sticky, &mem);
    assert_true(og_route_table_rules(table, OG_STR("acme"))->is_sticky);
    assert_false(og_route_table_is_sticky(table, OG_STR("acme"), 7, OG_STR("a")));
    og_route_table_stick(table, OG_STR("acme"), 7, OG_STR("a"));
    assert_true(og_route_table_is_sticky(table, OG_STR("acme"), 7, OG_STR("a")));
    assert_false(og_route_table_is_sticky(table, OG_STR("acme"), 7, OG_STR("b")));
    assert_false(og_route_table_is_sticky(table, OG_STR("acme"), 7 + 4096, OG_STR("a")));
    og_route_table_stick(table, OG_STR("acme"), 7 + 4096, OG_STR("b")); /* takes the place */
    assert_false(og_route_table_is_sticky(table, OG_STR("acme"), 7, OG_STR("a")));
    og_arena_init(&mem, 0);
    og_route_table_set_rules(table, OG_STR("acme"), &plain, &mem);
    assert_false(og_route_table_is_sticky(table, OG_STR("acme"), 7 + 4096, OG_STR("b")));
    og_route_table_set_rules(table, OG_STR("acme"), NULL, NULL);
    assert_null(og_route_table_rules(table, OG_STR("acme")));
    og_route_table_destroy(table);
}

static void
test_a_recipient_is_forgotten(void **state)
{
    static const int numbers[] = {1, 2};
    const struct og_route_rules sticky = {.is_sticky = true};
    struct og_route_table *table = og_route_table_create(&policy);
    struct og_arena mem;
    (void)state;
    og_arena_init(&mem, 0);
    og_route_table_set_rules(table, OG_STR("acme"), &sticky, &mem);
    struct og_route_phone *phone = og_route_table_add(table, OG_STR("acme"), OG_STR("a"), 0, 0);
    og_route_phone_set_sims(phone, numbers, 2);
    struct og_recipient_set *const sets[] = {&phone->pace.recipients,
                                             &phone->sims[1].pace.recipients};
    for (size_t i = 0; i < 2; i++) {
        for (uint64_t who = 6; who <= 8; who++) {
            og_recipient_set_note(sets[i], who, OG_RECIPIENT_DAY_MS * (int64_t)(who - 5));
        }
        (void)og_recipient_set_use(sets[i], 0, 3 * OG_RECIPIENT_DAY_MS);
    }
    og_route_table_stick(table, OG_STR("acme"), 7, OG_STR("a"));
    og_route_table_stick(table, OG_STR("acme"), 8, OG_STR("a"));
    og_route_table_forget(table, 8); /* the only one of this day */
    og_route_table_forget(table, 9); /* nobody */
    for (size_t i = 0; i < 2; i++) {
        const struct og_recipient_use use =
            og_recipient_set_use(sets[i], 8, 3 * OG_RECIPIENT_DAY_MS);
        assert_int_equal(use.day, 0);
        assert_int_equal(use.month, 2);
        assert_false(use.in_month);
        assert_true(og_recipient_set_use(sets[i], 6, 3 * OG_RECIPIENT_DAY_MS).in_month);
    }
    assert_true(og_route_table_is_sticky(table, OG_STR("acme"), 7, OG_STR("a")));
    assert_false(og_route_table_is_sticky(table, OG_STR("acme"), 8, OG_STR("a")));
    og_route_table_destroy(table);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_phones), cmocka_unit_test(test_wakes),
        cmocka_unit_test(test_sims),   cmocka_unit_test(test_rows),
        cmocka_unit_test(test_turns),  cmocka_unit_test(test_habits),
        cmocka_unit_test(test_a_recipient_is_forgotten),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
