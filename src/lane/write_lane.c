/*
 * The write lane: group commit. Whatever waits becomes one transaction with a savepoint for each
 * operation; answers leave when it is on disk. It relies on the door saying when the engine has
 * ended the transaction by itself: then nothing of the batch remains, and all of it has failed.
 */
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <time.h>

#include "base/clock.h"
#include "lane/lane_metrics.h"
#include "lane/lane_priv.h"

#define PROBE_EVERY_MS 1000
#define TIMER_SLACK_NS 1000
#define LINGER_BELOW 16 /* operations */
#define WAITS_AT_MOST_US (100 * 1000)

struct batch {
    struct og_op **ops; /* config->batch_max places */
    int count;
    struct og_tx tx;
};

static void
linger(int us)
{
    struct timespec pause = {0, us * 1000L};
    nanosleep(&pause, NULL);
}

/* A commit costs as much as a dozen operations: several that come one by one are worth a wait, one
 * alone is not, and neither are those of which enough share the commit already. */
static bool
is_worth_waiting(int last_count, int waiting)
{
    return last_count > 1 && last_count < LINGER_BELOW && waiting < LINGER_BELOW;
}

/* What can wait goes when nothing else is there, or has had to wait for long enough. */
static bool
is_its_turn(const struct og_lane_queue *queue, const struct batch *batch)
{
    const int64_t since_us = og_lane_queue_later_since_us(queue);
    return batch->count == 0 || (since_us && og_mono_us() - since_us > WAITS_AT_MOST_US);
}

static void
take_batch(struct og_lane_worker *self, struct batch *batch)
{
    const struct og_lanes_config *config = self->config;
    int waiting = og_lane_queue_collect(&self->queue);
    if (config->linger_us > 0 && is_worth_waiting(batch->count, waiting)) {
        linger(config->linger_us);
        og_lane_queue_collect(&self->queue);
    }
    batch->count = 0;
    struct og_op *op;
    while (batch->count < config->batch_max && (op = og_lane_queue_next_urgent(&self->queue))) {
        batch->ops[batch->count++] = op;
    }
    if (batch->count < config->batch_max && is_its_turn(&self->queue, batch) &&
        (op = og_lane_queue_next(&self->queue))) {
        batch->ops[batch->count++] = op;
    }
}

/* ---- the journal, if there is one ---- */

static void
journal_begin(const struct og_lane_journal *journal, const struct og_op *op)
{
    if (journal) {
        journal->begin(journal->ctx, op);
    }
}

static void
journal_undone(const struct og_lane_journal *journal)
{
    if (journal) {
        journal->undone(journal->ctx);
    }
}

static bool
journal_is_full(const struct og_lane_journal *journal)
{
    return journal && journal->is_full(journal->ctx);
}

/* Must the operation fail, for what it left has no room? */
static void
journal_accept(const struct og_lane_journal *journal, struct og_op *op)
{
    struct og_err err = {0};
    if (journal->accept(journal->ctx, &err) != OG_OK) {
        op->code = err.code;
        op->err = err;
    }
}

static enum og_code
journal_write(const struct og_lane_journal *journal, struct og_tx *tx, struct og_err *err)
{
    return journal ? journal->write(journal->ctx, tx, err) : OG_OK;
}

static void
journal_settle(const struct og_lane_journal *journal, bool is_committed)
{
    if (journal) {
        journal->settle(journal->ctx, is_committed);
    }
}

/* ---- a batch ---- */

static bool
is_doubted(const struct og_lane_worker *self, const struct og_op_kind *kind)
{
    int at = 0;
    while (at < self->doubted_count && self->doubted[at] != kind) {
        at++;
    }
    return at < self->doubted_count;
}

static bool
needs_savepoint(const struct og_lane_worker *self, const struct og_op *op)
{
    return !op->kind->decides_first || !op->kind->decides_first(op) || is_doubted(self, op->kind);
}

/* It failed after it had written, and there is no savepoint to go back to. */
static enum og_code
lose_batch(struct og_lane_worker *self, const struct og_op *op, struct og_err *err)
{
    if (self->doubted_count < OG_LANE_DOUBTED_MAX) {
        self->doubted[self->doubted_count++] = op->kind;
    }
    return og_fail(err, OG_E_INTERNAL, NULL, "%s failed after it had written", op->kind->name);
}

/* An error here is not the operation's own: the transaction is lost. */
static enum og_code
apply_one(struct og_lane_worker *self, struct og_op *op, struct og_tx *tx, struct og_err *err)
{
    op->err = (struct og_err){0};
    op->code = OG_OK;
    if (!op->kind->apply) {
        return OG_OK;
    }
    journal_begin(self->config->journal, op);
    bool is_full = journal_is_full(self->config->journal);
    bool is_saved = is_full || needs_savepoint(self, op);
    enum og_code code = is_saved ? og_db_savepoint(tx->db, err) : OG_OK;
    if (code != OG_OK) {
        return code;
    }
    int64_t changes = og_db_changes(tx->db);
    op->code = op->kind->apply(op, tx);
    if (og_db_is_broken_off(tx->db)) {
        return og_fail(err, OG_E_UNAVAILABLE, NULL, "%s: %s", op->kind->name,
                       op->err.text[0] ? op->err.text : "the transaction was broken off");
    }
    if (is_full) {
        journal_accept(self->config->journal, op);
    }
    if (op->code == OG_OK) {
        return is_saved ? og_db_release(tx->db, err) : OG_OK;
    }
    og_lane_complete_err(op);
    journal_undone(self->config->journal);
    if (!is_saved && og_db_changes(tx->db) != changes) {
        return lose_batch(self, op, err);
    }
    return is_saved ? og_db_undo(tx->db, err) : OG_OK;
}

static enum og_code
commit(struct og_lane_worker *self, struct og_db *db, struct og_err *err)
{
    const int64_t start_us = og_mono_us(), began_at = og_mono_ms(self->config->clock);
    atomic_store(&self->commit.began_at, began_at);
    enum og_code code = og_db_commit(db, err);
    const int64_t ended_at = og_mono_ms(self->config->clock);
    atomic_store(&self->commit.took_ms, ended_at - began_at);
    atomic_store(&self->commit.ended_at, ended_at);
    atomic_store(&self->commit.began_at, 0);
    og_lane_metrics_commit(og_mono_us() - start_us);
    return code;
}

static enum og_code
apply_all(struct og_lane_worker *self, struct batch *batch, struct og_err *err)
{
    enum og_code code = og_db_begin(batch->tx.db, true, err);
    for (int i = 0; code == OG_OK && i < batch->count; i++) {
        code = apply_one(self, batch->ops[i], &batch->tx, err);
    }
    if (code == OG_OK) {
        code = journal_write(self->config->journal, &batch->tx, err);
    }
    if (code == OG_OK) {
        code = commit(self, batch->tx.db, err);
    }
    og_db_rollback(batch->tx.db);
    return code;
}

static void
settle_committed(struct og_lane_worker *self, struct batch *batch)
{
    og_trouble_passed(&self->trouble, batch->tx.now_ms);
    for (int i = 0; i < batch->count; i++) {
        struct og_op *op = batch->ops[i];
        if (op->code == OG_OK && op->kind->committed) {
            op->kind->committed(op, &batch->tx);
        }
    }
}

static void
settle_lost(struct og_lane_worker *self, struct batch *batch, const struct og_err *err)
{
    og_trouble_failed(&self->trouble, err->text, og_db_last_trouble(self->db),
                      batch->tx.now_ms);
    for (int i = 0; i < batch->count; i++) {
        struct og_op *op = batch->ops[i];
        if (op->kind->apply) {
            og_lane_lose(op, err->text);
        } else { /* it has no rows to lose */
            op->code = OG_OK;
            op->kind->committed(op, &batch->tx);
        }
    }
}

static void
run_batch(struct og_lane_worker *self, struct batch *batch)
{
    struct og_err err = {0};
    batch->tx = og_lane_tx(self);
    og_lane_metrics_batch(batch->count);
    bool is_committed = apply_all(self, batch, &err) == OG_OK;
    journal_settle(self->config->journal, is_committed);
    if (is_committed) {
        settle_committed(self, batch);
    } else {
        settle_lost(self, batch, &err);
    }
    if (self->config->after_batch) {
        self->config->after_batch(self->config->ctx);
    }
    og_lane_metrics_waiting(self->lane, -batch->count);
    og_lane_queue_give_back(&self->queue, batch->count);
    int64_t now_us = og_mono_us();
    for (int i = 0; i < batch->count; i++) {
        og_lane_answer(self, batch->ops[i], now_us);
    }
    og_db_tidy(self->db);
}

/* Nobody may come while health says that we are failing, so the end of trouble is looked for. */
static void
probe(struct og_lane_worker *self)
{
    struct og_err err = {0};
    int64_t now_ms = og_now_ms(self->config->clock);
    if (og_db_probe(self->db, &err) == OG_OK) {
        og_trouble_passed(&self->trouble, now_ms);
    } else {
        og_trouble_failed(&self->trouble, err.text, og_db_last_trouble(self->db), now_ms);
    }
}

static bool
is_failing(struct og_lane_worker *self)
{
    int64_t since_ms;
    char reason[160];
    return og_trouble_is_failing(&self->trouble, &since_ms, reason);
}

static struct batch
make_batch(const struct og_lane_worker *self)
{
    return (struct batch){.ops = og_xalloc((size_t)self->config->batch_max * sizeof(void *))};
}

int
og_write_lane_turn(struct og_lane_worker *self)
{
    struct batch batch = make_batch(self);
    take_batch(self, &batch);
    run_batch(self, &batch);
    free(batch.ops);
    return batch.count;
}

void
og_write_lane_run(struct og_lane_worker *self)
{
    struct batch batch = make_batch(self);
    prctl(PR_SET_TIMERSLACK, TIMER_SLACK_NS);
    for (;;) {
        int timeout_ms = is_failing(self) ? PROBE_EVERY_MS : -1;
        enum og_lane_wait wait = og_lane_queue_wait(&self->queue, timeout_ms);
        if (wait == OG_LANE_WAIT_ENDED) {
            break;
        }
        if (wait == OG_LANE_WAIT_OPS) {
            take_batch(self, &batch);
            run_batch(self, &batch);
        } else if (wait == OG_LANE_WAIT_TIMEOUT) {
            probe(self);
        }
    }
    free(batch.ops);
}
