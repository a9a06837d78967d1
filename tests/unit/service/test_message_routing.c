/*
 * Hand-outs that keep a SIM's pace, and messages that find another way: what fails, what nobody
 * fetches, what nothing is heard of, what cannot arrive in time.
 */
#include "service/device/routing_service.h"
#include "store/route_store.h"
#include "tests/unit/service/message_fixture.h"

#define P OG_MESSAGE_PENDING
#define R OG_MESSAGE_PROCESSED
#define S OG_MESSAGE_SENT
#define D OG_MESSAGE_DELIVERED
#define F OG_MESSAGE_FAILED

#define NO_SERVICE "Send result: RESULT_ERROR_NO_SERVICE"
#define BAD_NUMBER "Send result: RESULT_INVALID_ARGUMENTS"

/* ---- helpers ---- */

static struct og_message
send_code(struct world *w)
{
    struct og_message_ask ask = new_ask();
    ask.is_otp = true;
    ask.want_report = true;
    ask.valid_until_ms = w->now_ms + 300000;
    return send_ask(w, &ask);
}

static struct og_message
send_bulk(struct world *w)
{
    struct og_message_ask ask = new_ask();
    ask.is_bulk = true;
    return send_ask(w, &ask);
}

static void
report_error(struct world *w, struct og_str phone, struct og_str id, const char *error)
{
    struct og_report_op *op = new_report(w, phone, id, F);
    const struct og_recipient_report failed = {NUMBER, F, og_str_from(error)};
    ((struct og_report *)op->items)->report.recipients = &failed;
    ((struct og_report *)op->items)->report.recipient_count = 1;
    must(w, world_run_one(w, REPORT(op)));
}

/* What a phone gets, as a count; those that it had before are listed again. */
static int
fetch(struct world *w, struct og_str phone)
{
    return pull(w, phone)->count;
}

static struct og_str
add_connected(struct world *w)
{
    struct og_str phone = add_phone(w);
    set_present(w, phone, true);
    return phone;
}

static struct og_route_phone *
known(struct world *w, struct og_str phone)
{
    return og_route_table_find(w->svc.lane.routes, phone);
}

static void
wait_ms(struct world *w, int64_t ms)
{
    w->now_ms += ms;
    move(w);
}

static int
former_count(struct world *w, struct og_str id)
{
    struct og_former_route *items;
    int count;
    must(w, og_former_route_list(w->db, ACCOUNT, id, 10, &w->mem, &items, &count, &w->err));
    return count;
}

/* ---- pace ---- */

static const struct og_route_policy paced = {
    .is_smart = true,
    .sim = {.parts = {[OG_PACE_MINUTE] = 4}, .otp_reserve_percent = 25},
    .device = {.parts = {[OG_PACE_MINUTE] = 6}},
    .health = {.offline_after_ms = 20000, .silent_max = 3, .failures_max = 5,
               .quarantine_ms = 60000},
    .ahead_max = 5,
    .fetch_ms = 3000,
    .silence_ms = 30000,
    .routes_max = 3,
    .no_route_ms = 20000,
    .transit_ms = 5000,
};

/* As GET tells it. */
static struct og_wait
wait_of(struct world *w, struct og_message *m)
{
    struct og_message_wait_op op = {.svc = &w->svc, .mem = &w->mem, .m = m};
    must(w, world_run_one(w, STEP(&op, NULL, og_message_wait_committed)));
    return op.wait;
}

static void
test_a_fetch_keeps_the_pace(void **state)
{
    struct world *w = *state;
    world_route(w, &paced);
    struct og_str phone = add_phone(w);
    struct ear *ear = listen_as(w, phone);
    struct og_message sent[6];
    set_present(w, phone, true);
    for (int i = 0; i < 6; i++) {
        sent[i] = send_one(w);
    }
    struct og_pull_op *op = pull(w, phone);
    assert_int_equal(op->count, 3); /* a quarter of the four is kept for codes */
    send_code(w);
    assert_int_equal(fetch(w, phone), 4);
    const struct og_wait wait = wait_of(w, &sent[3]);
    assert_string_equal(wait.reason, "sim_pace");
    assert_string_equal(wait.detail, "minute");
    assert_int_equal(wait.until_ms, NOON + 61000);
    for (int i = 0; i < 3; i++) {
        report(w, phone, sent[i].id, S);
    }
    world_settle(w);
    ear->len = 0;
    wait_ms(w, 60999);
    world_settle(w);
    assert_int_equal(ear->len, 0);
    wait_ms(w, 1); /* it is woken when its time has come, and not before */
    assert_heard(w, ear, "M");
    assert_null(wait_of(w, &sent[3]).reason);
    assert_int_equal(fetch(w, phone), 4); /* three more, and the code again */
    assert_agreement(w);
}

/* The row still names the first phone; what is told is the line in which the message is now. */
static void
test_what_a_message_waits_for_is_true_after_a_move(void **state)
{
    struct world *w = *state;
    world_route(w, &paced);
    const struct og_str first = add_phone(w), second = add_phone(w);
    struct og_message_ask named = new_ask();
    set_present(w, first, true);
    struct og_message m = send_one(w);
    assert_text(m.device_id, first);
    assert_null(wait_of(w, &m).reason);
    set_present(w, second, true);
    named.device_id = second;
    for (int i = 0; i < 3; i++) { /* all that its pace allows in a minute */
        send_ask(w, &named);
    }
    assert_int_equal(fetch(w, second), 3);
    set_present(w, first, false);
    wait_ms(w, GONE_AFTER_MS + 1);
    assert_text(queued_for(w, m.id), second);
    struct og_message row = row_of(w, m.id);
    assert_text(row.device_id, first);
    assert_string_equal(wait_of(w, &row).reason, "sim_pace");
    assert_text(row.device_id, second);
    report(w, second, pull(w, second)->items[0].id, S);
    wait_ms(w, 61000);
    fetch(w, second); /* and now it has it */
    row = row_of(w, m.id);
    assert_null(wait_of(w, &row).reason);
    assert_text(row.device_id, second);
}

/* Long texts and many recipients count as the phone will send them. */
static void
test_parts_are_counted(void **state)
{
    struct world *w = *state;
    world_route(w, &paced);
    struct og_str phone = add_connected(w);
    struct og_message_ask ask = new_ask();
    char text[200];
    memset(text, 'x', sizeof text);
    ask.text = (struct og_str){text, sizeof text};
    struct og_message two = send_ask(w, &ask);
    assert_int_equal(row_of(w, two.id).parts, 2);
    send_ask(w, &ask);
    assert_int_equal(fetch(w, phone), 1);
}

/* A restart forgets no part that was handed out. */
static void
test_a_restart_exceeds_no_limit(void **state)
{
    struct world *w = *state;
    world_route(w, &paced);
    struct og_str phone = add_connected(w);
    for (int i = 0; i < 6; i++) {
        send_one(w);
    }
    assert_int_equal(fetch(w, phone), 3);
    world_open_queue(w);
    set_present(w, phone, true);
    struct og_pull_op *op = pull(w, phone);
    assert_int_equal(op->count, 3);
    for (int i = 0; i < op->count; i++) {
        assert_false(op->newly_handed[i]);
    }
    w->now_ms += 61000;
    assert_int_equal(fetch(w, phone), 5); /* not more than five that it has said nothing of */
}

static void
test_both_sims_and_the_phone(void **state)
{
    struct world *w = *state;
    static const int numbers[] = {1, 2};
    world_route(w, &paced);
    struct og_str phone = add_connected(w);
    og_route_phone_set_sims(known(w, phone), numbers, 2);
    struct og_message_ask ask = new_ask();
    struct og_message sent[8];
    ask.is_otp = true;
    ask.valid_until_ms = w->now_ms + 300000;
    for (int i = 0; i < 8; i++) {
        sent[i] = send_ask(w, &ask);
    }
    struct og_pull_op *op = pull(w, phone);
    int by_sim[3] = {0};
    assert_int_equal(op->count, 6); /* the phone's own limit */
    for (int i = 0; i < op->count; i++) {
        by_sim[op->items[i].route_sim]++;
        assert_int_equal(row_of(w, sent[i].id).route_sim, op->items[i].route_sim);
    }
    assert_int_equal(by_sim[1], 3);
    assert_int_equal(by_sim[2], 3);
}

static void
test_bulk_gives_way(void **state)
{
    struct world *w = *state;
    struct og_str phone = add_connected(w);
    struct og_message_ask ask = new_ask();
    ask.is_otp = true;
    ask.sim_number = 1;
    ask.valid_until_ms = w->now_ms + 4000; /* too late to be handed: it waits here for its end */
    ask.device_id = phone;
    send_bulk(w);
    struct og_message code = send_ask(w, &ask);
    assert_int_equal(fetch(w, phone), 0);
    must(w, cancel(w, code.id));
    assert_int_equal(fetch(w, phone), 1);
}

static void
test_distinct_recipients(void **state)
{
    struct world *w = *state;
    struct og_route_policy policy = world_routing;
    policy.sim.recipients_per_day = 2;
    world_route(w, &policy);
    struct og_str phone = add_connected(w);
    static const char *const numbers[] = {"+4915112345671", "+4915112345672", "+4915112345673",
                                          "+4915112345671"};
    for (int i = 0; i < 4; i++) {
        struct og_message_ask ask = new_ask();
        struct og_str number = og_str_from(numbers[i]);
        ask.numbers = (struct og_str_list){&number, 1};
        send_ask(w, &ask);
    }
    int fetched = 0;
    for (int i = 0; i < 6; i++) {
        struct og_pull_op *op = pull(w, phone);
        for (int k = 0; k < op->count; k++) {
            fetched += op->newly_handed[k];
        }
    }
    assert_int_equal(fetched, 3); /* the third number waits, the first may have another */
    world_open_queue(w); /* and so it is after a restart */
    set_present(w, phone, true);
    assert_int_equal(fetch(w, phone), 3);
}

/* ---- failover ---- */

static void
test_req_49_a_failure_is_another_phones_chance(void **state)
{
    struct world *w = *state;
    struct og_str first = add_connected(w);
    struct og_message m = send_code(w);
    assert_int_equal(fetch(w, first), 1);
    struct og_str second = add_phone(w), third = add_phone(w), fourth = add_phone(w);
    set_present(w, second, true);
    report_error(w, first, m.id, NO_SERVICE);
    assert_state(w, m.id, P, false, "");
    assert_text(queued_for(w, m.id), second);
    assert_false(row_of(w, m.id).possible_duplicate);
    assert_int_equal(fetch(w, first), 0);
    assert_int_equal(fetch(w, second), 1);
    set_present(w, third, true);
    set_present(w, fourth, true);
    report_error(w, second, m.id, NO_SERVICE);
    struct og_str next = row_of(w, m.id).device_id;
    assert_false(og_str_eq(next, first) || og_str_eq(next, second));
    assert_int_equal(fetch(w, next), 1);
    assert_int_equal(former_count(w, m.id), 2);
    report_error(w, next, m.id, NO_SERVICE); /* three routes are enough */
    assert_state(w, m.id, F, true, NO_SERVICE);
    assert_agreement(w);
}

static void
test_what_no_route_mends(void **state)
{
    struct world *w = *state;
    struct og_str first = add_connected(w);
    struct og_message wrong = send_code(w);
    struct og_message_ask ask = new_ask();
    ask.device_id = first;
    struct og_message bound = send_ask(w, &ask), sent = send_code(w);
    fetch(w, first);
    add_connected(w);
    report_error(w, first, wrong.id, BAD_NUMBER);
    assert_state(w, wrong.id, F, true, BAD_NUMBER);
    report_error(w, first, bound.id, NO_SERVICE); /* the client named the phone */
    assert_state(w, bound.id, F, true, NO_SERVICE);
    report(w, first, sent.id, S);
    report_error(w, first, sent.id, "Delivery result: RESULT_ERROR_GENERIC_FAILURE");
    assert_true(row_of(w, sent.id).final_at != 0);
    assert_int_equal(former_count(w, sent.id), 0);
    assert_agreement(w);
}

static void
test_silence_is_another_phones_chance(void **state)
{
    struct world *w = *state;
    struct og_str first = add_phone(w);
    struct ear *ear = listen_as(w, first);
    set_present(w, first, true);
    struct og_message m = send_code(w);
    fetch(w, first);
    struct og_str second = add_connected(w);
    world_settle(w);
    ear->len = 0;
    wait_ms(w, 29999);
    assert_text(queued_for(w, m.id), first);
    wait_ms(w, 1);
    assert_text(queued_for(w, m.id), second);
    assert_true(row_of(w, m.id).possible_duplicate);
    assert_heard(w, ear, "C"); /* it drops it if it still can */
    assert_int_equal(fetch(w, first), 0); /* never two at once */
    assert_int_equal(fetch(w, second), 1);
    report(w, second, m.id, S);
    report(w, second, m.id, D);
    assert_state(w, m.id, D, true, "");
    report_error(w, first, m.id, NO_SERVICE); /* nobody asks it any more */
    assert_state(w, m.id, D, true, "");
    assert_agreement(w);
}

/* Processed is not sent: the code stays under watch. */
static void
test_silence_after_processed(void **state)
{
    struct world *w = *state;
    struct og_str first = add_connected(w);
    struct og_message m = send_code(w);
    fetch(w, first);
    report(w, first, m.id, R);
    struct og_str second = add_connected(w);
    world_open_queue(w); /* also over a restart */
    set_present(w, first, true);
    set_present(w, second, true);
    wait_ms(w, 30000);
    assert_text(queued_for(w, m.id), second);
    assert_agreement(w);
}

/* The first phone was only slow: what it says is believed, and the second one is told to stop. */
static void
test_a_late_word(void **state)
{
    struct world *w = *state;
    struct og_str first = add_connected(w);
    struct og_message m = send_code(w);
    fetch(w, first);
    struct og_str second = add_phone(w);
    struct ear *ear = listen_as(w, second);
    set_present(w, second, true);
    wait_ms(w, 30000);
    for (int handed = 0; handed <= 1; handed++) {
        assert_text(queued_for(w, m.id), second);
        if (handed) {
            fetch(w, second);
        }
        report(w, first, m.id, P); /* says nothing new */
        report(w, first, m.id, R);
        assert_text(queued_for(w, m.id), second);
        world_settle(w);
        ear->len = 0;
        report(w, first, m.id, S);
        assert_state(w, m.id, S, false, "");
        assert_text(row_of(w, m.id).device_id, first);
        assert_heard(w, ear, "C");
        assert_int_equal(fetch(w, second), 0);
        report(w, second, m.id, F); /* too late */
        assert_state(w, m.id, S, false, "");
        assert_agreement(w);
        m = send_code(w);
        if (og_str_eq(m.device_id, second)) { /* the next one begins with the first phone, too */
            og_dispatch_move(w->svc.lane.dispatch, ACCOUNT, m.id, first, OG_DISPATCH_SOONER, 0);
        }
        fetch(w, first);
        wait_ms(w, 30000);
    }
}

static void
test_other_messages_are_not_repeated(void **state)
{
    struct world *w = *state;
    struct og_str first = add_connected(w);
    struct og_message m = send_one(w);
    fetch(w, first);
    add_connected(w);
    wait_ms(w, 60000);
    assert_text(queued_for(w, m.id), first);
    assert_int_equal(known(w, first)->health.silent_in_row, 1);
    assert_agreement(w);
}

static void
test_a_code_that_nobody_fetches_moves(void **state)
{
    struct world *w = *state;
    struct og_str first = add_phone(w);
    listen_as(w, first);
    set_present(w, first, true);
    struct og_message m = send_code(w), other = send_one(w);
    struct og_str second = add_connected(w);
    wait_ms(w, 2999);
    assert_text(queued_for(w, m.id), first);
    wait_ms(w, 1);
    assert_text(queued_for(w, m.id), second);
    assert_false(row_of(w, m.id).possible_duplicate); /* nobody had it */
    assert_int_equal(known(w, first)->health.unfetched_in_row, 1);
    assert_text(queued_for(w, other.id), first);
    assert_agreement(w);
}

static void
test_a_phone_that_goes_loses_its_code_at_once(void **state)
{
    struct world *w = *state;
    struct og_str first = add_connected(w);
    struct og_message m = send_code(w);
    struct og_str second = add_connected(w);
    set_present(w, first, false);
    wait_ms(w, 3000);
    assert_text(queued_for(w, m.id), second);
}

/* ---- undeliverable ---- */

static void
test_undeliverable_at_once(void **state)
{
    struct world *w = *state;
    struct og_str phone = add_connected(w);
    for (int i = 0; i < 3; i++) {
        og_health_silent(&known(w, phone)->health, &world_routing.health, w->now_ms);
    }
    wait_ms(w, 0);
    struct og_message m = send_code(w);
    assert_state(w, m.id, F, true, "undeliverable: no phone can take it");
    assert_true(row_of(w, m.id).text.len == 0);
    struct og_message other = send_one(w); /* anything else waits */
    assert_state(w, other.id, P, false, "");
    assert_int_equal(fetch(w, phone), 0);
    assert_agreement(w);
    wait_ms(w, 60000); /* the probe */
    assert_text(queued_for(w, other.id), phone);
    assert_int_equal(fetch(w, phone), 1);
}

static void
test_undeliverable_in_time(void **state)
{
    struct world *w = *state;
    struct og_str phone = add_connected(w);
    set_present(w, phone, false);
    struct og_message m = send_code(w); /* it may be back in a moment */
    assert_state(w, m.id, P, false, "");
    for (int i = 0; i < 19; i++) {
        wait_ms(w, 1000);
    }
    assert_state(w, m.id, P, false, "");
    wait_ms(w, 2000);
    assert_state(w, m.id, F, true, "undeliverable: no phone can take it");
    assert_agreement(w);
}

/* Whatever its phone asks for: a dead code is not sent. */
static void
test_a_dead_code_stays(void **state)
{
    struct world *w = *state;
    struct og_str phone = add_connected(w);
    struct og_message_ask ask = new_ask();
    ask.is_otp = true;
    ask.device_id = phone;
    ask.valid_until_ms = w->now_ms + 60000;
    struct og_message m = send_ask(w, &ask);
    w->now_ms += 55001;
    assert_int_equal(fetch(w, phone), 0);
    move(w);
    assert_state(w, m.id, F, true, "undeliverable: no phone could send it in time");
}

/* ---- quarantine ---- */

static void
test_quarantine(void **state)
{
    struct world *w = *state;
    struct og_str bad = add_connected(w);
    for (int i = 0; i < 5; i++) {
        struct og_message m = send_one(w);
        assert_int_equal(fetch(w, bad), 1);
        report_error(w, bad, m.id, NO_SERVICE);
    }
    move(w);
    assert_int_equal(known(w, bad)->health.state, OG_HEALTH_QUARANTINED);
    struct og_message_ask ask = new_ask();
    ask.device_id = bad;
    struct og_message named = send_ask(w, &ask), waits = send_one(w), more = send_one(w);
    assert_int_equal(fetch(w, bad), 1); /* what a client bound to it, it gets */
    report(w, bad, named.id, F);
    w->now_ms = known(w, bad)->health.quarantined_until;
    move(w);
    assert_int_equal(fetch(w, bad), 1); /* one of the two tries it */
    assert_true(known(w, bad)->health.is_probing);
    assert_int_equal(fetch(w, bad), 1);
    struct og_str probe = row_of(w, waits.id).handed_at ? waits.id : more.id;
    report(w, bad, probe, S);
    move(w);
    assert_int_not_equal(known(w, bad)->health.state, OG_HEALTH_QUARANTINED);
    assert_int_equal(fetch(w, bad), 1);
    assert_agreement(w);
}

/* ---- rules ---- */

static void
set_rules(struct world *w, const char *document)
{
    struct og_json_doc doc;
    struct og_route_rules rules;
    struct og_arena mem;
    og_arena_init(&mem, 0);
    must(w, og_json_parse(og_str_from(document), OG_JSON_DEPTH_DEFAULT, &doc, &w->err));
    must(w, og_route_rules_read(doc.root, &mem, &rules, &w->err));
    og_json_doc_finish(&doc);
    og_route_table_set_rules(w->svc.lane.routes, ACCOUNT, &rules, &mem);
    og_arena_finish(&mem);
}

static void
test_rules(void **state)
{
    struct world *w = *state;
    struct og_str home = add_connected(w), away = add_connected(w);
    char document[512];
    snprintf(document, sizeof document,
             "{\"groups\":[{\"name\":\"h\",\"devices\":[\"%" OG_STR_FMT "\"]},"
             "{\"name\":\"a\",\"devices\":[\"%" OG_STR_FMT "\"]}],"
             "\"rules\":[{\"prefixes\":[\"+4915\"],\"classes\":[\"otp\"],\"groups\":[\"h\"]},"
             "{\"tags\":[\"news\"],\"groups\":[\"a\"]}],\"sticky\":true}",
             OG_STR_ARG(home), OG_STR_ARG(away));
    set_rules(w, document);
    for (int i = 0; i < 4; i++) {
        assert_text(send_code(w).device_id, home);
        struct og_message_ask ask = new_ask();
        ask.tag = OG_STR("news");
        struct og_message m = send_ask(w, &ask);
        assert_text(m.device_id, away);
        assert_text(row_of(w, m.id).tag, OG_STR("news"));
    }
    /* its phone goes: a code may take no other, the others wait for theirs */
    struct og_message m = send_code(w);
    set_present(w, home, false);
    wait_ms(w, 4000);
    assert_text(queued_for(w, m.id), home);
    wait_ms(w, 21000);
    assert_state(w, m.id, F, true, "undeliverable: no phone can take it");
    assert_agreement(w);
}

static void
test_a_wish_for_a_phone(void **state)
{
    struct world *w = *state;
    struct og_str first = add_connected(w);
    add_connected(w);
    set_rules(w, "{\"rebind\":true}");
    struct og_message_ask ask = new_ask();
    ask.device_id = first;
    assert_false(send_ask(w, &ask).bound);
}

static void
test_moves_by_rules(void **state)
{
    struct world *w = *state;
    struct og_str a = add_connected(w);
    struct og_message m = send_one(w);
    struct og_str b = add_connected(w), c = add_connected(w);
    char document[256];
    snprintf(document, sizeof document,
             "{\"groups\":[{\"name\":\"g\",\"devices\":[\"%" OG_STR_FMT "\",\"%" OG_STR_FMT
             "\"]}],\"rules\":[{\"prefixes\":[\"+49\"],\"groups\":[\"g\"]}]}",
             OG_STR_ARG(a), OG_STR_ARG(c));
    set_rules(w, document);
    set_present(w, a, false);
    wait_ms(w, 20001);
    wait_ms(w, 1);
    assert_text(queued_for(w, m.id), c);
    assert_text(row_of(w, m.id).device_id, c);
    assert_false(og_str_eq(c, b));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_WORLD(test_a_fetch_keeps_the_pace),
        WITH_WORLD(test_what_a_message_waits_for_is_true_after_a_move),
        WITH_WORLD(test_parts_are_counted),
        WITH_WORLD(test_a_restart_exceeds_no_limit),
        WITH_WORLD(test_both_sims_and_the_phone),
        WITH_WORLD(test_bulk_gives_way),
        WITH_WORLD(test_distinct_recipients),
        WITH_WORLD(test_req_49_a_failure_is_another_phones_chance),
        WITH_WORLD(test_what_no_route_mends),
        WITH_WORLD(test_silence_is_another_phones_chance),
        WITH_WORLD(test_silence_after_processed),
        WITH_WORLD(test_a_late_word),
        WITH_WORLD(test_other_messages_are_not_repeated),
        WITH_WORLD(test_a_code_that_nobody_fetches_moves),
        WITH_WORLD(test_a_phone_that_goes_loses_its_code_at_once),
        WITH_WORLD(test_undeliverable_at_once),
        WITH_WORLD(test_undeliverable_in_time),
        WITH_WORLD(test_a_dead_code_stays),
        WITH_WORLD(test_quarantine),
        WITH_WORLD(test_rules),
        WITH_WORLD(test_a_wish_for_a_phone),
        WITH_WORLD(test_moves_by_rules),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
