/*
 * Entries of the audit log, for operators: newest first, paged by number. A filter that few entries
 * pass looks at a bounded number of them and says where to go on.
 */
#include "api/admin/priv.h"

#include "base/json.h"
#include "service/audit/read.h"

#define LIMIT_USUAL 50
#define LIMIT_MAX 500

static bool
read_number(struct og_call *call, const char *name, int64_t min, int64_t max, int64_t *out)
{
    struct og_str text;
    int64_t value;
    if (!og_http_query(call->req, name, &text)) {
        return true;
    }
    bool is_good = og_str_to_i64(text, &value) && value >= min && value <= max;
    *out = is_good ? value : *out;
    return is_good;
}

enum og_code
og_admin_audit_decode(struct og_call *call, struct og_op *op, struct og_err *err)
{
    struct og_audit_list_op *self = (struct og_audit_list_op *)op;
    self->svc = og_call_services(call);
    self->mem = og_call_mem(call);
    self->before = INT64_MAX;
    self->limit = LIMIT_USUAL;
    if (!read_number(call, "before", 1, INT64_MAX, &self->before)) {
        return og_fail(err, OG_E_INVALID, "before", "a whole number, at least 1");
    }
    if (!read_number(call, "limit", 1, LIMIT_MAX, &self->limit)) {
        return og_fail(err, OG_E_INVALID, "limit", "a whole number, 1 to %d", LIMIT_MAX);
    }
    struct og_str asked = OG_STR("");
    (void)og_http_query(call->req, "kind", &self->kind);
    (void)og_http_query(call->req, "id", &self->object);
    (void)og_http_query(call->req, "account", &asked);
    return og_admin_account_of(call, asked, &self->account_id, err);
}

void
og_admin_audit_encode(struct og_call *call, struct og_op *op, struct og_answer *answer)
{
    struct og_audit_list_op *self = (struct og_audit_list_op *)op;
    struct og_json_writer w;
    (void)call;
    og_admin_begin_answer(&w, answer);
    og_json_array(&w, "entries");
    for (int i = 0; i < self->count; i++) {
        og_json_add_raw(&w, NULL, self->lines[i]);
    }
    og_json_end(&w);
    if (self->next) {
        og_json_add_i64(&w, "next", self->next);
    } else {
        og_json_add_null(&w, "next");
    }
    og_json_end(&w);
}
