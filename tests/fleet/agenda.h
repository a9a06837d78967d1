/*
 * What is to happen, by virtual time; equal times in the order in which they were put down, so that
 * a run can be repeated. Nothing is taken back: what may be overtaken by other things looks for
 * itself whether it is still wanted.
 */
#pragma once

#include "base/heap.h"

#include <stdint.h>

#define AGENDA_NEVER INT64_MAX

struct agenda {
    struct og_heap entries;
    uint64_t sequence;
    int64_t now_ms; /* since the beginning */
};

void agenda_init(struct agenda *self);
void agenda_finish(struct agenda *self); /* what is left never happens */
/* wait_ms from now; negative counts as 0. */
void agenda_add(struct agenda *self, int64_t wait_ms, void (*run)(void *ctx), void *ctx);
int64_t agenda_next_at(const struct agenda *self);
/* Do the next thing that is due now. False: there is none. */
bool agenda_step(struct agenda *self);
