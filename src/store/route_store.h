/*
 * What routing keeps in rows: what phones and SIMs have used, which phones had a message before,
 * and the rules of accounts. All functions run in a lane with its connection.
 */
#pragma once

#include "store/db.h"

/* ---- use of phones and SIMs ---- */

OG_MUST_CHECK enum og_code og_usage_save(struct og_db *db, struct og_str device_id,
                                         struct og_str usage, struct og_err *err);
/* Calls fn for every phone's. Strings live during the call. */
OG_MUST_CHECK enum og_code og_usage_each(struct og_db *db,
                                         void (*fn)(void *ctx, struct og_str device_id,
                                                    struct og_str usage),
                                         void *ctx, struct og_err *err);

OG_MUST_CHECK enum og_code og_sim_recipient_note(struct og_db *db, struct og_str device_id,
                                                 int sim, uint64_t recipient, int64_t at_ms,
                                                 struct og_err *err);
/* Those since `since_ms`; older ones are forgotten first. */
OG_MUST_CHECK enum og_code og_sim_recipient_each(struct og_db *db, int64_t since_ms,
                                                 void (*fn)(void *ctx, struct og_str device_id,
                                                            int sim, uint64_t recipient,
                                                            int64_t at_ms),
                                                 void *ctx, struct og_err *err);

/* ---- former routes of a message ---- */

enum og_route_outcome { OG_ROUTE_SILENT, OG_ROUTE_FAILED };

struct og_former_route {
    struct og_str device_id;
    int64_t sim; /* 0: the phone's choice */
    int64_t handed_at, ended_at;
    enum og_route_outcome outcome;
    struct og_str reason; /* "" */
    int64_t hinted_at, processed_at; /* 0: it was not */
};

OG_MUST_CHECK enum og_code og_former_route_insert(struct og_db *db, struct og_str account_id,
                                                  struct og_str message_id, int64_t n,
                                                  const struct og_former_route *route,
                                                  struct og_err *err);
/* In order, at most `limit`. Strings in `mem`. */
OG_MUST_CHECK enum og_code og_former_route_list(struct og_db *db, struct og_str account_id,
                                                struct og_str message_id, int limit,
                                                struct og_arena *mem,
                                                struct og_former_route **items_out,
                                                int *count_out, struct og_err *err);

/* ---- rules of accounts ---- */

/* *out "": there are none. */
OG_MUST_CHECK enum og_code og_routing_find(struct og_db *db, struct og_str account_id,
                                           struct og_arena *mem, struct og_str *out,
                                           struct og_err *err);
OG_MUST_CHECK enum og_code og_routing_save(struct og_db *db, struct og_str account_id,
                                           struct og_str document, int64_t now_ms,
                                           struct og_err *err);
OG_MUST_CHECK enum og_code og_routing_each(struct og_db *db,
                                           void (*fn)(void *ctx, struct og_str account_id,
                                                      struct og_str document),
                                           void *ctx, struct og_err *err);
