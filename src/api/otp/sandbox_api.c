/*
 * What an account in sandbox mode would have sent. Texts hold codes: that is what it is for.
 */
#include "api/otp/otp_api.h"
#include "base/json.h"
#include "service/otp/sandbox_service.h"

static enum og_code
list_decode(struct og_call *call, struct og_op *op, struct og_err *err)
{
    struct og_sandbox_list_op *self = (struct og_sandbox_list_op *)op;
    (void)err;
    self->svc = og_call_services(call);
    self->mem = og_call_mem(call);
    self->account_id = call->who.account_id;
    self->after = OG_STR("");
    og_http_query(call->req, "after", &self->after);
    return OG_OK;
}

static void
add_message(struct og_json_writer *w, const struct og_sandbox_message *message)
{
    og_json_object(w, NULL);
    og_json_add_str(w, "id", message->id);
    if (message->verification_id.len) {
        og_json_add_str(w, "verification_id", message->verification_id);
    } else {
        og_json_add_null(w, "verification_id");
    }
    og_json_add_str(w, "to", message->recipient);
    og_json_add_str(w, "text", message->text);
    og_json_add_time(w, "at", message->at);
    og_json_end(w);
}

static void
list_encode(struct og_call *call, struct og_op *op, struct og_answer *answer)
{
    struct og_sandbox_list_op *self = (struct og_sandbox_list_op *)op;
    struct og_json_writer w;
    og_json_begin(&w, &answer->body);
    og_json_object(&w, NULL);
    og_json_add_bool(&w, "sandbox", call->who.is_sandbox);
    og_json_array(&w, "messages");
    for (int i = 0; i < self->count; i++) {
        add_message(&w, &self->items[i]);
    }
    og_json_end(&w);
    og_json_end(&w);
}

const struct og_route og_sandbox_routes[] = {
    {OG_GET, "/otp/v1/sandbox/messages", .family = OG_FAMILY_OWN, .who = OG_WHO_APP,
     .scope = OG_SCOPE_MESSAGES_READ, .success = 200, .lane = OG_LANE_READ,
     .op_bytes = sizeof(struct og_sandbox_list_op),
     .kind = {.name = "sandbox.list", .apply = og_sandbox_list_apply, .done = og_call_done},
     .decode = list_decode, .encode = list_encode},
};

const int og_sandbox_route_count = sizeof(og_sandbox_routes) / sizeof(og_sandbox_routes[0]);
