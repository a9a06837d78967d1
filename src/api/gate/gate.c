/*
 * The gate's fast half, on the call's loop: take the header apart, ask the cache, compare with the
 * route's row. What the cache does not know goes to gate_lookup.c. Nothing of a credential
 * outlives the call but its keyed MAC.
 */
#include "api/gate/gate.h"

#include <stdlib.h>

#include "api/auth/jose.h"
#include "api/auth/oauth_api.h"
#include "api/gate/credential_header.h"
#include "api/gate/priv.h"
#include "base/log.h"
#include "base/metrics.h"

#define CACHE_ENTRIES 20000
#define CACHE_AGE_MS (60 * 60 * 1000)
#define FAILURES_MAX 10
#define REGISTRATION_WINDOW_MS (60 * 60 * INT64_C(1000))
#define LOCK_MS (30 * 60 * 1000)

/* ---- counters ---- */

#define GATE_METRIC(result_)                                                                      \
    {.name = "otpgate_gate_total", .labels = "result=\"" result_ "\"",                            \
     .help = "Credentials seen by the gate, by what became of them.",                             \
     .type = OG_METRIC_COUNTER}

static struct og_metric metrics[OG_GATE_COUNTS] = {
    [OG_GATE_HIT] = GATE_METRIC("cached"),      [OG_GATE_LOOKED_UP] = GATE_METRIC("looked_up"),
    [OG_GATE_REFUSED] = GATE_METRIC("refused"), [OG_GATE_LIMITED] = GATE_METRIC("limited"),
    [OG_GATE_FAILED] = GATE_METRIC("failed"),
};

void
og_gate_count(enum og_gate_count what)
{
    og_metric_add(&metrics[what], 1);
}

/* ---- life ---- */

static void
apply_defaults(struct og_gate_config *config)
{
    if (config->cache_entries == 0) {
        config->cache_entries = CACHE_ENTRIES;
    }
    if (config->cache_age_ms == 0) {
        config->cache_age_ms = CACHE_AGE_MS;
    }
    if (config->failures_max == 0) {
        config->failures_max = FAILURES_MAX;
    }
    if (config->lock_ms == 0) {
        config->lock_ms = LOCK_MS;
    }
    if (config->failure_window_ms == 0) {
        config->failure_window_ms = config->lock_ms;
    }
}

static struct og_str_list
copy_list(struct og_arena *mem, struct og_str_list from)
{
    struct og_str *items = OG_ARENA_ARRAY(mem, struct og_str, from.count);
    for (size_t i = 0; i < from.count; i++) {
        items[i] = og_str_dup(mem, from.items[i]);
    }
    return (struct og_str_list){items, from.count};
}

enum og_code
og_gate_create(const struct og_gate_config *config, struct og_gate **out, struct og_err *err)
{
    static bool is_registered;
    if (!is_registered) {
        og_metrics_register(metrics, OG_GATE_COUNTS);
        is_registered = true;
    }
    struct og_gate *self = og_xalloc(sizeof *self);
    self->config = *config;
    apply_defaults(&self->config);
    const struct og_login_guard_config guard = {
        .failures_max = self->config.failures_max,
        .window_ms = self->config.failure_window_ms,
        .lock_ms = self->config.lock_ms,
        .clock = config->services->clock,
    };
    const struct og_login_guard_config registrations = {
        .failures_max = self->config.registrations_max,
        .window_ms = REGISTRATION_WINDOW_MS,
        .lock_ms = REGISTRATION_WINDOW_MS,
        .clock = config->services->clock,
    };
    enum og_code code = og_login_guard_create(&guard, &self->guard, err);
    if (code == OG_OK) {
        code = og_login_guard_create(&registrations, &self->registrations, err);
    }
    if (code != OG_OK) {
        og_login_guard_destroy(self->guard);
        free(self);
        return code;
    }
    og_arena_init(&self->mem, 0);
    self->config.trusted_proxies = copy_list(&self->mem, config->trusted_proxies);
    self->loops = og_xalloc((size_t)config->loop_count * sizeof *self->loops);
    for (int i = 0; i < config->loop_count; i++) {
        self->loops[i].cache = og_credential_cache_create(self->config.cache_entries,
                                                          self->config.cache_age_ms);
    }
    *out = self;
    return OG_OK;
}

void
og_gate_destroy(struct og_gate *self)
{
    if (!self) {
        return;
    }
    for (int i = 0; i < self->config.loop_count; i++) {
        og_credential_cache_destroy(self->loops[i].cache);
    }
    free(self->loops);
    og_login_guard_destroy(self->guard);
    og_login_guard_destroy(self->registrations);
    og_arena_finish(&self->mem);
    free(self);
}

/* ---- where a call comes from ---- */

/* The last address of a list that no proxy of ours has; *value is cut to what stands before it. */
static bool
last_untrusted(struct og_str value, struct og_str_list trusted, struct og_str *out)
{
    while (value.len > 0) {
        size_t from = value.len;
        while (from > 0 && value.ptr[from - 1] != ',') {
            from--;
        }
        struct og_str hop = og_str_trim(og_str_slice(value, from, value.len));
        if (!og_address_is_one(hop) || !og_address_in(hop, trusted)) {
            *out = hop;
            return true;
        }
        value = og_str_slice(value, 0, from > 0 ? from - 1 : 0);
    }
    return false;
}

struct og_str
og_gate_source(const struct og_gate *self, const struct og_http_request *req)
{
    struct og_str_list trusted = self->config.trusted_proxies;
    if (trusted.count == 0 || !og_address_in(req->peer, trusted)) {
        return req->peer;
    }
    for (size_t i = req->header_count; i-- > 0;) {
        struct og_str hop;
        if (og_str_eq_nocase(req->headers[i].name, OG_STR("X-Forwarded-For")) &&
            last_untrusted(req->headers[i].value, trusted, &hop)) {
            return og_address_is_one(hop) ? hop : req->peer;
        }
    }
    return req->peer;
}

/* ---- refusals ---- */

bool
og_gate_is_plain_text(const struct og_err *err)
{
    return err && err->code == OG_E_UNAUTHORIZED &&
           (strcmp(err->text, OG_GATE_TEXT_MISSING) == 0 ||
            strcmp(err->text, OG_GATE_TEXT_INVALID) == 0);
}

/* A joining phone's wrong Basic or Code is refused in JSON, all else in the peer's plain words. */
static const char *
joining_text(const struct og_call *call, bool is_missing)
{
    struct og_str value = og_str_trim(og_http_header(call->req, "Authorization"));
    struct og_str word = og_str_slice(value, 0, og_str_find(value, ' '));
    if (og_str_eq_nocase(word, OG_STR("Basic")) || og_str_eq_nocase(word, OG_STR("Code"))) {
        return "Unauthorized";
    }
    return is_missing ? OG_GATE_TEXT_MISSING : OG_GATE_TEXT_INVALID;
}

/* Where the operator permits it a phone joins without any credential that is right. What claims an
 * account by Basic or Code is not meant. */
static bool
joins_anonymously(const struct og_gate *self, const struct og_call *call)
{
    return self->config.public_registration && call->route->who == OG_WHO_JOINING &&
           strcmp(joining_text(call, true), OG_GATE_TEXT_MISSING) == 0;
}

void
og_gate_refuse(struct og_gate *self, struct og_call *call, bool is_missing, og_gate_next next)
{
    struct og_err err = {0};
    if (joins_anonymously(self, call)) {
        call->who = (struct og_caller){.kind = OG_WHO_JOINING};
        next(call, OG_OK, NULL);
        return;
    }
    const char *text = call->route->who == OG_WHO_JOINING ? joining_text(call, is_missing)
                       : is_missing                       ? "a credential is needed"
                                                          : "unknown or wrong credential";
    og_gate_count(OG_GATE_REFUSED);
    next(call, og_fail(&err, OG_E_UNAUTHORIZED, "", "%s", text), &err);
}

void
og_gate_refuse_limited(struct og_call *call, int wait_s, og_gate_next next)
{
    struct og_err err = {0};
    og_gate_count(OG_GATE_LIMITED);
    og_fail(&err, OG_E_LIMITED, "", "too many wrong credentials; wait before trying again");
    err.retry_after_s = wait_s;
    next(call, OG_E_LIMITED, &err);
}

static void
refuse_forbidden(struct og_call *call, const char *text, const char *detail, og_gate_next next)
{
    struct og_err err = {0};
    og_gate_count(OG_GATE_REFUSED);
    next(call, og_fail(&err, OG_E_FORBIDDEN, "", "%s%s", text, detail), &err);
}

int
og_gate_try_login(struct og_gate *self, struct og_str login)
{
    return og_login_guard_spend(self->guard, OG_GUARD_LOGIN, login);
}

void
og_gate_return_login(struct og_gate *self, struct og_str login, bool was_right)
{
    if (was_right) {
        og_login_guard_clear(self->guard, OG_GUARD_LOGIN, login);
    } else {
        og_login_guard_refund(self->guard, OG_GUARD_LOGIN, login);
    }
}

/* ---- admission ---- */

static struct og_str
keep(struct og_call *call, struct og_str text)
{
    return text.len ? og_str_dup(call->req->mem, text) : OG_STR("");
}

static void
pass(struct og_call *call, enum og_who kind, const struct og_identity *identity, og_gate_next next)
{
    call->who = (struct og_caller){
        .kind = kind,
        .account_id = keep(call, identity->account_id),
        .account_name = keep(call, identity->account_name),
        .login = keep(call, identity->login),
        .credential_id = keep(call, identity->credential_id),
        .device_id = keep(call, identity->device_id),
        .token_id = keep(call, identity->token_id),
        .scopes = identity->scopes,
        .may_custom_code = identity->custom_code,
        .is_sandbox = identity->sandbox,
        .brand = keep(call, identity->brand),
    };
    next(call, OG_OK, NULL);
}

/* As which kind of caller a row takes an identity; OG_WHO_UNSET: not at all. */
static enum og_who
kind_for(enum og_who who, enum og_identity_kind identity)
{
    static const struct {
        enum og_who who;
        enum og_identity_kind identity;
        enum og_who kind;
    } takes[] = {
        {OG_WHO_APP, OG_IDENTITY_BASIC, OG_WHO_APP},
        {OG_WHO_APP, OG_IDENTITY_API_KEY, OG_WHO_APP},
        {OG_WHO_APP, OG_IDENTITY_TOKEN, OG_WHO_APP},
        {OG_WHO_BASIC, OG_IDENTITY_BASIC, OG_WHO_BASIC},
        {OG_WHO_CLIENT, OG_IDENTITY_BASIC, OG_WHO_CLIENT},
        {OG_WHO_CLIENT, OG_IDENTITY_API_KEY, OG_WHO_CLIENT},
        {OG_WHO_DEVICE, OG_IDENTITY_DEVICE, OG_WHO_DEVICE},
        {OG_WHO_DEVICE_OR_NOBODY, OG_IDENTITY_DEVICE, OG_WHO_DEVICE},
        {OG_WHO_JOINING, OG_IDENTITY_JOIN, OG_WHO_JOINING},
        {OG_WHO_JOINING, OG_IDENTITY_BASIC, OG_WHO_JOINING},
        {OG_WHO_JOINING, OG_IDENTITY_CODE, OG_WHO_JOINING},
        {OG_WHO_OPERATOR, OG_IDENTITY_OPERATOR, OG_WHO_OPERATOR},
        {OG_WHO_OPERATOR, OG_IDENTITY_API_KEY, OG_WHO_APP},
    };
    for (size_t i = 0; i < sizeof takes / sizeof takes[0]; i++) {
        if (takes[i].who == who && takes[i].identity == identity) {
            return takes[i].kind;
        }
    }
    return OG_WHO_UNSET;
}

/* The scope that the row asks for and the caller lacks; the first one, "" for none. */
static const char *
missing_scope(const struct og_route *route, uint32_t scopes)
{
    uint32_t needed = route->who == OG_WHO_OPERATOR ? OG_SCOPE_ADMIN : 0;
    needed |= route->who == OG_WHO_APP ? route->scope : 0;
    uint32_t missing = needed & ~scopes;
    return missing ? og_scope_name((enum og_scope)(missing & -missing)) : "";
}

void
og_gate_admit(struct og_gate *self, struct og_call *call, const struct og_identity *identity,
              og_gate_next next)
{
    enum og_who kind = kind_for(call->route->who, identity->kind);
    if (kind == OG_WHO_UNSET && identity->kind == OG_IDENTITY_OPERATOR) {
        refuse_forbidden(call, "the operator's credential belongs to no account; use an API key",
                         "", next);
        return;
    }
    if (kind == OG_WHO_UNSET) {
        og_gate_refuse(self, call, false, next);
        return;
    }
    const char *missing = missing_scope(call->route, identity->scopes);
    if (missing[0]) {
        refuse_forbidden(call, "scope required: ", missing, next);
        return;
    }
    pass(call, kind, identity, next);
}

/* ---- the way in ---- */

/* How a row looks up what comes under a scheme; false: not accepted there. */
static bool
way_for(enum og_who who, const struct og_credential_header *header, enum og_lookup_what *out)
{
    static const struct {
        enum og_who who;
        enum og_scheme scheme;
        enum og_lookup_what what;
    } ways[] = {
        {OG_WHO_APP, OG_SCHEME_BASIC, OG_LOOKUP_BASIC},
        {OG_WHO_APP, OG_SCHEME_BEARER, OG_LOOKUP_BEARER},
        {OG_WHO_BASIC, OG_SCHEME_BASIC, OG_LOOKUP_BASIC},
        {OG_WHO_CLIENT, OG_SCHEME_BASIC, OG_LOOKUP_BASIC},
        {OG_WHO_CLIENT, OG_SCHEME_BEARER, OG_LOOKUP_BEARER},
        {OG_WHO_DEVICE, OG_SCHEME_BEARER, OG_LOOKUP_DEVICE},
        {OG_WHO_DEVICE_OR_NOBODY, OG_SCHEME_BEARER, OG_LOOKUP_DEVICE},
        {OG_WHO_OPERATOR, OG_SCHEME_BEARER, OG_LOOKUP_BEARER},
        {OG_WHO_JOINING, OG_SCHEME_BASIC, OG_LOOKUP_BASIC},
        {OG_WHO_JOINING, OG_SCHEME_CODE, OG_LOOKUP_CODE},
        {OG_WHO_JOINING, OG_SCHEME_BEARER, OG_LOOKUP_BEARER},
    };
    if (!header->is_well_formed ||
        (who == OG_WHO_JOINING && header->scheme == OG_SCHEME_BEARER && !header->is_exact_bearer)) {
        return false;
    }
    if (header->jwt.len && who == OG_WHO_APP) {
        *out = OG_LOOKUP_TOKEN;
        return true;
    }
    if (header->jwt.len && header->secret.len == 0) {
        return false;
    }
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        if (ways[i].who == who && ways[i].scheme == header->scheme) {
            *out = ways[i].what;
            return true;
        }
    }
    return false;
}

bool
og_gate_is_guessable(enum og_lookup_what what)
{
    return what == OG_LOOKUP_BASIC || what == OG_LOOKUP_CODE;
}

static struct og_gate_waiter *
make_waiter(struct og_gate *self, struct og_call *call, og_gate_next next)
{
    struct og_gate_waiter *waiter = OG_ARENA_NEW(call->req->mem, struct og_gate_waiter);
    waiter->call = call;
    waiter->next = next;
    og_source_key(og_gate_source(self, call->req), waiter->source);
    return waiter;
}

/* A JWT that we signed is looked up by its jti; another never reaches a lane, and costs no source
 * its tries, because none can be guessed. */
static void
look_up_token(struct og_gate *self, struct og_call *call, const struct og_gate_claim *claim,
              og_gate_next next)
{
    const struct og_key *key = &self->config.services->keys.jwt;
    struct og_str jti;
    struct og_secret secret;
    struct og_gate_claim opened = *claim;
    opened.secret = &secret;
    if (!og_jwt_read(key, claim->jwt, call->now_ms, false, call->req->mem, &jti) ||
        !og_secret_set(&secret, jti)) {
        og_gate_refuse(self, call, false, next);
        return;
    }
    og_gate_look_up(self, &opened, NULL, make_waiter(self, call, next));
}

static void
check_claim(struct og_gate *self, struct og_call *call, const struct og_gate_claim *claim,
            og_gate_next next)
{
    struct og_gate_loop *loop = &self->loops[call->req->loop_index];
    const struct og_clock *clock = self->config.services->clock;
    struct og_identity identity;
    uint8_t proof[OG_DIGEST_BYTES];
    enum og_cache_verdict verdict = OG_CACHE_MISS;
    if (og_gate_is_guessable(claim->what) && og_login_guard_is_armed(self->guard)) {
        char source[OG_SOURCE_KEY_BYTES];
        og_source_key(og_gate_source(self, call->req), source);
        int wait_s = og_login_guard_wait_s(self->guard, OG_GUARD_SOURCE, og_str_from(source));
        if (wait_s > 0) {
            og_gate_refuse_limited(call, wait_s, next);
            return;
        }
    }
    if (claim->what != OG_LOOKUP_CODE) {
        verdict = og_credential_cache_get(loop->cache, claim->key, call->now_ms,
                                          og_mono_ms(clock), &identity, proof);
    }
    if (verdict == OG_CACHE_HIT) {
        og_gate_count(OG_GATE_HIT);
        og_gate_admit(self, call, &identity, next);
        return;
    }
    if (claim->what == OG_LOOKUP_TOKEN) {
        look_up_token(self, call, claim, next);
        return;
    }
    og_gate_look_up(self, claim, verdict == OG_CACHE_STALE ? proof : NULL,
                    make_waiter(self, call, next));
}

/* Where a call says who it is: the header, or an OAuth client's form. */
static enum og_code
read_credential(struct og_call *call, struct og_credential_header *out, struct og_err *err)
{
    if (call->route->who == OG_WHO_CLIENT) {
        enum og_code code = og_oauth_client(call->req, out, err);
        if (out->scheme == OG_SCHEME_BEARER) {
            og_secret_finish(&out->login); /* the key alone is looked up, as everywhere */
        }
        return code;
    }
    og_credential_header_parse(og_http_header(call->req, "Authorization"), out);
    return OG_OK;
}

/* Whoever asks to join again and again is told to wait, right or wrong. */
static bool
joins_too_often(struct og_gate *self, struct og_call *call, og_gate_next next)
{
    char source[OG_SOURCE_KEY_BYTES];
    struct og_err err = {0};
    og_source_key(og_gate_source(self, call->req), source);
    const int wait_s =
        og_login_guard_spend(self->registrations, OG_GUARD_SOURCE, og_str_from(source));
    if (wait_s > 0) {
        og_gate_count(OG_GATE_LIMITED);
        og_fail(&err, OG_E_LIMITED, "", "too many registrations from this address");
        err.retry_after_s = wait_s;
        next(call, OG_E_LIMITED, &err);
    }
    return wait_s > 0;
}

void
og_gate_check(struct og_gate *self, struct og_call *call, og_gate_next next)
{
    static const struct og_identity nobody;
    enum og_who who = call->route->who;
    if (who == OG_WHO_ANYONE || who == OG_WHO_PATH) {
        pass(call, OG_WHO_ANYONE, &nobody, next);
        return;
    }
    if (who == OG_WHO_JOINING && joins_too_often(self, call, next)) {
        return;
    }
    struct og_credential_header header;
    struct og_gate_claim claim = {.secret = &header.secret};
    struct og_err err = {0};
    enum og_code code = read_credential(call, &header, &err);
    if (code != OG_OK) {
        next(call, code, &err);
    } else if (way_for(who, &header, &claim.what)) {
        const char what = (char)claim.what;
        claim.login = og_secret_str(&header.login);
        claim.jwt = claim.what == OG_LOOKUP_TOKEN ? header.jwt : OG_STR("");
        struct og_str secret = claim.jwt.len ? claim.jwt : og_secret_str(&header.secret);
        struct og_str parts[] = {{&what, 1}, claim.login, secret};
        og_mac_parts(&self->config.services->keys.cache, parts, 3, claim.key);
        check_claim(self, call, &claim, next);
    } else if (who == OG_WHO_DEVICE_OR_NOBODY) {
        pass(call, OG_WHO_ANYONE, &nobody, next);
    } else {
        og_gate_refuse(self, call, true, next);
    }
    og_credential_header_finish(&header);
}
