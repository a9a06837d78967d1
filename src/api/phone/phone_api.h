/*
 * /mobile/v1: what the phone app calls (wire/smsgate.md sections 1.8, 2.3, 4.x). Functions of the
 * rows in the route table.
 */
#pragma once

#include "api/call.h"

enum og_code og_phone_register_decode(struct og_call *call, struct og_op *op, struct og_err *err);
/* In public mode a phone without a credential gets an account of its own: its password is
 * hashed. */
void og_phone_register_prepare(struct og_call *call, struct og_op *op);
void og_phone_register_failed(struct og_call *call, struct og_op *op);
void og_phone_register_encode(struct og_call *call, struct og_op *op, struct og_answer *answer);
enum og_code og_phone_patch_decode(struct og_call *call, struct og_op *op, struct og_err *err);
enum og_code og_phone_self_decode(struct og_call *call, struct og_op *op, struct og_err *err);
void og_phone_self_encode(struct og_call *call, struct og_op *op, struct og_answer *answer);
enum og_code og_phone_pull_decode(struct og_call *call, struct og_op *op, struct og_err *err);
void og_phone_pull_encode(struct og_call *call, struct og_op *op, struct og_answer *answer);
enum og_code og_phone_report_decode(struct og_call *call, struct og_op *op, struct og_err *err);
void og_phone_events(struct og_call *call);   /* the event stream */
