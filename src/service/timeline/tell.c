/*
 * From rows to steps. Pure. A phone's clock may be wrong, so its moments are drawn behind the
 * moment in which it fetched, and each behind the one before.
 */
#include "service/message/priv.h"
#include "service/timeline/priv.h"

const char *
og_step_name(enum og_step_what what)
{
    static const char *const names[OG_STEP_COUNT] = {
        [OG_STEP_STARTED] = "started",
        [OG_STEP_RESENT] = "resent",
        [OG_STEP_CHECKED] = "checked",
        [OG_STEP_APPROVED] = "approved",
        [OG_STEP_REFUSED] = "failed",
        [OG_STEP_OUT_OF_TIME] = "expired",
        [OG_STEP_CALLED_OFF] = "canceled",
        [OG_STEP_LOCKED] = "locked",
        [OG_STEP_ACCEPTED] = "accepted",
        [OG_STEP_SCHEDULED] = "scheduled",
        [OG_STEP_RELEASED] = "released",
        [OG_STEP_REPLANNED] = "replanned",
        [OG_STEP_WAITED] = "waited",
        [OG_STEP_PUSHED] = "pushed",
        [OG_STEP_HANDED] = "handed",
        [OG_STEP_PROCESSED] = "processed",
        [OG_STEP_FAILED_OVER] = "failed_over",
        [OG_STEP_CLAIMED] = "claimed",
        [OG_STEP_SENT] = "sent",
        [OG_STEP_DELIVERED] = "delivered",
        [OG_STEP_CANCEL_ASKED] = "cancel_asked",
        [OG_STEP_CANCELLED] = "cancelled",
        [OG_STEP_GIVEN_UP] = "given_up",
        [OG_STEP_WITHDRAWN] = "withdrawn",
        [OG_STEP_FAILED] = "failed",
        [OG_STEP_UNDELIVERABLE] = "undeliverable",
        [OG_STEP_EXPIRED] = "expired",
        [OG_STEP_CLOSED] = "closed",
        [OG_STEP_WEBHOOK] = "webhook",
    };
    return names[what];
}

bool
og_step_is_of_verification(enum og_step_what what)
{
    return what < OG_STEP_ACCEPTED;
}

struct og_timeline_step *
og_timeline_put(struct og_timeline *out, enum og_step_what what, int64_t at)
{
    if (!at || out->count == OG_TIMELINE_STEPS_MAX) {
        out->is_cut |= at != 0;
        return NULL;
    }
    struct og_timeline_step *step = &out->steps[out->count++];
    *step = (struct og_timeline_step){.what = what, .at = at, .state = "", .result = ""};
    return step;
}

/* ---- one message ---- */

struct telling {
    struct og_timeline *out;
    const struct og_told_message *told;
    struct og_arena *mem;
    struct og_str holder; /* that fetched it last */
};

static struct og_timeline_step *
put(const struct telling *t, enum og_step_what what, int64_t at, enum og_message_state state,
    struct og_str device)
{
    struct og_timeline_step *step = og_timeline_put(t->out, what, at);
    static struct og_timeline_step nowhere; /* of a step that is not told */
    if (!step) {
        nowhere = (struct og_timeline_step){0};
        return &nowhere;
    }
    step->state = og_message_state_name(state);
    step->device_id = device;
    step->send = t->told->send;
    return step;
}

/* The phone that was planned when it was accepted. */
static struct og_str
first_plan(const struct og_told_message *told)
{
    for (int i = 0; i < told->note_count; i++) {
        if (told->notes[i].kind == OG_NOTE_REPLANNED || told->notes[i].kind == OG_NOTE_RELEASED) {
            return told->notes[i].other_id;
        }
    }
    return told->route_count ? told->routes[0].device_id : told->m.device_id;
}

static void
tell_accepted(const struct telling *t)
{
    const struct og_message *m = &t->told->m;
    struct og_timeline_step *step =
        put(t, OG_STEP_ACCEPTED, m->created_at, OG_MESSAGE_PENDING, first_plan(t->told));
    step->sim = m->sim_number;
    step->parts = m->parts;
    step->recipients = (int64_t)m->record.recipient_count;
    step->reason = m->bound ? OG_STR("the client named the phone") : OG_STR("");
    if (m->schedule_at > m->created_at) {
        put(t, OG_STEP_SCHEDULED, m->created_at, OG_MESSAGE_PENDING, OG_STR(""))->until =
            m->schedule_at;
    }
}

static void
tell_handed(const struct telling *t, struct og_str device, int64_t hinted_at, int64_t handed_at,
            int64_t sim, int64_t route)
{
    put(t, OG_STEP_PUSHED, hinted_at, OG_MESSAGE_PENDING, device);
    struct og_timeline_step *step =
        put(t, OG_STEP_HANDED, handed_at, OG_MESSAGE_PENDING, device);
    step->sim = sim;
    step->route = route;
    step->parts = t->told->m.parts;
}

/* Phones that had it and lost it. The next one is that of the next route, or the present one. */
static void
tell_routes(const struct telling *t)
{
    const struct og_told_message *told = t->told;
    for (int i = 0; i < told->route_count; i++) {
        const struct og_former_route *route = &told->routes[i];
        const bool is_last = i + 1 == told->route_count;
        tell_handed(t, route->device_id, route->hinted_at, route->handed_at, route->sim, i + 1);
        put(t, OG_STEP_PROCESSED, route->processed_at, OG_MESSAGE_PROCESSED, route->device_id);
        struct og_timeline_step *step =
            put(t, OG_STEP_FAILED_OVER, route->ended_at, OG_MESSAGE_PENDING,
                is_last ? t->holder : told->routes[i + 1].device_id);
        step->from_id = route->device_id;
        step->route = i + 2;
        step->is_possible_duplicate = route->outcome == OG_ROUTE_SILENT;
        step->reason = route->outcome == OG_ROUTE_SILENT
                           ? OG_STR("silent")
                           : og_timeline_cover(route->reason, t->mem);
    }
}

static void
tell_note(const struct telling *t, const struct og_timeline_note *note)
{
    static const enum og_step_what whats[] = {
        [OG_NOTE_REPLANNED] = OG_STEP_REPLANNED, [OG_NOTE_RELEASED] = OG_STEP_RELEASED,
        [OG_NOTE_WAITED] = OG_STEP_WAITED,       [OG_NOTE_CLAIMED] = OG_STEP_CLAIMED,
        [OG_NOTE_WITHDRAWN] = OG_STEP_WITHDRAWN,
    };
    if (note->kind == OG_NOTE_HOOK) {
        og_timeline_tell_hook(t->out, note, t->told->send);
        return;
    }
    if (note->kind > OG_NOTE_WITHDRAWN) {
        return;
    }
    if (note->kind == OG_NOTE_WITHDRAWN) {
        put(t, OG_STEP_GIVEN_UP, note->until, OG_MESSAGE_FAILED, note->device_id)->is_assumed =
            true;
    }
    struct og_timeline_step *step =
        put(t, whats[note->kind], note->at, OG_MESSAGE_PENDING, note->device_id);
    step->from_id = og_str_eq(note->other_id, note->device_id) ? OG_STR("") : note->other_id;
    step->reason = note->reason;
    step->until = note->kind == OG_NOTE_WAITED ? note->until : 0;
}

static enum og_step_what
what_failed(const struct og_message *m)
{
    if (og_str_eq(m->reason, OG_STR(OG_REASON_EXPIRED))) {
        return OG_STEP_EXPIRED;
    }
    return og_str_starts(m->reason, OG_STR("undeliverable")) ? OG_STEP_UNDELIVERABLE
                                                             : OG_STEP_FAILED;
}

/* What the present phone did, and how it ended. */
static void
tell_states(const struct telling *t)
{
    const struct og_message *m = &t->told->m;
    const int64_t *at = m->record.times.at_ms;
    int64_t floor = m->handed_at ? m->handed_at : m->created_at;
    static const struct {
        enum og_message_state state;
        enum og_step_what what;
    } told[] = {
        {OG_MESSAGE_PROCESSED, OG_STEP_PROCESSED},
        {OG_MESSAGE_SENT, OG_STEP_SENT},
        {OG_MESSAGE_DELIVERED, OG_STEP_DELIVERED},
        {OG_MESSAGE_FAILED, OG_STEP_FAILED},
        {OG_MESSAGE_CANCELLED, OG_STEP_CANCELLED},
    };
    const int64_t asked_at =
        at[OG_MESSAGE_CANCELLING] ? at[OG_MESSAGE_CANCELLING] : at[OG_MESSAGE_CANCELLED];
    put(t, OG_STEP_CANCEL_ASKED, asked_at,
        at[OG_MESSAGE_CANCELLING] ? OG_MESSAGE_CANCELLING : OG_MESSAGE_PENDING, OG_STR(""));
    for (size_t i = 0; i < sizeof told / sizeof told[0]; i++) {
        const enum og_message_state state = told[i].state;
        const bool is_failure = state == OG_MESSAGE_FAILED;
        if (!at[state]) {
            continue;
        }
        floor = at[state] > floor ? at[state] : floor;
        struct og_timeline_step *step =
            put(t, is_failure ? what_failed(m) : told[i].what, floor, state,
                m->handed_at || state == OG_MESSAGE_SENT ? m->device_id : OG_STR(""));
        step->reason = is_failure ? og_timeline_cover(m->reason, t->mem) : OG_STR("");
        step->is_assumed = is_failure && m->record.is_assumed;
    }
}

/* Sent, and its delivery report never came. */
static void
tell_closed(const struct telling *t)
{
    const struct og_message *m = &t->told->m;
    bool is_missing = false;
    for (size_t i = 0; i < m->record.recipient_count; i++) {
        is_missing |= m->record.recipients[i].state == OG_MESSAGE_SENT;
    }
    if (m->final_at && m->want_report && is_missing) {
        put(t, OG_STEP_CLOSED, m->final_at, m->record.state, OG_STR(""))->reason =
            OG_STR("no delivery report in time");
    }
}

/* A former phone's late word made it that one's again; another one had fetched it. */
static struct og_str
holder_of(const struct og_told_message *told)
{
    struct og_str holder = told->m.device_id;
    for (int i = told->note_count - 1; i >= 0; i--) {
        if (told->notes[i].kind == OG_NOTE_CLAIMED) {
            holder = told->notes[i].other_id;
        }
    }
    return holder;
}

void
og_timeline_tell_message(struct og_timeline *out, const struct og_told_message *told,
                         struct og_arena *mem)
{
    const struct telling t = {out, told, mem, holder_of(told)};
    const struct og_message *m = &told->m;
    tell_accepted(&t);
    tell_routes(&t);
    for (int i = 0; i < told->note_count; i++) {
        tell_note(&t, &told->notes[i]);
    }
    tell_handed(&t, t.holder, m->hinted_at, m->handed_at, m->route_sim, told->route_count + 1);
    tell_states(&t);
    tell_closed(&t);
}

/* ---- events ---- */

void
og_timeline_tell_hook(struct og_timeline *out, const struct og_timeline_note *note, int64_t send)
{
    struct og_timeline_step *step = og_timeline_put(out, OG_STEP_WEBHOOK, note->at);
    if (step) {
        step->send = send;
        step->event = note->event;
        step->webhook_id = note->other_id;
        step->tries = note->tries;
        step->reason = note->reason;
        step->result = note->reason.len ? "given_up" : "taken";
    }
}

void
og_timeline_tell_queued(struct og_timeline *out, const struct og_webhook_event_row *row,
                        int64_t send, struct og_arena *mem)
{
    struct og_timeline_step *step = og_timeline_put(out, OG_STEP_WEBHOOK, row->created_at);
    if (step) {
        step->send = send;
        step->event = row->event;
        step->webhook_id = row->webhook_id;
        step->tries = row->failed;
        step->reason = og_timeline_cover(row->reason, mem);
        step->result = row->failed ? "failing" : "queued";
        step->until = row->next_at;
    }
}

/* ---- order ---- */

/* Mostly in order already. */
void
og_timeline_sort(struct og_timeline *out)
{
    for (size_t i = 1; i < out->count; i++) {
        const struct og_timeline_step step = out->steps[i];
        size_t k = i;
        for (; k > 0 && out->steps[k - 1].at > step.at; k--) {
            out->steps[k] = out->steps[k - 1];
        }
        out->steps[k] = step;
    }
}
