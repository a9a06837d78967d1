/*
 * One phone on virtual time: an app (its order, pace and way of being woken), Android's limit, SIM
 * cards and a network, with the model and the numbers of src/phone (radio, link, queue of the app).
 * What it asks of the gateway are the operations of the API's phone routes.
 *
 * Network: each way of a call takes a moment; a call is lost when the phone is offline at either
 * end of it, also when the gateway has applied it.
 */
#pragma once

#include "live/hub.h"
#include "phone/known.h"
#include "phone/link.h"
#include "phone/radio.h"
#include "phone/send_queue.h"
#include "tests/fleet/sim.h"

#define PHONE_OS_PARTS 30 /* Android's limit in PHONE_OS_WINDOW_MS: domain/phones.md section 4.1 */
#define PHONE_OS_WINDOW_MS 60000

/* How an app fetches and sends. */
struct phone_app {
    const char *name;
    const char *agent;      /* as it says to the gateway */
    int share;              /* of ten phones */
    bool has_stream;        /* woken by events; else it only polls */
    int64_t poll_ms;
    enum og_order order;
    int64_t pause_s;        /* between two sends; 0: none */
    bool knows_priority;    /* urgent messages overtake others, and its own pace */
};

enum phone_trouble {
    PHONE_FINE,
    PHONE_DROPPED,   /* offline without a word: no FIN */
    PHONE_SILENT,    /* accepts, and nothing follows */
    PHONE_DIALOG,    /* a dialog on the screen holds messages; beyond five they fail at once */
    PHONE_NO_SIGNAL, /* every send fails at once */
    PHONE_NO_CREDIT, /* every send fails on the air */
    PHONE_CLOCK,     /* its clock is off by hours */
    PHONE_REINSTALL, /* the app is installed anew: another device with the same SIM */
    PHONE_TROUBLES
};

struct phone_stream;
struct phone_flight;

struct phone {
    struct sim *sim;
    int index;
    const struct phone_app *app;
    struct og_dice dice;
    struct og_profile profile; /* its own: trouble changes it */
    struct og_profile normal;  /* without trouble */
    char device_id[40];        /* "" : not registered */
    int epoch;                 /* of the app's installation: what is older is no longer its own */

    struct og_link link;
    struct phone_stream *stream; /* NULL: none that it knows of */
    bool is_connecting;
    int64_t clock_offset_ms;
    bool is_pulling, pull_again;
    int pull_tries;

    struct og_known known;
    struct og_known former;   /* of the installation before, only to be freed */
    struct og_send_queue queue;
    struct og_radio radio;
    struct phone_flight *flights; /* at the radio */
    int64_t radio_due_at;         /* earliest look at it that is on the agenda */
    int64_t send_due_at;
    int64_t parts_at[PHONE_OS_PARTS]; /* when the last parts went to the system: a ring */
    int parts_next;

    enum phone_trouble trouble;
    struct og_sms *held[OG_RADIO_DIALOGS_MAX]; /* by the dialog */
    int held_count;
};

struct phone *phone_create(struct sim *sim, int index);
void phone_destroy(struct phone *self);
/* It is switched on: registers, opens its stream, polls. */
void phone_start(struct phone *self);

/* Something goes wrong with it; PHONE_FINE: all is well again. */
void phone_trouble(struct phone *self, enum phone_trouble trouble);
/* Its network, or all phones' network, has changed. */
void phone_network_changed(struct phone *self);
/* The gateway went down: streams end. */
void phone_gateway_down(struct phone *self);

/* How it is, in a word or two; static. */
const char *phone_condition(const struct phone *self);
/* What the books are told: this happens to a message on this phone, now. */
struct ledger_event phone_event(const struct phone *self, const char *number);
/* Could it send a code at once? */
bool phone_can_send(const struct phone *self);

/* ---- between the files of the phone ---- */

bool phone_is_online(const struct phone *self);
int64_t phone_wall_ms(const struct phone *self); /* its own clock */
int64_t phone_draw_latency(struct phone *self);  /* of the network, one way */

/* phone_stream.c */
void phone_open_stream(struct phone *self);
/* has_fin: the gateway is told */
void phone_drop_stream(struct phone *self, bool has_fin);

/* phone_pull.c */
void phone_register(struct phone *self);
void phone_pull(struct phone *self);

/* phone_send.c */
void phone_take(struct phone *self, const struct og_pull_item *item);
void phone_cancel(struct phone *self, struct og_str id);
void phone_send(struct phone *self);
void phone_release_dialog(struct phone *self);
void phone_free_flights(struct phone *self);

/* phone_report.c */
void phone_tell(struct phone *self, struct og_sms *sms); /* something changed: report it */
