/*
 * Each rule by its requirement of domain/otp.md section 8.
 */
#include "tests/unit/abuse/fixture.h"

#define WITH_SHIELD(config_)                                                                      \
    const struct og_shield_config own_config = (config_);                                        \
    struct og_shield *shield = og_shield_create(&own_config)

static void
test_req_66_only_home_and_named_countries(void **state)
{
    static const struct {
        const char *region;
        bool is_allowed;
    } cases[] = {{"DE", true}, {"AT", true}, {"NL", false}, {"001", false}, {"", false}};
    (void)state;
    WITH_SHIELD(defaults());
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct og_abuse_ask ask = ask_for("+4915112345678");
        ask.region = og_str_from(cases[i].region);
        const struct og_abuse_verdict verdict = judge(shield, &ask, NOON);
        assert_int_equal(verdict.action == OG_ABUSE_ALLOW, cases[i].is_allowed);
        if (!cases[i].is_allowed) {
            assert_int_equal(verdict.rule, OG_RULE_COUNTRY_NOT_ALLOWED);
            assert_int_equal(verdict.wait_ms, 0);
        }
    }
    og_shield_destroy(shield);
}

static void
test_req_66_a_fresh_installation_allows_no_country(void **state)
{
    (void)state;
    struct og_shield_config config = defaults();
    config.region_count = 0;
    WITH_SHIELD(config);
    struct og_abuse_ask ask = ask_for("+4915112345678");
    assert_int_equal(judge(shield, &ask, NOON).rule, OG_RULE_COUNTRY_NOT_ALLOWED);
    og_shield_destroy(shield);
}

static void
test_req_66_all_countries_on_demand(void **state)
{
    (void)state;
    struct og_shield_config config = defaults();
    snprintf(config.regions[1], sizeof config.regions[1], "*");
    WITH_SHIELD(config);
    struct og_abuse_ask ask = ask_for("+4915112345678");
    ask.region = OG_STR("");
    assert_int_equal(judge(shield, &ask, NOON).action, OG_ABUSE_ALLOW);
    og_shield_destroy(shield);
}

static void
test_req_67_kinds_of_numbers(void **state)
{
    (void)state;
    WITH_SHIELD(defaults());
    for (int type = 0; type < OG_PHONE_TYPE_COUNT; type++) {
        struct og_abuse_ask ask = ask_for("+4915112345678");
        struct og_abuse_case c;
        ask.type = (enum og_phone_type)type;
        og_shield_case(shield, &ask, &c);
        memset(c.keys, 0, sizeof c.keys); /* no limit gets in the way */
        const struct og_abuse_verdict verdict = judge_case(shield, &c, NOON);
        const bool is_refused = type == OG_PHONE_TYPE_PREMIUM || type == OG_PHONE_TYPE_VOIP;
        assert_int_equal(verdict.action, is_refused ? OG_ABUSE_DENY : OG_ABUSE_ALLOW);
        if (is_refused) {
            assert_int_equal(verdict.rule, OG_RULE_NUMBER_TYPE);
        }
    }
    og_shield_destroy(shield);
}

static void
test_req_69_limits(void **state)
{
    static const struct {
        enum og_abuse_rule rule;
        int64_t limit, step, span_ms;
        const char *source, *region;
    } cases[] = {
        {OG_RULE_RECIPIENT_HOUR, 5, 0, HOUR, "", "DE"},
        {OG_RULE_PREFIX_HOUR, 10, 650, HOUR, "", "DE"}, /* 15 of one block of 10,000 */
        {OG_RULE_IP_HOUR, 10, 10000, HOUR, "192.0.2.7", "DE"},
        {OG_RULE_COUNTRY_HOUR, 20, 10000, HOUR, "", "AT"},
        {OG_RULE_GLOBAL_MINUTE, 300, 10000, MINUTE, "", "DE"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        WITH_SHIELD(defaults());
        enum og_abuse_rule rule = OG_RULE_COUNT;
        struct og_abuse_ask ask = ask_for("+4915112345678");
        ask.source = og_str_from(cases[i].source);
        ask.region = og_str_from(cases[i].region);
        const int tries = (int)cases[i].limit + 5;
        assert_int_equal(count_allowed(shield, ask, tries, cases[i].step, NOON, &rule),
                         cases[i].limit);
        assert_int_equal(rule, cases[i].rule);
        const struct og_decision *decision = last_decision(shield);
        assert_int_equal(decision->rule, cases[i].rule);
        assert_int_equal(decision->action, OG_DECISION_REFUSED);
        assert_int_equal(decision->figure, cases[i].limit);
        assert_int_equal(decision->limit, cases[i].limit);
        /* and all of them again when the window and its last step are over */
        const int64_t later_ms = NOON + cases[i].span_ms + cases[i].span_ms / 30;
        assert_int_equal(
            count_allowed(shield, ask, tries, cases[i].step, later_ms, &rule) > 0, true);
        og_shield_destroy(shield);
    }
}

static void
test_req_69_ten_a_day_for_a_recipient(void **state)
{
    (void)state;
    WITH_SHIELD(defaults());
    struct og_abuse_ask ask = ask_for("+4915112345678");
    int allowed = 0;
    ask.source = OG_STR("");
    for (int64_t at_ms = NOON; at_ms < NOON + 20 * HOUR; at_ms += 10 * MINUTE) {
        allowed += judge(shield, &ask, at_ms).action == OG_ABUSE_ALLOW;
    }
    assert_int_equal(allowed, 10);
    og_shield_destroy(shield);
}

static void
test_limits_are_per_account(void **state)
{
    (void)state;
    WITH_SHIELD(defaults());
    enum og_abuse_rule rule;
    struct og_abuse_ask ask = ask_for("+4915112345678");
    count_allowed(shield, ask, 6, 0, NOON, &rule);
    ask.account = OG_STR("acc-b");
    assert_int_equal(judge(shield, &ask, NOON).action, OG_ABUSE_ALLOW);
    og_shield_destroy(shield);
}

static void
test_home_has_no_limit_of_its_country(void **state)
{
    (void)state;
    WITH_SHIELD(defaults());
    enum og_abuse_rule rule = OG_RULE_COUNT;
    struct og_abuse_ask ask = ask_for("+4915112345678");
    ask.source = OG_STR("");
    assert_int_equal(count_allowed(shield, ask, 100, 10000, NOON, &rule), 100);
    og_shield_destroy(shield);
}

/* Whoever waits as told is let through, though two limits are full. */
static void
test_the_longest_wait_decides(void **state)
{
    (void)state;
    struct og_shield_config config = defaults();
    config.limits[OG_RULE_IP_HOUR] = 0;
    config.limits[OG_RULE_RECIPIENT_DAY] = 5;
    WITH_SHIELD(config);
    enum og_abuse_rule rule;
    struct og_abuse_ask ask = ask_for("+4915112345678");
    count_allowed(shield, ask, 5, 0, NOON, &rule);
    const struct og_abuse_verdict verdict = judge(shield, &ask, NOON);
    assert_int_equal(verdict.rule, OG_RULE_RECIPIENT_DAY);
    assert_int_equal(judge(shield, &ask, NOON + verdict.wait_ms).action, OG_ABUSE_ALLOW);
    og_shield_destroy(shield);
}

static void
test_req_73_budgets(void **state)
{
    (void)state;
    struct og_shield_config config = defaults();
    config.limits[OG_RULE_ACCOUNT_DAY] = 10;
    WITH_SHIELD(config);
    enum og_abuse_rule rule = OG_RULE_COUNT;
    struct og_abuse_ask ask = ask_for("+4915112345678");
    ask.source = OG_STR("");
    assert_int_equal(count_allowed(shield, ask, 7, 10000, NOON, &rule), 7);
    assert_null(last_decision(shield));
    assert_int_equal(count_allowed(shield, ask, 1, 10000, NOON, &rule), 1);
    const struct og_decision *alert = last_decision(shield);
    assert_int_equal(alert->action, OG_DECISION_ALERT);
    assert_int_equal(alert->rule, OG_RULE_ACCOUNT_DAY);
    assert_int_equal(alert->figure, 8);
    assert_int_equal(alert->limit, 10);
    assert_int_equal(count_allowed(shield, ask, 9, 20000, NOON, &rule), 2);
    assert_int_equal(rule, OG_RULE_ACCOUNT_DAY);
    og_shield_destroy(shield);
}

static void
test_req_73_messages_leave_the_reserve_to_codes(void **state)
{
    (void)state;
    struct og_shield_config config = defaults();
    config.messages = OG_MESSAGES_BUDGETS;
    config.limits[OG_RULE_ACCOUNT_DAY] = 10;
    WITH_SHIELD(config);
    enum og_abuse_rule rule = OG_RULE_COUNT;
    struct og_abuse_ask message = ask_for("");
    struct og_abuse_ask code = ask_for("+4915112345678");
    message.kind = OG_ABUSE_MESSAGE;
    code.source = OG_STR("");
    assert_int_equal(count_allowed(shield, message, 10, 0, NOON, &rule), 8);
    assert_int_equal(rule, OG_RULE_ACCOUNT_DAY);
    assert_int_equal(count_allowed(shield, code, 10, 10000, NOON, &rule), 2);
    og_shield_destroy(shield);
}

static void
test_req_73_money(void **state)
{
    (void)state;
    struct og_shield_config config = defaults();
    config.limits[OG_RULE_ACCOUNT_COST_DAY] = 100;
    WITH_SHIELD(config);
    enum og_abuse_rule rule = OG_RULE_COUNT;
    struct og_abuse_ask ask = ask_for("+4915112345678");
    ask.source = OG_STR("");
    ask.region = OG_STR("AT"); /* 30 cents each */
    assert_int_equal(count_allowed(shield, ask, 5, 10000, NOON, &rule), 3);
    assert_int_equal(rule, OG_RULE_ACCOUNT_COST_DAY);
    ask.region = OG_STR("DE"); /* a cent each */
    assert_int_equal(count_allowed(shield, ask, 20, 10000, NOON, &rule), 10);
    og_shield_destroy(shield);
}

static void
test_plain_messages_meet_their_rate_only(void **state)
{
    (void)state;
    struct og_shield_config config = defaults();
    config.limits[OG_RULE_ACCOUNT_MINUTE] = 50;
    WITH_SHIELD(config);
    enum og_abuse_rule rule = OG_RULE_COUNT;
    struct og_abuse_ask ask = ask_for("+31612345678");
    ask.kind = OG_ABUSE_MESSAGE;
    ask.region = OG_STR("NL");
    assert_int_equal(count_allowed(shield, ask, 60, 0, NOON, &rule), 50);
    assert_int_equal(rule, OG_RULE_ACCOUNT_MINUTE);
    og_shield_destroy(shield);
}

static void
test_req_74_always_challenge(void **state)
{
    (void)state;
    struct og_shield_config config = defaults();
    config.challenge = OG_CHALLENGE_ALWAYS;
    WITH_SHIELD(config);
    struct og_abuse_ask ask = ask_for("+4915112345678");
    struct og_abuse_case c;
    og_shield_case(shield, &ask, &c);
    assert_int_equal(judge_case(shield, &c, NOON).action, OG_ABUSE_CHALLENGE);
    c.proof = OG_PROOF_SOLVED;
    c.proof_id = 99;
    assert_int_equal(judge_case(shield, &c, NOON).action, OG_ABUSE_ALLOW);
    /* single use, as long as it could be shown again */
    assert_int_equal(judge_case(shield, &c, NOON + 119 * SECOND).rule, OG_RULE_CHALLENGE_FAILED);
    c.proof = OG_PROOF_BAD;
    assert_int_equal(judge_case(shield, &c, NOON).rule, OG_RULE_CHALLENGE_FAILED);
    og_shield_destroy(shield);
}

static void
test_req_74_challenge_for_the_suspicious(void **state)
{
    (void)state;
    struct og_shield_config config = defaults();
    config.challenge = OG_CHALLENGE_SUSPICIOUS;
    WITH_SHIELD(config);
    enum og_abuse_rule rule = OG_RULE_COUNT;
    /* half of the ten that one address may have go without */
    assert_int_equal(count_allowed(shield, ask_for(""), 9, 10000, NOON, &rule), 5);
    assert_int_equal(rule, OG_RULE_CHALLENGE);
    og_shield_destroy(shield);
}

static void
test_req_75_record_only(void **state)
{
    (void)state;
    struct og_shield_config config = defaults();
    config.mode = OG_SHIELD_RECORD;
    WITH_SHIELD(config);
    enum og_abuse_rule rule = OG_RULE_COUNT;
    struct og_abuse_ask ask = ask_for("+4915112345678");
    assert_int_equal(count_allowed(shield, ask, 8, 0, NOON, &rule), 8);
    const struct og_decision *decision = last_decision(shield);
    assert_int_equal(decision->action, OG_DECISION_RECORDED);
    assert_int_equal(decision->rule, OG_RULE_RECIPIENT_HOUR);
    assert_int_equal(decision->count, 3);
    og_shield_destroy(shield);
}

static void
test_what_is_not_kept_is_given_back(void **state)
{
    (void)state;
    WITH_SHIELD(defaults());
    struct og_abuse_ask ask = ask_for("+4915112345678");
    struct og_abuse_case c;
    og_shield_case(shield, &ask, &c);
    for (int round = 0; round < 20; round++) {
        struct og_abuse_ticket lost = {0};
        struct og_abuse_verdict verdict;
        og_shield_judge(shield, &c, NOON, NOON, &lost, &verdict);
        assert_int_equal(verdict.action, OG_ABUSE_ALLOW);
        og_shield_settle(shield);
    }
    assert_int_equal(
        og_shield_count_of(shield, OG_RULE_RECIPIENT_HOUR, c.keys[OG_SUBJECT_RECIPIENT], NOON), 0);
    og_shield_destroy(shield);
}

static void
test_a_batch_never_exceeds_a_limit(void **state)
{
    (void)state;
    WITH_SHIELD(defaults());
    struct og_abuse_ask ask = ask_for("+4915112345678");
    struct og_abuse_ticket tickets[20] = {0};
    struct og_abuse_case c;
    int allowed = 0;
    og_shield_case(shield, &ask, &c);
    for (int i = 0; i < 20; i++) {
        struct og_abuse_verdict verdict;
        og_shield_judge(shield, &c, NOON, NOON, &tickets[i], &verdict);
        allowed += verdict.action == OG_ABUSE_ALLOW;
    }
    assert_int_equal(allowed, 5);
    og_shield_keep(shield, &tickets[0]);
    og_shield_settle(shield);
    /* only the first came true: four places are free again */
    enum og_abuse_rule rule;
    assert_int_equal(count_allowed(shield, ask, 10, 0, NOON, &rule), 4);
    og_shield_destroy(shield);
}

/* ---- gateways that count together ---- */

static struct og_abuse_ask
shared_ask(const char *number)
{
    struct og_abuse_ask ask = ask_for(number);
    ask.account_name = OG_STR("shop");
    return ask;
}

static struct og_shield_config
shared_config(uint8_t own_key)
{
    struct og_shield_config config = defaults();
    const uint8_t own[OG_KEY_BYTES] = {own_key}, shared[OG_KEY_BYTES] = {77};
    config.is_shared = true;
    og_key_from_bytes(own, &config.key);
    og_key_from_bytes(shared, &config.shared_key);
    return config;
}

static const struct og_abuse_need *
need_of(const struct og_abuse_need *needs, int count, enum og_abuse_rule rule)
{
    for (int i = 0; i < count; i++) {
        if (needs[i].rule == rule) {
            return &needs[i];
        }
    }
    return NULL;
}

static void
test_two_gateways_name_subjects_alike(void **state)
{
    (void)state;
    const struct og_shield_config configs[] = {shared_config(1), shared_config(2)};
    struct og_abuse_need needs[2][OG_RULE_LIMITS];
    int counts[2];
    for (int i = 0; i < 2; i++) {
        struct og_shield *shield = og_shield_create(&configs[i]);
        struct og_abuse_ask ask = shared_ask("+4915112345678");
        struct og_abuse_case c;
        ask.account = i == 0 ? OG_STR("acc-a") : OG_STR("acc-b"); /* each has its own ids */
        ask.app = ask.account;
        og_shield_case(shield, &ask, &c);
        counts[i] = og_shield_needs(shield, &c, needs[i]);
        og_shield_destroy(shield);
    }
    assert_int_equal(counts[0], 9); /* home: no limit of the country; no app by name; no SIM */
    assert_int_equal(counts[0], counts[1]);
    assert_null(need_of(needs[0], counts[0], OG_RULE_APP_HOUR));
    for (int i = 0; i < counts[0]; i++) {
        assert_int_equal(needs[0][i].key, needs[1][i].key);
        assert_int_equal(needs[0][i].amount, 1);
    }
    assert_int_equal(need_of(needs[0], counts[0], OG_RULE_RECIPIENT_HOUR)->limit, 5);
}

static void
test_an_account_without_a_name_shares_nothing(void **state)
{
    (void)state;
    WITH_SHIELD(shared_config(1));
    const struct og_abuse_ask ask = ask_for("+4915112345678");
    struct og_abuse_need needs[OG_RULE_LIMITS];
    struct og_abuse_case c;
    og_shield_case(shield, &ask, &c);
    assert_int_equal(og_shield_needs(shield, &c, needs), 0);
    og_shield_destroy(shield);
}

static void
test_the_fuller_count_decides(void **state)
{
    (void)state;
    WITH_SHIELD(shared_config(1));
    const struct og_abuse_ask ask = shared_ask("+4915112345678");
    struct og_abuse_case c;
    og_shield_case(shield, &ask, &c);
    c.shared.sums[OG_RULE_RECIPIENT_HOUR] = 4;
    assert_int_equal(judge_case(shield, &c, NOON).action, OG_ABUSE_ALLOW);
    c.shared.sums[OG_RULE_RECIPIENT_HOUR] = 5;
    c.shared.waits_ms[OG_RULE_RECIPIENT_HOUR] = 30 * MINUTE;
    const struct og_abuse_verdict full = judge_case(shield, &c, NOON);
    assert_int_equal(full.action, OG_ABUSE_DENY);
    assert_int_equal(full.rule, OG_RULE_RECIPIENT_HOUR);
    assert_int_equal(full.figure, 5);
    assert_int_equal(full.wait_ms, 30 * MINUTE);
    c.shared = (struct og_abuse_shared){0}; /* a store that forgot: our own four still hold */
    enum og_abuse_rule rule;
    assert_int_equal(count_allowed(shield, ask, 10, 0, NOON, &rule), 4);
    og_shield_destroy(shield);
}

static void
test_budgets_alert_by_the_fuller_count(void **state)
{
    (void)state;
    WITH_SHIELD(shared_config(1));
    const struct og_abuse_ask ask = shared_ask("+4915112345678");
    struct og_abuse_case c;
    og_shield_case(shield, &ask, &c);
    c.shared.sums[OG_RULE_ACCOUNT_DAY] = 1599;
    assert_int_equal(judge_case(shield, &c, NOON).action, OG_ABUSE_ALLOW);
    const struct og_decisions *list = og_shield_decisions(shield);
    assert_int_equal(list->count, 1);
    assert_int_equal(list->items[0].rule, OG_RULE_ACCOUNT_DAY);
    assert_int_equal(list->items[0].figure, 1600);
    og_shield_destroy(shield);
}

static void
test_reset_forgets_one_subject(void **state)
{
    (void)state;
    WITH_SHIELD(defaults());
    enum og_abuse_rule rule;
    struct og_abuse_ask ask = ask_for("+4915112345678");
    count_allowed(shield, ask, 6, 0, NOON, &rule);
    og_shield_forget(shield, OG_SUBJECT_RECIPIENT,
                     og_shield_key(shield, OG_SUBJECT_RECIPIENT, ask.account, ask.number));
    assert_int_equal(judge(shield, &ask, NOON).action, OG_ABUSE_ALLOW);
    og_shield_destroy(shield);
}

static void
test_req_71_a_stopped_country(void **state)
{
    (void)state;
    WITH_SHIELD(defaults());
    struct og_abuse_ask ask = ask_for("+4915112345678");
    struct og_stop stop = {.id = "stop", .since_ms = NOON, .until_ms = NOON + HOUR};
    stop.place.subject = OG_SUBJECT_COUNTRY;
    stop.place.key = og_shield_key(shield, OG_SUBJECT_COUNTRY, OG_STR(""), OG_STR("DE"));
    assert_true(og_stops_put(og_shield_stops(shield), &stop));
    assert_int_equal(judge(shield, &ask, NOON).rule, OG_RULE_COUNTRY_STOPPED);
    assert_int_equal(judge(shield, &ask, NOON + HOUR).action, OG_ABUSE_ALLOW); /* by its time */
    struct og_stop removed;
    assert_true(og_stops_remove(og_shield_stops(shield), OG_STR("stop"), &removed));
    og_shield_released(shield, &removed);
    assert_int_equal(judge(shield, &ask, NOON).action, OG_ABUSE_ALLOW); /* by hand */
    assert_false(og_stops_remove(og_shield_stops(shield), OG_STR("stop"), &removed));
    og_shield_destroy(shield);
}

static void
test_decisions_show_no_number(void **state)
{
    (void)state;
    WITH_SHIELD(defaults());
    enum og_abuse_rule rule;
    count_allowed(shield, ask_for("+4915112345678"), 6, 0, NOON, &rule);
    assert_null(strstr(last_decision(shield)->number, "1234"));
    assert_non_null(strstr(last_decision(shield)->number, "+49"));
    og_shield_destroy(shield);
}

static void
test_decisions_are_bounded(void **state)
{
    (void)state;
    static struct og_decisions list;
    for (int i = 0; i < 2 * OG_DECISIONS_MAX; i++) {
        struct og_decision decision = {.count = 1};
        snprintf(decision.source, sizeof decision.source, "%d", i);
        og_decisions_add(&list, &decision);
    }
    assert_int_equal(list.count, OG_DECISIONS_MAX);
    assert_int_equal(list.lost_count, OG_DECISIONS_MAX);
    og_decisions_drop(&list, OG_DECISIONS_MAX - 1);
    assert_int_equal(list.count, 1);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_req_66_only_home_and_named_countries),
        cmocka_unit_test(test_req_66_a_fresh_installation_allows_no_country),
        cmocka_unit_test(test_req_66_all_countries_on_demand),
        cmocka_unit_test(test_req_67_kinds_of_numbers),
        cmocka_unit_test(test_req_69_limits),
        cmocka_unit_test(test_req_69_ten_a_day_for_a_recipient),
        cmocka_unit_test(test_limits_are_per_account),
        cmocka_unit_test(test_home_has_no_limit_of_its_country),
        cmocka_unit_test(test_the_longest_wait_decides),
        cmocka_unit_test(test_req_73_budgets),
        cmocka_unit_test(test_req_73_messages_leave_the_reserve_to_codes),
        cmocka_unit_test(test_req_73_money),
        cmocka_unit_test(test_plain_messages_meet_their_rate_only),
        cmocka_unit_test(test_req_74_always_challenge),
        cmocka_unit_test(test_req_74_challenge_for_the_suspicious),
        cmocka_unit_test(test_req_75_record_only),
        cmocka_unit_test(test_what_is_not_kept_is_given_back),
        cmocka_unit_test(test_a_batch_never_exceeds_a_limit),
        cmocka_unit_test(test_two_gateways_name_subjects_alike),
        cmocka_unit_test(test_an_account_without_a_name_shares_nothing),
        cmocka_unit_test(test_the_fuller_count_decides),
        cmocka_unit_test(test_budgets_alert_by_the_fuller_count),
        cmocka_unit_test(test_reset_forgets_one_subject),
        cmocka_unit_test(test_req_71_a_stopped_country),
        cmocka_unit_test(test_decisions_show_no_number),
        cmocka_unit_test(test_decisions_are_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
