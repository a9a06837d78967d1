/*
 * Webhooks: make, list, remove; who tells of what; events into the outbox; rounds of delivery.
 * Applies run in lanes. The source of the rules is wire/smsgate.md sections 2.5 and 4.7.
 */
#pragma once

#include "base/secret.h"
#include "lane/op.h"
#include "service/services.h"
#include "store/device_store.h"
#include "store/inbox_store.h"
#include "store/message_store.h"
#include "store/otp_store.h"
#include "store/webhook_store.h"

#define OG_SIGNING_KEY_CHARS 32
#define OG_DEAD_LIST_MAX 500

/* ---- hooks of an account ---- */

/* Make one or replace the one with that id. OG_E_INVALID "deviceId", "id" (too many). */
struct og_webhook_put_op {
    struct og_op op;
    struct og_services *svc;
    struct og_arena *mem;
    struct og_webhook hook; /* in: account_id, id ("" : made), device_id, url, event; out: all */
    /* inner */
    struct og_device *phones;
    int phone_count;
    int64_t webhook_count;
};
enum og_code og_webhook_put_apply(struct og_op *op, struct og_tx *tx);
void og_webhook_put_committed(struct og_op *op, struct og_tx *tx);

/* Remove one; also fine when there is none. */
enum og_code og_webhook_remove_apply(struct og_op *op, struct og_tx *tx); /* og_webhook_put_op */

/* An account's hooks. With a device_id only what this phone must tell of. Read lane. */
struct og_webhook_list_op {
    struct og_op op;
    struct og_services *svc;
    struct og_arena *mem;
    struct og_str account_id; /* "" : all accounts' */
    struct og_str device_id;
    int app_version; /* of that phone (core/app_version.h) */
    struct og_webhook *items;
    int count;
};
enum og_code og_webhook_list_apply(struct og_op *op, struct og_tx *tx);

/* How many there are, before the lanes start; and what was under way is due again. */
OG_MUST_CHECK enum og_code og_webhook_load(struct og_services *svc, struct og_db *db,
                                           int64_t now_ms, struct og_err *err);

/* ---- operation ---- */

/* Who tells, and the key that signs; both are made when they are not there yet. Write lane.
 * OG_E_NOT_FOUND for an unknown account (id or name), OG_E_CONFLICT when the key that is to be
 * changed is the one in the account's settings. */
struct og_webhook_account_op {
    struct og_op op;
    struct og_services *svc;
    struct og_arena *mem;
    struct og_str account_id;
    bool sets_by, rotates, sets_authorities; /* what to change */
    enum og_webhooks_by by;     /* in with sets_by; out */
    struct og_str authorities;  /* in with sets_authorities: PEM that og_trust_read took; out */
    struct og_secret signing_key; /* out; the caller wipes it */
    /* inner */
    struct og_device *phones;
    int phone_count;
};
enum og_code og_webhook_account_apply(struct og_op *op, struct og_tx *tx);
void og_webhook_account_committed(struct og_op *op, struct og_tx *tx);

/* Events that were given up. Read lane. account_id: id or name, "" : all. */
struct og_webhook_dead_op {
    struct og_op op;
    struct og_services *svc;
    struct og_arena *mem;
    struct og_str account_id;
    struct og_str id; /* for replay: one event; "" : all */
    struct og_webhook_event_row *items;
    int count;
    int64_t replayed;
};
enum og_code og_webhook_dead_apply(struct og_op *op, struct og_tx *tx);
/* Write lane. OG_E_NOT_FOUND when an id is given that is not among them. */
enum og_code og_webhook_replay_apply(struct og_op *op, struct og_tx *tx);
void og_webhook_replay_committed(struct og_op *op, struct og_tx *tx);

/* ---- events, inside the transaction that makes them ---- */

/* The recipients' states now, to be compared later; NULL when nobody would want to know. */
enum og_message_state *og_webhook_before(const struct og_services *svc,
                                         const struct og_message *m, struct og_arena *mem);
/* Write an outbox row for each hook that asks for what has changed since `before`. */
OG_MUST_CHECK enum og_code og_webhook_message_changed(struct og_services *svc, struct og_tx *tx,
                                                      const struct og_message *m,
                                                      const enum og_message_state *before,
                                                      struct og_arena *mem, struct og_err *err);
/* The message's time was over before it went out, or it was cancelled. */
OG_MUST_CHECK enum og_code og_webhook_message_ended(struct og_services *svc, struct og_tx *tx,
                                                    const struct og_message *m,
                                                    enum og_webhook_event event,
                                                    struct og_arena *mem, struct og_err *err);
/* A verification was approved or has failed. */
OG_MUST_CHECK enum og_code og_webhook_otp_closed(struct og_services *svc, struct og_tx *tx,
                                                 const struct og_verification *v,
                                                 enum og_webhook_event event, struct og_arena *mem,
                                                 struct og_err *err);

/* A phone's first stream opened, or its last one ended. */
OG_MUST_CHECK enum og_code og_webhook_device_changed(struct og_services *svc, struct og_tx *tx,
                                                     struct og_str account_id,
                                                     struct og_str device_id,
                                                     enum og_webhook_event event,
                                                     struct og_arena *mem, struct og_err *err);
/* A phone received something. */
OG_MUST_CHECK enum og_code og_webhook_received(struct og_services *svc, struct og_tx *tx,
                                               const struct og_incoming *item,
                                               struct og_arena *mem, struct og_err *err);
/* The message of a verification cannot be sent in time; its reason says why. */
OG_MUST_CHECK enum og_code og_webhook_otp_undeliverable(struct og_services *svc, struct og_tx *tx,
                                                        const struct og_message *m,
                                                        struct og_arena *mem,
                                                        struct og_err *err);

/*
 * The key that signs what the server tells: webhooks.signing_key of the account's settings, which
 * its phones sign with too; else the account's own, made now if there is none. Write lane.
 * in_settings_out  may be NULL
 */
OG_MUST_CHECK enum og_code og_webhook_signing_key(struct og_services *svc, struct og_db *db,
                                                  struct og_str account_id, struct og_arena *mem,
                                                  struct og_secret *out, bool *in_settings_out,
                                                  struct og_err *err);

/* The line of events of one subject for one receiver: they go one after the other. */
void og_webhook_line(struct og_str account_id, struct og_str url, struct og_str subject_id,
                     char out[OG_DIGEST_HEX_CHARS + 1]);

/* ---- rounds ---- */

#define OG_WEBHOOK_LEASE_MS 90000 /* longer than any try may take */

/* What became of a try. */
struct og_webhook_result {
    struct og_webhook_result *next;
    struct og_str id, account_id, webhook_id;
    int64_t created_at, failed; /* as they were taken */
    bool is_taken;              /* answered 2xx */
    bool is_gone;               /* answered 410 */
    char reason[100];           /* else: "status 500", "no_peer" */
};

/* One try to be made. Strings are the round's. */
struct og_webhook_try {
    struct og_str id, account_id, webhook_id, url, host, body;
    struct og_str hook; /* whose it is, unique over accounts */
    struct og_str authorities; /* PEM whom to trust; "" : the server's */
    int64_t created_at, failed;
    struct og_secret signing_key;
};

/* What a hook has been given, and may have in all. */
struct og_webhook_room {
    struct og_str hook; /* as in a try */
    int given, given_max;
};

/* Write down results and take what is due, as the limits leave room. Write lane; by jobs only. */
struct og_webhook_round_op {
    struct og_op op;
    struct og_services *svc;
    struct og_arena *mem;
    const struct og_webhook_result *results;
    bool looks_at_all;             /* else only at the hooks that have results */
    struct og_webhook_room *rooms; /* of hooks that have been given something */
    int room_count;
    int given_max; /* of any other hook */
    int tries_max;
    int64_t first_wait_ms;        /* after a first failure */
    struct og_webhook_try *tries; /* out */
    int try_count;
    int dead_count;               /* out: given up in this round */
};
enum og_code og_webhook_round_apply(struct og_op *op, struct og_tx *tx);

/* X-Signature: lower-case hex of HMAC-SHA-256(key, body followed by timestamp). */
void og_webhook_sign(struct og_str key, struct og_str body, struct og_str timestamp,
                     char out[OG_DIGEST_HEX_CHARS + 1]);
