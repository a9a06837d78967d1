/* Every row of the route tables, for tests that hold something of all of them. */
#pragma once

#include "api/routes.h"

/* Say which row it is about. */
#define MUST(row, what)                                                                            \
    do {                                                                                           \
        if (!(what)) {                                                                             \
            fail_msg("%s %s: %s", og_method_name((row)->method), (row)->path, #what);              \
        }                                                                                          \
    } while (0)

static inline void
each_route(void (*fn)(void *ctx, const struct og_route *row), void *ctx)
{
    int count = 0;
    for (int t = 0; t < og_route_table_count; t++) {
        for (int i = 0; i < *og_route_tables[t].count; i++, count++) {
            fn(ctx, &og_route_tables[t].rows[i]);
        }
    }
    assert_true(count > 40);
}
