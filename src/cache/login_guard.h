/*
 * Counters of failed logins, per source and per login. May be lost; bounded.
 *
 * An attempt on a login is spent before the password is looked at and given back when it was
 * right, so that parallel guesses share one limit. A source is charged afterwards, because many
 * right logins may come from one place at once; whoever asks must look again at the end whether it
 * is locked. After failures_max within the window a key is locked for lock_ms. One small sharded
 * table for all loops; a full bucket forgets its oldest key that is not locked.
 *
 * Thread-safe. A shard's lock is held for a few comparisons.
 */
#pragma once

#include "base/clock.h"
#include "base/crypto.h"

struct og_login_guard_config {
    int failures_max;   /* 0: no limit */
    int64_t window_ms;  /* failures older than this are forgotten */
    int64_t lock_ms;
    const struct og_clock *clock;
};

struct og_login_guard;

/* Errors: OG_E_UNAVAILABLE (no randomness). */
OG_MUST_CHECK enum og_code og_login_guard_create(const struct og_login_guard_config *config,
                                                 struct og_login_guard **out, struct og_err *err);
void og_login_guard_destroy(struct og_login_guard *self); /* takes NULL */

/* Keys of one space never meet those of another. */
enum og_guard_space { OG_GUARD_SOURCE, OG_GUARD_LOGIN };

/* Is any key locked at all? Almost free, to be asked before the next. */
bool og_login_guard_is_armed(struct og_login_guard *self);
/* Seconds until this key may try again, 0 when it may now. Cheap when nothing is locked. */
int og_login_guard_wait_s(struct og_login_guard *self, enum og_guard_space space,
                          struct og_str key);
/* Spend one attempt. Seconds to wait when the key is locked or has none left, else 0. */
int og_login_guard_spend(struct og_login_guard *self, enum og_guard_space space,
                         struct og_str key);
/* The attempt was not a failure: give it back. */
void og_login_guard_refund(struct og_login_guard *self, enum og_guard_space space,
                           struct og_str key);
/* The attempt was right: forget this key's failures. */
void og_login_guard_clear(struct og_login_guard *self, enum og_guard_space space,
                          struct og_str key);
