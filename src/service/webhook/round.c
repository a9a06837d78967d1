/*
 * A round of delivery as the rows see it: results in, the next tries out. A row that is handed out
 * is leased: it is not due again until its result is written, or the lease is over because none
 * came.
 */
#include <stdio.h>

#include "base/log.h"
#include "service/webhook/webhook_service.h"
#include "store/sealed_box.h"


void
og_webhook_sign(struct og_str key, struct og_str body, struct og_str timestamp,
                char out[OG_DIGEST_HEX_CHARS + 1])
{
    const struct og_str parts[] = {body, timestamp};
    uint8_t digest[OG_DIGEST_BYTES];
    og_hmac_sha256(key, parts, 2, digest);
    og_hex(digest, sizeof digest, out);
}

/* ---- results ---- */

static enum og_code
note_failure(struct og_webhook_round_op *self, struct og_tx *tx,
             const struct og_webhook_result *result)
{
    uint32_t dice;
    og_random_fast(&dice, sizeof dice);
    int64_t next_at =
        tx->now_ms + og_webhook_backoff_ms(self->first_wait_ms, result->failed + 1, dice);
    bool is_over = next_at > result->created_at + OG_WEBHOOK_GIVE_UP_MS;
    self->dead_count += is_over;
    return og_hook_queue_failed(tx->db, result->id, next_at, og_str_from(result->reason),
                            is_over ? tx->now_ms : 0, &self->op.err);
}

static enum og_code
note_result(struct og_webhook_round_op *self, struct og_tx *tx,
            const struct og_webhook_result *result)
{
    if (result->is_taken) {
        return og_hook_queue_taken(tx->db, result->id, tx->now_ms, &self->op.err);
    }
    if (result->is_gone) {
        self->dead_count++;
        og_log_warn("service", "a webhook is disabled: its receiver is gone",
                    "account=%" OG_STR_FMT " webhook=%s", OG_STR_ARG(result->account_id),
                    og_log_quote(result->webhook_id));
        return og_webhook_disable(tx->db, result->account_id, result->webhook_id, tx->now_ms,
                                  &self->op.err);
    }
    return note_failure(self, tx, result);
}

/* ---- tries ---- */

static struct og_webhook_room *
find_room(struct og_webhook_round_op *self, const struct og_webhook *hook)
{
    const struct og_str key = og_str_printf(self->mem, "%" OG_STR_FMT "/%" OG_STR_FMT,
                                            OG_STR_ARG(hook->account_id), OG_STR_ARG(hook->id));
    for (int i = 0; i < self->room_count; i++) {
        if (og_str_eq(self->rooms[i].hook, key)) {
            return &self->rooms[i];
        }
    }
    self->rooms[self->room_count] =
        (struct og_webhook_room){.hook = key, .given_max = self->given_max};
    return &self->rooms[self->room_count++];
}

/* What all tries of a hook have in common. */
struct target {
    const struct og_webhook *hook;
    struct og_webhook_room *room;
    struct og_str authorities;
    struct og_secret signing_key;
};

static enum og_code
read_target(struct og_webhook_round_op *self, struct og_tx *tx, struct target *target)
{
    struct og_webhook_account account;
    const struct og_str account_id = target->hook->account_id;
    enum og_code code =
        og_webhook_account_find(tx->db, account_id, self->mem, &account, &self->op.err);
    if (code == OG_OK) {
        target->authorities = account.authorities;
        code = og_webhook_signing_key(self->svc, tx->db, account_id, self->mem,
                                      &target->signing_key, NULL, &self->op.err);
    }
    return code;
}

/* What does not open never will: the event is dead at once, and nobody waits for it. */
static enum og_code
bury(struct og_webhook_round_op *self, struct og_tx *tx, const struct og_webhook_event_row *row,
     const char *reason)
{
    self->dead_count++;
    return og_hook_queue_failed(tx->db, row->id, tx->now_ms, og_str_from(reason), tx->now_ms,
                                &self->op.err);
}

static enum og_code
take_one(struct og_webhook_round_op *self, struct og_tx *tx, const struct target *target,
         const struct og_webhook_event_row *row)
{
    struct og_err *err = &self->op.err;
    struct og_webhook_try *one = &self->tries[self->try_count];
    struct og_buf body;
    og_buf_init(&body, row->body.len + 1);
    enum og_code code = og_unseal(&self->svc->keys.seal, row->id, row->body, &body, err);
    if (code != OG_OK) {
        og_buf_finish(&body);
        og_box_fail("event", err);
        return bury(self, tx, row, "cannot be opened");
    }
    *one = (struct og_webhook_try){
        .id = row->id,
        .account_id = row->account_id,
        .webhook_id = row->webhook_id,
        .url = target->hook->url,
        .host = og_webhook_url_host(target->hook->url),
        .hook = target->room->hook,
        .authorities = target->authorities,
        .signing_key = target->signing_key,
        .body = og_str_dup(self->mem, og_buf_str(&body)),
        .created_at = row->created_at,
        .failed = row->failed,
    };
    og_buf_finish(&body);
    code = og_hook_queue_lease(tx->db, row->id, tx->now_ms + OG_WEBHOOK_LEASE_MS, err);
    self->try_count += code == OG_OK;
    target->room->given += code == OG_OK;
    return code;
}

static enum og_code
take_of_hook(struct og_webhook_round_op *self, struct og_tx *tx, const struct og_webhook *hook)
{
    struct og_webhook_event_row *rows;
    int count = 0;
    struct target target = {hook, find_room(self, hook), {0}, {0}};
    int room = target.room->given_max - target.room->given;
    room = room < self->tries_max - self->try_count ? room : self->tries_max - self->try_count;
    if (room <= 0) {
        return OG_OK;
    }
    enum og_code code =
        og_hook_queue_due(tx->db, hook, tx->now_ms, room, self->mem, &rows, &count, &self->op.err);
    if (code == OG_OK && count > 0) {
        code = read_target(self, tx, &target);
    }
    const bool is_keyless = code == OG_E_UNREADABLE; /* others' events go all the same */
    for (int i = 0; (code == OG_OK || is_keyless) && i < count; i++) {
        code = is_keyless ? bury(self, tx, &rows[i], "the signing key cannot be opened")
                          : take_one(self, tx, &target, &rows[i]);
    }
    og_secret_finish(&target.signing_key);
    return code;
}

/* Each hook may bring a room of its own. */
static void
make_room(struct og_webhook_round_op *self, int more)
{
    size_t count = (size_t)self->room_count;
    struct og_webhook_room *rooms =
        OG_ARENA_ARRAY(self->mem, struct og_webhook_room, count + (size_t)more + 1);
    if (count > 0) {
        memcpy(rooms, self->rooms, count * sizeof *rooms);
    }
    self->rooms = rooms;
}

/* Hooks that had results, each once and as they are now: the next of theirs can follow at once. */
static enum og_code
find_answered(struct og_webhook_round_op *self, struct og_tx *tx, struct og_webhook **hooks_out,
              int *count_out)
{
    enum og_code code = OG_OK;
    int count = 0;
    for (const struct og_webhook_result *at = self->results; at; at = at->next) {
        count++;
    }
    struct og_webhook *hooks =
        OG_ARENA_ARRAY(self->mem, struct og_webhook, (size_t)count + 1);
    count = 0;
    for (const struct og_webhook_result *at = self->results; code == OG_OK && at; at = at->next) {
        bool is_there = false;
        for (int i = 0; i < count && !is_there; i++) {
            is_there = og_str_eq(hooks[i].id, at->webhook_id) &&
                       og_str_eq(hooks[i].account_id, at->account_id);
        }
        if (!is_there) {
            bool is_found = false;
            code = og_webhook_find(tx->db, at->account_id, at->webhook_id, self->mem,
                                   &hooks[count], &is_found, &self->op.err);
            count += is_found && !hooks[count].disabled_at;
        }
    }
    *hooks_out = hooks;
    *count_out = count;
    return code;
}

enum og_code
og_webhook_round_apply(struct og_op *op, struct og_tx *tx)
{
    struct og_webhook_round_op *self = (struct og_webhook_round_op *)op;
    enum og_code code = OG_OK;
    for (const struct og_webhook_result *at = self->results; code == OG_OK && at; at = at->next) {
        code = note_result(self, tx, at);
    }
    struct og_webhook *hooks;
    int count = 0;
    if (code == OG_OK) {
        code = self->looks_at_all ? og_hook_queue_hooks_due(tx->db, tx->now_ms, self->mem, &hooks,
                                                            &count, &op->err)
                                  : find_answered(self, tx, &hooks, &count);
    }
    self->tries = OG_ARENA_ARRAY(self->mem, struct og_webhook_try, (size_t)self->tries_max + 1);
    make_room(self, code == OG_OK ? count : 0);
    for (int i = 0; code == OG_OK && i < count && self->try_count < self->tries_max; i++) {
        code = take_of_hook(self, tx, &hooks[i]);
    }
    return code;
}
