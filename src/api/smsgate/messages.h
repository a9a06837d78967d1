/*
 * /3rdparty/v1/messages: functions of its rows in the route table (wire/smsgate.md 1.5 to 1.7, 2.1,
 * 2.2).
 */
#pragma once

#include "api/call.h"
#include "service/message/message_service.h"

enum og_code og_smsgate_send_decode(struct og_call *call, struct og_op *op, struct og_err *err);
void og_smsgate_send_prepare(struct og_call *call, struct og_op *op);
void og_smsgate_send_failed(struct og_call *call, struct og_op *op);
void og_smsgate_send_encode(struct og_call *call, struct og_op *op, struct og_answer *answer);
/* Of get and cancel alike. */
enum og_code og_smsgate_one_decode(struct og_call *call, struct og_op *op, struct og_err *err);
void og_smsgate_one_encode(struct og_call *call, struct og_op *op, struct og_answer *answer);

/* Of GET: the row, then a look at the queue. */
struct og_smsgate_get_op {
    struct og_message_one_op one;
    struct og_message_wait_op look;
    struct og_call *call;
};
/* Runs the row's operation by itself. */
void og_smsgate_get_prepare(struct og_call *call, struct og_op *op);
void og_smsgate_get_encode(struct og_call *call, struct og_op *op, struct og_answer *answer);
enum og_code og_smsgate_list_decode(struct og_call *call, struct og_op *op, struct og_err *err);
void og_smsgate_list_encode(struct og_call *call, struct og_op *op, struct og_answer *answer);
