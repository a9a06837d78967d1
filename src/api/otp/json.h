/*
 * How verifications look in JSON. Pure; what is written never holds a code.
 */
#pragma once

#include "service/otp/otp_service.h"

/* One verification. sends_max: of the policy, to know whether another send may follow. */
void og_otp_verification_json(const struct og_verification *v, int sends_max, struct og_buf *out);
/* The answer to a start, and its status: 201 for a new one, 200 for one that was active. */
int og_otp_start_json(const struct og_otp_start_op *op, struct og_buf *out);
/* The answer to a read: the verification and its time line. */
void og_otp_get_json(const struct og_otp_get_op *op, struct og_buf *out);
/* The answer to a check that could be judged; with the receipt, made in `mem`, when it was
 * right. */
void og_otp_check_json(const struct og_otp_check_op *op, struct og_arena *mem, struct og_buf *out);
/* The answer to a redeemed receipt. */
void og_otp_receipt_json(const struct og_receipt *receipt, struct og_buf *out);
/* The answer to a check after success. */
void og_otp_already_json(struct og_str request_id, struct og_buf *out);
