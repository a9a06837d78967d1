/*
 * cmocka with what it needs before it, and what the tests of config share.
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "config/option.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* What `print` writes; the caller frees it. */
static inline char *
capture(void (*print)(const struct og_config *config, FILE *out), const struct og_config *config)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    assert_non_null(out);
    print(config, out);
    fclose(out);
    return text;
}

static inline void
print_sample(const struct og_config *config, FILE *out)
{
    (void)config;
    og_config_write_sample(out);
}
