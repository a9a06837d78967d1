/*
 * sms-gate.app's tokens: issue, refresh, revoke (wire/smsgate.md sections 1.4, 2.7, 5).
 */
#pragma once

#include "api/call.h"
#include "store/token_store.h"

extern const struct og_route og_token_routes[];
extern const int og_token_route_count;

/*
 * The scope of a name, if the caller may give it to a token: what it has itself, but admin.
 * Errors: OG_E_INVALID no such scope, OG_E_FORBIDDEN "scope required: ..."; field "scopes".
 */
OG_MUST_CHECK enum og_code og_token_scope(const struct og_call *call, struct og_str name,
                                          uint32_t *out, struct og_err *err);
