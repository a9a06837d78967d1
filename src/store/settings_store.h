/*
 * The settings of an account's phones, a sealed JSON document each. Functions run in a lane with
 * its connection.
 */
#pragma once

#include "base/crypto.h"
#include "store/db.h"

#define OG_SETTINGS_DOCUMENT_MAX_BYTES 16384

/* The document, in the arena given; "" when nothing was ever set. */
OG_MUST_CHECK enum og_code og_settings_load(struct og_db *db, const struct og_key *seal,
                                            struct og_str account_id, struct og_arena *mem,
                                            struct og_str *out, struct og_err *err);
OG_MUST_CHECK enum og_code og_settings_save(struct og_db *db, const struct og_key *seal,
                                            struct og_str account_id, struct og_str document,
                                            int64_t now_ms, struct og_err *err);
