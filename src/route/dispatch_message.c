/*
 * Messages of the queue: in, out, forward, in order, on time. An entry is in exactly one line or
 * list, and every change of what is counted happens between detach and attach.
 */
#include "route/dispatch.h"

#include <assert.h>
#include <stdlib.h>

#include "route/dispatch_priv.h"

const char *
og_dispatch_why_name(enum og_dispatch_why why)
{
    static const char *const names[OG_DISPATCH_WHY_COUNT] = {
        [OG_DISPATCH_UNMOVED] = "",
        [OG_DISPATCH_NOT_FETCHED] = "not_fetched",
        [OG_DISPATCH_OFFLINE] = "offline",
        [OG_DISPATCH_QUARANTINE] = "quarantine",
        [OG_DISPATCH_PACE] = "sim_pace",
        [OG_DISPATCH_REMOVED] = "phone_removed",
        [OG_DISPATCH_SOONER] = "sooner",
    };
    return names[why];
}

static bool
is_movable(const struct dispatch_entry *entry)
{
    return entry->phase == OG_DISPATCH_WAITING && !entry->is_bound && !entry->is_cancelling;
}

/* Add the entry to all counts (step 1), or take it out of them (step -1). */
static void
count(struct og_dispatch *self, const struct dispatch_entry *entry, int step)
{
    struct dispatch_device *device = entry->device;
    size_t *const totals[] = {
        [OG_DISPATCH_WAITING] = &self->totals.waiting,
        [OG_DISPATCH_HANDED] = &self->totals.handed,
        [OG_DISPATCH_TAKEN] = &self->totals.taken,
    };

    *totals[entry->phase] += (size_t)step;
    device->counts[entry->phase] += (size_t)step;
    if (is_movable(entry)) {
        device->movable += (size_t)step;
    }
    if (entry->phase == OG_DISPATCH_WAITING) {
        const bool is_otp = entry->class == OG_DISPATCH_OTP;
        device->waiting_parts += entry->parts * step;
        device->waiting_otp += is_otp ? (size_t)step : 0;
        device->waiting_otp_parts += is_otp ? entry->parts * step : 0;
    }
    if (entry->phase != OG_DISPATCH_WAITING) {
        device->silent += entry->is_silent ? (size_t)step : 0;
        device->ahead_parts += entry->is_silent ? 0 : entry->parts * step;
    }
    og_heap_update(&device->account->ranking, device);
}

void
og_dispatch_attach(struct og_dispatch *self, struct dispatch_entry *entry)
{
    if (entry->phase == OG_DISPATCH_TAKEN) {
        og_dispatch_list_append(&entry->device->taken, entry);
    } else {
        og_dispatch_line_put(&entry->device->line, entry);
    }
    count(self, entry, 1);
}

void
og_dispatch_detach(struct og_dispatch *self, struct dispatch_entry *entry)
{
    count(self, entry, -1);
    if (entry->phase == OG_DISPATCH_TAKEN) {
        og_dispatch_list_take(&entry->device->taken, entry);
    } else {
        og_dispatch_line_take(&entry->device->line, entry);
    }
}

void
og_dispatch_entry_drop(struct og_dispatch *self, struct dispatch_entry *entry)
{
    og_dispatch_detach(self, entry);
    og_heap_remove(&self->attention, entry);
    og_map_remove(&entry->device->account->entries, og_dispatch_entry_id(entry));
    free(entry);
}

static struct dispatch_entry *
find_entry(const struct og_dispatch *self, struct og_str account_id, struct og_str id)
{
    struct dispatch_account *account = og_dispatch_account_get(self, account_id);
    return account ? og_map_get(&account->entries, id) : NULL;
}

static struct og_dispatch_item
describe(const struct dispatch_entry *entry)
{
    return (struct og_dispatch_item){
        .account = og_dispatch_account_id(entry->device->account),
        .id = og_dispatch_entry_id(entry),
        .device = og_dispatch_device_id(entry->device),
        .class = entry->class,
        .priority = entry->priority,
        .created_at_ms = entry->created_at_ms,
        .deadline_ms = entry->deadline_ms,
        .attend_at_ms = entry->attend_at_ms,
        .parts = entry->parts,
        .sim = entry->sim,
        .routes = entry->routes,
        .moved_why = entry->moved_why,
        .moved_at_ms = entry->moved_at_ms,
        .phase = entry->phase,
        .is_bound = entry->is_bound,
        .is_cancelling = entry->is_cancelling,
    };
}

static void
set_attention(struct og_dispatch *self, struct dispatch_entry *entry, int64_t at_ms)
{
    og_heap_remove(&self->attention, entry);
    entry->attend_at_ms = at_ms;
    if (at_ms) {
        og_heap_push(&self->attention, entry);
    }
}

static struct dispatch_entry *
make_entry(struct og_dispatch *self, const struct og_dispatch_item *item,
           struct dispatch_device *device)
{
    struct dispatch_entry *entry = og_xalloc(sizeof(*entry) + item->id.len);
    entry->device = device;
    entry->number = ++self->entry_number;
    entry->created_at_ms = item->created_at_ms;
    entry->deadline_ms = item->deadline_ms;
    entry->parts = item->parts;
    entry->sim = (uint8_t)item->sim;
    entry->routes = (uint8_t)item->routes;
    entry->priority = (int16_t)item->priority;
    entry->class = (uint8_t)item->class;
    entry->phase = (uint8_t)item->phase;
    entry->is_bound = item->is_bound;
    entry->is_cancelling = item->is_cancelling;
    entry->id_len = (uint8_t)item->id.len;
    memcpy(entry->id, item->id.ptr, item->id.len);
    set_attention(self, entry, item->attend_at_ms);
    return entry;
}

enum og_code
og_dispatch_add(struct og_dispatch *self, const struct og_dispatch_item *item, struct og_err *err)
{
    assert(item->priority >= -128 && item->priority <= 127 && item->sim <= UINT8_MAX);
    if (!og_dispatch_id_fits(item->account) || !og_dispatch_id_fits(item->id)) {
        return og_fail(err, OG_E_INVALID, "id", "ids must have 1 to %d bytes",
                       OG_DISPATCH_ID_MAX_BYTES);
    }
    struct dispatch_account *account = og_dispatch_account_get(self, item->account);
    if (!account && item->device.len == 0) {
        account = og_dispatch_account_make(self, item->account);
    }
    struct dispatch_device *device =
        account ? og_dispatch_device_get(account, item->device) : NULL;
    if (!device) {
        return og_fail(err, OG_E_NOT_FOUND, "deviceId", "no such device");
    }
    if (og_map_get(&account->entries, item->id)) {
        return og_fail(err, OG_E_CONFLICT, "id", "message with the same ID already exists");
    }
    struct dispatch_entry *entry = make_entry(self, item, device);
    og_map_put(&account->entries, og_dispatch_entry_id(entry), entry);
    og_dispatch_attach(self, entry);
    return OG_OK;
}

bool
og_dispatch_find(const struct og_dispatch *self, struct og_str account, struct og_str id,
                 struct og_dispatch_item *out)
{
    const struct dispatch_entry *entry = find_entry(self, account, id);
    *out = entry ? describe(entry) : (struct og_dispatch_item){0};
    return entry != NULL;
}

bool
og_dispatch_remove(struct og_dispatch *self, struct og_str account_id, struct og_str id)
{
    struct dispatch_entry *entry = find_entry(self, account_id, id);
    if (!entry) {
        return false;
    }
    struct dispatch_account *account = entry->device->account;
    og_dispatch_entry_drop(self, entry);
    og_dispatch_account_drop_empty(self, account);
    return true;
}

bool
og_dispatch_set_phase(struct og_dispatch *self, struct og_str account, struct og_str id,
                      enum og_dispatch_phase phase)
{
    struct dispatch_entry *entry = find_entry(self, account, id);
    if (!entry || phase <= entry->phase) {
        return entry != NULL;
    }
    if (phase == OG_DISPATCH_HANDED) { /* keeps its place in the line */
        count(self, entry, -1);
        entry->phase = OG_DISPATCH_HANDED;
        count(self, entry, 1);
    } else {
        og_dispatch_detach(self, entry);
        entry->phase = (uint8_t)phase;
        og_dispatch_attach(self, entry);
    }
    return true;
}

bool
og_dispatch_set_cancelling(struct og_dispatch *self, struct og_str account, struct og_str id)
{
    struct dispatch_entry *entry = find_entry(self, account, id);
    if (entry) {
        count(self, entry, -1);
        entry->is_cancelling = true;
        count(self, entry, 1);
    }
    return entry != NULL;
}

bool
og_dispatch_set_silent(struct og_dispatch *self, struct og_str account, struct og_str id)
{
    struct dispatch_entry *entry = find_entry(self, account, id);
    if (entry) {
        count(self, entry, -1);
        entry->is_silent = true;
        count(self, entry, 1);
    }
    return entry != NULL;
}

bool
og_dispatch_set_attention(struct og_dispatch *self, struct og_str account, struct og_str id,
                          int64_t at_ms)
{
    struct dispatch_entry *entry = find_entry(self, account, id);
    if (entry) {
        set_attention(self, entry, at_ms);
    }
    return entry != NULL;
}

static size_t
list(const struct og_dispatch *self, struct og_str account_id, struct og_str device_id,
     int64_t now_ms, bool lifo, bool only_waiting, struct og_dispatch_item *out, size_t max)
{
    struct dispatch_account *account = og_dispatch_account_get(self, account_id);
    struct dispatch_device *device =
        account ? og_dispatch_device_get(account, device_id) : NULL;
    size_t written = 0;
    if (!device || (only_waiting && device->counts[OG_DISPATCH_WAITING] == 0)) {
        return 0;
    }
    struct dispatch_walk walk = {.line = &device->line, .lifo = lifo};
    const struct dispatch_entry *entry;
    while (written < max && (entry = og_dispatch_walk_next(&walk))) {
        if (entry->deadline_ms > now_ms &&
            (!only_waiting || entry->phase == OG_DISPATCH_WAITING)) {
            out[written++] = describe(entry);
        }
    }
    return written;
}

size_t
og_dispatch_list(const struct og_dispatch *self, struct og_str account_id, struct og_str device_id,
                 int64_t now_ms, bool lifo, struct og_dispatch_item *out, size_t max)
{
    return list(self, account_id, device_id, now_ms, lifo, false, out, max);
}

size_t
og_dispatch_list_waiting(const struct og_dispatch *self, struct og_str account_id,
                         struct og_str device_id, int64_t now_ms, struct og_dispatch_item *out,
                         size_t max)
{
    return list(self, account_id, device_id, now_ms, false, true, out, max);
}

/* What is due stands at the top of the heap: below one that is not, nothing is. */
static size_t
collect_due(const struct og_heap *heap, size_t place, int64_t now_ms, struct og_dispatch_item *out,
            size_t max)
{
    if (place >= heap->count || max == 0) {
        return 0;
    }
    const struct dispatch_entry *entry = heap->items[place];
    if (entry->attend_at_ms > now_ms) {
        return 0;
    }
    out[0] = describe(entry);
    size_t count = 1;
    count += collect_due(heap, place * 2 + 1, now_ms, out + count, max - count);
    count += collect_due(heap, place * 2 + 2, now_ms, out + count, max - count);
    return count;
}

size_t
og_dispatch_due(const struct og_dispatch *self, int64_t now_ms, struct og_dispatch_item *out,
                size_t max)
{
    return collect_due(&self->attention, 0, now_ms, out, max);
}

size_t
og_dispatch_movable(const struct og_dispatch *self, struct og_str account_id,
                    struct og_str device_id, struct og_dispatch_item *out, size_t max)
{
    struct dispatch_account *account = og_dispatch_account_get(self, account_id);
    struct dispatch_device *device =
        account ? og_dispatch_device_get(account, device_id) : NULL;
    size_t count = 0;
    if (!device || device->movable == 0) {
        return 0;
    }
    struct dispatch_walk walk = {.line = &device->line};
    const struct dispatch_entry *entry;
    while (count < max && (entry = og_dispatch_walk_next(&walk))) {
        if (is_movable(entry)) {
            out[count++] = describe(entry);
        }
    }
    return count;
}

bool
og_dispatch_move(struct og_dispatch *self, struct og_str account_id, struct og_str id,
                 struct og_str device_id, enum og_dispatch_why why, int64_t now_ms)
{
    struct dispatch_entry *entry = find_entry(self, account_id, id);
    struct dispatch_device *to =
        entry ? og_dispatch_device_get(entry->device->account, device_id) : NULL;
    if (!to || !is_movable(entry)) {
        return false;
    }
    og_dispatch_detach(self, entry);
    entry->device = to;
    entry->moved_why = entry->moved_why == OG_DISPATCH_REMOVED ? OG_DISPATCH_REMOVED : (uint8_t)why;
    entry->moved_at_ms = now_ms;
    og_dispatch_attach(self, entry);
    return true;
}
