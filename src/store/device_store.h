/*
 * Phones, as rows. Strings of filled structs live in the arena given.
 */
#pragma once

#include "store/db.h"

struct og_device {
    struct og_str id;
    struct og_str account_id;
    struct og_str name;         /* "" : unknown */
    struct og_str sims;         /* JSON array as the API shows it, "[]" */
    struct og_str app_version;  /* from the User-Agent, "" */
    int64_t created_at;
    int64_t updated_at;
    int64_t last_seen_at;
};

OG_MUST_CHECK enum og_code og_device_insert(struct og_db *db, const struct og_device *d,
                                            struct og_str token_digest, struct og_err *err);
/* Not removed. OG_E_NOT_FOUND. */
OG_MUST_CHECK enum og_code og_device_by_token(struct og_db *db, struct og_str token_digest,
                                              struct og_arena *mem, struct og_device *out,
                                              struct og_err *err);
/* Of whichever account; not removed. OG_E_NOT_FOUND. */
OG_MUST_CHECK enum og_code og_device_find_any(struct og_db *db, struct og_str id,
                                              struct og_arena *mem, struct og_device *out,
                                              struct og_err *err);
OG_MUST_CHECK enum og_code og_device_find(struct og_db *db, struct og_str account_id,
                                          struct og_str id, struct og_arena *mem,
                                          struct og_device *out, struct og_err *err);
/* Its name, also when it was removed; "" : there never was one. */
OG_MUST_CHECK enum og_code og_device_name(struct og_db *db, struct og_str account_id,
                                          struct og_str id, struct og_arena *mem,
                                          struct og_str *out, struct og_err *err);
/* account_id "" : all accounts. Oldest first. */
OG_MUST_CHECK enum og_code og_device_list(struct og_db *db, struct og_str account_id,
                                          struct og_arena *mem, struct og_device **items_out,
                                          int *count_out, struct og_err *err);
/* name or sims NULL ptr: keep. OG_E_NOT_FOUND. */
OG_MUST_CHECK enum og_code og_device_update(struct og_db *db, struct og_str id, struct og_str name,
                                            struct og_str sims, struct og_str app_version,
                                            int64_t now_ms, struct og_err *err);
/* It was heard of. The row is exact to the minute: a write for every time would be one for nothing.
 * OG_E_NOT_FOUND when it was removed. */
OG_MUST_CHECK enum og_code og_device_seen(struct og_db *db, struct og_str id, int64_t at_ms,
                                          struct og_err *err);
/* The token stops working at once. *removed_out false: there was none. */
OG_MUST_CHECK enum og_code og_device_remove(struct og_db *db, struct og_str account_id,
                                            struct og_str id, int64_t now_ms, bool *removed_out,
                                            struct og_err *err);
