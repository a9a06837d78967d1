/*
 * One server of Redis that keeps codes: a connection that has introduced itself and has been found
 * fit. A node never acts by itself: when something has changed it says so, and its owner decides.
 */
#pragma once

#include "codes/code_desk.h"
#include "codes/redis_link.h"

enum og_redis_node_state {
    OG_REDIS_NODE_IDLE,    /* no connection */
    OG_REDIS_NODE_OPENING, /* connecting and introducing itself, until opening_until_mono_ms */
    OG_REDIS_NODE_READY,
    OG_REDIS_NODE_FAILED, /* see reason; to be closed by its owner */
};

struct og_redis_login {
    const char *user;     /* NULL: the default user */
    const char *password; /* NULL: none */
    int db;
    bool must_be_primary; /* a replica will not do (a cluster redirects by itself) */
    const char *prefix;   /* of keys, for the probe */
    bool with_counts;     /* their scripts must run, too */
};

struct og_redis_node {
    struct og_host_port at;
    enum og_redis_node_state state;
    int64_t opening_until_mono_ms;
    char reason[160];
    bool is_refused; /* failed for a reason that only an operator can remove */
    char worry[128]; /* "" or why it may lose codes */
    int probed; /* scripts that have been tried: verbs in order */
    struct og_redis_link *link;
    struct og_loop *loop;
    const struct og_redis_login *login;
    void (*changed)(void *ctx);
    void *ctx;
};

void og_redis_node_open(struct og_redis_node *self, const struct og_host_port *at,
                        int64_t until_mono_ms);
/* From the loop, never from an answer of its own link. Then it is IDLE. */
void og_redis_node_close(struct og_redis_node *self);
/* Mark it; its owner closes it. Fine from anywhere on the loop. */
void og_redis_node_fail(struct og_redis_node *self, const char *reason);
