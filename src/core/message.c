/*
 * One table says which changes exist; merging asks it for each recipient and concludes the message
 * from them. Nothing here fails: a phone's nonsense is counted.
 */
#include "core/message.h"

#include <assert.h>

static const struct og_str state_names[OG_MESSAGE_STATE_COUNT] = {
    [OG_MESSAGE_PENDING] = {"Pending", 7},     [OG_MESSAGE_CANCELLING] = {"Cancelling", 10},
    [OG_MESSAGE_CANCELLED] = {"Cancelled", 9}, [OG_MESSAGE_PROCESSED] = {"Processed", 9},
    [OG_MESSAGE_SENT] = {"Sent", 4},           [OG_MESSAGE_DELIVERED] = {"Delivered", 9},
    [OG_MESSAGE_FAILED] = {"Failed", 6},
};

#define TO(state) (1u << OG_MESSAGE_##state)

/* Where each state may go. */
static const unsigned next_states[OG_MESSAGE_STATE_COUNT] = {
    [OG_MESSAGE_PENDING] =
        TO(CANCELLING) | TO(CANCELLED) | TO(PROCESSED) | TO(SENT) | TO(DELIVERED) | TO(FAILED),
    [OG_MESSAGE_CANCELLING] =
        TO(CANCELLED) | TO(PROCESSED) | TO(SENT) | TO(DELIVERED) | TO(FAILED),
    [OG_MESSAGE_PROCESSED] = TO(SENT) | TO(DELIVERED) | TO(FAILED),
    [OG_MESSAGE_SENT] = TO(DELIVERED) | TO(FAILED),
    [OG_MESSAGE_CANCELLED] = 0,
    [OG_MESSAGE_DELIVERED] = 0,
    [OG_MESSAGE_FAILED] = 0,
};

static const unsigned terminal_states = TO(CANCELLED) | TO(DELIVERED) | TO(FAILED);
static const unsigned upgrades_of_assumed_failure = TO(SENT) | TO(DELIVERED);

static bool
is_in(enum og_message_state state, unsigned set)
{
    return set >> state & 1;
}

const char *
og_message_state_name(enum og_message_state state)
{
    assert((unsigned)state < OG_MESSAGE_STATE_COUNT);
    return state_names[state].ptr;
}

bool
og_message_state_from_text(struct og_str text, enum og_message_state *out)
{
    for (unsigned state = 0; state < OG_MESSAGE_STATE_COUNT; state++) {
        if (og_str_eq(text, state_names[state])) {
            *out = (enum og_message_state)state;
            return true;
        }
    }
    return false;
}

bool
og_message_may_become(enum og_message_state from, enum og_message_state to, bool assumed)
{
    if (from == OG_MESSAGE_FAILED && assumed) {
        return is_in(to, upgrades_of_assumed_failure);
    }
    return is_in(to, next_states[from]);
}

bool
og_message_is_final(enum og_message_state state, bool wants_delivery_report)
{
    return is_in(state, terminal_states) ||
           (state == OG_MESSAGE_SENT && !wants_delivery_report);
}

/* The rule itself, over how many recipients are in each state. */
static enum og_message_state
aggregate(const size_t counts[OG_MESSAGE_STATE_COUNT], size_t total)
{
    static const enum og_message_state any[] = {OG_MESSAGE_PENDING, OG_MESSAGE_CANCELLING,
                                                OG_MESSAGE_CANCELLED, OG_MESSAGE_PROCESSED};

    assert(total > 0);
    for (size_t i = 0; i < sizeof(any) / sizeof(any[0]); i++) {
        if (counts[any[i]] > 0) {
            return any[i];
        }
    }
    if (counts[OG_MESSAGE_FAILED] == total) {
        return OG_MESSAGE_FAILED;
    }
    return counts[OG_MESSAGE_DELIVERED] == total ? OG_MESSAGE_DELIVERED : OG_MESSAGE_SENT;
}

enum og_message_state
og_message_aggregate(const enum og_message_state *states, size_t count)
{
    size_t counts[OG_MESSAGE_STATE_COUNT] = {0};
    for (size_t i = 0; i < count; i++) {
        counts[states[i]]++;
    }
    return aggregate(counts, count);
}

bool
og_message_record_is_final(const struct og_message_record *self, bool wants_delivery_report)
{
    for (size_t i = 0; i < self->recipient_count; i++) {
        if (!og_message_is_final(self->recipients[i].state, wants_delivery_report)) {
            return false;
        }
    }
    return true;
}

static void
set_recipient(struct og_message_recipient *recipient, enum og_message_state state,
              struct og_str error, bool is_assumed)
{
    recipient->state = state;
    recipient->error = state == OG_MESSAGE_FAILED ? error : (struct og_str){0};
    recipient->is_assumed = state == OG_MESSAGE_FAILED && is_assumed;
    recipient->changed = true;
}

/* Conclude the message from its recipients. A state that would be a step back (they are Pending
 * while the message is Cancelling) leaves it as it is. */
static void
conclude(struct og_message_record *self)
{
    size_t counts[OG_MESSAGE_STATE_COUNT] = {0};
    bool any_assumed = false;

    for (size_t i = 0; i < self->recipient_count; i++) {
        counts[self->recipients[i].state]++;
        any_assumed |= self->recipients[i].is_assumed;
    }
    enum og_message_state state = aggregate(counts, self->recipient_count);
    if (og_message_may_become(self->state, state, self->is_assumed)) {
        self->state = state;
    }
    self->is_assumed = self->state == OG_MESSAGE_FAILED && any_assumed;
}

static void
merge_recipient(struct og_message_recipient *self, enum og_message_state state,
                struct og_str error, struct og_message_merge *out)
{
    if (state == OG_MESSAGE_PENDING) {
        state = OG_MESSAGE_PROCESSED;
    }
    bool proves_failure = self->is_assumed && state == OG_MESSAGE_FAILED;
    if (proves_failure || og_message_may_become(self->state, state, self->is_assumed)) {
        set_recipient(self, state, error, false);
        out->changed_count++;
    } else if (self->state == state) {
        out->repeated_count++;
    } else {
        out->impossible_count++;
    }
}

/* Is `stored` what the phone means by `said`: the same, or the same but for a lost '+'? */
static bool
is_same_number(struct og_str stored, struct og_str said, bool add_plus)
{
    if (!add_plus) {
        return og_str_eq(stored, said);
    }
    return stored.len == said.len + 1 && stored.ptr[0] == '+' &&
           og_str_eq(og_str_slice(stored, 1, stored.len), said);
}

static struct og_message_recipient *
find_recipient(const struct og_message_record *self, struct og_str number)
{
    for (int add_plus = 0; add_plus <= 1; add_plus++) {
        for (size_t i = 0; i < self->recipient_count; i++) {
            if (is_same_number(self->recipients[i].number, number, add_plus)) {
                return &self->recipients[i];
            }
        }
    }
    return NULL;
}

/* Does it say one thing of all recipients, under names that are not ours because ours are
 * encrypted? */
static bool
is_of_all_in_plain(const struct og_message_record *self, const struct og_message_report *report)
{
    if (!self->is_encrypted || report->recipient_count != self->recipient_count) {
        return false;
    }
    for (size_t i = 0; i < report->recipient_count; i++) {
        if (report->recipients[i].state != report->recipients[0].state ||
            find_recipient(self, report->recipients[i].number)) {
            return false;
        }
    }
    return true;
}

static void
merge_recipients(struct og_message_record *self, const struct og_message_report *report,
                 struct og_message_merge *out)
{
    if (report->recipient_count > 0 && is_of_all_in_plain(self, report)) {
        for (size_t i = 0; i < self->recipient_count; i++) {
            const struct og_recipient_report *said = &report->recipients[i];
            merge_recipient(&self->recipients[i], said->state, said->error, out);
        }
        return;
    }
    for (size_t i = 0; i < report->recipient_count; i++) {
        const struct og_recipient_report *said = &report->recipients[i];
        struct og_message_recipient *recipient = find_recipient(self, said->number);
        if (recipient) {
            merge_recipient(recipient, said->state, said->error, out);
        } else {
            out->unknown_count++;
        }
    }
    if (report->recipient_count > 0) {
        return;
    }
    for (size_t i = 0; i < self->recipient_count; i++) {
        merge_recipient(&self->recipients[i], report->state, (struct og_str){0}, out);
    }
}

static int64_t
clamp(int64_t value, int64_t min, int64_t max)
{
    if (value > max) {
        return max;
    }
    return value < min ? min : value;
}

/* May a phone tell the time of this state? Acceptance and cancelling are ours, and an end that the
 * message has not come to is not believed. */
static bool
is_time_wanted(const struct og_message_record *self, enum og_message_state state)
{
    return state != OG_MESSAGE_PENDING && state != OG_MESSAGE_CANCELLING &&
           (state == self->state || !is_in(state, terminal_states)) &&
           self->times.at_ms[state] == 0;
}

/* Take the phone's times; the state that was just reached gets `now` if the phone did not say. */
static bool
merge_times(struct og_message_record *self, const struct og_message_times *said, int64_t now_ms)
{
    bool changed = false;
    int64_t accepted_ms = self->times.at_ms[OG_MESSAGE_PENDING];

    for (unsigned state = 0; said && state < OG_MESSAGE_STATE_COUNT; state++) {
        if (said->at_ms[state] > 0 && is_time_wanted(self, state)) {
            self->times.at_ms[state] = clamp(said->at_ms[state], accepted_ms, now_ms);
            changed = true;
        }
    }
    if (self->times.at_ms[self->state] == 0) {
        self->times.at_ms[self->state] = now_ms;
        changed = true;
    }
    return changed;
}

void
og_message_merge(struct og_message_record *self, const struct og_message_report *report,
                 int64_t now_ms, struct og_message_merge *out)
{
    *out = (struct og_message_merge){.old_state = self->state};
    merge_recipients(self, report, out);
    conclude(self);
    out->state_changed = self->state != out->old_state;
    if (out->state_changed && out->old_state == OG_MESSAGE_FAILED) {
        self->times.at_ms[OG_MESSAGE_FAILED] = 0;
        out->failure_withdrawn = true;
        out->times_changed = true;
    }
    out->times_changed |= merge_times(self, &report->times, now_ms);
}

size_t
og_message_end_open(struct og_message_record *self, enum og_message_state state,
                    struct og_str error, bool is_assumed, int64_t now_ms)
{
    unsigned open = TO(PENDING) | TO(CANCELLING) | (state == OG_MESSAGE_FAILED ? TO(PROCESSED) : 0);
    size_t changed = 0;

    assert(state == OG_MESSAGE_FAILED || state == OG_MESSAGE_CANCELLED);
    for (size_t i = 0; i < self->recipient_count; i++) {
        if (is_in(self->recipients[i].state, open)) {
            set_recipient(&self->recipients[i], state, error, is_assumed);
            changed++;
        }
    }
    conclude(self);
    merge_times(self, NULL, now_ms);
    return changed;
}
