/*
 * Who listens, and whom to wake. Hints may be lost without harm: the rows are the truth.
 *
 * The write lane collects hints while it applies a batch and flushes them after the commit; each
 * event loop keeps the streams that were opened on it. Frames follow the phone app's needs
 * (wire/smsgate.md section 4.6): every frame has `event:` and `data:` lines.
 *
 * MessageEnqueued, SettingsUpdated and WebhooksUpdated are each coalesced per phone, on each loop:
 * after one the next waits for the gap and is then sent once for all that came meanwhile, because
 * each makes the app drop the request that the last one began. For messages a pull ends the wait:
 * what was queued before it is with the phone, and what is hinted after it goes out at once.
 */
#pragma once

#include "base/clock.h"
#include "base/err.h"
#include "base/loop.h"
#include "base/sink.h"

struct og_hub;

struct og_hub_config {
    int64_t keepalive_ms;      /* comment line on silent streams; 10 s */
    int64_t wake_gap_ms;       /* 1 s */
    int streams_per_device_max; /* on one loop; the oldest is closed beyond this */
    const struct og_clock *clock;
    /* On a loop's thread: the first stream of a device opened, or the last one closed. Must not
     * call the hub. */
    void (*on_presence)(void *ctx, struct og_str account_id, struct og_str device_id,
                        bool is_connected);
    void *ctx;
};

enum og_hint {
    OG_HINT_MESSAGES, /* there is something to fetch */
    OG_HINT_PULLED,   /* it has fetched: what was queued before is with it now */
    OG_HINT_SETTINGS,
    OG_HINT_WEBHOOKS,
    OG_HINT_CANCEL,   /* message_id */
    OG_HINT_EXPORT,   /* read the phone's inbox again; the event's JSON in place of a message_id */
    OG_HINT_CLOSE,    /* the phone was removed: end its streams */
};

OG_MUST_CHECK enum og_code og_hub_create(const struct og_hub_config *config,
                                         struct og_loop *const *loops, int loop_count,
                                         struct og_hub **out, struct og_err *err);
/* Close all streams and timers, on each loop. Blocks until done; the loops must run. */
void og_hub_stop(struct og_hub *self);
void og_hub_destroy(struct og_hub *self);

/*
 * Give a stream to the hub, on the loop's own thread: call og_hub_reserve, make the stream with the
 * owner it gives, then og_hub_attach, which at once sends an opening comment and has the phone ask
 * for settings and webhooks. The hub owns the stream from then on.
 */
struct og_hub_stream;
struct og_hub_stream *og_hub_reserve(struct og_hub *self, int loop_index, struct og_str account_id,
                                     struct og_str device_id, struct og_sink_owner *owner_out);
void og_hub_attach(struct og_hub_stream *stream, struct og_sink *sink);

/* Collect a hint; write lane only. message_id is needed for OG_HINT_CANCEL and OG_HINT_EXPORT. */
void og_hub_hint(struct og_hub *self, enum og_hint hint, struct og_str device_id,
                 struct og_str message_id);
/* Hand what was collected to the loops; write lane only, after the commit. */
void og_hub_flush(struct og_hub *self);

/* Open streams. Any thread. */
int og_hub_stream_count(const struct og_hub *self);
