/*
 * The machine that the simulation runs on: its clock stands until it is moved, its randomness comes
 * from a seed. Both are given in the place of the C library's clock_gettime and getrandom, so the
 * gateway, libuv and libsodium see no other.
 *
 * Thread   the simulation's; the gateway's own, which only run while it stops, may read the clock
 */
#pragma once

#include <stdint.h>

#define MACHINE_STARTS_AT INT64_C(1767571200000) /* 2026-01-05T00:00:00Z, a Monday */

/* Sets the clock to the beginning and starts the randomness anew. */
void machine_reset(uint64_t seed);
/* ms since the beginning; never backwards */
void machine_set_ms(int64_t at_ms);
int64_t machine_ms(void);
/* The same moment as UTC. */
int64_t machine_wall_ms(void);
