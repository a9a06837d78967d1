/*
 * A short list that is written every moment: a search from its end is enough.
 */
#include "abuse/decisions.h"

#include <string.h>

static const char *const action_names[OG_DECISION_ACTIONS] = {
    [OG_DECISION_REFUSED] = "refused",   [OG_DECISION_CHALLENGED] = "challenged",
    [OG_DECISION_RECORDED] = "recorded", [OG_DECISION_ALERT] = "alert",
    [OG_DECISION_STOPPED] = "stopped",   [OG_DECISION_RELEASED] = "released",
    [OG_DECISION_RESET] = "reset",
};

const char *
og_decision_action_name(enum og_decision_action action)
{
    return action_names[action];
}

static bool
is_same(const struct og_decision *a, const struct og_decision *b)
{
    return a->action == b->action && a->rule == b->rule && strcmp(a->account, b->account) == 0 &&
           strcmp(a->number, b->number) == 0 && strcmp(a->place, b->place) == 0 &&
           strcmp(a->source, b->source) == 0;
}

void
og_decisions_add(struct og_decisions *self, const struct og_decision *decision)
{
    for (int i = self->count; i-- > 0;) {
        struct og_decision *other = &self->items[i];
        if (is_same(other, decision)) {
            other->count += decision->count;
            other->figure = decision->figure;
            return;
        }
    }
    if (self->count < OG_DECISIONS_MAX) {
        self->items[self->count++] = *decision;
    } else {
        self->lost_count += decision->count;
    }
}

void
og_decisions_drop(struct og_decisions *self, int count)
{
    memmove(self->items, self->items + count,
            (size_t)(self->count - count) * sizeof self->items[0]);
    self->count -= count;
}
