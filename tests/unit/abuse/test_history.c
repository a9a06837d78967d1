/*
 * Random histories: the shield against a model that keeps every message and asks each limit afresh.
 * Batches are kept, partly kept and lost; there are restarts from what was kept.
 */
#include "tests/unit/abuse/fixture.h"

#define STEPS_MAX 1500
#define BATCH_MAX 6
#define SEEDS 5

struct sent {
    int64_t at_ms;
    int number, source, account;
};

struct model {
    struct sent sent[STEPS_MAX * BATCH_MAX];
    int count;
};

static const struct {
    enum og_abuse_rule rule;
    int64_t limit;
} limits[] = {
    {OG_RULE_RECIPIENT_HOUR, 5}, {OG_RULE_RECIPIENT_DAY, 10}, {OG_RULE_PREFIX_HOUR, 10},
    {OG_RULE_IP_HOUR, 10},       {OG_RULE_IP_DAY, 30},        {OG_RULE_ACCOUNT_DAY, 60},
    {OG_RULE_GLOBAL_DAY, 100},
};

/* Do two messages share the rule's subject? Numbers of one ten share their prefix. */
static bool
shares(enum og_abuse_rule rule, const struct sent *a, const struct sent *b)
{
    switch (og_abuse_rules[rule].subject) {
    case OG_SUBJECT_GLOBAL:
        return true;
    case OG_SUBJECT_ACCOUNT:
        return a->account == b->account;
    case OG_SUBJECT_IP:
        return a->account == b->account && a->source == b->source;
    case OG_SUBJECT_PREFIX:
        return a->account == b->account && a->number / 10 == b->number / 10;
    default:
        return a->account == b->account && a->number == b->number;
    }
}

static bool
model_allows(const struct model *m, const struct sent *one)
{
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        const int64_t step_ms = og_abuse_rules[limits[i].rule].span_ms / 30;
        int64_t count = 0;
        for (int k = 0; k < m->count; k++) {
            const int64_t age = one->at_ms / step_ms - m->sent[k].at_ms / step_ms;
            count += age <= 30 && shares(limits[i].rule, one, &m->sent[k]);
        }
        if (count >= limits[i].limit) {
            return false;
        }
    }
    return true;
}

static uint32_t
next_random(uint64_t *state)
{
    *state = *state * 6364136223846793005U + 1442695040888963407U;
    return (uint32_t)(*state >> 33);
}

static void
make_case(const struct og_shield *shield, const struct sent *one, struct og_abuse_case *out)
{
    char number[24], source[24], account[16];
    snprintf(number, sizeof number, "+49151%04d%04d", one->number / 10, one->number % 10);
    snprintf(source, sizeof source, "192.0.2.%d", one->source);
    snprintf(account, sizeof account, "acc-%d", one->account);
    struct og_abuse_ask ask = ask_for(number);
    ask.source = og_str_from(source);
    ask.account = og_str_from(account);
    og_shield_case(shield, &ask, out);
}

static struct og_shield *
make_shield(void)
{
    struct og_shield_config config = defaults();
    memset(config.limits, 0, sizeof config.limits);
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        config.limits[limits[i].rule] = limits[i].limit;
    }
    return og_shield_create(&config);
}

static struct og_shield *
restart(struct og_shield *old, const struct model *m)
{
    struct og_shield *shield = make_shield();
    og_shield_destroy(old);
    for (int i = 0; i < m->count; i++) {
        struct og_abuse_case c;
        make_case(shield, &m->sent[i], &c);
        og_shield_load(shield, &c, m->sent[i].at_ms, false);
    }
    return shield;
}

/* One batch: each of its messages sees those before it; what is lost at its end never was. */
static void
run_batch(struct og_shield *shield, struct model *m, int64_t now_ms, uint64_t *random)
{
    const int count = 1 + (int)(next_random(random) % BATCH_MAX);
    const int before = m->count;
    bool is_kept[BATCH_MAX];
    struct og_abuse_ticket tickets[BATCH_MAX] = {0};
    int let_through = 0;
    for (int i = 0; i < count; i++) {
        const struct sent one = {now_ms, (int)(next_random(random) % 40),
                                 (int)(next_random(random) % 8), (int)(next_random(random) % 3)};
        struct og_abuse_case c;
        struct og_abuse_verdict verdict;
        make_case(shield, &one, &c);
        og_shield_judge(shield, &c, now_ms, now_ms, &tickets[let_through], &verdict);
        assert_int_equal(verdict.action == OG_ABUSE_ALLOW, model_allows(m, &one));
        if (verdict.action == OG_ABUSE_ALLOW) {
            is_kept[let_through++] = next_random(random) % 4 != 0;
            m->sent[m->count++] = one;
        }
    }
    int kept = before;
    for (int i = 0; i < let_through; i++) {
        if (is_kept[i]) {
            og_shield_keep(shield, &tickets[i]);
            m->sent[kept++] = m->sent[before + i];
        }
    }
    m->count = kept;
    og_shield_settle(shield);
}

static void
test_random_histories(void **state)
{
    (void)state;
    static struct model m;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct og_shield *shield = make_shield();
        uint64_t random = seed;
        int64_t now_ms = NOON;
        m.count = 0;
        for (int step = 0; step < STEPS_MAX; step++) {
            now_ms += next_random(&random) % (uint32_t)(10 * MINUTE);
            run_batch(shield, &m, now_ms, &random);
            if (next_random(&random) % 200 == 0) {
                shield = restart(shield, &m);
            }
        }
        assert_true(m.count > STEPS_MAX / 10);
        og_shield_destroy(shield);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_random_histories)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
