/* wave.h - waves as a resource, and facts that change: what the API may ask. The rules of requests
 * are those of delivery.h. */
#pragma once
#include "service/delivery/delivery.h"

/* One more wave of an incident, as a draft. */
struct delivery_wave_open {
    struct delivery_request request;
    id incident, principal;
    int kind;                 /* enum wave_kind */
    int64_t notice;           /* 0: the newest when it is released */
    time_ms not_before;       /* TIME_NONE */
    const char *caps;         /* JSON text, canonical; NULL: none */
    struct json_object *spec; /* {"audience", "facts", "channels"}, checked by the API; NULL */
    /* The stored answer of an idempotent request is made once it is known which wave it is. */
    const struct idempotency *(*answer)(void *context, const struct wave_row *row);
    void *context;
    struct wave_row row; /* out */
};
void delivery_wave_open(struct delivery *delivery, struct delivery_wave_open *req);

/* Every version of an incident's notice. */
struct delivery_notices {
    struct delivery_request request;
    id incident;
    struct notice_version *rows; /* out: the oldest first */
    size_t n;
};
void delivery_notices(struct delivery *delivery, struct delivery_notices *req);

/* Changes an incident's document (RFC 7396 merge patch, applied by the caller). */
struct delivery_incident_patch {
    struct delivery_request request;
    id incident, principal;
    int64_t version;           /* in: what the caller saw (If-Match); out: now */
    struct json_object *patch; /* checked; members that are null are removed */
    const char *reason;        /* sealed with old and new value in the receipt */
    bool (*check)(void *context, struct json_object *document); /* is the whole still good? */
    void *context;
    int64_t notice;               /* out: the newest notice version */
    bool said;                    /* out: something that is sent changed */
    int voided;                   /* out: waves whose approvals are void */
    struct json_object *document; /* out: the caller puts it */
};
/* INVALID: `check` said no. CONFLICT: version moved on. EXISTS: nothing changes by it. */
void delivery_incident_patch(struct delivery *delivery, struct delivery_incident_patch *req);
