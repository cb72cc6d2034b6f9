/* email_relay.c - choosing and resting relays. Pure; no failure modes. */

/* This module. */
#include "channels/email/email_relay.h"

int relay_pick(const struct relay_state *relays, unsigned n, int64_t now, unsigned *ret_first)
{
    int best = RELAY_RESTING;
    unsigned first = 0;
    for (unsigned i = 0; i < n; i++) {
        const struct relay_state *relay = &relays[i];
        if (relay->rest_until < relays[first].rest_until)
            first = i;
        if (relay->rest_until > now)
            continue;
        if (relay->in_use >= relay->sessions)
            best = best == RELAY_RESTING ? RELAY_BUSY : best;
        else if (best < 0 || (uint64_t)relay->in_use * relays[best].sessions <
                                 (uint64_t)relays[best].in_use * relay->sessions)
            best = (int)i;
    }
    *ret_first = first;
    return best;
}

void relay_failed(struct relay_state *relay, const struct outcome *reason, int64_t now)
{
    relay->reason = *reason;
    if (relay->rest_until > now)
        return;
    int64_t rest = RELAY_REST_MIN_MS;
    for (unsigned i = 0; i < relay->failures && rest < RELAY_REST_MAX_MS; i++)
        rest *= 2;
    relay->failures++;
    relay->rest_until = now + (rest < RELAY_REST_MAX_MS ? rest : RELAY_REST_MAX_MS);
}

void relay_good(struct relay_state *relay)
{
    relay->failures = 0;
    relay->rest_until = 0;
}
