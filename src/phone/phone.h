/*
 * One virtual phone: the sms-gate.app phone app with its SIM, its network and its owner's bad luck.
 *
 * Everything runs on the loop of its world, including all callbacks. What the app does on which
 * answer is in wire/smsgate.md section 4; where this differs from the app is in docs/virtual-
 * phone.md.
 */
#pragma once

#include "base/arena.h"
#include "base/clock.h"
#include "base/loop.h"
#include "net/http_client.h"
#include "phone/counts.h"
#include "phone/profile.h"
#include "phone/protocol.h"

#define OG_VPHONE_STREAM_AGENT "okhttp/4.10.0"

struct og_vphone;

/* An SMS as the recipient gets it. Borrowed for the call. */
struct og_aired_sms {
    const struct og_sms *sms;
    const char *to;
    int sim; /* 1-based */
};

/* What a fleet wants to know of its phones. Any may be NULL. */
struct og_vphone_listener {
    void (*on_received)(void *ctx, struct og_vphone *phone, const struct og_sms *sms);
    void (*on_sms)(void *ctx, struct og_vphone *phone, const struct og_aired_sms *aired);
    /* A report was answered. as: OG_SMS_STATE_COUNT for "what was true"; status 0: no answer */
    void (*on_report)(void *ctx, struct og_vphone *phone, const struct og_sms *sms,
                      enum og_sms_state as, int status);
    void (*on_violation)(void *ctx, struct og_vphone *phone, enum og_violation violation,
                         struct og_str about);
    /* It has a new identity, or lost its own. */
    void (*on_identity)(void *ctx, struct og_vphone *phone);
    void *ctx;
};

/* A text that somebody sends to each phone. */
struct og_incoming_text {
    const char *from;
    const char *text;
};

/* What the phones of one loop share. The fleet makes it; it outlives them. */
struct og_vphone_world {
    struct og_loop *loop;
    struct og_client *client;
    const struct og_clock *clock;
    const struct og_profile *profile;
    const char *url_device, *url_message, *url_pull[2] /* by enum og_order */;
    const char *url_events, *url_webhooks, *url_settings, *url_inbox;
    const struct og_incoming_text *incoming;
    size_t incoming_count;
    const struct og_client_headers *register_headers; /* with the credential for POST /device */
    const char *passphrase; /* for encrypted messages; NULL: none, they fail */
    struct og_phone_counts *counts;
    const struct og_vphone_listener *listener;
    struct og_arena scratch; /* reset after each use */
    struct og_buf body;      /* of requests, cleared before each use */
    int64_t late_until_ms;   /* monotonic: before it, what seems to be late may be our own fault */
};

#define OG_VPHONE_ID_BYTES 64
#define OG_VPHONE_TOKEN_BYTES 256

/* Who the phone is for the server; "" when it is nobody yet. */
struct og_vphone_identity {
    char id[OG_VPHONE_ID_BYTES];
    char token[OG_VPHONE_TOKEN_BYTES];
    char login[OG_VPHONE_ID_BYTES];
};

/*
 * Make a phone; it does nothing before og_vphone_start.
 * index     0-based; seeds its dice together with `seed`
 * name      borrowed for the phone's life
 * identity  of an earlier run, or NULL; copied
 */
struct og_vphone *og_vphone_create(struct og_vphone_world *world, int index, uint64_t seed,
                                   const char *name, const struct og_vphone_identity *identity);
void og_vphone_start(struct og_vphone *self);
/* Cancels what is under way and frees it. Not from its own listener. Takes NULL. */
void og_vphone_destroy(struct og_vphone *self);

int og_vphone_index(const struct og_vphone *self);
const char *og_vphone_name(const struct og_vphone *self);
const struct og_vphone_identity *og_vphone_identity(const struct og_vphone *self);
