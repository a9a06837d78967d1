/*
 * The gate's slow half: a claim that the cache does not know is looked up in a lane. Equal claims
 * that come meanwhile on the same loop wait for the same lookup, so that a restart under load
 * hashes each password once, not once per connection. One-time codes are never shared: each is
 * spent once.
 */
#include <stdlib.h>

#include "api/gate/priv.h"
#include "base/log.h"

#define LOG_EVERY_MS 1000

struct og_gate_lookup {
    struct og_lookup_op ask; /* first: it is the operation */
    struct og_gate *gate;
    int loop_index;
    struct og_arena mem;
    uint8_t key[OG_DIGEST_BYTES];
    uint64_t epoch;     /* before the rows are read */
    bool has_spent;     /* an attempt on the login */
    struct og_gate_waiter *waiters;
    struct og_gate_lookup *next_pending;
};

/* ---- the list of lookups on their way ---- */

static struct og_gate_lookup *
find_pending(struct og_gate_loop *loop, const uint8_t key[OG_DIGEST_BYTES])
{
    struct og_gate_lookup *lookup = loop->pending;
    while (lookup && memcmp(lookup->key, key, OG_DIGEST_BYTES) != 0) {
        lookup = lookup->next_pending;
    }
    return lookup;
}

static void
unlink_pending(struct og_gate_loop *loop, struct og_gate_lookup *lookup)
{
    struct og_gate_lookup **link = &loop->pending;
    while (*link && *link != lookup) {
        link = &(*link)->next_pending;
    }
    if (*link) {
        *link = lookup->next_pending;
    }
}

static void
free_lookup(struct og_gate_lookup *lookup)
{
    og_secret_finish(&lookup->ask.secret);
    og_arena_finish(&lookup->mem);
    free(lookup);
}

/* ---- outcomes ---- */

static void
each_waiter(struct og_gate_lookup *lookup,
            void (*tell)(struct og_gate_lookup *lookup, struct og_gate_waiter *waiter))
{
    struct og_gate_waiter *waiter = lookup->waiters;
    while (waiter) {
        /* Telling may end the call, whose arena holds the waiter. */
        struct og_gate_waiter *next = waiter->next_waiter;
        tell(lookup, waiter);
        waiter = next;
    }
}

static void
tell_error(struct og_gate_lookup *lookup, struct og_gate_waiter *waiter)
{
    og_gate_count(OG_GATE_FAILED);
    waiter->next(waiter->call, lookup->ask.op.code, &lookup->ask.op.err);
}

static void
tell_limited(struct og_gate_lookup *lookup, struct og_gate_waiter *waiter)
{
    og_gate_refuse_limited(waiter->call, lookup->ask.op.err.retry_after_s, waiter->next);
}

static void
log_lock(const char *what, const char *source)
{
    static struct og_log_limit limit;
    int64_t held;
    if (og_log_limit_pass(&limit, LOG_EVERY_MS, &held)) {
        og_log_warn("api", "too many wrong credentials", "locked=%s source=%s held=%lld", what,
                    og_log_quote(og_str_from(source)), (long long)held);
    }
}

/*
 * Phones with an unknown token must learn just that (they register anew), however often they ask;
 * those of a disabled account must not (wire/smsgate.md section 4.2).
 */
static void
tell_wrong_device(struct og_gate_lookup *lookup, struct og_gate_waiter *waiter)
{
    struct og_call *call = waiter->call;
    if (call->route->who == OG_WHO_DEVICE_OR_NOBODY) {
        call->who = (struct og_caller){.kind = OG_WHO_ANYONE};
        waiter->next(call, OG_OK, NULL);
    } else if (lookup->ask.is_shut) {
        struct og_err err = {0};
        waiter->next(call, og_fail(&err, OG_E_FORBIDDEN, "", "this account is disabled"), &err);
    } else {
        og_gate_tell_refused(lookup->gate, call, "unknown_phone");
        og_gate_refuse(lookup->gate, call, false, waiter->next);
    }
}

static void
tell_shut(struct og_gate_lookup *lookup, struct og_gate_waiter *waiter)
{
    og_gate_tell_refused(lookup->gate, waiter->call, "disabled");
    og_gate_refuse(lookup->gate, waiter->call, false, waiter->next);
}

static void
tell_wrong(struct og_gate_lookup *lookup, struct og_gate_waiter *waiter)
{
    struct og_call *call = waiter->call;
    int wait_s = og_login_guard_spend(lookup->gate->guard, OG_GUARD_SOURCE,
                                      og_str_from(waiter->source));
    og_gate_tell_refused(lookup->gate, call, wait_s > 0 ? "locked" : "wrong");
    if (wait_s > 0) {
        log_lock("source", waiter->source);
        og_gate_refuse_limited(call, wait_s, waiter->next);
    } else {
        og_gate_refuse(lookup->gate, call, false, waiter->next);
    }
}

/* A source that was locked while its guess was on the way learns nothing from it. */
static void
tell_right(struct og_gate_lookup *lookup, struct og_gate_waiter *waiter)
{
    int wait_s = og_gate_is_guessable(lookup->ask.what)
                     ? og_login_guard_wait_s(lookup->gate->guard, OG_GUARD_SOURCE,
                                             og_str_from(waiter->source))
                     : 0;
    if (wait_s > 0) {
        og_gate_refuse_limited(waiter->call, wait_s, waiter->next);
    } else {
        og_gate_admit(lookup->gate, waiter->call, &lookup->ask.identity, waiter->next);
    }
}

/* Once for all that wait; phones come so often that their streams tell enough. */
static void
tell_verified(const struct og_gate_lookup *lookup)
{
    if (lookup->ask.what != OG_LOOKUP_DEVICE) {
        og_gate_tell_verified(lookup->gate, lookup->waiters->call, &lookup->ask.identity);
    }
}

static void
remember(struct og_gate_lookup *lookup)
{
    struct og_gate *gate = lookup->gate;
    bool is_basic = lookup->ask.what == OG_LOOKUP_BASIC;
    if (is_basic) {
        og_login_guard_clear(gate->guard, OG_GUARD_LOGIN, lookup->ask.login);
    }
    /* A code and a refresh token are good for once. */
    if (lookup->ask.what != OG_LOOKUP_CODE &&
        lookup->ask.identity.scopes != OG_SCOPE_TOKENS_REFRESH) {
        og_credential_cache_put(gate->loops[lookup->loop_index].cache, lookup->key,
                                &lookup->ask.identity, is_basic ? lookup->ask.proof : NULL,
                                lookup->epoch, og_mono_ms(gate->config.services->clock));
    }
}

static void
on_rehashed(struct og_op *op)
{
    if (op->code != OG_OK) {
        og_log_warn("api", "a password's hash was not replaced", "reason=%s",
                    og_log_quote(og_str_from(op->err.text)));
    }
    og_rehash_destroy((struct og_rehash_op *)op);
}

static const struct og_op_kind rehash_kind = {
    .name = "gate.rehash", .apply = og_rehash_apply, .done = on_rehashed};

/* Nobody waits for it. */
static void
replace_foreign_hash(struct og_gate_lookup *lookup)
{
    struct og_rehash_op *rehash = og_rehash_create(&lookup->ask);
    if (!rehash) {
        return;
    }
    rehash->op.kind = &rehash_kind;
    if (og_lane_submit(lookup->gate->config.lanes, OG_LANE_WRITE, &rehash->op) != OG_OK) {
        og_rehash_destroy(rehash);
    }
}

static void
tell_nobody(struct og_gate_lookup *lookup)
{
    if (lookup->ask.what == OG_LOOKUP_DEVICE) {
        each_waiter(lookup, tell_wrong_device);
    } else if (lookup->ask.is_shut) {
        if (lookup->ask.what == OG_LOOKUP_BASIC) {
            remember(lookup); /* as nobody: a client that keeps trying costs no hashing */
        }
        each_waiter(lookup, tell_shut);
    } else {
        og_credential_cache_drop(lookup->gate->loops[lookup->loop_index].cache, lookup->key);
        each_waiter(lookup, tell_wrong);
    }
}

/* ---- to the lane and back ---- */

static void start(struct og_gate_lookup *lookup);

static void
on_done(struct og_op *op)
{
    struct og_gate_lookup *lookup = (struct og_gate_lookup *)op;
    struct og_gate *gate = lookup->gate;
    if (op->code == OG_OK && lookup->ask.must_hash) {
        lookup->ask.has_proof = false;
        start(lookup);
        return;
    }
    unlink_pending(&gate->loops[lookup->loop_index], lookup);
    if (op->code != OG_OK) {
        if (lookup->has_spent) {
            og_login_guard_refund(gate->guard, OG_GUARD_LOGIN, lookup->ask.login);
        }
        each_waiter(lookup, tell_error);
    } else if (lookup->ask.identity.kind != OG_IDENTITY_NONE) {
        remember(lookup);
        replace_foreign_hash(lookup);
        tell_verified(lookup);
        each_waiter(lookup, tell_right);
    } else {
        tell_nobody(lookup);
    }
    free_lookup(lookup);
}

static const struct og_op_kind lookup_kind = {
    .name = "gate.lookup", .apply = og_lookup_apply, .done = on_done};

static enum og_lane
lane_of(const struct og_lookup_op *ask)
{
    switch (ask->what) {
    case OG_LOOKUP_BASIC:
        return ask->has_proof ? OG_LANE_READ : OG_LANE_SLOW;
    case OG_LOOKUP_CODE:
        return OG_LANE_WRITE;
    default:
        return OG_LANE_READ;
    }
}

/* Answers all that wait, without the lane. */
static void
give_up(struct og_gate_lookup *lookup, void (*tell)(struct og_gate_lookup *lookup,
                                                    struct og_gate_waiter *waiter))
{
    unlink_pending(&lookup->gate->loops[lookup->loop_index], lookup);
    each_waiter(lookup, tell);
    free_lookup(lookup);
}

static void
start(struct og_gate_lookup *lookup)
{
    struct og_login_guard *guard = lookup->gate->guard;
    struct og_op *op = &lookup->ask.op;
    enum og_lane lane = lane_of(&lookup->ask);
    if (lane == OG_LANE_SLOW) {
        op->err.retry_after_s = og_login_guard_spend(guard, OG_GUARD_LOGIN, lookup->ask.login);
        if (op->err.retry_after_s > 0) {
            log_lock("login", lookup->waiters->source);
            give_up(lookup, tell_limited);
            return;
        }
        lookup->has_spent = true;
    }
    op->kind = &lookup_kind;
    lookup->epoch = og_credential_epoch();
    enum og_code code = og_lane_submit(lookup->gate->config.lanes, lane, op);
    if (code != OG_OK) {
        if (lookup->has_spent) {
            og_login_guard_refund(guard, OG_GUARD_LOGIN, lookup->ask.login);
        }
        op->code = og_fail(&op->err, code, "", "the queue for credentials is full");
        give_up(lookup, tell_error);
    }
}

void
og_gate_look_up(struct og_gate *self, const struct og_gate_claim *claim, const uint8_t *proof,
                struct og_gate_waiter *waiter)
{
    struct og_gate_loop *loop = &self->loops[waiter->call->req->loop_index];
    og_gate_count(OG_GATE_LOOKED_UP);
    struct og_gate_lookup *lookup =
        claim->what == OG_LOOKUP_CODE ? NULL : find_pending(loop, claim->key);
    if (lookup) {
        waiter->next_waiter = lookup->waiters;
        lookup->waiters = waiter;
        return;
    }
    lookup = og_xalloc(sizeof *lookup);
    og_arena_init(&lookup->mem, 0);
    lookup->gate = self;
    lookup->loop_index = waiter->call->req->loop_index;
    lookup->waiters = waiter;
    memcpy(lookup->key, claim->key, OG_DIGEST_BYTES);
    struct og_lookup_op *ask = &lookup->ask;
    ask->op.home = waiter->call->req->loop;
    ask->svc = self->config.services;
    ask->mem = &lookup->mem;
    ask->what = claim->what;
    ask->login = og_str_dup(&lookup->mem, claim->login);
    og_secret_set(&ask->secret, og_secret_str(claim->secret));
    ask->has_proof = proof != NULL;
    if (proof) {
        memcpy(ask->proof, proof, OG_DIGEST_BYTES);
    }
    if (claim->what != OG_LOOKUP_CODE) {
        lookup->next_pending = loop->pending;
        loop->pending = lookup;
    }
    start(lookup);
}
