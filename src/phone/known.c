/* Ids that were seen. A hash table in chains, plus the order of arrival in which to forget. */
#include "phone/known.h"

#include <stdlib.h>

#include "base/arena.h"

#define SLOTS_FIRST 16
#define FORGET_LOOK_MAX 16 /* how far to look for one that can go */

static uint64_t
hash_of(struct og_str id)
{
    uint64_t hash = 0xcbf29ce484222325u; /* FNV-1a */
    for (size_t i = 0; i < id.len; i++) {
        hash = (hash ^ (unsigned char)id.ptr[i]) * 0x100000001b3u;
    }
    return hash ^ (hash >> 29);
}

void
og_known_init(struct og_known *self, size_t remember_max)
{
    *self = (struct og_known){.remember_max = remember_max};
}

void
og_known_finish(struct og_known *self)
{
    while (self->oldest) {
        struct og_sms *sms = self->oldest;
        self->oldest = sms->newer;
        og_sms_destroy(sms);
    }
    free(self->slots);
    *self = (struct og_known){0};
}

static struct og_sms **
slot_of(const struct og_known *self, uint64_t hash)
{
    return &self->slots[hash & (self->slot_count - 1)];
}

struct og_sms *
og_known_find(const struct og_known *self, struct og_str id)
{
    if (self->slot_count == 0) {
        return NULL;
    }
    uint64_t hash = hash_of(id);
    struct og_sms *sms = *slot_of(self, hash);
    while (sms && (sms->hash != hash || !og_str_eq(og_str_from(sms->id), id))) {
        sms = sms->next_same_hash;
    }
    return sms;
}

static void
link_in(struct og_known *self, struct og_sms *sms)
{
    struct og_sms **slot = slot_of(self, sms->hash);
    sms->next_same_hash = *slot;
    *slot = sms;
}

static void
grow(struct og_known *self)
{
    free(self->slots);
    self->slot_count = self->slot_count ? self->slot_count * 2 : SLOTS_FIRST;
    self->slots = og_xalloc(self->slot_count * sizeof(self->slots[0]));
    for (struct og_sms *sms = self->oldest; sms; sms = sms->newer) {
        link_in(self, sms);
    }
}

static void
forget(struct og_known *self, struct og_sms *sms)
{
    struct og_sms **at = slot_of(self, sms->hash);
    while (*at != sms) {
        at = &(*at)->next_same_hash;
    }
    *at = sms->next_same_hash;
    *(sms->older ? &sms->older->newer : &self->oldest) = sms->newer;
    *(sms->newer ? &sms->newer->older : &self->newest) = sms->older;
    self->count--;
    og_sms_destroy(sms);
}

static void
forget_one(struct og_known *self)
{
    struct og_sms *sms = self->oldest;
    for (int i = 0; sms && i < FORGET_LOOK_MAX; i++, sms = sms->newer) {
        if (og_sms_is_done(sms) && sms->pins == 0) {
            forget(self, sms);
            return;
        }
    }
}

void
og_known_add(struct og_known *self, struct og_sms *sms)
{
    if (self->count >= self->remember_max) {
        forget_one(self);
    }
    if (self->count >= self->slot_count) {
        grow(self);
    }
    sms->hash = hash_of(og_str_from(sms->id));
    sms->arrival = ++self->arrivals;
    sms->older = self->newest;
    *(self->newest ? &self->newest->newer : &self->oldest) = sms;
    self->newest = sms;
    self->count++;
    link_in(self, sms);
}
