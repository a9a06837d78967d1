/*
 * Alerts over HTTP: what is wrong, and a test of the ways that alerts go. For operators.
 */
#pragma once

#include "api/call.h"

extern const struct og_route og_alert_routes[];
extern const int og_alert_route_count;
