/*
 * /mobile/v1/user: what the phone app offers to the holder of an account: a one-time code to join
 * further phones with, and another password (wire/smsgate.md sections 1.8, 3.8).
 */
#pragma once

#include "api/call.h"

extern const struct og_route og_user_routes[];
extern const int og_user_route_count;
