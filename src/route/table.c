/*
 * Two maps and a heap of wake-ups. Sticky routes are a direct-mapped table: a newer recipient takes
 * the place of one with the same low bits, which costs that one no more than its habit.
 */
#include "route/table.h"

#include <stdlib.h>
#include <string.h>

#include "core/map.h"

#define STICKY_PLACES 4096
#define TURN_STRIDE 1000 /* a weight of 100 still makes whole strides */
#define WORDS_MAX 4      /* in a row: the phone and its SIMs */

struct sticky {
    uint64_t recipient;
    uint64_t device; /* hash of its id; 0: none */
};

struct account {
    struct og_arena mem;
    struct og_route_rules rules;
    struct sticky *sticky;
    char id[OG_DISPATCH_ID_MAX_BYTES + 1];
};

struct og_route_table {
    struct og_route_policy policy;
    struct og_map phones;   /* by id */
    struct og_map accounts; /* with rules, by id */
    struct og_heap wakes;
    uint64_t turn;
};

static bool
wakes_before(const void *left, const void *right)
{
    const struct og_route_phone *a = left, *b = right;
    return a->wake_at != b->wake_at ? a->wake_at < b->wake_at : strcmp(a->id, b->id) < 0;
}

struct og_route_table *
og_route_table_create(const struct og_route_policy *policy)
{
    struct og_route_table *self = og_xalloc(sizeof *self);
    self->policy = *policy;
    og_heap_init(&self->wakes, wakes_before, offsetof(struct og_route_phone, wake_place));
    return self;
}

static void
free_phone(struct og_route_phone *phone)
{
    og_health_finish(&phone->health);
    og_pace_finish(&phone->pace);
    for (int i = 0; i < phone->sim_count; i++) {
        og_pace_finish(&phone->sims[i].pace);
    }
    free(phone->sims);
    free(phone);
}

static void
free_account(struct account *account)
{
    og_arena_finish(&account->mem);
    free(account->sticky);
    free(account);
}

void
og_route_table_destroy(struct og_route_table *self)
{
    if (!self) {
        return;
    }
    struct og_map_node *node;
    for (node = og_map_first(&self->phones); node; node = og_map_next(node)) {
        free_phone(og_map_value(node));
    }
    for (node = og_map_first(&self->accounts); node; node = og_map_next(node)) {
        free_account(og_map_value(node));
    }
    og_map_finish(&self->phones);
    og_map_finish(&self->accounts);
    og_heap_finish(&self->wakes);
    free(self);
}

const struct og_route_policy *
og_route_table_policy(const struct og_route_table *self)
{
    return &self->policy;
}

/* ---- phones ---- */

static void
copy_id(char out[OG_DISPATCH_ID_MAX_BYTES + 1], struct og_str id)
{
    const size_t len = id.len < OG_DISPATCH_ID_MAX_BYTES ? id.len : OG_DISPATCH_ID_MAX_BYTES;
    if (len > 0) {
        memcpy(out, id.ptr, len);
    }
    out[len] = '\0';
}

struct og_route_phone *
og_route_table_find(const struct og_route_table *self, struct og_str device)
{
    return og_map_get(&self->phones, device);
}

struct og_route_phone *
og_route_table_add(struct og_route_table *self, struct og_str account, struct og_str device,
                   int64_t seen_at, int64_t now_ms)
{
    struct og_route_phone *phone = og_route_table_find(self, device);
    if (phone) {
        return phone;
    }
    phone = og_xalloc(sizeof *phone);
    og_health_init(&phone->health, seen_at, now_ms);
    phone->sims = og_xalloc(sizeof phone->sims[0]);
    phone->sim_count = 1;
    phone->turn = ++self->turn;
    copy_id(phone->account, account);
    copy_id(phone->id, device);
    og_map_put(&self->phones, og_str_from(phone->id), phone);
    return phone;
}

void
og_route_table_remove(struct og_route_table *self, struct og_str device)
{
    struct og_route_phone *phone = og_map_remove(&self->phones, device);
    if (phone) {
        og_heap_remove(&self->wakes, phone);
        free_phone(phone);
    }
}

void
og_route_table_each(const struct og_route_table *self,
                    void (*fn)(void *ctx, struct og_route_phone *phone), void *ctx)
{
    struct og_map_node *node;
    for (node = og_map_first(&self->phones); node; node = og_map_next(node)) {
        fn(ctx, og_map_value(node));
    }
}

void
og_route_phone_set_sims(struct og_route_phone *phone, const int *numbers, size_t count)
{
    struct og_route_sim fresh[OG_ROUTE_SIMS_MAX] = {0};
    size_t kept = 0;
    for (; kept < count && kept < OG_ROUTE_SIMS_MAX; kept++) {
        struct og_route_sim *known = og_route_phone_sim(phone, numbers[kept]);
        if (known) {
            fresh[kept].pace = known->pace;
            known->pace = (struct og_pace){0};
        }
        fresh[kept].number = numbers[kept];
    }
    for (int i = 0; i < phone->sim_count && kept > 0; i++) {
        og_pace_finish(&phone->sims[i].pace);
    }
    if (kept > 0) {
        phone->sims = og_xrealloc(phone->sims, kept * sizeof fresh[0]);
        memcpy(phone->sims, fresh, kept * sizeof fresh[0]);
        phone->sim_count = (int)kept;
    }
}

struct og_route_sim *
og_route_phone_sim(struct og_route_phone *phone, int number)
{
    for (int i = 0; i < phone->sim_count; i++) {
        if (phone->sims[i].number == number || phone->sims[i].number == 0) {
            return &phone->sims[i];
        }
    }
    return NULL;
}

void
og_route_table_took_turn(struct og_route_table *self, struct og_route_phone *phone, int weight)
{
    const uint64_t stride = TURN_STRIDE / (uint64_t)(weight > 0 ? weight : 1);
    /* one that was long idle does not get all the turns that it missed */
    const uint64_t floor = self->turn > TURN_STRIDE ? self->turn - TURN_STRIDE : 0;
    phone->turn = (phone->turn > floor ? phone->turn : floor) + stride;
    self->turn = phone->turn > self->turn ? phone->turn : self->turn;
}

void
og_route_table_wake_at(struct og_route_table *self, struct og_route_phone *phone, int64_t at_ms)
{
    if (at_ms && phone->wake_at && phone->wake_at <= at_ms) {
        return;
    }
    og_heap_remove(&self->wakes, phone);
    phone->wake_at = at_ms;
    if (at_ms) {
        og_heap_push(&self->wakes, phone);
    }
}

struct og_route_phone *
og_route_table_awake(struct og_route_table *self, int64_t now_ms)
{
    struct og_route_phone *first = og_heap_top(&self->wakes);
    if (!first || first->wake_at > now_ms) {
        return NULL;
    }
    og_route_table_wake_at(self, first, 0);
    return first;
}

/* ---- pace ---- */

static uint32_t
sent_today(const struct og_route_sim *sim)
{
    return sim->pace.windows ? sim->pace.windows[OG_PACE_DAY].total : 0;
}

/* Of two SIMs that may send at the same moment, the one that sent less today. */
static bool
is_fresher(const struct og_route_sim *a, const struct og_route_sim *b)
{
    return sent_today(a) < sent_today(b);
}

struct og_route_admission
og_route_phone_admit(struct og_route_phone *phone, const struct og_route_policy *policy,
                     const struct og_pace_ask *ask, int sim, int64_t now_ms)
{
    struct og_route_sim *best = NULL;
    struct og_pace_verdict verdict = {INT64_MAX, OG_PACE_FREE};
    for (int i = 0; i < phone->sim_count; i++) {
        struct og_route_sim *one = &phone->sims[i];
        if (sim > 0 && one->number > 0 && one->number != sim) {
            continue;
        }
        const struct og_pace_verdict its = og_pace_ask(&one->pace, &policy->sim, ask, now_ms);
        if (!best || its.at_ms < verdict.at_ms ||
            (its.at_ms == verdict.at_ms && is_fresher(one, best))) {
            best = one;
            verdict = its;
        }
    }
    if (!best) { /* a SIM that it has not told of: the phone will know */
        verdict = (struct og_pace_verdict){now_ms, OG_PACE_FREE};
    }
    const struct og_pace_verdict whole =
        og_pace_ask(&phone->pace, &policy->device, ask, now_ms);
    verdict = whole.at_ms > verdict.at_ms ? whole : verdict;
    const bool is_ours = phone->sim_count > 1 && best;
    return (struct og_route_admission){verdict.at_ms, verdict.reason,
                                       sim > 0 ? sim : is_ours ? best->number : 0};
}

void
og_route_phone_write(const struct og_route_phone *phone, struct og_buf *out)
{
    og_pace_write(&phone->pace, out);
    for (int i = 0; i < phone->sim_count; i++) {
        og_buf_add_byte(out, '|');
        og_buf_add_i64(out, phone->sims[i].number);
        og_buf_add_byte(out, ' ');
        og_pace_write(&phone->sims[i].pace, out);
    }
}

static bool
read_sim(struct og_route_phone *phone, struct og_str word)
{
    int64_t number;
    const size_t space = og_str_find(word, ' ');
    if (!og_str_to_i64(og_str_slice(word, 0, space), &number)) {
        return false;
    }
    struct og_route_sim *sim = og_route_phone_sim(phone, (int)number);
    return sim && og_pace_read(&sim->pace, og_str_slice(word, space + 1, word.len));
}

bool
og_route_phone_read(struct og_route_phone *phone, struct og_str text)
{
    bool is_read = true;
    for (int i = 0; i < WORDS_MAX && text.len > 0; i++) {
        const size_t end = og_str_find(text, '|');
        const struct og_str word = og_str_slice(text, 0, end);
        is_read &= i == 0 ? og_pace_read(&phone->pace, word) : read_sim(phone, word);
        text = og_str_slice(text, end < text.len ? end + 1 : end, text.len);
    }
    return is_read;
}

/* ---- accounts ---- */

void
og_route_table_set_rules(struct og_route_table *self, struct og_str account_id,
                         const struct og_route_rules *rules, struct og_arena *mem)
{
    struct account *old = og_map_remove(&self->accounts, account_id);
    if (old) {
        free_account(old);
    }
    if (!rules) {
        return;
    }
    struct account *account = og_xalloc(sizeof *account);
    account->mem = *mem;
    *mem = (struct og_arena){0};
    account->rules = *rules;
    if (rules->is_sticky) {
        account->sticky = og_xalloc(STICKY_PLACES * sizeof account->sticky[0]);
    }
    copy_id(account->id, account_id);
    og_map_put(&self->accounts, og_str_from(account->id), account);
}

const struct og_route_rules *
og_route_table_rules(const struct og_route_table *self, struct og_str account_id)
{
    const struct account *account = og_map_get(&self->accounts, account_id);
    return account ? &account->rules : NULL;
}

/* FNV-1a; never 0, which stands for none. */
static uint64_t
hash_of(struct og_str text)
{
    uint64_t hash = UINT64_C(14695981039346656037);
    for (size_t i = 0; i < text.len; i++) {
        hash = (hash ^ (unsigned char)text.ptr[i]) * UINT64_C(1099511628211);
    }
    return hash | 1;
}

static struct sticky *
sticky_place(const struct og_route_table *self, struct og_str account_id, uint64_t recipient)
{
    const struct account *account = og_map_get(&self->accounts, account_id);
    return account && account->sticky ? &account->sticky[recipient % STICKY_PLACES] : NULL;
}

void
og_route_table_stick(struct og_route_table *self, struct og_str account, uint64_t recipient,
                     struct og_str device)
{
    struct sticky *place = sticky_place(self, account, recipient);
    if (place) {
        *place = (struct sticky){recipient, hash_of(device)};
    }
}

bool
og_route_table_is_sticky(const struct og_route_table *self, struct og_str account,
                         uint64_t recipient, struct og_str device)
{
    const struct sticky *place = sticky_place(self, account, recipient);
    return place && place->recipient == recipient && place->device == hash_of(device);
}

void
og_route_table_forget(struct og_route_table *self, uint64_t recipient)
{
    struct og_map_node *node;
    for (node = og_map_first(&self->phones); node; node = og_map_next(node)) {
        struct og_route_phone *phone = og_map_value(node);
        og_recipient_set_forget(&phone->pace.recipients, recipient);
        for (int i = 0; i < phone->sim_count; i++) {
            og_recipient_set_forget(&phone->sims[i].pace.recipients, recipient);
        }
    }
    for (node = og_map_first(&self->accounts); node; node = og_map_next(node)) {
        struct account *account = og_map_value(node);
        struct sticky *place = account->sticky ? &account->sticky[recipient % STICKY_PLACES] : NULL;
        if (place && place->recipient == recipient) {
            *place = (struct sticky){0};
        }
    }
}
