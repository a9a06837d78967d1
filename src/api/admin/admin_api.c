/*
 * The rows of /admin/v1, and what their handlers share.
 */
#include "api/admin/admin_api.h"

#include "api/admin/priv.h"
#include "api/route_row.h"
#include "base/json.h"
#include "service/account/account_service.h"
#include "service/audit/read.h"
#include "service/device/device_service.h"
#include "service/device/routing_service.h"
#include "service/otp/template_service.h"
#include "service/privacy/privacy.h"
#include "service/webhook/webhook_service.h"

#define BODY_MAX 4096
#define WORDS_MAX (64 * 1024) /* templates in fifty languages */
#define AUTHORITIES_MAX (96 * 1024) /* certificates in PEM, with their line ends escaped */
#define RULES_MAX (256 * 1024) /* rules of routing, with the ids of many phones */
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* ---- what several handlers need ---- */

static bool
is_operator(const struct og_call *call)
{
    return call->who.kind == OG_WHO_OPERATOR;
}

enum og_code
og_admin_account_of(const struct og_call *call, struct og_str asked, struct og_str *out,
                    struct og_err *err)
{
    if (!is_operator(call) && asked.len && !og_str_eq(asked, call->who.account_id)) {
        return og_fail(err, OG_E_NOT_FOUND, "account", "no such account");
    }
    *out = is_operator(call) ? asked : call->who.account_id;
    return OG_OK;
}

enum og_code
og_admin_account_named(const struct og_call *call, struct og_str *out, struct og_err *err)
{
    struct og_str asked = OG_STR("");
    og_http_query(call->req, "account", &asked);
    if (is_operator(call) && asked.len == 0) {
        return og_fail(err, OG_E_INVALID, "account", "must be named: ?account=NAME");
    }
    return og_admin_account_of(call, asked, out, err);
}

enum og_code
og_admin_only_operator(const struct og_call *call, const char *field, struct og_err *err)
{
    return is_operator(call)
               ? OG_OK
               : og_fail(err, OG_E_FORBIDDEN, field, "only the operator may do this");
}

enum og_code
og_admin_decode_body(struct og_call *call, const struct og_json_member *members, size_t count,
                     void *out, struct og_err *err)
{
    const struct og_json *body;
    enum og_code code = og_call_json(call, &body, err);
    if (code == OG_OK) {
        code = og_json_decode(body, members, count, OG_JSON_UNKNOWN_REFUSED, "", og_call_mem(call),
                              out, err);
    }
    return code;
}

void
og_admin_begin_answer(struct og_json_writer *w, struct og_answer *answer)
{
    og_json_begin(w, &answer->body);
    og_json_object(w, NULL);
}

/* ---- rows ---- */

const struct og_route og_admin_routes[] = {
    {ADMIN(OG_POST, "/accounts"), BODY_MAX, 201,
     OP(OG_LANE_WRITE, "account.make", og_account_make_apply, og_account_make_committed,
        og_account_make_op),
     .decode = og_admin_account_make_decode, .prepare = og_admin_account_make_prepare,
     .encode = og_admin_account_make_encode, .failed = og_admin_account_make_failed},
    {ADMIN(OG_GET, "/accounts"), 0, 200,
     OP(OG_LANE_READ, "account.list", og_account_list_apply, NULL, og_account_list_op),
     .decode = og_admin_account_list_decode, .encode = og_admin_account_list_encode},
    {ADMIN(OG_GET, "/accounts/{id}"), 0, 200,
     OP(OG_LANE_READ, "account.show", og_account_list_apply, NULL, og_account_list_op),
     .decode = og_admin_account_show_decode, .encode = og_admin_account_show_encode},
    {ADMIN(OG_PATCH, "/accounts/{id}"), BODY_MAX, 200,
     OP(OG_LANE_WRITE, "account.change", og_account_change_apply, og_account_change_committed,
        og_account_change_op),
     .decode = og_admin_account_change_decode, .encode = og_admin_account_change_encode},
    {ADMIN(OG_POST, "/accounts/{id}/rotate"), 0, 200,
     OP(OG_LANE_WRITE, "account.rotate", og_rotate_apply, og_credentials_changed, og_rotate_op),
     .decode = og_admin_account_rotate_decode, .prepare = og_admin_account_rotate_prepare,
     .encode = og_admin_account_rotate_encode, .failed = og_admin_account_rotate_failed},
    {ADMIN(OG_POST, "/accounts/{id}/keys"), BODY_MAX, 201,
     OP(OG_LANE_WRITE, "key.make", og_key_make_apply, NULL, og_key_make_op),
     .decode = og_admin_key_make_decode, .encode = og_admin_key_make_encode,
     .failed = og_admin_key_make_failed},
    {ADMIN(OG_GET, "/accounts/{id}/keys"), 0, 200,
     OP(OG_LANE_READ, "key.list", og_key_list_apply, NULL, og_key_list_op),
     .decode = og_admin_key_list_decode, .encode = og_admin_key_list_encode},
    {ADMIN(OG_DELETE, "/keys/{id}"), 0, 204,
     OP(OG_LANE_WRITE, "key.revoke", og_key_revoke_apply, og_credentials_changed,
        og_key_revoke_op),
     .decode = og_admin_key_revoke_decode},
    {ADMIN(OG_POST, "/accounts/{id}/pairing"), BODY_MAX, 200,
     OP(OG_LANE_WRITE, "account.pairing", og_pairing_apply, og_pairing_committed,
        og_pairing_op),
     .decode = og_admin_pairing_decode, .encode = og_admin_pairing_encode,
     .failed = og_admin_pairing_failed},
    {ADMIN(OG_GET, "/devices"), 0, 200,
     OP(OG_LANE_WRITE, "admin.devices", og_account_devices_apply, NULL, og_device_list_op),
     .decode = og_admin_devices_decode, .encode = og_admin_devices_encode},
    {ADMIN(OG_DELETE, "/devices/{id}"), 0, 204,
     OP(OG_LANE_WRITE, "admin.device.remove", og_admin_device_remove_apply,
        og_device_remove_committed, og_device_remove_op),
     .decode = og_admin_device_remove_decode},
    {ADMIN(OG_GET, "/accounts/{id}/routing"), 0, 200,
     OP(OG_LANE_WRITE, "routing.show", og_routing_apply, NULL, og_routing_op),
     .decode = og_admin_routing_show_decode, .encode = og_admin_routing_encode},
    {ADMIN(OG_PUT, "/accounts/{id}/routing"), RULES_MAX, 200,
     OP(OG_LANE_WRITE, "routing.set", og_routing_apply, og_routing_committed, og_routing_op),
     .decode = og_admin_routing_put_decode, .encode = og_admin_routing_encode},
    {ADMIN(OG_GET, "/accounts/{id}/route"), 0, 200,
     OP(OG_LANE_WRITE, "routing.explain", og_explain_apply, NULL, og_explain_op),
     .decode = og_admin_explain_decode, .encode = og_admin_explain_encode},
    {ADMIN(OG_GET, "/audit"), 0, 200,
     OP(OG_LANE_READ, "audit.list", og_audit_list_apply, NULL, og_audit_list_op),
     .decode = og_admin_audit_decode, .encode = og_admin_audit_encode},
    {ADMIN(OG_POST, "/privacy/erase"), BODY_MAX, 200,
     OP(OG_LANE_WRITE, "privacy.erase", og_erase_apply, og_erase_committed, og_erase_op),
     .decode = og_admin_erase_decode, .encode = og_admin_erase_encode},
    {ADMIN(OG_POST, "/privacy/export"), BODY_MAX, 200,
     OP(OG_LANE_READ, "privacy.export", og_export_apply, NULL, og_export_op),
     .decode = og_admin_export_decode, .prepare = og_admin_export_prepare,
     .encode = og_admin_export_encode},
    {ADMIN(OG_GET, "/accounts/{id}/webhooks"), 0, 200,
     OP(OG_LANE_WRITE, "webhook.account", og_webhook_account_apply, og_webhook_account_committed,
        og_webhook_account_op),
     .decode = og_admin_webhook_show_decode, .encode = og_admin_webhook_show_encode},
    {ADMIN(OG_PATCH, "/accounts/{id}/webhooks"), AUTHORITIES_MAX, 200,
     OP(OG_LANE_WRITE, "webhook.change", og_webhook_account_apply, og_webhook_account_committed,
        og_webhook_account_op),
     .decode = og_admin_webhook_change_decode, .encode = og_admin_webhook_show_encode},
    {ADMIN(OG_GET, "/webhooks"), 0, 200,
     OP(OG_LANE_READ, "admin.webhooks", og_webhook_list_apply, NULL, og_webhook_list_op),
     .decode = og_admin_webhooks_decode, .encode = og_admin_webhooks_encode},
    {ADMIN(OG_GET, "/webhooks/dead"), 0, 200,
     OP(OG_LANE_READ, "webhook.dead", og_webhook_dead_apply, NULL, og_webhook_dead_op),
     .decode = og_admin_webhook_dead_decode, .encode = og_admin_webhook_dead_encode},
    {ADMIN(OG_POST, "/webhooks/dead/replay"), 0, 200,
     OP(OG_LANE_WRITE, "webhook.replay", og_webhook_replay_apply, og_webhook_replay_committed,
        og_webhook_dead_op),
     .decode = og_admin_webhook_dead_decode, .encode = og_admin_webhook_replay_encode},
    {ADMIN(OG_PUT, "/templates/{id}"), WORDS_MAX, 200,
     OP(OG_LANE_WRITE, "template.put", og_template_put_apply, NULL, og_template_put_op),
     .decode = og_admin_template_put_decode, .encode = og_admin_template_put_encode},
    {ADMIN(OG_GET, "/templates"), 0, 200,
     OP(OG_LANE_READ, "template.list", og_template_list_apply, NULL, og_template_list_op),
     .decode = og_admin_template_list_decode, .encode = og_admin_template_list_encode},
    {ADMIN(OG_GET, "/templates/{id}"), 0, 200,
     OP(OG_LANE_READ, "template.show", og_template_list_apply, NULL, og_template_list_op),
     .decode = og_admin_template_list_decode, .encode = og_admin_template_show_encode},
    {ADMIN(OG_DELETE, "/templates/{id}"), 0, 204,
     OP(OG_LANE_WRITE, "template.remove", og_template_remove_apply, NULL, og_template_remove_op),
     .decode = og_admin_template_remove_decode},
    {ADMIN(OG_PUT, "/apps/{id}"), BODY_MAX, 200,
     OP(OG_LANE_WRITE, "app.put", og_client_app_put_apply, NULL, og_client_app_put_op),
     .decode = og_admin_client_app_put_decode, .encode = og_admin_client_app_put_encode},
    {ADMIN(OG_GET, "/apps"), 0, 200,
     OP(OG_LANE_READ, "app.list", og_client_app_list_apply, NULL, og_client_app_list_op),
     .decode = og_admin_client_app_list_decode, .encode = og_admin_client_app_list_encode},
    {ADMIN(OG_GET, "/apps/{id}"), 0, 200,
     OP(OG_LANE_READ, "app.show", og_client_app_list_apply, NULL, og_client_app_list_op),
     .decode = og_admin_client_app_list_decode, .encode = og_admin_client_app_show_encode},
    {ADMIN(OG_DELETE, "/apps/{id}"), 0, 204,
     OP(OG_LANE_WRITE, "app.remove", og_client_app_remove_apply, NULL, og_template_remove_op),
     .decode = og_admin_template_remove_decode},
};

const int og_admin_route_count = (int)COUNT(og_admin_routes);
