/* view.h - the brakes of a wave as they are shown. Pure but for the engine's own memory. */
#pragma once
#include "base/arena.h"
#include "service/delivery/delivery_private.h"

struct brake_showing {
    struct delivery *delivery;
    const struct policy *policy;
    const struct wave_row *wave;
    const struct store_brake_get *stored;
    int64_t remaining; /* messages that wait */
    double rate;
};
/* JSON: {"document","stage","since","waits_for","next_at","stops":[...],"channels":{...},...};
 * NULL: the wave has no brakes, or the arena is full. */
const char *brake_show(const struct brake_showing *showing, struct arena *arena);
/* When the wave will be out, as far as its brakes let it; TIME_NONE. */
time_ms brake_show_eta(const struct brake_showing *showing);
