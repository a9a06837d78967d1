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

enum og_code og_smsgate_inbox_list_decode(struct og_call *call, struct og_op *op,
                                          struct og_err *err);
void og_smsgate_inbox_list_encode(struct og_call *call, struct og_op *op,
                                  struct og_answer *answer);
enum og_code og_smsgate_inbox_get_decode(struct og_call *call, struct og_op *op,
                                         struct og_err *err);
void og_smsgate_inbox_get_encode(struct og_call *call, struct og_op *op,
                                 struct og_answer *answer);
void og_smsgate_attachment(struct og_call *call); /* 404: they stay on the phone */
