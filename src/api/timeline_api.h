/*
 * Time lines over HTTP: of messages beside sms-gate.app's routes, of verifications, and of either
 * for operators.
 */
#pragma once

#include "api/call.h"

extern const struct og_route og_timeline_routes[];
extern const int og_timeline_route_count;
