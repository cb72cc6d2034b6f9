/* claim.h - an invitation becomes a credential: shown once, to the invited person alone. Loop
 * thread. */
#pragma once
#include "service/api/call.h"

struct claim {
    struct call *call;
    const char *invitation; /* in */
    void (*cb)(
        struct claim *claim);    /* once; not from inside the call unless nothing was looked up */
    enum result result;          /* out: DENIED: unknown or no invitation; EXISTS: claimed */
    struct error error;          /* out */
    id token;                    /* out */
    char text[ACCESS_TEXT_SIZE]; /* out: the credential; the caller wipes it */
    /* private */
    struct access_check check;
    struct store_token put;
    struct receipt_batch receipts;
};
void claim_start(struct claim *claim);
