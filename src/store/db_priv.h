/*
 * What an engine's door offers to the rest of this room only: statements that are not on a page.
 */
#pragma once

#include "store/db.h"

/* Run one statement without values and rows, once; dialect words are replaced. It may be empty. */
OG_MUST_CHECK enum og_code og_db_exec(struct og_db *db, struct og_str sql, struct og_err *err);
OG_MUST_CHECK enum og_code og_db_has_table(struct og_db *db, const char *name, bool *out,
                                           struct og_err *err);
