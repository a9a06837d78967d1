/*
 * Errors as the outside sees them. The only place that maps codes to HTTP status.
 */
#pragma once

#include "api/call.h"

int og_problem_status(enum og_family family, enum og_code code);
/* Status, body in the family's shape, and Retry-After where it helps. */
void og_problem_write(enum og_family family, enum og_code code, const struct og_err *err,
                      struct og_str request_id, struct og_arena *mem, struct og_answer *answer);
/* The family that a path belongs to, for refusals before a route is known. */
enum og_family og_problem_family(struct og_str path);
