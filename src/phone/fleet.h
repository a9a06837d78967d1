/*
 * A fleet of virtual phones on one event loop, 1 to 9000 of them.
 *
 * og_fleet_create, og_fleet_start and og_fleet_stop may be called from any thread but the loop's
 * own; every callback comes on the loop's thread. `otpgate demo` runs a fleet of one beside the
 * server:
 *
 *     struct og_fleet_config config;
 *     og_fleet_config_defaults(&config);
 *     og_profile_make_perfect(&config.profile);
 *     config.url = "https://localhost:8443/api/mobile/v1"; config.ca_file = ...;
 *     config.private_token = ...; config.on_sms = show; config.ctx = self;
 *     og_fleet_create(loop, &config, &fleet, &err);
 *     og_fleet_start(fleet); ... og_fleet_stop(fleet);
 */
#pragma once

#include "base/loop.h"
#include "phone/counts.h"
#include "phone/phone.h"
#include "phone/profile.h"

#define OG_FLEET_PHONES_MAX 9000

struct og_fleet;

/* Borrowed for the call. Texts end in NUL. */
struct og_fleet_sms {
    int phone; /* from 1 */
    const char *phone_name;
    const char *device_id;
    const char *id;
    const char *to;
    const char *text;
    size_t text_len;
    int parts;
    int sim; /* from 1 */
    bool is_data, is_encrypted;
};

struct og_fleet_config {
    const char *url;           /* as typed into the app: https://host/api/mobile/v1 */
    const char *ca_file;       /* PEM; NULL: the system's */
    const char *private_token; /* one of these three registers; or none, as in the app */
    const char *login;         /* user:password */
    const char *code;          /* one-time code */
    const char *passphrase;    /* opens encrypted messages; NULL: none, they fail */
    const struct og_incoming_text *incoming; /* sent to each phone once it is up */
    size_t incoming_count;
    const char *name;          /* "<MANUFACTURER>/<PRODUCT>"; of several, with a number behind it */
    int count;
    uint64_t seed;
    int64_t starts_per_s;      /* how fast the phones come up */
    int connections;           /* for the short calls of all phones together */
    const char *state_file;    /* NULL: identities are not kept */
    const char *jsonl_file;    /* NULL: no record; "-": standard output */
    struct og_profile profile;
    const struct og_clock *clock;

    void (*on_started)(void *ctx); /* the first phones are about to come up */
    void (*on_registered)(void *ctx, int phone, const char *device_id);
    void (*on_sms)(void *ctx, const struct og_fleet_sms *sms);
    void (*on_violation)(void *ctx, int phone, enum og_violation violation, struct og_str about);
    void (*on_stopped)(void *ctx); /* the last callback */
    void *ctx;
};

void og_fleet_config_defaults(struct og_fleet_config *config);

/*
 * Checks and copies the configuration, texts too; nothing happens yet.
 * Errors  OG_E_INVALID (field is the member at fault), OG_E_UNAVAILABLE (a file)
 */
OG_MUST_CHECK enum og_code og_fleet_create(struct og_loop *loop,
                                           const struct og_fleet_config *config,
                                           struct og_fleet **out, struct og_err *err);
/* Once. */
void og_fleet_start(struct og_fleet *self);
/* Closes all phones' connections; tells the server nothing, as a phone that is switched off.
 * Blocks until it is done. The loop must run. Does nothing when it was stopped already or
 * never started. */
void og_fleet_stop(struct og_fleet *self);
/* The same from the loop's own thread, without waiting: on_stopped follows before it returns. Not
 * from the callbacks of phones (on_registered, on_sms, on_violation). */
void og_fleet_stop_here(struct og_fleet *self);
void og_fleet_destroy(struct og_fleet *self); /* after stop; takes NULL */

/* On the loop's thread, or after stop. */
const struct og_phone_counts *og_fleet_counts(const struct og_fleet *self);
