/* What the files of the gate share. */
#pragma once

#include "api/gate/gate.h"
#include "cache/credential_cache.h"
#include "cache/login_guard.h"
#include "cache/source.h"
#include "service/account/identity_service.h"

struct og_gate_lookup;

/* Of one event loop; touched on its thread only. */
struct og_gate_loop {
    struct og_credential_cache *cache;
    struct og_gate_lookup *pending; /* lookups on their way, which equal ones join */
};

struct og_gate {
    struct og_gate_config config; /* constant; strings ours */
    struct og_arena mem;          /* of config's strings */
    struct og_login_guard *guard;
    struct og_login_guard *registrations; /* each try to join is spent, none given back */
    struct og_gate_loop *loops;
};

/* A call that waits for a lookup; in the call's arena. */
struct og_gate_waiter {
    struct og_call *call;
    og_gate_next next;
    struct og_gate_waiter *next_waiter;
    char source[OG_SOURCE_KEY_BYTES];
};

/* What a call claims to be. */
struct og_gate_claim {
    enum og_lookup_what what;
    struct og_str login;
    const struct og_secret *secret;
    struct og_str jwt; /* of OG_LOOKUP_TOKEN, whose secret is its jti */
    uint8_t key[OG_DIGEST_BYTES]; /* of the cache */
};

/* May this claim be guessed by trying? Then its source must not be locked. */
bool og_gate_is_guessable(enum og_lookup_what what);

/* Look the claim up, or join a lookup that is on its way; proof NULL or as the cache gave it. */
void og_gate_look_up(struct og_gate *self, const struct og_gate_claim *claim,
                     const uint8_t *proof, struct og_gate_waiter *waiter);

/* The claim is right: is it enough for this call's row? Calls next. */
void og_gate_admit(struct og_gate *self, struct og_call *call, const struct og_identity *identity,
                   og_gate_next next);
/* No or wrong credential, in the words of the call's API. Calls next. */
void og_gate_refuse(struct og_gate *self, struct og_call *call, bool is_missing,
                    og_gate_next next);
void og_gate_refuse_limited(struct og_call *call, int wait_s, og_gate_next next);

/* For the audit log: a credential was refused, or looked up and found right. */
void og_gate_tell_refused(const struct og_gate *self, struct og_call *call, const char *reason);
void og_gate_tell_verified(const struct og_gate *self, struct og_call *call,
                           const struct og_identity *identity);

/* Counters. */
enum og_gate_count {
    OG_GATE_HIT,
    OG_GATE_LOOKED_UP,
    OG_GATE_REFUSED,
    OG_GATE_LIMITED,
    OG_GATE_FAILED,
    OG_GATE_COUNTS
};
void og_gate_count(enum og_gate_count what);
