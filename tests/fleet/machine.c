/*
 * Clock and randomness of the simulated machine. The symbols of the program come before those of
 * the C library, also for shared libraries.
 */
#include "tests/fleet/machine.h"

#include <stdatomic.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "phone/dice.h"

/* Far from 0: a machine that was switched on a second ago is another test. */
#define MONOTONIC_STARTS_AT INT64_C(1000000000)

static _Atomic int64_t now_ms;
static struct og_dice dice;

void
machine_reset(uint64_t seed)
{
    now_ms = 0;
    og_dice_seed(&dice, seed, UINT64_MAX);
}

void
machine_set_ms(int64_t at_ms)
{
    if (at_ms > now_ms) {
        now_ms = at_ms;
    }
}

int64_t
machine_ms(void)
{
    return now_ms;
}

int64_t
machine_wall_ms(void)
{
    return MACHINE_STARTS_AT + now_ms;
}

int
clock_gettime(clockid_t which, struct timespec *out)
{
    int64_t at_ms = now_ms;
    switch (which) {
    case CLOCK_REALTIME:
    case CLOCK_REALTIME_COARSE:
        at_ms += MACHINE_STARTS_AT;
        break;
    case CLOCK_MONOTONIC:
    case CLOCK_MONOTONIC_COARSE:
    case CLOCK_MONOTONIC_RAW:
    case CLOCK_BOOTTIME:
        at_ms += MONOTONIC_STARTS_AT;
        break;
    default: /* CPU time is what it is */
        return (int)syscall(SYS_clock_gettime, which, out);
    }
    *out = (struct timespec){at_ms / 1000, at_ms % 1000 * 1000000};
    return 0;
}

ssize_t
getrandom(void *out, size_t size_bytes, unsigned flags)
{
    unsigned char *to = out;
    (void)flags;
    for (size_t i = 0; i < size_bytes; i++) {
        to[i] = (unsigned char)(og_dice_next(&dice) >> 32);
    }
    return (ssize_t)size_bytes;
}
