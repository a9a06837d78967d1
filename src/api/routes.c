/*
 * The route table. A row is: method, path, family, who, scope, body limit, success status, lane,
 * operation, and the functions decode, prepare, encode, failed.
 */
#include "api/routes.h"

#include "api/abuse_api.h"
#include "api/admin/admin_api.h"
#include "api/alert_api.h"
#include "api/api_priv.h"
#include "api/auth/oauth_api.h"
#include "api/auth/token_api.h"
#include "api/auth/user_api.h"
#include "api/batch/batch_api.h"
#include "api/catalog_api.h"
#include "api/health_api.h"
#include "api/otp/otp_api.h"
#include "api/phone/inbox.h"
#include "api/phone/phone_api.h"
#include "api/route_row.h"
#include "api/smsgate/devices.h"
#include "api/smsgate/inbox.h"
#include "api/smsgate/logs.h"
#include "api/smsgate/messages.h"
#include "api/smsgate/settings.h"
#include "api/smsgate/webhooks.h"
#include "api/timeline_api.h"
#include "service/account/settings_service.h"
#include "service/audit/read.h"
#include "service/device/device_service.h"
#include "service/device/inbox_service.h"
#include "service/message/message_service.h"
#include "service/webhook/webhook_service.h"

#define KIB 1024
#define MIB (1024 * KIB)

#define SMSGATE .family = OG_FAMILY_SMSGATE
#define FOR_APP(scope_) .who = OG_WHO_APP, .scope = (scope_)
#define FOR_DEVICE .who = OG_WHO_DEVICE
#define ROOT .family = OG_FAMILY_ROOT, .who = OG_WHO_ANYONE

/* A message as an application sends it; two spellings of the path are in use. */
#define SEND(path_)                                                                               \
    {OG_POST, path_, SMSGATE, FOR_APP(OG_SCOPE_MESSAGES_SEND), .body_max = 4 * MIB,               \
     .success = 202, OP(OG_LANE_WRITE, "message.send", og_send_apply, og_send_committed,          \
                        og_send_op),                                                              \
     .kind.decides_first = og_send_decides_first, .decode = og_smsgate_send_decode,                   \
     .prepare = og_smsgate_send_prepare, .encode = og_smsgate_send_encode,                        \
     .failed = og_smsgate_send_failed}
#define LIST(path_)                                                                               \
    {OG_GET, path_, SMSGATE, FOR_APP(OG_SCOPE_MESSAGES_LIST), .success = 200,                     \
     OP(OG_LANE_READ, "message.list", og_message_list_apply, NULL, og_message_list_op),           \
     .decode = og_smsgate_list_decode, .encode = og_smsgate_list_encode}
#define READ(path_)                                                                               \
    {OG_GET, path_, SMSGATE, FOR_APP(OG_SCOPE_MESSAGES_READ), .success = 200,                     \
     OP(OG_LANE_READ, "message.get", og_message_get_apply, NULL, og_smsgate_get_op),              \
     .decode = og_smsgate_one_decode, .prepare = og_smsgate_get_prepare,                          \
     .encode = og_smsgate_get_encode}
#define CANCEL(path_)                                                                             \
    {OG_DELETE, path_, SMSGATE, FOR_APP(OG_SCOPE_MESSAGES_CANCEL), .success = 200,                \
     OP(OG_LANE_WRITE, "message.cancel", og_cancel_apply, og_cancel_committed, og_message_one_op),     \
     .decode = og_smsgate_one_decode, .encode = og_smsgate_one_encode}
#define DEVICES(path_)                                                                            \
    {OG_GET, path_, SMSGATE, FOR_APP(OG_SCOPE_DEVICES_LIST), .success = 200,                      \
     OP(OG_LANE_WRITE, "device.list", og_device_list_apply, NULL, og_device_list_op),             \
     .decode = og_smsgate_devices_decode, .encode = og_smsgate_devices_encode}
#define DEVICE_REMOVE(path_)                                                                      \
    {OG_DELETE, path_, SMSGATE, FOR_APP(OG_SCOPE_DEVICES_DELETE), .success = 204,                 \
     OP(OG_LANE_WRITE, "device.remove", og_device_remove_apply, og_device_remove_committed,       \
        og_device_remove_op),                                                                     \
     .decode = og_smsgate_device_remove_decode}
#define PULL(path_)                                                                               \
    {OG_GET, path_, SMSGATE, FOR_DEVICE, .success = 200, .acts = true,                            \
     OP(OG_LANE_WRITE, "message.pull", og_pull_apply, og_pull_committed, og_pull_op),             \
     .kind.decides_first = og_pull_decides_first, .decode = og_phone_pull_decode,                 \
     .encode = og_phone_pull_encode}
#define REPORT(path_)                                                                             \
    {OG_PATCH, path_, SMSGATE, FOR_DEVICE, .body_max = 1 * MIB, .success = 204,                   \
     OP(OG_LANE_WRITE, "message.report", og_report_apply, og_report_committed, og_report_op),     \
     .kind.decides_first = og_report_decides_first, .decode = og_phone_report_decode}
#define INBOX_ASK(path_, scope_, decode_, encode_)                                                        \
    {OG_POST, path_, SMSGATE, FOR_APP(scope_), .body_max = 16 * KIB,                               \
     .success = 202, OP(OG_LANE_WRITE, "inbox.refresh", og_inbox_refresh_apply,                   \
                        og_inbox_refresh_committed, og_inbox_refresh_op),                         \
     .decode = decode_, .encode = encode_}
#define EXPORT(path_)                                                                             \
    INBOX_ASK(path_, OG_SCOPE_MESSAGES_EXPORT, og_smsgate_export_decode, og_smsgate_export_encode)
#define SETTINGS_SET(method_, decode_)                                                            \
    {method_, "/3rdparty/v1/settings", SMSGATE, FOR_APP(OG_SCOPE_SETTINGS_WRITE),                  \
     .body_max = 16 * KIB, .success = 200,                                                        \
     OP(OG_LANE_WRITE, "settings.set", og_settings_set_apply, og_settings_set_committed,          \
        og_settings_op),                                                                          \
     .decode = decode_, .encode = og_smsgate_settings_encode}
#define HEALTH(prefix_)                                                                           \
    {OG_GET, prefix_ "/health", ROOT, .take_over = og_health_ready},                              \
        {OG_GET, prefix_ "/health/ready", ROOT, .take_over = og_health_ready},                    \
        {OG_GET, prefix_ "/health/live", ROOT, .take_over = og_health_live},                      \
        {OG_GET, prefix_ "/health/startup", ROOT, .take_over = og_health_startup}

static const struct og_route rows[] = {
    /* ---- machines that watch ---- */
    HEALTH(""),
    {OG_GET, "/metrics", ROOT, .take_over = og_health_metrics},
    {OG_GET, "/openapi.json", ROOT, .take_over = og_health_openapi},
    {OG_GET, "/api/docs/doc.json", ROOT, .take_over = og_health_openapi},

    /* ---- applications: sms-gate.app's API ---- */
    HEALTH("/3rdparty/v1"),
    SEND("/3rdparty/v1/messages"),
    SEND("/3rdparty/v1/message"),
    LIST("/3rdparty/v1/messages"),
    LIST("/3rdparty/v1/message"),
    READ("/3rdparty/v1/messages/{id}"),
    READ("/3rdparty/v1/message/{id}"),
    CANCEL("/3rdparty/v1/messages/{id}"),
    CANCEL("/3rdparty/v1/message/{id}"),
    DEVICES("/3rdparty/v1/devices"),
    DEVICES("/3rdparty/v1/device"),
    DEVICE_REMOVE("/3rdparty/v1/devices/{id}"),
    DEVICE_REMOVE("/3rdparty/v1/device/{id}"),
    {OG_GET, "/3rdparty/v1/settings", SMSGATE, FOR_APP(OG_SCOPE_SETTINGS_READ), .success = 200,
     OP(OG_LANE_READ, "settings.get", og_settings_get_apply, NULL, og_settings_op),
     .decode = og_smsgate_settings_get_decode, .encode = og_smsgate_settings_encode},
    SETTINGS_SET(OG_PUT, og_smsgate_settings_put_decode),
    SETTINGS_SET(OG_PATCH, og_smsgate_settings_patch_decode),
    INBOX_ASK("/3rdparty/v1/inbox/refresh", OG_SCOPE_INBOX_REFRESH, og_smsgate_refresh_decode,
              og_smsgate_refresh_encode),
    EXPORT("/3rdparty/v1/inbox/export"),
    EXPORT("/3rdparty/v1/messages/inbox/export"),
    EXPORT("/3rdparty/v1/message/inbox/export"),
    {OG_GET, "/3rdparty/v1/inbox", SMSGATE, FOR_APP(OG_SCOPE_INBOX_LIST), .success = 200,
     OP(OG_LANE_READ, "inbox.list", og_inbox_list_apply, NULL, og_inbox_list_op),
     .decode = og_smsgate_inbox_list_decode, .encode = og_smsgate_inbox_list_encode},
    {OG_GET, "/3rdparty/v1/inbox/{id}", SMSGATE, FOR_APP(OG_SCOPE_INBOX_READ), .success = 200,
     OP(OG_LANE_READ, "inbox.get", og_inbox_get_apply, NULL, og_inbox_get_op),
     .decode = og_smsgate_inbox_get_decode, .encode = og_smsgate_inbox_get_encode},
    {OG_GET, "/3rdparty/v1/inbox/{id}/attachments/{part}", SMSGATE, FOR_APP(OG_SCOPE_INBOX_READ),
     .take_over = og_smsgate_attachment},
    {OG_GET, "/3rdparty/v1/logs", SMSGATE, FOR_APP(OG_SCOPE_LOGS_READ), .success = 200,
     OP(OG_LANE_READ, "logs.list", og_audit_span_apply, NULL, og_audit_span_op),
     .decode = og_smsgate_logs_decode, .encode = og_smsgate_logs_encode},
    {OG_GET, "/3rdparty/v1/webhooks", SMSGATE, FOR_APP(OG_SCOPE_WEBHOOKS_LIST), .success = 200,
     OP(OG_LANE_READ, "webhook.list", og_webhook_list_apply, NULL, og_webhook_list_op),
     .decode = og_smsgate_webhooks_decode, .encode = og_smsgate_webhooks_encode},
    {OG_POST, "/3rdparty/v1/webhooks", SMSGATE, FOR_APP(OG_SCOPE_WEBHOOKS_WRITE),
     .body_max = 16 * KIB, .success = 201,
     OP(OG_LANE_WRITE, "webhook.put", og_webhook_put_apply, og_webhook_put_committed,
        og_webhook_put_op),
     .decode = og_smsgate_webhook_put_decode, .encode = og_smsgate_webhook_put_encode},
    {OG_DELETE, "/3rdparty/v1/webhooks/{id}", SMSGATE, FOR_APP(OG_SCOPE_WEBHOOKS_DELETE),
     .success = 204,
     OP(OG_LANE_WRITE, "webhook.remove", og_webhook_remove_apply, og_webhook_put_committed,
        og_webhook_put_op),
     .decode = og_smsgate_webhook_remove_decode},

    /* ---- phones: sms-gate.app's app ---- */
    {OG_POST, "/mobile/v1/device", SMSGATE, .who = OG_WHO_JOINING, .body_max = 16 * KIB,
     .success = 201, OP(OG_LANE_WRITE, "device.register", og_device_register_apply,
                        og_device_register_committed, og_device_register_op),
     .decode = og_phone_register_decode, .prepare = og_phone_register_prepare,
     .failed = og_phone_register_failed, .encode = og_phone_register_encode},
    {OG_GET, "/mobile/v1/device", SMSGATE, .who = OG_WHO_DEVICE_OR_NOBODY, .success = 200,
     OP(OG_LANE_READ, "device.self", og_device_get_apply, NULL, og_device_get_op),
     .decode = og_phone_self_decode, .encode = og_phone_self_encode},
    {OG_PATCH, "/mobile/v1/device", SMSGATE, FOR_DEVICE, .body_max = 16 * KIB, .success = 204,
     OP(OG_LANE_WRITE, "device.patch", og_device_patch_apply, og_device_patch_committed, og_device_patch_op),
     .decode = og_phone_patch_decode},
    PULL("/mobile/v1/message"),
    PULL("/mobile/v1/messages"),
    REPORT("/mobile/v1/message"),
    REPORT("/mobile/v1/messages"),
    {OG_GET, "/mobile/v1/settings", SMSGATE, FOR_DEVICE, .success = 200,
     OP(OG_LANE_READ, "settings.get", og_settings_get_apply, NULL, og_settings_op),
     .decode = og_smsgate_settings_get_decode, .encode = og_phone_settings_encode},
    {OG_GET, "/mobile/v1/webhooks", SMSGATE, FOR_DEVICE, .success = 200,
     OP(OG_LANE_READ, "webhook.of_phone", og_webhook_list_apply, NULL, og_webhook_list_op),
     .decode = og_phone_webhooks_decode, .encode = og_phone_webhooks_encode},
    {OG_POST, "/mobile/v1/inbox", SMSGATE, FOR_DEVICE, .body_max = 4 * MIB, .success = 201,
     OP(OG_LANE_WRITE, "inbox.upload", og_inbox_take_apply, NULL, og_phone_inbox_op),
     .decode = og_phone_inbox_upload_decode, .encode = og_phone_inbox_encode},
    {OG_POST, "/mobile/v1/inbox/{id}/{key}", SMSGATE, .who = OG_WHO_PATH,
     .body_max = 4 * MIB, .success = 200,
     OP(OG_LANE_WRITE, "inbox.hook", og_inbox_take_apply, NULL, og_phone_inbox_op),
     .decode = og_phone_inbox_hook_decode, .encode = og_phone_inbox_encode},
    {OG_GET, "/mobile/v1/events", SMSGATE, FOR_DEVICE, .take_over = og_phone_events},
};

static const int row_count = sizeof rows / sizeof rows[0];

const struct og_route_table og_route_tables[] = {
    {rows, &row_count},
    {og_timeline_routes, &og_timeline_route_count},
    {og_otp_routes, &og_otp_route_count},
    {og_receipt_routes, &og_receipt_route_count},
    {og_sandbox_routes, &og_sandbox_route_count},
    {og_batch_routes, &og_batch_route_count},
    {og_user_routes, &og_user_route_count},
    {og_admin_routes, &og_admin_route_count},
    {og_abuse_routes, &og_abuse_route_count},
    {og_alert_routes, &og_alert_route_count},
    {og_token_routes, &og_token_route_count},
    {og_oauth_routes, &og_oauth_route_count},
    {og_catalog_routes, &og_catalog_route_count},
};
const int og_route_table_count = sizeof og_route_tables / sizeof og_route_tables[0];
