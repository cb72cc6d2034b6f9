/* delivery.h - the words for what became of a message: outcome, evidence, blame; and the token that
 * comes back. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "base/result.h"
#include "base/seal.h"
#include "base/time.h"

/* What one attempt came to. Stored: the numbers are frozen. */
enum outcome_kind {
    OUTCOME_DELIVERED =
        0, /* the provider says it reached the person's device, mailbox or letter box */
    OUTCOME_ACCEPTED = 1, /* the provider took responsibility (SMTP 250 after the dot, HTTP 2xx) */
    OUTCOME_DEFERRED =
        2, /* provably not taken now; try again (4yz, 429, 5xx before processing, no connection) */
    OUTCOME_REJECTED = 3,  /* provably not taken and never will be (5yz, invalid address) */
    OUTCOME_UNCERTAIN = 4, /* the bytes left, no answer came: it may have been sent */
    OUTCOME_CANCELED = 5,  /* provably not sent because we stopped it */
    OUTCOME_N
};

/* Whose fault a failure is. A provider's fault is never a person's failure: the engine pauses the
 * provider, keeps the person waiting and tells the operator. */
enum blame {
    BLAME_NONE = 0,
    BLAME_ADDRESS,   /* the address is dead or malformed (X.1.x, 21211, undeliverable address) */
    BLAME_RECIPIENT, /* the person's side refuses (mailbox full for good, STOP, landline) */
    BLAME_CONTENT,   /* this message cannot be taken (too big, render failure) */
    BLAME_PROVIDER,  /* policy, authentication, funds, suspension (X.7.x, 401, 402, 403): alarm,
                        pause */
    BLAME_STOPPED,   /* the person answered STOP to this sender */
    BLAME_N
};

/* How strong a fact is. Stored: frozen. The first six are ordered; the last four are evidence too.
 */
enum evidence {
    EVIDENCE_NONE = 0,
    EVIDENCE_HANDED_OVER = 1,
    EVIDENCE_ACCEPTED = 2,
    EVIDENCE_DELIVERED = 3,
    EVIDENCE_DISPLAYED = 4,
    EVIDENCE_ACKNOWLEDGED = 5,
    EVIDENCE_FAILED = 6,   /* the provider gave up before handing over */
    EVIDENCE_BOUNCED = 7,  /* handed over, then refused */
    EVIDENCE_RETURNED = 8, /* the letter came back */
    EVIDENCE_N
};
const char *outcome_name(enum outcome_kind kind);  /* "delivered", ... */
const char *evidence_name(enum evidence evidence); /* "handed_over", ... */
const char *blame_name(enum blame blame);
int evidence_find(const char *name); /* -1: none */
/* Is it one of failed, bounced, returned? */
bool evidence_negative(enum evidence evidence);
/* Does a newly reported fact change what is known? Late "sending" never overwrites a stronger fact;
 * a bounce or return after "delivered" does count; acknowledged is final. */
bool evidence_supersedes(enum evidence known, enum evidence reported);

struct outcome {
    enum outcome_kind kind;
    enum blame blame;
    char status[12];       /* RFC 3463 "class.subject.detail", for every channel */
    int code;              /* SMTP reply, HTTP status or the vendor's own code; 0 = none */
    char provider[32];     /* which provider or relay ("relay1", "twilio"); no personal data */
    char provider_ref[96]; /* the provider's reference (queue id, SM..., ltr_...); sealed at rest */
    char diagnostic[192];  /* the provider's words; may quote an address: sealed at rest, never
                              logged */
    int64_t retry_after_ms; /* DEFERRED: the provider asked for it; -1 = it did not */
};

/* A token travels in callback URLs, ENVID, VERP, vendor metadata and client references: it says
 * which attempt a fact belongs to, is opaque and authenticated (encrypted block + 8-byte MAC), and
 * reveals nothing. 26 characters of lower-case base32, because some MTAs fold case. */
enum { TOKEN_TEXT_SIZE = 27 };
struct token {
    int64_t chunk;     /* the chunk it was sent from, < 2^40 */
    uint16_t position; /* member within the chunk */
    uint8_t attempt;   /* 1, 2, ...; 0 = the attempt group ("key": Message-ID, idempotency key) */
};
void token_format(char to[TOKEN_TEXT_SIZE], const struct seal_key *key, const struct token *token);
/* False when the text is not one of ours (forged, cut, another key). Folds case. */
bool token_parse(struct token *ret_token, const struct seal_key *key, const char *text);
