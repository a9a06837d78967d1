/*
 * Settings of phones: decode and encode, pure. The rules are core's.
 */
#include "api/smsgate/settings.h"

#include "service/account/settings_service.h"

enum og_code
og_smsgate_settings_get_decode(struct og_call *call, struct og_op *op, struct og_err *err)
{
    struct og_settings_op *self = (struct og_settings_op *)op;
    (void)err;
    self->svc = og_call_services(call);
    self->mem = og_call_mem(call);
    self->account_id = call->who.account_id;
    return OG_OK;
}

enum og_code
og_smsgate_settings_patch_decode(struct og_call *call, struct og_op *op, struct og_err *err)
{
    struct og_settings_op *self = (struct og_settings_op *)op;
    const struct og_json *body;
    enum og_code code = og_smsgate_settings_get_decode(call, op, err);
    if (code == OG_OK) {
        code = og_call_json(call, &body, err);
    }
    if (code == OG_OK) {
        code = og_phone_settings_read(body, &self->change, err);
    }
    return code;
}

enum og_code
og_smsgate_settings_put_decode(struct og_call *call, struct og_op *op, struct og_err *err)
{
    ((struct og_settings_op *)op)->replaces = true;
    return og_smsgate_settings_patch_decode(call, op, err);
}

static void
encode(struct og_settings_op *self, enum og_settings_view view, struct og_answer *answer)
{
    struct og_json_writer w;
    og_json_begin(&w, &answer->body);
    og_phone_settings_write(&self->settings, view, &w);
}

void
og_smsgate_settings_encode(struct og_call *call, struct og_op *op, struct og_answer *answer)
{
    (void)call;
    encode((struct og_settings_op *)op, OG_SETTINGS_PUBLIC, answer);
}

void
og_phone_settings_encode(struct og_call *call, struct og_op *op, struct og_answer *answer)
{
    struct og_settings_op *self = (struct og_settings_op *)op;
    og_phone_settings_fit(&self->settings, og_http_header(call->req, "User-Agent"));
    encode(self, OG_SETTINGS_STORED, answer);
}
