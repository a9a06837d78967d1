/*
 * The shield's counts as rows, and back again at start: each send tells which subjects it counted
 * for, so that changed limits hold for what was sent before, too.
 */
#include <stdio.h>

#include "base/log.h"
#include "core/map.h"
#include "service/abuse/priv.h"

#define SUBJECT_BYTES 9 /* a tag and a key */
#define SUBJECTS_BYTES_MAX (OG_SUBJECT_COUNT * SUBJECT_BYTES)

void
og_abuse_to_row(const struct og_abuse_case *c, struct og_str send_id, int n, int64_t at,
                struct og_buf *bytes, struct og_abuse_send *out)
{
    og_buf_init(bytes, SUBJECTS_BYTES_MAX);
    for (int i = 0; i < OG_SUBJECT_GLOBAL; i++) {
        if (c->keys[i]) {
            og_buf_add_byte(bytes, (char)i);
            og_buf_add(bytes, (struct og_str){(const char *)&c->keys[i], sizeof c->keys[i]});
        }
    }
    *out = (struct og_abuse_send){
        .send_id = send_id,
        .n = n,
        .at = at,
        .account_id = og_str_from(c->account),
        .kind = c->kind,
        .amount = c->amount,
        .region = og_str_from(c->region),
        .prefix = og_str_from(c->prefix),
        .subjects = og_buf_str(bytes),
    };
}

static void
copy_text(struct og_str from, char *out, size_t size_bytes)
{
    snprintf(out, size_bytes, "%" OG_STR_FMT, OG_STR_ARG(from));
}

void
og_abuse_from_row(const struct og_shield *shield, const struct og_abuse_send *row,
                  struct og_abuse_case *out)
{
    const struct og_str all = OG_STR("");
    *out = (struct og_abuse_case){.kind = (enum og_abuse_kind)row->kind, .amount = row->amount};
    for (size_t i = 0; i + SUBJECT_BYTES <= row->subjects.len; i += SUBJECT_BYTES) {
        const unsigned char tag = (unsigned char)row->subjects.ptr[i];
        if (tag < OG_SUBJECT_GLOBAL) {
            memcpy(&out->keys[tag], row->subjects.ptr + i + 1, sizeof out->keys[tag]);
        }
    }
    out->keys[OG_SUBJECT_GLOBAL] = og_shield_key(shield, OG_SUBJECT_GLOBAL, all, all);
    if (row->region.len) {
        out->country_of_all = og_shield_key(shield, OG_SUBJECT_COUNTRY, all, row->region);
    }
    copy_text(row->account_id, out->account, sizeof out->account);
    copy_text(row->region, out->region, sizeof out->region);
    copy_text(row->prefix, out->prefix, sizeof out->prefix);
}

/* ---- loading ---- */

struct reset {
    uint64_t key;
    int64_t at;
};

struct loading {
    struct og_services *svc;
    struct og_arena mem;
    struct og_map resets;
    int64_t last_at;
    int64_t count;
};

static void
load_reset(void *ctx, const struct og_abuse_reset *row)
{
    struct loading *self = ctx;
    struct reset *reset = OG_ARENA_NEW(&self->mem, struct reset);
    *reset = (struct reset){(uint64_t)row->key, row->at};
    og_map_put(&self->resets, (struct og_str){(const char *)&reset->key, sizeof reset->key},
               reset);
}

static void
load_send(void *ctx, const struct og_abuse_send *row)
{
    struct loading *self = ctx;
    struct og_abuse_case c;
    og_abuse_from_row(self->svc->shield, row, &c);
    for (int i = 0; i < OG_SUBJECT_COUNT; i++) {
        const struct og_str key = {(const char *)&c.keys[i], sizeof c.keys[i]};
        const struct reset *reset = og_map_get(&self->resets, key);
        if (reset && reset->at >= row->at) {
            c.keys[i] = 0;
        }
    }
    og_shield_load(self->svc->shield, &c, row->at, row->is_verified);
    self->last_at = row->at;
    self->count++;
}

static void
put_stop(struct og_shield *shield, const struct og_abuse_stop *row)
{
    struct og_stop stop = {
        .place = {.key = (uint64_t)row->place},
        .rule = og_str_eq(row->rule, og_str_from(og_abuse_rules[OG_RULE_OPERATOR].word))
                    ? OG_RULE_OPERATOR
                    : OG_RULE_CONVERSION,
        .since_ms = row->since,
        .until_ms = row->until,
    };
    copy_text(row->id, stop.id, sizeof stop.id);
    copy_text(row->account_id, stop.place.account, sizeof stop.place.account);
    copy_text(row->label, stop.place.label, sizeof stop.place.label);
    if (og_abuse_subject_from_name(row->subject.ptr, &stop.place.subject)) {
        (void)og_shield_stop(shield, &stop); /* there are no more rows than places */
    }
}

static enum og_code
load_stops(struct og_services *svc, struct og_db *db, int64_t now_ms, struct og_arena *mem,
           struct og_err *err)
{
    struct og_abuse_stop *items;
    int count;
    enum og_code code = og_abuse_stops(db, OG_STR(""), now_ms, mem, &items, &count, err);
    for (int i = 0; code == OG_OK && i < count; i++) {
        put_stop(svc->shield, &items[i]);
    }
    return code;
}

enum og_code
og_abuse_load(struct og_services *svc, struct og_db *db, int64_t now_ms, struct og_err *err)
{
    if (!og_abuse_is_on(svc)) {
        return OG_OK;
    }
    struct loading loading = {.svc = svc};
    og_arena_init(&loading.mem, 0);
    enum og_code code = og_abuse_resets_each(db, load_reset, &loading, err);
    if (code == OG_OK) {
        code = og_abuse_sends_each(db, now_ms - OG_ABUSE_KEPT_MS, load_send, &loading, err);
    }
    if (code == OG_OK) {
        code = load_stops(svc, db, now_ms, &loading.mem, err);
    }
    /* a clock that was set back must not bring the counts' future with it */
    const int64_t time_ms = loading.last_at > now_ms ? loading.last_at : now_ms;
    svc->abuse.shield_offset_ms = time_ms - og_mono_ms(svc->clock);
    if (loading.count > 0) {
        og_log_info("abuse", "counts of the last day are back", "sends=%lld",
                    (long long)loading.count);
    }
    og_map_finish(&loading.resets);
    og_arena_finish(&loading.mem);
    return code;
}
