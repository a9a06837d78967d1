/*
 * The abuse shield over HTTP: challenges for applications; rules, decisions, stops and resets for
 * operators. docs/abuse.md and openapi.json say what goes over the wire.
 */
#pragma once

#include "api/call.h"

extern const struct og_route og_abuse_routes[];
extern const int og_abuse_route_count;
