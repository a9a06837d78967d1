/*
 * /admin/v1: accounts, their credentials, pairing, devices. For the operator, and for keys of an
 * account with the scope admin, which see and change their own account only.
 */
#pragma once

#include "api/call.h"

extern const struct og_route og_admin_routes[];
extern const int og_admin_route_count;
