/*
 * Two small windows for the share, and for each network the recipients that failed last.
 */
#include "abuse/spray.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/window.h"
#include "core/map.h"

#define SPAN_MS (10 * 60 * INT64_C(1000))
#define STEPS 20
#define NETWORKS_MAX 1024
#define RECIPIENTS_MAX 64

static const struct og_window_shape shape = {SPAN_MS / STEPS, STEPS};

struct failing {
    uint64_t recipient;
    int64_t at_ms;
};

struct network {
    uint64_t key;
    bool is_told;
    int count;
    struct failing items[RECIPIENTS_MAX];
};

struct og_spray {
    struct og_spray_policy policy;
    struct og_window checks, failures;
    uint32_t counts[2][STEPS + 1];
    bool is_told;        /* that many checks fail */
    int64_t alarm_until; /* 0: none */
    struct og_map networks;
};

struct og_spray *
og_spray_create(const struct og_spray_policy *policy)
{
    struct og_spray *self = og_xalloc(sizeof *self);
    self->policy = *policy;
    self->checks.counts = self->counts[0];
    self->failures.counts = self->counts[1];
    return self;
}

static struct og_str
name_of(const uint64_t *key)
{
    return (struct og_str){(const char *)key, sizeof *key};
}

static void
drop(struct og_spray *self, struct network *network)
{
    og_map_remove(&self->networks, name_of(&network->key));
    free(network);
}

void
og_spray_destroy(struct og_spray *self)
{
    struct og_map_node *node;
    while (self && (node = og_map_first(&self->networks))) {
        drop(self, og_map_value(node));
    }
    free(self);
}

/* The network, now the last in the map: the first is the one that failed longest ago. */
static struct network *
touch(struct og_spray *self, uint64_t key)
{
    struct network *network = og_map_remove(&self->networks, name_of(&key));
    if (!network) {
        if (og_map_count(&self->networks) >= NETWORKS_MAX) {
            drop(self, og_map_value(og_map_first(&self->networks)));
        }
        network = og_xalloc(sizeof *network);
        network->key = key;
    }
    og_map_put(&self->networks, name_of(&network->key), network);
    return network;
}

/* Keeps those of the window, with this one; the oldest goes when there is no room. */
static void
note(struct network *network, int64_t now_ms, uint64_t recipient)
{
    int kept = 0;
    for (int i = 0; i < network->count; i++) {
        const struct failing item = network->items[i];
        if (item.recipient != recipient && item.at_ms > now_ms - SPAN_MS) {
            network->items[kept++] = item;
        }
    }
    if (kept == RECIPIENTS_MAX) {
        for (int i = 1; i < kept; i++) {
            network->items[i - 1] = network->items[i];
        }
        kept--;
    }
    network->items[kept++] = (struct failing){recipient, now_ms};
    network->count = kept;
}

static void
check_network(struct og_spray *self, int64_t now_ms, uint64_t key, uint64_t recipient,
              struct og_spray_finding *out)
{
    struct network *network = touch(self, key);
    note(network, now_ms, recipient);
    const bool is_on = self->policy.recipients_max > 0 &&
                       network->count >= self->policy.recipients_max;
    out->is_network = is_on && !network->is_told;
    out->recipients = network->count;
    network->is_told = is_on;
    if (is_on) {
        self->alarm_until = now_ms + SPAN_MS;
    }
}

static void
check_share(struct og_spray *self, int64_t now_ms, struct og_spray_finding *out)
{
    const int64_t checks = og_window_sum(&self->checks, &shape, now_ms, 0);
    const int64_t failures = og_window_sum(&self->failures, &shape, now_ms, 0);
    const bool is_on = self->policy.checks_min > 0 && checks >= self->policy.checks_min &&
                       failures * 100 > checks * self->policy.failing_percent;
    out->is_checks = is_on && !self->is_told;
    out->percent = checks > 0 ? (int)(failures * 100 / checks) : 0;
    self->is_told = is_on;
    if (is_on) {
        self->alarm_until = now_ms + SPAN_MS;
    }
}

void
og_spray_checked(struct og_spray *self, int64_t now_ms, uint64_t network, uint64_t recipient,
                 bool has_failed, struct og_spray_finding *out)
{
    *out = (struct og_spray_finding){0};
    og_window_add(&self->checks, &shape, now_ms, 1);
    if (has_failed) {
        og_window_add(&self->failures, &shape, now_ms, 1);
    }
    check_share(self, now_ms, out);
    if (has_failed && network) {
        check_network(self, now_ms, network, recipient, out);
    }
}

bool
og_spray_is_on(const struct og_spray *self, int64_t now_ms)
{
    return self->alarm_until > now_ms;
}
