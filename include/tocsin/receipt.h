/* receipt.h - a receipt is one immutable record of one fact. What it says is canonical JSON (the
 * leaf: no addresses, names or exact times); what it opens is sealed for the person (the details)
 * and bound to the leaf by a salted commitment. Receipts are written in batches, in the same
 * transaction as the fact. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/hash.h"
#include "base/id.h"
#include "base/seal.h"
#include "base/time.h"
#include "tocsin/delivery.h"

enum { RECEIPT_VERSION = 1 };

/* What happened. Stored by name in the leaf: names are frozen. */
enum receipt_kind {
    RECEIPT_INCIDENT_OPENED,
    RECEIPT_ROSTER_ACCEPTED,
    RECEIPT_APPROVED,
    RECEIPT_APPROVAL_VOIDED,
    RECEIPT_RELEASED,
    RECEIPT_PLANNED,
    RECEIPT_WITHHELD,    /* a person the plan holds back: a placeholder is missing */
    RECEIPT_UNREACHABLE, /* no rung is left or open for a person */
    RECEIPT_HELD,
    RECEIPT_RESUMED,
    RECEIPT_CANCELED,
    RECEIPT_SETTLED,
    RECEIPT_ATTEMPT,   /* one attempt with its outcome */
    RECEIPT_EVIDENCE,  /* a later fact: delivered, bounced, displayed, returned, ... */
    RECEIPT_ESCALATED, /* passed to the next rung, and why */
    RECEIPT_TOLD,      /* the evidence asked for is there */
    RECEIPT_REQUEST_OPENED,
    RECEIPT_REQUEST_MATCHED,
    RECEIPT_REQUEST_CLOSED, /* written notice */
    RECEIPT_TOKEN_MINTED,
    RECEIPT_TOKEN_REVOKED,
    RECEIPT_EXPORTED,
    RECEIPT_NODE_STARTED,
    RECEIPT_CONFIGURED,
    RECEIPT_ERASED,   /* a person's seed, or an incident's key, was destroyed */
    RECEIPT_KEEPING,  /* how long an incident is kept was changed; a legal hold came or went */
    RECEIPT_RESTORED, /* a restored copy of the store was approved to go on */
    RECEIPT_APPROVAL_REFUSED, /* somebody tried: the number of people typed was wrong */
    RECEIPT_BREAK_GLASS,      /* one person released alone */
    RECEIPT_REVIEWED,         /* a second one looked at that afterwards */
    RECEIPT_TOKEN_CLAIMED,    /* an invited person made a credential of his own */
    RECEIPT_FORMAT_OWED,      /* told, but no channel has the form that the person can read */
    RECEIPT_PREFERENCE,       /* a wish, or a dead address, was noted, taken back or forgotten */
    RECEIPT_BACKUP_MADE,      /* a copy of the store was made; what it holds, and its digest */
    RECEIPT_WAVE_OPENED,
    RECEIPT_INCIDENT_CHANGED, /* one member: old value, new value and reason are sealed */
    RECEIPT_HOLD_PLACED,      /* narrower than a wave: its scope is in the facts */
    RECEIPT_HOLD_LIFTED,
    RECEIPT_RESUME_ASKED, /* one person asks; RESUMED or HOLD_LIFTED: another agreed */
    RECEIPT_REGULATOR_TOLD,
    RECEIPT_LOG_BEGUN, /* first leaf of a log that goes on from one that ended: its last checkpoint
                        */
    RECEIPT_READ,      /* somebody looked at what is kept of one person */
    /* Names kept for what is to come. */
    RECEIPT_FACTS_CHANGED,    /* facts or dates of an incident after its first approval */
    RECEIPT_ATTACHED,         /* a file was put beside an incident */
    RECEIPT_NOT_NOTIFIED,     /* a decision not to notify, and on what ground */
    RECEIPT_SEED_SENT,        /* an address of our own got the notice first */
    RECEIPT_BRAKE_WAITING,    /* the canary is out: a person must say go on */
    RECEIPT_BRAKE_STOPPED,    /* the wave, or a part of it, stopped by itself */
    RECEIPT_BRAKE_RESUMED,    /* a person said go on, or the provider takes messages again */
    RECEIPT_ROSTER_DISCARDED, /* an upload left the roster before anything was released */
    RECEIPT_ROW_REPAIRED,     /* a rejected row's correction was uploaded */
    RECEIPT_ROW_WAIVED,       /* an approver says that a rejected row needs no notice, and why */
    RECEIPT_PLAN_MADE,        /* who must be told by law: rules version, digest, how many duties */
    RECEIPT_DUTY_DONE,        /* a person says that a regulator, bureau, ... was told */
    RECEIPT_DUTY_OVERRIDDEN,  /* people are told although a duty before them is not done */
    RECEIPT_KINDS_N
};
const char *receipt_kind_name(enum receipt_kind kind); /* "incident_opened", ... */
int receipt_kind_find(const char *name);

/* One fact to be recorded. Strings end with the call. Fields that do not apply are 0 / NULL /
 * TIME_NONE. */
struct receipt {
    enum receipt_kind kind;
    time_ms at;  /* exact: into the details; the leaf carries the UTC day */
    id incident; /* 0: about the service itself */
    int64_t wave;
    const char *channel; /* name, or NULL */
    unsigned attempt;
    int outcome; /* enum outcome_kind of an ATTEMPT (other kinds: not looked at) */
    enum evidence evidence;
    bool in_account;    /* the channel puts the notice into the person's account (ETSI: consignment,
                           not    relay) */
    const char *status; /* RFC 3463 */
    int code;           /* the provider's number: in the leaf (codes only, never text) */
    const uint8_t *notice_digest; /* DIGEST_SIZE bytes of what was said to this person, or NULL */
    const char *reason; /* a fixed word ("no_evidence", "bounced", "opted_out", ...), in the leaf */
    const char *actor;  /* principal who did it: "prn_...", in the leaf */
    struct json_object
        *facts; /* leaf member "facts" (counts, hashes): no personal data; borrowed */

    /* About a person: the rest is sealed with the person's key. seed NULL: about no person, details
     * stay plain. */
    const struct seal_key *seed;
    const char *recipient_id;
    uint32_t number;
    const char *address; /* the address used, as sent to */
    const char *provider, *provider_ref, *diagnostic;
    const char
        *note; /* free text given by a person (hold reason, officer): sealed, never in the leaf */
};

/* A batch: u16-length-prefixed leaves, deflated; beside them the details in the same order. Built
 * on any one thread. */
struct receipt_batch {
    id id; /* given at init; a receipt's public id is "rct_<batch>.<slot>" */
    id incident;
    int64_t wave, chunk; /* 0 when about none */
    unsigned n;
    struct buf leaves; /* while building: raw; after receipt_batch_finish: deflated */
    struct buf details;
};
void receipt_batch_init(struct receipt_batch *batch, id incident, int64_t wave, int64_t chunk);
/* Adds one; up to 1,000 a batch. The incident key seals details that are about no person but hold
 * free text. */
void receipt_batch_add(struct receipt_batch *batch, const struct seal_key *incident_key,
                       const struct receipt *receipt);
void receipt_batch_finish(struct receipt_batch *batch);
void receipt_batch_free(struct receipt_batch *batch);

/* Reads a stored batch back: leaf JSON text of each slot, and the details opened where a key is
 * given. */
struct receipt_view {
    unsigned slot;
    const char *leaf; /* canonical JSON, NUL-terminated */
    size_t leaf_length;
    const uint8_t *details; /* sealed or plain, as stored */
    size_t details_length;
};
/* Inflates and walks a stored batch. `each` is called n times; strings end with each call.
 * RESULT_INVALID: damaged. */
enum result receipt_batch_read(const void *leaves, size_t leaves_length, const void *details,
                               size_t details_length,
                               void (*each)(void *context, const struct receipt_view *view),
                               void *context);
/* The roster number of the person a receipt is about, for finding the seed; UINT32_MAX: about
 * nobody, or the incident key is another. */
uint32_t receipt_details_number(const struct receipt_view *view, id batch,
                                const struct seal_key *incident_key);
/* Opens the details of one receipt to JSON text (appended):
 * {"at","recipient_id","address",...,"salt"}; false when the key is not the person's (erased) or
 * the bytes are damaged. `seed` NULL: details about no person, opened with the incident key. Checks
 * the leaf's commitment against what it opened. */
bool receipt_details_open(struct buf *to, const struct receipt_view *view, id batch,
                          const struct seal_key *incident_key, const struct seal_key *seed);
