/*
 * The room wants a verb to cost its loop no waiting, and each ask exactly one answer on its own
 * loop. A ticket travels: made here, taken by the store's thread, posted back to the loop of the
 * asker.
 */
#include "codes/code_desk.h"

#include <stdio.h>
#include <stdlib.h>

#define TELL_EVERY_MS 5000 /* another reason for the same state */
#define FOREIGN_MS 60000   /* how long health tells of another gateway's mark */

/* ---- tickets ---- */

static void
make_key(const struct og_code_desk *self, struct og_code_name name, char out[OG_CODE_KEY_BYTES])
{
    char bytes[1 + OG_CODE_NAME_MAX_BYTES];
    char text[48];
    uint8_t digest[OG_DIGEST_BYTES];
    struct og_buf base64;
    bytes[0] = (char)name.account.len;
    memcpy(bytes + 1, name.account.ptr ? name.account.ptr : "", name.account.len);
    memcpy(bytes + 1 + name.account.len, name.id.ptr, name.id.len);
    og_sha256((struct og_str){bytes, 1 + name.account.len + name.id.len}, digest);
    og_buf_init(&base64, sizeof(text));
    og_base64_encode((struct og_str){(const char *)digest, sizeof(digest)}, true, &base64);
    /* The braces make Redis put whatever else belongs to this verification into the same slot. */
    snprintf(out, OG_CODE_KEY_BYTES, "%s{%s}", self->prefix, base64.ptr);
    og_buf_finish(&base64);
}

/* Is there room for one more? */
static bool
open_one(struct og_code_desk *self, bool is_asked)
{
    pthread_mutex_lock(&self->shared.lock);
    const bool is_open = self->shared.open < OG_CODE_TICKETS_MAX &&
                         !(is_asked && self->shared.is_settled);
    self->shared.open += is_open;
    pthread_mutex_unlock(&self->shared.lock);
    return is_open;
}

static void
close_one(struct og_code_desk *self)
{
    pthread_mutex_lock(&self->shared.lock);
    if (--self->shared.open == 0) {
        pthread_cond_broadcast(&self->shared.idle);
    }
    pthread_mutex_unlock(&self->shared.lock);
}

static void
refuse(struct og_code_ask *ask, enum og_code code, const char *text)
{
    if (ask) {
        ask->code = og_fail(&ask->err, code, NULL, "%s", text);
        ask->done(ask);
    }
}

/* NULL when it is refused; the ask is answered then. */
static struct og_code_ticket *
ticket_new(struct og_code_desk *self, enum og_code_verb verb, struct og_loop *loop)
{
    struct og_code_ticket *ticket = og_xalloc(sizeof(*ticket));
    ticket->verb = verb;
    ticket->desk = self;
    ticket->home = loop;
    ticket->until_mono_ms = og_mono_ms(self->clock) + OG_CODE_ANSWER_MS;
    return ticket;
}

static struct og_code_ticket *
ticket_make(struct og_code_desk *self, enum og_code_verb verb, struct og_code_name name,
            struct og_loop *loop, struct og_code_ask *ask)
{
    if (!open_one(self, ask != NULL)) {
        refuse(ask, OG_E_UNAVAILABLE, "too much waits for the store of codes");
        return NULL;
    }
    struct og_code_ticket *ticket = ticket_new(self, verb, loop);
    ticket->ask = ask;
    make_key(self, name, ticket->key);
    return ticket;
}

static void
ticket_free(struct og_code_ticket *ticket)
{
    free(ticket->counts);
    og_wipe(ticket, sizeof(*ticket));
    free(ticket);
}

/* On the asker's loop. */
static void
hand_back(struct og_loop_task *task)
{
    struct og_code_ticket *ticket = OG_CONTAINER_OF(task, struct og_code_ticket, task);
    struct og_code_ask *ask = ticket->ask;
    ask->code = ticket->code;
    ask->err = ticket->err;
    ask->verdict = ticket->verdict;
    ask->attempts_left = ticket->attempts_left;
    ask->left_ms = ticket->left_ms;
    ask->found = ticket->found;
    ask->sealed = (struct og_str){ticket->body.sealed, ticket->found ? ticket->body.sealed_len : 0};
    ask->done(ask);
    ticket_free(ticket);
}

/* Likewise, for counts. */
static void
hand_back_counts(struct og_loop_task *task)
{
    struct og_code_ticket *ticket = OG_CONTAINER_OF(task, struct og_code_ticket, task);
    struct og_count_ask *ask = ticket->count_ask;
    const struct og_count_ask *answer = ticket->counts;
    ask->code = ticket->code;
    ask->err = ticket->err;
    ask->is_taken = ticket->code == OG_OK && answer->is_taken;
    ask->at_ms = answer->at_ms;
    for (int i = 0; i < ask->count; i++) {
        ask->items[i].sum = answer->items[i].sum;
        ask->items[i].wait_ms = answer->items[i].wait_ms;
    }
    ask->done(ask);
    ticket_free(ticket);
}

/* Two sets of gateways that do not know each other's subjects: no limit would hold over both. */
static enum og_code
refuse_foreign(struct og_code_ticket *ticket)
{
    int64_t held;
    ticket->desk->foreign_until_mono_ms = og_mono_ms(ticket->desk->clock) + FOREIGN_MS;
    if (og_log_limit_pass(&ticket->desk->told_foreign, TELL_EVERY_MS, &held)) {
        og_log_error("codes", "shared limits are refused",
                     "store=%s reason=\"a gateway with another abuse.shared_secret counts there, "
                     "or did within the last minute\"",
                     ticket->desk->kind);
    }
    return og_fail(&ticket->err, OG_E_UNAVAILABLE, NULL,
                   "the store of counts is used with another secret");
}

void
og_code_ticket_answer(struct og_code_ticket *ticket, enum og_code code)
{
    struct og_code_desk *desk = ticket->desk;
    if (code == OG_OK && ticket->is_foreign) {
        code = refuse_foreign(ticket);
    }
    ticket->code = code;
    ticket->verdict = code == OG_OK ? ticket->verdict : OG_VERDICT_NONE;
    ticket->found = code == OG_OK && ticket->found;
    if (ticket->ask || ticket->count_ask) {
        ticket->task.run = ticket->ask ? hand_back : hand_back_counts;
        og_loop_post(ticket->home, &ticket->task);
    } else {
        ticket_free(ticket);
    }
    /* posted before: whoever waits for the desk finds the answers on their loops */
    close_one(desk);
}

void
og_code_ticket_fail(struct og_code_ticket *ticket, const char *reason)
{
    og_code_ticket_answer(ticket, og_fail(&ticket->err, OG_E_UNAVAILABLE, NULL,
                                          "the store of codes does not answer: %s", reason));
}

/* ---- verbs ---- */

static void
desk_put(struct og_code_store *face, struct og_loop *loop, const struct og_code_record *record,
         struct og_code_ask *ask)
{
    struct og_code_desk *self = (struct og_code_desk *)face;
    if (!og_code_record_is_sound(record)) {
        refuse(ask, OG_E_INTERNAL, "a code record out of bounds");
        return;
    }
    struct og_code_ticket *ticket = ticket_make(self, OG_CODE_PUT, record->name, loop, ask);
    if (ticket) {
        ticket->body.mac = record->mac;
        ticket->body.shape = record->shape;
        ticket->body.attempts_left = record->attempts;
        ticket->body.sealed_len = (uint16_t)record->sealed.len;
        memcpy(ticket->body.sealed, record->sealed.ptr ? record->sealed.ptr : "",
               record->sealed.len);
        ticket->ttl_ms = record->ttl_ms;
        self->take(self, ticket);
    }
}

/* No record can have such a name. */
static void
answer_nothing(struct og_code_ask *ask)
{
    if (ask) {
        ask->code = OG_OK;
        ask->verdict = OG_VERDICT_NONE;
        ask->attempts_left = 0;
        ask->left_ms = 0;
        ask->found = false;
        ask->sealed = (struct og_str){NULL, 0};
        ask->done(ask);
    }
}

static void
desk_check(struct og_code_store *face, struct og_loop *loop, const struct og_code_guess *guess,
           struct og_code_ask *ask)
{
    struct og_code_desk *self = (struct og_code_desk *)face;
    if (!og_code_name_is_sound(guess->name)) {
        answer_nothing(ask);
        return;
    }
    struct og_code_ticket *ticket = ticket_make(self, OG_CODE_CHECK, guess->name, loop, ask);
    if (ticket) {
        ticket->guess = *guess;
        ticket->guess.name = (struct og_code_name){{NULL, 0}, {NULL, 0}};
        self->take(self, ticket);
    }
}

static void
take_named(struct og_code_store *face, enum og_code_verb verb, struct og_loop *loop,
           struct og_code_name name, struct og_code_ask *ask)
{
    struct og_code_desk *self = (struct og_code_desk *)face;
    if (!og_code_name_is_sound(name)) {
        answer_nothing(ask);
        return;
    }
    struct og_code_ticket *ticket = ticket_make(self, verb, name, loop, ask);
    if (ticket) {
        self->take(self, ticket);
    }
}

static void
desk_peek(struct og_code_store *face, struct og_loop *loop, struct og_code_name name,
          struct og_code_ask *ask)
{
    take_named(face, OG_CODE_PEEK, loop, name, ask);
}

static void
desk_drop(struct og_code_store *face, struct og_loop *loop, struct og_code_name name,
          struct og_code_ask *ask)
{
    take_named(face, OG_CODE_DROP, loop, name, ask);
}

/* ---- counts ---- */

void
og_count_key(const struct og_code_ticket *ticket, int item, char out[OG_COUNT_KEY_BYTES])
{
    const struct og_count *count = &ticket->counts->items[item];
    snprintf(out, OG_COUNT_KEY_BYTES, "%s:%.32s:%016llx", ticket->key, count->rule,
             (unsigned long long)count->subject);
}

void
og_count_mark_key(const struct og_code_ticket *ticket, char out[OG_COUNT_KEY_BYTES])
{
    snprintf(out, OG_COUNT_KEY_BYTES, "%s:mark", ticket->key);
}

static struct og_code_desk *
desk_of(struct og_count_store *counts)
{
    return OG_CONTAINER_OF(counts, struct og_code_desk, counts);
}

static void
refuse_counts(struct og_count_ask *ask, enum og_code code, const char *text)
{
    ask->is_taken = false;
    ask->code = og_fail(&ask->err, code, NULL, "%s", text);
    if (ask->done) {
        ask->done(ask);
    }
}

/* All counts have one name before the colon: a script reaches them in one step. NULL: refused. */
static struct og_code_ticket *
count_ticket(struct og_code_desk *self, enum og_code_verb verb, const struct og_count_ask *ask,
             struct og_loop *loop)
{
    if (!open_one(self, ask->done != NULL)) {
        return NULL;
    }
    struct og_code_ticket *ticket = ticket_new(self, verb, loop);
    ticket->counts = og_xalloc(sizeof(*ticket->counts));
    *ticket->counts = *ask;
    ticket->mark = self->mark;
    snprintf(ticket->key, sizeof(ticket->key), "%s{counts}", self->prefix);
    return ticket;
}

static void
desk_take(struct og_count_store *counts, struct og_loop *loop, struct og_count_ask *ask)
{
    struct og_code_desk *self = desk_of(counts);
    if (ask->count < 1 || ask->count > OG_COUNT_ITEMS_MAX) {
        refuse_counts(ask, OG_E_INTERNAL, "a take of counts out of bounds");
        return;
    }
    struct og_code_ticket *ticket = count_ticket(self, OG_COUNT_TAKE, ask, loop);
    if (ticket) {
        ticket->count_ask = ask->done ? ask : NULL;
        self->take(self, ticket);
    } else {
        refuse_counts(ask, OG_E_UNAVAILABLE, "too much waits for the store of codes");
    }
}

static void
send_counts(struct og_count_store *counts, enum og_code_verb verb,
            const struct og_count_ask *items)
{
    struct og_code_desk *self = desk_of(counts);
    struct og_code_ticket *ticket = count_ticket(self, verb, items, NULL);
    if (ticket) {
        self->take(self, ticket);
    }
}

static void
desk_give(struct og_count_store *counts, const struct og_count_ask *taken)
{
    send_counts(counts, OG_COUNT_GIVE, taken);
}

static void
desk_forget(struct og_count_store *counts, const struct og_count_ask *items)
{
    send_counts(counts, OG_COUNT_FORGET, items);
}

void
og_code_desk_count(struct og_code_desk *self, const char *mark)
{
    if (mark) {
        snprintf(self->mark, sizeof(self->mark), "%s", mark);
        self->counts = (struct og_count_store){desk_take, desk_give, desk_forget};
        self->face.counts = &self->counts;
    }
}

/* ---- health, life ---- */

static struct og_code_health
desk_health(struct og_code_store *face)
{
    struct og_code_desk *self = (struct og_code_desk *)face;
    pthread_mutex_lock(&self->shared.lock);
    struct og_code_health health = self->shared.health;
    pthread_mutex_unlock(&self->shared.lock);
    if (health.level == OG_CODE_HEALTH_UP &&
        self->foreign_until_mono_ms > og_mono_ms(self->clock)) {
        health = (struct og_code_health){
            OG_CODE_HEALTH_DEGRADED,
            "shared limits are refused: a gateway with another abuse.shared_secret counts there"};
    }
    return health;
}

static void
desk_settle(struct og_code_store *face)
{
    struct og_code_desk *self = (struct og_code_desk *)face;
    pthread_mutex_lock(&self->shared.lock);
    self->shared.is_settled = true;
    while (self->shared.open > 0) {
        pthread_cond_wait(&self->shared.idle, &self->shared.lock);
    }
    pthread_mutex_unlock(&self->shared.lock);
}

void
og_code_desk_tell(struct og_code_desk *self, enum og_code_health_level level, const char *reason)
{
    static const struct {
        enum og_log_level log;
        const char *text;
    } news[] = {
        [OG_CODE_HEALTH_UP] = {OG_LOG_INFO, "the store of codes answers"},
        [OG_CODE_HEALTH_DEGRADED] = {OG_LOG_WARN, "the store of codes may lose codes"},
        [OG_CODE_HEALTH_DOWN] = {OG_LOG_ERROR, "the store of codes does not answer"},
    };
    struct og_code_health health = {.level = level};
    snprintf(health.reason, sizeof(health.reason), "%s", reason);
    pthread_mutex_lock(&self->shared.lock);
    const bool is_other = self->shared.health.level != level;
    const bool is_more = strcmp(self->shared.health.reason, health.reason) != 0;
    self->shared.health = health;
    pthread_mutex_unlock(&self->shared.lock);
    int64_t held;
    if (is_other || (is_more && og_log_limit_pass(&self->told, TELL_EVERY_MS, &held))) {
        og_log(news[level].log, "codes", news[level].text, "store=%s reason=%s", self->kind,
               og_log_quote(og_str_from(health.reason)));
    }
}

void
og_code_desk_init(struct og_code_desk *self, const char *kind, const char *prefix,
                  const struct og_clock *clock,
                  void (*take)(struct og_code_desk *self, struct og_code_ticket *ticket))
{
    self->face = (struct og_code_store){
        .put = desk_put,
        .check = desk_check,
        .peek = desk_peek,
        .drop = desk_drop,
        .health = desk_health,
        .settle = desk_settle,
    };
    self->take = take;
    self->clock = clock;
    snprintf(self->kind, sizeof(self->kind), "%s", kind);
    snprintf(self->prefix, sizeof(self->prefix), "%s", prefix);
    self->shared.health = (struct og_code_health){OG_CODE_HEALTH_DOWN, "not heard of yet"};
    pthread_mutex_init(&self->shared.lock, NULL);
    pthread_cond_init(&self->shared.idle, NULL);
}

void
og_code_desk_finish(struct og_code_desk *self)
{
    pthread_cond_destroy(&self->shared.idle);
    pthread_mutex_destroy(&self->shared.lock);
}
