/* What the files about time lines share: steps being put together. */
#pragma once

#include "service/timeline/timeline.h"
#include "store/route_store.h"
#include "store/timeline_store.h"
#include "store/webhook_store.h"

/* What the rows say of one message. */
struct og_told_message {
    struct og_message m;
    struct og_former_route *routes;
    int route_count;
    struct og_timeline_note *notes;
    int note_count;
    int64_t send; /* of a verification; 0: of none */
};

/* Append a step; a moment of 0 appends none. The step, or NULL. */
struct og_timeline_step *og_timeline_put(struct og_timeline *out, enum og_step_what what,
                                         int64_t at);
/* Steps of a message; those of one moment in their order. mem: for what is covered */
void og_timeline_tell_message(struct og_timeline *out, const struct og_told_message *told,
                              struct og_arena *mem);
/* A noted delivery of an event. */
void og_timeline_tell_hook(struct og_timeline *out, const struct og_timeline_note *note,
                           int64_t send);
/* An event that waits in the outbox. */
void og_timeline_tell_queued(struct og_timeline *out, const struct og_webhook_event_row *row,
                             int64_t send, struct og_arena *mem);
/* By time; what is of one moment stays as it is. */
void og_timeline_sort(struct og_timeline *out);
/* A message's final moment at the latest. */
int64_t og_timeline_limit_of(const struct og_services *svc, const struct og_message *m);
/* What it waits for. */
void og_timeline_tell_wait(const struct og_services *svc, const struct og_message *m,
                           int64_t now_ms, struct og_arena *mem, struct og_timeline *out);
