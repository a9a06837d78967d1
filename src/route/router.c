/*
 * Refusals in one table of rules, then one comparison.
 */
#include "route/router.h"

#define RADIO_MS 1500       /* a part on the air (domain/phones.md section 4.2) */
#define DOUBT_MS 40         /* a point of score less counts like so much delay */
#define PROBE_MS 20000      /* a phone on probation is the last that gets a code */
#define STICKY_MS 3000      /* so much slower may the usual route be */
#define PRESENT_MS 10000    /* so much slower may the present plan be */
#define BURST_PARTS 10      /* a line beyond this moves at the pace of the long run */
#define EQUAL_MS 400        /* delays that differ by less are the same: phones take turns */

static const char *const verdict_names[OG_ROUTE_VERDICT_COUNT] = {
    [OG_ROUTE_CHOSEN] = "chosen",
    [OG_ROUTE_LATER] = "later",
    [OG_ROUTE_AWAY] = "away",
    [OG_ROUTE_NOT_ASKED] = "not_asked",
    [OG_ROUTE_NOT_IN_RULE] = "not_in_rule",
    [OG_ROUTE_TRIED] = "tried",
    [OG_ROUTE_UNSEEN] = "unseen",
    [OG_ROUTE_QUARANTINED] = "quarantined",
    [OG_ROUTE_TOO_SLOW] = "too_slow",
};

const char *
og_route_verdict_name(enum og_route_verdict verdict)
{
    return verdict_names[verdict];
}

/* Until it is on the air. */
static int64_t
delay_of(const struct og_route_candidate *c, const struct og_route_ask *ask)
{
    const int64_t wait_ms = c->pace.at_ms > ask->now_ms ? c->pace.at_ms - ask->now_ms : 0;
    const bool is_long = wait_ms > 0 || c->ahead_parts > BURST_PARTS;
    const int64_t busy_ms = c->busy_ms > 0 ? c->busy_ms : RADIO_MS;
    const int64_t part_ms = is_long && c->part_ms > busy_ms ? c->part_ms : busy_ms;
    return wait_ms + c->ahead_parts * part_ms + c->latency_ms;
}

static enum og_route_verdict
judge(const struct og_route_candidate *c, const struct og_route_ask *ask, int64_t delay_ms)
{
    const bool is_other_device = ask->device.len > 0 && !og_str_eq(ask->device, c->device);
    const bool is_other_sim = ask->sim > 0 && c->sim > 0 && ask->sim != c->sim;
    if (is_other_device || is_other_sim) {
        return OG_ROUTE_NOT_ASKED;
    }
    if (c->is_tried) {
        return OG_ROUTE_TRIED;
    }
    if (!c->is_connected && c->seen_at < ask->seen_since_ms) {
        return OG_ROUTE_UNSEEN;
    }
    if (ask->device.len > 0) { /* the client's word: whatever we think of the phone */
        return c->is_connected ? OG_ROUTE_LATER : OG_ROUTE_AWAY;
    }
    if (!c->is_in_rule) {
        return OG_ROUTE_NOT_IN_RULE;
    }
    if (c->health == OG_HEALTH_QUARANTINED && !c->wants_probe) {
        return OG_ROUTE_QUARANTINED;
    }
    if (!c->is_connected) {
        return OG_ROUTE_AWAY;
    }
    return delay_ms > ask->left_ms ? OG_ROUTE_TOO_SLOW : OG_ROUTE_LATER;
}

/* Delay, and what speaks for or against it in the same unit. */
static int64_t
cost_of(const struct og_route_candidate *c, const struct og_route_ask *ask, int64_t delay_ms)
{
    int64_t cost = delay_ms + (100 - c->score) * DOUBT_MS;
    cost += c->wants_probe && ask->is_otp ? PROBE_MS : 0;
    cost -= c->is_sticky ? STICKY_MS : 0;
    cost -= c->is_present ? PRESENT_MS : 0;
    return cost;
}

struct rank {
    int group;
    int64_t cost;
};

static struct rank
rank_of(const struct og_route_candidate *c, const struct og_route_ask *ask)
{
    return (struct rank){c->group_priority, cost_of(c, ask, delay_of(c, ask))};
}

static bool
is_ahead(const struct rank *a, const struct rank *b)
{
    return a->group != b->group ? a->group < b->group : a->cost < b->cost;
}

/* Of phones that are away the one that was seen last, then the one with least to do. */
static bool
is_likelier(const struct og_route_candidate *a, const struct og_route_candidate *b)
{
    if (a->group_priority != b->group_priority) {
        return a->group_priority < b->group_priority;
    }
    if (a->seen_at != b->seen_at) {
        return a->seen_at > b->seen_at;
    }
    return a->ahead_parts != b->ahead_parts ? a->ahead_parts < b->ahead_parts : a->turn < b->turn;
}

/* Those that are nearly as good as the first take turns. */
static size_t
whose_turn(const struct og_route_candidate *candidates, size_t count,
           const struct og_route_ask *ask, const struct rank *first)
{
    size_t best = OG_ROUTE_NONE;
    for (size_t i = 0; i < count; i++) {
        const struct og_route_candidate *c = &candidates[i];
        const struct rank rank = rank_of(c, ask);
        const bool is_near = judge(c, ask, delay_of(c, ask)) == OG_ROUTE_LATER &&
                             rank.group == first->group && rank.cost - first->cost < EQUAL_MS;
        if (is_near && (best == OG_ROUTE_NONE || c->turn < candidates[best].turn)) {
            best = i;
        }
    }
    return best;
}

size_t
og_router_choose(const struct og_route_candidate *candidates, size_t count,
                 const struct og_route_ask *ask, struct og_route_answer *answers)
{
    size_t best = OG_ROUTE_NONE, away = OG_ROUTE_NONE;
    struct rank first = {0};
    for (size_t i = 0; i < count; i++) {
        const struct og_route_candidate *c = &candidates[i];
        const int64_t delay_ms = delay_of(c, ask);
        const enum og_route_verdict verdict = judge(c, ask, delay_ms);
        const struct rank rank = rank_of(c, ask);
        if (answers) {
            answers[i] = (struct og_route_answer){verdict, delay_ms};
        }
        if (verdict == OG_ROUTE_LATER && (best == OG_ROUTE_NONE || is_ahead(&rank, &first))) {
            best = i;
            first = rank;
        }
        if (verdict == OG_ROUTE_AWAY &&
            (away == OG_ROUTE_NONE || is_likelier(c, &candidates[away]))) {
            away = i;
        }
    }
    best = best == OG_ROUTE_NONE ? away : whose_turn(candidates, count, ask, &first);
    if (best != OG_ROUTE_NONE && answers) {
        answers[best].verdict = OG_ROUTE_CHOSEN;
    }
    return best;
}

int64_t
og_router_best_delay_ms(const struct og_route_candidate *candidates,
                        const struct og_route_answer *answers, size_t count)
{
    int64_t best = INT64_MAX;
    for (size_t i = 0; i < count; i++) {
        const bool would_do = answers[i].verdict == OG_ROUTE_LATER ||
                              answers[i].verdict == OG_ROUTE_CHOSEN ||
                              answers[i].verdict == OG_ROUTE_TOO_SLOW;
        if (would_do && candidates[i].is_connected && answers[i].delay_ms < best) {
            best = answers[i].delay_ms;
        }
    }
    return best;
}
