/* progress.h - how far an incident has come, live: the incident's view, and per wave the counts by
 * the hour and what a person should watch. One JSON for GET .../progress, the status page and
 * `tocsin status`. Loop thread. */
#pragma once
#include "base/json.h"
#include "base/result.h"
#include "service/delivery/delivery.h"

enum { PROGRESS_WAVES_MAX = 20, PROGRESS_HOURS = 72 };

struct progress {
    void (*cb)(struct progress *progress); /* once, never from inside the call */
    struct delivery *delivery;
    struct store *store;
    struct arena *arena;
    id incident;
    time_ms now;
    enum result result;       /* out */
    struct error error;       /* out */
    struct json_object *json; /* out: as Progress in openapi.yaml; the caller puts it */
    /* private */
    struct delivery_incident_get get;
    struct store_hours hours;
    struct store_break_glass_list glass;
    size_t at;
};
void progress_get(struct progress *progress);
