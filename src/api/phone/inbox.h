/*
 * How phones tell what they received (wire/smsgate.md sections 4.7, 7.3, 8.7): functions of rows in
 * the route table.
 */
#pragma once

#include "api/call.h"
#include "service/device/inbox_service.h"

/* One that cannot be kept, and why. */
struct og_phone_inbox_drop {
    size_t index;
    struct og_err why;
};

struct og_phone_inbox_op {
    struct og_inbox_take_op take; /* first: it is the operation */
    struct og_phone_inbox_drop *dropped;
    size_t dropped_count;
};

/* A webhook of the phone's, to a path with its secret: /mobile/v1/inbox/{id}/{key}. */
enum og_code og_phone_inbox_hook_decode(struct og_call *call, struct og_op *op,
                                        struct og_err *err);
/* An array, by the phone's token. */
enum og_code og_phone_inbox_upload_decode(struct og_call *call, struct og_op *op,
                                          struct og_err *err);
void og_phone_inbox_encode(struct og_call *call, struct og_op *op, struct og_answer *answer);

/* The hooks of a phone's account that it must call, and ours. */
enum og_code og_phone_webhooks_decode(struct og_call *call, struct og_op *op, struct og_err *err);
void og_phone_webhooks_encode(struct og_call *call, struct og_op *op, struct og_answer *answer);
