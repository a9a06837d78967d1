/*
 * Seeded dice for the model of a phone: the same seed gives the same phone every time.
 * Not for secrets.
 *
 * Sources: xoshiro256** 1.0 and SplitMix64 (Blackman and Vigna), both in the public domain.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct og_dice {
    uint64_t s[4];
};

/* Two streams of one seed are independent: one per phone. */
void og_dice_seed(struct og_dice *self, uint64_t seed, uint64_t stream);

uint64_t og_dice_next(struct og_dice *self);
/* In [0, 1). */
double og_dice_unit(struct og_dice *self);
/* Is it this one? percent 0 is never, 100 always. */
bool og_dice_percent(struct og_dice *self, double percent);
/* In [low, high], both reached; high below low gives low. */
int64_t og_dice_between(struct og_dice *self, int64_t low, int64_t high);
/* Mean 0, deviation 1. */
double og_dice_normal(struct og_dice *self);
/* A wait, given its median and the value that 95 % stay below. median 0 gives 0. */
int64_t og_dice_lognormal(struct og_dice *self, int64_t median, int64_t p95);
/* The time to an event that has no memory. At least 1; mean 0 or less gives 0. */
int64_t og_dice_exponential(struct og_dice *self, int64_t mean);
