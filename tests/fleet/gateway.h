/*
 * The gateway under test: the real one, whole, but for its threads and sockets. It is made as
 * `otpgate serve` makes it, from the same options, on a database file; its lanes and its event loop
 * are turned by the simulation whenever virtual time has moved.
 */
#pragma once

#include "app/app.h"
#include "lane/lanes.h"
#include "live/hub.h"
#include "service/services.h"

struct gateway {
    struct og_config config;
    struct og_app *app; /* NULL: down */
    struct og_app_parts parts;
};

/*
 * flags  options as on the command line ("--otp.ttl=2m"), ended by NULL
 * dir    the data folder; borrowed
 * A gateway that cannot be made ends the program.
 */
void gateway_init(struct gateway *self, const char *dir, const char *const *flags);
void gateway_finish(struct gateway *self);

/* Start on what is in the data folder, and stop in good order. All streams must be closed before
 * that. */
void gateway_start(struct gateway *self);
void gateway_stop(struct gateway *self);

static inline bool
gateway_is_up(const struct gateway *self)
{
    return self->app != NULL;
}

/* Fire timers that are due, apply what waits, until nothing more comes of it. */
void gateway_turn(struct gateway *self);
/* Until its next timer, in ms; INT64_MAX: none. */
int64_t gateway_wait_ms(const struct gateway *self);

/* To the write lane; `done` comes in a later turn, on the loop. */
void gateway_submit(struct gateway *self, struct og_op *op, const struct og_op_kind *kind);
