/* clock.c - the one place that asks the system for the time, and the clock of the tests that stands
 * still. Failure modes: none; clock_gettime on these clocks does not fail. */
/* System. */
#include <stdatomic.h>
#include <time.h>

/* Interfaces. */
#include "tocsin/clock.h"

static int64_t read_clock(clockid_t which)
{
    struct timespec at;
    clock_gettime(which, &at);
    return (int64_t)at.tv_sec * 1000 + at.tv_nsec / 1000000;
}

static time_ms system_now(const struct clock *clock)
{
    (void)clock;
    return read_clock(CLOCK_REALTIME);
}

static int64_t system_monotonic(const struct clock *clock)
{
    (void)clock;
    return read_clock(CLOCK_MONOTONIC);
}

const struct clock *clock_system(void)
{
    static const struct clock clock = {system_now, system_monotonic};
    return &clock;
}

/* `clock` is the first member; the cast keeps const. */
static const struct clock_fake *fake_of(const struct clock *clock)
{
    return (const struct clock_fake *)(const void *)clock;
}

static time_ms fake_now(const struct clock *clock)
{
    return atomic_load(&fake_of(clock)->wall);
}

static int64_t fake_monotonic(const struct clock *clock)
{
    return atomic_load(&fake_of(clock)->mono);
}

void clock_fake_init(struct clock_fake *fake, time_ms at)
{
    fake->clock = (struct clock){fake_now, fake_monotonic};
    atomic_init(&fake->wall, at);
    atomic_init(&fake->mono, 0);
}

void clock_fake_advance(struct clock_fake *fake, int64_t ms)
{
    atomic_fetch_add(&fake->wall, ms);
    atomic_fetch_add(&fake->mono, ms);
}
