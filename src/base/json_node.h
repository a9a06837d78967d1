/*
 * What json_parse.c builds and json_read.c looks at: the values of a document, one after the other
 * as they are written, each list followed by what is in it.
 */
#pragma once

#include "base/json.h"

struct og_json {
    uint8_t kind;     /* enum og_json_kind */
    bool is_true;     /* of a truth value */
    bool is_whole;    /* of a number: value.whole holds it, else value.real */
    uint32_t span;    /* nodes of this value, itself included: behind them stands the next */
    const char *name; /* of a member; NULL in arrays and at the root */
    union {
        struct og_str text; /* NUL-terminated */
        int64_t whole;
        double real;
        struct {
            uint32_t count;
            uint32_t seen_index, seen_span; /* where og_json_at was last: reading in order is cheap */
        } list;
    } value;
};
