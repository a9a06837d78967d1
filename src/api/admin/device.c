/*
 * Phones as the operator sees them: of all accounts, with their connection.
 */
#include "api/admin/priv.h"

#include "base/json.h"
#include "core/app_version.h"
#include "service/device/device_service.h"

enum og_code
og_admin_devices_decode(struct og_call *call, struct og_op *op, struct og_err *err)
{
    struct og_device_list_op *self = (struct og_device_list_op *)op;
    struct og_str asked = OG_STR("");
    self->svc = og_call_services(call);
    self->mem = og_call_mem(call);
    og_http_query(call->req, "account", &asked);
    return og_admin_account_of(call, asked, &self->account_id, err);
}

static void
add_report(struct og_json_writer *w, const struct og_route_report *report)
{
    og_json_object(w, "health");
    og_json_add_cstr(w, "state", og_health_state_name(report->state));
    og_json_add_cstr(w, "reason", og_health_reason_name(report->reason));
    og_json_add_i64(w, "score", report->score);
    og_json_add_time(w, "since", report->since);
    og_json_add_i64(w, "usual_ms", report->usual_ms);
    og_json_add_time_or_null(w, "quarantined_until", report->quarantined_until);
    og_json_end(w);
    og_json_array(w, "pace");
    for (int i = 0; i < report->sim_count; i++) {
        og_json_object(w, NULL);
        og_json_add_i64(w, "sim", report->sims[i].number);
        og_json_add_i64(w, "percent", report->sims[i].percent);
        og_json_add_cstr(w, "of", og_pace_span_name(report->sims[i].span));
        og_json_end(w);
    }
    og_json_end(w);
}

void
og_admin_devices_encode(struct og_call *call, struct og_op *op, struct og_answer *answer)
{
    struct og_device_list_op *self = (struct og_device_list_op *)op;
    struct og_json_writer w;
    (void)call;
    og_admin_begin_answer(&w, answer);
    og_json_array(&w, "devices");
    for (int i = 0; i < self->count; i++) {
        const struct og_device *device = &self->items[i];
        og_json_object(&w, NULL);
        og_json_add_str(&w, "id", device->id);
        og_json_add_str(&w, "account_id", device->account_id);
        og_json_add_str(&w, "name", device->name);
        og_json_add_raw(&w, "sims", device->sims);
        og_json_add_str(&w, "app_version", device->app_version);
        og_json_add_cstr(&w, "sent_copy",
                         og_sent_copy_name(og_app_sent_copy(device->app_version)));
        og_json_add_bool(&w, "connected", self->is_connected[i]);
        add_report(&w, &self->reports[i]);
        og_json_add_time(&w, "created_at", device->created_at);
        og_json_add_time(&w, "last_seen_at", device->last_seen_at);
        og_json_end(&w);
    }
    og_json_end(&w);
    og_json_end(&w);
}

enum og_code
og_admin_device_remove_decode(struct og_call *call, struct og_op *op, struct og_err *err)
{
    struct og_device_remove_op *self = (struct og_device_remove_op *)op;
    self->svc = og_call_services(call);
    self->mem = og_call_mem(call);
    self->device_id = call->params[0];
    return og_admin_account_of(call, OG_STR(""), &self->account_id, err);
}

/* Unlike the sms-gate.app API, ours tells when there was nothing to remove. */
enum og_code
og_admin_device_remove_apply(struct og_op *op, struct og_tx *tx)
{
    enum og_code code = og_device_remove_apply(op, tx);
    if (code == OG_OK && !((struct og_device_remove_op *)op)->removed) {
        return og_fail(&op->err, OG_E_NOT_FOUND, "device", "no such device");
    }
    return code;
}
