/*
 * Delivers what is in the outbox of webhooks, on a loop thread of its own. The rows are the truth:
 * rounds in the write lane hand out what is due and take the results. Each receiver's host has a
 * few calls under way at most, so that a slow one holds up nobody else.
 */
#pragma once

#include "lane/lanes.h"
#include "service/services.h"

struct og_webhook_sender;

struct og_webhook_sender_config {
    struct og_services *services;
    struct og_lanes *lanes;
    const char *ca_file;   /* PEM; "" : the system's authorities */
    bool allow_private;    /* also this machine and private networks */
    int64_t first_wait_ms; /* after a first failure; core/webhook.h has the rest */
};

/* Register the counters, once, before threads. */
void og_webhook_sender_metrics(void);

/* Errors: OG_E_INVALID (ca_file cannot be read), OG_E_UNAVAILABLE. */
OG_MUST_CHECK enum og_code og_webhook_sender_create(const struct og_webhook_sender_config *config,
                                                    struct og_webhook_sender **out,
                                                    struct og_err *err);
/* After the lanes run. */
OG_MUST_CHECK enum og_code og_webhook_sender_start(struct og_webhook_sender *self,
                                                   struct og_err *err);
/* Ends the thread; what is under way is cut off and will be tried again. While the lanes run. */
void og_webhook_sender_stop(struct og_webhook_sender *self);
void og_webhook_sender_destroy(struct og_webhook_sender *self); /* takes NULL */
