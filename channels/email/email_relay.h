/* email_relay.h - which relay takes the next session: pure, times are monotonic milliseconds. */
#pragma once
#include <stdint.h>

#include "tocsin/delivery.h"

struct relay_state {
    unsigned sessions, in_use;
    unsigned failures;     /* in a row */
    int64_t rest_until;    /* 0 = not resting */
    struct outcome reason; /* of the last failure */
};
enum { RELAY_BUSY = -1, RELAY_RESTING = -2, RELAY_REST_MIN_MS = 1000, RELAY_REST_MAX_MS = 300000 };

/* The relay with the smallest share of its sessions in use; RELAY_BUSY when those that are up are
 * full; RELAY_RESTING when all rest: then *ret_first is the one that is back first. */
int relay_pick(const struct relay_state *relays, unsigned n, int64_t now, unsigned *ret_first);
/* A session could not be opened: rests 1 s, then twice as long each time, at most 5 min. Failures
 * of sessions that ran beside the first count once. */
void relay_failed(struct relay_state *relay, const struct outcome *reason, int64_t now);
void relay_good(struct relay_state *relay);
