/*
 * Phones as applications see them in the sms-gate.app API: decode and encode, pure.
 */
#include "api/smsgate/devices.h"

#include "api/smsgate/json.h"
#include "service/device/device_service.h"

enum og_code
og_smsgate_devices_decode(struct og_call *call, struct og_op *op, struct og_err *err)
{
    struct og_device_list_op *self = (struct og_device_list_op *)op;
    (void)err;
    self->svc = og_call_services(call);
    self->mem = og_call_mem(call);
    self->account_id = call->who.account_id;
    return OG_OK;
}

void
og_smsgate_devices_encode(struct og_call *call, struct og_op *op, struct og_answer *answer)
{
    struct og_device_list_op *self = (struct og_device_list_op *)op;
    struct og_json_writer w;
    (void)call;
    og_json_begin(&w, &answer->body);
    og_json_array(&w, NULL);
    for (int i = 0; i < self->count; i++) {
        og_smsgate_write_device(&w, NULL, &self->items[i]);
    }
    og_json_end(&w);
}

enum og_code
og_smsgate_device_remove_decode(struct og_call *call, struct og_op *op, struct og_err *err)
{
    struct og_device_remove_op *self = (struct og_device_remove_op *)op;
    (void)err;
    self->svc = og_call_services(call);
    self->mem = og_call_mem(call);
    self->account_id = call->who.account_id;
    self->device_id = call->params[0];
    return OG_OK;
}
