/*
 * The room wants a check to be one step, and memcached has none that compares: so the record is
 * read with its version, judged here, and what it becomes is written where the version still holds.
 * Of many at once one wins and the others look again; as each win takes an attempt, they end soon.
 */
#include "codes/code_store_memcached.h"

#include <stdlib.h>
#include <utlist.h>

#include "codes/code_desk.h"
#include "codes/code_pack.h"
#include "codes/count_memcached.h"
#include "codes/memcached_client.h"

#define STEPS_MS 800 /* connect, read and write, each as slow as it may be */
#define LOOK_MS 1000  /* how often a store that is down is looked at */
#define SPENT_LIFE_S 1
/* A lost write means that another check took an attempt. */
#define TRIES_MAX 32

_Static_assert(OG_CODE_PACK_MAX_BYTES <= OG_MEMCACHED_VALUE_MAX_BYTES, "a record is one value");
_Static_assert(OG_CODE_TTL_MAX_MS / 1000 + 1 < OG_MEMCACHED_LIFE_MAX_S, "lives stay relative");

struct worker {
    struct store *store;
    struct og_memcached_client *client;
    struct og_count_memcached counts;
    pthread_t thread;
    bool is_started;
};

struct store {
    struct og_code_desk desk;
    struct worker workers[OG_CODE_MEMCACHED_THREADS_MAX];
    int worker_count;
    struct og_count_losses losses;
    struct {
        pthread_mutex_t lock;
        pthread_cond_t work;
        struct og_code_ticket *waiting; /* oldest first */
        bool is_stopping;
    } shared;
};

/* ---- verbs ---- */

static int64_t
now_ms(const struct worker *self)
{
    return og_now_ms(self->store->desk.clock);
}

/* memcached counts whole seconds and may end up to one early; the record knows its end itself. */
static int64_t
life_s(int64_t ttl_ms)
{
    return ttl_ms / 1000 + 2;
}

static enum og_memcached_result
do_put(struct worker *self, struct og_code_ticket *ticket)
{
    char packed[OG_CODE_PACK_MAX_BYTES];
    const size_t len = og_code_pack(&ticket->body, now_ms(self) + ticket->ttl_ms, packed);
    return og_memcached_set(self->client, ticket->key, (struct og_str){packed, len},
                            life_s(ticket->ttl_ms), &ticket->err);
}

/* The live record of the ticket's key. What is spent or cannot be read is as good as missing. */
static enum og_memcached_result
read_record(struct worker *self, struct og_code_ticket *ticket, struct og_code_body *body,
            int64_t *ends_at, uint64_t *version)
{
    char value[OG_MEMCACHED_VALUE_MAX_BYTES];
    size_t len = 0;
    const enum og_memcached_result result =
        og_memcached_get(self->client, ticket->key, value, &len, version, &ticket->err);
    if (result != OG_MEMCACHED_DONE) {
        return result;
    }
    const bool is_live = og_code_unpack((struct og_str){value, len}, body, ends_at) &&
                         *ends_at > now_ms(self);
    ticket->left_ms = is_live ? *ends_at - now_ms(self) : 0;
    ticket->left_ms = ticket->left_ms < OG_CODE_TTL_MAX_MS ? ticket->left_ms : OG_CODE_TTL_MAX_MS;
    return is_live ? OG_MEMCACHED_DONE : OG_MEMCACHED_MISSING;
}

/*
 * memcached cannot delete by version: zeros take the record's place for a second. They are as many
 * bytes as the record, so that a full memcached refuses a right guess where it refuses a wrong one.
 */
static enum og_memcached_result
spend(struct worker *self, struct og_code_ticket *ticket, const struct og_code_body *body,
      uint64_t version)
{
    char packed[OG_CODE_PACK_MAX_BYTES];
    const size_t len = og_code_pack(body, 0, packed);
    memset(packed, 0, len);
    return og_memcached_replace(self->client, ticket->key, (struct og_str){packed, len},
                                SPENT_LIFE_S, version, &ticket->err);
}

static enum og_memcached_result
write_attempt(struct worker *self, struct og_code_ticket *ticket, const struct og_code_body *body,
              int64_t ends_at, uint64_t version)
{
    char packed[OG_CODE_PACK_MAX_BYTES];
    const size_t len = og_code_pack(body, ends_at, packed);
    return og_memcached_replace(self->client, ticket->key, (struct og_str){packed, len},
                                life_s(ticket->left_ms), version, &ticket->err);
}

/* MISSING: another came between; look again. */
static enum og_memcached_result
check_once(struct worker *self, struct og_code_ticket *ticket)
{
    struct og_code_body body;
    uint64_t version = 0;
    int64_t ends_at = 0;
    const enum og_memcached_result found = read_record(self, ticket, &body, &ends_at, &version);
    if (found == OG_MEMCACHED_MISSING) {
        og_code_judge_nothing(&ticket->guess);
        ticket->verdict = OG_VERDICT_NONE;
        return OG_MEMCACHED_DONE;
    }
    if (found != OG_MEMCACHED_DONE) {
        return found;
    }
    ticket->verdict = og_code_judge(&body.mac, body.shape, &body.attempts_left, &ticket->guess);
    ticket->attempts_left = body.attempts_left;
    switch (ticket->verdict) {
    case OG_VERDICT_MALFORMED:
        return OG_MEMCACHED_DONE;
    case OG_VERDICT_WRONG:
        return write_attempt(self, ticket, &body, ends_at, version);
    default:
        return spend(self, ticket, &body, version);
    }
}

/* May another round of steps begin? */
static bool
is_in_time(const struct worker *self, const struct og_code_ticket *ticket)
{
    return og_mono_ms(self->store->desk.clock) <= ticket->until_mono_ms - STEPS_MS;
}

static enum og_memcached_result
do_check(struct worker *self, struct og_code_ticket *ticket)
{
    enum og_memcached_result result = OG_MEMCACHED_MISSING;
    for (int i = 0; i < TRIES_MAX && result == OG_MEMCACHED_MISSING && is_in_time(self, ticket);
         i++) {
        result = check_once(self, ticket);
    }
    if (result == OG_MEMCACHED_MISSING) {
        og_fail(&ticket->err, OG_E_UNAVAILABLE, NULL, "too many checks of one code at once");
    }
    return result == OG_MEMCACHED_MISSING ? OG_MEMCACHED_FAILED : result;
}

static enum og_memcached_result
do_peek(struct worker *self, struct og_code_ticket *ticket)
{
    uint64_t version = 0;
    int64_t ends_at = 0;
    const enum og_memcached_result result =
        read_record(self, ticket, &ticket->body, &ends_at, &version);
    ticket->found = result == OG_MEMCACHED_DONE;
    return result == OG_MEMCACHED_MISSING ? OG_MEMCACHED_DONE : result;
}

static enum og_memcached_result
do_drop(struct worker *self, struct og_code_ticket *ticket)
{
    const enum og_memcached_result result =
        og_memcached_delete(self->client, ticket->key, &ticket->err);
    return result == OG_MEMCACHED_MISSING ? OG_MEMCACHED_DONE : result;
}

/* ---- verbs of counts ---- */

static enum og_memcached_result
do_take(struct worker *self, struct og_code_ticket *ticket)
{
    return og_count_memcached_take(&self->counts, ticket);
}

static enum og_memcached_result
do_give(struct worker *self, struct og_code_ticket *ticket)
{
    return og_count_memcached_give(&self->counts, ticket);
}

static enum og_memcached_result
do_forget(struct worker *self, struct og_code_ticket *ticket)
{
    return og_count_memcached_forget(&self->counts, ticket);
}

/* ---- threads ---- */

static void
serve(struct worker *self, struct og_code_ticket *ticket)
{
    static enum og_memcached_result (*const verbs[])(struct worker *, struct og_code_ticket *) = {
        [OG_CODE_PUT] = do_put,
        [OG_CODE_CHECK] = do_check,
        [OG_CODE_PEEK] = do_peek,
        [OG_CODE_DROP] = do_drop,
        [OG_COUNT_TAKE] = do_take,
        [OG_COUNT_GIVE] = do_give,
        [OG_COUNT_FORGET] = do_forget,
    };
    struct og_code_desk *desk = &self->store->desk;
    if (!is_in_time(self, ticket)) {
        og_code_ticket_fail(ticket, "too much waits for memcached");
        return;
    }
    const enum og_memcached_result result = verbs[ticket->verb](self, ticket);
    if (result == OG_MEMCACHED_FULL) {
        og_code_ticket_answer(ticket, ticket->verb == OG_CODE_PUT ? OG_E_BUSY : OG_E_UNAVAILABLE);
    } else if (result == OG_MEMCACHED_FAILED) {
        const struct og_err why = ticket->err;
        og_code_desk_tell(desk, OG_CODE_HEALTH_DOWN, why.text);
        og_code_ticket_fail(ticket, why.text);
    } else {
        og_code_desk_tell(desk, OG_CODE_HEALTH_UP, "");
        og_code_ticket_answer(ticket, OG_OK);
    }
}

static bool
ping(struct worker *self, struct og_err *err)
{
    const bool is_up = og_memcached_ping(self->client, err);
    og_code_desk_tell(&self->store->desk, is_up ? OG_CODE_HEALTH_UP : OG_CODE_HEALTH_DOWN,
                      is_up ? "" : err->text);
    return is_up;
}

/* Nobody asks: is a store that was down back? */
static void
look(struct worker *self)
{
    struct og_err unheard = {0};
    const struct og_code_health health = self->store->desk.face.health(&self->store->desk.face);
    if (self == self->store->workers && health.level == OG_CODE_HEALTH_DOWN) {
        (void)ping(self, &unheard);
    }
}

/* Waits at most LOOK_MS. *is_over: the store ends, and nothing waits any more. */
static struct og_code_ticket *
next_ticket(struct store *self, bool *is_over)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += LOOK_MS / 1000;
    pthread_mutex_lock(&self->shared.lock);
    int status = 0;
    while (!self->shared.waiting && !self->shared.is_stopping && status == 0) {
        status = pthread_cond_timedwait(&self->shared.work, &self->shared.lock, &until);
    }
    struct og_code_ticket *ticket = self->shared.waiting;
    if (ticket) {
        DL_DELETE(self->shared.waiting, ticket);
    }
    *is_over = !ticket && self->shared.is_stopping;
    pthread_mutex_unlock(&self->shared.lock);
    return ticket;
}

static void *
run(void *arg)
{
    struct worker *self = arg;
    bool is_over = false;
    pthread_setname_np(pthread_self(), "og-memcached");
    while (!is_over) {
        struct og_code_ticket *ticket = next_ticket(self->store, &is_over);
        if (ticket) {
            serve(self, ticket);
        } else if (!is_over) {
            look(self);
        }
    }
    return NULL;
}

static void
take(struct og_code_desk *desk, struct og_code_ticket *ticket)
{
    struct store *self = (struct store *)desk;
    pthread_mutex_lock(&self->shared.lock);
    DL_APPEND(self->shared.waiting, ticket);
    pthread_cond_signal(&self->shared.work);
    pthread_mutex_unlock(&self->shared.lock);
}

/* ---- life ---- */

static void
store_destroy(struct og_code_store *face)
{
    struct store *self = (struct store *)face;
    pthread_mutex_lock(&self->shared.lock);
    self->shared.is_stopping = true;
    pthread_cond_broadcast(&self->shared.work);
    pthread_mutex_unlock(&self->shared.lock);
    for (int i = 0; i < self->worker_count; i++) {
        if (self->workers[i].is_started) {
            pthread_join(self->workers[i].thread, NULL);
        }
        og_memcached_client_destroy(self->workers[i].client);
    }
    pthread_cond_destroy(&self->shared.work);
    pthread_mutex_destroy(&self->shared.lock);
    pthread_mutex_destroy(&self->losses.shared.lock);
    og_code_desk_finish(&self->desk);
    free(self);
}

static void
init_shared(struct store *self)
{
    pthread_condattr_t about;
    pthread_condattr_init(&about);
    pthread_condattr_setclock(&about, CLOCK_MONOTONIC);
    pthread_mutex_init(&self->shared.lock, NULL);
    pthread_cond_init(&self->shared.work, &about);
    pthread_condattr_destroy(&about);
    pthread_mutex_init(&self->losses.shared.lock, NULL);
}

static enum og_code
make_clients(struct store *self, const struct og_code_memcached_config *config, struct og_err *err)
{
    const struct og_memcached_client_config client = {config->servers, config->user,
                                                      config->password};
    enum og_code code = OG_OK;
    for (int i = 0; i < config->thread_count && code == OG_OK; i++) {
        self->workers[i].store = self;
        code = og_memcached_client_create(&client, &self->workers[i].client, err);
        self->workers[i].counts = (struct og_count_memcached){
            self->workers[i].client, self->desk.clock, &self->losses, 0};
        self->worker_count = i + 1;
    }
    return code;
}

static enum og_code
start_threads(struct store *self, struct og_err *err)
{
    for (int i = 0; i < self->worker_count; i++) {
        struct worker *worker = &self->workers[i];
        if (pthread_create(&worker->thread, NULL, run, worker) != 0) {
            return og_fail(err, OG_E_UNAVAILABLE, NULL, "cannot start a thread for memcached");
        }
        worker->is_started = true;
    }
    return OG_OK;
}

enum og_code
og_code_memcached_create(const struct og_code_memcached_config *config, struct og_code_store **out,
                         struct og_err *err)
{
    struct store *self = og_xalloc(sizeof(*self));
    struct og_err heard = {0};
    og_code_desk_init(&self->desk, "memcached", config->prefix, config->clock, take);
    og_code_desk_count(&self->desk, config->mark);
    self->losses.is_strict = config->is_strict;
    self->desk.face.destroy = store_destroy;
    init_shared(self);
    enum og_code code = make_clients(self, config, err);
    if (code == OG_OK && !ping(&self->workers[0], &heard) && heard.code == OG_E_UNAUTHORIZED) {
        code = og_fail(err, OG_E_UNAUTHORIZED, heard.field, "%s", heard.text);
    }
    if (code == OG_OK && config->mark) {
        og_count_memcached_begin(&self->workers[0].counts);
    }
    code = code == OG_OK ? start_threads(self, err) : code;
    if (code != OG_OK) {
        store_destroy(&self->desk.face);
        return code;
    }
    *out = &self->desk.face;
    return OG_OK;
}
