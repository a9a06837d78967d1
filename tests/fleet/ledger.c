/*
 * Books about codes and bulk messages.
 */
#include "tests/fleet/ledger.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"

#define INDEX_DIGITS 7
#define ROUTE_WITHIN_MS 5000 /* the goal: a route that comes later cannot meet it */
#define BULK_TIME_FROM 20    /* open bulk messages */

static const char *const prefixes[] = {
    [LEDGER_CODE] = "+491511",
    [LEDGER_BULK] = "+491601",
};

void
ledger_init(struct ledger *self, int code_count, int bulk_count)
{
    *self = (struct ledger){.code_count = code_count, .bulk_count = bulk_count};
    self->codes = og_xalloc(((size_t)code_count + 1) * sizeof self->codes[0]);
    self->bulk_is_over = og_xalloc(((size_t)bulk_count + 1) * sizeof self->bulk_is_over[0]);
    for (int i = 0; i < code_count; i++) {
        self->codes[i].accepted_at = self->codes[i].begun_at = LEDGER_NEVER;
        self->codes[i].dead_from = LEDGER_NEVER;
    }
}

void
ledger_finish(struct ledger *self)
{
    free(self->codes);
    free(self->bulk_is_over);
}

void
ledger_number(enum ledger_kind kind, int index, char out[LEDGER_NUMBER_BYTES])
{
    snprintf(out, LEDGER_NUMBER_BYTES, "%s%0*d", prefixes[kind], INDEX_DIGITS,
             index % 10000000);
}

bool
ledger_read_number(const char *number, enum ledger_kind *kind, int *index)
{
    for (int i = LEDGER_CODE; i <= LEDGER_BULK; i++) {
        size_t len = strlen(prefixes[i]);
        if (strncmp(number, prefixes[i], len) == 0) {
            *kind = (enum ledger_kind)i;
            *index = atoi(number + len);
            return true;
        }
    }
    return false;
}

static struct ledger_code *
code_of(struct ledger *self, const char *number)
{
    enum ledger_kind kind;
    int index;
    return ledger_read_number(number, &kind, &index) && kind == LEDGER_CODE ? &self->codes[index]
                                                                            : NULL;
}

/* ---- codes come and go ---- */

void
ledger_accepted(struct ledger *self, int index, int64_t now_ms, int64_t expires_at,
                struct og_str message_id)
{
    struct ledger_code *code = &self->codes[index];
    self->asked_count = index >= self->asked_count ? index + 1 : self->asked_count;
    code->accepted_at = now_ms;
    code->dead_from = expires_at;
    code->was_bulk_time = self->is_bulk_time;
    snprintf(code->message_id, sizeof code->message_id, "%" OG_STR_FMT, OG_STR_ARG(message_id));
}

void
ledger_refused(struct ledger *self, int index, int64_t now_ms)
{
    ledger_accepted(self, index, now_ms, now_ms, OG_STR(""));
    self->codes[index].was_refused = true;
}

void
ledger_ended(struct ledger *self, int index, int64_t now_ms)
{
    struct ledger_code *code = &self->codes[index];
    if (now_ms < code->dead_from) {
        code->dead_from = now_ms;
    }
}

/* Codes come in the order of their indexes, but for those that were asked for again. */
void
ledger_route_is_live(struct ledger *self, int64_t now_ms)
{
    for (int i = self->first_open; i < self->asked_count; i++) {
        struct ledger_code *code = &self->codes[i];
        bool is_past = code->accepted_at < now_ms - ROUTE_WITHIN_MS;
        if (is_past && i == self->first_open) {
            self->first_open++;
        }
        code->had_route = code->had_route || (!is_past && code->accepted_at <= now_ms);
    }
}

/* ---- bulk ---- */

static void
look_at_bulk(struct ledger *self)
{
    self->is_bulk_time = self->bulk_accepted - self->bulk_over >= BULK_TIME_FROM;
}

void
ledger_bulk_accepted(struct ledger *self)
{
    self->bulk_accepted++;
    look_at_bulk(self);
}

static void
bulk_is_over(struct ledger *self, const char *number)
{
    enum ledger_kind kind;
    int index;
    if (ledger_read_number(number, &kind, &index) && kind == LEDGER_BULK &&
        !self->bulk_is_over[index]) {
        self->bulk_is_over[index] = true;
        self->bulk_over++;
        look_at_bulk(self);
    }
}

/* ---- phones ---- */

static struct ledger_route *
route_of(struct ledger_code *code, int phone)
{
    for (int i = 0; i < code->route_count && i < LEDGER_ROUTES_MAX; i++) {
        if (code->routes[i].phone == phone) {
            return &code->routes[i];
        }
    }
    return NULL;
}

void
ledger_handed(struct ledger *self, const struct ledger_event *event, const char *condition)
{
    struct ledger_code *code = code_of(self, event->number);
    if (!code || route_of(code, event->phone)) {
        return;
    }
    for (int i = 0; i < code->route_count && i < LEDGER_ROUTES_MAX; i++) {
        code->is_possibly_double =
            code->is_possibly_double || code->routes[i].failed_at == LEDGER_NEVER;
    }
    if (code->route_count < LEDGER_ROUTES_MAX) {
        code->routes[code->route_count] = (struct ledger_route){.phone = event->phone,
                                                                .condition = condition,
                                                                .handed_at = event->now_ms,
                                                                .failed_at = LEDGER_NEVER,
                                                                .begun_at = LEDGER_NEVER};
    }
    code->route_count++;
}

void
ledger_told_failed(struct ledger *self, const struct ledger_event *event)
{
    struct ledger_code *code = code_of(self, event->number);
    struct ledger_route *route = code ? route_of(code, event->phone) : NULL;
    if (route && route->failed_at == LEDGER_NEVER) {
        route->failed_at = event->now_ms;
    }
    bulk_is_over(self, event->number);
}

static void
note_begin(struct ledger_code *code, int phone, int64_t begun_at, bool is_aired)
{
    struct ledger_route *route = route_of(code, phone);
    if (route) {
        route->begun_at = begun_at;
        route->is_aired = is_aired;
    }
}

void
ledger_aired(struct ledger *self, const struct ledger_event *event, int64_t begun_at)
{
    struct ledger_code *code = code_of(self, event->number);
    if (!code) {
        self->bulk_aired++;
        bulk_is_over(self, event->number);
        return;
    }
    note_begin(code, event->phone, begun_at, true);
    if (begun_at >= code->dead_from) {
        self->dead_sent++;
        code->was_sent_dead = true;
    }
    self->double_sent += ++code->aired_count == 2;
    if (begun_at < code->begun_at) {
        code->begun_at = begun_at;
        code->begun_spent = code->radio_spent;
    }
}

void
ledger_lost(struct ledger *self, const struct ledger_event *event, int64_t begun_at)
{
    struct ledger_code *code = code_of(self, event->number);
    if (code && event->now_ms > begun_at) {
        note_begin(code, event->phone, begun_at, false);
        code->radio_spent += event->now_ms - begun_at;
    }
}

int64_t
ledger_delay_ms(const struct ledger_code *code)
{
    if (code->begun_at == LEDGER_NEVER) {
        return LEDGER_NEVER;
    }
    int64_t delay_ms = code->begun_at - code->accepted_at - code->begun_spent;
    return delay_ms > 0 ? delay_ms : 0;
}

/* ---- stories ---- */

static void
tell_moment(FILE *out, const char *what, int64_t at_ms, int64_t since_ms)
{
    if (at_ms != LEDGER_NEVER) {
        fprintf(out, " %s %+.1f s", what, (double)(at_ms - since_ms) / 1000.0);
    }
}

static void
tell_code(const struct ledger_code *code, int index, FILE *out)
{
    int64_t at_s = code->accepted_at / 1000;
    fprintf(out, "code %d at %02d:%02d:%02d%s", index, (int)(at_s / 3600), (int)(at_s / 60 % 60),
            (int)(at_s % 60), code->was_bulk_time ? ", bulk" : "");
    tell_moment(out, ", over", code->dead_from, code->accepted_at);
    fputs(code->was_refused ? ", refused" : "", out);
    fputs(code->was_sent_dead ? ", SENT DEAD\n" : "\n", out);
    for (int i = 0; i < code->route_count && i < LEDGER_ROUTES_MAX; i++) {
        const struct ledger_route *route = &code->routes[i];
        fprintf(out, "    phone %d, %s:", route->phone + 1, route->condition);
        tell_moment(out, "handed", route->handed_at, code->accepted_at);
        tell_moment(out, "at the radio", route->begun_at, code->accepted_at);
        fputs(route->is_aired ? " (out)" : "", out);
        tell_moment(out, "told failed", route->failed_at, code->accepted_at);
        fputc('\n', out);
    }
}

void
ledger_tell_late(const struct ledger *self, FILE *out, int64_t limit_ms, int max)
{
    for (int i = 0; i < self->code_count && max > 0; i++) {
        const struct ledger_code *code = &self->codes[i];
        bool is_late = code->had_route && ledger_delay_ms(code) > limit_ms;
        if (is_late || code->was_sent_dead) {
            tell_code(code, i, out);
            max--;
        }
    }
}
