/*
 * One function per event; each writes at most two small rows. What waited for less than a second
 * did not wait.
 */
#include "service/timeline/note.h"

#include <stdio.h>

#define WAIT_MIN_MS 1000
#define WORDS_BYTES 64

static int64_t
later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

enum og_code
og_timeline_replanned(struct og_tx *tx, const struct og_dispatch_item *item, struct og_str device,
                      enum og_dispatch_why why, struct og_err *err)
{
    const struct og_timeline_note note = {
        .kind = OG_NOTE_REPLANNED,
        .at = tx->now_ms,
        .device_id = device,
        .other_id = item->device,
        .reason = og_str_from(og_dispatch_why_name(why)),
    };
    return og_timeline_add(tx->db, item->account, item->id, &note, err);
}

/* It changed lines in the queue's memory only. */
static enum og_code
note_move(struct og_tx *tx, const struct og_message *m, struct og_str from, struct og_str to,
          const struct og_dispatch_item *item, struct og_err *err)
{
    const struct og_timeline_note note = {
        .kind = OG_NOTE_REPLANNED,
        .at = item->moved_at_ms ? item->moved_at_ms : tx->now_ms,
        .device_id = to,
        .other_id = from,
        .reason = og_str_from(og_dispatch_why_name(item->moved_why)),
    };
    return from.len && !og_str_eq(from, to)
               ? og_timeline_add(tx->db, m->account_id, m->id, &note, err)
               : OG_OK;
}

enum og_code
og_timeline_moved(const struct og_services *svc, struct og_tx *tx, const struct og_message *m,
                  struct og_err *err)
{
    struct og_dispatch_item item;
    return !m->handed_at && og_dispatch_find(svc->lane.dispatch, m->account_id, m->id, &item)
               ? note_move(tx, m, m->device_id, item.device, &item, err)
               : OG_OK;
}

int64_t
og_timeline_hinted_at(const struct og_route_phone *phone, const struct og_dispatch_item *item)
{
    return phone->hinted_at
               ? later(phone->hinted_at, later(item->created_at_ms, item->moved_at_ms))
               : 0;
}

static enum og_code
note_wait(struct og_tx *tx, const struct og_message *m, const struct og_dispatch_item *item,
          const struct og_route_phone *phone, struct og_err *err)
{
    char words[WORDS_BYTES];
    const char *reason = phone->wait.reason;
    const int64_t since =
        later(phone->wait.since, later(item->created_at_ms, item->moved_at_ms));
    const int64_t until = phone->wait.until ? phone->wait.until : tx->now_ms;
    if (!reason || until - since < WAIT_MIN_MS) {
        return OG_OK;
    }
    snprintf(words, sizeof words, "%s%s%s", reason, phone->wait.detail[0] ? ": " : "",
             phone->wait.detail);
    const struct og_timeline_note note = {
        .kind = OG_NOTE_WAITED,
        .at = since,
        .until = until,
        .device_id = m->device_id,
        .reason = og_str_from(words),
    };
    return og_timeline_add(tx->db, m->account_id, m->id, &note, err);
}

enum og_code
og_timeline_handed(struct og_tx *tx, const struct og_message *m,
                   const struct og_dispatch_item *item, const struct og_route_phone *phone,
                   struct og_err *err)
{
    const enum og_code code = note_move(tx, m, m->planned_id, m->device_id, item, err);
    return code == OG_OK ? note_wait(tx, m, item, phone, err) : code;
}

enum og_code
og_timeline_claimed(struct og_tx *tx, const struct og_message *m, struct og_str device,
                    struct og_err *err)
{
    const struct og_timeline_note note = {
        .kind = OG_NOTE_CLAIMED,
        .at = tx->now_ms,
        .until = m->handed_at,
        .device_id = device,
        .other_id = m->device_id,
    };
    return og_timeline_add(tx->db, m->account_id, m->id, &note, err);
}

enum og_code
og_timeline_withdrawn(struct og_tx *tx, const struct og_message *m, int64_t failed_at,
                      struct og_err *err)
{
    const struct og_timeline_note note = {
        .kind = OG_NOTE_WITHDRAWN,
        .at = tx->now_ms,
        .until = failed_at,
        .device_id = m->device_id,
    };
    return og_timeline_add(tx->db, m->account_id, m->id, &note, err);
}

enum og_code
og_timeline_released(struct og_tx *tx, const struct og_message *m, struct og_str before,
                     struct og_err *err)
{
    const struct og_timeline_note note = {
        .kind = OG_NOTE_RELEASED,
        .at = tx->now_ms,
        .device_id = m->device_id,
        .other_id = before,
    };
    return og_timeline_add(tx->db, m->account_id, m->id, &note, err);
}

enum og_code
og_timeline_locked(const struct og_services *svc, struct og_tx *tx,
                   const struct og_verification *v, struct og_err *err)
{
    const struct og_timeline_note note = {
        .kind = OG_NOTE_LOCKED,
        .at = tx->now_ms,
        .until = tx->now_ms + svc->otp.lock_ms,
    };
    return og_timeline_add(tx->db, v->account_id, v->id, &note, err);
}
