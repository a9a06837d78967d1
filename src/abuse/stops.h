/*
 * What is stopped: countries and prefixes, of one account or of all, by the conversion monitor or
 * by the operator, until somebody releases it or its time is over. Bounded; one thread at a time.
 */
#pragma once

#include "abuse/conversion.h"
#include "base/id.h"
#include "core/map.h"

#define OG_STOPS_MAX 1000

struct og_stop {
    char id[OG_ID_BYTES];
    struct og_place place; /* account "": of all accounts */
    enum og_abuse_rule rule;
    int64_t since_ms; /* UTC */
    int64_t until_ms; /* UTC, 0: until it is released */
};

struct og_stops {
    struct og_map by_key; /* zeroed: none */
};

void og_stops_finish(struct og_stops *self);
/* The stop of a place that holds at now_ms, or NULL. */
const struct og_stop *og_stops_find(const struct og_stops *self, uint64_t key, int64_t now_ms);
/* A copy is kept; one of the same place is replaced. False when there are too many. */
bool og_stops_put(struct og_stops *self, const struct og_stop *stop);
/* By id. *out is what was removed. False when there is none. */
bool og_stops_remove(struct og_stops *self, struct og_str id, struct og_stop *out);
int og_stops_count(const struct og_stops *self);
