/*
 * What is wrong with the rows of a dump, by line, so that all can be mended at once.
 *
 * The first OG_FINDINGS_MAX are kept, the rest counted. Texts name columns and never show their
 * values.
 */
#pragma once

#include "base/err.h"
#include "base/str.h"

#define OG_FINDINGS_MAX 100

struct og_finding {
    int64_t line;
    const char *table; /* static storage */
    char text[160];
};

struct og_findings {
    struct og_finding items[OG_FINDINGS_MAX];
    int64_t count; /* also of those that are not kept */
};

void og_findings_add(struct og_findings *self, int64_t line, const char *table, const char *fmt,
                     ...) OG_PRINTF(4, 5);
