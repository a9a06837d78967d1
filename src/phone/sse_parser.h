/*
 * Server-sent events from bytes, in whatever pieces they come.
 *
 * Pure: no I/O, no clock. Bounded: an event or line over the limit is dropped whole and counted.
 * Behaves as okhttp-sse 4.10 does in the phone app: LF, CR and CRLF end a line; an event without a
 * data line is never dispatched; comments, `id` and `retry` have no effect.
 * Source: WHATWG HTML, "server-sent events"; wire/smsgate.md section 4.6.
 */
#pragma once

#include "base/buf.h"

struct og_sse_handler {
    /* type is "message" when the frame named none. Both borrowed. */
    void (*on_event)(void *ctx, struct og_str type, struct og_str data);
    /* A frame that named an event but had no data line: the app never sees it. May be NULL. */
    void (*on_dataless)(void *ctx, struct og_str type);
    void *ctx;
};

struct og_sse_parser {
    struct og_buf line; /* what came of the present line */
    struct og_buf data;
    char type[64];
    size_t type_len;
    bool has_type, has_data;
    bool is_too_long; /* drop this event */
    bool line_too_long;
    bool after_cr; /* an LF that follows belongs to the CR */
    bool at_start; /* a byte order mark may follow */
    int64_t event_count;
    int64_t comment_count;
    int64_t dropped_count; /* over the limit */
};

/* max_bytes  of one line, and of one event's data */
void og_sse_init(struct og_sse_parser *self, size_t max_bytes);
void og_sse_finish(struct og_sse_parser *self); /* takes zeroed */
/* Begin anew, for a new connection; keeps the counters and the memory. */
void og_sse_reset(struct og_sse_parser *self);
void og_sse_feed(struct og_sse_parser *self, struct og_str bytes,
                 const struct og_sse_handler *handler);
