/*
 * One thread, bounded, keys that cannot be chosen by a peer (keyed MACs). The one door to uthash:
 * its insertion order is the order of use, because a hit moves its entry to the end.
 */
#include "cache/credential_cache.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <uthash.h>

#include "base/arena.h"

struct entry {
    uint8_t key[OG_DIGEST_BYTES];
    uint8_t proof[OG_DIGEST_BYTES];
    UT_hash_handle hh;
    uint64_t epoch;
    int64_t stored_at; /* monotonic */
    bool has_proof;
    struct og_identity identity; /* its strings point behind the struct */
};

struct og_credential_cache {
    struct entry *entries;
    int max_entries;
    int64_t max_age_ms;
};

static _Atomic uint64_t epoch_now = 1;

uint64_t
og_credential_epoch(void)
{
    return atomic_load_explicit(&epoch_now, memory_order_acquire);
}

void
og_credential_epoch_bump(void)
{
    atomic_fetch_add_explicit(&epoch_now, 1, memory_order_acq_rel);
}

struct og_credential_cache *
og_credential_cache_create(int max_entries, int64_t max_age_ms)
{
    struct og_credential_cache *self = og_xalloc(sizeof *self);
    self->max_entries = max_entries;
    self->max_age_ms = max_age_ms;
    return self;
}

static void
remove_entry(struct og_credential_cache *self, struct entry *entry)
{
    HASH_DEL(self->entries, entry);
    free(entry);
}

void
og_credential_cache_destroy(struct og_credential_cache *self)
{
    if (!self) {
        return;
    }
    while (self->entries) {
        remove_entry(self, self->entries);
    }
    free(self);
}

static struct entry *
find(const struct og_credential_cache *self, const uint8_t key[OG_DIGEST_BYTES])
{
    struct entry *entry;
    HASH_FIND(hh, self->entries, key, OG_DIGEST_BYTES, entry);
    return entry;
}

enum og_cache_verdict
og_credential_cache_get(struct og_credential_cache *self, const uint8_t key[OG_DIGEST_BYTES],
                        int64_t now_ms, int64_t mono_ms, struct og_identity *out,
                        uint8_t proof[OG_DIGEST_BYTES])
{
    struct entry *entry = find(self, key);
    if (!entry) {
        return OG_CACHE_MISS;
    }
    bool is_expired = entry->identity.expires_at && entry->identity.expires_at <= now_ms;
    if (is_expired || entry->epoch != og_credential_epoch() ||
        mono_ms - entry->stored_at >= self->max_age_ms) {
        if (!entry->has_proof) {
            remove_entry(self, entry);
            return OG_CACHE_MISS;
        }
        memcpy(proof, entry->proof, OG_DIGEST_BYTES);
        return OG_CACHE_STALE;
    }
    HASH_DEL(self->entries, entry);
    HASH_ADD(hh, self->entries, key, OG_DIGEST_BYTES, entry);
    *out = entry->identity;
    return OG_CACHE_HIT;
}

/* Copies `text` to *at, moves on, and points the copy there. */
static struct og_str
pack(char **at, struct og_str text)
{
    struct og_str copy = {*at, text.len};
    if (text.len) {
        memcpy(*at, text.ptr, text.len);
    }
    *at += text.len;
    return copy;
}

static struct entry *
make_entry(const struct og_identity *from)
{
    size_t text_bytes = from->account_id.len + from->credential_id.len + from->device_id.len +
                        from->login.len + from->brand.len + from->token_id.len +
                        from->account_name.len;
    struct entry *entry = og_xalloc(sizeof *entry + text_bytes);
    char *at = (char *)(entry + 1);
    entry->identity = *from;
    entry->identity.account_id = pack(&at, from->account_id);
    entry->identity.account_name = pack(&at, from->account_name);
    entry->identity.credential_id = pack(&at, from->credential_id);
    entry->identity.device_id = pack(&at, from->device_id);
    entry->identity.login = pack(&at, from->login);
    entry->identity.token_id = pack(&at, from->token_id);
    entry->identity.brand = pack(&at, from->brand);
    return entry;
}

void
og_credential_cache_put(struct og_credential_cache *self, const uint8_t key[OG_DIGEST_BYTES],
                        const struct og_identity *identity, const uint8_t *proof, uint64_t epoch,
                        int64_t mono_ms)
{
    if (epoch != og_credential_epoch() && !proof) {
        return;
    }
    og_credential_cache_drop(self, key);
    if (og_credential_cache_count(self) >= self->max_entries) {
        remove_entry(self, self->entries);
    }
    struct entry *entry = make_entry(identity);
    memcpy(entry->key, key, OG_DIGEST_BYTES);
    entry->epoch = epoch;
    entry->stored_at = mono_ms;
    if (proof) {
        entry->has_proof = true;
        memcpy(entry->proof, proof, OG_DIGEST_BYTES);
    }
    HASH_ADD(hh, self->entries, key, OG_DIGEST_BYTES, entry);
}

void
og_credential_cache_drop(struct og_credential_cache *self, const uint8_t key[OG_DIGEST_BYTES])
{
    struct entry *entry = find(self, key);
    if (entry) {
        remove_entry(self, entry);
    }
}

int
og_credential_cache_count(const struct og_credential_cache *self)
{
    return (int)HASH_COUNT(self->entries);
}
