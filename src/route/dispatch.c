/*
 * Accounts and devices: who is there, and who is the best for the next message. Relies on being
 * called by one thread; whatever changes a device's place in the ranking updates the heap at once.
 */
#include "route/dispatch.h"

#include <assert.h>
#include <stddef.h>
#include <stdlib.h>

#include "route/dispatch_priv.h"

static size_t
load_of(const struct dispatch_device *device)
{
    return device->counts[OG_DISPATCH_WAITING] + device->counts[OG_DISPATCH_HANDED];
}

/* Should `a` get the next message rather than `b`? */
static bool
ranks_before(const void *left, const void *right)
{
    const struct dispatch_device *a = left;
    const struct dispatch_device *b = right;
    if (a->is_connected != b->is_connected) {
        return a->is_connected;
    }
    if (!a->is_connected && a->last_seen_ms != b->last_seen_ms) {
        return a->last_seen_ms > b->last_seen_ms;
    }
    if (load_of(a) != load_of(b)) {
        return load_of(a) < load_of(b);
    }
    return a->turn < b->turn;
}

static bool
is_due_before(const void *left, const void *right)
{
    const struct dispatch_entry *a = left;
    const struct dispatch_entry *b = right;
    if (a->attend_at_ms != b->attend_at_ms) {
        return a->attend_at_ms < b->attend_at_ms;
    }
    return a->number < b->number;
}

struct og_dispatch *
og_dispatch_create(void)
{
    struct og_dispatch *self = og_xalloc(sizeof(*self));
    og_heap_init(&self->attention, is_due_before,
                 offsetof(struct dispatch_entry, attention_place));
    return self;
}

static void
free_device(struct dispatch_device *device)
{
    og_dispatch_line_finish(&device->line);
    free(device);
}

static void
free_account(struct dispatch_account *account)
{
    struct og_map_node *node;
    for (node = og_map_first(&account->devices); node; node = og_map_next(node)) {
        free_device(og_map_value(node));
    }
    for (node = og_map_first(&account->entries); node; node = og_map_next(node)) {
        free(og_map_value(node));
    }
    og_map_finish(&account->devices);
    og_map_finish(&account->entries);
    og_heap_finish(&account->ranking);
    og_dispatch_line_finish(&account->own.line);
    free(account);
}

void
og_dispatch_destroy(struct og_dispatch *self)
{
    if (!self) {
        return;
    }
    struct og_map_node *node;
    for (node = og_map_first(&self->accounts); node; node = og_map_next(node)) {
        free_account(og_map_value(node));
    }
    og_map_finish(&self->accounts);
    og_heap_finish(&self->attention);
    free(self);
}

bool
og_dispatch_id_fits(struct og_str id)
{
    return id.len > 0 && id.len <= OG_DISPATCH_ID_MAX_BYTES;
}

struct dispatch_account *
og_dispatch_account_get(const struct og_dispatch *self, struct og_str id)
{
    return og_map_get(&self->accounts, id);
}

struct dispatch_account *
og_dispatch_account_make(struct og_dispatch *self, struct og_str id)
{
    struct dispatch_account *account = og_map_get(&self->accounts, id);
    if (account) {
        return account;
    }
    account = og_xalloc(sizeof(*account));
    og_heap_init(&account->ranking, ranks_before,
                 offsetof(struct dispatch_device, ranking_place));
    account->own.account = account;
    account->own.last_seen_ms = INT64_MIN;
    account->own.ranking_place = OG_HEAP_ABSENT;
    account->id_len = (uint8_t)id.len;
    memcpy(account->id, id.ptr, id.len);
    og_map_put(&self->accounts, og_dispatch_account_id(account), account);
    return account;
}

void
og_dispatch_account_drop_empty(struct og_dispatch *self, struct dispatch_account *account)
{
    if (og_map_count(&account->devices) == 0 && og_map_count(&account->entries) == 0) {
        og_map_remove(&self->accounts, og_dispatch_account_id(account));
        free_account(account);
    }
}

struct dispatch_device *
og_dispatch_device_get(struct dispatch_account *account, struct og_str id)
{
    return id.len == 0 ? &account->own : og_map_get(&account->devices, id);
}

/* NULL when account or device is unknown. */
static struct dispatch_device *
find_device(const struct og_dispatch *self, struct og_str account_id, struct og_str id)
{
    struct dispatch_account *account = og_dispatch_account_get(self, account_id);
    return account ? og_dispatch_device_get(account, id) : NULL;
}

static void
set_seen(struct dispatch_device *device, int64_t at_ms)
{
    if (at_ms > device->last_seen_ms) {
        device->last_seen_ms = at_ms;
        og_heap_update(&device->account->ranking, device);
    }
}

enum og_code
og_dispatch_device_add(struct og_dispatch *self, struct og_str account_id, struct og_str id,
                       int64_t last_seen_ms, struct og_err *err)
{
    if (!og_dispatch_id_fits(account_id) || !og_dispatch_id_fits(id)) {
        return og_fail(err, OG_E_INVALID, "device", "ids must have 1 to %d bytes",
                       OG_DISPATCH_ID_MAX_BYTES);
    }
    struct dispatch_account *account = og_dispatch_account_make(self, account_id);
    struct dispatch_device *device = og_map_get(&account->devices, id);
    if (device) {
        set_seen(device, last_seen_ms);
        return OG_OK;
    }
    device = og_xalloc(sizeof(*device));
    device->account = account;
    device->last_seen_ms = last_seen_ms;
    device->turn = ++self->turn;
    device->ranking_place = OG_HEAP_ABSENT;
    device->id_len = (uint8_t)id.len;
    memcpy(device->id, id.ptr, id.len);
    og_map_put(&account->devices, og_dispatch_device_id(device), device);
    og_heap_push(&account->ranking, device);
    self->totals.devices++;
    return OG_OK;
}

static void
set_connected(struct og_dispatch *self, struct dispatch_device *device, bool is_connected)
{
    if (device->is_connected == is_connected) {
        return;
    }
    device->is_connected = is_connected;
    self->totals.connected += is_connected ? 1 : (size_t)-1;
    og_heap_update(&device->account->ranking, device);
}

static void
set_presence(struct og_dispatch *self, struct og_str account_id, struct og_str id,
             bool is_connected, int64_t now_ms)
{
    struct dispatch_device *device = id.len > 0 ? find_device(self, account_id, id) : NULL;
    if (device) {
        set_connected(self, device, is_connected);
        set_seen(device, now_ms);
    }
}

void
og_dispatch_device_connected(struct og_dispatch *self, struct og_str account, struct og_str device,
                             int64_t now_ms)
{
    set_presence(self, account, device, true, now_ms);
}

void
og_dispatch_device_disconnected(struct og_dispatch *self, struct og_str account,
                                struct og_str device, int64_t now_ms)
{
    set_presence(self, account, device, false, now_ms);
}

void
og_dispatch_device_seen(struct og_dispatch *self, struct og_str account, struct og_str device,
                        int64_t now_ms)
{
    struct dispatch_device *found = device.len > 0 ? find_device(self, account, device) : NULL;
    if (found) {
        set_seen(found, now_ms);
    }
}

static struct og_dispatch_device
describe(const struct dispatch_device *device)
{
    return (struct og_dispatch_device){
        .account = og_dispatch_account_id(device->account),
        .device = og_dispatch_device_id(device),
        .is_connected = device->is_connected,
        .last_seen_ms = device->last_seen_ms,
        .waiting = device->counts[OG_DISPATCH_WAITING],
        .handed = device->counts[OG_DISPATCH_HANDED],
        .taken = device->counts[OG_DISPATCH_TAKEN],
        .silent = device->silent,
        .waiting_otp = device->waiting_otp,
        .waiting_parts = device->waiting_parts,
        .waiting_otp_parts = device->waiting_otp_parts,
        .ahead_parts = device->ahead_parts,
    };
}

bool
og_dispatch_device_find(const struct og_dispatch *self, struct og_str account, struct og_str device,
                        struct og_dispatch_device *out)
{
    const struct dispatch_device *found = find_device(self, account, device);
    *out = found ? describe(found) : (struct og_dispatch_device){0};
    return found != NULL;
}

bool
og_dispatch_device_oldest(const struct og_dispatch *self, struct og_str account,
                          struct og_str device, int64_t *created_at_ms_out)
{
    const struct dispatch_device *found = find_device(self, account, device);
    *created_at_ms_out = INT64_MAX;
    for (size_t i = 0; found && i < found->line.level_count; i++) {
        int64_t at_ms = found->line.levels[i].list.oldest->created_at_ms;
        *created_at_ms_out = at_ms < *created_at_ms_out ? at_ms : *created_at_ms_out;
    }
    return *created_at_ms_out != INT64_MAX;
}

size_t
og_dispatch_device_count(const struct og_dispatch *self, struct og_str account_id)
{
    const struct dispatch_account *account = og_dispatch_account_get(self, account_id);
    return account ? account->ranking.count : 0;
}

size_t
og_dispatch_ranked(const struct og_dispatch *self, struct og_str account_id,
                   struct og_dispatch_device *out, size_t max)
{
    const struct dispatch_account *account = og_dispatch_account_get(self, account_id);
    const size_t known = account ? account->ranking.count : 0;
    const size_t count = known < max ? known : max;
    for (size_t i = 0; i < count; i++) {
        out[i] = describe(account->ranking.items[i]);
    }
    return count;
}

struct dispatch_device *
og_dispatch_device_best(struct og_dispatch *self, struct dispatch_account *account,
                        const struct dispatch_device *except, int64_t seen_since_ms)
{
    struct dispatch_device *best = og_heap_top_except(&account->ranking, except);
    /* The ranking ends with the longest unseen, so when the first is too old, all are. */
    if (!best || (!best->is_connected && best->last_seen_ms < seen_since_ms)) {
        return NULL;
    }
    best->turn = ++self->turn;
    og_heap_update(&account->ranking, best);
    return best;
}

bool
og_dispatch_choose(struct og_dispatch *self, struct og_str account_id, int64_t seen_since_ms,
                   struct og_str except, struct og_str *out)
{
    *out = (struct og_str){0};
    struct dispatch_account *account = og_dispatch_account_get(self, account_id);
    if (!account) {
        return false;
    }
    const struct dispatch_device *not_this = og_map_get(&account->devices, except);
    struct dispatch_device *best =
        og_dispatch_device_best(self, account, not_this, seen_since_ms);
    if (best) {
        *out = og_dispatch_device_id(best);
    }
    return best != NULL;
}

/* Back to the account, or out of the queue. True: out. */
static bool
evict(struct og_dispatch *self, struct dispatch_entry *entry)
{
    if (entry->phase != OG_DISPATCH_WAITING || entry->is_bound) {
        og_dispatch_entry_drop(self, entry);
        return true;
    }
    og_dispatch_detach(self, entry);
    entry->device = &entry->device->account->own;
    entry->moved_why = OG_DISPATCH_REMOVED;
    og_dispatch_attach(self, entry);
    return false;
}

size_t
og_dispatch_device_remove(struct og_dispatch *self, struct og_str account_id, struct og_str id)
{
    struct dispatch_device *device = id.len > 0 ? find_device(self, account_id, id) : NULL;
    size_t dropped = 0;
    if (!device) {
        return 0;
    }
    while (device->line.level_count > 0) {
        dropped += evict(self, device->line.levels[0].list.oldest);
    }
    while (device->taken.oldest) {
        dropped += evict(self, device->taken.oldest);
    }
    struct dispatch_account *account = device->account;
    set_connected(self, device, false);
    og_heap_remove(&account->ranking, device);
    og_map_remove(&account->devices, id);
    free_device(device);
    self->totals.devices--;
    og_dispatch_account_drop_empty(self, account);
    return dropped;
}

struct og_dispatch_totals
og_dispatch_totals(const struct og_dispatch *self)
{
    return self->totals;
}

static bool
is_stranded(const struct dispatch_device *device, int64_t before_ms)
{
    return !device->is_connected && device->movable > 0 && device->last_seen_ms < before_ms;
}

size_t
og_dispatch_stranded(const struct og_dispatch *self, int64_t before_ms,
                     struct og_dispatch_device *out, size_t max)
{
    size_t count = 0;
    struct og_map_node *a;
    for (a = og_map_first(&self->accounts); a; a = og_map_next(a)) {
        struct dispatch_account *account = og_map_value(a);
        const struct dispatch_device *best = og_heap_top(&account->ranking);
        if (!best || !best->is_connected) {
            continue;
        }
        if (is_stranded(&account->own, before_ms) && count < max) {
            out[count++] = describe(&account->own);
        }
        struct og_map_node *d;
        for (d = og_map_first(&account->devices); d && count < max; d = og_map_next(d)) {
            if (is_stranded(og_map_value(d), before_ms)) {
                out[count++] = describe(og_map_value(d));
            }
        }
    }
    return count;
}

void
og_dispatch_each(const struct og_dispatch *self,
                 void (*visit)(void *ctx, const struct og_dispatch_device *device,
                               bool has_connected),
                 void *ctx)
{
    struct og_map_node *a, *d;
    for (a = og_map_first(&self->accounts); a; a = og_map_next(a)) {
        struct dispatch_account *account = og_map_value(a);
        const struct dispatch_device *best = og_heap_top(&account->ranking);
        const bool has_connected = best && best->is_connected;
        struct og_dispatch_device device = describe(&account->own);
        visit(ctx, &device, has_connected);
        for (d = og_map_first(&account->devices); d; d = og_map_next(d)) {
            device = describe(og_map_value(d));
            visit(ctx, &device, has_connected);
        }
    }
}
