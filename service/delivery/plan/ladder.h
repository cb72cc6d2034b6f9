/* ladder.h - which channels a person can be told through, in order, and why not through the others.
 * Pure. (The law's rules will narrow it further: this is where they plug in.) */
#pragma once
#include "service/delivery/plan/policy.h"

/* Why a channel is left out for a person; NULL in ladder.reason = it is a rung. */
struct ladder {
    uint8_t rungs[POLICY_CHANNELS_MAX]; /* channel indexes, in order */
    unsigned n_rungs;
    uint8_t beside[POLICY_CHANNELS_MAX]; /* channel indexes used in parallel */
    unsigned n_beside;
    const char *reason[POLICY_CHANNELS_MAX]; /* by channel index: a fixed word, or NULL */
};
/* `drivers` by channel index of the policy (NULL: not configured now). */
void ladder_make(struct ladder *ret_ladder, const struct policy *policy,
                 const struct channel_driver *const *drivers, const struct recipient *recipient);
/* The rung behind `channel`, which need not be one any more; -1 when there is none. */
int ladder_next(const struct ladder *ladder, const struct policy *policy, unsigned channel);
/* The address a channel uses, for the receipt; NULL when there is none. Postal: first line and
 * postal code. */
const char *ladder_address(enum channel_address kind, const struct recipient *recipient,
                           struct arena *arena);
