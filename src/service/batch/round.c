/*
 * What batches do by themselves: rows become messages as far as pace and phones allow, what is too
 * late expires, what was canceled is taken away. One batch a round, so that none stands before the
 * others and the write lane is free again after a few milliseconds.
 */
#include "service/abuse/abuse_service.h"
#include "service/audit/tell.h"
#include "service/batch/batch_service.h"
#include "service/message/message_service.h"
#include "store/account_store.h"
#include "store/subject_store.h"

#define RELEASE_MAX 32
#define DROP_MAX 500
#define CANCEL_MAX 32
#define ROOM_PER_PHONE 20 /* messages of a batch that wait at once: a minute of a phone's usual pace */
#define PHONES_MAX 64
#define SEEN_WITHIN_MS (15 * INT64_C(60000)) /* a phone without a stream fetches now and then */
#define AGAIN_MS 400
#define BLOCKED_MS 2000
#define PACE_BURST_MS 1000
#define MINUTE_MS 60000

static enum og_code
move(struct og_batch_round_op *self, struct og_tx *tx, enum og_batch_fate from,
     enum og_batch_fate to, int64_t n)
{
    self->batch.counts[from] -= n;
    self->batch.counts[to] += n;
    return og_batch_move(tx->db, self->batch.account_id, self->batch.id, from, to, n,
                         &self->op.err);
}

/* ---- how many ---- */

/* Room in the lines of the phones that are there: no more than may wait for one at all. */
static int64_t
room_of_phones(const struct og_batch_round_op *self, int64_t now_ms)
{
    struct og_dispatch_device phones[PHONES_MAX];
    const size_t count = og_dispatch_ranked(self->svc->lane.dispatch, self->batch.account_id,
                                            phones, PHONES_MAX);
    int64_t present = 0;
    for (size_t i = 0; i < count; i++) {
        present += phones[i].is_connected || phones[i].last_seen_ms >= now_ms - SEEN_WITHIN_MS;
    }
    const int64_t most = self->svc->message.queue_max_pending;
    return present * (most > 0 && most < ROOM_PER_PHONE ? most : ROOM_PER_PHONE);
}

/* In parts, what the pace allows by now; more than a second's worth is not saved up. */
static int64_t
room_of_pace(struct og_batch *b, int64_t now_ms)
{
    if (b->per_minute == 0) {
        return RELEASE_MAX;
    }
    if (b->paced_at < now_ms - PACE_BURST_MS) {
        b->paced_at = now_ms - PACE_BURST_MS;
    }
    return b->paced_at > now_ms ? 0 : (now_ms - b->paced_at) * b->per_minute / MINUTE_MS + 1;
}

static int64_t
how_many(struct og_batch_round_op *self, int64_t now_ms)
{
    struct og_batch *b = &self->batch;
    int64_t most = RELEASE_MAX;
    b->hold = OG_HOLD_NONE;
    if (!b->is_sandbox) {
        const int64_t room = room_of_phones(self, now_ms);
        const int64_t left = room - b->counts[OG_FATE_WAITING];
        b->hold = room == 0 ? OG_HOLD_NO_PHONE : left <= 0 ? OG_HOLD_PHONES : OG_HOLD_NONE;
        most = left < most ? left : most;
    }
    if (b->hold == OG_HOLD_NONE) {
        const int64_t paced = room_of_pace(b, now_ms);
        b->hold = paced == 0 ? OG_HOLD_PACE : OG_HOLD_NONE;
        most = paced < most ? paced : most;
    }
    return most > 0 ? most : 0;
}

/* ---- a row becomes a message ---- */

/* What gateways count together stands before each message. */
static bool
uses_share(const struct og_batch_round_op *self)
{
    return og_abuse_is_shared(self->svc) && !self->batch.is_sandbox;
}

static struct og_send_op *
begin_send(struct og_batch_round_op *self, const struct og_batch_row *row)
{
    const struct og_batch *b = &self->batch;
    struct og_send_op *send = &self->released[self->released_count];
    struct og_str *number = OG_ARENA_NEW(self->mem, struct og_str);
    *number = row->number;
    *send = (struct og_send_op){
        .svc = self->svc,
        .mem = self->mem,
        .account_name = self->account_name,
        .credential_id = b->credential_id,
        .ask = {.account_id = b->account_id,
                .batch_id = b->id,
                .text = row->text,
                .numbers = {number, 1},
                .priority = b->priority,
                .valid_until_ms = b->valid_until,
                .tag = b->tag,
                .is_bulk = true,
                .want_report = b->want_report,
                .is_sandbox = b->is_sandbox},
    };
    if (uses_share(self)) {
        og_batch_share_lend(self->share, self->places_used, &send->share);
    }
    return send;
}

/* Its SIM may send no more: there is no such message. */
static enum og_code
withdraw(struct og_send_op *send, struct og_tx *tx, enum og_code code)
{
    const struct og_err why = send->op.err;
    const struct og_subject_row row = {send->out.account_id, send->out.id};
    const enum og_code removed =
        og_subject_remove(tx->db, OG_SUBJECT_MESSAGES, &row, &send->op.err);
    if (removed == OG_OK) {
        send->op.err = why;
    }
    return removed == OG_OK ? code : removed;
}

/* The rules against abuse hold for each message of a batch as for any other. */
static enum og_code
send_row(struct og_send_op *send, struct og_tx *tx)
{
    enum og_code code = og_abuse_read_message(send, &send->op.err);
    if (code == OG_OK) {
        code = og_abuse_admit_message(send, tx);
    }
    if (code == OG_OK) {
        code = og_message_accept(send->svc, tx, &send->ask, send->mem, &send->out, &send->op.err);
    }
    if (code != OG_OK) {
        return code;
    }
    code = og_abuse_sent_message(send, tx);
    return code == OG_OK ? OG_OK : withdraw(send, tx, code);
}

static enum og_code
refuse_row(struct og_batch_round_op *self, struct og_tx *tx, const struct og_batch_row *row,
           const struct og_err *why)
{
    const struct og_batch_error error = {row->id, row->line, OG_STR(""), og_str_from(why->text)};
    const enum og_code code =
        og_batch_error_insert(tx->db, self->batch.account_id, &error, &self->op.err);
    return code == OG_OK ? move(self, tx, OG_FATE_QUEUED, OG_FATE_FAILED, 1) : code;
}

/* Not now: nothing more of this batch for a while. */
static bool
is_passing(struct og_batch *b, enum og_code code, const struct og_err *err, int64_t now_ms)
{
    b->hold = code == OG_E_LIMITED      ? OG_HOLD_LIMIT
              : code == OG_E_QUEUE_FULL ? OG_HOLD_QUEUE
              : code == OG_E_INVALID    ? OG_HOLD_NO_PHONE
                                        : OG_HOLD_NONE;
    const int64_t wait_ms = err->retry_after_s * INT64_C(1000);
    b->due_at = now_ms + (wait_ms < BLOCKED_MS  ? BLOCKED_MS
                          : wait_ms < MINUTE_MS ? wait_ms
                                                : MINUTE_MS);
    return b->hold != OG_HOLD_NONE;
}

/* *goes_on false: the next ones must wait. */
static enum og_code
release_row(struct og_batch_round_op *self, struct og_tx *tx, const struct og_batch_row *row,
            bool *goes_on)
{
    struct og_send_op *send = begin_send(self, row);
    send->op.err = row->fault;
    enum og_code code = row->fault.code == OG_OK ? send_row(send, tx) : row->fault.code;
    if (code == OG_OK) {
        self->released_count++;
        self->places_used += uses_share(self);
        code = move(self, tx, OG_FATE_QUEUED, og_message_fate(&send->out), 1);
    } else if (code == OG_E_FORBIDDEN || code == OG_E_UNPROCESSABLE ||
               code == OG_E_UNREADABLE) {
        code = refuse_row(self, tx, row, &send->op.err);
    } else if (is_passing(&self->batch, code, &send->op.err, tx->now_ms)) {
        *goes_on = false;
        return OG_OK;
    } else {
        self->op.err = send->op.err;
    }
    return code == OG_OK ? og_batch_row_remove(tx->db, self->batch.account_id, row->id,
                                               &self->op.err)
                         : code;
}

/* Its parts, of the messages that it has released in this round. */
static int64_t
count_parts(const struct og_batch_round_op *self)
{
    int64_t parts = 0;
    for (int i = 0; i < self->released_count; i++) {
        parts += self->released[i].out.parts;
    }
    return parts;
}

/* When the next one is due: a text of several parts goes as soon as one may, and what follows waits
 * for all of them. */
static int64_t
paced_until(const struct og_batch_round_op *self)
{
    const struct og_batch *b = &self->batch;
    return b->paced_at + (b->per_minute ? count_parts(self) * MINUTE_MS / b->per_minute : 0);
}

/* When it is worth a look again. */
static void
set_due(struct og_batch *b, int64_t asked, int64_t released, int64_t now_ms)
{
    b->due_at = now_ms + (b->hold == OG_HOLD_NO_PHONE ? BLOCKED_MS : AGAIN_MS);
    if (asked > 0 && released == asked && b->counts[OG_FATE_QUEUED] > 0) {
        b->due_at = now_ms; /* there may be room for more */
    }
    if (b->per_minute && b->paced_at > b->due_at) {
        b->due_at = b->paced_at;
    }
}

/* Other gateways know the account by its name. */
static enum og_code
find_name(struct og_batch_round_op *self, struct og_tx *tx)
{
    struct og_account account;
    const enum og_code code = og_account_find(tx->db, self->batch.account_id, self->mem, &account,
                                              &self->op.err);
    if (code == OG_OK) {
        self->account_name = account.name;
    }
    return code;
}

/* As many of *count as there are places of shared limits for. None: they are wanted first, and the
 * batch stays due; or the store is away, and it waits. */
static enum og_code
fit_share(struct og_batch_round_op *self, struct og_tx *tx, int *count)
{
    struct og_batch *b = &self->batch;
    if (!uses_share(self) || *count == 0) {
        return OG_OK;
    }
    const enum og_code code = find_name(self, tx);
    const struct og_abuse_ask ask = {.kind = OG_ABUSE_MESSAGE, .account = b->account_id,
                                     .account_name = self->account_name};
    if (code == OG_OK && !og_batch_share_is_for(self->share, b->account_id)) {
        og_batch_share_want(self->share, &ask, *count);
        *count = 0;
    } else if (code == OG_OK && self->share->share.ask.code != OG_OK) {
        b->hold = OG_HOLD_LIMIT;
        b->due_at = tx->now_ms + BLOCKED_MS;
        *count = 0;
    } else if (code == OG_OK && *count > og_batch_share_places(self->share)) {
        *count = og_batch_share_places(self->share);
    }
    return code;
}

static enum og_code
release(struct og_batch_round_op *self, struct og_tx *tx)
{
    struct og_batch *b = &self->batch;
    struct og_batch_row *rows;
    int count = 0, i = 0;
    bool goes_on = true;
    const int64_t most = how_many(self, tx->now_ms);
    enum og_code code = og_batch_row_list(tx->db, &self->svc->keys.seal, b, (int)most, self->mem,
                                          &rows, &count, &self->op.err);
    if (code == OG_OK && count > 0) {
        code = fit_share(self, tx, &count);
        goes_on = count > 0;
    }
    self->released = OG_ARENA_ARRAY(self->mem, struct og_send_op, (size_t)count + 1);
    while (code == OG_OK && goes_on && i < count && paced_until(self) <= tx->now_ms) {
        code = release_row(self, tx, &rows[i], &goes_on);
        i += goes_on;
    }
    b->paced_at = paced_until(self);
    if (goes_on) {
        set_due(b, most, i, tx->now_ms);
    }
    return code;
}

/* ---- what ends ---- */

/* Rows that will never be sent go, some at a time. */
static enum og_code
drop(struct og_batch_round_op *self, struct og_tx *tx, enum og_batch_fate fate)
{
    int64_t count = 0;
    const enum og_code code =
        og_batch_row_drop(tx->db, &self->batch, DROP_MAX, &count, &self->op.err);
    self->batch.due_at = tx->now_ms;
    return code == OG_OK ? move(self, tx, OG_FATE_QUEUED, fate, count) : code;
}

/* Messages that no phone has are canceled; phones are asked for those that they have. */
static enum og_code
cancel_messages(struct og_batch_round_op *self, struct og_tx *tx)
{
    struct og_str *ids;
    int count = 0;
    enum og_code code = og_batch_pending(tx->db, &self->batch, CANCEL_MAX, self->mem, &ids, &count,
                                         &self->op.err);
    self->canceled = OG_ARENA_ARRAY(self->mem, struct og_message, (size_t)count + 1);
    for (int i = 0; code == OG_OK && i < count; i++) {
        code = og_message_cancel(self->svc, tx, self->batch.account_id, ids[i], self->mem,
                                 &self->canceled[self->canceled_count], &self->op.err);
        self->canceled_count += code == OG_OK;
        code = code == OG_E_UNREADABLE ? OG_OK : code; /* goes to no phone, ends at its time */
    }
    self->batch.due_at = tx->now_ms + (count > 0 && self->canceled_count == 0 ? BLOCKED_MS : 0);
    if (code == OG_OK && count == 0) {
        self->batch.ended_at = tx->now_ms;
    }
    return code;
}

static enum og_code
look_at_running(struct og_batch_round_op *self, struct og_tx *tx)
{
    struct og_batch *b = &self->batch;
    if (b->counts[OG_FATE_QUEUED] == 0) {
        const bool is_over = b->counts[OG_FATE_WAITING] == 0;
        b->hold = OG_HOLD_NONE;
        b->state = is_over ? OG_BATCH_DONE : b->state;
        b->ended_at = is_over ? tx->now_ms : 0;
        b->due_at = tx->now_ms + BLOCKED_MS;
        return OG_OK;
    }
    const bool is_late = b->valid_until && b->valid_until <= tx->now_ms;
    return is_late ? drop(self, tx, OG_FATE_EXPIRED) : release(self, tx);
}

/* Nobody came back to it. */
static enum og_code
give_up(struct og_batch_round_op *self, struct og_tx *tx)
{
    struct og_batch *b = &self->batch;
    b->state = OG_BATCH_CANCELED;
    b->due_at = tx->now_ms;
    og_audit_change(self->svc, OG_AUDIT_BATCH_CANCELED, b->account_id, b->id, "left alone");
    return og_batch_numbers_drop(tx->db, b, &self->op.err);
}

static enum og_code
look_at(struct og_batch_round_op *self, struct og_tx *tx)
{
    switch (self->batch.state) {
    case OG_BATCH_RUNNING:
        return look_at_running(self, tx);
    case OG_BATCH_CANCELED:
        return self->batch.counts[OG_FATE_QUEUED] > 0 ? drop(self, tx, OG_FATE_CANCELED)
                                                      : cancel_messages(self, tx);
    case OG_BATCH_OPEN:
    case OG_BATCH_PAUSED:
        return give_up(self, tx);
    case OG_BATCH_DONE:
    case OG_BATCH_STATES:
        break;
    }
    return og_fail(&self->op.err, OG_E_INTERNAL, "", "a batch in no known state");
}

enum og_code
og_batch_round_apply(struct og_op *op, struct og_tx *tx)
{
    struct og_batch_round_op *self = (struct og_batch_round_op *)op;
    enum og_code code = og_batch_find_due(tx->db, tx->now_ms, self->mem, &self->batch,
                                          &op->err);
    self->has_more = code == OG_OK;
    if (code != OG_OK) {
        return code == OG_E_NOT_FOUND ? OG_OK : code;
    }
    const enum og_batch_state from = self->batch.state;
    code = look_at(self, tx);
    return code == OG_OK ? og_batch_save(tx->db, &self->batch, from, &op->err) : code;
}

void
og_batch_round_committed(struct og_op *op, struct og_tx *tx)
{
    struct og_batch_round_op *self = (struct og_batch_round_op *)op;
    for (int i = 0; i < self->released_count; i++) {
        og_abuse_keep(self->svc, &self->released[i].ticket);
        og_message_accepted(self->svc, &self->released[i].out, tx->now_ms);
    }
    for (int i = 0; i < self->canceled_count; i++) {
        og_message_cancelled(self->svc, &self->canceled[i]);
    }
}
