/*
 * What phones received, as rows. Functions run in a lane with its connection; strings of filled
 * structs live in the arena given.
 */
#pragma once

#include "base/crypto.h"
#include "core/incoming.h"
#include "store/db.h"

/* Texts that do not apply are "". */
struct og_incoming {
    struct og_str id;
    struct og_str account_id;
    struct og_str device_id;
    enum og_incoming_type type;
    struct og_str sender;         /* as the phone has it: a number, a short code, a name */
    struct og_str recipient;      /* the phone's own number */
    struct og_str text;           /* of an SMS or the body of an MMS; base64 of a data SMS */
    struct og_str subject;
    struct og_str transaction_id; /* these three of an MMS */
    struct og_str content_class;
    int64_t size_bytes;
    int64_t sim_number; /* 0: not told */
    int64_t received_at;
    int64_t created_at;
    struct og_str sender_digest; /* hex */
    struct og_str digest;        /* hex */
};

/* seal: the key that texts and numbers are sealed with. *is_new_out false: it was there. */
OG_MUST_CHECK enum og_code og_inbox_insert(struct og_db *db, const struct og_key *seal,
                                           const struct og_incoming *item, bool *is_new_out,
                                           struct og_err *err);
/* OG_E_NOT_FOUND. */
OG_MUST_CHECK enum og_code og_inbox_find(struct og_db *db, const struct og_key *seal,
                                         struct og_str account_id, struct og_str id,
                                         struct og_arena *mem, struct og_incoming *out,
                                         struct og_err *err);

struct og_inbox_filter {
    struct og_str account_id;
    struct og_str device_id;     /* "" : any */
    struct og_str sender_digest; /* "" : any */
    int type;                    /* -1: any */
    int64_t from_ms, to_ms;      /* received in [from, to); to_ms 0: open */
    int limit, offset;
};
/* Newest first. *total_out: all that pass the filter. */
OG_MUST_CHECK enum og_code og_inbox_list(struct og_db *db, const struct og_key *seal,
                                         const struct og_inbox_filter *filter,
                                         struct og_arena *mem, struct og_incoming **items_out,
                                         int *count_out, int64_t *total_out, struct og_err *err);
/* Remove up to `limit` that were stored before. */
OG_MUST_CHECK enum og_code og_inbox_purge(struct og_db *db, int64_t before_ms, int limit,
                                          int64_t *removed_out, struct og_err *err);
