/*
 * How far something long is: one line that changes on a terminal, a line for each tenth elsewhere.
 * On standard error, so that output stays what it is.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct og_progress {
    FILE *out;
    const char *what; /* "rows received" */
    int64_t total;
    bool is_terminal;
    int64_t shown; /* tenths; -1: nothing yet */
};

void og_progress_begin(struct og_progress *self, FILE *out, const char *what, int64_t total);
void og_progress_show(struct og_progress *self, int64_t done);
void og_progress_end(struct og_progress *self); /* what is printed next begins a line */
