/* roster.h - what people ask about the rows of an incident and decide about them: waive rejected
 * rows, discard an upload. The common promises stand at the head of delivery.h. */
#pragma once
#include "service/delivery/delivery.h"

enum { WAIVE_ROWS_MAX = 500 };

/* An approver says that rejected rows need no notice, and why; one receipt a row. DENIED: he
 * uploaded one of them; CONFLICT: one is decided already; NOT_FOUND. */
struct delivery_waive {
    struct delivery_request request;
    id incident, principal;
    const int64_t *rows; /* as the list names them; NULL: the first WAIVE_ROWS_MAX undecided ones */
    size_t n;            /* up to WAIVE_ROWS_MAX */
    const char *reason;  /* sealed with the receipts */
    int64_t waived, undecided; /* out */
};
void delivery_waive(struct delivery *delivery, struct delivery_waive *req);

/* Takes an upload out of the roster again, before anything is released; rows of other uploads that
 * were duplicates of its rows come back. CONFLICT, EXISTS, NOT_FOUND: store_upload_discard(). */
struct delivery_discard {
    struct delivery_request request;
    id incident, upload, principal;
    const char *reason;        /* sealed with the receipt */
    int64_t accepted, revived; /* out: who went, who came back */
};
void delivery_discard(struct delivery *delivery, struct delivery_discard *req);

/* What the roster is made of: {"people", "version", "unopened", "reach": {...}, "jurisdictions":
 * [{"name", "people", "derived", "law"}], "locales", "shared": {"groups", "people", "list"}}; no
 * personal data, people as roster numbers. Stored for this version of the incident, or a pass over
 * the roster makes it now. */
struct delivery_roster_view {
    struct delivery_request request;
    id incident;
    const char *json; /* out */
};
void delivery_roster_view(struct delivery *delivery, struct delivery_roster_view *req);
