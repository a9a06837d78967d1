/*
 * Entries as lines. Text members are a table in the order of the alphabet; the four that are not
 * text stand between them where the alphabet wants them.
 */
#include "audit/entry.h"

#include "base/clock.h"
#include "base/json.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct member {
    const char *name;
    size_t offset; /* of a struct og_str in struct og_audit_event */
};

static const struct member before_kind[] = {
    {"account", offsetof(struct og_audit_event, account)},
    {"actor", offsetof(struct og_audit_event, actor)},
    {"country", offsetof(struct og_audit_event, country)},
    {"detail", offsetof(struct og_audit_event, detail)},
    {"id", offsetof(struct og_audit_event, object)},
    {"ip", offsetof(struct og_audit_event, ip)},
};
static const struct member before_seq[] = {
    {"purpose", offsetof(struct og_audit_event, purpose)},
    {"reason", offsetof(struct og_audit_event, reason)},
    {"request", offsetof(struct og_audit_event, request)},
};
static const struct member before_ts[] = {
    {"subject", offsetof(struct og_audit_event, subject)},
    {"to", offsetof(struct og_audit_event, masked)},
};

static struct og_str *
field_of(const struct og_audit_event *event, const struct member *member)
{
    return (struct og_str *)((uintptr_t)event + member->offset);
}

static void
write_members(struct og_json_writer *w, const struct og_audit_event *event,
              const struct member *members, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct og_str value = *field_of(event, &members[i]);
        if (value.len) {
            og_json_add_str(w, members[i].name, og_audit_field_cut(value));
        }
    }
}

void
og_audit_entry_write(const struct og_audit_entry *entry, struct og_buf *out)
{
    const struct og_audit_event *event = &entry->event;
    char prev[OG_DIGEST_HEX_CHARS + 1];
    struct og_json_writer w;
    og_hex(entry->prev, OG_DIGEST_BYTES, prev);
    og_json_begin(&w, out);
    og_json_object(&w, NULL);
    write_members(&w, event, before_kind, COUNT(before_kind));
    og_json_add_cstr(&w, "kind", og_audit_kind_rows[event->kind].name);
    og_json_add_str(&w, "prev", (struct og_str){prev, OG_DIGEST_HEX_CHARS});
    write_members(&w, event, before_seq, COUNT(before_seq));
    og_json_add_i64(&w, "seq", entry->seq);
    write_members(&w, event, before_ts, COUNT(before_ts));
    og_json_add_time(&w, "ts", entry->at_ms);
    og_json_end(&w);
}

/* ---- reading ---- */

static enum og_code
read_members(const struct og_json *object, const struct member *members, size_t count,
             struct og_arena *mem, struct og_audit_event *event, struct og_err *err)
{
    for (size_t i = 0; i < count; i++) {
        const struct og_json *node = og_json_get(object, members[i].name);
        struct og_str text;
        if (node && !og_json_to_str(node, &text)) {
            return og_fail(err, OG_E_INVALID, members[i].name, "%s is no text", members[i].name);
        }
        if (node) {
            *field_of(event, &members[i]) = og_str_dup(mem, text);
        }
    }
    return OG_OK;
}

static enum og_code
read_frame(const struct og_json *object, struct og_arena *mem, struct og_audit_entry *out,
           struct og_err *err)
{
    struct og_str kind, prev, ts;
    if (!og_json_to_i64(og_json_get(object, "seq"), &out->seq)) {
        return og_fail(err, OG_E_INVALID, "seq", "seq is no number");
    }
    if (!og_json_to_str(og_json_get(object, "prev"), &prev) ||
        !og_unhex(prev, out->prev, OG_DIGEST_BYTES)) {
        return og_fail(err, OG_E_INVALID, "prev", "prev is no hash");
    }
    if (!og_json_to_str(og_json_get(object, "ts"), &ts) || !og_time_parse(ts, &out->at_ms)) {
        return og_fail(err, OG_E_INVALID, "ts", "ts is no time");
    }
    if (!og_json_to_str(og_json_get(object, "kind"), &kind)) {
        return og_fail(err, OG_E_INVALID, "kind", "kind is no text");
    }
    out->kind_name = og_str_dup(mem, kind);
    out->is_known = og_audit_kind_find(kind, &out->event.kind);
    return OG_OK;
}

static enum og_code
read_object(const struct og_json *object, struct og_arena *mem, struct og_audit_entry *out,
            struct og_err *err)
{
    if (og_json_kind(object) != OG_JSON_K_OBJECT) {
        return og_fail(err, OG_E_INVALID, "", "it is no object");
    }
    enum og_code code = read_frame(object, mem, out, err);
    if (code == OG_OK) {
        code = read_members(object, before_kind, COUNT(before_kind), mem, &out->event, err);
    }
    if (code == OG_OK) {
        code = read_members(object, before_seq, COUNT(before_seq), mem, &out->event, err);
    }
    if (code == OG_OK) {
        code = read_members(object, before_ts, COUNT(before_ts), mem, &out->event, err);
    }
    return code;
}

enum og_code
og_audit_entry_read(struct og_str line, struct og_arena *mem, struct og_audit_entry *out,
                    struct og_err *err)
{
    struct og_json_doc doc = {0};
    *out = (struct og_audit_entry){0};
    enum og_code code = og_json_parse(line, 2, &doc, err);
    if (code == OG_OK) {
        code = read_object(doc.root, mem, out, err);
    }
    og_json_doc_finish(&doc);
    return code;
}
