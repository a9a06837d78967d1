/* A message on the phone and how its state follows from those of its recipients: the rules are
 * the app's (wire/smsgate.md section 3.5), mistakes included, because the server must live
 * with them. */
#include "phone/sms.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/secret.h"
#include "phone/protocol.h"
#include "phone/sms_parts.h"

static const struct {
    const char *wire;
    int rank;
} states[] = {
#define ROW(name, wire, rank) [OG_SMS_##name] = {wire, rank},
    OG_SMS_STATES(ROW)
#undef ROW
};

const char *
og_sms_state_name(enum og_sms_state state)
{
    return states[state].wire;
}

int
og_sms_state_rank(enum og_sms_state state)
{
    return states[state].rank;
}

enum og_sms_state
og_sms_state_of(struct og_str name)
{
    for (int i = 0; i < OG_SMS_STATE_COUNT; i++) {
        if (og_str_eq(name, og_str_from(states[i].wire))) {
            return (enum og_sms_state)i;
        }
    }
    return OG_SMS_STATE_COUNT;
}

/* Bytes of a base64 text without decoding it. */
static size_t
base64_size(struct og_str text)
{
    size_t padding = 0;
    while (padding < 2 && padding < text.len && text.ptr[text.len - 1 - padding] == '=') {
        padding++;
    }
    return text.len / 4 * 3 - (text.len >= 4 ? padding : 0);
}

static int
count_parts(const struct og_pull_item *item)
{
    return item->is_data ? og_sms_parts_of_data(base64_size(item->text))
                         : og_sms_parts_of_text(item->text);
}

struct og_sms *
og_sms_create(const struct og_pull_item *item, int64_t now_ms)
{
    size_t bytes = sizeof(struct og_sms) + item->numbers.count * sizeof(struct og_sms_recipient);
    for (size_t i = 0; i < item->numbers.count; i++) {
        bytes += item->numbers.items[i].len + 1;
    }
    struct og_sms *self = og_xalloc(bytes);
    self->recipients = (struct og_sms_recipient *)(self + 1);
    self->recipient_count = item->numbers.count;
    char *at = (char *)(self->recipients + self->recipient_count);
    for (size_t i = 0; i < self->recipient_count; i++) {
        struct og_str number = item->numbers.items[i];
        self->recipients[i].number = memcpy(at, number.ptr, number.len);
        at += number.len + 1;
    }
    snprintf(self->id, sizeof(self->id), "%" OG_STR_FMT, OG_STR_ARG(item->id));
    self->text = og_xalloc(item->text.len + 1);
    memcpy(self->text, item->text.len ? item->text.ptr : "", item->text.len);
    self->text_len = item->text.len;
    self->is_data = item->is_data;
    self->want_report = item->want_report;
    self->is_encrypted = item->is_encrypted;
    self->priority = item->priority;
    self->sim = item->sim_number;
    self->parts = count_parts(item);
    self->created_at = item->created_at;
    self->valid_until_at = item->valid_until_at;
    self->schedule_at = item->schedule_at;
    self->state_at[OG_SMS_PENDING] = now_ms;
    return self;
}

void
og_sms_drop_text(struct og_sms *self)
{
    if (self->text) {
        og_wipe(self->text, self->text_len);
        free(self->text);
        self->text = NULL;
        self->text_len = 0;
    }
}

void
og_sms_destroy(struct og_sms *self)
{
    if (self) {
        og_sms_drop_text(self);
        free(self);
    }
}

bool
og_sms_is_done(const struct og_sms *self)
{
    return og_sms_state_rank(self->state) >= og_sms_state_rank(OG_SMS_SENT);
}

static size_t
count_in(const struct og_sms *self, enum og_sms_state state)
{
    size_t count = 0;
    for (size_t i = 0; i < self->recipient_count; i++) {
        count += self->recipients[i].state == state;
    }
    return count;
}

/* The app's aggregate, first match wins: {Failed, Delivered} is Sent, any Cancelled is
 * Cancelled. */
static enum og_sms_state
aggregate(const struct og_sms *self)
{
    static const enum og_sms_state any[] = {OG_SMS_PENDING, OG_SMS_CANCELLING, OG_SMS_CANCELLED,
                                            OG_SMS_PROCESSED};
    for (size_t i = 0; i < sizeof(any) / sizeof(any[0]); i++) {
        if (count_in(self, any[i]) > 0) {
            return any[i];
        }
    }
    if (count_in(self, OG_SMS_FAILED) == self->recipient_count) {
        return OG_SMS_FAILED;
    }
    return count_in(self, OG_SMS_DELIVERED) == self->recipient_count ? OG_SMS_DELIVERED
                                                                     : OG_SMS_SENT;
}

static void
settle(struct og_sms *self, int64_t now_ms)
{
    self->state = aggregate(self);
    if (self->state_at[self->state] == 0) {
        self->state_at[self->state] = now_ms;
    }
}

bool
og_sms_move(struct og_sms *self, size_t recipient, enum og_sms_state state, const char *error,
            int64_t now_ms)
{
    struct og_sms_recipient *to = &self->recipients[recipient];
    if (og_sms_state_rank(state) <= og_sms_state_rank(to->state)) {
        return false;
    }
    to->state = state;
    snprintf(to->error, sizeof(to->error), "%s", error ? error : "");
    settle(self, now_ms);
    return true;
}

bool
og_sms_move_all(struct og_sms *self, enum og_sms_state state, const char *error, int64_t now_ms)
{
    bool changed = false;
    for (size_t i = 0; i < self->recipient_count; i++) {
        changed = og_sms_move(self, i, state, error, now_ms) || changed;
    }
    return changed;
}
