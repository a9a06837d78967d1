/*
 * The OTP API (/otp/v1): its rows, and their decode and encode functions inside. docs/api.md and
 * openapi.json say what goes over the wire.
 */
#pragma once

#include "api/call.h"

extern const struct og_route og_otp_routes[];
extern const int og_otp_route_count;
/* Receipts of right checks. */
extern const struct og_route og_receipt_routes[];
extern const int og_receipt_route_count;
/* The inbox of accounts in sandbox mode. */
extern const struct og_route og_sandbox_routes[];
extern const int og_sandbox_route_count;
