/*
 * A connection to memcached: the one door to libmemcached. It blocks, each step for a fraction of a
 * second at most, so it belongs to a thread that may wait.
 */
#pragma once

#include "base/err.h"
#include "base/str.h"

#define OG_MEMCACHED_VALUE_MAX_BYTES 512
/* Above this memcached takes a life for a date; ours end long before. */
#define OG_MEMCACHED_LIFE_MAX_S (30 * 24 * 3600)

struct og_memcached_client;

struct og_memcached_client_config {
    struct og_str_list servers; /* host[:port] */
    const char *user;           /* NULL: no authentication; else SASL, by the binary protocol */
    const char *password;
};

enum og_memcached_result {
    OG_MEMCACHED_DONE,
    OG_MEMCACHED_MISSING, /* no such key, or it has changed since it was read */
    OG_MEMCACHED_FULL,    /* no memory for it */
    OG_MEMCACHED_FAILED,  /* the reason is in err */
};

/* Connects with the first call. OG_E_INVALID: a server's address cannot be read. */
OG_MUST_CHECK enum og_code
og_memcached_client_create(const struct og_memcached_client_config *config,
                           struct og_memcached_client **out, struct og_err *err);
void og_memcached_client_destroy(struct og_memcached_client *self); /* takes NULL */

/* *version: to be brought to a replace. len_out: at most OG_MEMCACHED_VALUE_MAX_BYTES. */
enum og_memcached_result og_memcached_get(struct og_memcached_client *self, const char *key,
                                          char out[OG_MEMCACHED_VALUE_MAX_BYTES], size_t *len_out,
                                          uint64_t *version, struct og_err *err);
/* life_s: 1 .. OG_MEMCACHED_LIFE_MAX_S */
enum og_memcached_result og_memcached_set(struct og_memcached_client *self, const char *key,
                                          struct og_str value, int64_t life_s, struct og_err *err);
/* Only where nobody wrote since `version`. */
enum og_memcached_result og_memcached_replace(struct og_memcached_client *self, const char *key,
                                              struct og_str value, int64_t life_s,
                                              uint64_t version, struct og_err *err);
/* Only where there is none of that key. */
enum og_memcached_result og_memcached_add(struct og_memcached_client *self, const char *key,
                                          struct og_str value, int64_t life_s, struct og_err *err);
enum og_memcached_result og_memcached_delete(struct og_memcached_client *self, const char *key,
                                             struct og_err *err);
/* A figure that becomes another when a server has thrown a value away before its end, or was
 * started anew. */
enum og_memcached_result og_memcached_losses(struct og_memcached_client *self, uint64_t *out,
                                             struct og_err *err);
/* Does every server answer? err names one that does not. */
bool og_memcached_ping(struct og_memcached_client *self, struct og_err *err);
