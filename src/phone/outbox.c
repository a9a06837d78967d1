/* Reports in waiting. Few at a time (as many as a phone has unfinished messages), so a look through
 * all of them is cheap enough when the first is not the one. */
#include "phone/outbox.h"

#include <stdlib.h>

#include "base/arena.h"

void
og_outbox_finish(struct og_outbox *self)
{
    free(self->jobs);
    *self = (struct og_outbox){0};
}

static struct og_outbox_job *
at(const struct og_outbox *self, size_t index)
{
    return &self->jobs[(self->first + index) % self->cap];
}

static void
grow(struct og_outbox *self)
{
    size_t cap = self->cap ? self->cap * 2 : 8;
    struct og_outbox_job *jobs = og_xalloc(cap * sizeof(jobs[0]));
    for (size_t i = 0; i < self->count; i++) {
        jobs[i] = *at(self, i);
    }
    free(self->jobs);
    self->jobs = jobs;
    self->cap = cap;
    self->first = 0;
}

void
og_outbox_add(struct og_outbox *self, struct og_sms *sms, int64_t due_ms, int tries)
{
    if (self->count == self->cap) {
        grow(self);
    }
    if (!sms->has_report) {
        sms->has_report = true;
        sms->pins++;
    }
    self->count++;
    *at(self, self->count - 1) = (struct og_outbox_job){sms, due_ms, tries};
}

bool
og_outbox_take(struct og_outbox *self, int64_t now_ms, struct og_outbox_job *out)
{
    size_t found = 0;
    while (found < self->count && at(self, found)->due_ms > now_ms) {
        found++;
    }
    if (found == self->count) {
        return false;
    }
    *out = *at(self, found);
    for (; found > 0; found--) {
        *at(self, found) = *at(self, found - 1);
    }
    self->first = (self->first + 1) % self->cap;
    self->count--;
    return true;
}

void
og_outbox_done(struct og_outbox_job *job)
{
    job->sms->has_report = false;
    job->sms->pins--;
}

void
og_outbox_release(struct og_outbox *self, struct og_dice *dice, int64_t now_ms)
{
    for (size_t i = self->count; i > 0; i--) {
        size_t other = (size_t)og_dice_between(dice, 0, (int64_t)i - 1);
        struct og_outbox_job job = *at(self, i - 1);
        *at(self, i - 1) = *at(self, other);
        *at(self, other) = job;
        at(self, i - 1)->due_ms = now_ms;
    }
}

int64_t
og_outbox_next_at(const struct og_outbox *self)
{
    int64_t next_at = INT64_MAX;
    for (size_t i = 0; i < self->count; i++) {
        int64_t due_ms = at(self, i)->due_ms;
        next_at = due_ms < next_at ? due_ms : next_at;
    }
    return next_at;
}
