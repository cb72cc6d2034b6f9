/* duty.h - what the law asks of an incident: the plan of duties, and what people say about them.
 * The rules of requests are those of delivery.h. Without rules in the configuration: UNAVAILABLE.
 */
#pragma once
#include "service/delivery/delivery.h"

enum { DUTY_CLOCKS_MAX = 128 };
struct duty_clock {
    char jurisdiction[16];
    int addressee; /* enum law_to */
    time_ms due_at;
};
const char *duty_addressee_name(int addressee); /* "regulator", ... */

struct delivery_legal_plan {
    struct delivery_request request;
    id incident, principal;
    int64_t wave;          /* 0: the newest facts; else those of this wave, which is released next:
                              jurisdictions whose regulator must be told first are held back */
    const char *json;      /* out: as LegalPlan in openapi.yaml */
    unsigned held;         /* out: jurisdictions held back now */
    const char *held_text; /* out: which ones, joined by ", " */
};
/* Walks the roster. INVALID: the incident's facts contradict each other; the error names the
 * member. Keeps the duties and a receipt that names the rules. */
void delivery_legal_plan(struct delivery *delivery, struct delivery_legal_plan *req);

struct delivery_duty {
    struct delivery_request request;
    id incident, principal;
    const char *key;
    bool override;                 /* people are told although it is not done; needs a reason */
    time_ms told_at;               /* else: when it was done; not in the future */
    const char *reference;         /* the regulator's, or ours; sealed; NULL */
    const char *attachment_digest; /* SHA-256 of what was handed in, in hex; NULL */
    const char *note;              /* sealed; NULL */
    struct duty_row row;           /* out */
    bool freed;                    /* out: people who waited for it go on */
};
/* NOT_FOUND: the plan has no such duty; CONFLICT: decided otherwise before. Safe to repeat. */
void delivery_duty(struct delivery *delivery, struct delivery_duty *req);

struct delivery_duty_list {
    struct delivery_request request;
    id incident; /* 0: open ones of all incidents, by due date */
    unsigned limit;
    struct duty_row *rows; /* out */
    size_t n;
};
void delivery_duty_list(struct delivery *delivery, struct delivery_duty_list *req);

/* The nearest day of each place and addressee over all incidents, looked at once a minute. */
size_t delivery_duty_clocks(const struct delivery *delivery, const struct duty_clock **ret_clocks);

/* A decision not to tell the people of some jurisdictions: a receipt, with how long the rules want
 * it kept. Stops nothing by itself. */
struct delivery_not_notifying {
    struct delivery_request request;
    id incident, principal;
    const char *const *jurisdictions;
    size_t n;
    const char *reasons;  /* sealed */
    const char *evidence; /* hex digest; NULL */
    int64_t months;       /* out: the longest of the rules; 0: none says */
};
void delivery_not_notifying(struct delivery *delivery, struct delivery_not_notifying *req);
