/*
 * What a phone's stream gets to hear, and what the gateway hears of streams.
 */
#include "hub_fixture.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Headers must leave before the first event: a comment goes out at once. */
static void
test_a_stream_opens_with_a_comment(void **state)
{
    struct world *w = *state;
    struct fake_sink *sink = open_stream(w, 0, "phone");
    assert_sent(w, sink, OPENING);
    assert_int_equal(og_hub_stream_count(w->hub), 1);
    hang_up(w, sink);
    assert_int_equal(og_hub_stream_count(w->hub), 0);
}

static void
test_presence_is_told_for_the_first_and_the_last_stream(void **state)
{
    struct world *w = *state;
    struct fake_sink *first = open_stream(w, 0, "phone");
    assert_told(w, "acc/phone+ ");
    struct fake_sink *second = open_stream(w, 0, "phone");
    struct fake_sink *on_other_loop = open_stream(w, 1, "phone");
    assert_told(w, "");
    struct fake_sink *other = open_stream(w, 1, "other");
    assert_told(w, "acc/other+ ");
    hang_up(w, first);
    hang_up(w, second);
    assert_told(w, "");
    hang_up(w, on_other_loop);
    assert_told(w, "acc/phone- ");
    hang_up(w, other);
    assert_told(w, "acc/other- ");
    open_stream(w, 1, "phone");
    assert_told(w, "acc/phone+ ");
}

static void
reserve_here(void *arg)
{
    struct opening *self = arg;
    og_hub_reserve(self->sink->world->hub, self->loop_index, self->account, self->device,
                   &self->sink->owner);
}

/* The peer may be gone between the two steps. */
static void
test_a_stream_that_was_never_attached_is_nothing(void **state)
{
    struct world *w = *state;
    struct fake_sink *sink = make_sink(w, 0);
    struct opening opening = {sink, 0, OG_STR("acc"), OG_STR("phone")};
    on_loop(sink->loop, reserve_here, &opening);
    open_stream(w, 0, "other");
    assert_told(w, "acc/other+ ");
    hint_now(w, OG_HINT_MESSAGES, "phone");
    hint_now(w, OG_HINT_CLOSE, "phone");
    sink_finish(sink);
    world_settle(w);
    assert_sent(w, sink, "");
    assert_int_equal(og_hub_stream_count(w->hub), 1);
    assert_told(w, "");
}

/* The phone's reader drops frames without a data line. */
static void
test_every_event_has_a_name_and_data(void **state)
{
    struct world *w = *state;
    static const struct {
        enum og_hint kind;
        const char *message_id;
        const char *frame;
    } cases[] = {
        {OG_HINT_MESSAGES, "", ENQUEUED},
        {OG_HINT_SETTINGS, "", SETTINGS},
        {OG_HINT_WEBHOOKS, "", WEBHOOKS},
        {OG_HINT_PULLED, "", ""},
        {OG_HINT_CANCEL, "Vk9_-x", "event: MessageCancelled\ndata: {\"messageId\":\"Vk9_-x\"}\n\n"},
        /* clients choose ids with all kinds of signs, and the phone knows no other */
        {OG_HINT_CANCEL, "order:42/a b",
         "event: MessageCancelled\ndata: {\"messageId\":\"order:42/a b\"}\n\n"},
        {OG_HINT_CANCEL, "say \"\\\"",
         "event: MessageCancelled\ndata: {\"messageId\":\"say \\\"\\\\\\\"\"}\n\n"},
        {OG_HINT_CANCEL, "\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC"
                         "\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC"
                         "\xE2\x82\xAC\xE2\x82\xAC",
         "event: MessageCancelled\ndata: {\"messageId\":\""
         "\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC"
         "\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC"
         "\"}\n\n"},
        {OG_HINT_CANCEL, "a\nevent: b\n\n",
         "event: MessageCancelled\ndata: {\"messageId\":\"a\\nevent: b\\n\\n\"}\n\n"},
    };
    struct fake_sink *sink = open_stream(w, 0, "phone");
    struct fake_sink *twin = open_stream(w, 1, "phone");
    struct fake_sink *other = open_stream(w, 0, "other");
    assert_sent(w, sink, OPENING);
    assert_sent(w, twin, OPENING);
    assert_sent(w, other, OPENING);
    for (size_t i = 0; i < COUNT(cases); i++) {
        og_hub_hint(w->hub, cases[i].kind, OG_STR("phone"), og_str_from(cases[i].message_id));
        flush(w);
        assert_sent(w, sink, cases[i].frame);
        assert_sent(w, twin, cases[i].frame);
        assert_sent(w, other, "");
    }
}

static void
test_hints_for_nobody_are_forgotten(void **state)
{
    struct world *w = *state;
    hint_now(w, OG_HINT_MESSAGES, "phone"); /* nobody listens at all */
    struct fake_sink *sink = open_stream(w, 0, "phone");
    assert_sent(w, sink, OPENING);
    static const enum og_hint kinds[] = {OG_HINT_MESSAGES, OG_HINT_PULLED, OG_HINT_SETTINGS,
                                         OG_HINT_WEBHOOKS, OG_HINT_CANCEL, OG_HINT_CLOSE};
    for (size_t i = 0; i < COUNT(kinds); i++) {
        hint(w, kinds[i], "stranger");
        hint(w, kinds[i], "");
        hint(w, kinds[i], "phon");
        hint(w, kinds[i], "phone2");
    }
    flush(w);
    assert_sent(w, sink, "");
    assert_int_equal(sink->closes, 0);
}

/* ---- MessageEnqueued ---- */

static void
test_the_first_wake_up_goes_at_once_and_the_next_waits(void **state)
{
    struct world *w = *state;
    struct fake_sink *sink = open_stream(w, 0, "phone");
    struct fake_sink *other = open_stream(w, 0, "other");
    hint_now(w, OG_HINT_MESSAGES, "phone");
    assert_sent(w, sink, OPENING ENQUEUED);
    for (int i = 0; i < 5; i++) {
        hint_now(w, OG_HINT_MESSAGES, "phone");
    }
    assert_sent(w, sink, "");
    hint_now(w, OG_HINT_MESSAGES, "other"); /* not held up by the first */
    assert_sent(w, other, OPENING ENQUEUED);
    /* the gap is over: all that came meanwhile is one wake-up */
    w->now_ms += GAP_MS;
    wait_for_bytes(w, sink, 1);
    assert_sent(w, sink, ENQUEUED);
    /* and it was a wake-up like any other: the next one waits again */
    hint_now(w, OG_HINT_MESSAGES, "phone");
    assert_sent(w, sink, "");
    w->now_ms += GAP_MS;
    wait_for_bytes(w, sink, 1);
    assert_sent(w, sink, ENQUEUED);
    assert_sent(w, other, "");
}

/* Each makes the app drop the request that the last one began. */
static void
test_other_calls_are_coalesced_too(void **state)
{
    struct world *w = *state;
    struct fake_sink *sink = open_stream(w, 0, "phone");
    hint_now(w, OG_HINT_SETTINGS, "phone");
    hint_now(w, OG_HINT_WEBHOOKS, "phone");
    assert_sent(w, sink, OPENING SETTINGS WEBHOOKS);
    for (int i = 0; i < 5; i++) {
        hint_now(w, OG_HINT_SETTINGS, "phone");
        hint_now(w, OG_HINT_WEBHOOKS, "phone");
    }
    hint_now(w, OG_HINT_PULLED, "phone"); /* no concern of theirs */
    assert_sent(w, sink, "");
    w->now_ms += GAP_MS;
    wait_for_bytes(w, sink, sizeof(SETTINGS WEBHOOKS) - 1);
    assert_sent(w, sink, SETTINGS WEBHOOKS);
}

/* One that died unnoticed still counts: what the phone missed meanwhile it can only learn here. */
static void
test_every_stream_is_told_to_ask(void **state)
{
    struct world *w = *state;
    for (int i = 0; i < 3; i++) {
        assert_sent(w, open_stream(w, 0, "phone"), ":connected\n\n" SETTINGS WEBHOOKS);
    }
}

static void
test_a_wake_up_after_the_gap_goes_at_once(void **state)
{
    struct world *w = *state;
    struct fake_sink *sink = open_stream(w, 0, "phone");
    hint_now(w, OG_HINT_MESSAGES, "phone");
    w->now_ms += GAP_MS - 1;
    hint_now(w, OG_HINT_SETTINGS, "phone");
    assert_sent(w, sink, OPENING ENQUEUED SETTINGS);
    w->now_ms += 1;
    hint_now(w, OG_HINT_MESSAGES, "phone");
    assert_sent(w, sink, ENQUEUED);
}

static void
test_a_pull_makes_room_for_the_next_wake_up(void **state)
{
    struct world *w = *state;
    struct fake_sink *sink = open_stream(w, 0, "phone");
    hint_now(w, OG_HINT_MESSAGES, "phone");
    hint_now(w, OG_HINT_PULLED, "phone");
    hint_now(w, OG_HINT_MESSAGES, "phone");
    assert_sent(w, sink, OPENING ENQUEUED ENQUEUED);
    /* what was held back before a pull is with the phone now */
    hint_now(w, OG_HINT_MESSAGES, "phone");
    hint_now(w, OG_HINT_PULLED, "phone");
    struct fake_sink *probe = open_stream(w, 0, "probe");
    hint_now(w, OG_HINT_MESSAGES, "probe");
    hint_now(w, OG_HINT_MESSAGES, "probe");
    w->now_ms += GAP_MS;
    wait_for_bytes(w, probe, sizeof(OPENING ENQUEUED ENQUEUED) - 1);
    assert_sent(w, probe, OPENING ENQUEUED ENQUEUED);
    assert_sent(w, sink, ""); /* its turn of the timer would have come with the probe's */
    /* in one batch: what the lane accepted after the pull is told */
    hint(w, OG_HINT_MESSAGES, "phone");
    hint(w, OG_HINT_PULLED, "phone");
    hint(w, OG_HINT_MESSAGES, "phone");
    flush(w);
    assert_sent(w, sink, ENQUEUED ENQUEUED);
}

static void
test_a_held_wake_up_ends_with_its_stream(void **state)
{
    struct world *w = *state;
    struct fake_sink *sink = open_stream(w, 0, "phone");
    hint_now(w, OG_HINT_MESSAGES, "phone");
    hint_now(w, OG_HINT_MESSAGES, "phone");
    hang_up(w, sink);
    struct fake_sink *again = open_stream(w, 0, "phone");
    hint_now(w, OG_HINT_MESSAGES, "phone"); /* a new stream owes nothing to the old one */
    assert_sent(w, again, OPENING ENQUEUED);
}

/* ---- ends ---- */

static void
test_a_removed_phone_loses_its_streams(void **state)
{
    struct world *w = *state;
    struct fake_sink *sink = open_stream(w, 0, "phone");
    struct fake_sink *twin = open_stream(w, 1, "phone");
    struct fake_sink *other = open_stream(w, 1, "other");
    assert_told(w, "acc/phone+ acc/other+ ");
    hint_now(w, OG_HINT_CLOSE, "phone");
    assert_true(sink->is_gone);
    assert_true(twin->is_gone);
    assert_false(other->is_gone);
    assert_told(w, "acc/phone- ");
    assert_int_equal(og_hub_stream_count(w->hub), 1);
}

static void
test_a_slow_sink_is_dropped(void **state)
{
    struct world *w = *state;
    struct fake_sink *slow = open_stream(w, 0, "phone");
    struct fake_sink *quick = open_stream(w, 0, "phone");
    slow->is_full = true;
    hint_now(w, OG_HINT_SETTINGS, "phone");
    assert_true(slow->is_gone);
    assert_int_equal(slow->closes, 1);
    assert_sent(w, quick, OPENING SETTINGS);
    assert_int_equal(og_hub_stream_count(w->hub), 1);
    assert_told(w, "acc/phone+ ");
    quick->is_full = true;
    hint_now(w, OG_HINT_MESSAGES, "phone");
    assert_told(w, "acc/phone- ");
}

/* Full from the first byte on, or gone before it: no harm. */
static void
test_a_sink_that_takes_nothing_at_all(void **state)
{
    struct world *w = *state;
    struct fake_sink *sink = make_sink(w, 0);
    sink->is_full = true;
    open_sink(sink, 0, "phone");
    world_settle(w);
    assert_true(sink->is_gone);
    assert_told(w, "acc/phone+ acc/phone- ");
    assert_int_equal(og_hub_stream_count(w->hub), 0);
}

static void
test_the_oldest_stream_makes_room(void **state)
{
    struct world *w = *state;
    struct fake_sink *sinks[5];
    for (int i = 0; i < 3; i++) {
        sinks[i] = open_stream(w, 0, "phone");
    }
    struct fake_sink *elsewhere = open_stream(w, 1, "phone"); /* counted per loop */
    struct fake_sink *other = open_stream(w, 0, "other");
    for (int i = 3; i < 5; i++) {
        sinks[i] = open_stream(w, 0, "phone");
        world_settle(w);
        assert_true(sinks[i - 3]->is_gone);
        assert_false(sinks[i - 2]->is_gone);
        assert_sent(w, sinks[i], OPENING);
    }
    assert_false(elsewhere->is_gone);
    assert_false(other->is_gone);
    assert_int_equal(og_hub_stream_count(w->hub), 5);
}

/* Closing takes a while when the peer does not answer; those that are ending do not count. */
static void
test_the_limit_holds_while_old_streams_linger(void **state)
{
    struct world *w = *state;
    struct fake_sink *sinks[6];
    for (int i = 0; i < 6; i++) {
        sinks[i] = make_sink(w, 0);
        sinks[i]->is_stalled = true;
        open_sink(sinks[i], 0, "phone");
    }
    for (int i = 0; i < 6; i++) {
        assert_int_equal(sinks[i]->closes > 0, i < 3);
    }
    for (int i = 0; i < 3; i++) {
        sink_finish(sinks[i]);
    }
    world_settle(w);
    assert_int_equal(og_hub_stream_count(w->hub), 3);
    assert_told(w, "acc/phone+ ");
    for (int i = 3; i < 6; i++) {
        sinks[i]->is_stalled = false;
    }
}

/* ---- keepalive ---- */

static void
test_silent_streams_are_kept_alive(void **state)
{
    struct world *w = *state;
    struct fake_sink *early = open_stream(w, 0, "phone");
    w->now_ms += 1000;
    struct fake_sink *late = open_stream(w, 0, "phone");
    struct fake_sink *talking = open_stream(w, 0, "other");
    w->now_ms += 1000;
    hint_now(w, OG_HINT_SETTINGS, "other");
    assert_sent(w, early, OPENING);
    assert_sent(w, late, OPENING);
    assert_sent(w, talking, OPENING SETTINGS);
    w->now_ms += KEEPALIVE_MS - 2000; /* since the first one's opening */
    wait_for_bytes(w, early, 1);
    world_settle(w);
    assert_sent(w, early, KEEPALIVE);
    assert_sent(w, late, "");
    w->now_ms += 1000;
    wait_for_bytes(w, late, 1);
    assert_sent(w, late, KEEPALIVE);
    assert_sent(w, talking, "");
    w->now_ms += 1000;
    wait_for_bytes(w, talking, 1);
    assert_sent(w, talking, KEEPALIVE);
    assert_sent(w, early, "");
    w->now_ms += 1000;
    wait_for_bytes(w, early, 1);
    assert_sent(w, early, KEEPALIVE);
}

/* One that is full, or ending, must not keep the others from theirs. */
static void
test_a_dead_stream_does_not_stop_keepalives(void **state)
{
    struct world *w = *state;
    struct fake_sink *dead = open_stream(w, 0, "phone");
    struct fake_sink *alive = open_stream(w, 0, "phone");
    dead->is_full = dead->is_stalled = true;
    w->now_ms += KEEPALIVE_MS;
    wait_for_bytes(w, alive, sizeof(OPENING KEEPALIVE) - 1);
    assert_sent(w, alive, OPENING KEEPALIVE);
    world_settle(w);
    assert_int_not_equal(dead->closes, 0);
    w->now_ms += KEEPALIVE_MS;
    wait_for_bytes(w, alive, 1);
    assert_sent(w, alive, KEEPALIVE);
    sink_finish(dead);
}

/* ---- stop ---- */

static void
test_stop_closes_what_is_open(void **state)
{
    struct world *w = *state;
    struct fake_sink *sinks[] = {open_stream(w, 0, "phone"), open_stream(w, 1, "phone"),
                                 open_stream(w, 1, "other")};
    hint_now(w, OG_HINT_MESSAGES, "phone");
    hint_now(w, OG_HINT_MESSAGES, "phone"); /* held back: its timer must not outlive the hub */
    og_hub_stop(w->hub);
    w->is_stopped = true;
    world_settle(w);
    for (size_t i = 0; i < COUNT(sinks); i++) {
        assert_true(sinks[i]->is_gone);
    }
    assert_int_equal(og_hub_stream_count(w->hub), 0);
    hint_now(w, OG_HINT_MESSAGES, "phone"); /* the lanes stop later */
}

/* A peer that does not answer its end: the hub stops all the same. */
static void
test_stop_does_not_wait_for_peers(void **state)
{
    struct world *w = *state;
    struct fake_sink *sink = make_sink(w, 0);
    sink->is_stalled = true;
    open_sink(sink, 0, "phone");
    hint_now(w, OG_HINT_MESSAGES, "phone");
    og_hub_stop(w->hub);
    w->is_stopped = true;
    hint(w, OG_HINT_MESSAGES, "phone");
    hint(w, OG_HINT_CLOSE, "phone");
    flush(w);
    assert_int_not_equal(sink->closes, 0);
    sink_finish(sink);
    world_settle(w);
    assert_told(w, "acc/phone+ acc/phone- ");
}

static void
test_hints_that_were_never_flushed_are_freed(void **state)
{
    struct world *w = *state;
    open_stream(w, 0, "phone");
    og_hub_hint(w->hub, OG_HINT_CANCEL, OG_STR("phone"), OG_STR("m-1"));
    hint(w, OG_HINT_MESSAGES, "phone");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_WORLD(test_a_stream_opens_with_a_comment),
        WITH_WORLD(test_presence_is_told_for_the_first_and_the_last_stream),
        WITH_WORLD(test_a_stream_that_was_never_attached_is_nothing),
        WITH_WORLD(test_every_event_has_a_name_and_data),
        WITH_WORLD(test_hints_for_nobody_are_forgotten),
        WITH_WORLD(test_the_first_wake_up_goes_at_once_and_the_next_waits),
        WITH_WORLD(test_other_calls_are_coalesced_too),
        WITH_WORLD(test_every_stream_is_told_to_ask),
        WITH_WORLD(test_a_wake_up_after_the_gap_goes_at_once),
        WITH_WORLD(test_a_pull_makes_room_for_the_next_wake_up),
        WITH_WORLD(test_a_held_wake_up_ends_with_its_stream),
        WITH_WORLD(test_a_removed_phone_loses_its_streams),
        WITH_WORLD(test_a_slow_sink_is_dropped),
        WITH_WORLD(test_a_sink_that_takes_nothing_at_all),
        WITH_WORLD(test_the_oldest_stream_makes_room),
        WITH_WORLD(test_the_limit_holds_while_old_streams_linger),
        WITH_WORLD(test_silent_streams_are_kept_alive),
        WITH_WORLD(test_a_dead_stream_does_not_stop_keepalives),
        WITH_WORLD(test_stop_closes_what_is_open),
        WITH_WORLD(test_stop_does_not_wait_for_peers),
        WITH_WORLD(test_hints_that_were_never_flushed_are_freed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
