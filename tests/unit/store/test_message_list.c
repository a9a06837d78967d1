/*
 * Which messages come out of the questions that give several, and in which order.
 */
#include "message_fixture.h"

/* One row of a little world: letters name messages, digits phones. */
struct sample {
    char name;
    int64_t created_at; /* after NOON */
    char device;
    enum og_message_state state;
    int64_t deadline_at; /* after NOON */
    bool bound, is_handed, is_final, is_elsewhere;
};

static const struct sample samples[] = {
    {.name = 'a', 0, '1', OG_MESSAGE_PENDING, 50},
    {.name = 'b', 0, '2', OG_MESSAGE_PENDING, 40, .bound = true},
    {.name = 'c', 1000, '1', OG_MESSAGE_SENT, 30, .is_handed = true},
    {.name = 'd', 2000, '1', OG_MESSAGE_CANCELLING, 60, .is_handed = true},
    {.name = 'e', 3000, '2', OG_MESSAGE_FAILED, 20, .bound = true, .is_final = true},
    {.name = 'f', 3000, '1', OG_MESSAGE_DELIVERED, 10, .is_handed = true, .is_final = true},
    {.name = 'g', 4000, '2', OG_MESSAGE_PENDING, 25, .is_handed = true},
    {.name = 'h', 4001, '1', OG_MESSAGE_PENDING, 35, .bound = true},
    {.name = 'x', 2001, '3', OG_MESSAGE_PENDING, 45, .is_elsewhere = true},
    {.name = 'y', 2500, '3', OG_MESSAGE_PROCESSED, 15, .is_handed = true, .is_elsewhere = true},
};

struct names {
    char text[64];
    size_t len;
};

static void
add_name(struct names *self, const struct og_message *m)
{
    self->text[self->len++] = m->client_id.ptr[0];
}

static void
store_sample(struct rows *r, const struct sample *s)
{
    char device[] = {'p', s->device, '\0'}, name[] = {s->name, '\0'};
    struct og_message m = new_message_at(r, NOON + s->created_at);
    m.client_id = og_str_dup(&r->mem, og_str_from(name));
    m.account_id = s->is_elsewhere ? OTHER_ACCOUNT : ACCOUNT;
    m.device_id = og_str_dup(&r->mem, og_str_from(device));
    m.bound = s->bound;
    m.deadline_at = NOON + s->deadline_at;
    insert(r, &m);
    if (s->is_handed) {
        must_hand(r, &m, device);
    }
    m.record.state = s->state;
    m.final_at = s->is_final ? NOON + 1 : 0;
    save(r, &m, OG_MESSAGE_PENDING);
}

static int
setup(void **state)
{
    rows_setup(state);
    for (size_t i = 0; i < COUNT(samples); i++) {
        store_sample(*state, &samples[i]);
    }
    return 0;
}

/* ---- list ---- */

#define ANY -1

static const struct {
    struct og_message_filter filter;
    const char *names;
    int64_t total;
} list_cases[] = {
    {{.state = ANY, .limit = 50}, "hgfedcba", 8},
    {{.state = ANY, .limit = 50, .ascending = true}, "abcdefgh", 8},
    /* pages; the total does not depend on them */
    {{.state = ANY, .limit = 3}, "hgf", 8},
    {{.state = ANY, .limit = 3, .offset = 3}, "edc", 8},
    {{.state = ANY, .limit = 3, .offset = 6}, "ba", 8},
    {{.state = ANY, .limit = 3, .offset = 8}, "", 8},
    {{.state = ANY, .limit = 0}, "", 8},
    /* filters, alone and together */
    {{.state = OG_MESSAGE_PENDING, .limit = 50}, "hgba", 4},
    {{.state = OG_MESSAGE_CANCELLED, .limit = 50}, "", 0},
    {{.state = ANY, .device_id = {"p2", 2}, .limit = 50}, "geb", 3},
    {{.state = ANY, .device_id = {"p3", 2}, .limit = 50}, "", 0}, /* another account's */
    {{.state = OG_MESSAGE_PENDING, .device_id = {"p1", 2}, .limit = 50}, "ha", 2},
    {{.state = OG_MESSAGE_PENDING, .device_id = {"p1", 2}, .limit = 1, .offset = 1}, "a", 2},
    /* from is in, to is out, to the millisecond */
    {{.state = ANY, .from_ms = NOON + 3000, .limit = 50}, "hgfe", 4},
    {{.state = ANY, .from_ms = NOON + 3001, .limit = 50}, "hg", 2},
    {{.state = ANY, .to_ms = NOON + 3000, .limit = 50}, "dcba", 4},
    {{.state = ANY, .to_ms = NOON + 3001, .limit = 50}, "fedcba", 6},
    {{.state = ANY, .from_ms = NOON + 4000, .to_ms = NOON + 4001, .limit = 50}, "g", 1},
    {{.state = ANY, .from_ms = NOON + 4000, .to_ms = NOON + 4000, .limit = 50}, "", 0},
    {{.state = ANY, .from_ms = -5, .limit = 50}, "hgfedcba", 8},
    {{.state = ANY, .to_ms = -5, .limit = 50}, "", 0},
    {{.state = OG_MESSAGE_PENDING, .from_ms = NOON + 1, .limit = 50, .ascending = true}, "gh", 2},
};

static void
test_list(void **state)
{
    struct rows *r = *state;
    for (size_t i = 0; i < COUNT(list_cases); i++) {
        struct og_message_filter filter = list_cases[i].filter;
        struct og_message *items;
        struct names names = {""};
        int count;
        int64_t total;
        filter.account_id = ACCOUNT;
        rows_must(r, og_message_list(r->db, &r->seal, &filter, &r->mem, &items, &count, &total,
                                     &r->err));
        for (int k = 0; k < count; k++) {
            add_name(&names, &items[k]);
            assert_text(items[k].text, OG_STR("")); /* content was not asked for */
        }
        if (strcmp(names.text, list_cases[i].names) != 0 || total != list_cases[i].total) {
            fail_msg("case %zu: got \"%s\" of %lld", i, names.text, (long long)total);
        }
    }
}

static void
test_list_with_content(void **state)
{
    struct rows *r = *state;
    const struct og_message_filter filter = {
        .account_id = OTHER_ACCOUNT, .state = ANY, .limit = 50, .with_content = true};
    struct og_message *items;
    int count;
    int64_t total;
    rows_must(r, og_message_list(r->db, &r->seal, &filter, &r->mem, &items, &count, &total,
                                 &r->err));
    assert_int_equal(count, 2);
    for (int i = 0; i < count; i++) {
        assert_text(items[i].text, TEXT);
        assert_text(items[i].record.recipients[0].number, NUMBER);
    }
}

/* ---- due, of a device, open ---- */

static void
test_due(void **state)
{
    struct rows *r = *state;
    static const struct {
        int64_t now;
        int limit;
        const char *names;
    } cases[] = {
        {14, 50, ""},      {15, 50, "y"},       {29, 50, "yg"},
        {30, 50, "ygc"},   {100, 50, "ygchbxad"}, {100, 2, "yg"},
        {100, 0, ""},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct og_message *items;
        struct names names = {""};
        int count;
        rows_must(r, og_message_due(r->db, &r->seal, NOON + cases[i].now, cases[i].limit, &r->mem,
                                    &items, &count, &r->err));
        for (int k = 0; k < count; k++) {
            add_name(&names, &items[k]);
            assert_text(items[k].text, OG_STR(""));
            assert_int_equal(items[k].record.recipient_count, 1);
        }
        assert_string_equal(names.text, cases[i].names);
    }
}

static int
compare_chars(const void *a, const void *b)
{
    return *(const char *)a - *(const char *)b;
}

/* What it has, and what was meant for it alone; the rest can go elsewhere. */
static void
test_of_device(void **state)
{
    struct rows *r = *state;
    static const struct {
        const char *device;
        int limit;
        const char *names; /* in no particular order */
    } cases[] = {
        {"p1", 50, "cdh"}, {"p2", 50, "bg"}, {"p3", 50, "y"}, {"p4", 50, ""}, {"", 50, ""},
    };
    struct og_message *items;
    int count;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct names names = {""};
        rows_must(r, og_message_of_device(r->db, &r->seal, og_str_from(cases[i].device),
                                          cases[i].limit, &r->mem, &items, &count, &r->err));
        for (int k = 0; k < count; k++) {
            add_name(&names, &items[k]);
        }
        qsort(names.text, names.len, 1, compare_chars);
        assert_string_equal(names.text, cases[i].names);
    }
    rows_must(r, og_message_of_device(r->db, &r->seal, OG_STR("p1"), 2, &r->mem, &items, &count,
                                      &r->err));
    assert_int_equal(count, 2);
}

static void
note_open(void *ctx, const struct og_message *m)
{
    add_name(ctx, m);
    const struct sample *s = NULL;
    for (size_t i = 0; i < COUNT(samples); i++) {
        s = samples[i].name == m->client_id.ptr[0] ? &samples[i] : s;
    }
    assert_non_null(s);
    assert_int_equal(m->record.state, s->state);
    assert_int_equal(m->bound, s->bound);
    assert_int_equal(m->handed_at != 0, s->is_handed);
    assert_int_equal(m->deadline_at, NOON + s->deadline_at);
    assert_int_equal(m->device_id.ptr[1], s->device);
    assert_int_equal(m->text.len, 0);
    assert_int_equal(m->record.recipient_count, 0);
}

static void
test_each_open(void **state)
{
    struct rows *r = *state;
    struct names names = {""};
    rows_must(r, og_message_each_open(r->db, note_open, &names, &r->err));
    assert_string_equal(names.text, "abdxygh"); /* oldest first, of all accounts */
}

#define WITH_SAMPLES(test) cmocka_unit_test_setup_teardown(test, setup, rows_teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_SAMPLES(test_list),      WITH_SAMPLES(test_list_with_content),
        WITH_SAMPLES(test_due),       WITH_SAMPLES(test_of_device),
        WITH_SAMPLES(test_each_open),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
