/* A message on the phone and how its state follows from those of its recipients: the rules are
 * the app's (wire/smsgate.md section 3.5), mistakes included, because the server must live
 * with them. */
#include "phone/sms.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/pbe.h"
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
count_parts(bool is_data, struct og_str text)
{
    return is_data ? og_sms_parts_of_data(base64_size(text)) : og_sms_parts_of_text(text);
}

/* A copy on the heap, NUL behind its length. */
static char *
copy_text(struct og_str text)
{
    char *copy = og_xalloc(text.len + 1);
    memcpy(copy, text.len ? text.ptr : "", text.len);
    return copy;
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
    self->text = copy_text(item->text);
    self->text_len = item->text.len;
    self->is_data = item->is_data;
    self->want_report = item->want_report;
    self->is_encrypted = item->is_encrypted;
    self->priority = item->priority;
    self->sim = item->sim_number;
    self->parts = count_parts(item->is_data, item->text);
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

static void
wipe_text(char *text)
{
    if (text) {
        og_wipe(text, strlen(text));
        free(text);
    }
}

/* `plain` is the caller's to wipe, also after an error. */
static enum og_code
open_value(struct og_str cipher, const char *passphrase, struct og_buf *plain, struct og_err *err)
{
    og_buf_init(plain, OG_PBE_PLAIN_MAX_BYTES);
    return passphrase ? og_pbe_decrypt(og_str_from(passphrase), cipher, plain, err)
                      : og_fail(err, OG_E_INVALID, "", "Passphrase is not set");
}

enum og_code
og_sms_open_text(struct og_sms *self, const char *passphrase, struct og_err *err)
{
    struct og_buf plain;
    if (!self->is_encrypted) {
        return OG_OK;
    }
    enum og_code code =
        open_value((struct og_str){self->text, self->text_len}, passphrase, &plain, err);
    if (code == OG_OK) {
        og_sms_drop_text(self);
        self->text = copy_text(og_buf_str(&plain));
        self->text_len = plain.len;
        self->parts = count_parts(self->is_data, og_buf_str(&plain));
    }
    og_buf_finish(&plain);
    return code;
}

enum og_code
og_sms_open_number(struct og_sms *self, size_t recipient, const char *passphrase,
                   struct og_err *err)
{
    struct og_sms_recipient *to = &self->recipients[recipient];
    struct og_buf plain;
    if (!self->is_encrypted) {
        return OG_OK;
    }
    enum og_code code = open_value(og_str_from(to->number), passphrase, &plain, err);
    if (code == OG_OK) {
        to->plain = copy_text(og_buf_str(&plain));
    }
    og_buf_finish(&plain);
    return code;
}

const char *
og_sms_number(const struct og_sms_recipient *recipient)
{
    return recipient->plain ? recipient->plain : recipient->number;
}

void
og_sms_destroy(struct og_sms *self)
{
    if (self) {
        og_sms_drop_text(self);
        for (size_t i = 0; i < self->recipient_count; i++) {
            wipe_text(self->recipients[i].plain);
        }
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
