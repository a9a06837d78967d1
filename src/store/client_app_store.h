/*
 * Client applications of an account, by name, with their app hashes, as rows. All functions run in
 * a lane with its connection; structs filled here have their strings in the arena given.
 */
#pragma once

#include "store/db.h"

#define OG_APP_HASHES_MAX 16
#define OG_APPS_MAX 50 /* of one account */

struct og_app_hash {
    struct og_str hash;
    struct og_str label;   /* which build or key it is of, "" */
    int64_t valid_from;    /* UTC ms, 0: always was */
    int64_t valid_until;   /* 0: for good */
};

/* "" where nothing was said. */
struct og_client_app {
    struct og_str name;
    struct og_str package; /* Android application id */
    struct og_str origin;  /* host of a web page or an iOS app's associated domain */
    struct og_str embedded_origin;
    struct og_str brand;
    struct og_str locale;
    struct og_str template;         /* of codes, by name */
    struct og_str payment_template; /* of payments */
    bool retriever_prefix;
    struct og_app_hash hashes[OG_APP_HASHES_MAX];
    int hash_count;
    int64_t created_at;
    int64_t updated_at;
};

/* Make or replace, hashes included. *made_out: there was none of that name. */
OG_MUST_CHECK enum og_code og_client_app_put(struct og_db *db, struct og_str account_id,
                                             const struct og_client_app *app, bool *made_out,
                                             struct og_err *err);
/* OG_E_NOT_FOUND. */
OG_MUST_CHECK enum og_code og_client_app_find(struct og_db *db, struct og_str account_id,
                                              struct og_str name, struct og_arena *mem,
                                              struct og_client_app *out, struct og_err *err);
/* By name, at most OG_APPS_MAX. */
OG_MUST_CHECK enum og_code og_client_app_list(struct og_db *db, struct og_str account_id,
                                              struct og_arena *mem,
                                              struct og_client_app **items_out, int *count_out,
                                              struct og_err *err);
/* OG_E_NOT_FOUND. */
OG_MUST_CHECK enum og_code og_client_app_remove(struct og_db *db, struct og_str account_id,
                                                struct og_str name, struct og_err *err);
