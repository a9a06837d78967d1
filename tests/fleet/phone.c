/*
 * A phone's life: what it is, its network, and what goes wrong with it.
 */
#include "tests/fleet/phone.h"
#include "tests/fleet/machine.h"
#include "tests/fleet/trouble.h"

#include <stdlib.h>

#define LATENCY_MEDIAN_MS 60 /* of a mobile network, one way */
#define LATENCY_P95_MS 150
#define CLOCK_WRONG_MAX_MS (12 * SIM_HOUR_MS)
#define DIALOG_ANSWER_MS (10 * SIM_MINUTE_MS)

static const struct phone_app apps[] = {
    {"sms-gate", "me.capcom.smsgateway/1.68.0", 6, true, 15 * SIM_MINUTE_MS, OG_ORDER_LIFO, 0,
     true},
    {"textbee", "com.vernu.sms/2.7.0", 2, true, 15 * SIM_MINUTE_MS, OG_ORDER_FIFO, 5, false},
    {"multiotp", "com.multiotp.gateway/1.8.2", 2, false, 30000, OG_ORDER_FIFO, 0, false},
};

static const struct phone_app *
app_of(int index)
{
    int place = index % 10;
    size_t i = 0;
    while (place >= apps[i].share) {
        place -= apps[i++].share;
    }
    return &apps[i];
}

/* A perfect network for a perfect day. */
static void
take_weather_away(struct og_profile *profile)
{
    struct og_radio_profile *radio = &profile->radio;
    profile->link.up_mean_ms = 0;
    profile->clock_sigma_ms = 0;
    radio->generic = radio->no_service = radio->radio_off = radio->limit = 0;
    radio->ril = radio->silent = radio->report_failed = 0;
}

static void
set_profile(struct phone *self)
{
    struct og_profile *profile = &self->normal;
    og_profile_defaults(profile);
    profile->sims = 1 + self->index / 10 % 2;
    profile->radio.os_class = self->index % 3;
    profile->radio.dialog_answer_ms = DIALOG_ANSWER_MS;
    if (!self->sim->options->trouble->has_weather) {
        take_weather_away(profile);
    }
    self->profile = *profile;
}

struct phone *
phone_create(struct sim *sim, int index)
{
    struct phone *self = og_xalloc(sizeof *self);
    self->sim = sim;
    self->index = index;
    self->app = app_of(index);
    og_dice_seed(&self->dice, sim->options->seed, (uint64_t)index + 1);
    set_profile(self);
    self->clock_offset_ms =
        (int64_t)(og_dice_normal(&self->dice) * (double)self->profile.clock_sigma_ms);
    og_known_init(&self->known, (size_t)self->profile.remember);
    og_radio_init(&self->radio, &self->profile.radio, &self->dice);
    self->radio_due_at = self->send_due_at = AGENDA_NEVER;
    for (int i = 0; i < PHONE_OS_PARTS; i++) {
        self->parts_at[i] = INT64_MIN / 2;
    }
    return self;
}

void
phone_destroy(struct phone *self)
{
    phone_free_flights(self);
    og_radio_finish(&self->radio);
    og_send_queue_finish(&self->queue);
    og_known_finish(&self->known);
    og_known_finish(&self->former);
    free(self);
}

bool
phone_is_online(const struct phone *self)
{
    return self->link.is_up && self->trouble != PHONE_DROPPED && !self->sim->is_cut;
}

int64_t
phone_wall_ms(const struct phone *self)
{
    return MACHINE_STARTS_AT + sim_now(self->sim) + self->clock_offset_ms;
}

int64_t
phone_draw_latency(struct phone *self)
{
    return 5 + og_dice_lognormal(&self->dice, LATENCY_MEDIAN_MS, LATENCY_P95_MS);
}

bool
phone_can_send(const struct phone *self)
{
    return self->stream && phone_is_online(self) && self->trouble == PHONE_FINE;
}

const char *
phone_condition(const struct phone *self)
{
    static const char *const words[PHONE_TROUBLES] = {
        [PHONE_FINE] = "fine",           [PHONE_DROPPED] = "dropped",
        [PHONE_SILENT] = "silent",       [PHONE_DIALOG] = "dialog",
        [PHONE_NO_SIGNAL] = "no signal", [PHONE_NO_CREDIT] = "no credit",
        [PHONE_CLOCK] = "clock wrong",   [PHONE_REINSTALL] = "installed anew",
    };
    bool is_offline = self->trouble == PHONE_FINE && !phone_is_online(self);
    return is_offline ? "offline" : words[self->trouble];
}

struct ledger_event
phone_event(const struct phone *self, const char *number)
{
    return (struct ledger_event){number, self->index, sim_now(self->sim)};
}

/* ---- network ---- */

static void look_at_link(void *ctx);

static void
look_at_link_later(struct phone *self)
{
    if (!self->sim->is_over && self->link.flips_at_ms != OG_NEVER) {
        agenda_add(&self->sim->agenda, self->link.flips_at_ms - sim_now(self->sim), look_at_link,
                   self);
    }
}

static void
look_at_link(void *ctx)
{
    struct phone *self = ctx;
    if (og_link_step(&self->link, &self->profile.link, &self->dice, sim_now(self->sim))) {
        phone_network_changed(self);
    }
    look_at_link_later(self);
}

void
phone_network_changed(struct phone *self)
{
    if (phone_is_online(self)) {
        self->link.stream_tries = 0; /* Android tells apps of a network that came back */
        phone_open_stream(self);
    } else if (self->stream) {
        bool is_silent = self->trouble == PHONE_DROPPED || self->sim->is_cut ||
                         og_dice_percent(&self->dice, self->profile.link.silent_cut);
        phone_drop_stream(self, !is_silent);
    }
}

void
phone_gateway_down(struct phone *self)
{
    if (self->stream) {
        phone_drop_stream(self, true);
        phone_open_stream(self);
    }
}

/* ---- the app ---- */

static void
poll(void *ctx)
{
    struct phone *self = ctx;
    phone_pull(self);
    if (!self->sim->is_over) {
        agenda_add(&self->sim->agenda, self->app->poll_ms, poll, self);
    }
}

static void
install(struct phone *self)
{
    struct og_phone_settings settings = {.send_interval_min_s = self->app->pause_s,
                                         .send_interval_max_s = self->app->pause_s,
                                         .limit_period_ms = -1,
                                         .limit_value = -1,
                                         .order = -1};
    og_send_queue_init(&self->queue, self->app->order);
    og_send_queue_apply(&self->queue, &settings);
    phone_register(self);
}

void
phone_start(struct phone *self)
{
    og_link_init(&self->link, &self->profile.link, &self->dice, sim_now(self->sim));
    look_at_link_later(self);
    agenda_add(&self->sim->agenda, og_dice_between(&self->dice, 0, self->app->poll_ms), poll, self);
    install(self);
}

/* What the old app had not sent is gone with it; what is at the radio goes out, unheard of. */
static void
reinstall(struct phone *self)
{
    og_known_finish(&self->former);
    self->former = self->known;
    self->epoch++;
    self->held_count = 0;
    self->is_pulling = self->pull_again = false;
    self->device_id[0] = '\0';
    og_known_init(&self->known, (size_t)self->profile.remember);
    og_send_queue_finish(&self->queue);
    install(self);
}

/* ---- trouble ---- */

static void
set_clock_wrong(struct phone *self)
{
    int64_t off_ms = og_dice_between(&self->dice, SIM_HOUR_MS, CLOCK_WRONG_MAX_MS);
    self->clock_offset_ms = og_dice_percent(&self->dice, 50) ? off_ms : -off_ms;
}

void
phone_trouble(struct phone *self, enum phone_trouble trouble)
{
    enum phone_trouble before = self->trouble;
    struct og_radio_profile *radio = &self->profile.radio;
    self->trouble = trouble;
    radio->no_service = trouble == PHONE_NO_SIGNAL ? 100 : self->normal.radio.no_service;
    radio->generic = trouble == PHONE_NO_CREDIT ? 100 : self->normal.radio.generic;
    if (before == PHONE_CLOCK) {
        self->clock_offset_ms = 0;
    }
    if (before == PHONE_DIALOG) {
        phone_release_dialog(self);
    }
    if (trouble == PHONE_CLOCK) {
        set_clock_wrong(self);
    }
    if (trouble == PHONE_REINSTALL) {
        phone_drop_stream(self, false);
        reinstall(self);
        self->trouble = PHONE_FINE;
    }
    if (trouble == PHONE_DROPPED || before == PHONE_DROPPED) {
        phone_network_changed(self);
    }
}
