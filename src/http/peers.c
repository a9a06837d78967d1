/*
 * Connections per peer address: a chained hash table behind one mutex, touched once per accept and
 * once per close, and only when the limit is on. The hash is keyed with a random number, so that
 * nobody can choose addresses that share a chain.
 */
#include "http/peers.h"

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/crypto.h"
#include "http/sock.h"

#define BUCKETS 4096

struct entry {
    struct entry *next;
    int count;
    char address[OG_SOCK_ADDRESS_BYTES];
};

struct og_peers {
    uint64_t seed;
    struct {
        pthread_mutex_t lock;
        struct entry *buckets[BUCKETS];
    } shared;
};

struct og_peers *
og_peers_create(void)
{
    struct og_peers *self = og_xalloc(sizeof(*self));
    if (og_random_bytes(&self->seed, sizeof(self->seed), NULL) != OG_OK) {
        self->seed = (uintptr_t)self;
    }
    pthread_mutex_init(&self->shared.lock, NULL);
    return self;
}

void
og_peers_destroy(struct og_peers *self)
{
    if (!self) {
        return;
    }
    for (int i = 0; i < BUCKETS; i++) {
        while (self->shared.buckets[i]) {
            struct entry *entry = self->shared.buckets[i];
            self->shared.buckets[i] = entry->next;
            free(entry);
        }
    }
    pthread_mutex_destroy(&self->shared.lock);
    free(self);
}

/* FNV-1a from a random start. */
static struct entry **
find_locked(struct og_peers *self, const char *address)
{
    uint64_t hash = self->seed;
    for (const char *c = address; *c; c++) {
        hash = (hash ^ (uint8_t)*c) * 0x100000001b3u;
    }
    struct entry **at = &self->shared.buckets[(hash ^ hash >> 32) % BUCKETS];
    while (*at && strcmp((*at)->address, address) != 0) {
        at = &(*at)->next;
    }
    return at;
}

bool
og_peers_enter(struct og_peers *self, const char *address, int max)
{
    pthread_mutex_lock(&self->shared.lock);
    struct entry **at = find_locked(self, address);
    bool fits = (*at ? (*at)->count : 0) < max;
    if (fits && !*at) {
        *at = og_xalloc(sizeof(**at));
        strncpy((*at)->address, address, OG_SOCK_ADDRESS_BYTES - 1);
    }
    if (fits) {
        (*at)->count++;
    }
    pthread_mutex_unlock(&self->shared.lock);
    return fits;
}

void
og_peers_leave(struct og_peers *self, const char *address)
{
    pthread_mutex_lock(&self->shared.lock);
    struct entry **at = find_locked(self, address);
    if (*at && --(*at)->count == 0) {
        struct entry *entry = *at;
        *at = entry->next;
        free(entry);
    }
    pthread_mutex_unlock(&self->shared.lock);
}
