/*
 * Where a stream of events is written, without knowing what carries it. http implements it, live
 * uses it, neither includes the other.
 */
#pragma once

#include "base/str.h"

struct og_sink {
    const struct og_sink_verbs *verbs;
};

struct og_sink_verbs {
    /* Queue bytes for the peer. Never blocks. False when the peer is too slow (its buffer is full):
     * the owner then closes it. On the loop's thread only. */
    bool (*send)(struct og_sink *self, struct og_str bytes);
    /* Flush what is queued and end the stream; on_closed follows. On the loop's thread only. */
    void (*close)(struct og_sink *self);
};

/* What the owner of a sink is told. */
struct og_sink_owner {
    /* The stream is gone, for whatever reason; the sink must not be used again. On the loop's
     * thread. */
    void (*on_closed)(void *ctx);
    void *ctx;
};
