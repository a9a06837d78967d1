/*
 * Looking for the server to begin with: the addresses one after the other, or what a Sentinel says
 * of them, until one is found fit; then a pause, and again from the first.
 */
#pragma once

#include "codes/code_store_redis.h"
#include "codes/redis_node.h"

enum og_redis_seek_phase {
    OG_REDIS_SEEK_TRY,     /* the next address */
    OG_REDIS_SEEK_ASKING,  /* a Sentinel */
    OG_REDIS_SEEK_OPENING, /* the node */
    OG_REDIS_SEEK_FOUND,
    OG_REDIS_SEEK_RESTING, /* none was fit */
};

struct og_redis_seek {
    enum og_redis_seek_phase phase;
    struct og_redis_node *node; /* what is looked for */
    bool by_sentinel;
    const char *master_name;
    const struct og_host_port *addresses;
    int count;
    int next;
    int64_t until_mono_ms;   /* of ASKING and RESTING */
    struct og_redis_link *sentinel;
    struct og_host_port found;
    enum { OG_REDIS_SAYS_NOTHING, OG_REDIS_SAYS_FOUND, OG_REDIS_SAYS_NO } says;
    char reason[160]; /* why the last address was not fit */
    bool is_refused;  /* it answered, and only an operator can make it fit */
    void (*changed)(void *ctx);
    void *ctx;
};

/* One step; true when the phase has changed: step again. From the loop, never from an answer. */
bool og_redis_seek_step(struct og_redis_seek *self, int64_t mono_ms);
void og_redis_seek_close(struct og_redis_seek *self);
