/*
 * The door to libmemcached. Plain servers are spoken to in text; SASL exists in the binary protocol
 * only, so a user's name switches to that.
 */
#include "codes/memcached_client.h"

#include <libmemcached/memcached.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/host_port.h"

#define DEFAULT_PORT 11211
#define CONNECT_MS 200
#define STEP_MS 300
#define RETRY_S 1 /* how long a server that failed is left alone */

struct og_memcached_client {
    memcached_st *handle;
};

static enum og_code
add_servers(struct og_memcached_client *self, struct og_str_list servers, struct og_err *err)
{
    for (size_t i = 0; i < servers.count; i++) {
        struct og_host_port at;
        if (!og_host_port_read(servers.items[i], DEFAULT_PORT, &at) ||
            memcached_server_add(self->handle, at.host, (in_port_t)at.port) != MEMCACHED_SUCCESS) {
            return og_fail(err, OG_E_INVALID, "memcached.servers",
                           "%" OG_STR_FMT " is not host:port",
                           OG_STR_ARG(servers.items[i]));
        }
    }
    return OG_OK;
}

static void
set_behaviour(memcached_st *handle)
{
    static const struct {
        memcached_behavior_t what;
        uint64_t value;
    } behaviours[] = {
        {MEMCACHED_BEHAVIOR_SUPPORT_CAS, 1},
        {MEMCACHED_BEHAVIOR_TCP_NODELAY, 1},
        {MEMCACHED_BEHAVIOR_TCP_KEEPALIVE, 1},
        {MEMCACHED_BEHAVIOR_CONNECT_TIMEOUT, CONNECT_MS},
        {MEMCACHED_BEHAVIOR_POLL_TIMEOUT, STEP_MS},
        {MEMCACHED_BEHAVIOR_RETRY_TIMEOUT, RETRY_S},
        /* A key stays with its server: one that comes back must not bring spent codes along. */
        {MEMCACHED_BEHAVIOR_DISTRIBUTION, MEMCACHED_DISTRIBUTION_CONSISTENT_KETAMA},
        {MEMCACHED_BEHAVIOR_AUTO_EJECT_HOSTS, 0},
    };
    for (size_t i = 0; i < sizeof(behaviours) / sizeof(behaviours[0]); i++) {
        memcached_behavior_set(handle, behaviours[i].what, behaviours[i].value);
    }
}

enum og_code
og_memcached_client_create(const struct og_memcached_client_config *config,
                           struct og_memcached_client **out, struct og_err *err)
{
    struct og_memcached_client *self = og_xalloc(sizeof(*self));
    self->handle = memcached_create(NULL);
    if (!self->handle) {
        abort(); /* no memory */
    }
    set_behaviour(self->handle);
    enum og_code code = add_servers(self, config->servers, err);
    if (code == OG_OK && config->user) {
        memcached_behavior_set(self->handle, MEMCACHED_BEHAVIOR_BINARY_PROTOCOL, 1);
        if (memcached_set_sasl_auth_data(self->handle, config->user, config->password) !=
            MEMCACHED_SUCCESS) {
            code = og_fail(err, OG_E_INVALID, "memcached.user",
                           "this user and password cannot be used with SASL");
        }
    }
    if (code != OG_OK) {
        og_memcached_client_destroy(self);
        return code;
    }
    *out = self;
    return OG_OK;
}

void
og_memcached_client_destroy(struct og_memcached_client *self)
{
    if (self) {
        memcached_free(self->handle);
        free(self);
    }
}

/* What came of it; what is left in the handle of an earlier failure is none of ours. */
static enum og_memcached_result
result_of(struct og_memcached_client *self, memcached_return_t status, struct og_err *err)
{
    switch (status) {
    case MEMCACHED_SUCCESS:
    case MEMCACHED_STORED:
    case MEMCACHED_DELETED:
        return OG_MEMCACHED_DONE;
    case MEMCACHED_NOTFOUND:
    case MEMCACHED_DATA_EXISTS:
    case MEMCACHED_NOTSTORED:
    case MEMCACHED_END:
        return OG_MEMCACHED_MISSING;
    case MEMCACHED_SERVER_MEMORY_ALLOCATION_FAILURE:
        og_fail(err, OG_E_BUSY, NULL, "memcached has no memory left for it");
        return OG_MEMCACHED_FULL;
    case MEMCACHED_AUTH_FAILURE:
    case MEMCACHED_AUTH_PROBLEM:
        og_fail(err, OG_E_UNAUTHORIZED, "memcached.user",
                "memcached refuses the user or its password");
        return OG_MEMCACHED_FAILED;
    default:
        og_fail(err, OG_E_UNAVAILABLE, NULL, "%s", memcached_strerror(self->handle, status));
        return OG_MEMCACHED_FAILED;
    }
}

enum og_memcached_result
og_memcached_get(struct og_memcached_client *self, const char *key,
                 char out[OG_MEMCACHED_VALUE_MAX_BYTES], size_t *len_out, uint64_t *version,
                 struct og_err *err)
{
    const size_t key_len = strlen(key);
    memcached_return_t status = memcached_mget(self->handle, &key, &key_len, 1);
    memcached_result_st *item =
        status == MEMCACHED_SUCCESS ? memcached_fetch_result(self->handle, NULL, &status) : NULL;
    if (!item) {
        return result_of(self, status == MEMCACHED_SUCCESS ? MEMCACHED_NOTFOUND : status, err);
    }
    enum og_memcached_result result = OG_MEMCACHED_DONE;
    const size_t len = memcached_result_length(item);
    if (len > OG_MEMCACHED_VALUE_MAX_BYTES) {
        og_fail(err, OG_E_UNAVAILABLE, NULL, "a value of memcached is not ours: too long");
        result = OG_MEMCACHED_FAILED;
    } else {
        memcpy(out, memcached_result_value(item), len);
        *len_out = len;
        *version = memcached_result_cas(item);
    }
    memcached_result_free(item);
    /* One key has one value; what ends the answer is still to be read. */
    item = memcached_fetch_result(self->handle, NULL, &status);
    memcached_result_free(item);
    return result;
}

enum og_memcached_result
og_memcached_set(struct og_memcached_client *self, const char *key, struct og_str value,
                 int64_t life_s, struct og_err *err)
{
    return result_of(self,
                     memcached_set(self->handle, key, strlen(key), value.ptr, value.len,
                                   (time_t)life_s, 0),
                     err);
}

enum og_memcached_result
og_memcached_replace(struct og_memcached_client *self, const char *key, struct og_str value,
                     int64_t life_s, uint64_t version, struct og_err *err)
{
    return result_of(self,
                     memcached_cas(self->handle, key, strlen(key), value.ptr, value.len,
                                   (time_t)life_s, 0, version),
                     err);
}

enum og_memcached_result
og_memcached_add(struct og_memcached_client *self, const char *key, struct og_str value,
                 int64_t life_s, struct og_err *err)
{
    return result_of(self,
                     memcached_add(self->handle, key, strlen(key), value.ptr, value.len,
                                   (time_t)life_s, 0),
                     err);
}

enum og_memcached_result
og_memcached_delete(struct og_memcached_client *self, const char *key, struct og_err *err)
{
    return result_of(self, memcached_delete(self->handle, key, strlen(key), 0), err);
}

enum og_memcached_result
og_memcached_losses(struct og_memcached_client *self, uint64_t *out, struct og_err *err)
{
    memcached_return_t status = MEMCACHED_SUCCESS;
    memcached_stat_st *stats = memcached_stat(self->handle, NULL, &status);
    *out = 0;
    for (uint32_t i = 0; stats && i < memcached_server_count(self->handle); i++) {
        const uint64_t born = stats[i].time - stats[i].uptime;
        *out += stats[i].evictions + (born << 20) + ((uint64_t)stats[i].pid << 52);
    }
    memcached_stat_free(self->handle, stats);
    return result_of(self, status, err);
}

bool
og_memcached_ping(struct og_memcached_client *self, struct og_err *err)
{
    memcached_return_t status = memcached_version(self->handle);
    if (status == MEMCACHED_SOME_ERRORS) {
        status = memcached_last_error(self->handle); /* of one of the servers */
    }
    return result_of(self, status, err) == OG_MEMCACHED_DONE;
}
