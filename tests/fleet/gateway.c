/*
 * The gateway without its threads. libuv's timers follow the machine's clock, which is ours.
 */
#include "tests/fleet/gateway.h"

#include <stdio.h>
#include <stdlib.h>
#include <uv.h>

#define FLAGS_MAX 32

static void
must(enum og_code code, const struct og_err *err)
{
    if (code != OG_OK) {
        fprintf(stderr, "fleet: %s %s\n", err->field, err->text);
        exit(1);
    }
}

static void
take_flag(struct gateway *self, const char *flag)
{
    struct og_err err = {0};
    const char *argv[] = {flag, NULL};
    int index = 0;
    bool is_taken = false;
    must(og_config_take_flag(&self->config, 1, argv, &index, &is_taken, &err), &err);
    if (!is_taken) {
        fprintf(stderr, "fleet: no such option: %s\n", flag);
        exit(2);
    }
}

void
gateway_init(struct gateway *self, const char *dir, const char *const *flags)
{
    static const char *const ours[] = {"--http.tls=false", "--http.listen=127.0.0.1:0",
                                       "--http.loops=1", "--lane.linger_us=0",
                                       "--lane.readers=1", "--lane.batch_max=64",
                                       "--abuse.mode=off"};
    struct og_err err = {0};
    char data[512];
    *self = (struct gateway){0};
    og_config_init(&self->config);
    snprintf(data, sizeof data, "--data.dir=%s", dir);
    take_flag(self, data);
    for (size_t i = 0; i < sizeof ours / sizeof ours[0]; i++) {
        take_flag(self, ours[i]);
    }
    for (; *flags; flags++) {
        take_flag(self, *flags);
    }
    must(og_config_check(&self->config, &err), &err);
}

void
gateway_finish(struct gateway *self)
{
    og_config_finish(&self->config);
}

void
gateway_start(struct gateway *self)
{
    struct og_err err = {0};
    must(og_app_create(&self->config, &self->app, &err), &err);
    self->parts = og_app_parts(self->app);
}

/* Stopping is the gateway's own business: its threads run for that moment. */
void
gateway_stop(struct gateway *self)
{
    struct og_err err = {0};
    gateway_turn(self);
    must(og_app_start(self->app, &err), &err);
    og_app_stop(self->app);
    og_app_destroy(self->app);
    self->app = NULL;
}

void
gateway_turn(struct gateway *self)
{
    do {
        uv_run(og_loop_uv(self->parts.loop), UV_RUN_NOWAIT);
    } while (og_lanes_turn(self->parts.lanes) > 0);
}

int64_t
gateway_wait_ms(const struct gateway *self)
{
    if (!self->app) {
        return INT64_MAX;
    }
    int wait_ms = uv_backend_timeout(og_loop_uv(self->parts.loop));
    return wait_ms < 0 ? INT64_MAX : wait_ms;
}

void
gateway_submit(struct gateway *self, struct og_op *op, const struct og_op_kind *kind)
{
    op->kind = kind;
    op->home = self->parts.loop;
    op->is_ours = true; /* the queue's length is another test's */
    if (og_lane_submit(self->parts.lanes, OG_LANE_WRITE, op) != OG_OK) {
        abort(); /* it is up, and takes ours always */
    }
}
