/* summary.h - what an approver is shown before he types the number of people: cohorts, a sample of
 * every variant, warnings, what changed since the last approval, cost and times. Loop thread. */
#pragma once
#include "service/delivery/delivery.h"

struct delivery_summary {
    struct delivery_request request;
    id incident, principal;
    int64_t wave;     /* 0: the one of `ordinal` */
    int ordinal;      /* 0: the first */
    bool real;        /* samples of real people, which is a receipt; else of made-up ones */
    const char *json; /* out: as ApprovalSummary in openapi.yaml */
};
/* Results as delivery_rehearse(); NOT_FOUND also for an unknown wave. Walks the whole roster. */
void delivery_summary(struct delivery *delivery, struct delivery_summary *req);

/* One variant's text as a made-up person would get it; walks nothing. */
struct delivery_sample {
    struct delivery_request request;
    id incident;
    int64_t wave;     /* 0: the one of `ordinal` */
    int ordinal;      /* 0: the first */
    const char *key;  /* of the summary's variant */
    const char *json; /* out: {"subject","line","text","html","to","made_up","missing"} */
};
/* NOT_FOUND: no such incident, wave or variant. */
void delivery_sample(struct delivery *delivery, struct delivery_sample *req);
