/*
 * The desk of a store that lives in another program: it takes the verbs of code_store.h on event
 * loops, makes a ticket of each that may travel to another thread, and brings the answer back.
 *
 * A store behind a desk is one function, `take`, and calls og_code_ticket_answer once per ticket.
 * Keys are digests of account and id: of one length, fit for every protocol, and nothing in the
 * other program names a verification, an account or a number.
 */
#pragma once

#include <pthread.h>

#include "base/clock.h"
#include "base/log.h"
#include "codes/code_rules.h"
#include "codes/count_store.h"

#define OG_CODE_PREFIX_MAX_CHARS 64
#define OG_CODE_KEY_BYTES (OG_CODE_PREFIX_MAX_CHARS + 2 + 43 + 1) /* prefix, { }, digest, NUL */
#define OG_CODE_TICKETS_MAX 10000 /* under way at once; more are refused */

enum og_code_verb {
    OG_CODE_PUT,
    OG_CODE_CHECK,
    OG_CODE_PEEK,
    OG_CODE_DROP,
    OG_COUNT_TAKE, /* from here on those of count_store.h */
    OG_COUNT_GIVE,
    OG_COUNT_FORGET,
    OG_CODE_VERBS
};

/* A verb with copies of what it was given. Owned by the store from take until it is answered. */
struct og_code_ticket {
    struct og_code_ticket *prev, *next; /* for lists of the store's */
    struct og_loop_task task;           /* for the way to the store's thread */
    enum og_code_verb verb;
    char key[OG_CODE_KEY_BYTES];
    int64_t until_mono_ms;      /* to be answered by then */
    int64_t ttl_ms;             /* of put */
    struct og_code_body body;   /* of put; in an answer to peek: its sealed copy */
    struct og_code_guess guess; /* of check; without the name */
    struct og_count_ask *counts; /* of verbs of counts; in an answer to take: with the answer */
    const char *mark;            /* likewise: whose counts they are */
    int tries, place;           /* for the store's use, as is the next */
    bool is_special, is_asking;
    bool is_foreign; /* in an answer to take: another gateway has another mark */
    /* the answer */
    enum og_code code;
    struct og_err err;
    enum og_code_verdict verdict;
    int attempts_left;
    int64_t left_ms;
    bool found;
    /* the desk's */
    struct og_code_desk *desk;
    struct og_loop *home;
    struct og_code_ask *ask;
    struct og_count_ask *count_ask;
};

struct og_code_desk {
    struct og_code_store face; /* destroy is the store's to set */
    struct og_count_store counts;
    char mark[OG_COUNT_MARK_CHARS + 1]; /* tells secrets apart that subjects were made with */
    /* On the asker's thread. */
    void (*take)(struct og_code_desk *self, struct og_code_ticket *ticket);
    const struct og_clock *clock;
    char prefix[OG_CODE_PREFIX_MAX_CHARS + 1];
    char kind[16]; /* "redis", for the log */
    struct og_log_limit told, told_foreign;
    struct {
        pthread_mutex_t lock;
        pthread_cond_t idle;
        int open; /* tickets under way */
        bool is_settled;
        struct og_code_health health;
    } shared;
    _Atomic int64_t foreign_until_mono_ms; /* another gateway's mark was seen: worth a warning */
};

/* The store begins as down: nobody has heard of it yet. */
void og_code_desk_init(struct og_code_desk *self, const char *kind, const char *prefix,
                       const struct og_clock *clock,
                       void (*take)(struct og_code_desk *self, struct og_code_ticket *ticket));
void og_code_desk_finish(struct og_code_desk *self); /* no ticket is under way any more */
/* Keep counts, too. mark: NULL for none; copied. */
void og_code_desk_count(struct og_code_desk *self, const char *mark);

/* Give the answer and the ticket back; a reason is in ticket->err. Any thread. */
void og_code_ticket_answer(struct og_code_ticket *ticket, enum og_code code);
/* OG_E_UNAVAILABLE with a reason for the log, and no verdict. */
void og_code_ticket_fail(struct og_code_ticket *ticket, const char *reason);

/* The name of a ticket's count, and of the mark that all counts have in common; with the ticket's
 * key before them, so that all are in one slot of a cluster. */
#define OG_COUNT_KEY_BYTES (OG_CODE_KEY_BYTES + 64)
void og_count_key(const struct og_code_ticket *ticket, int item, char out[OG_COUNT_KEY_BYTES]);
void og_count_mark_key(const struct og_code_ticket *ticket, char out[OG_COUNT_KEY_BYTES]);

/* Tell how the store is. A change is logged. Any thread. */
void og_code_desk_tell(struct og_code_desk *self, enum og_code_health_level level,
                       const char *reason);
