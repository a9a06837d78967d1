/*
 * Messages that wait for their time. They are rows and nothing else until then, so that a phone
 * that vanishes meanwhile takes none of them along, and a restart changes nothing.
 */
#include <limits.h>

#include "service/device/route_service.h"
#include "service/message/message_service.h"
#include "service/message/priv.h"
#include "service/timeline/note.h"

#define RELEASE_MAX 256

/* The plan made when it was accepted is old: the best phone now, or the account's own line. */
static void
plan_again(struct og_services *svc, struct og_message *m, int64_t now_ms, struct og_arena *mem)
{
    if (!m->bound) {
        const struct og_route_job job = og_route_job_of(svc, m, now_ms);
        struct og_route_plan plan;
        og_route_choose(svc, &job, now_ms, mem, &plan, &m->device_id);
    }
}

enum og_code
og_release_apply(struct og_op *op, struct og_tx *tx)
{
    struct og_release_op *self = (struct og_release_op *)op;
    enum og_code code =
        og_message_ripe(tx->db, &self->svc->keys.seal, tx->now_ms, RELEASE_MAX, self->mem,
                        &self->items, &self->released_count, &op->err);
    self->has_more = self->released_count == RELEASE_MAX;
    for (int i = 0; code == OG_OK && i < self->released_count; i++) {
        struct og_message *m = &self->items[i];
        const struct og_str before = m->device_id;
        plan_again(self->svc, m, tx->now_ms, self->mem);
        code = og_timeline_released(tx, m, before, &op->err);
        if (code == OG_OK) {
            code = og_message_release(tx->db, m, &op->err);
        }
    }
    return code;
}

void
og_release_committed(struct og_op *op, struct og_tx *tx)
{
    struct og_release_op *self = (struct og_release_op *)op;
    for (int i = 0; i < self->released_count; i++) {
        self->items[i].held = false;
        og_message_accepted(self->svc, &self->items[i], tx->now_ms);
    }
}
