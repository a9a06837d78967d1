/*
 * Random histories applied to the queue and to a model that is slow and obviously right: flat
 * arrays, sorted and counted anew for every question. Any difference fails with the seed and the
 * step.
 */
#include "tests/unit/check.h"

#include <stdio.h>

#include "route/dispatch.h"

#define ENTRIES 60
#define DEVICES 5
#define STEPS 4000
#define SEEDS 24

static const struct og_str account = {"acme", 4};

struct model_device {
    bool exists;
    bool connected;
    int64_t seen_ms;
    uint64_t turn;
};

struct model_entry {
    bool exists;
    int device; /* -1: the account's own */
    enum og_dispatch_class class;
    int priority;
    int64_t created_at_ms;
    int64_t deadline_ms;
    int64_t attend_at_ms;
    int parts;
    uint64_t number;
    enum og_dispatch_phase phase;
    bool is_bound;
    bool is_cancelling;
};

struct model {
    struct og_dispatch *queue;
    struct model_device devices[DEVICES];
    struct model_entry entries[ENTRIES];
    uint64_t number;
    uint64_t turn;
    int64_t now_ms;
    uint64_t random;
};

static const char *const device_names[DEVICES] = {"d0", "d1", "d2", "d3", "d4"};
static const char *const entry_names[ENTRIES] = {
    "m0",  "m1",  "m2",  "m3",  "m4",  "m5",  "m6",  "m7",  "m8",  "m9",  "m10", "m11",
    "m12", "m13", "m14", "m15", "m16", "m17", "m18", "m19", "m20", "m21", "m22", "m23",
    "m24", "m25", "m26", "m27", "m28", "m29", "m30", "m31", "m32", "m33", "m34", "m35",
    "m36", "m37", "m38", "m39", "m40", "m41", "m42", "m43", "m44", "m45", "m46", "m47",
    "m48", "m49", "m50", "m51", "m52", "m53", "m54", "m55", "m56", "m57", "m58", "m59",
};

static int
roll(struct model *model, int sides)
{
    return (int)(next_random(&model->random) >> 33) % sides;
}

static struct og_str
device_name(int device)
{
    return device < 0 ? (struct og_str){NULL, 0} : og_str_from(device_names[device]);
}

static size_t
count_phase(const struct model *model, int device, enum og_dispatch_phase phase)
{
    size_t count = 0;
    for (int i = 0; i < ENTRIES; i++) {
        const struct model_entry *entry = &model->entries[i];
        count += entry->exists && entry->device == device && entry->phase == phase;
    }
    return count;
}

static int64_t
sum_parts(const struct model *model, int device, enum og_dispatch_phase phase, bool only_otp)
{
    int64_t sum = 0;
    for (int i = 0; i < ENTRIES; i++) {
        const struct model_entry *entry = &model->entries[i];
        bool counts = entry->exists && entry->device == device && entry->phase == phase &&
                      (!only_otp || entry->class == OG_DISPATCH_OTP);
        sum += counts ? entry->parts : 0;
    }
    return sum;
}

static size_t
load(const struct model *model, int device)
{
    return count_phase(model, device, OG_DISPATCH_WAITING) +
           count_phase(model, device, OG_DISPATCH_HANDED);
}

static bool
is_better(const struct model *model, int a, int b)
{
    const struct model_device *x = &model->devices[a];
    const struct model_device *y = &model->devices[b];
    if (x->connected != y->connected) {
        return x->connected;
    }
    if (!x->connected && x->seen_ms != y->seen_ms) {
        return x->seen_ms > y->seen_ms;
    }
    if (load(model, a) != load(model, b)) {
        return load(model, a) < load(model, b);
    }
    return x->turn < y->turn;
}

/* The device to choose, or -1; it gets its turn. */
static int
model_choose(struct model *model, int except, int64_t since_ms)
{
    int best = -1;
    for (int i = 0; i < DEVICES; i++) {
        const struct model_device *device = &model->devices[i];
        if (device->exists && i != except && (device->connected || device->seen_ms >= since_ms) &&
            (best < 0 || is_better(model, i, best))) {
            best = i;
        }
    }
    if (best >= 0) {
        model->devices[best].turn = ++model->turn;
    }
    return best;
}

static bool
is_served_before(const struct model_entry *a, const struct model_entry *b, bool lifo)
{
    if (a->class != b->class) {
        return a->class < b->class;
    }
    if (a->priority != b->priority) {
        return a->priority > b->priority;
    }
    bool older = a->created_at_ms != b->created_at_ms ? a->created_at_ms < b->created_at_ms
                                                      : a->number < b->number;
    return lifo && a->class != OG_DISPATCH_OTP ? !older : older;
}

/* Entries of a device that the phone may see, in order. */
static int
model_list(const struct model *model, int device, bool lifo, int *out)
{
    int count = 0;
    for (int i = 0; i < ENTRIES; i++) {
        const struct model_entry *entry = &model->entries[i];
        if (!entry->exists || entry->device != device || entry->phase == OG_DISPATCH_TAKEN) {
            continue;
        }
        int at = count++;
        while (at > 0 && is_served_before(entry, &model->entries[out[at - 1]], lifo)) {
            out[at] = out[at - 1];
            at--;
        }
        out[at] = i;
    }
    return count;
}

static bool
is_movable(const struct model_entry *entry)
{
    return entry->phase == OG_DISPATCH_WAITING && !entry->is_bound && !entry->is_cancelling;
}

/* --- one step of a history, on both -------------------------------------------------------- */

static void
step_device(struct model *model)
{
    int device = roll(model, DEVICES);
    struct model_device *known = &model->devices[device];
    struct og_str name = device_name(device);
    if (!known->exists) {
        *known = (struct model_device){true, false, model->now_ms - roll(model, 5),
                                       ++model->turn};
        assert_int_equal(OG_OK, og_dispatch_device_add(model->queue, account, name,
                                                       known->seen_ms, NULL));
        return;
    }
    int what = roll(model, 10);
    if (what < 5) {
        known->connected = true;
        og_dispatch_device_connected(model->queue, account, name, model->now_ms);
    } else if (what < 8) {
        known->connected = false;
        og_dispatch_device_disconnected(model->queue, account, name, model->now_ms);
    } else {
        og_dispatch_device_seen(model->queue, account, name, model->now_ms);
    }
    known->seen_ms = model->now_ms;
}

static void
step_device_remove(struct model *model)
{
    int device = roll(model, DEVICES);
    size_t dropped = 0;
    for (int i = 0; i < ENTRIES && model->devices[device].exists; i++) {
        struct model_entry *entry = &model->entries[i];
        if (!entry->exists || entry->device != device) {
            continue;
        }
        if (entry->phase == OG_DISPATCH_WAITING && !entry->is_bound) {
            entry->device = -1;
        } else {
            entry->exists = false;
            dropped++;
        }
    }
    model->devices[device].exists = false;
    model->devices[device].connected = false;
    assert_int_equal(dropped, og_dispatch_device_remove(model->queue, account,
                                                        device_name(device)));
}

static void
step_add(struct model *model)
{
    int i = roll(model, ENTRIES);
    struct model_entry *entry = &model->entries[i];
    bool existed = entry->exists;
    struct og_str chosen;
    int except = roll(model, DEVICES + 1) - 1;
    int64_t since_ms = roll(model, 2) ? INT64_MIN : model->now_ms - roll(model, 10);

    int device = model_choose(model, except, since_ms);
    assert_int_equal(device >= 0,
                     og_dispatch_choose(model->queue, account, since_ms, device_name(except),
                                        &chosen));
    assert_true(og_str_eq(chosen, device_name(device)));
    struct og_dispatch_item item = {
        .account = account,
        .id = og_str_from(entry_names[i]),
        .device = device_name(device),
        .class = (enum og_dispatch_class)roll(model, 3),
        .priority = roll(model, 4) ? roll(model, 3) - 1 : roll(model, 256) - 128,
        .created_at_ms = model->now_ms - roll(model, 20),
        .deadline_ms =
            roll(model, 2) ? OG_DISPATCH_NO_DEADLINE : model->now_ms + roll(model, 100),
        .attend_at_ms = roll(model, 2) ? 0 : model->now_ms + roll(model, 100),
        .parts = roll(model, 4),
        .phase = roll(model, 4) ? OG_DISPATCH_WAITING : OG_DISPATCH_HANDED,
        .is_bound = device >= 0 && roll(model, 4) == 0,
    };
    assert_int_equal(existed ? OG_E_CONFLICT : OG_OK, og_dispatch_add(model->queue, &item, NULL));
    if (!existed) {
        *entry = (struct model_entry){.exists = true,
                                      .device = device,
                                      .class = item.class,
                                      .priority = item.priority,
                                      .created_at_ms = item.created_at_ms,
                                      .deadline_ms = item.deadline_ms,
                                      .attend_at_ms = item.attend_at_ms,
                                      .parts = item.parts,
                                      .number = ++model->number,
                                      .phase = item.phase,
                                      .is_bound = item.is_bound};
    }
}

static void
step_change(struct model *model)
{
    int i = roll(model, ENTRIES);
    struct model_entry *entry = &model->entries[i];
    struct og_str id = og_str_from(entry_names[i]);
    enum og_dispatch_phase phase = (enum og_dispatch_phase)roll(model, 3);
    int64_t attend_at_ms = roll(model, 4) ? model->now_ms + roll(model, 50) : 0;

    switch (roll(model, 5)) {
    case 0:
    case 1:
        assert_int_equal(entry->exists, og_dispatch_set_phase(model->queue, account, id, phase));
        entry->phase = phase > entry->phase ? phase : entry->phase;
        break;
    case 2:
        assert_int_equal(entry->exists, og_dispatch_set_cancelling(model->queue, account, id));
        entry->is_cancelling = true;
        break;
    case 3:
        assert_int_equal(entry->exists,
                         og_dispatch_set_attention(model->queue, account, id, attend_at_ms));
        entry->attend_at_ms = attend_at_ms;
        break;
    default:
        assert_int_equal(entry->exists, og_dispatch_remove(model->queue, account, id));
        entry->exists = false;
        break;
    }
}

/* Messages of a device go to the best others, one by one, as long as there are any. */
static void
step_move(struct model *model)
{
    int from = roll(model, DEVICES + 1) - 1;
    size_t max = (size_t)roll(model, 6);
    int order[ENTRIES];
    struct og_dispatch_item items[8];
    size_t count =
        og_dispatch_movable(model->queue, account, device_name(from), items, max);
    size_t at = 0;

    int listed = from < 0 || model->devices[from].exists ? model_list(model, from, false, order)
                                                         : 0;
    for (int k = 0; k < listed && at < max; k++) {
        struct model_entry *entry = &model->entries[order[k]];
        if (!is_movable(entry)) {
            continue;
        }
        assert_true(at < count);
        assert_str(items[at++].id, entry_names[order[k]]);
        int to = model_choose(model, from, INT64_MAX);
        struct og_str chosen;
        assert_int_equal(to >= 0, og_dispatch_choose(model->queue, account, INT64_MAX,
                                                     device_name(from), &chosen));
        if (to >= 0) {
            assert_str(chosen, device_names[to]);
            entry->device = to;
            assert_true(og_dispatch_move(model->queue, account,
                                         og_str_from(entry_names[order[k]]), chosen, OG_DISPATCH_SOONER, 0));
        }
    }
    assert_int_equal(at, count);
}

/* What a lane does: look after what is due, and take some of it out. */
static void
step_attend(struct model *model)
{
    struct og_dispatch_item items[ENTRIES];
    size_t due = 0;
    model->now_ms += roll(model, 20);
    for (int i = 0; i < ENTRIES; i++) {
        const struct model_entry *entry = &model->entries[i];
        due += entry->exists && entry->attend_at_ms && entry->attend_at_ms <= model->now_ms;
    }
    assert_int_equal(og_dispatch_due(model->queue, model->now_ms, items, ENTRIES), due);
    for (size_t k = 0; k < due; k++) {
        int i = (int)strtol(items[k].id.ptr + 1, NULL, 10);
        struct model_entry *entry = &model->entries[i];
        struct og_str id = og_str_from(entry_names[i]);
        assert_true(entry->exists && entry->attend_at_ms == items[k].attend_at_ms);
        entry->exists = roll(model, 3) != 0;
        entry->attend_at_ms = 0;
        assert_true(entry->exists ? og_dispatch_set_attention(model->queue, account, id, 0)
                                  : og_dispatch_remove(model->queue, account, id));
    }
}

/* --- every question, on both ---------------------------------------------------------------- */

static void
compare_lists(const struct model *model, int device)
{
    for (int lifo = 0; lifo <= 1; lifo++) {
        struct og_dispatch_item items[ENTRIES];
        int order[ENTRIES];
        int count = model_list(model, device, lifo, order);
        size_t listed = og_dispatch_list(model->queue, account, device_name(device),
                                         model->now_ms, lifo, items, ENTRIES);
        size_t at = 0;
        for (int k = 0; k < count; k++) {
            const struct model_entry *entry = &model->entries[order[k]];
            if (entry->deadline_ms <= model->now_ms) {
                continue;
            }
            assert_true(at < listed);
            assert_str(items[at].id, entry_names[order[k]]);
            assert_int_equal(items[at].phase, entry->phase);
            assert_int_equal(items[at].is_cancelling, entry->is_cancelling);
            at++;
        }
        assert_int_equal(at, listed);
    }
}

static void
compare(const struct model *model)
{
    struct og_dispatch_totals totals = og_dispatch_totals(model->queue);
    struct og_dispatch_totals wanted = {0};

    for (int device = -1; device < DEVICES; device++) {
        struct og_dispatch_device found;
        if (device >= 0 && !model->devices[device].exists) {
            assert_false(og_dispatch_device_find(model->queue, account, device_name(device),
                                                 &found));
            continue;
        }
        bool known = og_dispatch_device_find(model->queue, account, device_name(device), &found);
        assert_true(known || device < 0);
        assert_int_equal(found.waiting, count_phase(model, device, OG_DISPATCH_WAITING));
        assert_int_equal(found.handed, count_phase(model, device, OG_DISPATCH_HANDED));
        assert_int_equal(found.taken, count_phase(model, device, OG_DISPATCH_TAKEN));
        assert_int_equal(found.waiting_parts, sum_parts(model, device, OG_DISPATCH_WAITING, false));
        assert_int_equal(found.waiting_otp_parts,
                         sum_parts(model, device, OG_DISPATCH_WAITING, true));
        assert_int_equal(found.ahead_parts,
                         sum_parts(model, device, OG_DISPATCH_HANDED, false) +
                             sum_parts(model, device, OG_DISPATCH_TAKEN, false));
        wanted.waiting += found.waiting;
        wanted.handed += found.handed;
        wanted.taken += found.taken;
        wanted.devices += device >= 0;
        wanted.connected += device >= 0 && model->devices[device].connected;
        compare_lists(model, device);
    }
    assert_memory_equal(&totals, &wanted, sizeof(totals));
}

static void
play(uint64_t seed)
{
    static void (*const steps[])(struct model *) = {
        step_device, step_device, step_add,    step_add,  step_add,
        step_change, step_change, step_change, step_move, step_attend,
    };
    struct model model = {.queue = og_dispatch_create(), .random = seed, .now_ms = 1000};

    for (int step = 0; step < STEPS; step++) {
        if (roll(&model, 60) == 0) {
            step_device_remove(&model);
        } else {
            steps[roll(&model, COUNT(steps))](&model);
        }
        compare(&model);
    }
    og_dispatch_destroy(model.queue);
}

static void
test_random_histories(void **state)
{
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        print_message("seed %d\n", (int)seed);
        play(seed * UINT64_C(0x9E3779B97F4A7C15));
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_histories),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
