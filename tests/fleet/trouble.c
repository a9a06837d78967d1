/*
 * Troubles, drawn before the day begins.
 */
#include "tests/fleet/trouble.h"

#include <stdlib.h>

#include "tests/fleet/phone.h"

#define RESTART_MS 2000
#define CUT_MS (5 * SIM_MINUTE_MS)

static const struct trouble_profile profiles[] = {
    {"default", "a fifth of the phones fail three times each, one restart, one cut", 20, 3, true,
     true, true},
    {"harsh", "half of the phones fail six times each, one restart, one cut", 50, 6, true, true,
     true},
    {"phones", "a fifth of the phones fail three times each, nothing else", 20, 3, false, false,
     true},
    {"weather", "only what happens to every phone: losses of network, sends that fail", 0, 0,
     false, false, true},
    {"none", "nothing at all goes wrong", 0, 0, false, false, false},
};

const struct trouble_profile *
trouble_profile_at(int index)
{
    int count = sizeof profiles / sizeof profiles[0];
    return index < count ? &profiles[index] : NULL;
}

const struct trouble_profile *
trouble_profile(const char *name)
{
    const struct trouble_profile *profile;
    for (int i = 0; (profile = trouble_profile_at(i)); i++) {
        if (strcmp(profile->name, name) == 0) {
            return profile;
        }
    }
    return NULL;
}

/* ---- phones ---- */

struct episode {
    struct phone *phone;
    enum phone_trouble trouble;
    int64_t lasts_ms;
};

static void
episode_end(void *ctx)
{
    struct episode *self = ctx;
    if (self->phone->trouble == self->trouble) {
        phone_trouble(self->phone, PHONE_FINE);
    }
    free(self);
}

static void
episode_begin(void *ctx)
{
    struct episode *self = ctx;
    struct agenda *agenda = &self->phone->sim->agenda;
    if (self->phone->trouble != PHONE_FINE) {
        agenda_add(agenda, SIM_MINUTE_MS, episode_begin, self); /* one after the other */
        return;
    }
    phone_trouble(self->phone, self->trouble);
    agenda_add(agenda, self->lasts_ms, episode_end, self);
}

/* Kinds go round, so that each comes about as often as any other. */
static void
plan_phones(struct sim *sim, const struct trouble_profile *profile)
{
    const struct sim_options *options = sim->options;
    int count = options->phones * profile->phones_percent / 100;
    int kind = 0;
    for (int i = 0; i < count; i++) {
        struct phone *phone = sim->phones[i * options->phones / count];
        for (int n = 0; n < profile->times; n++) {
            struct episode *episode = og_xalloc(sizeof *episode);
            *episode = (struct episode){
                phone, (enum phone_trouble)(1 + kind++ % (PHONE_TROUBLES - 1)),
                og_dice_between(&sim->dice, 5 * SIM_MINUTE_MS, 60 * SIM_MINUTE_MS)};
            agenda_add(&sim->agenda, og_dice_between(&sim->dice, 0, options->day_ms),
                       episode_begin, episode);
        }
    }
}

/* ---- the gateway and its network ---- */

static void
restart_now(void *ctx)
{
    sim_restart(ctx, RESTART_MS);
}

static void
cut_end(void *ctx)
{
    sim_cut(ctx, false);
}

static void
cut_begin(void *ctx)
{
    struct sim *sim = ctx;
    sim_cut(sim, true);
    agenda_add(&sim->agenda, CUT_MS, cut_end, sim);
}

void
trouble_plan(struct sim *sim)
{
    const struct trouble_profile *profile = sim->options->trouble;
    int64_t day_ms = sim->options->day_ms;
    plan_phones(sim, profile);
    if (profile->has_restart) {
        agenda_add(&sim->agenda, og_dice_between(&sim->dice, day_ms / 5, day_ms / 2), restart_now,
                   sim);
    }
    if (profile->has_cut) {
        agenda_add(&sim->agenda, og_dice_between(&sim->dice, day_ms / 2, day_ms * 4 / 5),
                   cut_begin, sim);
    }
}
