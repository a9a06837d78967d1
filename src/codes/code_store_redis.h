/*
 * One-time codes in Redis (or a server that speaks like it), for gateways that share them or must
 * not lose them when they end.
 *
 * Each verb is one call of a script, which Redis runs as one step. A thread of its own keeps the
 * connections; event loops never wait. The primary is one of the addresses, what Sentinel says, or,
 * in a cluster, the node that has the key's slot, as the nodes themselves tell. A store that cannot
 * be reached is looked for until it is.
 */
#pragma once

#include "base/clock.h"
#include "codes/code_store.h"

#define OG_CODE_REDIS_ADDRESSES_MAX 16

enum og_code_redis_mode {
    OG_CODE_REDIS_DIRECT,   /* the addresses are servers; the first that is a primary is taken */
    OG_CODE_REDIS_SENTINEL, /* the addresses are Sentinels */
    OG_CODE_REDIS_CLUSTER,  /* the addresses are some nodes of a cluster */
};

struct og_code_redis_config {
    enum og_code_redis_mode mode;
    struct og_str_list addresses; /* host[:port] */
    const char *master_name;      /* as Sentinel calls the group */
    const char *user;             /* NULL: the default user */
    const char *password;         /* NULL: none */
    int db;
    const char *prefix; /* before every key, at most 64 characters */
    const char *mark;   /* keep counts, too (code_desk.h); NULL: none */
    const struct og_clock *clock;
};

/*
 * Waits a moment for the first connection. Not reached: it is made all the same, logs it and goes
 * on trying. Errors: OG_E_INVALID (an address), OG_E_UNAUTHORIZED (the server refuses the user, the
 * password or a command: the text says which), OG_E_UNAVAILABLE (no thread).
 */
OG_MUST_CHECK enum og_code og_code_redis_create(const struct og_code_redis_config *config,
                                                struct og_code_store **out, struct og_err *err);
