/* clock.h - the clock seam. Nothing in this program asks the system for the time but the real clock
 * here; scenarios run under a fake one. */
#pragma once
#include "base/time.h"

struct clock {
    time_ms (*now)(const struct clock *clock); /* UTC wall clock, milliseconds */
    int64_t (*monotonic)(
        const struct clock *clock); /* ms since some start; for leases and time-outs */
};

/* The system's clock, static storage, any thread. */
const struct clock *clock_system(void);

static inline time_ms clock_now(const struct clock *clock)
{
    return clock->now(clock);
}
static inline int64_t clock_monotonic(const struct clock *clock)
{
    return clock->monotonic(clock);
}

/* A clock that stands still until it is told to move (tests, simulations). Starts at `at`;
 * monotonic starts at 0. clock_fake_advance may be called on the loop thread only; reading is
 * allowed on any thread. */
struct clock_fake {
    struct clock clock; /* first */
    _Atomic int64_t wall, mono;
};
void clock_fake_init(struct clock_fake *fake, time_ms at);
void clock_fake_advance(struct clock_fake *fake, int64_t ms);
