/* requests.h - the request desk: a person asks for the notice on paper, free of charge.
 *
 *   open -> match -> a letter to the address on file (SENDING -> MAILED -> RETURNED)
 *        |        -> NEEDS_PERSON: not matched, another address, no address: somebody must look
 *        -> DUPLICATE: there is a letter on its way or mailed; the first request's id is the answer
 *
 * A letter to the address on file verifies itself: who asks does not matter, who lives there gets
 * it. Another address is a step-up, since a letter tells what was taken (Pavur, Black Hat 2019).
 * What was given is sealed by the incident's key. Loop thread only; the callback comes exactly
 * once, never from inside the call. */
#pragma once
#include <stdbool.h>
#include <stddef.h>

#include "service/delivery/delivery.h"
#include "tocsin/store.h"

struct requests;

struct requests_config {
    struct delivery *delivery;
    struct store *store;
    struct loop *loop;
    int64_t due_ms; /* by when it should be mailed; 0: 10 days */
};
/* Looks every minute whether letters that a hold keeps back may go. */
struct requests *requests_create(const struct requests_config *config);
/* No operation may be under way. Sets *requests to NULL. */
void requests_destroy(struct requests **requests);
/* A hold has ended: looks at once, not at the end of the minute. */
void requests_wake(struct requests *requests);

/* What the person gave; every member but `channel_received` may be NULL. */
struct request_given {
    const char *recipient_id;
    const uint32_t *number; /* in the roster, when the way it came in says who asks */
    const char *name, *email, *phone, *account_id, *postal_code;
    const struct postal_address *address; /* where the letter shall go, when the person says so */
    const char *channel_received;         /* "web", "mail", "phone", "post", ... */
    const char *note;
};

struct request_view {
    id id, incident;
    enum request_state state;
    int64_t number; /* in the roster, -1: not matched */
    const char *channel_received;
    time_ms received_at, changed_at, due_at;
    id duplicate_of;
    const char *given;  /* canonical JSON of what was given; NULL: not asked for, or erased */
    const char *reason; /* why a person is needed, a fixed word; NULL */
};

/* Makes the answer that is stored with the idempotency key; may be NULL. */
typedef const struct idempotency *request_answer_fn(void *context, const struct request_view *view);

struct requests_open {
    void (*cb)(struct requests_open *open);
    struct arena *arena; /* lives until the callback at least */
    id incident;
    struct request_given given; /* borrowed until the callback */
    id principal;
    request_answer_fn *answer;
    void *context;
    enum result result; /* out. NOT_FOUND: no such incident. CONFLICT: not released yet */
    struct error error;
    struct request_view view; /* out */
    void *private_state;
};
void requests_open(struct requests *requests, struct requests_open *open);

/* One request, with its state brought up to date from its letter. */
struct requests_get {
    void (*cb)(struct requests_get *get);
    struct arena *arena;
    id request;
    bool given; /* open what was given */
    enum result result;
    struct error error;
    struct request_view view;
    void *private_state;
};
void requests_get(struct requests *requests, struct requests_get *get);

struct requests_list {
    void (*cb)(struct requests_list *list);
    struct arena *arena;
    id incident; /* 0: all */
    int64_t after;
    unsigned limit;
    enum result result;
    struct error error;
    struct request_view *views; /* out, newest first; states as last recorded */
    size_t n;
    int64_t next; /* out: 0: no more */
    void *private_state;
};
void requests_list(struct requests *requests, struct requests_list *list);

/* A person decides on one that NEEDS_PERSON: to which recipient's address on file it goes, or why
 * it is closed. */
struct requests_decide {
    void (*cb)(struct requests_decide *decide);
    struct arena *arena;
    id request, principal;
    const char *recipient_id; /* send; or NULL: */
    const char *close_reason; /* close: a fixed word */
    enum result result;       /* CONFLICT: in another state */
    struct error error;
    struct request_view view;
    void *private_state;
};
void requests_decide(struct requests *requests, struct requests_decide *decide);

/* Pure: how many of the given data points are the recipient's (name, email, phone, account, postal
 * code). Names are compared without case and with blanks folded. */
unsigned request_points(const struct request_given *given, const struct recipient *recipient);
/* Pure: is the given address the one on file? Case, blanks and punctuation do not count. */
bool request_same_address(const struct postal_address *given, const struct postal_address *on_file);
