/* store_hold.h - verbs for holds: who may not be sent to now, since when, and who said so. A hold
 * covers a whole incident or wave, or within it a jurisdiction, a channel or a person; it is kept
 * on the waves and chunks themselves, so that no claim passes it. The promises of all verbs stand
 * at the head of store_request.h. */
#pragma once
#include "tocsin/store_incident.h"

enum hold_kind {                      /* stored: frozen */
                 HOLD_PERSON = 0,     /* somebody holds: an operator, law enforcement */
                 HOLD_ORDER_RULE = 1, /* a regulator must be told before; a fact lifts it */
                 HOLD_WITHDRAWN = 2,  /* its text is withdrawn: it goes on with another or not */
                 HOLD_KINDS_N
};
enum hold_state { /* stored: frozen */
                  HOLD_PLACED = 0,
                  HOLD_ASKED = 1, /* one person asks to lift it, another must agree */
                  HOLD_LIFTED = 2,
                  HOLD_STATES_N
};
extern const struct sm_table hold_states;        /* "placed", "asked", "lifted" */
const char *hold_kind_name(enum hold_kind kind); /* "hold", "order_rule", "withdrawn" */

struct hold_row {
    id id; /* "hld_..." */
    id incident;
    int64_t wave;             /* 0 = every wave, those to come too */
    const char *jurisdiction; /* NULL = every one */
    const char *channel;      /* NULL = every one */
    int64_t number;           /* roster number; -1 = everybody */
    enum hold_kind kind;
    enum hold_state state;
    struct blob body; /* sealed: reason, agency, officer */
    time_ms until;    /* an alarm; TIME_NONE */
    id placed_by, asked_by, lifted_by;
    int64_t asked_notice; /* the version that was asked for */
    time_ms placed_at, lifted_at;
};
/* Does it stop a wave as a whole? */
bool hold_is_whole(const struct hold_row *hold);

struct store_hold_put {
    struct store_request request;
    struct hold_row row; /* in: all but states and times of lifting */
    const struct receipt_batch *receipts;
    struct wave_row *waves; /* out: of the incident, as they are now */
    size_t n_waves;
    int64_t chunks; /* out: how many it covers */
};
/* From this commit on no claim gives, and no intent takes, what it covers. NOT_FOUND: the incident,
 * or a wave that is not its; CONFLICT: the wave is settled or canceled. */
void store_hold_put(struct store *store, struct store_hold_put *req);

struct store_hold_lift {
    struct store_request request;
    id incident;
    id hold;      /* this one; or 0 and ... */
    int64_t wave; /* ... every one on this wave as a whole; 0 = on the incident as a whole */
    id principal;
    bool by_fact; /* order rules of `jurisdiction`: the regulator is told, nobody need agree */
    const char *jurisdiction;
    int64_t notice;            /* wave: it goes on with this notice version; 0 = as it is */
    const struct blob *policy; /* wave with `notice`: the policy from now on */
    const uint8_t *hash;       /* ... and the hash that must be approved */
    time_ms at;
    const struct receipt_batch *asked, *lifted; /* the one that applies is stored */
    bool done;              /* out: lifted; else asked for: another person must agree */
    int holds;              /* out: how many */
    struct wave_row *waves; /* out: of the incident, as they are now */
    size_t n_waves;
};
/* The first call asks, one by another person lifts. A wave that no hold covers any more goes back
 * to where it was held from. NOT_FOUND: no such hold, or none is active; DENIED: the one who asked
 * cannot agree; CONFLICT: asked for with another notice version, the version is withdrawn or not
 * approved, the facts changed and no version is named, or another hold covers the wave. */
void store_hold_lift(struct store *store, struct store_hold_lift *req);

struct store_hold_list {
    struct store_request request;
    id incident;           /* 0 = of all incidents */
    bool active;           /* only those not lifted */
    struct hold_row *rows; /* out: the newest first, at most 1,000 */
    size_t n;
};
void store_hold_list(struct store *store, struct store_hold_list *req);
