/*
 * /3rdparty/v1/devices: functions of its rows in the route table (wire/smsgate.md 1.4, 2.4).
 */
#pragma once

#include "api/call.h"

enum og_code og_smsgate_devices_decode(struct og_call *call, struct og_op *op, struct og_err *err);
void og_smsgate_devices_encode(struct og_call *call, struct og_op *op, struct og_answer *answer);
enum og_code og_smsgate_device_remove_decode(struct og_call *call, struct og_op *op,
                                             struct og_err *err);
