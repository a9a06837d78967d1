/*
 * Messages of the queue: in, out, forward, in order, on time. An entry is in exactly one line or
 * list, and every change of what is counted happens between detach and attach.
 */
#include "core/dispatch.h"

#include <assert.h>
#include <stdlib.h>

#include "core/dispatch_priv.h"

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
    og_heap_remove(&self->deadlines, entry);
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
        .phase = entry->phase,
        .is_bound = entry->is_bound,
        .is_cancelling = entry->is_cancelling,
    };
}

static void
set_deadline(struct og_dispatch *self, struct dispatch_entry *entry, int64_t deadline_ms)
{
    og_heap_remove(&self->deadlines, entry);
    entry->deadline_ms = deadline_ms;
    if (deadline_ms != OG_DISPATCH_NO_DEADLINE) {
        og_heap_push(&self->deadlines, entry);
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
    entry->deadline_place = OG_HEAP_ABSENT;
    entry->priority = (int16_t)item->priority;
    entry->class = (uint8_t)item->class;
    entry->phase = (uint8_t)item->phase;
    entry->is_bound = item->is_bound;
    entry->is_cancelling = item->is_cancelling;
    entry->id_len = (uint8_t)item->id.len;
    memcpy(entry->id, item->id.ptr, item->id.len);
    set_deadline(self, entry, item->deadline_ms);
    return entry;
}

enum og_code
og_dispatch_add(struct og_dispatch *self, const struct og_dispatch_item *item, struct og_err *err)
{
    assert(item->priority >= -128 && item->priority <= 127);
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
og_dispatch_set_deadline(struct og_dispatch *self, struct og_str account, struct og_str id,
                         int64_t deadline_ms)
{
    struct dispatch_entry *entry = find_entry(self, account, id);
    if (entry) {
        set_deadline(self, entry, deadline_ms);
    }
    return entry != NULL;
}

size_t
og_dispatch_list(const struct og_dispatch *self, struct og_str account_id, struct og_str device_id,
                 int64_t now_ms, bool lifo, struct og_dispatch_item *out, size_t max)
{
    struct dispatch_account *account = og_dispatch_account_get(self, account_id);
    struct dispatch_device *device =
        account ? og_dispatch_device_get(account, device_id) : NULL;
    size_t written = 0;
    if (!device) {
        return 0;
    }
    struct dispatch_walk walk = {.line = &device->line, .lifo = lifo};
    const struct dispatch_entry *entry;
    while (written < max && (entry = og_dispatch_walk_next(&walk))) {
        if (entry->deadline_ms > now_ms) {
            out[written++] = describe(entry);
        }
    }
    return written;
}

int64_t
og_dispatch_next_deadline_ms(const struct og_dispatch *self)
{
    const struct dispatch_entry *first = og_heap_top(&self->deadlines);
    return first ? first->deadline_ms : OG_DISPATCH_NO_DEADLINE;
}

bool
og_dispatch_expired(const struct og_dispatch *self, int64_t now_ms, struct og_dispatch_item *out)
{
    const struct dispatch_entry *first = og_heap_top(&self->deadlines);
    if (!first || first->deadline_ms > now_ms) {
        *out = (struct og_dispatch_item){0};
        return false;
    }
    *out = describe(first);
    return true;
}

/* The first `max` that may move. */
static size_t
pick_movable(const struct dispatch_device *from, size_t max, struct dispatch_entry **out)
{
    struct dispatch_walk walk = {.line = &from->line};
    struct dispatch_entry *entry;
    size_t picked = 0;
    while (picked < max && (entry = og_dispatch_walk_next(&walk))) {
        if (is_movable(entry)) {
            out[picked++] = entry;
        }
    }
    return picked;
}

void
og_dispatch_move(struct og_dispatch *self, struct og_str account_id, struct og_str from_id,
                 size_t max, struct og_arena *mem, struct og_dispatch_moves *out)
{
    struct dispatch_account *account = og_dispatch_account_get(self, account_id);
    struct dispatch_device *from = account ? og_dispatch_device_get(account, from_id) : NULL;

    *out = (struct og_dispatch_moves){0};
    size_t wanted = from && from->movable < max ? from->movable : max;
    if (!from || wanted == 0) {
        return;
    }
    struct dispatch_entry **entries = OG_ARENA_ARRAY(mem, struct dispatch_entry *, wanted);
    struct og_dispatch_move *moves = OG_ARENA_ARRAY(mem, struct og_dispatch_move, wanted);
    struct og_str *wake = OG_ARENA_ARRAY(mem, struct og_str, wanted);
    size_t picked = pick_movable(from, wanted, entries);

    out->items = moves;
    out->wake.items = wake;
    self->wake_mark++;
    for (; out->count < picked; out->count++) {
        struct dispatch_entry *entry = entries[out->count];
        struct dispatch_device *to = og_dispatch_device_best(self, account, from, INT64_MAX);
        if (!to) {
            break;
        }
        og_dispatch_detach(self, entry);
        entry->device = to;
        og_dispatch_attach(self, entry);
        struct og_str device = og_str_dup(mem, og_dispatch_device_id(to));
        moves[out->count] =
            (struct og_dispatch_move){og_str_dup(mem, og_dispatch_entry_id(entry)), device};
        if (to->wake_mark != self->wake_mark) {
            to->wake_mark = self->wake_mark;
            wake[out->wake.count++] = device;
        }
    }
}
