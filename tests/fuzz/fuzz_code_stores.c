/*
 * Fuzzes what comes back from other programs that keep codes: records and counts out of memcached,
 * records of a snapshot, and errors and addresses of Redis. A record that is taken must be written again as it
 * was.
 */
#include <stdint.h>
#include <stdlib.h>

#include "codes/code_pack.h"
#include "codes/count_pack.h"
#include "codes/redis_route.h"

#define CHECK(cond)                                                                               \
    do {                                                                                          \
        if (!(cond)) {                                                                            \
            abort();                                                                              \
        }                                                                                         \
    } while (0)

static void
check_record(struct og_str bytes)
{
    struct og_code_body body;
    char again[OG_CODE_PACK_MAX_BYTES];
    int64_t ends_at;
    if (og_code_unpack(bytes, &body, &ends_at)) {
        CHECK(body.attempts_left >= 1 && body.sealed_len <= OG_CODE_SEALED_MAX_BYTES);
        CHECK(og_code_pack(&body, ends_at, again) == bytes.len);
        CHECK(memcmp(again, bytes.ptr, bytes.len) == 0);
    }
}

/* Whatever the numbers are: the figures made of them stay in their bounds. */
static void
check_count(struct og_str bytes)
{
    const struct og_window_shape shape = {2000, OG_COUNT_STEPS};
    const int64_t now_ms = 1767268800000;
    struct og_count_window count;
    char again[OG_COUNT_PACK_BYTES];
    if (og_count_unpack(bytes, now_ms / shape.step_ms + OG_COUNT_STEPS, &count)) {
        og_count_pack(&count, again);
        CHECK(memcmp(again, bytes.ptr, bytes.len) == 0);
        CHECK(og_window_sum(&count.window, &shape, now_ms, 0) >= 0);
        CHECK(og_window_wait_ms(&count.window, &shape, now_ms, 5, 1) >= 0);
        og_window_add(&count.window, &shape, now_ms, 1);
    }
}

static void
check_redirect(struct og_str error)
{
    struct og_redis_redirect to = {.slot = -1};
    const enum og_redis_trouble trouble = og_redis_trouble_of(error, &to);
    if (trouble == OG_REDIS_MOVED || trouble == OG_REDIS_ASK) {
        CHECK(to.slot >= 0 && to.slot < OG_REDIS_SLOTS);
        CHECK(to.to.port >= 1 && to.to.port <= 65535);
        CHECK(strlen(to.to.host) < error.len);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct og_str input = {(const char *)data, size};
    struct og_host_port at;
    check_record(input);
    check_count(input);
    check_redirect(input);
    CHECK(og_redis_slot(input) >= 0 && og_redis_slot(input) < OG_REDIS_SLOTS);
    CHECK(!og_host_port_read(input, 6379, &at) || (at.host[0] && at.port >= 1));
    return 0;
}
