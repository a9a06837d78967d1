/*
 * The room wants a check to be one step and every record to end in time. So each shard has one
 * lock around its hash table and its timing wheel: a record sits in the wheel's slot of the second
 * in which it ends, and each call (and the sweep) clears a few records of slots gone by. Whether a
 * record is still alive is decided by its end, never by whether the wheel has come around to it.
 */
#include "codes/code_store_memory.h"

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

/* uthash asks for memory in its macros; the allocators of base abort instead of failing. */
#define uthash_malloc(size) og_xalloc(size)
#include <uthash.h>
#include <utlist.h>

#include "codes/code_rules.h"

#define SHARD_BITS 4
#define SHARD_COUNT (1 << SHARD_BITS)
#define TICK_MS 1000
#define SLOT_COUNT 1024 /* more than OG_CODE_TTL_MAX_MS in ticks: a slot is one second */
#define STEP_RECORDS 8  /* cleared by the way, per call */
#define SWEEP_RECORDS 256
#define ENTRIES_DEFAULT 200000
#define BYTES_DEFAULT (64 << 20)

_Static_assert(SLOT_COUNT * TICK_MS > OG_CODE_TTL_MAX_MS + 2 * TICK_MS, "the wheel is too small");

struct record {
    UT_hash_handle hh;
    struct record *prev, *next; /* in its slot */
    int64_t ends_mono_ms;
    struct og_code_mac mac;
    struct og_code_shape shape;
    int attempts_left;
    uint16_t name_len;
    uint16_t sealed_len;
    char bytes[]; /* the name, then the sealed copy */
};

/* Records of one slot are in one list; the head is the oldest put. */
struct shard {
    pthread_mutex_t lock;
    struct record *table;
    struct record *slots[SLOT_COUNT];
    int64_t swept_tick; /* slots of earlier seconds are empty, or hold what ends later */
} __attribute__((aligned(64)));

struct store {
    struct og_code_store face;
    const struct og_clock *clock;
    int64_t entries_max, bytes_max;
    _Atomic int64_t entries, bytes;
    struct shard shards[SHARD_COUNT];
};

/* A record's key in the table: account and id, told apart by the first byte. */
struct name {
    size_t len;
    char bytes[1 + OG_CODE_NAME_MAX_BYTES];
};

static bool
name_make(struct og_code_name from, struct name *out)
{
    if (!og_code_name_is_sound(from)) {
        return false;
    }
    out->len = 1 + from.account.len + from.id.len;
    out->bytes[0] = (char)from.account.len;
    if (from.account.len) {
        memcpy(out->bytes + 1, from.account.ptr, from.account.len);
    }
    memcpy(out->bytes + 1 + from.account.len, from.id.ptr, from.id.len);
    return true;
}

/* Ids end in random characters, so their tail spreads them. */
static struct shard *
shard_of(struct store *self, const struct name *name)
{
    const unsigned a = (unsigned char)name->bytes[name->len - 1];
    const unsigned b = name->len > 1 ? (unsigned char)name->bytes[name->len - 2] : 0;
    return &self->shards[(a * 31 + b) & (SHARD_COUNT - 1)];
}

static struct record **
slot_of(struct shard *shard, int64_t ends_mono_ms)
{
    return &shard->slots[(ends_mono_ms / TICK_MS) & (SLOT_COUNT - 1)];
}

static int64_t
record_bytes(size_t name_len, size_t sealed_len)
{
    /* 16 for the allocator, 16 for this record's part of the table's buckets */
    return (int64_t)(sizeof(struct record) + name_len + sealed_len + 32);
}

static void
remove_locked(struct store *self, struct shard *shard, struct record *record)
{
    const int64_t bytes = record_bytes(record->name_len, record->sealed_len);
    struct record **slot = slot_of(shard, record->ends_mono_ms);
    HASH_DEL(shard->table, record);
    DL_DELETE(*slot, record);
    og_wipe(record, sizeof(*record) + record->name_len + record->sealed_len);
    free(record);
    atomic_fetch_sub(&self->entries, 1);
    atomic_fetch_sub(&self->bytes, bytes);
}

/* Clear up to `budget` records of seconds gone by. */
static void
sweep_locked(struct store *self, struct shard *shard, int64_t now, int budget)
{
    const int64_t now_tick = now / TICK_MS;
    if (shard->swept_tick < now_tick - SLOT_COUNT) {
        shard->swept_tick = now_tick - SLOT_COUNT; /* once around is enough */
    }
    for (; shard->swept_tick < now_tick; shard->swept_tick++) {
        struct record *record, *next;
        DL_FOREACH_SAFE(shard->slots[shard->swept_tick & (SLOT_COUNT - 1)], record, next) {
            if (record->ends_mono_ms > now) {
                continue; /* put a whole turn of the wheel later */
            }
            if (budget-- <= 0) {
                return;
            }
            remove_locked(self, shard, record);
        }
    }
}

/* The live record of that name, or NULL. What has run out is removed on sight. */
static struct record *
find_locked(struct store *self, struct shard *shard, const struct name *name, int64_t now)
{
    struct record *record = NULL;
    HASH_FIND(hh, shard->table, name->bytes, name->len, record);
    if (record && record->ends_mono_ms <= now) {
        remove_locked(self, shard, record);
        record = NULL;
    }
    return record;
}

/* Take room for one more, or leave the books as they were. */
static bool
make_room(struct store *self, int64_t bytes)
{
    if (atomic_fetch_add(&self->entries, 1) >= self->entries_max) {
        atomic_fetch_sub(&self->entries, 1);
        return false;
    }
    if (atomic_fetch_add(&self->bytes, bytes) + bytes > self->bytes_max) {
        atomic_fetch_sub(&self->bytes, bytes);
        atomic_fetch_sub(&self->entries, 1);
        return false;
    }
    return true;
}

static struct record *
record_make(const struct og_code_record *from, const struct name *name, int64_t now)
{
    struct record *record = og_xalloc(sizeof(*record) + name->len + from->sealed.len);
    record->ends_mono_ms = now + from->ttl_ms;
    record->mac = from->mac;
    record->shape = from->shape;
    record->attempts_left = from->attempts;
    record->name_len = (uint16_t)name->len;
    record->sealed_len = (uint16_t)from->sealed.len;
    memcpy(record->bytes, name->bytes, name->len);
    if (from->sealed.len) {
        memcpy(record->bytes + name->len, from->sealed.ptr, from->sealed.len);
    }
    return record;
}

static void
add_locked(struct shard *shard, struct record *record)
{
    struct record **slot = slot_of(shard, record->ends_mono_ms);
    HASH_ADD_KEYPTR(hh, shard->table, record->bytes, record->name_len, record);
    DL_APPEND(*slot, record);
}

static void
store_sweep(struct og_code_store *face)
{
    struct store *self = (struct store *)face;
    for (int i = 0; i < SHARD_COUNT; i++) {
        struct shard *shard = &self->shards[i];
        pthread_mutex_lock(&shard->lock);
        sweep_locked(self, shard, og_mono_ms(self->clock), SWEEP_RECORDS);
        pthread_mutex_unlock(&shard->lock);
    }
}

static void
answer(struct og_code_ask *ask, enum og_code code)
{
    if (ask) {
        ask->code = code;
        ask->done(ask);
    }
}

static enum og_code
put(struct store *self, const struct og_code_record *from, struct og_err *err)
{
    struct name name;
    if (!og_code_record_is_sound(from) || !name_make(from->name, &name)) {
        return og_fail(err, OG_E_INTERNAL, NULL, "a code record out of bounds");
    }
    const int64_t bytes = record_bytes(name.len, from->sealed.len);
    if (!make_room(self, bytes)) {
        store_sweep(&self->face); /* what ended elsewhere may make the room */
        if (!make_room(self, bytes)) {
            return og_fail(err, OG_E_BUSY, NULL, "the store of one-time codes is full");
        }
    }
    struct shard *shard = shard_of(self, &name);
    pthread_mutex_lock(&shard->lock);
    const int64_t now = og_mono_ms(self->clock);
    sweep_locked(self, shard, now, STEP_RECORDS);
    struct record *old = find_locked(self, shard, &name, now);
    if (old) {
        remove_locked(self, shard, old);
    }
    add_locked(shard, record_make(from, &name, now));
    pthread_mutex_unlock(&shard->lock);
    return OG_OK;
}

static void
store_put(struct og_code_store *face, struct og_loop *loop, const struct og_code_record *record,
          struct og_code_ask *ask)
{
    struct og_err unheard = {0};
    const enum og_code code = put((struct store *)face, record, ask ? &ask->err : &unheard);
    answer(ask, code);
}

static enum og_code_verdict
check_locked(struct store *self, struct shard *shard, struct record *record,
             const struct og_code_guess *guess, int64_t now, struct og_code_ask *ask)
{
    if (!record) {
        og_code_judge_nothing(guess);
        return OG_VERDICT_NONE;
    }
    ask->left_ms = record->ends_mono_ms - now;
    const enum og_code_verdict verdict =
        og_code_judge(&record->mac, record->shape, &record->attempts_left, guess);
    ask->attempts_left = record->attempts_left;
    if (verdict != OG_VERDICT_WRONG && verdict != OG_VERDICT_MALFORMED) {
        remove_locked(self, shard, record);
    }
    return verdict;
}

static void
store_check(struct og_code_store *face, struct og_loop *loop, const struct og_code_guess *guess,
            struct og_code_ask *ask)
{
    struct store *self = (struct store *)face;
    struct name name;
    ask->verdict = OG_VERDICT_NONE;
    ask->attempts_left = 0;
    ask->left_ms = 0;
    if (name_make(guess->name, &name)) {
        struct shard *shard = shard_of(self, &name);
        pthread_mutex_lock(&shard->lock);
        const int64_t now = og_mono_ms(self->clock);
        sweep_locked(self, shard, now, STEP_RECORDS);
        struct record *record = find_locked(self, shard, &name, now);
        ask->verdict = check_locked(self, shard, record, guess, now, ask);
        pthread_mutex_unlock(&shard->lock);
    }
    answer(ask, OG_OK);
}

static void
store_peek(struct og_code_store *face, struct og_loop *loop, struct og_code_name which,
           struct og_code_ask *ask)
{
    struct store *self = (struct store *)face;
    char sealed[OG_CODE_SEALED_MAX_BYTES];
    struct name name;
    ask->found = false;
    ask->sealed = (struct og_str){NULL, 0};
    if (name_make(which, &name)) {
        struct shard *shard = shard_of(self, &name);
        pthread_mutex_lock(&shard->lock);
        const int64_t now = og_mono_ms(self->clock);
        const struct record *record = find_locked(self, shard, &name, now);
        if (record) {
            memcpy(sealed, record->bytes + record->name_len, record->sealed_len);
            ask->sealed = (struct og_str){sealed, record->sealed_len};
            ask->left_ms = record->ends_mono_ms - now;
            ask->found = true;
        }
        pthread_mutex_unlock(&shard->lock);
    }
    answer(ask, OG_OK);
}

static void
store_drop(struct og_code_store *face, struct og_loop *loop, struct og_code_name which,
           struct og_code_ask *ask)
{
    struct store *self = (struct store *)face;
    struct name name;
    if (name_make(which, &name)) {
        struct shard *shard = shard_of(self, &name);
        pthread_mutex_lock(&shard->lock);
        struct record *record = find_locked(self, shard, &name, og_mono_ms(self->clock));
        if (record) {
            remove_locked(self, shard, record);
        }
        pthread_mutex_unlock(&shard->lock);
    }
    answer(ask, OG_OK);
}

static struct og_code_usage
store_usage(struct og_code_store *face)
{
    struct store *self = (struct store *)face;
    return (struct og_code_usage){atomic_load(&self->entries), atomic_load(&self->bytes)};
}

static void
store_destroy(struct og_code_store *face)
{
    struct store *self = (struct store *)face;
    for (int i = 0; i < SHARD_COUNT; i++) {
        struct shard *shard = &self->shards[i];
        struct record *record, *next;
        HASH_ITER(hh, shard->table, record, next) {
            remove_locked(self, shard, record);
        }
        pthread_mutex_destroy(&shard->lock);
    }
    assert(atomic_load(&self->entries) == 0 && atomic_load(&self->bytes) == 0);
    free(self);
}

static void
visit(const struct record *record, int64_t now,
      void (*fn)(void *ctx, const struct og_code_record *record), void *ctx)
{
    const size_t account_len = (unsigned char)record->bytes[0];
    const char *account = record->bytes + 1;
    const struct og_code_record seen = {
        .name = {{account, account_len},
                 {account + account_len, record->name_len - account_len - 1}},
        .mac = record->mac,
        .shape = record->shape,
        .attempts = record->attempts_left,
        .ttl_ms = record->ends_mono_ms - now,
        .sealed = {record->bytes + record->name_len, record->sealed_len},
    };
    fn(ctx, &seen);
}

void
og_code_memory_each(struct og_code_store *face,
                    void (*fn)(void *ctx, const struct og_code_record *record), void *ctx)
{
    struct store *self = (struct store *)face;
    const int64_t now = og_mono_ms(self->clock);
    for (int i = 0; i < SHARD_COUNT; i++) {
        struct shard *shard = &self->shards[i];
        struct record *record, *next;
        pthread_mutex_lock(&shard->lock);
        HASH_ITER(hh, shard->table, record, next) {
            if (record->ends_mono_ms > now) {
                visit(record, now, fn, ctx);
            }
        }
        pthread_mutex_unlock(&shard->lock);
    }
}

struct og_code_store *
og_code_memory_create(const struct og_code_memory_config *config)
{
    struct store *self = NULL;
    const size_t size = sizeof(*self);
    if (posix_memalign((void **)&self, 64, size) != 0) {
        abort();
    }
    memset(self, 0, size);
    self->face = (struct og_code_store){
        .put = store_put,
        .check = store_check,
        .peek = store_peek,
        .drop = store_drop,
        .sweep = store_sweep,
        .usage = store_usage,
        .destroy = store_destroy,
        .is_volatile = true,
    };
    self->clock = config->clock;
    self->entries_max = config->entries_max ? config->entries_max : ENTRIES_DEFAULT;
    self->bytes_max = config->bytes_max ? config->bytes_max : BYTES_DEFAULT;
    for (int i = 0; i < SHARD_COUNT; i++) {
        pthread_mutex_init(&self->shards[i].lock, NULL);
        self->shards[i].swept_tick = og_mono_ms(self->clock) / TICK_MS;
    }
    return &self->face;
}
