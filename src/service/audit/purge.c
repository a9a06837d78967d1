/*
 * Removing entries at the front. Rows, the new start and the entry that tells of it are one
 * transaction, so the log verifies at any moment.
 */
#include "service/audit/purge.h"

#include <stdio.h>

#include "store/audit_store.h"

#define NOTE_BYTES_MAX 1024

struct round {
    struct og_audit_purge *purge;
    struct og_audit_verifier verifier;
};

static bool
take_row(void *ctx, const struct og_audit_row *row)
{
    struct round *self = ctx;
    const struct og_audit_chain before = self->verifier.chain;
    if (!og_audit_verifier_add(&self->verifier, row->seq, row->hash, row->line,
                               &self->purge->fault)) {
        return false;
    }
    if (self->verifier.at_ms >= self->purge->until_ms) {
        self->verifier.chain = before;
        return false;
    }
    self->purge->count++;
    return true;
}

static enum og_code
read_start(struct round *self, const struct og_services *svc, struct og_tx *tx, struct og_err *err)
{
    struct og_audit_start_row row;
    struct og_audit_chain start;
    enum og_code code = og_audit_start_read(tx->db, &self->verifier.mem, &row, err);
    if (code != OG_OK || row.chain.size == 0) {
        return code;
    }
    if (!og_audit_chain_restore(&start, row.chain.size, row.chain.last, row.chain.peaks)) {
        return og_fail(err, OG_E_CONFLICT, "", "the start of the audit log is damaged");
    }
    (void)og_audit_verifier_start(&self->verifier, &start, row.note,
                                  og_audit_signer(svc->lane.audit), &self->purge->fault);
    return OG_OK;
}

static enum og_code
move_start(const struct og_services *svc, struct og_tx *tx, const struct og_audit_chain *chain,
           struct og_err *err)
{
    struct og_audit_checkpoint signed_one = {.size = chain->size, .is_start = true};
    struct og_buf note;
    og_audit_chain_root(chain, signed_one.root);
    og_buf_init(&note, NOTE_BYTES_MAX);
    og_audit_checkpoint_write(&signed_one, og_audit_signer(svc->lane.audit), &svc->keys.audit,
                              &note);
    const struct og_audit_start_row row = {
        .chain = {chain->size,
                  {(const char *)chain->last, OG_DIGEST_BYTES},
                  og_audit_chain_peaks(chain)},
        .note = og_buf_str(&note),
    };
    enum og_code code = og_audit_start_move(tx->db, &row, err);
    og_buf_finish(&note);
    return code;
}

static void
tell_removed(const struct og_services *svc, int64_t until_seq)
{
    char detail[48];
    snprintf(detail, sizeof detail, OG_AUDIT_UNTIL "%lld", (long long)until_seq);
    og_audit_add(svc, &(struct og_audit_event){.kind = OG_AUDIT_AUDIT_PURGED,
                                               .detail = og_str_from(detail)});
}

static void
tell_fault(const struct og_services *svc, const struct og_audit_fault *fault)
{
    char detail[48];
    snprintf(detail, sizeof detail, "entry=%lld", (long long)fault->seq);
    og_audit_add(svc, &(struct og_audit_event){.kind = OG_AUDIT_AUDIT_VERIFY_FAILED,
                                               .reason = og_str_from(fault->text),
                                               .detail = og_str_from(detail)});
}

enum og_code
og_audit_purge_step(const struct og_services *svc, struct og_tx *tx, struct og_audit_purge *self,
                    struct og_err *err)
{
    struct round round = {.purge = self};
    self->count = 0;
    self->has_more = false;
    self->fault = (struct og_audit_fault){0};
    og_audit_verifier_init(&round.verifier, NULL, 0);
    enum og_code code = read_start(&round, svc, tx, err);
    if (code == OG_OK && self->fault.seq == 0) {
        code = og_audit_each(tx->db, round.verifier.chain.size, self->limit, take_row, &round, err);
    }
    if (code == OG_OK && self->fault.seq != 0) {
        self->count = 0;
        tell_fault(svc, &self->fault);
    } else if (code == OG_OK && self->count > 0) {
        self->has_more = self->count == self->limit;
        code = move_start(svc, tx, &round.verifier.chain, err);
        tell_removed(svc, round.verifier.chain.size);
        og_audit_begins_after(svc->lane.audit, round.verifier.chain.size);
    }
    og_audit_verifier_finish(&round.verifier);
    return code;
}
