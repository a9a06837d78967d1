/*
 * What the hub says of phones that come and go, brought into the write lane.
 */
#pragma once

#include "lane/lanes.h"
#include "service/services.h"

struct og_app_presence {
    struct og_services *services;
    struct og_lanes *lanes;
    const _Atomic bool *is_running; /* that streams end because we stop says nothing of phones */
};

/* The hub's on_presence; ctx is the struct, which outlives the hub. Any loop's thread. */
void og_app_presence(void *ctx, struct og_str account_id, struct og_str device_id,
                     bool is_connected);
