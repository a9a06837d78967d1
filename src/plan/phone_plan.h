/*
 * Numbering plans: what fills core's struct og_phone_plan.
 *
 * libphonenumber costs 5 MiB resident and 4 ms of start for being linked, 4 MiB and 10 ms more when
 * it is first used, so it lives in a module of its own that is loaded when the first national
 * number comes. Installations that accept only international numbers never load it.
 *
 * Thread-safe. A module once loaded stays until the process ends.
 */
#pragma once

#include "base/err.h"
#include "core/phone_number.h"

struct og_plan;

/* module_path  borrowed; NULL: beside the program (build tree), then where it is installed.
 * Nothing is loaded yet. */
struct og_plan *og_plan_create(const char *module_path);
void og_plan_destroy(struct og_plan *self); /* NULL is fine */

/* The face for og_phone_parse; lives as long as the plan. Its parse loads the module at its first
 * call and answers OG_E_UNAVAILABLE as long as that fails. */
const struct og_phone_plan *og_plan_face(struct og_plan *self);

/* Is there a file to load? Cheap. err: says where it should be; may be NULL. */
bool og_plan_is_there(const struct og_plan *self, struct og_err *err);
/* Load now, say at start when a default region is configured, so that a missing module is found
 * then. OG_E_UNAVAILABLE with the reason. */
OG_MUST_CHECK enum og_code og_plan_load(struct og_plan *self, struct og_err *err);
