/* receipt_event.c - what a fact is called in the vocabulary of ETSI EN 319 522-1 V1.2.1 section 6,
 * so that evidence can be read beside that of registered delivery services. Plain email, SMS and
 * post are outside such a service: RelayToNonERDS is their honest label. Pure. */
/* This module. */
#include "service/receipts/receipt_private.h"

static const char *taken(const struct receipt *receipt)
{
    return receipt->in_account ? "ContentConsignment" : "RelayToNonERDS";
}

static const char *failed(const struct receipt *receipt)
{
    return receipt->in_account ? "ContentConsignmentFailure" : "RelayToNonERDSFailure";
}

static const char *attempt_event(const struct receipt *receipt)
{
    if (receipt->outcome == OUTCOME_ACCEPTED || receipt->outcome == OUTCOME_DELIVERED)
        return taken(receipt);
    return receipt->outcome == OUTCOME_REJECTED ? failed(receipt) : NULL;
}

static const char *evidence_event(const struct receipt *receipt)
{
    switch (receipt->evidence) {
    case EVIDENCE_HANDED_OVER:
    case EVIDENCE_ACCEPTED:
    case EVIDENCE_DELIVERED:
        return taken(receipt);
    case EVIDENCE_DISPLAYED:
        return "ContentHandover";
    case EVIDENCE_ACKNOWLEDGED:
        return "ContentAccessTracking";
    case EVIDENCE_FAILED:
    case EVIDENCE_BOUNCED:
    case EVIDENCE_RETURNED:
        return failed(receipt);
    case EVIDENCE_NONE:
    case EVIDENCE_N:
        break;
    }
    return NULL;
}

const char *receipt_event(const struct receipt *receipt)
{
    if (receipt->kind == RECEIPT_ATTEMPT)
        return attempt_event(receipt);
    if (receipt->kind == RECEIPT_EVIDENCE)
        return evidence_event(receipt);
    return receipt->kind == RECEIPT_ROSTER_ACCEPTED ? "SubmissionAcceptance" : NULL;
}
