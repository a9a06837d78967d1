/*
 * From cases to counts and back. The store takes all or nothing of what one ask lists, so a message
 * is one ask.
 */
#include "service/abuse/share.h"

#include "codes/code_store.h"
#include "service/abuse/priv.h"

#define REGION_CHARS 2
#define SUBJECT_BYTES 9 /* a tag and a key */

static struct og_count_store *
store_of(const struct og_services *svc)
{
    const bool is_shared = og_abuse_is_on(svc) && og_shield_config(svc->shield)->is_shared;
    return is_shared ? svc->codes->counts : NULL;
}

bool
og_abuse_is_shared(const struct og_services *svc)
{
    return store_of(svc) != NULL;
}

/* ---- what is asked for ---- */

static void
add_need(struct og_count_ask *ask, enum og_abuse_rule *rules, const struct og_abuse_need *need)
{
    int at = 0;
    while (at < ask->count && (rules[at] != need->rule || ask->items[at].subject != need->key)) {
        at++;
    }
    if (at == OG_COUNT_ITEMS_MAX) {
        return; /* there are fewer rules */
    }
    if (at == ask->count) {
        ask->items[ask->count++] = (struct og_count){
            .rule = og_abuse_rules[need->rule].word,
            .subject = need->key,
            .span_ms = og_abuse_rules[need->rule].span_ms,
            .limit = need->limit,
        };
        rules[at] = need->rule;
    }
    ask->items[at].amount += need->amount;
}

static bool
is_of_number(enum og_abuse_rule rule)
{
    const enum og_abuse_subject subject = og_abuse_rules[rule].subject;
    return subject == OG_SUBJECT_RECIPIENT || subject == OG_SUBJECT_PREFIX ||
           subject == OG_SUBJECT_COUNTRY;
}

_Static_assert(OG_RULE_LIMITS <= OG_COUNT_ITEMS_MAX, "a case's limits are one ask");

static void
fill(const struct og_services *svc, const struct og_abuse_case *cases, int count,
     struct og_count_ask *ask, enum og_abuse_rule *rules)
{
    struct og_abuse_need needs[OG_RULE_LIMITS];
    for (int i = 0; i < count; i++) {
        const int need_count = og_shield_needs(svc->shield, &cases[i], needs);
        for (int k = 0; k < need_count; k++) {
            if (count == 1 || !is_of_number(needs[k].rule)) {
                add_need(ask, rules, &needs[k]);
            }
        }
    }
}

/* ---- around the lane ---- */

static void
heard(struct og_count_ask *ask)
{
    struct og_abuse_share *self = OG_CONTAINER_OF(ask, struct og_abuse_share, ask);
    self->ready(self);
}

void
og_abuse_share_take(struct og_abuse_share *self, const struct og_services *svc,
                    struct og_loop *loop, const struct og_abuse_case *cases, int count)
{
    struct og_count_store *store = store_of(svc);
    self->ask = (struct og_count_ask){.done = heard};
    if (store) {
        fill(svc, cases, count, &self->ask, self->rules);
    }
    if (self->ask.count == 0) {
        self->ready(self);
        return;
    }
    self->ask.is_forced = og_shield_config(svc->shield)->mode == OG_SHIELD_RECORD;
    store->take(store, loop, &self->ask);
}

void
og_abuse_share_show(const struct og_abuse_share *self, struct og_abuse_case *out)
{
    for (int i = 0; i < self->ask.count; i++) {
        const struct og_count *item = &self->ask.items[i];
        const enum og_abuse_rule rule = self->rules[i];
        if (item->subject == out->shared_keys[og_abuse_rules[rule].subject]) {
            out->shared.sums[rule] = item->sum;
            out->shared.waits_ms[rule] = item->wait_ms;
        }
    }
}

void
og_abuse_share_end(struct og_abuse_share *self, const struct og_services *svc, bool is_used)
{
    if (self->ask.is_taken && !is_used) {
        struct og_count_store *store = store_of(svc);
        store->give(store, &self->ask);
    }
    self->ask.is_taken = false;
}

/* ---- without a question ---- */

void
og_abuse_share_tell(const struct og_services *svc, const struct og_abuse_case *cases, int count)
{
    struct og_count_store *store = store_of(svc);
    struct og_count_ask ask = {.is_forced = true};
    enum og_abuse_rule rules[OG_COUNT_ITEMS_MAX];
    if (store) {
        fill(svc, cases, count, &ask, rules);
    }
    if (ask.count > 0) {
        store->take(store, NULL, &ask);
    }
}

void
og_abuse_share_forget(const struct og_services *svc, enum og_abuse_subject subject, uint64_t key)
{
    struct og_count_store *store = store_of(svc);
    struct og_count_ask ask = {0};
    for (int i = 0; store && i < OG_RULE_LIMITS; i++) {
        if (og_abuse_rules[i].subject == subject) {
            ask.items[ask.count++] = (struct og_count){
                .rule = og_abuse_rules[i].word, .subject = key,
                .span_ms = og_abuse_rules[i].span_ms};
        }
    }
    if (ask.count > 0) {
        store->forget(store, &ask);
    }
}

/* ---- for a resend ---- */

void
og_abuse_share_pack(const struct og_abuse_case *c, struct og_buf *out)
{
    if (!c->shared_keys[OG_SUBJECT_GLOBAL]) {
        return; /* nothing is shared */
    }
    og_buf_add(out, (struct og_str){c->region, REGION_CHARS});
    for (int i = 0; i < OG_SUBJECT_COUNT; i++) {
        if (c->shared_keys[i]) {
            og_buf_add_byte(out, (char)i);
            og_buf_add(out, (struct og_str){(const char *)&c->shared_keys[i],
                                            sizeof c->shared_keys[i]});
        }
    }
}

void
og_abuse_share_unpack(struct og_str bytes, struct og_abuse_case *out)
{
    *out = (struct og_abuse_case){.kind = OG_ABUSE_CODE_AGAIN, .amount = 1};
    if (bytes.len < REGION_CHARS || (bytes.len - REGION_CHARS) % SUBJECT_BYTES != 0) {
        return;
    }
    memcpy(out->region, bytes.ptr, REGION_CHARS);
    for (size_t i = REGION_CHARS; i < bytes.len; i += SUBJECT_BYTES) {
        const unsigned char tag = (unsigned char)bytes.ptr[i];
        if (tag < OG_SUBJECT_COUNT) {
            memcpy(&out->shared_keys[tag], bytes.ptr + i + 1, sizeof out->shared_keys[tag]);
        }
    }
}
