/*
 * A time line as JSON: the same for applications of either API and for operators. Members that say
 * nothing are left out.
 */
#include "api/timeline_api.h"

#include "api/admin/priv.h"
#include "base/id.h"
#include "service/timeline/timeline.h"

/* ---- decode ---- */

static struct og_timeline_op *
begin(struct og_call *call, struct og_op *op)
{
    struct og_timeline_op *self = (struct og_timeline_op *)op;
    self->svc = og_call_services(call);
    self->mem = og_call_mem(call);
    self->account_id = call->who.account_id;
    self->id = call->params[0];
    return self;
}

static enum og_code
message_decode(struct og_call *call, struct og_op *op, struct og_err *err)
{
    (void)err;
    begin(call, op)->no_verifications = true;
    return OG_OK;
}

static enum og_code
verification_decode(struct og_call *call, struct og_op *op, struct og_err *err)
{
    struct og_timeline_op *self = begin(call, op);
    self->no_messages = true;
    return self->id.len == OG_LONG_ID_CHARS && og_id_is_plain(self->id)
               ? OG_OK
               : og_fail(err, OG_E_NOT_FOUND, "", "no such verification");
}

static enum og_code
any_decode(struct og_call *call, struct og_op *op, struct og_err *err)
{
    struct og_timeline_op *self = begin(call, op);
    struct og_str asked = OG_STR("");
    og_http_query(call->req, "account", &asked);
    return og_admin_account_of(call, asked, &self->account_id, err);
}

/* ---- encode ---- */

static void
add_text(struct og_json_writer *w, const char *name, struct og_str value)
{
    if (value.len) {
        og_json_add_str(w, name, value);
    }
}

static void
add_number(struct og_json_writer *w, const char *name, int64_t value)
{
    if (value) {
        og_json_add_i64(w, name, value);
    }
}

static void
add_time(struct og_json_writer *w, const char *name, int64_t at)
{
    if (at) {
        og_json_add_time(w, name, at);
    }
}

static void
add_phone(struct og_json_writer *w, const char *name, struct og_str id, struct og_str label)
{
    if (id.len) {
        og_json_object(w, name);
        og_json_add_str(w, "id", id);
        add_text(w, "name", label);
        og_json_end(w);
    }
}

static void
add_step(struct og_json_writer *w, const struct og_timeline *line,
         const struct og_timeline_step *step)
{
    const bool is_own = og_step_is_of_verification(step->what) ||
                        (step->what == OG_STEP_WEBHOOK && !step->send);
    og_json_object(w, NULL);
    og_json_add_time(w, "at", step->at);
    og_json_add_cstr(w, "step", og_step_name(step->what));
    og_json_add_cstr(w, "of", is_own && line->is_verification ? "verification" : "message");
    add_number(w, "send", step->send);
    add_text(w, "state", og_str_from(step->state));
    add_phone(w, "device", step->device_id, step->device_name);
    add_phone(w, "from", step->from_id, step->from_name);
    add_number(w, "sim", step->sim);
    add_number(w, "parts", step->parts);
    add_number(w, "recipients", step->recipients);
    if (step->route) {
        og_json_add_i64(w, "route", step->route);
        og_json_add_i64(w, "routes", line->routes_max);
    }
    if (step->is_possible_duplicate) {
        og_json_add_bool(w, "possibleDuplicate", true);
    }
    if (step->is_assumed) {
        og_json_add_bool(w, "assumed", true);
    }
    add_text(w, "event", step->event);
    add_text(w, "webhook", step->webhook_id);
    add_number(w, "tries", step->tries);
    add_text(w, "result", og_str_from(step->result));
    add_text(w, "reason", step->reason);
    add_time(w, "until", step->until);
    og_json_end(w);
}

static void
add_wait(struct og_json_writer *w, const struct og_timeline *line)
{
    if (!line->waits.reason[0]) {
        og_json_add_null(w, "waiting");
        return;
    }
    og_json_object(w, "waiting");
    og_json_add_cstr(w, "for", line->waits.reason);
    add_text(w, "by", og_str_from(line->waits.detail));
    add_time(w, "until", line->waits.until);
    add_phone(w, "device", line->waits.device_id, line->waits.device_name);
    og_json_end(w);
}

static void
encode(struct og_call *call, struct og_op *op, struct og_answer *answer)
{
    const struct og_timeline *line = &((struct og_timeline_op *)op)->out;
    struct og_json_writer w;
    og_json_begin(&w, &answer->body);
    og_json_object(&w, NULL);
    og_json_add_str(&w, "id", line->id);
    og_json_add_cstr(&w, "kind", line->is_verification ? "verification" : "message");
    og_json_add_cstr(&w, "class", line->class);
    og_json_add_cstr(&w, "state", line->state);
    og_json_add_bool(&w, "final", line->final_at != 0);
    og_json_add_time(&w, "now", call->now_ms);
    add_time(&w, "limit", line->final_at ? 0 : line->limit_at);
    add_wait(&w, line);
    og_json_array(&w, "steps");
    for (size_t i = 0; i < line->count; i++) {
        add_step(&w, line, &line->steps[i]);
    }
    og_json_end(&w);
    if (line->is_cut) {
        og_json_add_bool(&w, "cut", true);
    }
    og_json_end(&w);
}

/* ---- rows ---- */

#define TIMELINE(path_, family_, who_, scope_, decode_)                                           \
    {OG_GET, path_, family_, who_, scope_, 0, 200, .lane = OG_LANE_WRITE,                         \
     .op_bytes = sizeof(struct og_timeline_op),                                                   \
     .kind = {.name = "timeline.get", .apply = og_timeline_apply, .done = og_call_done},          \
     .decode = decode_, .encode = encode}
#define OF_MESSAGE(path_)                                                                         \
    TIMELINE(path_, OG_FAMILY_SMSGATE, OG_WHO_APP, OG_SCOPE_MESSAGES_READ, message_decode)

const struct og_route og_timeline_routes[] = {
    OF_MESSAGE("/3rdparty/v1/messages/{id}/timeline"),
    OF_MESSAGE("/3rdparty/v1/message/{id}/timeline"),
    TIMELINE("/otp/v1/verifications/{id}/timeline", OG_FAMILY_OWN, OG_WHO_APP, OG_SCOPE_OTP_CHECK,
             verification_decode),
    TIMELINE("/admin/v1/timelines/{id}", OG_FAMILY_OWN, OG_WHO_OPERATOR, 0, any_decode),
};

const int og_timeline_route_count = sizeof og_timeline_routes / sizeof og_timeline_routes[0];
