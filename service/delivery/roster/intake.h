/* intake.h - a roster streaming in: bytes of NDJSON or CSV in, sealed blocks in the store, every
 * bad row named.
 *
 * Constant memory: intake_write() says when to pause. Checking, deflating and sealing run on the
 * render lane.
 *
 *   intake_begin -> opened(OK) -> intake_write()* -> intake_end -> finished(counts)
 *   opened(EXISTS): this part is stored already with this digest; `counts` hold the stored answer,
 * nothing to send. */
#pragma once
#include "service/delivery/delivery.h"
#include "tocsin/sheet.h"

struct intake;

enum intake_format { INTAKE_NDJSON, INTAKE_CSV };
#define UPLOAD_SHAPE_BOUND "upload-shape/1" /* what seals `sheet` in the store */
struct intake_counts {
    int64_t accepted, duplicates, rejected, warnings;
    int64_t repaired;                  /* REPAIR: rejected rows that this upload corrects */
    const struct roster_reject *wrong; /* REPAIR: the first 100 rows that are wrong again; with the
                                          members below */
    size_t n_wrong;
    id upload;         /* `finished` and `idempotency` only */
    const char *sheet; /* the same: JSON of encoding, delimiter and columns with their evidence;
                          NULL: none was needed. Valid inside the call. */
    uint8_t digest[DIGEST_SIZE]; /* SHA-256 of the bytes as they came */
};
struct intake_config {
    id incident;
    unsigned part; /* 1..: a part of a resumable upload; 0: a whole upload that commits itself */
    enum intake_format format;
    enum sheet_charset charset; /* of a CSV, as declared; UNSAID: found out */
    enum upload_mode mode;      /* REPAIR: each row names the one it corrects as rejected_row */
    bool late;                  /* the first wave is released: joins for a wave of late additions */
    int64_t expected;           /* people that the responder counts on; 0: not said */
    bool early; /* `finished` may come before intake_end(), as soon as the file is refused */
    const uint8_t
        *digest; /* expected (Content-Digest); NULL: none. Another digest at the end: INVALID */
    id principal;
    void (*opened)(void *context, enum result result, const struct intake_counts *counts,
                   const struct error *error);
    void (*drained)(void *context); /* after intake_write() said false: write again */
    /* Makes the reply that is stored with the idempotency key, if there is one; may be NULL. */
    const struct idempotency *(*idempotency)(void *context, const struct intake_counts *counts);
    void (*finished)(void *context, enum result result, const struct intake_counts *counts,
                     const struct error *error);
    void *context;
};
/* `opened` comes once; after any result but OK the intake is gone and `finished` does not come. */
struct intake *intake_begin(struct delivery *delivery, const struct intake_config *config);
/* Takes all bytes. False: wait for `drained` before the next call. */
bool intake_write(struct intake *intake, const void *bytes, size_t length);
/* No more bytes. `finished` comes once; the intake is gone then. */
void intake_end(struct intake *intake);
/* The client has gone: everything of this upload is forgotten. `finished` comes with CANCELED, and
 * no `opened` before it when it was not open yet. */
void intake_abort(struct intake *intake);

struct delivery_roster_commit {
    struct delivery_request request;
    id incident;
    unsigned parts;
    int64_t count;    /* -1: not checked */
    int64_t expected; /* people that the responder counts on; 0: not said */
    id principal;
    struct intake_counts counts; /* out */
};
void delivery_roster_commit(struct delivery *delivery, struct delivery_roster_commit *req);
