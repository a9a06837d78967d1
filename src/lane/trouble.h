/*
 * Whether a lane can do its work: since when not, and why. One log line when trouble starts and one
 * when it ends. Written by the lane's thread, read by any.
 */
#pragma once

#include <pthread.h>
#include <stdint.h>

#include "base/err.h"
#include "store/db.h"

struct og_trouble {
    const char *lane; /* for the log */
    struct {
        pthread_mutex_t lock;
        bool is_failing;
        int64_t since_ms; /* UTC */
        int64_t failures; /* since then */
        char reason[160];
        enum og_db_trouble kind;
    } shared;
};

void og_trouble_init(struct og_trouble *self, const char *lane);
void og_trouble_finish(struct og_trouble *self);

void og_trouble_failed(struct og_trouble *self, const char *reason, enum og_db_trouble kind,
                       int64_t now_ms);
void og_trouble_passed(struct og_trouble *self, int64_t now_ms);

/* Of the last failure. */
enum og_db_trouble og_trouble_kind(struct og_trouble *self);
/* since_ms_out 0 when all is well; the reason of the last failure stays. */
bool og_trouble_is_failing(struct og_trouble *self, int64_t *since_ms_out, char reason_out[160]);
