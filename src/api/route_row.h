/*
 * Words for rows of a route table; for the files that hold one.
 */
#pragma once

#include "api/call.h"

/* The operation of a row: name, functions, size. */
#define OP(lane_, name_, apply_, committed_, struct_)                                             \
    .lane = (lane_), .op_bytes = sizeof(struct struct_), .kind = {                                \
        .name = (name_), .apply = (apply_), .committed = (committed_), .done = og_call_done}
/* The head of a row below /admin/v1. */
#define ADMIN(method_, path_) method_, "/admin/v1" path_, OG_FAMILY_OWN, OG_WHO_OPERATOR, 0
