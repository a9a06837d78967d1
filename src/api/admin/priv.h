/* What the files of /admin/v1 share: helpers, and the functions that the rows name. */
#pragma once

#include "api/call.h"
#include "base/json.h"

/* The account that a call is about. A key with the scope admin knows of no other than its own. */
OG_MUST_CHECK enum og_code og_admin_account_of(const struct og_call *call, struct og_str asked,
                                               struct og_str *out, struct og_err *err);
/* The one that the query's `account` names: an operator must, a key may. OG_E_INVALID, field
 * "account". */
OG_MUST_CHECK enum og_code og_admin_account_named(const struct og_call *call, struct og_str *out,
                                                  struct og_err *err);
OG_MUST_CHECK enum og_code og_admin_only_operator(const struct og_call *call, const char *field,
                                                  struct og_err *err);
/* The body by a table; members that it does not have are refused. */
OG_MUST_CHECK enum og_code og_admin_decode_body(struct og_call *call,
                                                const struct og_json_member *members,
                                                size_t count, void *out, struct og_err *err);
void og_admin_begin_answer(struct og_json_writer *w, struct og_answer *answer);

enum og_code og_admin_account_make_decode(struct og_call *call, struct og_op *op,
                                          struct og_err *err);
void og_admin_account_make_prepare(struct og_call *call, struct og_op *op);
void og_admin_account_make_encode(struct og_call *call, struct og_op *op, struct og_answer *answer);
void og_admin_account_make_failed(struct og_call *call, struct og_op *op);

enum og_code og_admin_account_list_decode(struct og_call *call, struct og_op *op,
                                          struct og_err *err);
void og_admin_account_list_encode(struct og_call *call, struct og_op *op, struct og_answer *answer);

enum og_code og_admin_account_show_decode(struct og_call *call, struct og_op *op,
                                          struct og_err *err);
void og_admin_account_show_encode(struct og_call *call, struct og_op *op, struct og_answer *answer);

enum og_code og_admin_account_change_decode(struct og_call *call, struct og_op *op,
                                            struct og_err *err);
void og_admin_account_change_encode(struct og_call *call, struct og_op *op,
                                    struct og_answer *answer);

enum og_code og_admin_account_rotate_decode(struct og_call *call, struct og_op *op,
                                            struct og_err *err);
void og_admin_account_rotate_prepare(struct og_call *call, struct og_op *op);
void og_admin_account_rotate_encode(struct og_call *call, struct og_op *op,
                                    struct og_answer *answer);
void og_admin_account_rotate_failed(struct og_call *call, struct og_op *op);

enum og_code og_admin_key_make_decode(struct og_call *call, struct og_op *op, struct og_err *err);
void og_admin_key_make_encode(struct og_call *call, struct og_op *op, struct og_answer *answer);
void og_admin_key_make_failed(struct og_call *call, struct og_op *op);

enum og_code og_admin_key_list_decode(struct og_call *call, struct og_op *op, struct og_err *err);
void og_admin_key_list_encode(struct og_call *call, struct og_op *op, struct og_answer *answer);

enum og_code og_admin_key_revoke_decode(struct og_call *call, struct og_op *op, struct og_err *err);

enum og_code og_admin_pairing_decode(struct og_call *call, struct og_op *op, struct og_err *err);
void og_admin_pairing_encode(struct og_call *call, struct og_op *op, struct og_answer *answer);
void og_admin_pairing_failed(struct og_call *call, struct og_op *op);

enum og_code og_admin_erase_decode(struct og_call *call, struct og_op *op, struct og_err *err);
void og_admin_erase_encode(struct og_call *call, struct og_op *op, struct og_answer *answer);
enum og_code og_admin_export_decode(struct og_call *call, struct og_op *op, struct og_err *err);
void og_admin_export_prepare(struct og_call *call, struct og_op *op);
void og_admin_export_encode(struct og_call *call, struct og_op *op, struct og_answer *answer);

enum og_code og_admin_audit_decode(struct og_call *call, struct og_op *op, struct og_err *err);
void og_admin_audit_encode(struct og_call *call, struct og_op *op, struct og_answer *answer);

enum og_code og_admin_routing_show_decode(struct og_call *call, struct og_op *op,
                                          struct og_err *err);
enum og_code og_admin_routing_put_decode(struct og_call *call, struct og_op *op,
                                         struct og_err *err);
void og_admin_routing_encode(struct og_call *call, struct og_op *op, struct og_answer *answer);
enum og_code og_admin_explain_decode(struct og_call *call, struct og_op *op, struct og_err *err);
void og_admin_explain_encode(struct og_call *call, struct og_op *op, struct og_answer *answer);

enum og_code og_admin_devices_decode(struct og_call *call, struct og_op *op, struct og_err *err);
void og_admin_devices_encode(struct og_call *call, struct og_op *op, struct og_answer *answer);

enum og_code og_admin_device_remove_decode(struct og_call *call, struct og_op *op,
                                           struct og_err *err);
enum og_code og_admin_device_remove_apply(struct og_op *op, struct og_tx *tx);

enum og_code og_admin_webhook_show_decode(struct og_call *call, struct og_op *op,
                                          struct og_err *err);
enum og_code og_admin_webhook_change_decode(struct og_call *call, struct og_op *op,
                                            struct og_err *err);
enum og_code og_admin_webhook_dead_decode(struct og_call *call, struct og_op *op,
                                          struct og_err *err);
void og_admin_webhook_show_encode(struct og_call *call, struct og_op *op,
                                  struct og_answer *answer);
void og_admin_webhook_dead_encode(struct og_call *call, struct og_op *op,
                                  struct og_answer *answer);
void og_admin_webhook_replay_encode(struct og_call *call, struct og_op *op,
                                    struct og_answer *answer);
enum og_code og_admin_webhooks_decode(struct og_call *call, struct og_op *op, struct og_err *err);
void og_admin_webhooks_encode(struct og_call *call, struct og_op *op, struct og_answer *answer);
enum og_code og_admin_template_put_decode(struct og_call *call, struct og_op *op,
                                          struct og_err *err);
void og_admin_template_put_encode(struct og_call *call, struct og_op *op, struct og_answer *answer);

/* All, or the one that the path names. */
enum og_code og_admin_template_list_decode(struct og_call *call, struct og_op *op,
                                           struct og_err *err);
void og_admin_template_list_encode(struct og_call *call, struct og_op *op,
                                   struct og_answer *answer);
void og_admin_template_show_encode(struct og_call *call, struct og_op *op,
                                   struct og_answer *answer);

/* Also of client apps. */
enum og_code og_admin_template_remove_decode(struct og_call *call, struct og_op *op,
                                             struct og_err *err);

enum og_code og_admin_client_app_put_decode(struct og_call *call, struct og_op *op,
                                            struct og_err *err);
void og_admin_client_app_put_encode(struct og_call *call, struct og_op *op,
                                    struct og_answer *answer);

enum og_code og_admin_client_app_list_decode(struct og_call *call, struct og_op *op,
                                             struct og_err *err);
void og_admin_client_app_list_encode(struct og_call *call, struct og_op *op,
                                     struct og_answer *answer);
void og_admin_client_app_show_encode(struct og_call *call, struct og_op *op,
                                     struct og_answer *answer);
