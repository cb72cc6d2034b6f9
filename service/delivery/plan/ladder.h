/* ladder.h - which channels a person can be told through, at which addresses, in order, and why not
 * through the others. Pure. (The law's rules will narrow it further: this is where they plug in.)
 */
#pragma once
#include "service/delivery/plan/policy.h"

/* What is known of a person from before this incident; bits by the index of the address among those
 * of whom the notice goes to. */
struct wishes {
    bool paper;                       /* wants paper, always: post comes first */
    uint8_t dead[CONTACT_KINDS_N];    /* a hard bounce or a returned letter said so */
    uint8_t stopped[CONTACT_KINDS_N]; /* the person answered STOP */
};

/* Whose ladder. Everything is borrowed. */
struct ladder_question {
    const struct policy *policy;
    const struct channel_driver *const *drivers; /* by channel index; NULL: not configured now */
    const struct recipient *recipient;           /* as uploaded */
    const struct wishes *wishes;                 /* NULL: nothing is known */
    time_ms now;
    bool under_way; /* the plan has put the channels in order: `paper` says whether post came first
                     */
    bool paper;
};

enum { LADDER_RUNGS_MAX = POLICY_CHANNELS_MAX * CONTACTS_MAX };
struct ladder_rung {
    uint8_t channel; /* index in the policy */
    uint8_t address; /* index among the addressee's addresses of that kind */
};
struct ladder {
    struct ladder_rung rungs[LADDER_RUNGS_MAX]; /* in order: all good addresses of a channel before
                                                   the next channel */
    unsigned n_rungs;
    struct ladder_rung beside[POLICY_CHANNELS_MAX]; /* used in parallel */
    unsigned n_beside;
    bool paper;                              /* post was put first, by the person's wish */
    uint8_t order[POLICY_CHANNELS_MAX];      /* the policy's ladder in this person's order */
    uint8_t good[POLICY_CHANNELS_MAX];       /* by channel: bits of usable addresses */
    const char *reason[POLICY_CHANNELS_MAX]; /* by channel: why none is; a fixed word, or NULL */
};
void ladder_make(struct ladder *ret_ladder, const struct ladder_question *question);
/* The rung behind `at`, which need not be one any more; false: there is none. */
bool ladder_next(const struct ladder *ladder, const struct policy *policy, struct ladder_rung at,
                 struct ladder_rung *ret_rung);
/* The addressee of a rung: whom the notice goes to, with that address in use. The copy points into
 * `recipient`. */
void ladder_person(const struct recipient *recipient, enum channel_address kind, unsigned address,
                   struct recipient *ret_person);
/* The address in use that a channel writes to, for the receipt; NULL when there is none. Postal:
 * first line and postal code. */
const char *ladder_address(enum channel_address kind, const struct recipient *recipient,
                           struct arena *arena);
/* Can the format be given by a channel of this driver? The standard one always. */
bool ladder_gives(const struct channel_driver *driver, enum read_format format);
