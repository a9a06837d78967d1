/*
 * The route table: everything that can be called, by whom, and how large the question may be. One
 * page for whoever audits it. Rows of the OTP and admin APIs stand in their own files, in the same
 * form.
 */
#pragma once

#include "api/call.h"

struct og_route_table {
    const struct og_route *rows;
    const int *count;
};

extern const struct og_route_table og_route_tables[];
extern const int og_route_table_count;
