/* The network comes and goes without memory; the app's waits are fixed by its code. */
#include "phone/link.h"

static int64_t
draw_flip(const struct og_link *self, const struct og_link_profile *profile, struct og_dice *dice,
          int64_t now_ms)
{
    if (profile->up_mean_ms <= 0) {
        return INT64_MAX;
    }
    return now_ms +
           og_dice_exponential(dice, self->is_up ? profile->up_mean_ms : profile->down_mean_ms);
}

void
og_link_init(struct og_link *self, const struct og_link_profile *profile, struct og_dice *dice,
             int64_t now_ms)
{
    *self = (struct og_link){.is_up = true};
    self->flips_at_ms = draw_flip(self, profile, dice, now_ms);
}

bool
og_link_step(struct og_link *self, const struct og_link_profile *profile, struct og_dice *dice,
             int64_t now_ms)
{
    if (now_ms < self->flips_at_ms) {
        return false;
    }
    self->is_up = !self->is_up;
    self->flips_at_ms = draw_flip(self, profile, dice, now_ms);
    return true;
}

int64_t
og_link_stream_wait(struct og_link *self, const struct og_link_profile *profile)
{
    self->stream_tries++;
    int times = self->stream_tries <= 5 ? 1 : self->stream_tries <= 10 ? 6 : 12;
    return profile->reconnect_ms * times;
}

void
og_link_stream_opened(struct og_link *self)
{
    self->stream_tries = 0;
}

int64_t
og_link_retry_wait(const struct og_link_profile *profile, int tries)
{
    int64_t wait = profile->retry_ms;
    for (int i = 1; i < tries && wait < profile->retry_max_ms; i++) {
        wait *= 2;
    }
    return wait < profile->retry_max_ms ? wait : profile->retry_max_ms;
}
