/*
 * Checkpoints of the audit log: every 1000 entries or 60 s, when there is something new, and at the
 * end. Each is appended to a file, and where configured told to the machine's syslog and to a URL:
 * only a copy outside of the gateway's reach shows that the log was cut or made anew.
 */
#pragma once

#include "audit/checkpoint.h"
#include "base/loop.h"
#include "lane/lanes.h"
#include "service/services.h"

#define OG_CHECKPOINT_ENTRIES 1000
#define OG_CHECKPOINT_EVERY_MS 60000

struct og_checkpointer;

struct og_checkpointer_config {
    struct og_services *services;
    struct og_lanes *lanes;
    const char *file;    /* appended to */
    bool syslog;         /* facility authpriv, one line each */
    const char *url;     /* "" : none. POST as text/plain; repeated until it is taken */
    const char *ca_file; /* PEM for that URL; "" : the system's authorities */
    int64_t tick_ms;     /* how often to look: 1000 */
};

/* On a loop that does not run yet. Errors: OG_E_INVALID (ca_file), OG_E_UNAVAILABLE. */
OG_MUST_CHECK enum og_code og_checkpointer_create(const struct og_checkpointer_config *config,
                                                  struct og_loop *loop,
                                                  struct og_checkpointer **out,
                                                  struct og_err *err);
/* Stops the timer; blocks until it has. The loop must run. */
void og_checkpointer_stop(struct og_checkpointer *self);
/* When the lanes have stopped: the last checkpoint, to file and syslog, if there is something new.
 */
void og_checkpointer_end(struct og_checkpointer *self);
void og_checkpointer_destroy(struct og_checkpointer *self); /* takes NULL; after the lanes */
