/*
 * The jobs as the configuration wants them: what nobody asked for.
 */
#pragma once

#include "app/app_alerts.h"

struct og_app_jobs {
    struct og_sweeper *sweeper;
    struct og_purger *purger;
    struct og_checkpointer *checkpointer; /* NULL: no audit log */
    struct og_webhook_sender *webhooks;
    struct og_app_alerts alerts;
};

struct og_app_jobs_room {
    const struct og_config *config;
    struct og_services *services;
    struct og_lanes *lanes;
    struct og_loop *loop; /* of the jobs without a thread of their own */
    struct og_arena *mem; /* outlives the jobs */
};

void og_app_jobs_metrics(void);
/* A failure leaves what was made to og_app_jobs_close. */
OG_MUST_CHECK enum og_code og_app_jobs_open(struct og_app_jobs *self,
                                            const struct og_app_jobs_room *room,
                                            struct og_err *err);
/* Those with a thread. */
OG_MUST_CHECK enum og_code og_app_jobs_start(struct og_app_jobs *self, struct og_err *err);
/* No new work. The audit log stays open for what the lanes still apply. */
void og_app_jobs_stop(struct og_app_jobs *self);
/* The last checkpoint: when the lanes have stopped. */
void og_app_jobs_end(struct og_app_jobs *self);
/* When the lanes have stopped, before they go. Takes zeroed. */
void og_app_jobs_close(struct og_app_jobs *self);
