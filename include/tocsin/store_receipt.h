/* store_receipt.h - verbs for receipts, batch by batch. The promises of all verbs stand at the head
 * of store_request.h. */
#pragma once
#include "tocsin/store_request.h"

/* ---- Receipts. ---- */
struct receipt_row {
    int64_t order; /* cursor: ascending as committed */
    id batch, incident;
    int64_t wave, chunk;
    unsigned n;
    struct blob leaves, details;
    bool late;
};
struct store_receipt_list {
    struct store_request request;
    id incident;              /* 0 = all */
    int64_t chunk;            /* > 0: only batches of this chunk */
    id batch;                 /* > 0: only this batch */
    int64_t after;            /* order */
    unsigned limit;           /* batches */
    struct receipt_row *rows; /* out */
    size_t n;
};
/* Whole batches, at most 1,000, `leaves` and `details` as they were stored; n = 0: the end. */
void store_receipt_list(struct store *store, struct store_receipt_list *req);
struct store_receipt_append {
    struct store_request request;
    const struct receipt_batch *receipts;
};
/* A batch about nothing but itself. EXISTS: its id is stored. */
void store_receipt_append(struct store *store, struct store_receipt_append *req);
