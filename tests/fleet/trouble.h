/*
 * What goes wrong in the day: phones, the gateway, the network. Named profiles of it, by flag.
 */
#pragma once

#include "base/str.h"

struct sim;

struct trouble_profile {
    const char *name;
    const char *help;
    int phones_percent; /* of all, have troubles of their own */
    int times;          /* how many each */
    bool has_restart;
    bool has_cut;
    bool has_weather;   /* the ordinary losses of network of all phones, and of sends */
};

/* NULL: no such name. */
const struct trouble_profile *trouble_profile(const char *name);
/* The default first; NULL after the last. */
const struct trouble_profile *trouble_profile_at(int index);

/* Put the day's troubles on the agenda. */
void trouble_plan(struct sim *sim);
