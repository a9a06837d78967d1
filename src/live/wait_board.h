/*
 * What the messages of each phone wait for, so that whoever asks for one is told. The write lane
 * writes it, readers of messages read it; it may be lost, and is made anew as phones fetch.
 *
 * Thread  any; a lock, held for one look-up
 */
#pragma once

#include "base/str.h"

struct og_wait_board;

struct og_wait {
    const char *reason; /* "sim_pace", ...; static storage */
    const char *detail; /* "minute", ...; static storage, "" */
    int64_t until_ms;   /* 0: until something happens that nobody can foretell */
};

struct og_wait_board *og_wait_board_create(void);
void og_wait_board_destroy(struct og_wait_board *self); /* NULL is fine */
/* wait NULL: it waits for nothing. */
void og_wait_board_set(struct og_wait_board *self, struct og_str device,
                       const struct og_wait *wait);
/* False: nothing is known. */
bool og_wait_board_get(struct og_wait_board *self, struct og_str device, struct og_wait *out);
