/*
 * The Authorization header, taken apart. Pure and thread-safe. RFC 7617, RFC 6750.
 */
#pragma once

#include "base/secret.h"
#include "base/str.h"

#define OG_LOGIN_MAX_CHARS 64

enum og_scheme {
    OG_SCHEME_NONE,
    OG_SCHEME_BASIC,
    OG_SCHEME_BEARER,
    OG_SCHEME_CODE,
    OG_SCHEME_OTHER,
};

struct og_credential_header {
    enum og_scheme scheme;      /* the word, case ignored */
    bool is_well_formed;        /* false: right word, but nothing usable behind it */
    bool is_exact_bearer;       /* spelt exactly "Bearer" */
    struct og_secret login;     /* of Basic */
    struct og_secret secret;    /* password, token or code */
    struct og_str jwt;          /* a Bearer of that shape, borrowed from the header; mostly too long
                                   to be a secret, which then is empty */
};

void og_credential_header_parse(struct og_str value, struct og_credential_header *out);
void og_credential_header_finish(struct og_credential_header *self); /* wipes */
