/* engine_rig.h - the real engine and the real store, under a clock that stands still: no threads,
 * no network. Channels are scripted: the local part of an address (or the last digit of a phone, or
 * the first word of a street) says what becomes of a message. */
#pragma once
#include "service/delivery/delivery_private.h"
#include "service/delivery/outcome/facts.h"
#include "service/delivery/roster/intake.h"

#define HOUR INT64_C(3600000) /* milliseconds */
#define DAY  (24 * HOUR)
/* The member of an uploaded person that holds a whole postal address. */
#define ADDRESS(line1)                                                                             \
    "\"address\":{\"line1\":\"" line1                                                              \
    "\",\"city\":\"Springfield\",\"region\":\"CA\",\"postal_code\":\"90210\",\"country\":\"US\"}"

enum { RIG_EMAIL, RIG_SMS, RIG_POST, RIG_BANNER, RIG_CHANNELS };

struct rig_sent {
    int channel;
    time_ms at;
    char to[128];
    char token[TOKEN_TEXT_SIZE], key[TOKEN_TEXT_SIZE];
    char name[64], format[16], subject[160]; /* "" where the channel gets none */
    bool wrong, right, mistake;              /* the text says WRONGFACT, RIGHTFACT, MISTAKEFACT */
};

/* Makes a provider that does what dice say; NULL: the addresses say it. */
struct rig_dice {
    uint64_t state;
    bool wild;                /* refusals, delays, silence; else every message is accepted */
    bool held;                /* a hold was answered OK and nobody has resumed */
    int64_t held_at;          /* monotonic */
    unsigned sent_while_held; /* handed over after the hold's answer */
    unsigned left_while_held; /* left more than 5 s after it */
    unsigned taken, asked;    /* sends and questions */
};
uint32_t rig_roll(struct rig_dice *dice, uint32_t sides); /* 0..sides-1 */

/* Brakes of the configuration, and what bounds the providers. */
struct rig_brakes {
    struct delivery_braking braking;
    int64_t quota[RIG_CHANNELS], per_hour[RIG_CHANNELS], price_micro[RIG_CHANNELS];
    bool sms_rings; /* SMS reports back, and keeps the recipients' night */
};

struct rig {
    char dir[64];
    struct clock_fake clock;
    struct loop *loop;
    struct store *store;
    struct notice_set *notices;
    struct delivery *delivery;
    struct rig_sent sent[8192]; /* what left, in order: the provider's own ledger */
    unsigned n_sent;
    bool provider_down[RIG_CHANNELS];
    bool provider_refuses[RIG_CHANNELS]; /* 402: out of funds */
    const struct rig_brakes *brakes;     /* NULL: none */
    bool hang;                           /* sends stay in flight until rig_release() */
    struct list hanging;
    const char *what_happened;     /* of the next incident; NULL: a plain sentence */
    bool consent_required, urgent; /* of the next incident */
    time_ms hold_until;            /* of the next VERB_HOLD; 0: none */
    struct seal_key master;
    struct rig_dice *dice;
    const char *suspicion;         /* of the next start; NULL: none */
    bool can_query;                /* SMS is asked what became of an uncertain send */
    bool break_glass;              /* of the configuration, from the next start on */
    const struct law_rules *rules; /* from the next start on; NULL: none; the test's own */
    const char *document;          /* of the next incident, whole; NULL: a plain one */
    const char *sender;            /* settings of the mail channel, from the next start on */
    unsigned window;               /* of email; 0: the driver's, which is wider than a batch */
};

/* A fresh store in a temporary directory; the engine is started. */
struct rig *rig_create(void);
/* The same, with so few messages of email in flight that a batch is handed over in parts. */
struct rig *rig_create_narrow(unsigned window);
/* The same, under these brakes. */
struct rig *rig_create_braked(const struct rig_brakes *brakes);
/* The same, with a provider of dice and, for SMS, questions. */
struct rig *rig_create_random(struct rig_dice *dice);
/* SIGTERM and a start: what is in flight ends, the same disk is opened again. */
void rig_restart(struct rig *rig);
/* The same, and whoever starts it knows that the store is older than it should be. */
void rig_suspect(struct rig *rig, const char *why);
/* A few turns of everything, without waiting for the end. */
void rig_steps(struct rig *rig, unsigned n);
/* The engine stops as after SIGTERM, everything is freed, the directory removed. */
void rig_destroy(struct rig **rig);
/* For cmocka: a rig of its own for each test, as *state. */
int rig_setup(void **state);
int rig_teardown(void **state);
/* What a machine finds that starts on the disk as it is now: a kill -9 at this moment. The ledger
 * goes along. */
struct rig *rig_after_crash(const struct rig *dead);
/* A copy of the store, as an operator makes it, and the same disk with the copy in its place: what
 * happened in between is known to the providers' ledger alone. */
struct rig_copy {
    char dir[64];
};
void rig_backup(const struct rig *rig, struct rig_copy *copy);
struct rig *rig_put_back(const struct rig *dead, const struct rig_copy *copy);
void rig_copy_remove(const struct rig_copy *copy);
/* Runs until nothing is left to do at this moment. */
void rig_settle(struct rig *rig);
/* Time passes in steps of at most a second of virtual time. */
void rig_pass(struct rig *rig, int64_t ms);
/* Lets what hangs end as `kind`. */
void rig_release(struct rig *rig, enum outcome_kind kind);

/* Drafts an incident with this roster (NDJSON), approves and releases it; returns its id. */
id rig_incident(struct rig *rig, const char *ndjson);
void rig_upload(struct rig *rig, id incident, const char *ndjson);
id rig_draft(struct rig *rig, const char *ndjson);
enum result rig_act(struct rig *rig, enum delivery_verb verb, id incident, id principal);
/* A counter of the first wave. */
int64_t rig_people(struct rig *rig, id incident, enum people_key key);
int64_t rig_members(struct rig *rig, id incident, int channel, enum member_state state);
enum wave_state rig_state(struct rig *rig, id incident);
/* How often something was sent to this address over this channel. */
unsigned rig_sent_to(const struct rig *rig, int channel, const char *to);
/* A later fact about the n-th message that left. */
enum result rig_fact(struct rig *rig, unsigned n, enum evidence evidence);
/* How many receipts of this kind the incident has. */
unsigned rig_receipts(struct rig *rig, id incident, const char *kind);
/* A person decides about a message of which nobody knows whether it was sent. */
enum result rig_decide(struct rig *rig, id incident, const char *recipient_id,
                       enum decision_verb verb);
/* What a release would do now: the JSON, which the caller puts. */
struct json_object *rig_rehearse(struct rig *rig, id incident);
