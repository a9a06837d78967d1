/*
 * Bounded and shared by all loops: shards with a lock each, buckets of a few keys. Keys are kept
 * as keyed digests, so that nobody can choose which keys meet in a bucket, and a login is nowhere
 * readable.
 */
#include "cache/login_guard.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/arena.h"

#define SHARDS 16
#define BUCKETS 128 /* per shard */
#define WAYS 8      /* keys per bucket: 16,384 in all */

struct slot {
    uint64_t key; /* 0: free */
    int64_t since;        /* monotonic: the first failure of the window */
    int64_t locked_until; /* 0: not locked */
    int failures;
};

struct shard {
    struct {
        pthread_mutex_t lock;
        struct slot slots[BUCKETS][WAYS];
    } shared;
};

struct og_login_guard {
    struct og_login_guard_config config; /* constant */
    struct og_key secret;                /* constant */
    _Atomic int64_t last_lock_until;     /* no key is locked after this moment */
    struct shard shards[SHARDS];
};

enum og_code
og_login_guard_create(const struct og_login_guard_config *config, struct og_login_guard **out,
                      struct og_err *err)
{
    uint8_t random[OG_KEY_BYTES];
    enum og_code code = og_random_bytes(random, sizeof random, err);
    if (code != OG_OK) {
        return code;
    }
    struct og_login_guard *self = og_xalloc(sizeof *self);
    self->config = *config;
    og_key_from_bytes(random, &self->secret);
    og_wipe(random, sizeof random);
    for (int i = 0; i < SHARDS; i++) {
        pthread_mutex_init(&self->shards[i].shared.lock, NULL);
    }
    *out = self;
    return OG_OK;
}

void
og_login_guard_destroy(struct og_login_guard *self)
{
    if (!self) {
        return;
    }
    for (int i = 0; i < SHARDS; i++) {
        pthread_mutex_destroy(&self->shards[i].shared.lock);
    }
    og_wipe(&self->secret, sizeof self->secret);
    free(self);
}

/* ---- slots ---- */

struct place {
    struct shard *shard;
    struct slot *bucket;
    uint64_t key;
    int64_t now_ms; /* monotonic */
};

static struct place
place_of(struct og_login_guard *self, enum og_guard_space space, struct og_str key)
{
    const char space_byte = (char)space;
    struct og_str parts[] = {{&space_byte, 1}, key};
    uint8_t digest[OG_DIGEST_BYTES];
    og_mac_parts(&self->secret, parts, 2, digest);
    struct place place;
    memcpy(&place.key, digest, sizeof place.key);
    place.key |= 1; /* never "free" */
    place.shard = &self->shards[digest[8] % SHARDS];
    place.bucket = place.shard->shared.slots[digest[9] % BUCKETS];
    place.now_ms = og_mono_ms(self->config.clock);
    return place;
}

static bool
is_over(const struct og_login_guard *self, const struct slot *slot, int64_t now_ms)
{
    return slot->locked_until ? slot->locked_until <= now_ms
                              : now_ms - slot->since >= self->config.window_ms;
}

/* The key's slot, or NULL. What is over counts as not there. */
static struct slot *
find_locked(struct og_login_guard *self, const struct place *place)
{
    for (int i = 0; i < WAYS; i++) {
        struct slot *slot = &place->bucket[i];
        if (slot->key == place->key) {
            if (is_over(self, slot, place->now_ms)) {
                *slot = (struct slot){0};
                return NULL;
            }
            return slot;
        }
    }
    return NULL;
}

/* A slot for a new key: a free one, else the one whose window is oldest, a locked one only if all
 * are. */
static struct slot *
take_locked(struct og_login_guard *self, const struct place *place)
{
    struct slot *best = NULL;
    for (int i = 0; i < WAYS; i++) {
        struct slot *slot = &place->bucket[i];
        if (slot->key == 0 || is_over(self, slot, place->now_ms)) {
            best = slot;
            break;
        }
        bool is_better = !best || (best->locked_until && !slot->locked_until) ||
                         (!best->locked_until == !slot->locked_until && slot->since < best->since);
        if (is_better) {
            best = slot;
        }
    }
    *best = (struct slot){.key = place->key, .since = place->now_ms};
    return best;
}

static int
wait_s(const struct slot *slot, int64_t now_ms)
{
    return slot && slot->locked_until > now_ms
               ? (int)((slot->locked_until - now_ms + 999) / 1000)
               : 0;
}

/* ---- verbs ---- */

bool
og_login_guard_is_armed(struct og_login_guard *self)
{
    int64_t last = atomic_load_explicit(&self->last_lock_until, memory_order_relaxed);
    return last != 0 && last > og_mono_ms(self->config.clock);
}

int
og_login_guard_wait_s(struct og_login_guard *self, enum og_guard_space space, struct og_str key)
{
    if (!og_login_guard_is_armed(self)) {
        return 0;
    }
    struct place place = place_of(self, space, key);
    pthread_mutex_lock(&place.shard->shared.lock);
    int seconds = wait_s(find_locked(self, &place), place.now_ms);
    pthread_mutex_unlock(&place.shard->shared.lock);
    return seconds;
}

static void
note_lock(struct og_login_guard *self, int64_t until)
{
    int64_t last = atomic_load_explicit(&self->last_lock_until, memory_order_relaxed);
    while (last < until && !atomic_compare_exchange_weak(&self->last_lock_until, &last, until)) {
    }
}

int
og_login_guard_spend(struct og_login_guard *self, enum og_guard_space space, struct og_str key)
{
    if (self->config.failures_max <= 0) {
        return 0;
    }
    struct place place = place_of(self, space, key);
    pthread_mutex_lock(&place.shard->shared.lock);
    struct slot *slot = find_locked(self, &place);
    if (!slot) {
        slot = take_locked(self, &place);
    }
    int seconds = wait_s(slot, place.now_ms);
    if (seconds == 0 && ++slot->failures > self->config.failures_max) {
        slot->locked_until = place.now_ms + self->config.lock_ms;
        note_lock(self, slot->locked_until);
        seconds = wait_s(slot, place.now_ms);
    }
    pthread_mutex_unlock(&place.shard->shared.lock);
    return seconds;
}

void
og_login_guard_refund(struct og_login_guard *self, enum og_guard_space space, struct og_str key)
{
    if (self->config.failures_max <= 0) {
        return;
    }
    struct place place = place_of(self, space, key);
    pthread_mutex_lock(&place.shard->shared.lock);
    struct slot *slot = find_locked(self, &place);
    if (slot && slot->failures > 0 && !slot->locked_until && --slot->failures == 0) {
        *slot = (struct slot){0};
    }
    pthread_mutex_unlock(&place.shard->shared.lock);
}

void
og_login_guard_clear(struct og_login_guard *self, enum og_guard_space space, struct og_str key)
{
    if (self->config.failures_max <= 0) {
        return;
    }
    struct place place = place_of(self, space, key);
    pthread_mutex_lock(&place.shard->shared.lock);
    struct slot *slot = find_locked(self, &place);
    if (slot) {
        *slot = (struct slot){0};
    }
    pthread_mutex_unlock(&place.shard->shared.lock);
}
