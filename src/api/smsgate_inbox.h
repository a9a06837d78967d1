/*
 * The inbox of the sms-gate.app API (wire/smsgate.md sections 2.8, 4.6): functions of the rows in
 * the route table.
 */
#pragma once

#include "api/call.h"

enum og_code og_smsgate_refresh_decode(struct og_call *call, struct og_op *op,
                                       struct og_err *err);
/* The older form: SMS only, each told by itself. */
enum og_code og_smsgate_export_decode(struct og_call *call, struct og_op *op, struct og_err *err);
void og_smsgate_refresh_encode(struct og_call *call, struct og_op *op, struct og_answer *answer);
void og_smsgate_export_encode(struct og_call *call, struct og_op *op, struct og_answer *answer);
/* 501, as the peer answers: what was received and logged stays on the phone. */
void og_smsgate_inbox_list(struct og_call *call);
void og_smsgate_logs_list(struct og_call *call);
