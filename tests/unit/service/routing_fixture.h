/*
 * How tests of services route: as the program's defaults, but without limits of pace, which are
 * asked for.
 */
#pragma once

#include "route/table.h"

/* Any phone that is there, and nobody looks after messages. */
static const struct og_route_policy world_simple_routing = {0};

/* As the program's defaults, but without limits of pace: those are asked for. */
static const struct og_route_policy world_routing = {
    .is_smart = true,
    .health = {.offline_after_ms = 20000,
               .silent_max = 3,
               .failures_max = 5,
               .quarantine_ms = 60000},
    .fetch_ms = 3000,
    .silence_ms = 30000,
    .routes_max = 3,
    .no_route_ms = 20000,
    .transit_ms = 5000,
};

