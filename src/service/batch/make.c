/*
 * Batches come into being. An id that a client chose makes that repeatable.
 */
#include "base/id.h"
#include "service/audit/tell.h"
#include "service/batch/batch_service.h"

#define RETRY_AFTER_S 60

/* Of all that a client can ask for, so that the same id cannot stand for two wishes. */
static struct og_str
digest_of(const struct og_services *svc, const struct og_batch *b, struct og_arena *mem)
{
    uint8_t digest[OG_DIGEST_BYTES];
    char *hex = og_arena_alloc(mem, OG_DIGEST_HEX_CHARS + 1);
    const struct og_str wishes =
        og_str_printf(mem, "%lld %d %d %lld %lld", (long long)b->priority, b->want_report,
                      b->repeats, (long long)b->ttl_ms,
                      (long long)(b->ttl_ms ? 0 : b->valid_until));
    const struct og_str parts[] = {OG_STR("batch"), b->account_id, b->text, b->tag, wishes};
    og_mac_parts(&svc->keys.idempotency, parts, 5, digest);
    og_hex(digest, sizeof digest, hex);
    return og_str_from(hex);
}

static enum og_code
find_former(struct og_batch_make_op *self, struct og_tx *tx)
{
    struct og_batch former;
    const enum og_code code =
        og_batch_find(tx->db, NULL, self->batch.account_id, self->batch.id, self->mem, &former,
                      &self->op.err);
    if (code == OG_OK && !og_str_eq(former.digest, self->batch.digest)) {
        return og_fail(&self->op.err, OG_E_CONFLICT, "id", "another batch has this id");
    }
    if (code == OG_OK) {
        self->batch = former;
    }
    return code;
}

static enum og_code
check_room(struct og_batch_make_op *self, struct og_tx *tx)
{
    int64_t live = 0;
    enum og_code code =
        og_batch_count_live(tx->db, self->batch.account_id, &live, &self->op.err);
    if (code == OG_OK && live >= OG_BATCH_LIVE_MAX) {
        code = og_fail(&self->op.err, OG_E_LIMITED, "",
                       "%d batches have not ended; cancel some, or wait for them",
                       OG_BATCH_LIVE_MAX);
        self->op.err.retry_after_s = RETRY_AFTER_S;
    }
    return code;
}

enum og_code
og_batch_make_apply(struct og_op *op, struct og_tx *tx)
{
    struct og_batch_make_op *self = (struct og_batch_make_op *)op;
    struct og_batch *b = &self->batch;
    b->digest = digest_of(self->svc, b, self->mem);
    enum og_code code = b->id.len ? find_former(self, tx) : OG_E_NOT_FOUND;
    if (code != OG_E_NOT_FOUND) {
        return code;
    }
    code = check_room(self, tx);
    if (code != OG_OK) {
        return code;
    }
    if (b->id.len == 0) {
        char id[OG_ID_BYTES];
        og_id_make(tx->now_ms, id);
        b->id = og_str_dup(self->mem, og_str_from(id));
    }
    b->state = OG_BATCH_OPEN;
    b->created_at = tx->now_ms;
    b->due_at = tx->now_ms + OG_BATCH_LIFE_MS; /* then it is given up */
    self->is_new = true;
    code = og_batch_insert(tx->db, &self->svc->keys.seal, b, &op->err);
    if (code == OG_OK) {
        og_audit_change(self->svc, OG_AUDIT_BATCH_CREATED, b->account_id, b->id, "made");
    }
    return code;
}
