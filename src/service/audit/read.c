/*
 * Filters are applied to the lines as they are read: there is no index but the number, and no more
 * entries are looked at than keep an answer quick.
 */
#include "service/audit/read.h"

#include "audit/entry.h"
#include "store/audit_store.h"

#define LOOK_AT_MAX 5000
#define SPAN_LOOK_AT_MAX 20000

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
    if (og_audit_entry_read(line, &self->scratch, &entry, &err) != OG_OK) {
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

/* ---- a span of time ---- */

struct found_time {
    int64_t seq; /* 0: there was no entry */
    int64_t at_ms;
};

/* One that cannot be read counts as older than all others. */
static bool
read_time(void *ctx, const struct og_audit_row *row)
{
    struct found_time *out = ctx;
    struct og_arena mem;
    struct og_audit_entry entry;
    struct og_err err;
    og_arena_init(&mem, 0);
    out->seq = row->seq;
    out->at_ms = 0;
    if (og_audit_entry_read(row->line, &mem, &entry, &err) == OG_OK) {
        out->at_ms = entry.at_ms;
    }
    og_arena_finish(&mem);
    return false;
}

/* The number of the first entry at or after that time: numbers and times grow together. */
static enum og_code
find_first(struct og_db *db, int64_t at_ms, struct og_arena *mem, int64_t *out, struct og_err *err)
{
    struct og_audit_head head;
    enum og_code code = og_audit_head_read(db, mem, &head, err);
    int64_t low = 0, high = code == OG_OK ? head.size + 1 : 0; /* low is before it, high is not */
    while (code == OG_OK && high - low > 1) {
        struct found_time middle = {0};
        int64_t seq = low + (high - low) / 2;
        code = og_audit_each(db, seq - 1, 1, read_time, &middle, err);
        if (middle.seq && middle.at_ms < at_ms) {
            low = seq;
        } else {
            high = seq;
        }
    }
    *out = high;
    return code;
}

static bool
take_of_span(void *ctx, const struct og_audit_row *row)
{
    struct og_audit_span_op *self = ctx;
    struct og_audit_entry entry;
    struct og_err err;
    self->looked_at++;
    og_arena_reset(&self->scratch);
    if (og_audit_entry_read(row->line, &self->scratch, &entry, &err) != OG_OK) {
        return true;
    }
    if (entry.at_ms < self->from_ms) {
        return false;
    }
    if (og_str_eq(entry.event.account, self->account_id) &&
        og_audit_entry_read(og_str_dup(self->mem, row->line), self->mem, &entry, &err) == OG_OK) {
        self->items[OG_AUDIT_SPAN_MAX - ++self->count] = entry;
    }
    return self->count < OG_AUDIT_SPAN_MAX;
}

enum og_code
og_audit_span_apply(struct og_op *op, struct og_tx *tx)
{
    struct og_audit_span_op *self = (struct og_audit_span_op *)op;
    int64_t before = INT64_MAX;
    enum og_code code =
        self->to_ms ? find_first(tx->db, self->to_ms, self->mem, &before, &op->err) : OG_OK;
    self->items = OG_ARENA_ARRAY(self->mem, struct og_audit_entry, OG_AUDIT_SPAN_MAX);
    og_arena_init(&self->scratch, 0);
    if (code == OG_OK) {
        code = og_audit_each_back(tx->db, before, SPAN_LOOK_AT_MAX, take_of_span, self, &op->err);
    }
    og_arena_finish(&self->scratch);
    self->items += OG_AUDIT_SPAN_MAX - self->count; /* it was filled from its end */
    return code;
}
