/*
 * Collects what the applies of a batch tell, and writes it in one pass. All but og_audit_note on
 * the write lane's thread, so nothing is locked.
 */
#include "service/audit/audit.h"

#include <stdio.h>
#include <stdlib.h>

#include "audit/chain.h"
#include "audit/entry.h"
#include "base/id.h"
#include "base/metrics.h"
#include "core/phone_number.h"
#include "service/otp/priv.h"
#include "store/audit_store.h"

struct pending {
    struct og_audit_event event; /* strings in the arena */
    bool stands;                 /* although its operation fails */
};

struct og_audit {
    struct og_lane_journal journal;
    struct og_audit_key key;
    struct og_arena mem; /* of what is pending */
    struct pending *items;
    int count, room;
    int begun;                         /* where the present operation's begin */
    const struct og_op_origin *origin; /* of the present operation */
    struct og_audit_chain chain;       /* as on disk */
    struct og_audit_chain next;        /* with this batch */
    struct og_buf line;
    int64_t fresh, next_fresh;
    int64_t begins, next_begins; /* the last entry that retention has removed */
    int64_t entries_max;         /* 0: no limit */
    bool is_best_effort;
    int64_t lost, batch_lost; /* had no room: told of no entry yet, of this batch */
    bool has_told_loss;       /* in this batch */
};

enum { M_ENTRIES, M_LOST };
static struct og_metric metrics[] = {
    [M_ENTRIES] = {"otpgate_audit_entries_total", "",
                   "Entries of the audit log written since the start", OG_METRIC_COUNTER},
    [M_LOST] = {"otpgate_audit_entries_lost_total", "",
                "Entries that had no room in the audit log", OG_METRIC_COUNTER},
};

void
og_audit_register_metrics(void)
{
    og_metrics_register(metrics, sizeof metrics / sizeof metrics[0]);
}

/* ---- collecting ---- */

static struct pending *
take_place(struct og_audit *self)
{
    if (self->count == self->room) {
        self->room = self->room ? self->room * 2 : 64;
        self->items = og_xrealloc(self->items, (size_t)self->room * sizeof *self->items);
    }
    return &self->items[self->count++];
}

static void
add(struct og_audit *self, const struct og_audit_event *told, bool stands)
{
    struct og_audit_event event = *told;
    if (self->origin) {
        event.actor = event.actor.len ? event.actor : self->origin->actor;
        event.ip = event.ip.len ? event.ip : self->origin->ip;
        event.request = event.request.len ? event.request : self->origin->request;
    }
    *take_place(self) = (struct pending){og_audit_event_copy(&event, &self->mem), stands};
}

void
og_audit_add(const struct og_services *svc, const struct og_audit_event *event)
{
    if (svc->lane.audit) {
        add(svc->lane.audit, event, false);
    }
}

void
og_audit_add_refusal(const struct og_services *svc, const struct og_audit_event *event)
{
    if (svc->lane.audit) {
        add(svc->lane.audit, event, true);
    }
}

/* ---- room ---- */

void
og_audit_limit(struct og_audit *self, int64_t entries_max, bool is_best_effort)
{
    self->entries_max = entries_max;
    self->is_best_effort = is_best_effort;
}

/* Entries that are kept, and those of this batch. */
static int64_t
held(const struct og_audit *self)
{
    return self->chain.size - self->begins + self->count;
}

int
og_audit_use_percent(const struct og_audit *self)
{
    return self->entries_max ? (int)(held(self) * 100 / self->entries_max) : 0;
}

void
og_audit_begins_after(struct og_audit *self, int64_t seq)
{
    self->next_begins = seq;
}

static bool
is_full(void *ctx)
{
    const struct og_audit *self = ctx;
    return self->entries_max && held(self) >= self->entries_max;
}

static enum og_code
accept(void *ctx, struct og_err *err)
{
    struct og_audit *self = ctx;
    const int told = self->count - self->begun;
    if (told == 0 || !self->origin) { /* our own work is little, and purging makes room */
        return OG_OK;
    }
    self->count = self->begun;
    if (!self->is_best_effort) {
        return og_fail(err, OG_E_UNAVAILABLE, "", "the audit log is full");
    }
    self->batch_lost += told;
    return OG_OK;
}

/* Where entries were lost the log says so, as soon as it is written to. */
static void
tell_lost(struct og_audit *self)
{
    char detail[48];
    const int64_t lost = self->lost + self->batch_lost;
    if (lost > 0) {
        snprintf(detail, sizeof detail, "entries=%lld", (long long)lost);
        self->origin = NULL;
        add(self, &(struct og_audit_event){.kind = OG_AUDIT_AUDIT_DROPPED,
                                           .detail = og_str_from(detail)}, true);
        self->has_told_loss = true;
    }
}

/* ---- the journal ---- */

static void
begin(void *ctx, const struct og_op *op)
{
    struct og_audit *self = ctx;
    self->begun = self->count;
    self->origin = op->origin;
}

static void
undone(void *ctx)
{
    struct og_audit *self = ctx;
    int kept = self->begun;
    for (int i = self->begun; i < self->count; i++) {
        if (self->items[i].stands) {
            self->items[kept++] = self->items[i];
        }
    }
    self->count = kept;
    self->next_begins = self->begins;
}

/* The pseudonym of the number with this digest; a new one when it has none yet. */
static enum og_code
find_subject(struct og_audit *self, struct og_tx *tx, struct og_str *digest, struct og_err *err)
{
    struct og_str subject;
    enum og_code code = og_audit_subject_find(tx->db, *digest, &self->mem, &subject, err);
    if (code == OG_E_NOT_FOUND) {
        char id[OG_ID_BYTES];
        og_id_make(tx->now_ms, id);
        subject = og_str_dup(&self->mem, og_str_from(id));
        code = og_audit_subject_insert(tx->db, *digest, subject, err);
    }
    *digest = subject;
    return code;
}

static enum og_code
write_one(struct og_audit *self, struct og_tx *tx, struct og_audit_event *event,
          struct og_err *err)
{
    uint8_t hash[OG_DIGEST_BYTES];
    enum og_code code = event->subject.len ? find_subject(self, tx, &event->subject, err) : OG_OK;
    if (code != OG_OK) {
        return code;
    }
    struct og_audit_entry entry = {
        .seq = self->next.size + 1, .at_ms = tx->now_ms, .event = *event};
    memcpy(entry.prev, self->next.last, sizeof entry.prev);
    og_buf_clear(&self->line);
    og_audit_entry_write(&entry, &self->line);
    og_audit_hash(og_buf_str(&self->line), hash);
    const struct og_audit_row row = {.seq = entry.seq,
                                     .hash = {(const char *)hash, sizeof hash},
                                     .line = og_buf_str(&self->line)};
    code = og_audit_insert(tx->db, &row, err);
    og_audit_chain_add(&self->next, hash);
    self->next_fresh += event->kind != OG_AUDIT_AUDIT_CHECKPOINT;
    return code;
}

static enum og_code
write_batch(void *ctx, struct og_tx *tx, struct og_err *err)
{
    struct og_audit *self = ctx;
    enum og_code code = OG_OK;
    if (self->count == 0) {
        return OG_OK;
    }
    tell_lost(self);
    self->next = self->chain;
    self->next_fresh = self->fresh;
    for (int i = 0; code == OG_OK && i < self->count; i++) {
        code = write_one(self, tx, &self->items[i].event, err);
    }
    if (code != OG_OK) {
        return code;
    }
    const struct og_audit_head head = {
        .size = self->next.size,
        .last = {(const char *)self->next.last, OG_DIGEST_BYTES},
        .peaks = og_audit_chain_peaks(&self->next),
    };
    return og_audit_head_save(tx->db, &head, err);
}

static void
settle(void *ctx, bool is_committed)
{
    struct og_audit *self = ctx;
    if (is_committed && self->count > 0) {
        self->chain = self->next;
        self->fresh = self->next_fresh;
        og_metric_add(&metrics[M_ENTRIES], self->count);
    }
    if (is_committed) {
        self->begins = self->next_begins;
        self->lost = self->has_told_loss ? 0 : self->lost + self->batch_lost;
        og_metric_add(&metrics[M_LOST], self->batch_lost);
    }
    if (self->mem.used_bytes > 0) {
        og_arena_reset(&self->mem);
    }
    self->next_begins = self->begins;
    self->batch_lost = 0;
    self->has_told_loss = false;
    self->count = 0;
    self->begun = 0;
    self->origin = NULL;
}

/* ---- notes ---- */

struct note_op {
    struct og_op op;
    const struct og_services *svc;
    struct og_arena mem;
    struct og_audit_event event;
};

static enum og_code
note_apply(struct og_op *op, struct og_tx *tx)
{
    struct note_op *self = (struct note_op *)op;
    (void)tx;
    if (self->event.ip.len && is_full(self->svc->lane.audit)) {
        self->svc->lane.audit->batch_lost++;
    } else {
        og_audit_add(self->svc, &self->event);
    }
    return OG_OK;
}

static void
note_done(struct og_op *op)
{
    struct note_op *self = (struct note_op *)op;
    og_arena_finish(&self->mem);
    free(self);
}

enum og_code
og_audit_note(const struct og_services *svc, struct og_lanes *lanes,
              const struct og_audit_event *event)
{
    static const struct og_op_kind kind = {"audit.note", note_apply, NULL, note_done};
    if (!svc->lane.audit) {
        return OG_OK;
    }
    struct note_op *op = og_xalloc(sizeof *op);
    op->op.kind = &kind;
    op->svc = svc;
    og_arena_init(&op->mem, 1024);
    op->event = og_audit_event_copy(event, &op->mem);
    enum og_code code = og_lane_submit(lanes, OG_LANE_WRITE, &op->op);
    if (code != OG_OK) {
        note_done(&op->op);
    }
    return code;
}

/* ---- erasing ---- */

/* What other operations of this batch have told about the number is not written yet. */
static void
forget_pending(struct og_audit *self, struct og_str digest)
{
    for (int i = 0; i < self->count; i++) {
        struct og_audit_event *event = &self->items[i].event;
        if (og_str_eq(event->subject, digest)) {
            event->subject = OG_STR("");
            event->masked = OG_STR("");
        }
    }
}

enum og_code
og_audit_erase(struct og_services *svc, struct og_tx *tx, struct og_str number, bool *found_out,
               struct og_err *err)
{
    struct og_arena mem;
    og_arena_init(&mem, 256);
    const struct og_str digest = og_otp_digest(svc, number, &mem);
    enum og_code code = og_audit_subject_remove(tx->db, digest, found_out, err);
    if (code == OG_OK && svc->lane.audit) {
        forget_pending(svc->lane.audit, digest);
        og_audit_add(svc, &(struct og_audit_event){
                              .kind = OG_AUDIT_PRIVACY_ERASE,
                              .reason = *found_out ? OG_STR("erased") : OG_STR("nothing_found")});
    }
    og_arena_finish(&mem);
    return code;
}

/* ---- life ---- */

static bool
note_found(void *ctx, const struct og_audit_row *row)
{
    (void)row;
    *(bool *)ctx = true;
    return false;
}

/* Rows behind the head would be in the way of the next ones. */
static enum og_code
refuse_strange_rows(const struct og_audit *self, struct og_db *db, struct og_err *err)
{
    bool found = false;
    enum og_code code = og_audit_each(db, self->chain.size, 1, note_found, &found, err);
    return code == OG_OK && found
               ? og_fail(err, OG_E_CONFLICT, "",
                         "the audit log has entries behind entry %lld, where it ended: it was "
                         "changed from outside; see `otpgate audit verify`",
                         (long long)self->chain.size)
               : code;
}

static enum og_code
load(struct og_audit *self, struct og_db *db, struct og_err *err)
{
    struct og_audit_head head;
    struct og_audit_start_row start;
    enum og_code code = og_audit_head_read(db, &self->mem, &head, err);
    if (code == OG_OK && head.size != 0 &&
        !og_audit_chain_restore(&self->chain, head.size, head.last, head.peaks)) {
        code = og_fail(err, OG_E_CONFLICT, "", "the head of the audit log is damaged");
    }
    if (code == OG_OK) {
        code = og_audit_start_read(db, &self->mem, &start, err);
        self->begins = self->next_begins = code == OG_OK ? start.chain.size : 0;
    }
    return code == OG_OK ? refuse_strange_rows(self, db, err) : code;
}

enum og_code
og_audit_create(struct og_db *db, struct og_str origin,
                const uint8_t public_key[OG_PUBLIC_KEY_BYTES], struct og_audit **out,
                struct og_err *err)
{
    struct og_audit *self = og_xalloc(sizeof *self);
    self->journal = (struct og_lane_journal){begin,       undone, is_full, accept,
                                             write_batch, settle, self};
    og_arena_init(&self->mem, 0);
    og_buf_init(&self->line, OG_AUDIT_LINE_MAX);
    enum og_code code = og_audit_key_make(origin, public_key, &self->key, err);
    if (code == OG_OK) {
        code = load(self, db, err);
    }
    if (code != OG_OK) {
        og_audit_destroy(self);
        return code;
    }
    *out = self;
    return OG_OK;
}

void
og_audit_destroy(struct og_audit *self)
{
    if (self) {
        og_arena_finish(&self->mem);
        og_buf_finish(&self->line);
        free(self->items);
        free(self);
    }
}

const struct og_audit_key *
og_audit_signer(const struct og_audit *self)
{
    return &self->key;
}

const struct og_lane_journal *
og_audit_journal(struct og_audit *self)
{
    return &self->journal;
}

int64_t
og_audit_fresh(const struct og_audit *self)
{
    return self->fresh + self->lost;
}

void
og_audit_take(const struct og_services *svc, struct og_audit_checkpoint *out)
{
    struct og_audit *self = svc->lane.audit;
    char root[OG_DIGEST_HEX_CHARS + 1], detail[OG_AUDIT_FIELD_MAX];
    out->size = self->chain.size;
    og_audit_chain_root(&self->chain, out->root);
    self->fresh = 0;
    og_hex(out->root, sizeof out->root, root);
    snprintf(detail, sizeof detail, "entries=%lld root=%s", (long long)out->size, root);
    og_audit_add(svc, &(struct og_audit_event){.kind = OG_AUDIT_AUDIT_CHECKPOINT,
                                               .detail = og_str_from(detail)});
}
