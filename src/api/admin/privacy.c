/*
 * POST /admin/v1/privacy/erase and /export: one step of erasing or telling what is stored about a
 * number; the caller repeats it with the cursor of the answer. The number stands in the body
 * because paths are logged by others.
 */
#include "api/admin/priv.h"
#include "service/privacy/cursor.h"
#include "service/privacy/privacy.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct ask {
    struct og_str number;
    struct og_str cursor;
};

static const struct og_json_member members[] = {
    {"number", OG_JSON_STRING, offsetof(struct ask, number), true, 1, 64},
    {"cursor", OG_JSON_STRING, offsetof(struct ask, cursor), false, 0, 200},
};

/* The operator's number in our own spelling, and the cursor as it came. */
static enum og_code
decode(struct og_call *call, struct ask *ask, struct og_err *err)
{
    const struct og_services *svc = og_call_services(call);
    enum og_code code = og_admin_only_operator(call, "", err);
    if (code == OG_OK) {
        code = og_admin_decode_body(call, members, COUNT(members), ask, err);
    }
    return code == OG_OK ? og_phone_parse(ask->number, og_str_from(svc->message.default_region),
                                          svc->plan, "number", og_call_mem(call), &ask->number,
                                          err)
                         : code;
}

static enum og_code
refuse_cursor(struct og_err *err)
{
    return og_fail(err, OG_E_INVALID, "cursor", "is not one that an answer gave");
}

static void
write_step(struct og_json_writer *w, const char *class, int64_t looked, const char *did,
           int64_t count, bool is_over, struct og_str cursor)
{
    og_json_add_cstr(w, "class", class);
    og_json_add_i64(w, "looked", looked);
    og_json_add_i64(w, did, count);
    og_json_add_bool(w, "done", is_over);
    og_json_add_str(w, "cursor", is_over ? OG_STR("") : cursor);
    og_json_end(w);
}

/* ---- erase ---- */

enum og_code
og_admin_erase_decode(struct og_call *call, struct og_op *op, struct og_err *err)
{
    struct og_erase_op *self = (struct og_erase_op *)op;
    struct ask ask = {0};
    self->svc = og_call_services(call);
    self->mem = og_call_mem(call);
    enum og_code code = decode(call, &ask, err);
    self->number = ask.number;
    if (code == OG_OK &&
        !og_privacy_place_read(ask.cursor, OG_SUBJECT_CLASSES + 1, &self->place)) {
        code = refuse_cursor(err);
    }
    return code;
}

void
og_admin_erase_encode(struct og_call *call, struct og_op *op, struct og_answer *answer)
{
    struct og_erase_op *self = (struct og_erase_op *)op;
    struct og_json_writer w;
    og_erase_release(self, call->req->loop);
    og_admin_begin_answer(&w, answer);
    write_step(&w, og_erase_class_name(self->place.cls), self->looked, "erased", self->erased,
               self->is_over, og_privacy_place_write(&self->next, self->mem));
}

/* ---- export ---- */

enum og_code
og_admin_export_decode(struct og_call *call, struct og_op *op, struct og_err *err)
{
    struct og_export_op *self = (struct og_export_op *)op;
    struct ask ask = {0};
    self->svc = og_call_services(call);
    self->mem = og_call_mem(call);
    enum og_code code = decode(call, &ask, err);
    self->number = ask.number;
    self->is_first = ask.cursor.len == 0;
    if (code == OG_OK &&
        !og_privacy_cursor_read(&self->svc->keys.number, self->number, ask.cursor,
                                OG_EXPORT_CLASSES, self->mem, &self->place)) {
        code = refuse_cursor(err);
    }
    return code;
}

struct note {
    struct og_export_note_op op; /* first: it is the operation */
    struct og_call *call;
};

static void
note_done(struct og_op *op)
{
    struct note *self = (struct note *)op;
    og_call_continue(self->call, op->code, &op->err);
}

/* Nobody reads before it stands in the audit log that he does. */
void
og_admin_export_prepare(struct og_call *call, struct og_op *op)
{
    static const struct og_op_kind kind = {
        .name = "privacy.export.note", .apply = og_export_note_apply, .done = note_done};
    struct og_export_op *export = (struct og_export_op *)op;
    if (!export->is_first) {
        og_call_continue(call, OG_OK, NULL);
        return;
    }
    struct note *note = OG_ARENA_NEW(export->mem, struct note);
    *note = (struct note){
        .op = {.svc = export->svc, .mem = export->mem, .number = export->number},
        .call = call,
    };
    struct og_err err;
    const enum og_code code = og_call_submit(call, OG_LANE_WRITE, &note->op.op, &kind, &err);
    if (code != OG_OK) {
        og_call_continue(call, code, &err);
    }
}

void
og_admin_export_encode(struct og_call *call, struct og_op *op, struct og_answer *answer)
{
    struct og_export_op *self = (struct og_export_op *)op;
    struct og_json_writer w;
    (void)call;
    answer->content_type = OG_STR("application/jsonl");
    og_buf_add(&answer->body, self->lines);
    og_admin_begin_answer(&w, answer);
    write_step(&w, og_export_class_name(self->place.cls), self->looked, "found", self->found,
               self->is_over,
               og_privacy_cursor_write(&self->svc->keys.number, self->number, &self->next,
                                       self->mem));
}
