/*
 * A phone's network: episodes without it, and how long the app waits before it tries again.
 *
 * Pure. Sources: wire/smsgate.md sections 4.4 and 4.6 (waits), domain/phones.md section 4.2
 * (episodes).
 */
#pragma once

#include "phone/dice.h"
#include "phone/profile.h"

struct og_link {
    bool is_up;
    int64_t flips_at_ms; /* monotonic; INT64_MAX: stays as it is */
    int stream_tries;    /* since the stream was last open */
};

void og_link_init(struct og_link *self, const struct og_link_profile *profile,
                  struct og_dice *dice, int64_t now_ms);
/* True when it has just changed. */
bool og_link_step(struct og_link *self, const struct og_link_profile *profile,
                  struct og_dice *dice, int64_t now_ms);

/* The wait after a stream has ended: 5 s five times, 30 s five times, then 60 s. Counts the try. */
int64_t og_link_stream_wait(struct og_link *self, const struct og_link_profile *profile);
void og_link_stream_opened(struct og_link *self);

/* The wait after a call has failed for the `tries`th time (from 1): doubles from retry_ms. */
int64_t og_link_retry_wait(const struct og_link_profile *profile, int tries);
