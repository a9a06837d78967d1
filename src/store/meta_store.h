/*
 * Facts about the database itself, by name.
 */
#pragma once

#include "store/db.h"

/* Write the fact, and say what it was before: *before_out, in `mem`, "" when there was none. In the
 * caller's transaction. */
OG_MUST_CHECK enum og_code og_meta_change(struct og_db *db, struct og_str name, struct og_str value,
                                          struct og_arena *mem, struct og_str *before_out,
                                          struct og_err *err);
/* Write the fact if there is none of that name, and say which one holds: *out, in `mem`. In the
 * caller's transaction. */
OG_MUST_CHECK enum og_code og_meta_claim(struct og_db *db, struct og_str name, struct og_str value,
                                         struct og_arena *mem, struct og_str *out,
                                         struct og_err *err);
