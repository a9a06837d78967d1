/*
 * Webhooks, accounts' choices about them, and the outbox of what is to be told, as rows. Strings of
 * filled structs live in the arena given.
 */
#pragma once

#include "core/webhook.h"
#include "store/db.h"

#define OG_WEBHOOKS_MAX 200 /* of one account */

struct og_webhook {
    struct og_str account_id;
    struct og_str id;        /* the client's choice or ours, within the account */
    struct og_str device_id; /* "" : of every phone */
    struct og_str url;
    enum og_webhook_event event;
    int64_t created_at;
    int64_t disabled_at;     /* 0: in use */
};

/* Insert, or replace the one with that id, which is then in use again. */
OG_MUST_CHECK enum og_code og_webhook_put(struct og_db *db, const struct og_webhook *hook,
                                          struct og_err *err);
/* account_id "" : of all accounts. Oldest first. */
OG_MUST_CHECK enum og_code og_webhook_list(struct og_db *db, struct og_str account_id,
                                           struct og_arena *mem, struct og_webhook **items_out,
                                           int *count_out, struct og_err *err);
/* found_out: is there one? */
OG_MUST_CHECK enum og_code og_webhook_find(struct og_db *db, struct og_str account_id,
                                           struct og_str id, struct og_arena *mem,
                                           struct og_webhook *out, bool *found_out,
                                           struct og_err *err);
/* With what waits for it. Also fine when there is none. */
OG_MUST_CHECK enum og_code og_webhook_remove(struct og_db *db, struct og_str account_id,
                                             struct og_str id, struct og_err *err);
/* Those that were for this phone only. */
OG_MUST_CHECK enum og_code og_webhook_remove_of_device(struct og_db *db, struct og_str device_id,
                                                       struct og_err *err);
/* The receiver is gone for good: tell it nothing more; what waits for it is dead. */
OG_MUST_CHECK enum og_code og_webhook_disable(struct og_db *db, struct og_str account_id,
                                              struct og_str id, int64_t now_ms,
                                              struct og_err *err);
/* All accounts'. */
OG_MUST_CHECK enum og_code og_webhook_count(struct og_db *db, int64_t *out, struct og_err *err);

/* ---- accounts ---- */

struct og_webhook_account {
    enum og_webhooks_by by;
    struct og_str signing_key; /* sealed; "" : the row is not there yet */
    struct og_str authorities; /* PEM; "" : the server's */
};
/* Defaults when there is no row. */
OG_MUST_CHECK enum og_code og_webhook_account_find(struct og_db *db, struct og_str account_id,
                                                   struct og_arena *mem,
                                                   struct og_webhook_account *out,
                                                   struct og_err *err);
OG_MUST_CHECK enum og_code og_webhook_account_put(struct og_db *db, struct og_str account_id,
                                                  const struct og_webhook_account *row,
                                                  struct og_err *err);

/* ---- outbox ---- */

struct og_webhook_event_row {
    struct og_str id; /* of the event for this receiver: time-ordered, the same in each try */
    struct og_str account_id;
    struct og_str webhook_id;
    struct og_str line;
    struct og_str event;
    struct og_str subject_id; /* the message or verification that it is about, "" : none */
    struct og_str body; /* sealed */
    int64_t next_at;
    struct og_str reason;
    int64_t created_at;
    int64_t failed;
    int64_t dead_at;
};
OG_MUST_CHECK enum og_code og_hook_queue_add(struct og_db *db, const struct og_webhook_event_row *row,
                                         struct og_err *err);

/* Hooks that have something due. */
OG_MUST_CHECK enum og_code og_hook_queue_hooks_due(struct og_db *db, int64_t now_ms,
                                               struct og_arena *mem, struct og_webhook **items_out,
                                               int *count_out, struct og_err *err);
/* What is due for one hook, of each line only the first: at most `limit`. */
OG_MUST_CHECK enum og_code og_hook_queue_due(struct og_db *db, const struct og_webhook *hook,
                                         int64_t now_ms, int limit, struct og_arena *mem,
                                         struct og_webhook_event_row **items_out, int *count_out,
                                         struct og_err *err);
/* Not due before then. */
OG_MUST_CHECK enum og_code og_hook_queue_lease(struct og_db *db, struct og_str id, int64_t until_ms,
                                           struct og_err *err);
/* At start: what was under way when the program ended is due now. */
OG_MUST_CHECK enum og_code og_hook_queue_recover(struct og_db *db, int64_t now_ms, struct og_err *err);
/* Its receiver has it: the row goes, and the time line of its subject keeps a step. */
OG_MUST_CHECK enum og_code og_hook_queue_taken(struct og_db *db, struct og_str id, int64_t now_ms,
                                               struct og_err *err);
/* What waits in a line, oldest first, without bodies. */
OG_MUST_CHECK enum og_code og_hook_queue_of_line(struct og_db *db, struct og_str line, struct og_arena *mem,
                                             struct og_webhook_event_row **items_out,
                                             int *count_out, struct og_err *err);
/* Try again then, or with dead_at give up. */
OG_MUST_CHECK enum og_code og_hook_queue_failed(struct og_db *db, struct og_str id, int64_t next_at,
                                            struct og_str reason, int64_t dead_at,
                                            struct og_err *err);
/* account_id "" : of all. Newest first, without bodies. */
OG_MUST_CHECK enum og_code og_hook_queue_dead(struct og_db *db, struct og_str account_id, int limit,
                                          struct og_arena *mem,
                                          struct og_webhook_event_row **items_out, int *count_out,
                                          struct og_err *err);
/* Give dead ones a new day; id "" : all of the account (account_id "" : of all). A hook that was
 * disabled is in use again. */
OG_MUST_CHECK enum og_code og_hook_queue_replay(struct og_db *db, struct og_str account_id,
                                            struct og_str id, int64_t now_ms, int64_t *count_out,
                                            struct og_err *err);
