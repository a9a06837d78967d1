/* The phone's event stream: opened after registration, pulled from at once, and opened again with
 * the app's waits whenever it ends, whatever the reason. */
#include "phone/phone_priv.h"

#define SILENCE_MAX_MS 20000 /* a comment is promised every 15 s */

static void
on_event(void *ctx, struct og_str type, struct og_str data)
{
    struct og_vphone *self = ctx;
    const struct og_profile *profile = self->world->profile;
    struct og_notes notes = og_vphone_notes(self);
    struct og_str message_id;
    int64_t now_ms = og_vphone_mono(self);
    switch (og_proto_read_event(type, data, &self->world->scratch, &notes, &message_id)) {
    case OG_EVENT_ENQUEUED:
        og_vphone_due(self, DUE_PULL, now_ms + og_dice_between(&self->dice, profile->accept_min_ms,
                                                               profile->accept_max_ms));
        break;
    case OG_EVENT_CANCELLED:
        og_vphone_cancel_message(self, message_id);
        break;
    case OG_EVENT_WEBHOOKS:
        og_vphone_due(self, DUE_WEBHOOKS, now_ms);
        break;
    case OG_EVENT_SETTINGS:
        og_vphone_due(self, DUE_SETTINGS, now_ms);
        break;
    case OG_EVENT_EXPORT: /* this phone has no inbox */
    case OG_EVENT_UNKNOWN:
        break;
    }
    og_arena_reset(&self->world->scratch);
}

static void
on_dataless(void *ctx, struct og_str type)
{
    struct og_notes notes = og_vphone_notes(ctx);
    notes.note(notes.ctx, OG_VIOLATION_EVENT_DATALESS, type);
}

static void
on_bytes(void *ctx, struct og_str bytes)
{
    struct og_vphone *self = ctx;
    struct og_sse_handler handler = {on_event, on_dataless, self};
    int64_t now_ms = og_vphone_mono(self);
    bool is_silent = now_ms - self->stream_heard_ms > SILENCE_MAX_MS;
    if (is_silent && now_ms >= self->world->late_until_ms) {
        og_vphone_note(self, OG_VIOLATION_STREAM_SILENT, "stream");
    }
    self->stream_heard_ms = now_ms;
    og_sse_feed(&self->sse, bytes, &handler);
    og_vphone_arm(self);
}

static bool
is_event_stream(struct og_str type)
{
    struct og_str name = og_str_trim(og_str_slice(type, 0, og_str_find(type, ';')));
    return og_str_eq_nocase(name, OG_STR("text/event-stream"));
}

/* The stream is no more, or was none; there will be another one. */
static void
reopen_later(struct og_vphone *self)
{
    struct og_phone_counts *counts = self->world->counts;
    counts->streams_open -= self->stream_is_open;
    counts->streams_ended += self->stream_is_open;
    self->stream_is_open = false;
    self->stream = NULL;
    int64_t wait = og_link_stream_wait(&self->link, &self->world->profile->link);
    og_vphone_due(self, DUE_STREAM, og_vphone_mono(self) + wait);
}

static void
on_open(void *ctx, int status, struct og_str content_type)
{
    struct og_vphone *self = ctx;
    if (status < 200 || status > 299) {
        return; /* the end follows */
    }
    if (!is_event_stream(content_type)) {
        struct og_notes notes = og_vphone_notes(self);
        notes.note(notes.ctx, OG_VIOLATION_CONTENT_TYPE, content_type);
        og_client_cancel(self->stream);
        reopen_later(self);
        og_vphone_arm(self);
        return;
    }
    int64_t now_ms = og_vphone_mono(self);
    self->stream_is_open = true;
    self->stream_heard_ms = now_ms;
    self->world->counts->phones_up += !self->was_up;
    self->was_up = true;
    self->world->counts->streams_opened++;
    self->world->counts->streams_open++;
    og_link_stream_opened(&self->link);
    og_vphone_due(self, DUE_PULL, now_ms);
    og_vphone_arm(self);
}

static void
on_done(void *ctx, const struct og_client_answer *answer)
{
    struct og_vphone *self = ctx;
    if (!self->stream_is_open) {
        og_vphone_is_answered(self, answer, 200, false);
    }
    reopen_later(self);
    og_vphone_arm(self);
}

void
og_vphone_open_stream(struct og_vphone *self)
{
    if (self->stream || !self->stream_headers) {
        return;
    }
    og_sse_reset(&self->sse);
    self->stream = og_client_open(self->world->client, &(struct og_client_stream){
        .url = self->world->url_events, .headers = self->stream_headers,
        .on_open = on_open, .on_bytes = on_bytes, .on_done = on_done, .ctx = self});
}

void
og_vphone_bury_zombie(struct og_vphone *self)
{
    if (self->zombie) {
        og_client_cancel(self->zombie);
        self->zombie = NULL;
    }
}

void
og_vphone_drop_stream(struct og_vphone *self, bool leave_zombie)
{
    struct og_client_call *stream = self->stream;
    self->due[DUE_STREAM] = OG_NEVER;
    if (!stream) {
        return;
    }
    self->stream = NULL;
    self->world->counts->streams_open -= self->stream_is_open;
    self->stream_is_open = false;
    if (!leave_zombie) {
        og_client_cancel(stream);
        return;
    }
    og_vphone_bury_zombie(self);
    og_client_freeze(stream);
    self->zombie = stream;
    og_vphone_due(self, DUE_ZOMBIE, og_vphone_mono(self) + self->world->profile->link.silent_ms);
}
