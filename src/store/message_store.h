/*
 * Messages and their recipients, as rows. All functions run in a lane with its connection; structs
 * filled here have their strings in the arena given.
 */
#pragma once

#include "base/crypto.h"
#include "core/message.h"
#include "store/db.h"

enum og_message_class { OG_CLASS_NORMAL, OG_CLASS_OTP, OG_CLASS_BULK };

/* How a row of a batch fares (store/batch_store.h), in the order of batch_counts. */
enum og_batch_fate {
    OG_FATE_QUEUED,  /* not yet a message */
    OG_FATE_WAITING, /* a message that no phone has reported as sent */
    OG_FATE_SENT,
    OG_FATE_DELIVERED,
    OG_FATE_FAILED,
    OG_FATE_EXPIRED,
    OG_FATE_CANCELED,
    OG_BATCH_FATES
};

/* Times are UTC ms, 0 when it has not happened. */
struct og_message {
    struct og_str id;         /* ours */
    struct og_str client_id;  /* the client's choice, "" if none; what the API shows then */
    struct og_str account_id;
    struct og_str device_id;  /* planned, or the one that has it once handed_at is set */
    struct og_str text;       /* "" when erased or not asked for; base64 of a data message */
    struct og_str text_digest; /* hex, keyed: of a text that retention has removed; else "" */
    struct og_str reason;     /* why it failed, "" */
    struct og_str verification_id; /* "" : not an OTP */
    struct og_str batch_id;   /* of which it was a row, "" : none */
    struct og_message_record record; /* state, times of states, recipients (core/message.h) */
    enum og_message_class cls;
    int64_t priority;
    int64_t sim_number; /* 0: the phone chooses */
    int64_t route_sim;  /* the SIM that we chose for the phone that has it; 0: the phone does */
    int64_t parts;      /* of all recipients */
    int64_t routes;     /* phones that had it before this one */
    bool possible_duplicate; /* one of them may have sent it */
    struct og_str tag;  /* the client's word for rules of routing, "" */
    int64_t data_port;  /* 0: a text */
    bool bound;         /* the client named the phone */
    bool want_report;
    bool encrypted;
    bool held;          /* waits here for schedule_at, or its batch; no phone is asked before */
    int64_t created_at;
    int64_t valid_until;
    int64_t schedule_at; /* 0: at once */
    int64_t deadline_at; /* when we give up on it */
    int64_t handed_at;
    int64_t hinted_at; /* its phone was woken for it, then fetched; 0: it came by itself */
    int64_t final_at;
    struct og_str planned_id; /* of og_message_hand: the phone that the row had planned before */
    struct {
        int64_t deadline_at, final_at;
        enum og_batch_fate fate;
    } row; /* as they were read; the store's own */
};

/* The id that the outside knows. */
static inline struct og_str
og_message_public_id(const struct og_message *m)
{
    return m->client_id.len ? m->client_id : m->id;
}

#define OG_REASON_EXPIRED "TTL expired" /* why a message failed whose time was over */

/* What its state says to its batch. */
enum og_batch_fate og_message_fate(const struct og_message *m);

/* seal: the key that message texts and numbers are sealed with. */
/* Whoever makes a row of a batch into a message counts it there; later changes of state count by
 * themselves. Errors: OG_E_CONFLICT when the client id is taken in this account. */
OG_MUST_CHECK enum og_code og_message_insert(struct og_db *db, const struct og_key *seal,
                                             const struct og_message *m, struct og_err *err);

/* By our id or the client's, within the account. OG_E_NOT_FOUND. */
OG_MUST_CHECK enum og_code og_message_find(struct og_db *db, const struct og_key *seal,
                                           struct og_str account_id, struct og_str any_id,
                                           struct og_arena *mem, struct og_message *out,
                                           struct og_err *err);

/* The same without its text, which stays sealed. */
OG_MUST_CHECK enum og_code og_message_find_record(struct og_db *db, const struct og_key *seal,
                                                  struct og_str account_id,
                                                  struct og_str any_id, struct og_arena *mem,
                                                  struct og_message *out, struct og_err *err);

struct og_message_filter {
    struct og_str account_id;
    struct og_str device_id; /* "" : any */
    int state;               /* -1: any */
    int64_t from_ms, to_ms;  /* created in [from, to); 0: open */
    bool ascending;
    bool with_content;
    int limit, offset;
};
OG_MUST_CHECK enum og_code og_message_list(struct og_db *db, const struct og_key *seal,
                                           const struct og_message_filter *filter,
                                           struct og_arena *mem, struct og_message **items_out,
                                           int *count_out, int64_t *total_out, struct og_err *err);

/* To whom a message goes. */
struct og_handing {
    struct og_str device_id;
    int64_t sim;       /* 0: the phone chooses */
    int64_t hinted_at; /* when it was woken for it; 0: it was not */
};

/* Mark as handed to this phone, whichever was planned, if it is still to be sent; fills
 * *out (with text). OG_E_NOT_FOUND when it is no longer Pending or Cancelling, or another phone has
 * it. *first_out: it had not been handed before. routes: how many phones had it before; another
 * number says that it was taken from this one. */
OG_MUST_CHECK enum og_code og_message_hand(struct og_db *db, const struct og_key *seal,
                                           struct og_str account_id, struct og_str id,
                                           int64_t routes, const struct og_handing *to,
                                           int64_t now_ms, struct og_arena *mem,
                                           struct og_message *out, bool *first_out,
                                           struct og_err *err);

/*
 * Take it from the phone that has it and plan it for another: nobody has it then, all recipients
 * are Pending again. m is changed likewise. The caller keeps the former route
 * (store/route_store.h).
 * from     the state of the row
 * Errors   OG_E_CONFLICT when the row has moved on
 */
OG_MUST_CHECK enum og_code og_message_reroute(struct og_db *db, const struct og_key *seal,
                                              struct og_message *m, enum og_message_state from,
                                              struct og_str device_id, bool possible_duplicate,
                                              struct og_err *err);
/* It is m->device_id that sent it, and had it since m->handed_at, whichever phone has it now.
 * OG_E_CONFLICT when it is over. */
OG_MUST_CHECK enum og_code og_message_claim(struct og_db *db, const struct og_message *m,
                                            struct og_err *err);
/* Plan one that no phone has for another. No such message: nothing happens. */
OG_MUST_CHECK enum og_code og_message_replan(struct og_db *db, struct og_str account_id,
                                             struct og_str id, struct og_str device_id,
                                             struct og_err *err);

/* Write back record, reason, deadline and finality of `m`, if the row still has the state `from`
 * and, with `if_never_handed`, no phone has it. Erases the text when `erase_text`. OG_E_CONFLICT
 * when the row has moved on. */
OG_MUST_CHECK enum og_code og_message_save(struct og_db *db, const struct og_key *seal,
                                           const struct og_message *m, enum og_message_state from,
                                           bool if_never_handed, bool erase_text,
                                           struct og_err *err);

/* Up to `limit` open messages whose deadline is at or before `now_ms`, without text. */
OG_MUST_CHECK enum og_code og_message_due(struct og_db *db, const struct og_key *seal,
                                          int64_t now_ms, int limit, struct og_arena *mem,
                                          struct og_message **items_out, int *count_out,
                                          struct og_err *err);

/* Up to `limit` open messages that are held and whose time has come, without text. */
OG_MUST_CHECK enum og_code og_message_ripe(struct og_db *db, const struct og_key *seal,
                                           int64_t now_ms, int limit, struct og_arena *mem,
                                           struct og_message **items_out, int *count_out,
                                           struct og_err *err);
/* Hold it no longer, and plan this phone for it. OG_E_CONFLICT when it is not held. */
OG_MUST_CHECK enum og_code og_message_release(struct og_db *db, const struct og_message *m,
                                              struct og_err *err);

/* Ids in a list. */
struct og_message_id {
    const struct og_message_id *next;
    struct og_str id;
};
/* What no phone has of a batch is held until og_message_resume_batch, which makes it ripe. Few: a
 * batch has no more waiting than its phones have room. Needs err. */
OG_MUST_CHECK enum og_code og_message_hold_batch(struct og_db *db, struct og_str account_id,
                                                 struct og_str batch_id, struct og_arena *mem,
                                                 const struct og_message_id **held_out,
                                                 struct og_err *err);
OG_MUST_CHECK enum og_code og_message_resume_batch(struct og_db *db, struct og_str account_id,
                                                   struct og_str batch_id, struct og_err *err);

/* Of this phone's newest messages, at most `newest`, created since `since_ms` and before the one
 * with the id `before_id`: how many failed? */
OG_MUST_CHECK enum og_code og_message_count_failed(struct og_db *db, struct og_str account_id,
                                                   struct og_str device_id, int64_t since_ms,
                                                   struct og_str before_id, int newest,
                                                   struct og_arena *mem, int64_t *out,
                                                   struct og_err *err);

/* Open messages that only this phone can end: it has them, or a client bound them to it. Looks at
 * all open messages. Up to `limit`, without text. */
OG_MUST_CHECK enum og_code og_message_of_device(struct og_db *db, const struct og_key *seal,
                                                struct og_str device_id, int limit,
                                                struct og_arena *mem,
                                                struct og_message **items_out, int *count_out,
                                                struct og_err *err);

/* Calls fn for every open message that still belongs in a phone's queue (Pending or Cancelling, not
 * held), without text and recipients, oldest first. Strings live during the call. */
OG_MUST_CHECK enum og_code og_message_each_open(struct og_db *db,
                                                void (*fn)(void *ctx, const struct og_message *m),
                                                void *ctx, struct og_err *err);
