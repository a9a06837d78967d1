/*
 * The Authorization header taken apart: schemes, base64, limits.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "api/gate/credential_header.h"
#include "base/crypto.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void
headers_are_taken_apart(void **state)
{
    (void)state;
    static const struct {
        const char *value;
        enum og_scheme scheme;
        bool is_well_formed;
        const char *login, *secret;
    } cases[] = {
        {"", OG_SCHEME_NONE, false, "", ""},
        {"   ", OG_SCHEME_NONE, false, "", ""},
        {"Basic dXNlcjpwYXNz", OG_SCHEME_BASIC, true, "user", "pass"},
        {"basic dXNlcjpwYXNz", OG_SCHEME_BASIC, true, "user", "pass"},
        {"BASIC  dXNlcjpwYXNz  ", OG_SCHEME_BASIC, true, "user", "pass"},
        {"Basic dXNlcjpwOmE6c3M=", OG_SCHEME_BASIC, true, "user", "p:a:ss"},
        {"Basic dXNlcjo=", OG_SCHEME_BASIC, true, "user", ""},
        {"Basic dXNlcg==", OG_SCHEME_BASIC, false, NULL, NULL}, /* no colon */
        {"Basic OnBhc3M=", OG_SCHEME_BASIC, false, NULL, NULL}, /* no login */
        {"Basic dXNlcjpwYXN!", OG_SCHEME_BASIC, false, NULL, NULL},
        {"Basic", OG_SCHEME_BASIC, false, NULL, NULL},
        {"Basic ", OG_SCHEME_BASIC, false, NULL, NULL},
        {"Bearer og_abc", OG_SCHEME_BEARER, true, "", "og_abc"},
        {"bearer og_abc", OG_SCHEME_BEARER, true, "", "og_abc"},
        {"Bearer ", OG_SCHEME_BEARER, false, NULL, NULL},
        {"Bearer", OG_SCHEME_BEARER, false, NULL, NULL},
        {"Bearer a b", OG_SCHEME_BEARER, false, NULL, NULL},
        {"Bearer a\x01z", OG_SCHEME_BEARER, false, NULL, NULL},
        {"Bearer \xc3\xa4", OG_SCHEME_BEARER, false, NULL, NULL},
        {"Code k7m2p9", OG_SCHEME_CODE, true, "", "k7m2p9"},
        {"Digest x", OG_SCHEME_OTHER, false, "", ""},
        {"og_abc", OG_SCHEME_OTHER, false, "", ""},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct og_credential_header out;
        og_credential_header_parse(og_str_from(cases[i].value), &out);
        if (out.scheme != cases[i].scheme || out.is_well_formed != cases[i].is_well_formed) {
            fail_msg("%s", cases[i].value);
        }
        if (cases[i].login && cases[i].is_well_formed) {
            assert_string_equal(out.login.bytes, cases[i].login);
            assert_string_equal(out.secret.bytes, cases[i].secret);
        }
        og_credential_header_finish(&out);
        assert_int_equal(out.secret.len, 0);
    }
}

static void
only_one_spelling_is_exact(void **state)
{
    (void)state;
    struct og_credential_header out;
    og_credential_header_parse(OG_STR("Bearer x"), &out);
    assert_true(out.is_exact_bearer);
    og_credential_header_parse(OG_STR("bearer x"), &out);
    assert_false(out.is_exact_bearer);
}

static bool
is_accepted(size_t login_chars, size_t password_chars)
{
    static char pair[2048], value[4096];
    struct og_buf base64;
    struct og_credential_header out;
    memset(pair, 'x', sizeof pair);
    pair[login_chars] = ':';
    og_buf_init(&base64, sizeof value);
    og_base64_encode((struct og_str){pair, login_chars + 1 + password_chars}, false, &base64);
    int len = snprintf(value, sizeof value, "Basic %s", base64.ptr);
    og_credential_header_parse((struct og_str){value, (size_t)len}, &out);
    og_buf_finish(&base64);
    return out.is_well_formed;
}

static void
lengths_are_limited(void **state)
{
    (void)state;
    assert_true(is_accepted(64, 256));
    assert_false(is_accepted(65, 10));
    assert_false(is_accepted(6, 257));
    assert_false(is_accepted(6, 1900));
    static char token[600] = "Bearer ";
    struct og_credential_header out;
    memset(token + 7, 'x', sizeof token - 7);
    og_credential_header_parse((struct og_str){token, 7 + 256}, &out);
    assert_true(out.is_well_formed);
    og_credential_header_parse((struct og_str){token, 7 + 257}, &out);
    assert_false(out.is_well_formed);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(headers_are_taken_apart),
        cmocka_unit_test(only_one_spelling_is_exact),
        cmocka_unit_test(lengths_are_limited),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
