/*
 * The room wants the search to end with a server that may be written to: after a failover an
 * address or a Sentinel may still name the old one, so the node's own word about its role decides.
 */
#include "codes/redis_seek.h"

#include <stdio.h>

#include "codes/redis_route.h"

#define OPEN_MS 500 /* for one address */
#define REST_MS 300

/* ---- Sentinel ---- */

static void
say(struct og_redis_seek *self, bool is_found, const char *reason)
{
    if (self->phase == OG_REDIS_SEEK_ASKING && self->says == OG_REDIS_SAYS_NOTHING) {
        const struct og_host_port *at = &self->addresses[self->next - 1];
        self->says = is_found ? OG_REDIS_SAYS_FOUND : OG_REDIS_SAYS_NO;
        snprintf(self->reason, sizeof(self->reason), "Sentinel %.80s:%d: %.60s", at->host, at->port,
                 reason);
        self->changed(self->ctx);
    }
}

static void
on_master(void *ctx, const struct og_redis_reply *reply)
{
    struct og_redis_seek *self = ctx;
    char text[OG_HOST_BYTES + 8];
    if (reply->type == OG_REDIS_ERROR) {
        snprintf(text, sizeof(text), "%" OG_STR_FMT, OG_STR_ARG(reply->text));
        say(self, false, text);
        return;
    }
    if (reply->type != OG_REDIS_LIST || reply->count != 2) {
        say(self, false, "it does not know the master");
        return;
    }
    const struct og_str host = reply->items[0].text, port = reply->items[1].text;
    const bool is_v6 = og_str_find(host, ':') < host.len;
    snprintf(text, sizeof(text), "%s%.*s%s:%.*s", is_v6 ? "[" : "", OG_STR_ARG(host),
             is_v6 ? "]" : "", OG_STR_ARG(port));
    const bool is_found = og_host_port_read(og_str_from(text), OG_REDIS_DEFAULT_PORT, &self->found);
    say(self, is_found, "its answer cannot be read");
}

static void
on_sentinel_opened(void *ctx)
{
    struct og_redis_seek *self = ctx;
    const struct og_str words[] = {OG_STR("SENTINEL"), OG_STR("get-master-addr-by-name"),
                                   og_str_from(self->master_name)};
    og_redis_link_call(self->sentinel, words, 3, on_master, self);
}

static void
on_sentinel_ended(void *ctx, const char *reason)
{
    struct og_redis_seek *self = ctx;
    self->sentinel = NULL;
    say(self, false, reason);
}

static void
close_sentinel(struct og_redis_seek *self)
{
    struct og_redis_link *link = self->sentinel;
    self->sentinel = NULL;
    og_redis_link_close(link);
}

/* ---- phases ---- */

static bool
go(struct og_redis_seek *self, enum og_redis_seek_phase phase, int64_t until_mono_ms)
{
    self->phase = phase;
    self->until_mono_ms = until_mono_ms;
    return true;
}

static bool
open_node(struct og_redis_seek *self, const struct og_host_port *at, int64_t mono_ms)
{
    og_redis_node_open(self->node, at, mono_ms + OPEN_MS);
    return go(self, OG_REDIS_SEEK_OPENING, 0);
}

static bool
try_next(struct og_redis_seek *self, int64_t mono_ms)
{
    if (self->next == self->count) {
        self->next = 0;
        return go(self, OG_REDIS_SEEK_RESTING, mono_ms + REST_MS);
    }
    const struct og_host_port *at = &self->addresses[self->next++];
    self->is_refused = false;
    if (!self->by_sentinel) {
        return open_node(self, at, mono_ms);
    }
    const struct og_redis_link_events events = {on_sentinel_opened, on_sentinel_ended, self};
    self->says = OG_REDIS_SAYS_NOTHING;
    self->sentinel = og_redis_link_open(self->node->loop, at, &events);
    return go(self, OG_REDIS_SEEK_ASKING, mono_ms + OPEN_MS);
}

static bool
hear_sentinel(struct og_redis_seek *self, int64_t mono_ms)
{
    if (mono_ms >= self->until_mono_ms) {
        say(self, false, "it does not answer");
    }
    if (self->says == OG_REDIS_SAYS_NOTHING) {
        return false;
    }
    close_sentinel(self);
    return self->says == OG_REDIS_SAYS_FOUND ? open_node(self, &self->found, mono_ms)
                                             : go(self, OG_REDIS_SEEK_TRY, 0);
}

static bool
watch_opening(struct og_redis_seek *self, int64_t mono_ms)
{
    struct og_redis_node *node = self->node;
    if (node->state == OG_REDIS_NODE_OPENING && mono_ms >= node->opening_until_mono_ms) {
        og_redis_node_fail(node, "it does not answer");
    }
    if (node->state == OG_REDIS_NODE_READY) {
        return go(self, OG_REDIS_SEEK_FOUND, 0);
    }
    if (node->state == OG_REDIS_NODE_FAILED) {
        snprintf(self->reason, sizeof(self->reason), "%s", node->reason);
        self->is_refused = node->is_refused;
        og_redis_node_close(node);
        return go(self, OG_REDIS_SEEK_TRY, 0);
    }
    return false;
}

static bool
watch_found(struct og_redis_seek *self)
{
    if (self->node->state == OG_REDIS_NODE_READY) {
        return false;
    }
    og_redis_node_close(self->node);
    self->next = 0;
    return go(self, OG_REDIS_SEEK_TRY, 0);
}

bool
og_redis_seek_step(struct og_redis_seek *self, int64_t mono_ms)
{
    switch (self->phase) {
    case OG_REDIS_SEEK_TRY:
        return try_next(self, mono_ms);
    case OG_REDIS_SEEK_ASKING:
        return hear_sentinel(self, mono_ms);
    case OG_REDIS_SEEK_OPENING:
        return watch_opening(self, mono_ms);
    case OG_REDIS_SEEK_FOUND:
        return watch_found(self);
    default:
        return mono_ms >= self->until_mono_ms && go(self, OG_REDIS_SEEK_TRY, 0);
    }
}

void
og_redis_seek_close(struct og_redis_seek *self)
{
    close_sentinel(self);
    og_redis_node_close(self->node);
}
