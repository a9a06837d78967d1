/*
 * The books of the fleet test: what they count is what the figures say.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/fleet/ledger.h"
#include "tests/fleet/result.h"

#define LIFE_MS 300000

struct books {
    struct ledger ledger;
    char number[LEDGER_NUMBER_BYTES]; /* of code 0, accepted at 1000 */
};

static struct ledger_event
event(const struct books *books, int phone, int64_t now_ms)
{
    return (struct ledger_event){books->number, phone, now_ms};
}

static void
handed(struct books *books, int phone, int64_t now_ms)
{
    struct ledger_event at = event(books, phone, now_ms);
    ledger_handed(&books->ledger, &at, "fine");
}

static void
told_failed(struct books *books, int phone, int64_t now_ms)
{
    struct ledger_event at = event(books, phone, now_ms);
    ledger_told_failed(&books->ledger, &at);
}

static void
aired(struct books *books, int phone, int64_t begun_at, int64_t now_ms)
{
    struct ledger_event at = event(books, phone, now_ms);
    ledger_aired(&books->ledger, &at, begun_at);
}

static int
set_up(void **state)
{
    static struct books books;
    ledger_init(&books.ledger, 2, 100);
    ledger_number(LEDGER_CODE, 0, books.number);
    ledger_accepted(&books.ledger, 0, 1000, 1000 + LIFE_MS, OG_STR("m"));
    *state = &books;
    return 0;
}

static int
tear_down(void **state)
{
    struct books *books = *state;
    ledger_finish(&books->ledger);
    return 0;
}

static void
test_numbers(void **state)
{
    char number[LEDGER_NUMBER_BYTES];
    enum ledger_kind kind;
    int index;
    (void)state;
    ledger_number(LEDGER_BULK, 49999, number);
    assert_true(ledger_read_number(number, &kind, &index));
    assert_int_equal(kind, LEDGER_BULK);
    assert_int_equal(index, 49999);
    assert_false(ledger_read_number("+4930123456", &kind, &index));
}

static void
test_delay_is_without_the_radio(void **state)
{
    struct books *books = *state;
    const struct ledger_code *code = &books->ledger.codes[0];
    assert_true(ledger_delay_ms(code) == LEDGER_NEVER);
    handed(books, 0, 1500);
    struct ledger_event lost = event(books, 0, 4000);
    ledger_lost(&books->ledger, &lost, 1600); /* 2.4 s on the air, and failed */
    told_failed(books, 0, 4100);
    handed(books, 1, 4600);
    aired(books, 1, 4700, 6000);
    assert_int_equal(ledger_delay_ms(code), 4700 - 1000 - 2400);
    assert_false(code->is_possibly_double);
    assert_int_equal(books->ledger.double_sent, 0);
    assert_int_equal(books->ledger.dead_sent, 0);
}

static void
test_doubles(void **state)
{
    struct books *books = *state;
    const struct ledger_code *code = &books->ledger.codes[0];
    handed(books, 0, 1500);
    handed(books, 0, 1900); /* listed again, the same phone */
    assert_false(code->is_possibly_double);
    handed(books, 1, 31500);
    assert_true(code->is_possibly_double);
    aired(books, 1, 31600, 33000);
    assert_int_equal(books->ledger.double_sent, 0);
    aired(books, 0, 40000, 41000);
    assert_int_equal(books->ledger.double_sent, 1);
    assert_int_equal(ledger_delay_ms(code), 30600);
}

static void
test_dead(void **state)
{
    struct books *books = *state;
    handed(books, 0, 1500);
    ledger_ended(&books->ledger, 0, 20000); /* used */
    ledger_ended(&books->ledger, 0, 90000); /* nothing dies twice */
    aired(books, 0, 19999, 21000);
    assert_int_equal(books->ledger.dead_sent, 0);
    aired(books, 0, 20000, 21000);
    assert_int_equal(books->ledger.dead_sent, 1);
}

static void
test_routes_of_the_first_moments(void **state)
{
    struct books *books = *state;
    ledger_accepted(&books->ledger, 1, 3000, 3000 + LIFE_MS, OG_STR("n"));
    ledger_route_is_live(&books->ledger, 6500);
    assert_false(books->ledger.codes[0].had_route);
    assert_true(books->ledger.codes[1].had_route);
}

static void
test_result(void **state)
{
    struct books *books = *state;
    struct result result = {0};
    ledger_accepted(&books->ledger, 1, 1000, 1000 + LIFE_MS, OG_STR("n"));
    ledger_route_is_live(&books->ledger, 1000);
    handed(books, 0, 1500);
    aired(books, 0, 3500, 5000);
    result_count(&result, &books->ledger);
    assert_int_equal(result.codes_with_live_route, 2);
    assert_true(result.radio_2s == 0.0 && result.radio_5s == 0.5 && result.radio_30s == 0.5);
    assert_int_equal(result.never_sent, 1);
    assert_int_equal(result.otp_delay_p50_ms_idle, 2500);
    assert_int_equal(result.otp_delay_p99_ms_idle, LIFE_MS);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_numbers),
        TEST(test_delay_is_without_the_radio),
        TEST(test_doubles),
        TEST(test_dead),
        TEST(test_routes_of_the_first_moments),
        TEST(test_result),
    };
    return cmocka_run_group_tests_name("ledger", tests, NULL, NULL);
}
