/*
 * States: the whole table of changes, the aggregate over all small sets against the rule as it is
 * written, and reports in every order.
 */
#include "tests/unit/check.h"

#include <stdlib.h>

#include "core/message.h"

#define STATES OG_MESSAGE_STATE_COUNT

static void
test_changes(void **state)
{
    /* from (row) to (column), in the order of the enum; 'a': only out of an assumed failure */
    static const char *const rows[STATES] = {
        [OG_MESSAGE_PENDING] = ".xxxxxx",   [OG_MESSAGE_CANCELLING] = "..xxxxx",
        [OG_MESSAGE_CANCELLED] = ".......", [OG_MESSAGE_PROCESSED] = "....xxx",
        [OG_MESSAGE_SENT] = ".....xx",      [OG_MESSAGE_DELIVERED] = ".......",
        [OG_MESSAGE_FAILED] = "....aa.",
    };
    for (int from = 0; from < STATES; from++) {
        for (int to = 0; to < STATES; to++) {
            char cell = rows[from][to];
            if (og_message_may_become(from, to, false) != (cell == 'x') ||
                og_message_may_become(from, to, true) != (cell != '.')) {
                fail_msg("%s to %s", og_message_state_name(from), og_message_state_name(to));
            }
        }
    }
}

static void
test_names(void **state)
{
    static const char *const names[STATES] = {
        [OG_MESSAGE_PENDING] = "Pending",     [OG_MESSAGE_CANCELLING] = "Cancelling",
        [OG_MESSAGE_CANCELLED] = "Cancelled", [OG_MESSAGE_PROCESSED] = "Processed",
        [OG_MESSAGE_SENT] = "Sent",           [OG_MESSAGE_DELIVERED] = "Delivered",
        [OG_MESSAGE_FAILED] = "Failed",
    };
    enum og_message_state found;
    for (int i = 0; i < STATES; i++) {
        assert_string_equal(og_message_state_name(i), names[i]);
        assert_true(og_message_state_from_text(og_str_from(names[i]), &found));
        assert_int_equal(found, i);
    }
    assert_false(og_message_state_from_text(OG_STR("pending"), &found));
    assert_false(og_message_state_from_text(OG_STR("Sen"), &found));
    assert_false(og_message_state_from_text(OG_STR(""), &found));
}

static void
test_final(void **state)
{
    static const bool without_report[STATES] = {
        [OG_MESSAGE_CANCELLED] = true,
        [OG_MESSAGE_SENT] = true,
        [OG_MESSAGE_DELIVERED] = true,
        [OG_MESSAGE_FAILED] = true,
    };
    for (int i = 0; i < STATES; i++) {
        assert_int_equal(og_message_is_final(i, false), without_report[i]);
        assert_int_equal(og_message_is_final(i, true), without_report[i] && i != OG_MESSAGE_SENT);
    }
}

static bool
any(const enum og_message_state *states, size_t count, enum og_message_state wanted)
{
    for (size_t i = 0; i < count; i++) {
        if (states[i] == wanted) {
            return true;
        }
    }
    return false;
}

static bool
all(const enum og_message_state *states, size_t count, enum og_message_state wanted)
{
    for (size_t i = 0; i < count; i++) {
        if (states[i] != wanted) {
            return false;
        }
    }
    return true;
}

/* The rule, word for word. */
static enum og_message_state
spelled_out(const enum og_message_state *states, size_t count)
{
    return any(states, count, OG_MESSAGE_PENDING)      ? OG_MESSAGE_PENDING
           : any(states, count, OG_MESSAGE_CANCELLING) ? OG_MESSAGE_CANCELLING
           : any(states, count, OG_MESSAGE_CANCELLED)  ? OG_MESSAGE_CANCELLED
           : any(states, count, OG_MESSAGE_PROCESSED)  ? OG_MESSAGE_PROCESSED
           : all(states, count, OG_MESSAGE_FAILED)     ? OG_MESSAGE_FAILED
           : all(states, count, OG_MESSAGE_DELIVERED)  ? OG_MESSAGE_DELIVERED
                                            : OG_MESSAGE_SENT;
}

static void
test_aggregate(void **state)
{
    enum og_message_state states[4];
    size_t sets = 1;

    for (size_t count = 1; count <= COUNT(states); count++) {
        sets *= STATES;
        for (size_t set = 0; set < sets; set++) {
            size_t rest = set;
            for (size_t i = 0; i < count; i++) {
                states[i] = rest % STATES;
                rest /= STATES;
            }
            assert_int_equal(og_message_aggregate(states, count), spelled_out(states, count));
        }
    }
    static const enum og_message_state mixed[] = {OG_MESSAGE_FAILED, OG_MESSAGE_DELIVERED};
    assert_int_equal(og_message_aggregate(mixed, 2), OG_MESSAGE_SENT);
}

/* --- reports -------------------------------------------------------------------------------- */

#define ACCEPTED_MS 1000
#define NOW_MS 9000

struct message {
    struct og_message_recipient recipients[3];
    struct og_message_record record;
};

static void
init_message(struct message *message, size_t count)
{
    static const struct og_str numbers[] = {{"+491701234501", 13}, {"+491701234502", 13},
                                            {"900", 3}};
    *message = (struct message){0};
    for (size_t i = 0; i < count; i++) {
        message->recipients[i].number = numbers[i];
    }
    message->record.recipients = message->recipients;
    message->record.recipient_count = count;
    message->record.times.at_ms[OG_MESSAGE_PENDING] = ACCEPTED_MS;
}

/* Report one recipient's state. */
static struct og_message_merge
report(struct message *message, const char *number, enum og_message_state state)
{
    const struct og_recipient_report recipient = {og_str_from(number), state,
                                                  state == OG_MESSAGE_FAILED ? OG_STR("no signal")
                                                                  : (struct og_str){0}};
    const struct og_message_report said = {.recipients = &recipient, .recipient_count = 1};
    struct og_message_merge merge;
    og_message_merge(&message->record, &said, NOW_MS, &merge);
    return merge;
}

/* All orders of up to four reports about one recipient: the end is the furthest state, a terminal
 * one that came first stays, and nothing is counted twice. */
static void
test_every_order(void **state)
{
    for (int code = 0; code < STATES * STATES * STATES * STATES; code++) {
        struct message message;
        size_t counted = 0;
        enum og_message_state wanted = OG_MESSAGE_PENDING;
        init_message(&message, 1);
        for (int rest = code, i = 0; i < 4; i++, rest /= STATES) {
            enum og_message_state said = rest % STATES;
            struct og_message_merge merge = report(&message, "+491701234501", said);
            enum og_message_state meant = said == OG_MESSAGE_PENDING ? OG_MESSAGE_PROCESSED : said;
            bool moves = og_message_may_become(wanted, meant, false);
            assert_int_equal(merge.changed_count, moves);
            assert_int_equal(merge.repeated_count, wanted == meant);
            assert_int_equal(merge.impossible_count, !moves && wanted != meant);
            assert_int_equal(merge.state_changed, moves);
            assert_int_equal(merge.old_state, wanted);
            wanted = moves ? meant : wanted;
            counted += merge.changed_count + merge.repeated_count + merge.impossible_count;
        }
        assert_int_equal(message.record.state, wanted);
        assert_int_equal(message.recipients[0].state, wanted);
        assert_int_equal(counted, 4);
        assert_int_equal(message.recipients[0].error.len, wanted == OG_MESSAGE_FAILED ? 9 : 0);
    }
}

/* Whatever phones say in whatever order, the message is what its recipients make of it, unless that
 * would be a step back. */
static void
test_random_reports(void **state)
{
    static const char *const numbers[] = {"+491701234501", "491701234502", "900", "+900"};
    uint64_t seed = 7;

    for (int run = 0; run < 5000; run++) {
        struct message message;
        init_message(&message, 3);
        message.record.state = run % 2 ? OG_MESSAGE_CANCELLING : OG_MESSAGE_PENDING;
        for (int i = 0; i < 12; i++) {
            enum og_message_state before = message.record.state;
            uint64_t random = next_random(&seed) >> 20;
            report(&message, numbers[random % 4], (random >> 8) % STATES);
            enum og_message_state states[3];
            for (size_t k = 0; k < 3; k++) {
                states[k] = message.recipients[k].state;
            }
            enum og_message_state concluded = og_message_aggregate(states, 3);
            enum og_message_state after = message.record.state;
            assert_true(after == concluded || after == before);
            assert_true(after == before || og_message_may_become(before, after, false));
            assert_true(after == concluded || run % 2 || after == OG_MESSAGE_PENDING);
            assert_true(message.record.times.at_ms[after] > 0 || after == OG_MESSAGE_CANCELLING);
        }
    }
}

static void
test_numbers(void **state)
{
    struct message message;

    init_message(&message, 3);
    assert_int_equal(report(&message, "491701234502", OG_MESSAGE_SENT).changed_count, 1);
    assert_int_equal(message.recipients[1].state, OG_MESSAGE_SENT);
    assert_true(message.recipients[1].changed);
    assert_false(message.recipients[0].changed);
    assert_int_equal(report(&message, "900", OG_MESSAGE_SENT).changed_count, 1);
    assert_int_equal(message.recipients[2].state, OG_MESSAGE_SENT);
    assert_int_equal(report(&message, "+900", OG_MESSAGE_SENT).unknown_count, 1);
    assert_int_equal(report(&message, "", OG_MESSAGE_SENT).unknown_count, 1);
    assert_int_equal(report(&message, "+4917012345", OG_MESSAGE_SENT).unknown_count, 1);
    assert_int_equal(message.record.state, OG_MESSAGE_PENDING);
    /* An exact match goes before one with '+' in front. */
    message.recipients[0].number = OG_STR("+900");
    report(&message, "900", OG_MESSAGE_DELIVERED);
    assert_int_equal(message.recipients[0].state, OG_MESSAGE_PENDING);
    assert_int_equal(message.recipients[2].state, OG_MESSAGE_DELIVERED);
    /* Cipher text matches as it is. */
    message.recipients[0].number = OG_STR("$aes-256-cbc/pkcs5padding$x");
    report(&message, "$aes-256-cbc/pkcs5padding$x", OG_MESSAGE_SENT);
    assert_int_equal(message.recipients[0].state, OG_MESSAGE_SENT);
}

/* A phone that names encrypted recipients in plain is believed where it cannot mean another. */
static void
test_check_71_encrypted_numbers_in_plain(void **state)
{
    static const struct {
        bool is_encrypted;
        const char *names[3];
        enum og_message_state states[3];
        size_t count, changed, unknown;
    } cases[] = {
        {true, {"+1", "+2", "+3"}, {OG_MESSAGE_SENT, OG_MESSAGE_SENT, OG_MESSAGE_SENT}, 3, 3, 0},
        {false, {"+1", "+2", "+3"}, {OG_MESSAGE_SENT, OG_MESSAGE_SENT, OG_MESSAGE_SENT}, 3, 0, 3},
        {true, {"+1", "+2", "+3"}, {OG_MESSAGE_SENT, OG_MESSAGE_FAILED, OG_MESSAGE_SENT}, 3, 0, 3},
        {true, {"+1", "+2"}, {OG_MESSAGE_SENT, OG_MESSAGE_SENT}, 2, 0, 2},
        {true, {"+1", "900", "+3"}, {OG_MESSAGE_SENT, OG_MESSAGE_SENT, OG_MESSAGE_SENT}, 3, 1, 2},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct message message;
        struct og_message_merge merge;
        struct og_recipient_report said[3];
        init_message(&message, 3);
        message.record.is_encrypted = cases[i].is_encrypted;
        for (size_t k = 0; k < cases[i].count; k++) {
            said[k] = (struct og_recipient_report){og_str_from(cases[i].names[k]),
                                                   cases[i].states[k], {0}};
        }
        og_message_merge(&message.record,
                         &(struct og_message_report){.recipients = said,
                                                     .recipient_count = cases[i].count},
                         NOW_MS, &merge);
        assert_int_equal(merge.changed_count, cases[i].changed);
        assert_int_equal(merge.unknown_count, cases[i].unknown);
        assert_int_equal(message.record.state,
                         cases[i].changed == 3 ? OG_MESSAGE_SENT : OG_MESSAGE_PENDING);
    }
}

static void
test_whole_message(void **state)
{
    struct message message;
    struct og_message_merge merge;
    const struct og_message_report said = {.state = OG_MESSAGE_SENT};

    init_message(&message, 2);
    report(&message, "+491701234501", OG_MESSAGE_FAILED);
    og_message_merge(&message.record, &said, NOW_MS, &merge);
    assert_int_equal(merge.changed_count, 1);
    assert_int_equal(merge.impossible_count, 1);
    assert_int_equal(message.record.state, OG_MESSAGE_SENT);
    assert_false(og_message_record_is_final(&message.record, true));
    assert_true(og_message_record_is_final(&message.record, false));
    report(&message, "+491701234502", OG_MESSAGE_DELIVERED);
    assert_int_equal(message.record.state, OG_MESSAGE_SENT); /* {Failed, Delivered} */
    assert_true(og_message_record_is_final(&message.record, true));
}

static void
test_times(void **state)
{
    struct message message;
    struct og_message_merge merge;
    struct og_recipient_report recipient = {OG_STR("+491701234501"), OG_MESSAGE_SENT, {0}};
    struct og_message_report said = {.recipients = &recipient,
                                     .recipient_count = 1,
                                     .times.at_ms = {[OG_MESSAGE_PENDING] = 1,
                                                     [OG_MESSAGE_CANCELLING] = 2000,
                                                     [OG_MESSAGE_PROCESSED] = 500,
                                                     [OG_MESSAGE_DELIVERED] = 4000}};

    init_message(&message, 1);
    og_message_merge(&message.record, &said, NOW_MS, &merge);
    const int64_t *at_ms = message.record.times.at_ms;
    assert_true(merge.times_changed);
    assert_int_equal(at_ms[OG_MESSAGE_PENDING], ACCEPTED_MS);
    assert_int_equal(at_ms[OG_MESSAGE_PROCESSED], ACCEPTED_MS); /* a slow clock */
    assert_int_equal(at_ms[OG_MESSAGE_SENT], NOW_MS);           /* not said */
    assert_int_equal(at_ms[OG_MESSAGE_DELIVERED], 0);           /* not there yet */
    assert_int_equal(at_ms[OG_MESSAGE_CANCELLING], 0);
    og_message_merge(&message.record, &said, NOW_MS + 1, &merge);
    assert_false(merge.times_changed);
    assert_int_equal(merge.repeated_count, 1);
    recipient.state = OG_MESSAGE_DELIVERED;
    said.times.at_ms[OG_MESSAGE_DELIVERED] = INT64_MAX; /* a fast clock */
    said.times.at_ms[OG_MESSAGE_SENT] = 3000;           /* the first one stays */
    og_message_merge(&message.record, &said, NOW_MS + 2, &merge);
    assert_int_equal(at_ms[OG_MESSAGE_DELIVERED], NOW_MS + 2);
    assert_int_equal(at_ms[OG_MESSAGE_SENT], NOW_MS);
}

static void
test_cancelling(void **state)
{
    struct message message;

    init_message(&message, 2);
    message.record.state = OG_MESSAGE_CANCELLING;
    message.record.times.at_ms[OG_MESSAGE_CANCELLING] = 2000;
    report(&message, "+491701234501", OG_MESSAGE_CANCELLED);
    assert_int_equal(message.record.state, OG_MESSAGE_CANCELLING); /* the other is Pending still */
    report(&message, "+491701234502", OG_MESSAGE_CANCELLED);
    assert_int_equal(message.record.state, OG_MESSAGE_CANCELLED);
    /* Too late: the phone had sent it. */
    init_message(&message, 1);
    message.record.state = OG_MESSAGE_CANCELLING;
    report(&message, "+491701234501", OG_MESSAGE_SENT);
    assert_int_equal(message.record.state, OG_MESSAGE_SENT);
}

static void
test_end_open(void **state)
{
    struct message message;
    struct og_message_merge merge;

    init_message(&message, 3);
    report(&message, "+491701234501", OG_MESSAGE_PROCESSED);
    report(&message, "+491701234502", OG_MESSAGE_SENT);
    assert_int_equal(og_message_end_open(&message.record, OG_MESSAGE_FAILED,
                                         OG_STR("TTL expired"), true, NOW_MS), 2);
    assert_int_equal(message.recipients[0].state, OG_MESSAGE_FAILED);
    assert_int_equal(message.recipients[1].state, OG_MESSAGE_SENT);
    assert_int_equal(message.recipients[2].state, OG_MESSAGE_FAILED);
    assert_str(message.recipients[2].error, "TTL expired");
    assert_int_equal(message.record.state, OG_MESSAGE_SENT);
    assert_false(message.record.is_assumed); /* it is not Failed */
    /* Proof comes late. */
    merge = report(&message, "+491701234501", OG_MESSAGE_DELIVERED);
    assert_int_equal(merge.changed_count, 1);
    assert_int_equal(message.recipients[0].error.len, 0);
    assert_false(message.recipients[0].is_assumed);
    merge = report(&message, "900", OG_MESSAGE_FAILED);
    assert_int_equal(merge.changed_count, 1);
    assert_str(message.recipients[2].error, "no signal");
    merge = report(&message, "900", OG_MESSAGE_DELIVERED);
    assert_int_equal(merge.impossible_count, 1); /* the phone itself had said Failed */

    init_message(&message, 2);
    report(&message, "+491701234501", OG_MESSAGE_PROCESSED);
    message.record.state = OG_MESSAGE_CANCELLING;
    assert_int_equal(og_message_end_open(&message.record, OG_MESSAGE_CANCELLED,
                                         (struct og_str){0}, false, NOW_MS), 1);
    assert_int_equal(message.record.state, OG_MESSAGE_CANCELLED);
    assert_int_equal(message.record.times.at_ms[OG_MESSAGE_CANCELLED], NOW_MS);
    assert_int_equal(message.recipients[0].state, OG_MESSAGE_PROCESSED);
}

static void
test_assumed_failure(void **state)
{
    struct message message;
    struct og_message_merge merge;

    for (int assumed = 0; assumed <= 1; assumed++) {
        init_message(&message, 1);
        og_message_end_open(&message.record, OG_MESSAGE_FAILED, OG_STR("TTL expired"), assumed,
                            NOW_MS);
        assert_int_equal(message.record.state, OG_MESSAGE_FAILED);
        assert_int_equal(message.record.is_assumed, assumed);
        assert_int_equal(message.record.times.at_ms[OG_MESSAGE_FAILED], NOW_MS);
        merge = report(&message, "+491701234501", OG_MESSAGE_PROCESSED);
        assert_int_equal(merge.impossible_count, 1);
        merge = report(&message, "+491701234501", OG_MESSAGE_SENT);
        assert_int_equal(merge.state_changed, assumed);
        assert_int_equal(merge.failure_withdrawn, assumed);
        assert_int_equal(message.record.state, assumed ? OG_MESSAGE_SENT : OG_MESSAGE_FAILED);
        assert_int_equal(message.record.times.at_ms[OG_MESSAGE_FAILED], assumed ? 0 : NOW_MS);
        assert_false(assumed && message.record.is_assumed);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_changes),       cmocka_unit_test(test_names),
        cmocka_unit_test(test_final),         cmocka_unit_test(test_aggregate),
        cmocka_unit_test(test_every_order),   cmocka_unit_test(test_random_reports),
        cmocka_unit_test(test_numbers),       cmocka_unit_test(test_whole_message),
        cmocka_unit_test(test_check_71_encrypted_numbers_in_plain),
        cmocka_unit_test(test_times),         cmocka_unit_test(test_cancelling),
        cmocka_unit_test(test_end_open),      cmocka_unit_test(test_assumed_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
