/*
 * Class after class; the last step is what needs no scan. A message to several recipients loses the
 * one and goes on for the others.
 */
#include "service/privacy/privacy.h"

#include "codes/code_store.h"
#include "live/hub.h"
#include "service/audit/audit.h"
#include "service/device/route_service.h"
#include "service/message/priv.h"
#include "service/otp/priv.h"
#include "store/batch_store.h"

#define LOOK_MAX 1000
#define FOUND_MAX 50
#define STEP_MS 10 /* in the write lane, before the commit */

/* Take the number out of the recipients; gives how many are left. */
static size_t
drop_recipient(struct og_message *m, struct og_str number)
{
    size_t left = 0;
    for (size_t i = 0; i < m->record.recipient_count; i++) {
        if (!og_subject_is_number(m->record.recipients[i].number, number)) {
            m->record.recipients[left++] = m->record.recipients[i];
        }
    }
    m->record.recipient_count = left;
    return left;
}

static enum og_message_state
state_of_rest(const struct og_message *m, struct og_arena *mem)
{
    enum og_message_state *states =
        OG_ARENA_ARRAY(mem, enum og_message_state, m->record.recipient_count);
    for (size_t i = 0; i < m->record.recipient_count; i++) {
        states[i] = m->record.recipients[i].state;
    }
    return m->record.state == OG_MESSAGE_CANCELLING
               ? m->record.state
               : og_message_aggregate(states, m->record.recipient_count);
}

static enum og_code
erase_message(struct og_erase_op *self, struct og_tx *tx, const struct og_subject_row *row,
              struct og_message *m)
{
    struct og_err *err = &self->op.err;
    const struct og_key *seal = &self->svc->keys.seal;
    enum og_code code =
        og_message_find_record(tx->db, seal, row->account_id, row->id, self->mem, m, err);
    if (code != OG_OK) {
        return code;
    }
    const enum og_message_state from = m->record.state;
    const bool was_open = m->final_at == 0;
    if (drop_recipient(m, self->number) == 0) {
        m->final_at = was_open ? tx->now_ms : 0; /* for `committed`: it was open, and is gone */
        code = was_open ? og_batch_move(tx->db, m->account_id, m->batch_id, m->row.fate,
                                        OG_FATE_CANCELED, 1, err)
                        : OG_OK;
        return code == OG_OK ? og_subject_remove(tx->db, OG_SUBJECT_MESSAGES, row, err) : code;
    }
    m->record.state = state_of_rest(m, self->mem);
    const bool erases_text = og_message_settle(self->svc, m, tx->now_ms);
    code = og_message_save(tx->db, seal, m, from, false, erases_text, err);
    m->final_at = was_open ? m->final_at : 0;
    return code;
}

static enum og_code
scan_step(struct og_erase_op *self, struct og_tx *tx)
{
    const struct og_stint stint = og_stint_begin(self->svc->clock, STEP_MS);
    int looked = 0, found = 0;
    bool has_more = false;
    const struct og_subject_ask ask = {
        .number = self->number,
        .digest = og_otp_digest(self->svc, self->number, self->mem),
        .seal = &self->svc->keys.seal,
        .look_max = LOOK_MAX,
        .found_max = FOUND_MAX,
        .stint = &stint,
    };
    enum og_code code = og_subject_scan(tx->db, &ask, &self->next, self->mem, &self->rows,
                                        &found, &looked, &has_more, &self->op.err);
    self->messages = OG_ARENA_ARRAY(self->mem, struct og_message, FOUND_MAX);
    for (int i = 0; code == OG_OK && i < found && !(i && og_stint_is_over(&stint)); i++) {
        code = self->place.cls == OG_SUBJECT_MESSAGES
                   ? erase_message(self, tx, &self->rows[i], &self->messages[i])
                   : og_subject_remove(tx->db, (enum og_subject_class)self->place.cls,
                                       &self->rows[i], &self->op.err);
        self->count++;
    }
    self->looked = looked;
    self->erased = self->count;
    if (self->count < found) { /* the others are found again */
        og_subject_go_behind(&self->rows[self->count - 1], &self->next);
    } else if (!has_more) {
        self->next = (struct og_subject_place){.cls = self->place.cls + 1};
    }
    return code;
}

/* Older pages in the write-ahead log still have what is gone: it is cut when the batch is done. */
static enum og_code
last_step(struct og_erase_op *self, struct og_tx *tx)
{
    bool found;
    enum og_code code = og_subject_remove_failures(
        tx->db, og_otp_digest(self->svc, self->number, self->mem), &self->erased, &self->op.err);
    int64_t sims = 0;
    if (code == OG_OK) {
        code = og_subject_remove_sims(tx->db, og_route_digest(self->svc, self->number), &sims,
                                      &self->op.err);
    }
    self->erased += sims;
    if (code == OG_OK) {
        code = og_audit_erase(self->svc, tx, self->number, &found, &self->op.err);
    }
    self->is_over = true;
    og_db_clear_log(tx->db);
    return code;
}

const char *
og_erase_class_name(int cls)
{
    return cls < OG_SUBJECT_CLASSES ? og_subject_class_name((enum og_subject_class)cls)
                                    : "counts";
}

enum og_code
og_erase_apply(struct og_op *op, struct og_tx *tx)
{
    struct og_erase_op *self = (struct og_erase_op *)op;
    self->next = self->place;
    return self->place.cls < OG_SUBJECT_CLASSES ? scan_step(self, tx) : last_step(self, tx);
}

/* A phone that has it is told to cancel; what it reports of it is then of a message that nobody
 * knows. */
void
og_erase_committed(struct og_op *op, struct og_tx *tx)
{
    struct og_erase_op *self = (struct og_erase_op *)op;
    (void)tx;
    if (self->is_over) {
        og_route_table_forget(self->svc->lane.routes, og_route_digest(self->svc, self->number));
    }
    for (int i = 0; self->place.cls == OG_SUBJECT_MESSAGES && i < self->count; i++) {
        const struct og_message *m = &self->messages[i];
        if (!m->final_at) {
            continue;
        }
        og_dispatch_remove(self->svc->lane.dispatch, m->account_id, m->id);
        if (m->handed_at && m->record.recipient_count == 0) {
            og_hub_hint(self->svc->lane.hub, OG_HINT_CANCEL, m->device_id,
                        og_message_public_id(m));
        }
    }
}

void
og_erase_release(struct og_erase_op *self, struct og_loop *loop)
{
    struct og_code_store *codes = self->svc->codes;
    for (int i = 0; self->place.cls == OG_SUBJECT_VERIFICATIONS && i < self->count; i++) {
        codes->drop(codes, loop,
                    (struct og_code_name){self->rows[i].account_id, self->rows[i].id}, NULL);
    }
}
