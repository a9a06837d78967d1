/*
 * The log of the sms-gate.app API (wire/smsgate.md sections 2.8 and 7.3), made of the audit log:
 * functions of a row in the route table.
 */
#pragma once

#include "api/call.h"

enum og_code og_smsgate_logs_decode(struct og_call *call, struct og_op *op, struct og_err *err);
void og_smsgate_logs_encode(struct og_call *call, struct og_op *op, struct og_answer *answer);
