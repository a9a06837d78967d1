/*
 * Messages for tests of the message store.
 */
#pragma once

#include "base/id.h"
#include "row_fixture.h"
#include "store/message_store.h"

#define NUMBER OG_STR("+4915112345678")
#define TEXT OG_STR("a text of 1 kind")

/* A plain pending message to one number; tests change what they are about. */
static inline struct og_message
new_message_at(struct rows *r, int64_t created_at)
{
    char id[OG_ID_BYTES];
    og_id_make(created_at, id);
    struct og_message m = {
        .id = og_str_dup(&r->mem, og_str_from(id)),
        .account_id = ACCOUNT,
        .device_id = OG_STR("phone-1"),
        .text = TEXT,
        .record = {.state = OG_MESSAGE_PENDING,
                   .recipients = OG_ARENA_NEW(&r->mem, struct og_message_recipient),
                   .recipient_count = 1},
        .created_at = created_at,
        .deadline_at = created_at + 60000,
    };
    m.record.recipients[0].number = NUMBER;
    m.record.times.at_ms[OG_MESSAGE_PENDING] = created_at;
    return m;
}

static inline struct og_message
new_message(struct rows *r)
{
    return new_message_at(r, NOON);
}

static inline void
insert(struct rows *r, const struct og_message *m)
{
    rows_must(r, og_message_insert(r->db, &r->seal, m, &r->err));
}

static inline struct og_message
find(struct rows *r, const struct og_message *m)
{
    struct og_message out;
    rows_must(r, og_message_find(r->db, &r->seal, m->account_id, m->id, &r->mem, &out, &r->err));
    return out;
}

/* Write the message's record as it is now. */
static inline void
save(struct rows *r, const struct og_message *m, enum og_message_state from)
{
    rows_must(r, og_message_save(r->db, &r->seal, m, from, false, false, &r->err));
}

static inline enum og_code
hand(struct rows *r, const struct og_message *m, const char *device, int64_t at_ms,
     struct og_message *out, bool *first)
{
    const struct og_handing to = {.device_id = og_str_from(device)};
    return og_message_hand(r->db, &r->seal, m->account_id, m->id, 0, &to, at_ms, &r->mem, out,
                           first, &r->err);
}

static inline void
must_hand(struct rows *r, const struct og_message *m, const char *device)
{
    struct og_message out;
    bool first;
    rows_must(r, hand(r, m, device, NOON + 10, &out, &first));
}

static inline void
assert_recipients(const struct og_message_record *got, const struct og_message_record *expected)
{
    assert_int_equal(got->recipient_count, expected->recipient_count);
    for (size_t i = 0; i < got->recipient_count; i++) {
        const struct og_message_recipient *a = &got->recipients[i], *b = &expected->recipients[i];
        assert_text(a->number, b->number);
        assert_text(a->error, b->error);
        assert_int_equal(a->state, b->state);
        assert_int_equal(a->is_assumed, b->is_assumed);
        assert_false(a->changed);
    }
}

static inline void
assert_message(const struct og_message *got, const struct og_message *expected)
{
    assert_text(got->id, expected->id);
    assert_text(got->client_id, expected->client_id);
    assert_text(got->account_id, expected->account_id);
    assert_text(got->device_id, expected->device_id);
    assert_text(got->text, expected->text);
    assert_text(got->reason, expected->reason);
    assert_text(got->verification_id, expected->verification_id);
    assert_int_equal(got->record.state, expected->record.state);
    assert_int_equal(got->record.is_assumed, expected->record.is_assumed);
    for (int i = 0; i < OG_MESSAGE_STATE_COUNT; i++) {
        assert_int_equal(got->record.times.at_ms[i], expected->record.times.at_ms[i]);
    }
    assert_recipients(&got->record, &expected->record);
    assert_int_equal(got->cls, expected->cls);
    assert_int_equal(got->priority, expected->priority);
    assert_int_equal(got->sim_number, expected->sim_number);
    assert_int_equal(got->bound, expected->bound);
    assert_int_equal(got->want_report, expected->want_report);
    assert_int_equal(got->encrypted, expected->encrypted);
    assert_int_equal(got->created_at, expected->created_at);
    assert_int_equal(got->valid_until, expected->valid_until);
    assert_int_equal(got->deadline_at, expected->deadline_at);
    assert_int_equal(got->handed_at, expected->handed_at);
    assert_int_equal(got->final_at, expected->final_at);
}
