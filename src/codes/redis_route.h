/*
 * Where a key of Redis is: slots of a cluster, and what its nodes answer about them. Pure.
 * Source: the Redis Cluster specification.
 */
#pragma once

#include "base/host_port.h"

#define OG_REDIS_SLOTS 16384
#define OG_REDIS_DEFAULT_PORT 6379

/* CRC16 of what stands between the braces, or of the whole key. */
int og_redis_slot(struct og_str key);

enum og_redis_trouble {
    OG_REDIS_MOVED,    /* ask another node from now on: `slot` is at `to` */
    OG_REDIS_ASK,      /* ask another node this time, after ASKING */
    OG_REDIS_NOSCRIPT, /* the node does not know the script: send its text */
    OG_REDIS_WAIT,     /* not now: starting, moving slots, electing */
    OG_REDIS_READONLY, /* a replica: the primary is elsewhere */
    OG_REDIS_NOAUTH,   /* a user, password or right is missing */
    OG_REDIS_FULL,     /* no memory left for a write */
    OG_REDIS_OTHER,
};

struct og_redis_redirect {
    int slot;
    struct og_host_port to; /* host "": the node that answers, another port */
};

/* What an error of a node means. Only the first two fill `out`; one that cannot be read is OTHER.
 * */
enum og_redis_trouble og_redis_trouble_of(struct og_str error, struct og_redis_redirect *out);
