/*
 * The schema: numbered, forward only, one transaction each. The files under schema/ are embedded at
 * build time. A database with a newer schema than this program knows is refused, untouched.
 */
#pragma once

#include "store/db.h"

struct og_migration {
    int number;       /* 1, 2, 3 ... without a gap */
    const char *name; /* "init" */
    const char *sql;  /* statements, each ended by `;` at the end of a line */
};

/* The newest number this program knows. */
int og_schema_known(void);
/* The number of the database, 0 when empty. */
OG_MUST_CHECK enum og_code og_schema_current(struct og_db *db, int *out, struct og_err *err);
/* Bring the database to the newest schema. Errors: OG_E_CONFLICT when it is newer than known. */
OG_MUST_CHECK enum og_code og_schema_migrate(struct og_db *db, int64_t now_ms, struct og_err *err);
/* The same inside the caller's transaction: rolled back, nothing has changed. */
OG_MUST_CHECK enum og_code og_schema_migrate_within(struct og_db *db, int64_t now_ms,
                                                    struct og_err *err);
/* The same with a table of the caller's, for tests. */
OG_MUST_CHECK enum og_code og_schema_apply(struct og_db *db, const struct og_migration *table,
                                           int count, int64_t now_ms, struct og_err *err);
