/*
 * One connection to a Redis server (or Sentinel): the one door to hiredis.
 *
 * Everything happens on the thread of its loop. Calls are answered in their order; when the
 * connection ends, calls that have no answer yet are told so, then `ended` is called, once.
 */
#pragma once

#include "base/host_port.h"
#include "base/loop.h"

enum og_redis_reply_type {
    OG_REDIS_LOST, /* the connection ended; the call may have been done */
    OG_REDIS_NOTHING,
    OG_REDIS_ERROR,
    OG_REDIS_TEXT,
    OG_REDIS_NUMBER,
    OG_REDIS_LIST,
};

#define OG_REDIS_ITEMS_MAX 40

/* Borrowed for the call back. */
struct og_redis_reply {
    enum og_redis_reply_type type;
    struct og_str text; /* of ERROR and TEXT */
    int64_t number;
    struct og_redis_reply *items; /* of LIST; lists in lists have none */
    int count;                    /* at most OG_REDIS_ITEMS_MAX */
};

typedef void og_redis_heard(void *ctx, const struct og_redis_reply *reply);

struct og_redis_link;

struct og_redis_link_events {
    void (*opened)(void *ctx); /* commands may be sent now */
    void (*ended)(void *ctx, const char *reason); /* the link is gone when it returns */
    void *ctx;
};

/* Look the host up and connect. Never fails at once: `ended` is called from the loop. */
struct og_redis_link *og_redis_link_open(struct og_loop *loop, const struct og_host_port *at,
                                         const struct og_redis_link_events *events);
/* End it; calls without an answer are told LOST before this returns, `ended` is not called. NULL is
 * fine. */
void og_redis_link_close(struct og_redis_link *self);
/* After `opened`. heard NULL: the answer does not matter. */
void og_redis_link_call(struct og_redis_link *self, const struct og_str *words, int count,
                        og_redis_heard *heard, void *ctx);
