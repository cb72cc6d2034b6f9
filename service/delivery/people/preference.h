/* preference.h - what is known of people beyond one incident: paper always, a dead address, STOP.
 * Kept under blind keys of the address or the account, sealed with a key of the service. Loop
 * thread; conventions of delivery.h. */
#pragma once
#include "service/delivery/delivery.h"
#include "service/delivery/people/person_keys.h"

enum preference_word { PREFER_PAPER, PREFER_DEAD, PREFER_STOP, PREFERENCES_N };
const char *preference_name(enum preference_word word); /* "paper", "dead", "stop" */

struct preference_state {
    bool set;
    time_ms since;
    char source[24]; /* "person", "operator", "bounce", "returned", "refused", "stop_reply" */
};
/* The sealed form; false: it does not open. */
bool preference_open(const struct delivery *delivery, const struct preference_key *key,
                     struct blob body, struct preference_state states[PREFERENCES_N]);

/* Reads, and with `change` alters, what is known of one address or account. */
struct delivery_preference {
    struct delivery_request request;
    struct preference_key key;                     /* in: delivery_preference_key() */
    bool change;                                   /* else it is only read */
    int want[PREFERENCES_N];                       /* in: 0, 1, -1 = as it is */
    const char *source;                            /* in: a fixed word, of what is set now */
    id principal;                                  /* in: 0 = a report */
    id incident;                                   /* in: of which a report speaks; 0 = none */
    struct preference_state states[PREFERENCES_N]; /* out */
    time_ms changed_at; /* out: of the newest; TIME_NONE: nothing is known */
};
/* The key of an email, a phone number, an account (kinds of person_keys.h) or a street. */
void delivery_preference_key(const struct delivery *delivery, unsigned kind, const char *value,
                             struct preference_key *ret_key);
void delivery_preference_street(const struct delivery *delivery,
                                const struct postal_address *street,
                                struct preference_key *ret_key);
/* OK also when nothing is known, or nothing was to be changed (then without a receipt). */
void delivery_preference(struct delivery *delivery, struct delivery_preference *req);

/* ---- Within the engine. ---- */

/* The service's key for blind keys of people. */
void preference_blind_key(const struct delivery *delivery, struct seal_key *ret_key);
/* Something a message's fate says of its address: noted by itself, errors go to the log. */
struct preference_note {
    enum contact_kind kind;
    struct contact contact;
    enum preference_word word;
    const char *source;
    id incident;
};
void preference_note(struct delivery *delivery, const struct preference_note *note);
/* Does an end of a message say that the address is dead, or that its person said STOP? False: it
 * does not. */
bool preference_of_blame(enum blame blame, enum evidence evidence, enum preference_word *ret_word);
