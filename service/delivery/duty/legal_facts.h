/* legal_facts.h - an incident as the law asks about it: the document of POST /v1/law/evaluate made
 * from the incident's own, the census and what has happened. Pure. */
#pragma once
#include "service/delivery/duty/census.h"
#include "service/delivery/hold/hold.h"

struct legal_facts_in {
    struct json_object *document; /* of the incident */
    const struct census *census;
    const struct duty_row *duties; /* those of the plans before */
    size_t n_duties;
    const struct duty_begun *begun;
    size_t n_begun;
    const struct hold_view *holds;
    size_t n_holds;
    time_ms now;
};
/* The caller puts it. What the incident does not say is left out, and becomes a question. */
struct json_object *legal_facts_make(const struct legal_facts_in *in);
/* Sectors of the document that the rules do not know; the caller puts the list. */
struct json_object *legal_facts_ignored(struct json_object *document);
