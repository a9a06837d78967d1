/*
 * Pure decoding of what a peer claims to be. What does not fit the limits is "not well formed",
 * never cut.
 */
#include "api/gate/credential_header.h"

#include "api/auth/jose.h"
#include "base/crypto.h"

#define BASIC_MAX_BYTES (OG_LOGIN_MAX_CHARS + 1 + OG_SECRET_MAX_BYTES)

static enum og_scheme
scheme_of(struct og_str word)
{
    static const struct {
        struct og_str word;
        enum og_scheme scheme;
    } schemes[] = {
        {{"basic", 5}, OG_SCHEME_BASIC},
        {{"bearer", 6}, OG_SCHEME_BEARER},
        {{"code", 4}, OG_SCHEME_CODE},
    };
    for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++) {
        if (og_str_eq_nocase(word, schemes[i].word)) {
            return schemes[i].scheme;
        }
    }
    return word.len ? OG_SCHEME_OTHER : OG_SCHEME_NONE;
}

/* base64(login:password); the password may hold further colons. */
static bool
parse_basic(struct og_str text, struct og_credential_header *out)
{
    struct og_buf plain;
    og_buf_init(&plain, BASIC_MAX_BYTES);
    bool is_good = og_base64_decode(text, false, &plain) && !plain.full;
    struct og_str pair = og_buf_str(&plain);
    size_t colon = og_str_find(pair, ':');
    is_good = is_good && colon > 0 && colon < pair.len && colon <= OG_LOGIN_MAX_CHARS &&
              og_secret_set(&out->login, og_str_slice(pair, 0, colon)) &&
              og_secret_set(&out->secret, og_str_slice(pair, colon + 1, pair.len));
    og_buf_finish(&plain);
    return is_good;
}

/* Tokens and codes are visible ASCII without spaces. */
static bool
parse_token(struct og_str text, struct og_credential_header *out)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] <= ' ' || text.ptr[i] > '~') {
            return false;
        }
    }
    out->jwt = og_jwt_is_like(text) ? text : OG_STR("");
    return (text.len > 0 && og_secret_set(&out->secret, text)) || out->jwt.len > 0;
}

void
og_credential_header_parse(struct og_str value, struct og_credential_header *out)
{
    value = og_str_trim(value);
    size_t space = og_str_find(value, ' ');
    struct og_str word = og_str_slice(value, 0, space);
    struct og_str rest = og_str_trim(og_str_slice(value, space + 1, value.len));
    *out = (struct og_credential_header){.scheme = scheme_of(word)};
    out->is_exact_bearer = og_str_eq(word, OG_STR("Bearer"));
    switch (out->scheme) {
    case OG_SCHEME_BASIC:
        out->is_well_formed = parse_basic(rest, out);
        break;
    case OG_SCHEME_BEARER:
    case OG_SCHEME_CODE:
        out->is_well_formed = parse_token(rest, out);
        break;
    default:
        break;
    }
}

void
og_credential_header_finish(struct og_credential_header *self)
{
    og_secret_finish(&self->login);
    og_secret_finish(&self->secret);
}
