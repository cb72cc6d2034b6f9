/* delivery.h - the engine's door: what the API, the daemon and the request desk may ask of it.
 *
 * Loop thread only. Requests are caller-owned structs; the callback comes exactly once, on the
 * loop, never from inside the call. Inputs are borrowed until the callback; outputs live in the
 * request's arena (given by the caller, who destroys it). Errors carry a field and a sentence.
 *
 * Which file does what stands in README.md beside this one.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/json.h"
#include "base/result.h"
#include "service/delivery/brake/config.h"
#include "tocsin/channel.h"
#include "tocsin/store.h"
#include "tocsin/template.h"

struct delivery;
struct http_client;
struct law_rules;

/* One configured channel. The order is the index stored in wave policies' `channels`. */
struct delivery_channel {
    const struct channel_driver *driver;
    const void *config;       /* the driver's own, checked */
    unsigned window;          /* 0: the driver's default */
    double rate;              /* sends a second, 0: the driver's default */
    enum evidence sufficient; /* this much and the person is told at once */
    enum evidence settles;    /* this much, and nothing against it when `wait_ms` is over: told */
    int64_t wait_ms;          /* else the next rung is taken then */
    int64_t quota;            /* messages a day (UTC) that the provider takes of us; 0: no bound */
    int64_t per_hour;         /* messages through it in any sixty minutes; 0: no bound */
    bool priced;              /* is the price of a message known? */
    int64_t price_micro;      /* millionths of delivery_config.currency */
    const char *settings; /* its section as a JSON object of texts, without secrets: who it speaks
                             for and through whom; NULL: none */
};

struct delivery_config {
    struct loop *loop;
    struct store *store;
    struct http_client *http;
    const struct notice_set *notices;
    struct seal_key master;
    const struct delivery_channel *channels;
    size_t n_channels;
    const char *const *ladder; /* channel names in order */
    size_t n_ladder;
    const char *const
        *beside; /* channels used in parallel for everybody who can have them (banner) */
    size_t n_beside;
    int approvals_required;  /* by others than the author; 1 = two people in all */
    bool consent_required;   /* electronic channels only with recorded consent, unless the incident
                                says otherwise */
    const char *public_url;  /* where providers' callbacks and links reach us */
    unsigned render_threads; /* 0 in tests: pumped */
    unsigned plan_parts; /* a segment's people are judged in so many jobs; 0: one a render thread */
    int64_t lease_ms;    /* default 60,000 */
    int64_t retry_base_ms, retry_max_ms; /* backoff, jittered: default 60 s .. 1 h */
    unsigned retry_limit;                /* attempts before the next rung is taken, default 8 */
    const char *ledger; /* file of erasures beside the store, for restored copies; NULL: none */
    unsigned retention_months; /* incidents are erased this long after they settled; 0 = never */
    int64_t spacing_ms; /* between notices of different incidents to one person over one channel,
                           unless urgent; 0 = none */
    bool approvers_claimed;        /* only credentials that nobody else has seen approve */
    bool break_glass;              /* one person may release alone, with a reason; alarmed */
    const char *currency;          /* of prices: "USD"; NULL: prices are not known */
    const struct law_rules *rules; /* of law: outlive the engine; approvals bind to version and
                                      digest; NULL: none */
    bool law_enforced; /* rules hold back and bar by themselves; else they are only shown */
    struct delivery_braking braking; /* its arrays and texts outlive the engine */
    const char *brakes; /* JSON of what is configured there; approvals bind to it; NULL */
};

/* Opens the channels and the keys; starts nothing yet. Everything in `config` is copied or must
 * outlive it as said. */
enum result delivery_create(const struct delivery_config *config, struct delivery **ret_delivery,
                            struct error *error);
/* Recovers what a crash left, then plans, sends and watches by itself. `started` comes once. */
void delivery_start(struct delivery *delivery,
                    void (*started)(void *context, enum result result, const struct error *error),
                    void *context);
/* Drain: takes no more chunks, lets what is in flight end (or cancels it after `grace_ms`), closes
 * the channels. */
void delivery_stop(struct delivery *delivery, int64_t grace_ms, void (*stopped)(void *context),
                   void *context);
void delivery_destroy(struct delivery **delivery); /* after delivery_stop */

/* ---- Requests: the common head. ---- */
struct delivery_request {
    void (*cb)(struct delivery_request *request);
    struct arena *arena;
    enum result result;
    struct error error;
    void *private_state;
};

/* ---- Incidents. ---- */
struct delivery_incident_create {
    struct delivery_request request;
    struct json_object *document; /* checked by the API (incident_json.c); kept as it is, sealed */
    const char *title;
    bool test;
    id principal;
    const struct idempotency *idempotency; /* may be NULL; the reply is sealed by the caller */
    id incident; /* in: 0, or an id chosen by the caller (so that the stored reply can name it) */
};
void delivery_incident_create(struct delivery *delivery, struct delivery_incident_create *req);

/* One wave as it stands. Counters are exact; rate and ETA are estimates of this process. */
struct delivery_wave_view {
    struct wave_row row;
    const struct wave_counter *counters;
    size_t n_counters;
    const char *const *channel_names; /* by channel index of the counters */
    size_t n_channels;
    double rate_per_second; /* over the last minute */
    time_ms eta_at;         /* TIME_NONE: nothing is moving, or it waits for a person */
    const char *brakes;     /* JSON; NULL: it has none. See brake/view.h */
};
struct delivery_incident_get {
    struct delivery_request request;
    id incident;
    int64_t notice;               /* in: the document of this notice version; 0: the newest */
    int ordinal;                  /* in: of the wave whose `spec` is wanted; 0: none */
    struct incident_row row;      /* out */
    struct json_object *document; /* out: the caller puts it (json_object_put); NULL unless OK */
    struct json_object *spec;     /* out: audience and texts of that wave; the caller puts it */
    struct delivery_wave_view *waves; /* out */
    size_t n_waves;
};
void delivery_incident_get(struct delivery *delivery, struct delivery_incident_get *req);

struct delivery_incident_list {
    struct delivery_request request;
    int64_t after;
    unsigned limit;
    struct {
        id incident;
        const char *title;
        enum wave_state state;
        bool test;
        time_ms created_at;
        id author;
    } * items; /* out */
    size_t n;
    int64_t next; /* out: 0 = no more */
};
void delivery_incident_list(struct delivery *delivery, struct delivery_incident_list *req);

/* ---- What people decide. ---- */
enum delivery_verb { VERB_APPROVE, VERB_RELEASE, VERB_HOLD, VERB_RESUME, VERB_CANCEL };
struct delivery_act {
    struct delivery_request request;
    enum delivery_verb verb;
    id incident;
    int64_t wave; /* 0: the one of `ordinal`, else the first; out: which it was */
    int ordinal;  /* 0: the first; HOLD, RESUME: the incident as a whole; out: which it was */
    id principal;
    const char *hash; /* APPROVE: hex of what this person saw (from preview or incident view); NULL:
                         as it is now */
    bool counted;     /* APPROVE: the person typed a number of people ... */
    int64_t people;   /* ... which must be the right one; a wrong one is refused and recorded */
    bool break_glass; /* RELEASE: alone, where that is configured; reason is required */
    const char *reason, *agency, *officer; /* HOLD: reason is required */
    time_ms until;         /* HOLD: an alarm, it never resumes by itself; TIME_NONE */
    int64_t notice;        /* RESUME of a wave: it goes on with this notice version; 0: as it is */
    bool asked;            /* out: RESUME: another person must agree */
    enum wave_state state; /* out */
    int approvals, required;              /* out */
    char approval_hash[DIGEST_TEXT_SIZE]; /* out */
};
void delivery_act(struct delivery *delivery, struct delivery_act *req);

/* Somebody looks, afterwards, at a wave that one person released alone. */
struct delivery_review {
    struct delivery_request request;
    id incident, principal;
    int64_t wave;     /* 0: the first; out: which it was */
    const char *note; /* sealed with the receipt; may be NULL */
};
/* Results as store_break_glass_review(). */
void delivery_review(struct delivery *delivery, struct delivery_review *req);

/* What a release would do now, without doing it: {"goes", "unreachable", "withheld",
 * "first_channel": {...}, "people":
 * [{"recipient_id", "fate", "why"}], "more", "lint": [{"locale", "rule", "error", "text"}]}: up to
 * `limit` of those who would not be told, and why; and what the lint says of the text in each
 * language. */
struct delivery_rehearse {
    struct delivery_request request;
    id incident;
    int ordinal; /* of the wave; 0: the first */
    unsigned limit;
    const char *json; /* out */
};
void delivery_rehearse(struct delivery *delivery, struct delivery_rehearse *req);

/* What exactly would be sent to this person over this channel; binds nothing. */
struct delivery_preview {
    struct delivery_request request;
    id incident;
    int ordinal; /* of the wave; 0: the first */
    const char *recipient_id;
    const char *channel; /* channel name; NULL: the person's first rung */
    const char *ladder;  /* out: JSON array text [{"channel","reason"|null}]: the rungs and why
                            others are skipped */
    const char *to;      /* out: the address used */
    const char *locale, *subject, *line, *text, *html; /* out, NULL where the form has none */
    const char *missing; /* out: comma separated fields that are missing; NULL: complete */
    char notice_digest[DIGEST_TEXT_SIZE];
    char approval_hash[DIGEST_TEXT_SIZE];
};
void delivery_preview(struct delivery *delivery, struct delivery_preview *req);

/* ---- One person, and receipts. ---- */
struct delivery_timeline {
    struct delivery_request request;
    id incident;
    const char *recipient_id;
    const char *
        json; /* out: {"recipient_id","told":bool,"rungs":[{channel,state,...}],"receipts":[...]} */
};
void delivery_timeline(struct delivery *delivery, struct delivery_timeline *req);

/* A page of receipts with their details opened where the key still exists. */
struct delivery_receipt_item {
    char receipt_id[48]; /* "rct_<batch>.<slot>" */
    const char *leaf;    /* canonical JSON text */
    const char *details; /* JSON text, NULL: erased or not asked for */
};
struct delivery_receipts {
    struct delivery_request request;
    id incident;                         /* 0 = all */
    const char *recipient_id;            /* NULL = everybody; needs incident */
    bool details;                        /* open them (the role allows it) */
    int64_t after_order;                 /* cursor: position in the batch order ... */
    unsigned after_slot;                 /* ... and the first slot wanted of the batch after it */
    unsigned limit;                      /* items */
    struct delivery_receipt_item *items; /* out */
    size_t n;
    int64_t next_order; /* out */
    unsigned next_slot;
    bool more;
};
void delivery_receipts(struct delivery *delivery, struct delivery_receipts *req);

/* Appends one receipt about the service or an incident (tokens minted, exports read, ...). */
struct delivery_note {
    struct delivery_request request;
    struct receipt receipt; /* about no person */
};
void delivery_note(struct delivery *delivery, struct delivery_note *req);

/* ---- Later truth. ---- */
enum { DELIVERY_WISHES_MAX = 8 };
/* A person asked, by the reply that a report carries, for the notice on paper. */
struct delivery_wish {
    id incident;
    uint32_t number; /* in the roster */
};
struct delivery_report {
    struct delivery_request request;
    const char *channel, *provider;
    struct channel_report report; /* now is set inside */
    int reply_status; /* out: also on failure (401/403 bad signature, 400 malformed, 404, 503) */
    const char *reply_type, *reply_body;
    struct delivery_wish wishes[DELIVERY_WISHES_MAX]; /* out; a person may come twice */
    size_t n_wishes;
};
/* The facts of the report are on disk when it calls back with OK; the wishes are the caller's to
 * hand to the request desk, before the provider gets its answer: else it must say them again. */
void delivery_report(struct delivery *delivery, struct delivery_report *req);

/* ---- A person decides about a message of which nobody knows whether it was sent (state "asked").
 * ---- */
enum decision_verb { DECISION_SENT, DECISION_RESEND, DECISION_NEXT_RUNG };
struct delivery_decide {
    struct delivery_request
        request; /* CONFLICT: nothing of this person waits for a decision on this channel */
    id incident, principal;
    int64_t wave; /* 0: the first */
    const char *recipient_id, *channel;
    enum decision_verb verb; /* it was sent: treat as accepted; send again; take the next rung */
    const char *note;        /* why; sealed with the receipt; may be NULL */
};
void delivery_decide(struct delivery *delivery, struct delivery_decide *req);

/* ---- Banners. ---- */
/* A page that is full of notices tells nothing. */
enum { DELIVERY_BANNERS_MAX = 5 };
struct delivery_banner {
    id banner, incident;
    const char *locale, *title, *line, *body;
    int state;
    bool dismissed;
    time_ms placed_at;
};
struct delivery_banner_list {
    struct delivery_request request;
    const char *account;
    struct delivery_banner *items; /* out: not hidden ones, one an incident, at most
                                      DELIVERY_BANNERS_MAX: the unread ones first, the oldest of
                                      them on top */
    size_t n;
    size_t more; /* out: incidents that wait for their turn */
};
void delivery_banner_list(struct delivery *delivery, struct delivery_banner_list *req);
struct delivery_banner_event {
    struct delivery_request request;
    id banner;
    const char *event; /* "displayed", "acknowledged", "dismissed" */
};
void delivery_banner_event(struct delivery *delivery, struct delivery_banner_event *req);

/* ---- For the request desk: one letter to one person, outside the waves. ---- */
struct delivery_letter {
    struct delivery_request request;
    id incident;
    uint32_t number;
    struct store_written_request *written; /* in: row prepared (state, body sealed); the letter's
                                              wave and chunk are created in its transaction */
    bool change;                           /* store_written_request_change instead of put */
    int street; /* the index of the street wanted; < 0, or a barred one: the first good one */
};
void delivery_letter(struct delivery *delivery, struct delivery_letter *req);
/* The roster number of a recipient by id, or by account, email or phone (kinds 0..3). */
struct delivery_find {
    struct delivery_request request;
    id incident;
    uint8_t kind;
    const char *value;
    uint32_t *numbers; /* out */
    size_t n;
};
void delivery_find(struct delivery *delivery, struct delivery_find *req);
/* A person of the roster by number, opened into the arena. */
struct delivery_person {
    struct delivery_request request;
    id incident;
    uint32_t number;
    struct recipient recipient;   /* out */
    struct seal_key seed;         /* out: for receipts about this person; wipe it */
    struct seal_key incident_key; /* out: their number is masked by it; wipe it */
};
void delivery_person(struct delivery *delivery, struct delivery_person *req);
/* Seals or opens small bodies with an incident's key. `wrapped` is incident_row.key. */
bool delivery_seal(struct delivery *delivery, struct blob wrapped, const char *bound,
                   struct blob plain, struct buf *to);
bool delivery_open(struct delivery *delivery, struct blob wrapped, const char *bound,
                   struct blob sealed, struct buf *to);
/* The service's own key for a purpose ("idempotency"): derived from the master key. */
void delivery_service_key(struct delivery *delivery, const char *purpose, struct seal_key *ret_key);

/* ---- For readiness and metrics. ---- */
struct delivery_channel_stats {
    const char *channel, *provider;
    uint64_t outcomes[OUTCOME_N];
    uint64_t reports, reports_refused;
    unsigned in_flight;
    bool paused; /* by a provider's fault, a 429 or no connection */
    int64_t paused_for_ms;
    int64_t latency_ms; /* moving average of send to outcome */
    bool slow;          /* twice as slow as usual, or silent */
};
struct delivery_stats {
    const struct delivery_channel_stats *channels;
    size_t n_channels;
    uint64_t recipients_accepted, receipts, chunks_claimed, escalations, deferred, uncertain, asked;
    uint64_t brakes_stopped; /* since the start */
    unsigned brakes_stops;   /* in force now, of active waves */
    unsigned brakes_waiting; /* active waves whose canary waits for a person */
    unsigned waves_active;
    unsigned holds_held, holds_overdue; /* waves held; of them past their `until` */
    unsigned break_glass_open;          /* waves released by one person that nobody has reviewed */
    bool restored;             /* the store is a copy: nothing is sent until it is approved */
    time_ms retention_next_at; /* when the next incident is erased by itself; TIME_NONE */
    int64_t oldest_in_flight_ms;
};
/* Valid until the next turn of the loop. */
const struct delivery_stats *delivery_stats(struct delivery *delivery);
