/*
 * The one door to libjwt. The header is read first, without trust, only to choose among our own
 * keys; then all is read again under that key.
 */
#include "api/auth/jose.h"

#include <jwt.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/id.h"

#define PERIOD_MS INT64_C(2592000000) /* 30 days, as long as the longest token lives */
#define AHEAD_S 60                    /* our own clock may have been set back */
#define KID_BYTES 24

static void
write_kid(int64_t period, char out[KID_BYTES])
{
    snprintf(out, KID_BYTES, "p%lld", (long long)period);
}

static void
derive(const struct og_key *key, const char *kid, struct og_key *out)
{
    char label[KID_BYTES + 16];
    snprintf(label, sizeof label, "jwt HS256 %s", kid);
    og_key_derive(key, label, out);
}

bool
og_jwt_is_like(struct og_str text)
{
    size_t dots = 0;
    for (size_t i = 0; i < text.len; i++) {
        dots += text.ptr[i] == '.';
    }
    return dots == 2 && text.len <= OG_JWT_MAX_BYTES && og_str_starts(text, OG_STR("ey"));
}

/* ---- writing ---- */

/* Scopes are names of ours: nothing in them needs escaping. */
static const char *
scopes_json(struct og_str names, const char *member, struct og_arena *mem)
{
    struct og_buf text;
    og_buf_init(&text, OG_JWT_MAX_BYTES);
    og_buf_printf(&text, "{\"%s\":[", member);
    for (const char *comma = ""; names.len > 0; comma = ",") {
        size_t end = og_str_find(names, ' ');
        struct og_str name = og_str_slice(names, 0, end);
        og_buf_printf(&text, "%s\"%" OG_STR_FMT "\"", comma, OG_STR_ARG(name));
        names = og_str_slice(names, end + 1, names.len);
    }
    og_buf_add_cstr(&text, "]}");
    const char *copy = og_str_cstr(mem, og_buf_str(&text));
    og_buf_finish(&text);
    return copy;
}

static int
add_claims(jwt_t *jwt, const struct og_token_pair *pair, enum og_jwt_use use, struct og_arena *mem)
{
    bool is_refresh = use == OG_JWT_REFRESH;
    const char *account = og_str_cstr(mem, pair->account_id);
    int64_t ends_at = is_refresh ? pair->ends_at : pair->access_ends_at;
    int bad = jwt_add_grant(jwt, "jti", og_str_cstr(mem, is_refresh ? pair->refresh_id : pair->id));
    bad |= jwt_add_grant(jwt, "iss", OG_JWT_ISSUER);
    bad |= jwt_add_grant(jwt, "sub", account);
    bad |= jwt_add_grant(jwt, "user_id", account);
    bad |= jwt_add_grant_int(jwt, "iat", (long)(pair->created_at / 1000));
    bad |= jwt_add_grant_int(jwt, "exp", (long)(ends_at / 1000));
    if (is_refresh) {
        bad |= jwt_add_grants_json(jwt, "{\"scopes\":[\"tokens:refresh\"]}");
        bad |= jwt_add_grants_json(jwt, scopes_json(pair->scopes, "original_scopes", mem));
    } else {
        bad |= jwt_add_grants_json(jwt, scopes_json(pair->scopes, "scopes", mem));
    }
    return bad;
}

struct og_str
og_jwt_write(const struct og_key *key, const struct og_token_pair *pair, enum og_jwt_use use,
             struct og_arena *mem)
{
    struct og_key signing;
    struct og_str out = {NULL, 0};
    char kid[KID_BYTES];
    jwt_t *jwt = NULL;
    write_kid(pair->created_at / PERIOD_MS, kid);
    derive(key, kid, &signing);
    if (jwt_new(&jwt) == 0 && jwt_set_alg(jwt, JWT_ALG_HS256, signing.bytes, OG_KEY_BYTES) == 0 &&
        jwt_add_header(jwt, "kid", kid) == 0 && add_claims(jwt, pair, use, mem) == 0) {
        char *text = jwt_encode_str(jwt);
        out = text ? og_str_dup(mem, og_str_from(text)) : out;
        free(text);
    }
    jwt_free(jwt);
    og_wipe(&signing, sizeof signing);
    return out;
}

/* ---- reading ---- */

/* The kid, if the header names the only algorithm there is and a key that may still be in use. */
static bool
choose_key(const char *text, int64_t now_ms, char kid[KID_BYTES])
{
    jwt_t *jwt = NULL;
    bool is_known = false;
    if (jwt_decode(&jwt, text, NULL, 0) == 0) {
        const char *alg = jwt_get_header(jwt, "alg"), *claimed = jwt_get_header(jwt, "kid");
        bool is_ours = alg && strcmp(alg, "HS256") == 0 && claimed;
        for (int age = 0; age <= 1 && is_ours && !is_known; age++) {
            write_kid(now_ms / PERIOD_MS - age, kid);
            is_known = strcmp(claimed, kid) == 0;
        }
    }
    jwt_free(jwt);
    return is_known;
}

static bool
is_in_force(jwt_t *jwt, int64_t now_ms, bool may_be_over)
{
    const char *issuer = jwt_get_grant(jwt, "iss");
    const char *user = jwt_get_grant(jwt, "user_id");
    int64_t issued_s = jwt_get_grant_int(jwt, "iat");
    int64_t ends_s = jwt_get_grant_int(jwt, "exp");
    return jwt_get_alg(jwt) == JWT_ALG_HS256 && issuer && strcmp(issuer, OG_JWT_ISSUER) == 0 &&
           user && user[0] && issued_s > 0 && issued_s <= now_ms / 1000 + AHEAD_S &&
           (may_be_over ? ends_s > 0 : ends_s > now_ms / 1000);
}

bool
og_jwt_read(const struct og_key *key, struct og_str text, int64_t now_ms, bool may_be_over,
            struct og_arena *mem, struct og_str *jti_out)
{
    char kid[KID_BYTES];
    const char *token = og_str_cstr(mem, text);
    *jti_out = OG_STR("");
    if (!og_jwt_is_like(text) || strlen(token) != text.len || !choose_key(token, now_ms, kid)) {
        return false;
    }
    struct og_key signing;
    jwt_t *jwt = NULL;
    derive(key, kid, &signing);
    bool is_good = jwt_decode(&jwt, token, signing.bytes, OG_KEY_BYTES) == 0 &&
                   is_in_force(jwt, now_ms, may_be_over);
    const char *jti = is_good ? jwt_get_grant(jwt, "jti") : NULL;
    is_good = jti && strlen(jti) == OG_ID_CHARS && og_id_is_plain(og_str_from(jti));
    *jti_out = is_good ? og_str_dup(mem, og_str_from(jti)) : OG_STR("");
    jwt_free(jwt);
    og_wipe(&signing, sizeof signing);
    return is_good;
}
