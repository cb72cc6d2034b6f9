/* store_duty.h - verbs for duties beside the notices: a regulator, a bureau, the media, the owner
 * of the data. Rows come from an incident's newest plan; people mark them done. They hold the words
 * of the rules and no personal data. The promises of all verbs stand at the head of
 * store_request.h. */
#pragma once
#include "tocsin/store_incident.h"

enum duty_state { /* stored: frozen */
                  DUTY_OPEN = 0,
                  DUTY_DONE = 1,
                  DUTY_OVERRIDDEN = 2, /* people are told although it is not done */
                  DUTY_GONE = 3,       /* the newest plan does not ask for it any more */
                  DUTY_STATES_N
};
extern const struct sm_table duty_states; /* "open", "done", "overridden", "gone" */

struct duty_row {
    id incident;
    const char *key; /* "US-MD.regulator" */
    const char *jurisdiction;
    int addressee; /* enum law_to; stored: frozen */
    enum duty_state state;
    bool blocks;      /* the people of the jurisdiction wait for it */
    time_ms due_at;   /* TIME_NONE: the law has no day */
    time_ms told_at;  /* DONE: when, as it was said */
    const char *body; /* JSON: name, standard, citation, due */
    id decided_by;
    time_ms decided_at;
};

struct store_duty_plan {
    struct store_request request;
    id incident;
    const struct duty_row *rows; /* in: incident, state and what is decided are not looked at */
    size_t n;
    const struct receipt_batch *receipts;
};
/* The duties of a new plan take the place of those before: what was decided stays decided, what is
 * open and not among them is GONE, what was GONE and comes again is open. NOT_FOUND. */
void store_duty_plan(struct store *store, struct store_duty_plan *req);

struct store_duty_decide {
    struct store_request request;
    id incident;
    const char *key;
    enum duty_state to; /* DONE or OVERRIDDEN */
    time_ms told_at, at;
    id principal;
    const struct receipt_batch *receipts; /* stored only when it changes */
    bool changed;                         /* out; false: it was decided so before */
    struct duty_row row;                  /* out: as it is now */
    bool waits; /* out: another open duty holds back the people of its jurisdiction */
};
/* NOT_FOUND: no such duty; CONFLICT: it was decided otherwise, or is GONE. */
void store_duty_decide(struct store *store, struct store_duty_decide *req);

/* Jurisdictions of which a chunk was begun: letters are on their way there. */
struct duty_begun {
    const char *jurisdiction;
    time_ms at; /* of the release */
};
struct store_duty_list {
    struct store_request request;
    id incident;           /* 0: open ones of all incidents, by due date */
    unsigned limit;        /* of those */
    struct duty_row *rows; /* out */
    size_t n;
    struct duty_begun *begun; /* out: of an incident */
    size_t n_begun;
};
void store_duty_list(struct store *store, struct store_duty_list *req);
