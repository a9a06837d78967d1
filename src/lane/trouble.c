/*
 * A lane's trouble. The lock covers a few fields; lines are written after it is given back.
 */
#include "lane/trouble.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"

void
og_trouble_init(struct og_trouble *self, const char *lane)
{
    *self = (struct og_trouble){.lane = lane};
    pthread_mutex_init(&self->shared.lock, NULL);
}

void
og_trouble_finish(struct og_trouble *self)
{
    pthread_mutex_destroy(&self->shared.lock);
}

void
og_trouble_failed(struct og_trouble *self, const char *reason, enum og_db_trouble kind,
                  int64_t now_ms)
{
    pthread_mutex_lock(&self->shared.lock);
    bool is_new = !self->shared.is_failing;
    if (is_new) {
        self->shared.is_failing = true;
        self->shared.since_ms = now_ms;
        self->shared.failures = 0;
    }
    self->shared.failures++;
    self->shared.kind = kind;
    snprintf(self->shared.reason, sizeof self->shared.reason, "%s", reason);
    pthread_mutex_unlock(&self->shared.lock);
    if (is_new) {
        og_log_error("lane", "operations cannot be applied", "lane=%s reason=%s", self->lane,
                     og_log_quote(og_str_from(reason)));
    }
}

void
og_trouble_passed(struct og_trouble *self, int64_t now_ms)
{
    pthread_mutex_lock(&self->shared.lock);
    bool is_over = self->shared.is_failing;
    int64_t lasted_ms = now_ms - self->shared.since_ms;
    int64_t failures = self->shared.failures;
    self->shared.is_failing = false;
    self->shared.since_ms = 0;
    pthread_mutex_unlock(&self->shared.lock);
    if (is_over) {
        og_log_info("lane", "operations are applied again",
                    "lane=%s after_ms=%" PRId64 " failures=%" PRId64, self->lane, lasted_ms,
                    failures);
    }
}

enum og_db_trouble
og_trouble_kind(struct og_trouble *self)
{
    pthread_mutex_lock(&self->shared.lock);
    const enum og_db_trouble kind = self->shared.kind;
    pthread_mutex_unlock(&self->shared.lock);
    return kind;
}

bool
og_trouble_is_failing(struct og_trouble *self, int64_t *since_ms_out, char reason_out[160])
{
    pthread_mutex_lock(&self->shared.lock);
    bool is_failing = self->shared.is_failing;
    *since_ms_out = self->shared.since_ms;
    memcpy(reason_out, self->shared.reason, sizeof self->shared.reason);
    pthread_mutex_unlock(&self->shared.lock);
    return is_failing;
}
