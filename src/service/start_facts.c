/*
 * A fact that is new is told with what it was before; one that nobody knew yet is only kept.
 */
#include "service/start_facts.h"

#include <stdio.h>

#include "service/audit/audit.h"
#include "store/meta_store.h"

static enum og_code
look_at(struct og_start_facts_op *self, struct og_tx *tx, const char *name, const char *value,
        const struct og_audit_event *event)
{
    struct og_str before;
    struct og_audit_event told = *event;
    if (!value[0]) {
        return OG_OK;
    }
    enum og_code code = og_meta_change(tx->db, og_str_from(name), og_str_from(value), &self->mem,
                                       &before, &self->op.err);
    if (code != OG_OK || before.len == 0 || og_str_eq(before, og_str_from(value))) {
        return code;
    }
    told.detail = og_str_printf(&self->mem, "before=%" OG_STR_FMT " after=%s", OG_STR_ARG(before),
                                value);
    og_audit_add(self->svc, &told);
    return OG_OK;
}

enum og_code
og_start_facts_apply(struct og_op *op, struct og_tx *tx)
{
    struct og_start_facts_op *self = (struct og_start_facts_op *)op;
    enum og_code code = look_at(self, tx, "config digest", self->config,
                                &(struct og_audit_event){.kind = OG_AUDIT_ADMIN_CONFIG,
                                                         .reason = OG_STR("gateway")});
    return code == OG_OK ? look_at(self, tx, "certificate digest", self->certificate,
                                   &(struct og_audit_event){.kind = OG_AUDIT_KEY_ROTATED,
                                                            .reason = OG_STR("tls_certificate")})
                         : code;
}
