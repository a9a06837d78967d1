/*
 * /3rdparty/v1/webhooks and what phones see of them: functions of rows in the route table
 * (wire/smsgate.md 1.4, 1.8, 2.5, 4.6).
 */
#pragma once

#include "api/call.h"
#include "base/json.h"
#include "store/webhook_store.h"

enum og_code og_smsgate_webhook_put_decode(struct og_call *call, struct og_op *op,
                                           struct og_err *err);
void og_smsgate_webhook_put_encode(struct og_call *call, struct og_op *op,
                                   struct og_answer *answer);
enum og_code og_smsgate_webhook_remove_decode(struct og_call *call, struct og_op *op,
                                              struct og_err *err);
enum og_code og_smsgate_webhooks_decode(struct og_call *call, struct og_op *op,
                                        struct og_err *err);
void og_smsgate_write_hook(struct og_json_writer *w, const struct og_webhook *hook);
void og_smsgate_webhooks_encode(struct og_call *call, struct og_op *op, struct og_answer *answer);
