/*
 * Shared by the files of the virtual phone: phone.c (life and timers), phone_calls.c (registration,
 * pull, settings), phone_stream.c, phone_receive.c (webhooks), phone_send.c (queue, radio) and
 * phone_report.c.
 */
#pragma once

#include "phone/link.h"
#include "phone/outbox.h"
#include "phone/known.h"
#include "phone/phone.h"
#include "phone/radio.h"
#include "phone/send_queue.h"
#include "phone/sse_parser.h"
#include "phone/ticker.h"

/* What a phone waits for, each with its time. */
enum due {
    DUE_LINK,      /* the network comes or goes */
    DUE_REINSTALL,
    DUE_DEVICE,    /* register or refresh */
    DUE_STREAM,    /* open it (again) */
    DUE_ZOMBIE,    /* let a dead stream go */
    DUE_PULL,
    DUE_POLL,      /* the periodic pull */
    DUE_SETTINGS,
    DUE_WEBHOOKS,
    DUE_SEND,      /* the next message from the queue to the radio */
    DUE_RADIO,
    DUE_REPORT,
    DUE_TELL,      /* what came in, and that it lives */
    DUE_COUNT,
};

struct og_flight; /* a report under way */
struct og_tell;   /* a webhook to call */

struct og_vphone {
    struct og_vphone_world *world;
    int index;
    const char *name;
    struct og_vphone_identity identity;
    bool is_registered; /* the server knows us, as far as we know */
    struct og_dice dice;
    int64_t clock_offset_ms;
    int64_t due[DUE_COUNT]; /* monotonic; OG_NEVER */
    struct og_ticker *ticker;
    int64_t ticks_at_ms; /* what the ticker is set to */
    bool is_stepping;    /* arm() comes at the end */

    struct og_client_headers *read_headers, *write_headers, *stream_headers;
    struct og_client_call *device_call, *pull_call, *settings_call, *webhooks_call;
    int device_tries, pull_tries, settings_tries, webhooks_tries;
    bool pull_again;
    int64_t pull_started_us;

    struct og_client_call *stream, *zombie;
    bool stream_is_open;
    bool was_up; /* had a stream at least once */
    int64_t stream_heard_ms;
    struct og_sse_parser sse;
    struct og_link link;

    struct og_known known;
    struct og_send_queue queue;
    struct og_phone_settings settings;
    int next_sim; /* round robin */
    struct og_radio radio;

    struct og_outbox outbox;
    struct og_flight *flights;
    int64_t flight_count;

    struct og_arena hook_mem;
    struct og_proto_webhook *hooks; /* in hook_mem */
    size_t hook_count;
    bool has_received; /* what the world sends it */
    char own_key[16];  /* signs when the settings have none; "" : not drawn yet */
    struct og_tell *tells;
    struct og_client_call *tell_call; /* of the first of them */
};

/* phone.c */
int64_t og_vphone_mono(const struct og_vphone *self);
int64_t og_vphone_wall(const struct og_vphone *self); /* the phone's own clock */
/* Make it due at that time, unless it is so earlier. */
void og_vphone_due(struct og_vphone *self, enum due what, int64_t at_ms);
/* To be called at the end of every callback from outside: sets the ticker. */
void og_vphone_arm(struct og_vphone *self);
void og_vphone_set_identity(struct og_vphone *self, const struct og_vphone_identity *identity);
struct og_notes og_vphone_notes(struct og_vphone *self);

/* The version of the app that it plays. */
static inline const struct og_app_profile *
og_vphone_app(const struct og_vphone *self)
{
    return &og_app_profiles[self->world->profile->app];
}
void og_vphone_note(struct og_vphone *self, enum og_violation violation, const char *about);
/* True for 2xx with a JSON content type if `wants_json`; counts and notes what is wrong. */
bool og_vphone_is_answered(struct og_vphone *self, const struct og_client_answer *answer,
                           int expected, bool wants_json);

/* phone_calls.c */
void og_vphone_call_device(struct og_vphone *self);
void og_vphone_pull(struct og_vphone *self);
void og_vphone_fetch_settings(struct og_vphone *self);
void og_vphone_fetch_webhooks(struct og_vphone *self);
void og_vphone_cancel_calls(struct og_vphone *self);

/* phone_stream.c */
void og_vphone_open_stream(struct og_vphone *self);
/* leave_zombie: keep the connection, unread */
void og_vphone_drop_stream(struct og_vphone *self, bool leave_zombie);
void og_vphone_bury_zombie(struct og_vphone *self);

/* phone_receive.c */
/* The list that the phone has fetched; with the first one it receives what there is for it. */
void og_vphone_take_webhooks(struct og_vphone *self, struct og_str body);
void og_vphone_ping(struct og_vphone *self);
void og_vphone_tell_next(struct og_vphone *self);
void og_vphone_forget_tells(struct og_vphone *self);

/* phone_send.c */
void og_vphone_take(struct og_vphone *self, const struct og_pull_item *item);
void og_vphone_cancel_message(struct og_vphone *self, struct og_str id);
void og_vphone_send(struct og_vphone *self);
void og_vphone_listen(struct og_vphone *self); /* to the radio */

/* phone_report.c */
void og_vphone_tell(struct og_vphone *self, struct og_sms *sms); /* something changed: report it */
void og_vphone_report(struct og_vphone *self);
void og_vphone_cancel_reports(struct og_vphone *self); /* they go back into the box */
