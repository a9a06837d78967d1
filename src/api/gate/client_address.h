/*
 * Whose address counts: the user's that the application hands over, else the caller's, unless that
 * is one of the applications' servers.
 */
#pragma once

#include "api/call.h"

/*
 * asked  the member client_ip, ptr NULL when it was left out
 * out    "" when no user's address is known
 * Errors OG_E_UNPROCESSABLE "client_ip"
 */
OG_MUST_CHECK enum og_code og_client_address(struct og_call *call, struct og_str asked,
                                             struct og_str *out, struct og_err *err);
