/*
 * A phone's event stream: the gateway's end is a sink like that of a connection, which goes on
 * taking bytes for a phone that is gone until the transport gives it up.
 */
#include "tests/fleet/phone_stream.h"

#include <stdio.h>
#include <stdlib.h>

#include "tests/fleet/phone.h"

#define MESSAGE_ID_BYTES 40

struct phone_stream {
    struct og_sink sink;
    struct phone *phone;
    struct og_sink_owner owner;
    struct phone_stream *next; /* in the order of making, newest first */
    bool is_left;   /* the phone has gone; the gateway may not know */
    bool is_ending; /* the gateway will be told */
    bool is_over;   /* it was */
};

static void
end_now(void *ctx)
{
    struct phone_stream *self = ctx;
    if (!self->is_over) {
        self->is_over = true;
        self->owner.on_closed(self->owner.ctx);
    }
}

static void
end_after(struct phone_stream *self, int64_t wait_ms)
{
    if (!self->is_ending) {
        self->is_ending = true;
        agenda_add(&self->phone->sim->agenda, wait_ms, end_now, self);
    }
}

/* ---- frames ---- */

struct frame {
    struct phone_stream *stream;
    char cancelled_id[MESSAGE_ID_BYTES]; /* "" : there are messages */
};

static void
pull_now(void *ctx)
{
    phone_pull(ctx);
}

static void
on_frame(void *ctx)
{
    struct frame *frame = ctx;
    struct phone *phone = frame->stream->phone;
    if (phone->stream == frame->stream && phone_is_online(phone)) {
        if (frame->cancelled_id[0]) {
            phone_cancel(phone, og_str_from(frame->cancelled_id));
        } else {
            int64_t wait_ms = og_dice_between(&phone->dice, phone->profile.accept_min_ms,
                                              phone->profile.accept_max_ms);
            agenda_add(&phone->sim->agenda, wait_ms, pull_now, phone);
        }
    }
    free(frame);
}

/* The two kinds of frame that a phone acts upon. */
static bool
read_frame(struct og_str bytes, struct frame *out)
{
    static const char cancelled[] = "event: MessageCancelled\ndata: {\"messageId\":\"";
    if (og_str_starts(bytes, og_str_from(cancelled))) {
        struct og_str id = og_str_slice(bytes, sizeof cancelled - 1, bytes.len);
        id = og_str_slice(id, 0, og_str_find(id, '"'));
        snprintf(out->cancelled_id, sizeof out->cancelled_id, "%" OG_STR_FMT, OG_STR_ARG(id));
        return true;
    }
    return og_str_starts(bytes, OG_STR("event: MessageEnqueued\n"));
}

static bool
on_send(struct og_sink *sink, struct og_str bytes)
{
    struct phone_stream *self = OG_CONTAINER_OF(sink, struct phone_stream, sink);
    struct frame frame = {.stream = self};
    if (self->is_left) {
        end_after(self, self->phone->sim->gateway.config.phone.ack_timeout_ms);
    } else if (read_frame(bytes, &frame)) {
        struct frame *sent = og_xalloc(sizeof *sent);
        *sent = frame;
        agenda_add(&self->phone->sim->agenda, phone_draw_latency(self->phone), on_frame, sent);
    }
    return true;
}

/* The gateway wants no more of it: the phone sees the end and comes back. */
static void
on_close(struct og_sink *sink)
{
    struct phone_stream *self = OG_CONTAINER_OF(sink, struct phone_stream, sink);
    end_after(self, 0);
    if (self->phone->stream == self) {
        self->phone->stream = NULL;
        phone_open_stream(self->phone);
    }
}

static const struct og_sink_verbs verbs = {on_send, on_close};

/* ---- open, drop ---- */

static void
connect_now(void *ctx)
{
    struct phone *phone = ctx;
    struct sim *sim = phone->sim;
    phone->is_connecting = false;
    if (phone->stream || !phone_is_online(phone)) {
        return; /* it comes back with its network */
    }
    if (!sim_is_reachable(sim) || !phone->device_id[0]) {
        phone_open_stream(phone);
        return;
    }
    struct phone_stream *self = og_xalloc(sizeof *self);
    *self = (struct phone_stream){.sink = {&verbs}, .phone = phone, .next = sim->streams};
    sim->streams = phone->stream = self;
    og_link_stream_opened(&phone->link);
    og_hub_attach(og_hub_reserve(sim->gateway.parts.hub, 0, SIM_ACCOUNT,
                                 og_str_from(phone->device_id), &self->owner),
                  &self->sink);
    phone_pull(phone); /* the app does, on every connect */
}

void
phone_open_stream(struct phone *self)
{
    if (self->app->has_stream && !self->is_connecting && !self->sim->is_over) {
        self->is_connecting = true;
        agenda_add(&self->sim->agenda, og_link_stream_wait(&self->link, &self->profile.link),
                   connect_now, self);
    }
}

void
phone_drop_stream(struct phone *self, bool has_fin)
{
    struct phone_stream *stream = self->stream;
    if (stream) {
        self->stream = NULL;
        stream->is_left = true;
        if (has_fin) {
            end_after(stream, phone_draw_latency(self));
        }
    }
}

/* ---- all of them ---- */

void
phone_streams_end(struct sim *sim)
{
    for (struct phone_stream *stream = sim->streams; stream; stream = stream->next) {
        stream->is_left = true;
        end_now(stream);
    }
}

void
phone_streams_free(struct sim *sim)
{
    while (sim->streams) {
        struct phone_stream *stream = sim->streams;
        sim->streams = stream->next;
        free(stream);
    }
}
