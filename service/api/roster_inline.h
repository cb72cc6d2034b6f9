/* roster_inline.h - the recipients[] of POST /v1/incidents, on the same way as an uploaded roster.
 */
#pragma once

#include "base/json.h"
#include "service/delivery/roster/intake.h"

struct roster_inline {
    struct delivery *delivery;
    struct json_object *recipients; /* array; borrowed until `done` */
    id incident, principal;
    const struct idempotency *(*idempotency)(void *context, const struct intake_counts *counts);
    void (*done)(void *context, enum result result, const struct intake_counts *counts,
                 const struct error *error);
    void *context;
    /* private */
    struct intake *intake;
    size_t next;
};
/* `done` comes once, not from inside the call. */
void roster_inline_start(struct roster_inline *it);
