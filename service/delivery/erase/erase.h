/* erase.h - forgetting people and incidents. Loop thread; conventions of delivery.h.
 *
 * A person is forgotten by destroying 32 bytes, the seed: what was sealed with it (the person, the
 * details of receipts, the salts of commitments) opens for nobody any more. Rows that other keys
 * seal (banners, written requests) are deleted. Leaves stay, so that every proof goes on to hold.
 * Then the store's log is emptied and its file is looked through. */
#pragma once
#include "service/delivery/delivery.h"

enum { ERASE_PEOPLE_MAX = 16, ERASE_BASIS_MAX = 64 };

/* What became of one incident. */
struct erase_item {
    id incident;
    enum result result; /* OK; CONFLICT: refused, and why; another: failed */
    unsigned people;    /* erased now */
    const char *why;    /* of a refusal: a sentence */
};
struct delivery_erase {
    struct delivery_request request;
    id incident;              /* 0 = all incidents */
    const char *recipient_id; /* one of these two */
    const char *account_id;
    id principal;
    const char *basis; /* the legal basis as a short reference ("gdpr-17-1-b"): in the leaf */
    struct erase_item *items; /* out: incidents that hold, or held, the person */
    size_t n;
    unsigned preferences; /* out: of all incidents: wishes and dead addresses that went, too */
    unsigned people;      /* out: erased in all */
    bool rebuilt;         /* out: traces were found, and the file was rebuilt */
    bool verified;        /* out: the file and its log hold nothing that opens them */
};
/* NOT_FOUND: nobody of this id, or erased before. CONFLICT with one incident: an open duty or a
 * hold stands against it, and the sentence says which. With all incidents the request is OK when
 * anybody was found, and each item says what became of it. */
void delivery_erase(struct delivery *delivery, struct delivery_erase *req);
/* "gdpr-17-1-b": letters, digits and "-._()", 1 to ERASE_BASIS_MAX. Pure. */
bool erase_basis_ok(const char *basis);

/* Forgets a whole incident: its key, and all that it sealed. */
struct delivery_erase_incident {
    struct delivery_request request;
    id incident;
    id principal;      /* 0: by itself, when the time was over */
    bool replay;       /* of a restored copy: duties and holds are not asked */
    const char *basis; /* "retention" when by itself */
    bool rebuilt;      /* out, as above */
    bool verified;     /* out */
};
/* CONFLICT: a wave is not settled, or a legal hold stands. EXISTS: erased before. */
void delivery_erase_incident(struct delivery *delivery, struct delivery_erase_incident *req);

/* How long an incident is kept, and what stands against its erasure. */
struct delivery_keep {
    struct delivery_request request;
    id incident;
    id principal;
    bool change;        /* else it is only read */
    int months;         /* in: 0 = the default, -1 = as it is; out: what holds (0 = for ever) */
    int legal_hold;     /* in: 0, 1, -1 = as it is; out */
    const char *reason; /* of a change: sealed, not in the leaf */
    time_ms due_at;     /* out: erased by itself then; TIME_NONE: not settled, held or erased */
    time_ms erased_at;  /* out; TIME_NONE */
};
/* CONFLICT: a change of an incident that is erased. */
void delivery_keep(struct delivery *delivery, struct delivery_keep *req);

/* When an incident that settled then is erased by itself. Pure. */
time_ms retention_due(time_ms settled_at, int months);

/* ---- Within the engine. ---- */
/* erase_person.c: one person of one incident, without the scan that must follow. */
struct erase_task {
    void (*cb)(struct erase_task *task);
    id incident;
    const char *recipient_id, *account_id;
    const uint32_t *numbers; /* or: these, whatever stands against it (they were erased before) */
    size_t n_numbers;
    id principal;
    const char *basis;
    bool everywhere;      /* what is known of the person beyond the incident goes, too */
    unsigned preferences; /* out: so much of it */
    bool replay;          /* of a restored copy: duties and holds are not asked */
    enum result result;   /* out */
    struct error error;   /* out */
    unsigned people;      /* out */
    struct buf *needles;  /* in: appended to */
};
void erase_person(struct delivery *delivery, struct erase_task *task);

/* erase_secure.c: empties the log, looks through the file, rebuilds it when it must. */
struct erase_secure {
    void (*cb)(struct erase_secure *secure);
    const char *ledger;     /* in: the file of erasures that gets them first; NULL: none */
    struct buf needles;     /* in: owned by the caller */
    enum result result;     /* out */
    bool rebuilt, verified; /* out */
    struct error error;     /* out */
    /* private */
    struct store *store;
    struct store_secure *checkpoint;
    struct store_scan *scan;
    struct store_ledger *write;
    struct arena *arena;
    struct loop_timer again;
    unsigned tries;
};
void erase_secure(struct loop *loop, struct store *store, struct erase_secure *secure);
