/* desk.h - private to service/requests: a case on its way through the desk. */
#pragma once
#include "base/mem.h"
#include "service/requests/requests.h"

enum { CANDIDATES_MAX = 20, DUE_MS_DEFAULT = 10 * 86400000, PARKED_EVERY_MS = 60000 };

struct requests {
    struct requests_config config;
    struct loop_timer timer;
    bool parked;       /* some request may wait for the end of a hold */
    bool closing;      /* free when the scan under way ends */
    struct scan *scan; /* under way, or NULL */
};

time_ms desk_now(const struct requests *desk);

/* ---- body.c: what was given, sealed by the incident's key. ---- */
/* Appends the sealed body; false when it is too large. */
bool body_seal(struct requests *desk, const struct request_row *row,
               const struct request_given *given, const char *reason, struct buf *to);
/* Fills given (JSON text) and reason in the arena from a row; leaves them NULL when the key is
 * gone. */
void body_open(struct requests *desk, struct arena *arena, const struct request_row *row,
               struct request_view *view);
/* The view of a row without its body. */
struct request_view view_of(const struct request_row *row);

/* ---- refresh.c: brings a row's state up to date from its letter. ---- */
struct refresh {
    void (*cb)(struct refresh *refresh);
    struct requests *desk;
    struct arena *arena;
    id request;             /* in */
    enum result result;     /* out */
    struct error error;     /* out */
    struct request_row row; /* out */
    struct store_written_request get, change;
    struct store_chunk_get chunk;
};
void refresh_start(struct refresh *refresh);

/* ---- case.c: from what is known to a letter, or to a person who must look. ---- */
enum case_kind { CASE_OPEN, CASE_DECIDE, CASE_RESUME };
struct desk_case {
    enum case_kind kind;
    struct requests *desk;
    struct arena *arena;
    id principal;
    const struct request_given *given; /* OPEN */
    const char *recipient_id;          /* the person's id, when it was given */
    request_answer_fn *answer;
    void *answer_context;
    struct request_row row; /* OPEN: made; else as stored */
    enum request_state was; /* DECIDE, RESUME */
    void (*done)(struct desk_case *it, enum result result, const struct error *error);
    void *context;

    struct delivery_incident_get incident;
    struct delivery_find find;
    unsigned find_step;
    uint32_t candidates[CANDIDATES_MAX];
    size_t n_candidates, at;
    struct delivery_person person;
    struct recipient match;
    struct seal_key seed, incident_key;
    unsigned matches;
    const char *reason;
    struct buf body;
    struct receipt_batch receipts;
    bool has_receipts, retried;
    struct store_written_request written;
    struct delivery_letter letter;
    int letter_street; /* which of the streets on file was asked for; -1: the first good one */
    struct refresh refresh;
};
/* `done` comes once; the case is wiped and freed behind it. */
void case_start(struct desk_case *it);

/* ---- store_case.c: writing what a case came to. ---- */
/* Ends the case: done, then freed. */
void case_finish(struct desk_case *it, enum result result, const struct error *error);
void case_needs_person(struct desk_case *it, const char *reason);
void case_send(struct desk_case *it);
void case_park(struct desk_case *it);
