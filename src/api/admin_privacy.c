/*
 * POST /admin/v1/privacy/erase: one step of erasing a number; the caller repeats it with the cursor of the
 * answer. The number stands in the body because paths are logged by others.
 */
#include <stdio.h>

#include "api/admin_priv.h"
#include "service/privacy.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct erase_ask {
    struct og_str number;
    struct og_str cursor;
};

static const struct og_json_member members[] = {
    {"number", OG_JSON_STRING, offsetof(struct erase_ask, number), true, 1, 64},
    {"cursor", OG_JSON_STRING, offsetof(struct erase_ask, cursor), false, 0, 140},
};

/* "1.ACCOUNT.ID": class and keys of the row where the last step ended; "" : the beginning. */
static bool
read_cursor(struct og_str cursor, struct og_subject_place *out)
{
    const size_t first = og_str_find(cursor, '.');
    const struct og_str keys = og_str_slice(cursor, first + 1, cursor.len);
    const size_t second = og_str_find(keys, '.');
    const struct og_str account = og_str_slice(keys, 0, second);
    const struct og_str id = og_str_slice(keys, second + 1, keys.len);
    int64_t cls = 0;
    *out = (struct og_subject_place){0};
    if (cursor.len == 0) {
        return true;
    }
    if (first != 1 || second == keys.len || account.len >= sizeof out->account ||
        id.len >= sizeof out->id || !og_str_to_i64(og_str_slice(cursor, 0, first), &cls) ||
        cls > OG_SUBJECT_CLASSES) {
        return false;
    }
    out->cls = (int)cls;
    snprintf(out->account, sizeof out->account, "%" OG_STR_FMT, OG_STR_ARG(account));
    snprintf(out->id, sizeof out->id, "%" OG_STR_FMT, OG_STR_ARG(id));
    return true;
}

enum og_code
og_admin_erase_decode(struct og_call *call, struct og_op *op, struct og_err *err)
{
    struct og_erase_op *self = (struct og_erase_op *)op;
    struct og_services *svc = og_call_services(call);
    struct erase_ask ask = {0};
    self->svc = svc;
    self->mem = og_call_mem(call);
    enum og_code code = og_admin_only_operator(call, "", err);
    if (code == OG_OK) {
        code = og_admin_decode_body(call, members, COUNT(members), &ask, err);
    }
    if (code == OG_OK) {
        code = og_phone_parse(ask.number, og_str_from(svc->message.default_region), svc->plan,
                              "number", self->mem, &self->number, err);
    }
    if (code == OG_OK && !read_cursor(ask.cursor, &self->place)) {
        code = og_fail(err, OG_E_INVALID, "cursor", "is not one that an answer gave");
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
    og_json_add_cstr(&w, "class", og_privacy_class_name(self->place.cls));
    og_json_add_i64(&w, "looked", self->looked);
    og_json_add_i64(&w, "erased", self->erased);
    og_json_add_bool(&w, "done", self->is_over);
    og_json_add_str(&w, "cursor",
                    self->is_over ? OG_STR("")
                                  : og_str_printf(self->mem, "%d.%s.%s", self->next.cls,
                                                  self->next.account, self->next.id));
    og_json_end(&w);
}
