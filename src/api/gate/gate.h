/*
 * The gate: who calls, and may they? Asynchronous, because an unknown credential is looked up in a
 * lane; one that was verified a moment ago passes at once (cache/credential_cache.h).
 *
 * Sources: wire/smsgate.md sections 1.3, 3.8, 4.1; RFC 7617, RFC 6750.
 */
#pragma once

#include "api/call.h"

struct og_gate;

struct og_gate_config {
    struct og_services *services;
    struct og_lanes *lanes;
    int loop_count;
    int cache_entries;       /* per loop; 0: 20,000 */
    int64_t cache_age_ms;    /* 0: one hour */
    bool public_registration; /* a phone that joins without a credential is let in, with no account yet */
    int failures_max;        /* per source, and per login, in the window; 0: 10, -1: no limit */
    int64_t failure_window_ms; /* 0: as lock_ms */
    int64_t lock_ms;           /* 0: 30 min */
    int registrations_max;     /* of phones, per source and hour; 0: no limit */
    struct og_str_list trusted_proxies; /* addresses and networks; their X-Forwarded-For counts */
};

/* The config is copied, strings too. Errors: OG_E_UNAVAILABLE (no randomness). */
OG_MUST_CHECK enum og_code og_gate_create(const struct og_gate_config *config,
                                          struct og_gate **out, struct og_err *err);
/* After the lanes have stopped and the loops have run what they posted. Takes NULL. */
void og_gate_destroy(struct og_gate *self);

typedef void (*og_gate_next)(struct og_call *call, enum og_code code, const struct og_err *err);

/*
 * Fill call->who by the row's `who` and `scope`, then call `next` exactly once, perhaps before
 * returning. OG_E_UNAUTHORIZED  no, wrong, expired or disabled credential OG_E_FORBIDDEN
 * right, but a scope is missing: "scope required: messages:send" OG_E_LIMITED       too many wrong
 * ones; err->retry_after_s OG_E_UNAVAILABLE, OG_E_BUSY  cannot tell now; never OG_E_UNAUTHORIZED
 * for that Thread: the call's loop.
 */
void og_gate_check(struct og_gate *self, struct og_call *call, og_gate_next next);

/* For what asks for a password elsewhere than in the header: count a try on the login, seconds to
 * wait if it is locked; then give the try back unless the password was wrong. */
int og_gate_try_login(struct og_gate *self, struct og_str login);
void og_gate_return_login(struct og_gate *self, struct og_str login, bool was_right);

/* Joining phones expect these refusals as plain text, not JSON (wire/smsgate.md section 4.1). */
#define OG_GATE_TEXT_MISSING "missing or malformed API Key"
#define OG_GATE_TEXT_INVALID "Invalid or expired API Key"
bool og_gate_is_plain_text(const struct og_err *err);

/* The peer's address, or what a trusted proxy says of it; for logs, limits and externalIp. */
struct og_str og_gate_source(const struct og_gate *self, const struct og_http_request *req);
