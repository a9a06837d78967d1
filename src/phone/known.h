/*
 * The messages that a phone has: each id once, whatever the server offers again.
 *
 * Owns them. What is done and no longer pinned is forgotten beyond a given number, oldest first.
 */
#pragma once

#include "phone/sms.h"

struct og_known {
    struct og_sms **slots; /* by hash; a power of two, none before the first message */
    size_t slot_count, count;
    struct og_sms *oldest, *newest;
    uint64_t arrivals;
    size_t remember_max;
};

void og_known_init(struct og_known *self, size_t remember_max);
void og_known_finish(struct og_known *self); /* takes zeroed; frees the messages */

struct og_sms *og_known_find(const struct og_known *self, struct og_str id); /* NULL: new */
/* Takes the message, whose id must be new. May forget old ones. */
void og_known_add(struct og_known *self, struct og_sms *sms);
