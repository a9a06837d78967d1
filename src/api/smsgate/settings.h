/*
 * Settings of phones, for applications and for phones (wire/smsgate.md section 2.6): decode and
 * encode of the rows in the route table, pure.
 */
#pragma once

#include "api/call.h"

enum og_code og_smsgate_settings_get_decode(struct og_call *call, struct og_op *op,
                                            struct og_err *err);
enum og_code og_smsgate_settings_put_decode(struct og_call *call, struct og_op *op,
                                            struct og_err *err);
enum og_code og_smsgate_settings_patch_decode(struct og_call *call, struct og_op *op,
                                              struct og_err *err);
/* What applications see: no secrets. */
void og_smsgate_settings_encode(struct og_call *call, struct og_op *op, struct og_answer *answer);
/* What a phone gets: everything that its version can parse. */
void og_phone_settings_encode(struct og_call *call, struct og_op *op, struct og_answer *answer);
