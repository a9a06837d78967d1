/*
 * Entries of the audit log in the shape of the phone's own log. Clients want the context to be an
 * object, whatever is in it.
 */
#include "api/smsgate/logs.h"

#include "api/smsgate/query.h"
#include "base/json.h"
#include "service/audit/read.h"

enum og_code
og_smsgate_logs_decode(struct og_call *call, struct og_op *op, struct og_err *err)
{
    struct og_audit_span_op *self = (struct og_audit_span_op *)op;
    self->svc = og_call_services(call);
    self->mem = og_call_mem(call);
    self->account_id = call->who.account_id;
    enum og_code code = og_query_time(call->req, "from", &self->from_ms, err);
    return code == OG_OK ? og_query_time(call->req, "to", &self->to_ms, err) : code;
}

static const char *
priority_of(const struct og_audit_entry *entry)
{
    int severity = entry->is_known ? og_audit_kind_rows[entry->event.kind].severity : 6;
    return severity <= 3 ? "ERROR" : severity == 4 ? "WARN" : "INFO";
}

static void
write_context(struct og_json_writer *w, const struct og_audit_entry *entry)
{
    const struct og_audit_event *event = &entry->event;
    const struct {
        const char *name;
        struct og_str value;
    } members[] = {
        {"kind", entry->kind_name}, {"actor", event->actor},     {"object", event->object},
        {"to", event->masked},      {"country", event->country}, {"purpose", event->purpose},
        {"reason", event->reason},  {"detail", event->detail},   {"ip", event->ip},
        {"request", event->request},
    };
    og_json_object(w, "context");
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        if (members[i].value.len) {
            og_json_add_str(w, members[i].name, members[i].value);
        }
    }
    og_json_end(w);
}

static void
write_entry(struct og_json_writer *w, const struct og_audit_entry *entry)
{
    struct og_str kind = entry->kind_name;
    og_json_object(w, NULL);
    og_json_add_i64(w, "id", entry->seq);
    og_json_add_cstr(w, "priority", priority_of(entry));
    og_json_add_str(w, "module", og_str_slice(kind, 0, og_str_find(kind, '.')));
    og_json_add_str(w, "message", entry->is_known
                                      ? og_str_from(og_audit_kind_rows[entry->event.kind].title)
                                      : kind);
    write_context(w, entry);
    og_json_add_time(w, "createdAt", entry->at_ms);
    og_json_end(w);
}

void
og_smsgate_logs_encode(struct og_call *call, struct og_op *op, struct og_answer *answer)
{
    struct og_audit_span_op *self = (struct og_audit_span_op *)op;
    struct og_json_writer w;
    (void)call;
    og_json_begin(&w, &answer->body);
    og_json_array(&w, NULL);
    for (int i = 0; i < self->count; i++) {
        write_entry(&w, &self->items[i]);
    }
    og_json_end(&w);
}
