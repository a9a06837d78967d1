/*
 * Where live one-time codes are: a small asynchronous face to a store with a strict time to live.
 *
 * The store never sees a code. It holds a keyed digest (with the id of its key), how many attempts
 * are left, and a sealed copy that only a resend opens. Whoever asks brings the digests of the code
 * that was typed, one for each key in use, made before the record is looked for: so an unknown id
 * costs the same work as a known one. A record whose key is no longer in use is dead, and goes.
 *
 * A check takes an attempt, compares and, on a match, removes the record, in one step that no other
 * check can come between: of many right answers at once exactly one matches, and of many wrong ones
 * exactly as many are compared as attempts were left.
 *
 * Thread   every verb is called on an event loop's thread, any of several, and answers on the same
 *          thread, perhaps before the verb returns
 * Memory   what is passed in is borrowed for the call, but the ask lives until its `done`
 * Sources  domain notes sections 4.4 to 4.6
 *
 * A store behind a network answers within OG_CODE_ANSWER_MS, if only that it cannot be reached.
 * What was sent and not answered may have been done: a check is never sent twice.
 */
#pragma once

#include "base/crypto.h"
#include "base/loop.h"

struct og_count_store;

#define OG_CODE_KEYS_MAX 2        /* the key in use and the one before it */
#define OG_CODE_SEALED_MAX_BYTES 256
#define OG_CODE_ANSWER_MS 1500 /* the longest wait for another program */
#define OG_CODE_TTL_MAX_MS 600000 /* no code lives longer: NIST SP 800-63B-4 section 3.1.3.2 */

/* Ids of one account's verification; an account cannot reach another's. */
struct og_code_name {
    struct og_str account;
    struct og_str id;
};

struct og_code_mac {
    uint32_t key_id;
    uint8_t bytes[OG_DIGEST_BYTES];
};

/* What a typed code must look like to cost an attempt. */
struct og_code_shape {
    uint8_t length;
    bool has_letters; /* of a stored code: letters are allowed; of a typed one: there are some */
};

struct og_code_record {
    struct og_code_name name;
    struct og_code_mac mac;
    struct og_code_shape shape;
    int attempts;         /* at least 1 */
    int64_t ttl_ms;       /* 1 .. OG_CODE_TTL_MAX_MS */
    struct og_str sealed; /* at most OG_CODE_SEALED_MAX_BYTES */
};

struct og_code_guess {
    struct og_code_name name;
    struct og_code_mac macs[OG_CODE_KEYS_MAX];
    int mac_count;
    struct og_code_shape shape;
};

enum og_code_verdict {
    OG_VERDICT_NONE,      /* no such code: never was, used, killed, dropped or out of time */
    OG_VERDICT_MALFORMED, /* cannot be the code: another length or alphabet; no attempt taken */
    OG_VERDICT_WRONG,     /* an attempt was taken, some are left */
    OG_VERDICT_KILLED,    /* wrong, and it was the last attempt: the record is gone */
    OG_VERDICT_MATCH,     /* right; the record is gone */
};

/* One question and its answer; embedded in what the caller keeps for the request. */
struct og_code_ask {
    void (*done)(struct og_code_ask *self);
    /* The answer. OG_E_BUSY: full (put only; what is stored stays valid). OG_E_UNAVAILABLE: the
     * store cannot be reached. */
    enum og_code code;
    struct og_err err;
    enum og_code_verdict verdict; /* of check */
    int attempts_left;            /* of check: after this attempt */
    int64_t left_ms;              /* of check with MATCH, and of peek: what remained of its life */
    bool found;                   /* of peek */
    struct og_str sealed;         /* of peek; borrowed during `done` */
};

struct og_code_usage {
    int64_t entries;
    int64_t bytes;
};

/* As an operator is told. */
enum og_code_health_level {
    OG_CODE_HEALTH_UP,
    OG_CODE_HEALTH_DEGRADED, /* it answers, but codes may be lost: see the reason */
    OG_CODE_HEALTH_DOWN,
};

struct og_code_health {
    enum og_code_health_level level;
    char reason[160]; /* "" when it is up */
};

struct og_code_store {
    /* Store a record; one of that name is replaced. ask NULL: nobody waits for the answer. */
    void (*put)(struct og_code_store *self, struct og_loop *loop,
                const struct og_code_record *record, struct og_code_ask *ask);
    void (*check)(struct og_code_store *self, struct og_loop *loop,
                  const struct og_code_guess *guess, struct og_code_ask *ask);
    /* The sealed copy. Changes nothing. */
    void (*peek)(struct og_code_store *self, struct og_loop *loop, struct og_code_name name,
                 struct og_code_ask *ask);
    /* Forget it; unknown is fine. ask NULL: nobody waits for the answer. */
    void (*drop)(struct og_code_store *self, struct og_loop *loop, struct og_code_name name,
                 struct og_code_ask *ask);
    /* Housekeeping in small steps, from a timer about once a second, on any thread. May be NULL. */
    void (*sweep)(struct og_code_store *self);
    /* For metrics. Any thread. May be NULL. */
    struct og_code_usage (*usage)(struct og_code_store *self);
    /* For health. Any thread. NULL: it is up. */
    struct og_code_health (*health)(struct og_code_store *self);
    /* Wait until every ask has its answer, which takes seconds at most; what is asked later is
     * answered at once. When no more requests come, before the loops end. NULL: none ever waits. */
    void (*settle)(struct og_code_store *self);
    /* After the loops have ended. */
    void (*destroy)(struct og_code_store *self);
    bool is_volatile; /* codes from before this start of the program are lost */
    /* Counts in the same place; they end with it. NULL: none were asked for. */
    struct og_count_store *counts;
};
