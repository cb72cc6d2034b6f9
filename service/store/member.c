/* member.c - progress of one member: one byte, merged as facts arrive late, twice and out of order.
 * Pure. The order of evidence is evidence_supersedes(); on top of it stand the states that are no
 * evidence (what we did, not what we know), which never overwrite evidence. */
/* Interfaces. */
#include "tocsin/delivery.h"
#include "tocsin/store.h"

static const char *const names[MEMBER_STATES_N] = {
    [MEMBER_PENDING] = "pending",     [MEMBER_DEFERRED] = "deferred",
    [MEMBER_UNCERTAIN] = "uncertain", [MEMBER_CANCELED] = "canceled",
    [MEMBER_ACCEPTED] = "accepted",   [MEMBER_DELIVERED] = "delivered",
    [MEMBER_DISPLAYED] = "displayed", [MEMBER_ACKNOWLEDGED] = "acknowledged",
    [MEMBER_FAILED] = "failed",       [MEMBER_BOUNCED] = "bounced",
    [MEMBER_RETURNED] = "returned",   [MEMBER_ASKED] = "asked",
};

static const enum evidence evidences[MEMBER_STATES_N] = {
    [MEMBER_ACCEPTED] = EVIDENCE_ACCEPTED,   [MEMBER_DELIVERED] = EVIDENCE_DELIVERED,
    [MEMBER_DISPLAYED] = EVIDENCE_DISPLAYED, [MEMBER_ACKNOWLEDGED] = EVIDENCE_ACKNOWLEDGED,
    [MEMBER_FAILED] = EVIDENCE_FAILED,       [MEMBER_BOUNCED] = EVIDENCE_BOUNCED,
    [MEMBER_RETURNED] = EVIDENCE_RETURNED,
};

const char *member_state_name(unsigned state)
{
    state &= MEMBER_STATE_MASK;
    return state < MEMBER_STATES_N ? names[state] : "unknown";
}

static bool replaces(unsigned known, unsigned fresh)
{
    enum evidence before = evidences[known], after = evidences[fresh];
    if (after != EVIDENCE_NONE)
        return evidence_supersedes(before, after);
    /* What we did never hides what we know. */
    return before == EVIDENCE_NONE;
}

uint8_t member_merge(uint8_t old, uint8_t fresh)
{
    unsigned known = old & MEMBER_STATE_MASK, state = fresh & MEMBER_STATE_MASK;
    unsigned flags = (old | fresh) & (MEMBER_TOLD | MEMBER_PASSED_ON);
    if (known >= MEMBER_STATES_N || state >= MEMBER_STATES_N)
        return old; /* not ours: change nothing */
    if (replaces(known, state))
        known = state;
    if (evidence_negative(evidences[known]))
        flags &= ~(unsigned)MEMBER_TOLD;
    return (uint8_t)(known | flags);
}
