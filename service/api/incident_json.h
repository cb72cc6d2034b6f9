/* incident_json.h - is this the body of POST /v1/incidents? Pure, thread-safe: no clock, no store.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>

#include "base/json.h"
#include "base/time.h"
#include "service/api/findings.h"

enum {
    INCIDENT_INLINE_MAX = 1000,
    INCIDENT_FACTS_MAX = 32,
    INCIDENT_FACT_BYTES = 16384,
    INCIDENT_NOTES_BYTES = 65536,
    INCIDENT_LANGUAGES_MAX = 20
};

struct incident_rules {
    const char *const *channels; /* names that are configured; n 0: any name is taken */
    size_t n_channels;
    time_ms now; /* a discovery more than a day ahead is refused; TIME_NONE: not looked at */
};

/* Facts alone: one set, or a set for each language with a "default". */
void incident_facts_check(struct json_object *facts, struct findings *findings);
/* Names of channels alone. */
void incident_channels_check(struct json_object *array, const struct incident_rules *rules,
                             struct findings *findings);

/* Adds a finding for everything that is wrong; true when nothing is. The rows of recipients[] are
 * left to intake, which keeps the good ones; here only their number and that they are objects. */
bool incident_json_check(struct json_object *json, const struct incident_rules *rules,
                         struct findings *findings);
