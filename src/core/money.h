/*
 * Amounts of money as people confirm them: a decimal number and an ISO 4217 currency.
 *
 * Pure and thread-safe. Never a floating point number: the amount is compared digit by digit.
 */
#pragma once

#include "base/err.h"
#include "base/str.h"

#define OG_MONEY_BYTES 24 /* "EUR 999999999.99" with its NUL, and room for four decimals */
#define OG_MONEY_LONGEST "EUR 999999999.99"

/*
 * Read an amount ("49.90", "49", at most nine digits before the point) and a currency ("EUR").
 * out     "EUR 49.90": one way to write each amount, with the decimals that the currency has
 * Errors  OG_E_UNPROCESSABLE, field "context.amount" or "context.currency"
 */
OG_MUST_CHECK enum og_code og_money_read(struct og_str amount, struct og_str currency,
                                         char out[OG_MONEY_BYTES], struct og_err *err);
