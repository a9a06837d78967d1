/*
 * How messages ended lately, for each phone and each account: which of them fail too often.
 *
 * Counts roll over 10 to 15 minutes. Who fails stays so until it has become clearly better: half
 * of the share with which it began. Pure; one thread, the write lane. Bounded: who has no outcome
 * in that time is forgotten.
 */
#pragma once

#include <stdbool.h>

#include "base/str.h"

#define OG_OUTCOMES_MAX 4096 /* subjects; more are not counted */

enum og_outcomes_of { OG_OUTCOMES_OF_DEVICE, OG_OUTCOMES_OF_ACCOUNT };

struct og_outcomes_policy {
    int percent; /* failed, from which on it is too many */
    int least;   /* of at least so many outcomes */
};

struct og_outcomes;

struct og_outcomes *og_outcomes_create(void);
void og_outcomes_destroy(struct og_outcomes *self); /* takes NULL */

/* A message was sent, or failed or was lost. An id over 60 bytes is not counted. Takes NULL. */
void og_outcomes_add(struct og_outcomes *self, enum og_outcomes_of of, struct og_str id,
                     bool is_failed, int64_t mono_ms);

/* Calls fn for each that fails too often. percent: of its outcomes. Takes NULL. */
void og_outcomes_each(struct og_outcomes *self, const struct og_outcomes_policy *policy,
                      int64_t mono_ms,
                      void (*fn)(void *ctx, enum og_outcomes_of of, struct og_str id, int percent),
                      void *ctx);
