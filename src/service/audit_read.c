/*
 * Filters are applied to the lines as they are read: there is no index but the number, and no more
 * entries are looked at than keep an answer quick.
 */
#include "service/audit_read.h"

#include "audit/entry.h"
#include "store/audit_store.h"

#define LOOK_AT_MAX 5000

static bool
is_kind(struct og_str name, struct og_str asked)
{
    return asked.len == 0 || og_str_eq(name, asked) ||
           (og_str_starts(name, asked) && name.ptr[asked.len] == '.');
}

static bool
is_asked_for(struct og_audit_list_op *self, struct og_str line)
{
    struct og_audit_entry entry;
    struct og_err err;
    og_arena_reset(&self->scratch);
    if (line.len == 0 || og_audit_entry_read(line, &self->scratch, &entry, &err) != OG_OK) {
        return false;
    }
    return (self->account_id.len == 0 || og_str_eq(entry.event.account, self->account_id)) &&
           (self->object.len == 0 || og_str_eq(entry.event.object, self->object)) &&
           is_kind(entry.kind_name, self->kind);
}

static bool
take(void *ctx, const struct og_audit_row *row)
{
    struct og_audit_list_op *self = ctx;
    self->next = row->seq;
    self->looked_at++;
    if (is_asked_for(self, row->line)) {
        self->lines[self->count++] = og_str_dup(self->mem, row->line);
    }
    return self->count < self->limit;
}

enum og_code
og_audit_list_apply(struct og_op *op, struct og_tx *tx)
{
    struct og_audit_list_op *self = (struct og_audit_list_op *)op;
    self->lines = OG_ARENA_ARRAY(self->mem, struct og_str, (size_t)self->limit);
    og_arena_init(&self->scratch, 0);
    enum og_code code =
        og_audit_each_back(tx->db, self->before, LOOK_AT_MAX, take, self, &op->err);
    og_arena_finish(&self->scratch);
    bool is_all = self->count < self->limit && self->looked_at < LOOK_AT_MAX;
    if (is_all || self->next == 1) {
        self->next = 0;
    }
    return code;
}
