/*
 * Receipts: redeemed once, and the key with which everybody reads them.
 */
#include "api/api_priv.h"
#include "api/otp/json.h"
#include "api/otp/otp_api.h"
#include "base/json.h"
#include "service/otp/otp_service.h"

#define BODY_MAX_BYTES (16 * 1024)

struct redeem_ask {
    struct og_str receipt, purpose;
};

static const struct og_json_member redeem_members[] = {
    {"receipt", OG_JSON_STRING, offsetof(struct redeem_ask, receipt), true, 1,
     OG_RECEIPT_MAX_BYTES},
    {"purpose", OG_JSON_STRING, offsetof(struct redeem_ask, purpose), true},
};

/* It says for which account and purpose it was made; other ones learn no more than that. */
static enum og_code
redeem_decode(struct og_call *call, struct og_op *op, struct og_err *err)
{
    struct og_otp_redeem_op *self = (struct og_otp_redeem_op *)op;
    struct redeem_ask ask = {0};
    const struct og_json *body;
    enum og_code code = og_call_json(call, &body, err);
    if (code == OG_OK) {
        code = og_json_decode(body, redeem_members, 2, OG_JSON_UNKNOWN_REFUSED, "",
                              og_call_mem(call), &ask, err);
    }
    if (code == OG_OK) {
        code = og_receipt_read(og_call_services(call), ask.receipt, call->now_ms,
                               og_call_mem(call), &self->receipt, err);
    }
    if (code == OG_OK && !og_str_eq(self->receipt.account, call->who.account_id)) {
        code = og_fail(err, OG_E_UNPROCESSABLE, "receipt", "is none of ours, or was changed");
    }
    if (code == OG_OK && !og_str_eq(self->receipt.purpose, ask.purpose)) {
        code = og_fail(err, OG_E_UNPROCESSABLE, "purpose", "is not that of the receipt");
    }
    self->base.svc = og_call_services(call);
    self->base.mem = og_call_mem(call);
    self->base.account_id = call->who.account_id;
    return code;
}

static void
redeem_encode(struct og_call *call, struct og_op *op, struct og_answer *answer)
{
    (void)call;
    og_otp_receipt_json(&((struct og_otp_redeem_op *)op)->receipt, &answer->body);
}

static void
key_set(struct og_call *call)
{
    og_call_answer_static(call, "application/jwk-set+json",
                          og_receipt_key_set(og_call_services(call), og_call_mem(call)));
}

const struct og_route og_receipt_routes[] = {
    {OG_POST, "/otp/v1/receipts/redeem", .family = OG_FAMILY_OWN, .who = OG_WHO_APP,
     .scope = OG_SCOPE_OTP_CHECK, .body_max = BODY_MAX_BYTES, .success = 200,
     .lane = OG_LANE_WRITE, .op_bytes = sizeof(struct og_otp_redeem_op),
     .kind = {.name = "otp.redeem", .apply = og_otp_redeem_apply, .done = og_call_done},
     .decode = redeem_decode, .encode = redeem_encode},
    {OG_GET, "/.well-known/jwks.json", .family = OG_FAMILY_ROOT, .who = OG_WHO_ANYONE,
     .take_over = key_set},
};

const int og_receipt_route_count = sizeof(og_receipt_routes) / sizeof(og_receipt_routes[0]);
