/* facts.h - one late fact about one attempt, from a provider or an application: merged, receipted,
 * acted on. */
#pragma once
#include "service/delivery/dossier.h"

struct fact_merge {
    struct delivery_request
        request;       /* OK also when the fact is old news; NOT_FOUND: the token is not ours */
    const char *token; /* of the attempt */
    enum evidence evidence;
    enum blame blame;
    const char *status; /* RFC 3463; "" or NULL */
    int code;
    const char *provider_ref, *diagnostic;
    time_ms at;        /* TIME_NONE or 0: now */
    const char *event; /* replay key or NULL */
    bool changed;      /* out */
    /* With evidence NONE and blame STOPPED: nothing about the attempt, but its person said STOP. */
};
void fact_merge(struct delivery *delivery, struct fact_merge *fact);
