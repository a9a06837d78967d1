/*
 * What these tests share: certificates by name, fixtures by file name, and reading either.
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "apphash/signing.h"
#include "base/crypto.h"
#include "base/files.h"
#include "tests/unit/apphash/data/vectors.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define FIXTURE_BYTES_MAX (1024 * 1024)

static inline const char *
base64_of(const char *name)
{
    for (size_t i = 0; i < COUNT(apphash_certificates); i++) {
        if (strcmp(apphash_certificates[i].name, name) == 0) {
            return apphash_certificates[i].der_base64;
        }
    }
    fail_msg("no certificate %s", name);
    return NULL;
}

/* The certificate's bytes, in `mem`. */
static inline struct og_str
der_of(struct og_arena *mem, const char *name)
{
    struct og_buf buf;
    og_buf_init(&buf, FIXTURE_BYTES_MAX);
    assert_true(og_base64_decode(og_str_from(base64_of(name)), false, &buf));
    struct og_str der = og_str_dup(mem, og_buf_str(&buf));
    og_buf_finish(&buf);
    return der;
}

static inline const char *
path_of(struct og_arena *mem, const char *name)
{
    return og_str_printf(mem, "%s/%s", APPHASH_DATA_DIR, name).ptr;
}

/* A fixture's bytes, in `mem`. */
static inline struct og_str
fixture(struct og_arena *mem, const char *name)
{
    struct og_buf buf;
    struct og_err err;
    og_buf_init(&buf, FIXTURE_BYTES_MAX);
    if (og_file_read(path_of(mem, name), &buf, &err) != OG_OK) {
        fail_msg("%s: %s", name, err.text);
    }
    struct og_str bytes = og_str_dup(mem, og_buf_str(&buf));
    og_buf_finish(&buf);
    return bytes;
}

/* Read bytes; password NULL: none. Exactly so many bytes are readable under AddressSanitizer. */
static inline enum og_code
read_bytes(struct og_str bytes, const char *password, struct og_arena *mem,
           struct og_signing *out, struct og_err *err)
{
    struct og_secret secret = {0};
    struct og_input input;
    *err = (struct og_err){0};
    assert_true(og_secret_set(&secret, og_str_from(password)));
    og_input_over(&input, bytes);
    enum og_code code = og_signing_read(&input, password ? &secret : NULL, mem, out, err);
    assert_int_equal(code == OG_OK, err->text[0] == '\0');
    return code;
}

static inline void
assert_is(struct og_arena *mem, const struct og_signing_cert *cert, const char *name)
{
    assert_true(og_str_eq(cert->der, der_of(mem, name)));
}
