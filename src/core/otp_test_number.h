/*
 * Numbers for tests: a fixed code that is never sent, until a time. Outside production only.
 *
 * Pure and thread-safe.
 */
#pragma once

#include "base/err.h"
#include "core/otp.h"
#include "core/phone_number.h"

#define OG_OTP_TEST_NUMBERS_MAX 16

struct og_otp_test_number {
    char number[OG_PHONE_BYTES]; /* E.164 */
    char code[OG_OTP_MAX_LENGTH + 1];
    int64_t until_ms; /* UTC: from then on it is a number like others */
};

/* "+447700900123=123456@2027-01-31T00:00:00Z". OG_E_INVALID saying what is wrong. */
OG_MUST_CHECK enum og_code og_otp_test_number_read(struct og_str text,
                                                   struct og_otp_test_number *out,
                                                   struct og_err *err);
