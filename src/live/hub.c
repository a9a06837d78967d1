/*
 * Streams of phones, kept per event loop (a shard), and the hints that the write lane sends them.
 * A shard is touched by its loop's thread only; the collected hints by the write lane only.
 */
#include "live/hub.h"

#include <assert.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>
#include <uthash.h>
#include <utlist.h>
#include <uv.h>

#include "base/arena.h"
#include "base/json.h"

#define ID_BYTES 40 /* of phones and accounts; ours have 21 characters */
#define FRAME_BYTES_MAX 1024 /* ids of clients have up to 36 characters */

struct shard;

/* One open stream. */
struct og_hub_stream {
    struct shard *shard;
    struct device *device;
    struct og_sink *sink; /* NULL until attached */
    bool is_closing;      /* its end will be told */
    int64_t sent_at_ms;   /* monotonic, of the last bytes */
    struct og_hub_stream *prev, *next;           /* of the device, oldest first */
    struct og_hub_stream *quiet_prev, *quiet_next; /* of the shard, longest silent first */
};

/* Events that say only "come and ask": one stands for any number of them. */
enum call { CALL_MESSAGES, CALL_SETTINGS, CALL_WEBHOOKS, CALL_COUNT };

#define SETTINGS_FRAME "event: SettingsUpdated\ndata: null\n\n"
#define WEBHOOKS_FRAME "event: WebhooksUpdated\ndata: null\n\n"

static const char *const call_frames[CALL_COUNT] = {
    [CALL_MESSAGES] = "event: MessageEnqueued\ndata: null\n\n",
    [CALL_SETTINGS] = SETTINGS_FRAME,
    [CALL_WEBHOOKS] = WEBHOOKS_FRAME,
};

struct call_state {
    int64_t sent_at_ms;
    bool is_sent;    /* it went out; of messages: and no pull was seen since */
    bool is_waiting; /* another one is held back */
};

/* A phone with at least one stream on this loop. */
struct device {
    char id[ID_BYTES];
    char account_id[ID_BYTES];
    struct og_hub_stream *streams;
    int stream_count;
    struct call_state calls[CALL_COUNT];
    int waiting_count; /* calls held back; in the shard's list when there are any */
    struct device *wait_prev, *wait_next;
    UT_hash_handle hh;
};

struct shard {
    struct og_hub *hub;
    struct og_loop *loop;
    struct device *devices;
    struct device *waiting;       /* with a held-back call */
    struct og_hub_stream *quiet;  /* by the time of their last bytes */
    uv_timer_t keepalive_timer;
    uv_timer_t wake_timer;
    struct og_loop_task stop_task;
    int open_handles;
};

struct hint {
    enum og_hint kind;
    char device_id[ID_BYTES];
    char *frame; /* of hints that say more than their kind; own */
};

/* A batch of hints on its way to every loop; the last one to read it frees it. */
struct packet {
    _Atomic int readers;
    int count;
    struct hint *hints;
    struct delivery {
        struct og_loop_task task;
        struct packet *packet;
        struct shard *shard;
    } deliveries[];
};

/* On how many loops a phone has a stream. */
struct presence {
    char id[ID_BYTES];
    int loops;
    UT_hash_handle hh;
};

struct og_hub {
    struct og_hub_config config;
    struct shard *shards;
    int shard_count;
    _Atomic int stream_count;
    sem_t stopped;
    struct {
        struct hint *hints;
        int count, cap;
    } lane_only;
    struct {
        pthread_mutex_t lock; /* taken when a phone comes or goes, never for its messages */
        struct presence *phones;
    } shared;
};

static void
copy_id(char out[ID_BYTES], struct og_str id)
{
    size_t len = id.len < ID_BYTES - 1 ? id.len : ID_BYTES - 1;
    memcpy(out, id.ptr, len);
    out[len] = '\0';
}

static int64_t
now_ms(const struct shard *shard)
{
    return og_mono_ms(shard->hub->config.clock);
}

/* ---- frames ---- */

static void
close_stream(struct og_hub_stream *stream)
{
    if (stream->sink && !stream->is_closing) {
        stream->is_closing = true;
        stream->sink->verbs->close(stream->sink);
    }
}

static void
send_to(struct og_hub_stream *stream, struct og_str bytes)
{
    if (!stream->sink) {
        return;
    }
    if (!stream->sink->verbs->send(stream->sink, bytes)) {
        close_stream(stream); /* too slow: it will come back */
        return;
    }
    struct shard *shard = stream->shard;
    stream->sent_at_ms = now_ms(shard);
    DL_DELETE2(shard->quiet, stream, quiet_prev, quiet_next);
    DL_APPEND2(shard->quiet, stream, quiet_prev, quiet_next);
}

static void
send_to_all(struct device *device, struct og_str bytes)
{
    struct og_hub_stream *stream, *next;
    DL_FOREACH_SAFE(device->streams, stream, next)
    {
        send_to(stream, bytes);
    }
}

/* Clients choose ids with all kinds of signs: as JSON none can break the frame. */
static char *
make_cancel_frame(struct og_str message_id)
{
    struct og_buf frame;
    struct og_json_writer w;
    og_buf_init(&frame, FRAME_BYTES_MAX);
    og_buf_add_cstr(&frame, "event: MessageCancelled\ndata: ");
    og_json_begin(&w, &frame);
    og_json_object(&w, NULL);
    og_json_add_str(&w, "messageId", message_id);
    og_json_end(&w);
    og_buf_add_cstr(&frame, "\n\n");
    char *text = og_xstrdup(frame.ptr);
    og_buf_finish(&frame);
    return text;
}

/* JSON without line ends, so that it cannot break the frame either. */
static char *
make_export_frame(struct og_str json)
{
    struct og_buf frame;
    og_buf_init(&frame, FRAME_BYTES_MAX);
    og_buf_printf(&frame, "event: MessagesExportRequested\ndata: %" OG_STR_FMT "\n\n",
                  OG_STR_ARG(json));
    char *text = og_xstrdup(frame.ptr);
    og_buf_finish(&frame);
    return text;
}

static char *
make_frame(enum og_hint kind, struct og_str text)
{
    switch (kind) {
    case OG_HINT_CANCEL:
        return make_cancel_frame(text);
    case OG_HINT_EXPORT:
        return make_export_frame(text);
    default:
        return NULL;
    }
}

static void
free_hints(struct hint *hints, int count)
{
    for (int i = 0; i < count; i++) {
        free(hints[i].frame);
    }
    free(hints);
}

/* ---- calls ---- */

static void
stop_waiting(struct device *device, struct shard *shard, enum call call)
{
    if (device->calls[call].is_waiting) {
        device->calls[call].is_waiting = false;
        if (--device->waiting_count == 0) {
            DL_DELETE2(shard->waiting, device, wait_prev, wait_next);
        }
    }
}

static void
stop_waiting_at_all(struct device *device, struct shard *shard)
{
    for (int call = 0; call < CALL_COUNT; call++) {
        stop_waiting(device, shard, (enum call)call);
    }
}

static void
call_now(struct shard *shard, struct device *device, enum call call)
{
    stop_waiting(device, shard, call);
    device->calls[call].is_sent = true;
    device->calls[call].sent_at_ms = now_ms(shard);
    send_to_all(device, og_str_from(call_frames[call]));
}

/* Sends what has waited long enough. How long the rest must still wait, at most `most_ms`. */
static int64_t
call_in_turn(struct shard *shard, struct device *device, int64_t most_ms)
{
    int64_t now = now_ms(shard), gap_ms = shard->hub->config.wake_gap_ms;
    for (int call = 0; call < CALL_COUNT; call++) {
        int64_t wait_ms = device->calls[call].sent_at_ms + gap_ms - now;
        if (!device->calls[call].is_waiting) {
            continue;
        }
        if (wait_ms <= 0) {
            call_now(shard, device, (enum call)call);
        } else if (wait_ms < most_ms) {
            most_ms = wait_ms;
        }
    }
    return most_ms;
}

/* Few phones wait at a time, and each for a second at most: looking at all of them is cheap. */
static void
on_wake_timer(uv_timer_t *timer)
{
    struct shard *shard = timer->data;
    int64_t next_ms = shard->hub->config.wake_gap_ms;
    struct device *device, *next;
    DL_FOREACH_SAFE2(shard->waiting, device, next, wait_next)
    {
        next_ms = call_in_turn(shard, device, next_ms);
    }
    if (shard->waiting) {
        uv_timer_start(timer, on_wake_timer, (uint64_t)next_ms, 0);
    }
}

/* The timer must fire no later than in wait_ms. */
static void
arm_wake_timer(struct shard *shard, int64_t wait_ms)
{
    uint64_t due_ms = wait_ms > 1 ? (uint64_t)wait_ms : 1;
    if (!uv_is_active((uv_handle_t *)&shard->wake_timer) ||
        uv_timer_get_due_in(&shard->wake_timer) > due_ms) {
        uv_timer_start(&shard->wake_timer, on_wake_timer, due_ms, 0);
    }
}

static void
call_phone(struct shard *shard, struct device *device, enum call call)
{
    struct call_state *state = &device->calls[call];
    int64_t wait_ms = state->sent_at_ms + shard->hub->config.wake_gap_ms - now_ms(shard);
    if (!state->is_sent || wait_ms <= 0) {
        call_now(shard, device, call);
    } else if (!state->is_waiting) {
        state->is_waiting = true;
        if (device->waiting_count++ == 0) {
            DL_APPEND2(shard->waiting, device, wait_prev, wait_next);
        }
        arm_wake_timer(shard, wait_ms);
    }
}

/* ---- hints on a loop ---- */

static void
close_streams(struct device *device)
{
    struct og_hub_stream *stream, *next;
    DL_FOREACH_SAFE(device->streams, stream, next)
    {
        close_stream(stream);
    }
}

static void
take_hint(struct shard *shard, const struct hint *hint)
{
    struct device *device;
    HASH_FIND_STR(shard->devices, hint->device_id, device);
    if (!device) {
        return;
    }
    switch (hint->kind) {
    case OG_HINT_MESSAGES:
        call_phone(shard, device, CALL_MESSAGES);
        break;
    case OG_HINT_PULLED:
        device->calls[CALL_MESSAGES].is_sent = false;
        stop_waiting(device, shard, CALL_MESSAGES);
        break;
    case OG_HINT_SETTINGS:
        call_phone(shard, device, CALL_SETTINGS);
        break;
    case OG_HINT_WEBHOOKS:
        call_phone(shard, device, CALL_WEBHOOKS);
        break;
    case OG_HINT_CANCEL:
    case OG_HINT_EXPORT:
        send_to_all(device, og_str_from(hint->frame));
        break;
    case OG_HINT_CLOSE:
        close_streams(device);
        break;
    }
}

static void
deliver(struct og_loop_task *task)
{
    struct delivery *delivery = OG_CONTAINER_OF(task, struct delivery, task);
    struct packet *packet = delivery->packet;
    for (int i = 0; i < packet->count; i++) {
        take_hint(delivery->shard, &packet->hints[i]);
    }
    if (atomic_fetch_sub(&packet->readers, 1) == 1) {
        free_hints(packet->hints, packet->count);
        free(packet);
    }
}

/* ---- hints in the lane ---- */

void
og_hub_hint(struct og_hub *self, enum og_hint kind, struct og_str device_id,
            struct og_str message_id)
{
    if (atomic_load_explicit(&self->stream_count, memory_order_relaxed) == 0) {
        return; /* nobody listens: the rows say it all */
    }
    if (self->lane_only.count == self->lane_only.cap) {
        self->lane_only.cap = self->lane_only.cap ? self->lane_only.cap * 2 : 64;
        self->lane_only.hints = og_xrealloc(self->lane_only.hints,
                                            (size_t)self->lane_only.cap * sizeof(struct hint));
    }
    struct hint *hint = &self->lane_only.hints[self->lane_only.count++];
    hint->kind = kind;
    copy_id(hint->device_id, device_id);
    hint->frame = make_frame(kind, message_id);
}

void
og_hub_flush(struct og_hub *self)
{
    if (self->lane_only.count == 0) {
        return;
    }
    struct packet *packet =
        og_xalloc(sizeof *packet + (size_t)self->shard_count * sizeof packet->deliveries[0]);
    packet->readers = self->shard_count;
    packet->count = self->lane_only.count;
    packet->hints = self->lane_only.hints;
    self->lane_only.hints = NULL;
    self->lane_only.count = self->lane_only.cap = 0;
    for (int i = 0; i < self->shard_count; i++) {
        struct delivery *delivery = &packet->deliveries[i];
        delivery->packet = packet;
        delivery->shard = &self->shards[i];
        delivery->task.run = deliver;
        og_loop_post(self->shards[i].loop, &delivery->task);
    }
}

/* ---- streams ---- */

static struct device *
device_of(struct shard *shard, struct og_str account_id, struct og_str device_id)
{
    char key[ID_BYTES];
    copy_id(key, device_id);
    struct device *device;
    HASH_FIND_STR(shard->devices, key, device);
    if (!device) {
        device = og_xalloc(sizeof *device);
        memcpy(device->id, key, sizeof key);
        copy_id(device->account_id, account_id);
        HASH_ADD_STR(shard->devices, id, device);
    }
    return device;
}

/* True when it is the phone's first stream on any loop, or its last one. */
static bool
count_loops_locked(struct og_hub *hub, const char *id, bool is_connected)
{
    struct presence *phone;
    HASH_FIND_STR(hub->shared.phones, id, phone);
    if (is_connected) {
        if (!phone) {
            phone = og_xalloc(sizeof *phone);
            memcpy(phone->id, id, sizeof phone->id);
            HASH_ADD_STR(hub->shared.phones, id, phone);
        }
        return ++phone->loops == 1;
    }
    if (!phone || --phone->loops > 0) {
        return false;
    }
    HASH_DEL(hub->shared.phones, phone);
    free(phone);
    return true;
}

/* The callback runs under the lock: "came" and "went" of one phone are told in that order. */
static void
tell_presence(struct og_hub *hub, const struct device *device, bool is_connected)
{
    pthread_mutex_lock(&hub->shared.lock);
    if (count_loops_locked(hub, device->id, is_connected) && hub->config.on_presence) {
        hub->config.on_presence(hub->config.ctx, og_str_from(device->account_id),
                                og_str_from(device->id), is_connected);
    }
    pthread_mutex_unlock(&hub->shared.lock);
}

static void
on_closed(void *ctx)
{
    struct og_hub_stream *stream = ctx;
    struct shard *shard = stream->shard;
    struct device *device = stream->device;
    DL_DELETE(device->streams, stream);
    if (stream->sink) {
        DL_DELETE2(shard->quiet, stream, quiet_prev, quiet_next);
        atomic_fetch_sub(&shard->hub->stream_count, 1);
        device->stream_count--;
    }
    if (stream->sink && device->stream_count == 0) {
        tell_presence(shard->hub, device, false);
    }
    if (!device->streams) {
        stop_waiting_at_all(device, shard);
        HASH_DEL(shard->devices, device);
        free(device);
    }
    free(stream);
}

struct og_hub_stream *
og_hub_reserve(struct og_hub *self, int loop_index, struct og_str account_id,
               struct og_str device_id, struct og_sink_owner *owner_out)
{
    struct shard *shard = &self->shards[loop_index];
    assert(og_loop_is_here(shard->loop));
    struct og_hub_stream *stream = og_xalloc(sizeof *stream);
    stream->shard = shard;
    stream->device = device_of(shard, account_id, device_id);
    DL_APPEND(stream->device->streams, stream);
    *owner_out = (struct og_sink_owner){on_closed, stream};
    return stream;
}

/* The oldest stream, if there are too many; those that are ending already do not count. */
static struct og_hub_stream *
find_surplus(const struct device *device, int streams_max)
{
    struct og_hub_stream *stream, *oldest = NULL;
    int count = 0;
    DL_FOREACH(device->streams, stream)
    {
        if (stream->sink && !stream->is_closing) {
            oldest = oldest ? oldest : stream;
            count++;
        }
    }
    return count > streams_max ? oldest : NULL;
}

void
og_hub_attach(struct og_hub_stream *stream, struct og_sink *sink)
{
    struct shard *shard = stream->shard;
    struct device *device = stream->device;
    stream->sink = sink;
    DL_APPEND2(shard->quiet, stream, quiet_prev, quiet_next);
    atomic_fetch_add(&shard->hub->stream_count, 1);
    if (++device->stream_count == 1) {
        tell_presence(shard->hub, device, true);
    }
    struct og_hub_stream *surplus =
        find_surplus(device, shard->hub->config.streams_per_device_max);
    /* A phone knows settings and webhooks only if it is told to ask (wire/smsgate.md 4.2), and it
     * may have missed a change while its last stream was dead and nobody knew. */
    send_to(stream, OG_STR(":connected\n\n" SETTINGS_FRAME WEBHOOKS_FRAME));
    if (surplus) {
        close_stream(surplus);
    }
}

static void
on_keepalive_timer(uv_timer_t *timer)
{
    struct shard *shard = timer->data;
    int64_t due_ms = now_ms(shard) - shard->hub->config.keepalive_ms;
    struct og_hub_stream *stream;
    while ((stream = shard->quiet) != NULL && stream->sent_at_ms <= due_ms) {
        int64_t before_ms = stream->sent_at_ms;
        send_to(stream, OG_STR(":keepalive\n\n"));
        if (shard->quiet == stream && stream->sent_at_ms == before_ms) {
            /* being closed: its end will be told later, do not stay on it */
            DL_DELETE2(shard->quiet, stream, quiet_prev, quiet_next);
            DL_APPEND2(shard->quiet, stream, quiet_prev, quiet_next);
            stream->sent_at_ms = now_ms(shard);
        }
    }
}

/* ---- life ---- */

enum og_code
og_hub_create(const struct og_hub_config *config, struct og_loop *const *loops, int loop_count,
              struct og_hub **out, struct og_err *err)
{
    struct og_hub *self = og_xalloc(sizeof *self);
    self->config = *config;
    self->shard_count = loop_count;
    self->shards = og_xalloc((size_t)loop_count * sizeof *self->shards);
    sem_init(&self->stopped, 0, 0);
    pthread_mutex_init(&self->shared.lock, NULL);
    for (int i = 0; i < loop_count; i++) {
        struct shard *shard = &self->shards[i];
        shard->hub = self;
        shard->loop = loops[i];
        uv_timer_init(og_loop_uv(loops[i]), &shard->keepalive_timer);
        uv_timer_init(og_loop_uv(loops[i]), &shard->wake_timer);
        shard->keepalive_timer.data = shard->wake_timer.data = shard;
        shard->open_handles = 2;
        uint64_t every_ms = config->keepalive_ms > 4000 ? 1000 : 100;
        uv_timer_start(&shard->keepalive_timer, on_keepalive_timer, every_ms, every_ms);
    }
    (void)err;
    *out = self;
    return OG_OK;
}

static void
on_handle_closed(uv_handle_t *handle)
{
    struct shard *shard = handle->data;
    if (--shard->open_handles == 0) {
        sem_post(&shard->hub->stopped);
    }
}

static void
stop_shard(struct og_loop_task *task)
{
    struct shard *shard = OG_CONTAINER_OF(task, struct shard, stop_task);
    struct device *device, *next;
    HASH_ITER(hh, shard->devices, device, next)
    {
        close_streams(device);
    }
    uv_close((uv_handle_t *)&shard->keepalive_timer, on_handle_closed);
    uv_close((uv_handle_t *)&shard->wake_timer, on_handle_closed);
}

void
og_hub_stop(struct og_hub *self)
{
    for (int i = 0; i < self->shard_count; i++) {
        self->shards[i].stop_task.run = stop_shard;
        og_loop_post(self->shards[i].loop, &self->shards[i].stop_task);
    }
    for (int i = 0; i < self->shard_count; i++) {
        while (sem_wait(&self->stopped) != 0) {
        }
    }
}

void
og_hub_destroy(struct og_hub *self)
{
    if (!self) {
        return;
    }
    free_hints(self->lane_only.hints, self->lane_only.count);
    free(self->shards);
    sem_destroy(&self->stopped);
    pthread_mutex_destroy(&self->shared.lock);
    free(self);
}

int
og_hub_stream_count(const struct og_hub *self)
{
    return atomic_load_explicit(&self->stream_count, memory_order_relaxed);
}
