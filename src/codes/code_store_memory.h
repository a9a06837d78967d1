/*
 * One-time codes in this process: fast, bounded, and lost with it.
 *
 * Lives are measured on the monotonic clock, so that setting the machine's time neither shortens
 * nor lengthens them. Records are spread over shards with a lock each, held for one look-up and one
 * comparison; everything is wiped when it goes.
 */
#pragma once

#include "base/clock.h"
#include "codes/code_store.h"

struct og_code_memory_config {
    int64_t entries_max; /* 0: 200,000 */
    int64_t bytes_max;   /* of records with their overhead; 0: 64 MiB */
    const struct og_clock *clock;
};

/* Never fails; an empty store takes about 130 KiB. Destroyed through its verb. */
struct og_code_store *og_code_memory_create(const struct og_code_memory_config *config);

/* Every live record, in no order; `fn` borrows it and must not call the store. */
void og_code_memory_each(struct og_code_store *self,
                         void (*fn)(void *ctx, const struct og_code_record *record), void *ctx);
