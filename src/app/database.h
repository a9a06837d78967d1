/*
 * The database of a data folder and the key that belongs to it: for the server, and for commands
 * that work while it is stopped.
 */
#pragma once

#include "config/config.h"
#include "service/services.h"
#include "store/db.h"

/* Where the rows are, as configured. Strings live in `mem`. */
struct og_db_config og_app_db_config(const struct og_config *config, struct og_arena *mem);
/* The keys out of the data folder; made when there is neither key nor database. OG_E_NOT_FOUND when
 * only the key is missing. */
OG_MUST_CHECK enum og_code og_app_db_keys(const struct og_config *config, struct og_arena *mem,
                                          struct og_keys *out, struct og_err *err);
/*
 * A writing connection with the newest schema, after a look whether the keys are the ones that the
 * database was made with.
 * out     NULL after an error; the caller closes it
 * Errors  OG_E_CONFLICT (other keys, a newer schema), OG_E_UNAVAILABLE (another process writes)
 */
OG_MUST_CHECK enum og_code og_app_db_open(const struct og_config *config,
                                          const struct og_keys *keys, int64_t now_ms,
                                          struct og_arena *mem, struct og_db **out,
                                          struct og_err *err);
/* The same for a look: all of it happens in a transaction that is open afterwards, and that the
 * caller rolls back. */
OG_MUST_CHECK enum og_code og_app_db_try(const struct og_config *config,
                                         const struct og_keys *keys, int64_t now_ms,
                                         struct og_arena *mem, struct og_db **out,
                                         struct og_err *err);
