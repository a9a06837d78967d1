/* Randomness of the model: small, fast and the same everywhere. Doubles are made from the high 53
 * bits, so that no platform's library decides what a phone does. */
#include "phone/dice.h"

#include <math.h>

#define Z95 1.6448536269514722 /* 95 % of a normal distribution lie below this */

static uint64_t
splitmix64(uint64_t *state)
{
    uint64_t z = (*state += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static uint64_t
rotate_left(uint64_t x, int bits)
{
    return (x << bits) | (x >> (64 - bits));
}

void
og_dice_seed(struct og_dice *self, uint64_t seed, uint64_t stream)
{
    uint64_t mixed = stream;
    uint64_t state = seed ^ splitmix64(&mixed);
    for (int i = 0; i < 4; i++) {
        self->s[i] = splitmix64(&state);
    }
}

uint64_t
og_dice_next(struct og_dice *self)
{
    uint64_t *s = self->s;
    uint64_t result = rotate_left(s[1] * 5, 7) * 9;
    uint64_t t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotate_left(s[3], 45);
    return result;
}

double
og_dice_unit(struct og_dice *self)
{
    return (double)(og_dice_next(self) >> 11) * 0x1.0p-53;
}

bool
og_dice_percent(struct og_dice *self, double percent)
{
    return og_dice_unit(self) * 100.0 < percent;
}

int64_t
og_dice_between(struct og_dice *self, int64_t low, int64_t high)
{
    if (high <= low) {
        return low;
    }
    return low + (int64_t)(og_dice_unit(self) * (double)(high - low + 1));
}

/* Box and Muller, one of the pair: two draws each time, so that streams stay in step. */
double
og_dice_normal(struct og_dice *self)
{
    double u = 1.0 - og_dice_unit(self); /* (0, 1] */
    double v = og_dice_unit(self);
    return sqrt(-2.0 * log(u)) * cos(2.0 * M_PI * v);
}

int64_t
og_dice_lognormal(struct og_dice *self, int64_t median, int64_t p95)
{
    double z = og_dice_normal(self);
    if (median <= 0) {
        return 0;
    }
    double sigma = p95 > median ? log((double)p95 / (double)median) / Z95 : 0.0;
    return (int64_t)((double)median * exp(sigma * z));
}

int64_t
og_dice_exponential(struct og_dice *self, int64_t mean)
{
    double u = 1.0 - og_dice_unit(self);
    if (mean <= 0) {
        return 0;
    }
    return (int64_t)(-log(u) * (double)mean) + 1;
}
