/*
 * The API of batches (/bulk/v1): its rows, and their decode and encode functions inside.
 * docs/bulk.md and openapi.json say what goes over the wire.
 */
#pragma once

#include "api/call.h"

extern const struct og_route og_batch_routes[];
extern const int og_batch_route_count;
