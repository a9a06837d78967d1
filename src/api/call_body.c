/*
 * The body of a call as JSON. A short one is parsed where it arrives; a long one would keep the
 * loop from everybody else for as long as a hundred codes take.
 */
#include "api/call.h"

#include "base/json.h"

/* "application/json", "application/problem+json; charset=utf-8", ... */
static bool
is_json_type(struct og_str type)
{
    type = og_str_trim(og_str_slice(type, 0, og_str_find(type, ';')));
    return type.len >= 4 &&
           og_str_eq_nocase(og_str_slice(type, type.len - 4, type.len), OG_STR("json"));
}

static enum og_code
check_type(const struct og_call *call, struct og_err *err)
{
    return is_json_type(og_http_header(call->req, "Content-Type"))
               ? OG_OK
               : og_fail(err, OG_E_MEDIA_TYPE, "",
                         "failed to parse body: the content type must be application/json");
}

static enum og_code
parse(struct og_call *call, struct og_err *err)
{
    return og_json_parse(call->req->body, OG_JSON_DEPTH_DEFAULT, call->doc, err);
}

enum og_code
og_call_json(struct og_call *call, const struct og_json **out, struct og_err *err)
{
    enum og_code code = check_type(call, err);
    if (code == OG_OK && !call->doc) {
        call->doc = OG_ARENA_NEW(call->req->mem, struct og_json_doc);
        code = parse(call, err);
    }
    *out = code == OG_OK ? call->doc->root : NULL;
    return code;
}

/* ---- a long one ---- */

struct parsing {
    struct og_op op;
    struct og_call *call;
    og_call_parsed_fn *then;
};

static enum og_code
parse_apply(struct og_op *op, struct og_tx *tx)
{
    (void)tx;
    return parse(((struct parsing *)op)->call, &op->err);
}

static void
parse_done(struct og_op *op)
{
    const struct parsing *self = (const struct parsing *)op;
    self->then(self->call, op->code, &op->err);
}

void
og_call_json_later(struct og_call *call, og_call_parsed_fn *then)
{
    static const struct og_op_kind kind = {
        .name = "call.parse", .apply = parse_apply, .done = parse_done};
    struct og_err err;
    struct parsing *self = OG_ARENA_NEW(call->req->mem, struct parsing);
    enum og_code code = check_type(call, &err);
    if (code == OG_OK) {
        call->doc = OG_ARENA_NEW(call->req->mem, struct og_json_doc);
        self->call = call;
        self->then = then;
        code = og_call_submit(call, OG_LANE_SLOW, &self->op, &kind, &err);
    }
    if (code != OG_OK) {
        then(call, code, &err);
    }
}
