/* summary.h - an incident's JSON added up for a person to read. Pure. Private to service/ctl. */
#pragma once
#include <stdbool.h>
#include <stddef.h>

#include "base/json.h"
#include "base/time.h"

enum { SUMMARY_BRAKES_MAX = 8 };
struct summary {
    const char *id, *title, *state; /* live in the JSON that was read */
    bool test;
    bool settled;                 /* nothing will change any more */
    char roster[96];              /* "1,000 accepted ..." or "" */
    struct json_object *channels; /* {"email":{"delivered":n}}, summed over the waves */
    struct json_object *people;   /* {"told":n, "waiting":n, ...} */
    double rate_per_second;
    time_ms eta;                          /* the latest of the waves; TIME_NONE */
    char brakes[SUMMARY_BRAKES_MAX][160]; /* "wave 1: stopped: bounce_rate email" */
    unsigned n_brakes;
    const char *hold_until; /* of a wave that is held; NULL */
    bool alone;             /* one person released a wave; nobody has reviewed it */
};
/* False when it is no incident. summary_free by the caller, before the JSON goes. */
bool summary_read(struct summary *summary, struct json_object *incident);
void summary_free(struct summary *summary);
/* "12 a second, done in about 3 min"; false when nothing moves. */
bool summary_pace(const struct summary *summary, time_ms now, char *to, size_t size);
