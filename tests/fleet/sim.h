/*
 * A day in the life of a gateway with its phones, applications and users, on virtual time and with
 * chance from a seed: the same seed gives the same day.
 */
#pragma once

#include "phone/dice.h"
#include "tests/fleet/agenda.h"
#include "tests/fleet/gateway.h"
#include "tests/fleet/ledger.h"
#include "tests/fleet/result.h"

#define SIM_ACCOUNT OG_STR("acc-fleet")
#define SIM_MINUTE_MS INT64_C(60000)
#define SIM_HOUR_MS (60 * SIM_MINUTE_MS)

struct crowd;
struct phone;
struct phone_stream;
struct trouble_profile;

struct sim_options {
    uint64_t seed;
    int phones, codes, bulk;
    int64_t day_ms;
    const struct trouble_profile *trouble;
    const char *const *flags; /* of the gateway, ended by NULL */
    const char *dir;          /* an empty folder for its data */
    int tell;                 /* so many stories of codes that were late */
};

struct sim {
    const struct sim_options *options;
    struct agenda agenda;
    struct gateway gateway;
    struct ledger ledger;
    struct og_dice dice;
    struct phone **phones;
    struct phone_stream *streams; /* all that ever were */
    struct crowd *crowd;
    bool is_cut;  /* nobody reaches the gateway */
    bool is_over; /* nobody begins anything any more */
};

/* Runs the day and what follows until everything has ended. */
void sim_run(const struct sim_options *options, struct result *out);

/* Can calls reach the gateway? */
static inline bool
sim_is_reachable(const struct sim *self)
{
    return gateway_is_up(&self->gateway) && !self->is_cut;
}

static inline int64_t
sim_now(const struct sim *self)
{
    return self->agenda.now_ms;
}

/* Stop the gateway, and start it again after a while. */
void sim_restart(struct sim *self, int64_t down_ms);
void sim_cut(struct sim *self, bool is_cut);
/* An SMS went out. */
void sim_on_sms(struct sim *self, const char *number, struct og_str text);
