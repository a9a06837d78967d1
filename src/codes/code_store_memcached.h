/*
 * One-time codes in memcached, for gateways that share them and can bear losing some: memcached may
 * evict what it likes and forgets everything when it restarts. A code that is gone counts as
 * expired.
 *
 * A check reads the record and writes what it becomes only where nobody wrote in between (CAS); the
 * verdict is told when that has been won. A few threads of its own wait for memcached, so that no
 * event loop does.
 */
#pragma once

#include "base/clock.h"
#include "codes/code_store.h"

#define OG_CODE_MEMCACHED_THREADS_MAX 64

struct og_code_memcached_config {
    struct og_str_list servers; /* host[:port]; a key has its place on one of them */
    const char *user;           /* NULL: without SASL */
    const char *password;
    const char *prefix; /* before every key, at most 64 characters */
    const char *mark;   /* keep counts, too (code_desk.h); NULL: none */
    bool is_strict;     /* a count that memcached may have thrown away is full */
    int thread_count;   /* 1 .. OG_CODE_MEMCACHED_THREADS_MAX */
    const struct og_clock *clock;
};

/*
 * Asks the servers once. Not reached: it is made all the same, logs it and goes on trying.
 * Errors: OG_E_INVALID (a server's address), OG_E_UNAUTHORIZED (user or password refused),
 * OG_E_UNAVAILABLE (no thread).
 */
OG_MUST_CHECK enum og_code
og_code_memcached_create(const struct og_code_memcached_config *config,
                         struct og_code_store **out, struct og_err *err);
