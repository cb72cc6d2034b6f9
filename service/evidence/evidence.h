/* evidence.h - everything about one incident as one archive that a stranger can check offline
 * (`tocsin verify`): receipts, openings, people, notices, decisions, a summary, a signed manifest.
 *
 *   desk = evidence_desk_create(&config);
 *   evidence_open(desk, &request);     opened(): the receipt EXPORTED is on disk, or why not
 *   evidence_pull(...)                 WAIT: ready() tells when to pull again
 *   evidence_close(&evidence);         at any time
 *
 * Loop thread only; callbacks come on the loop, never from inside a call. Reading goes page by page
 * by cursor; opening, rendering, drawing and packing run on a lane of its own. Memory is a page of
 * receipts or a window of 8,192 people, and 16 bytes for each chunk, whatever the incident's size.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>

#include "base/id.h"
#include "base/result.h"
#include "base/str.h"
#include "service/delivery/delivery.h"
#include "service/receipts/receipt_log.h"

struct evidence_desk;
struct evidence_desk_config {
    struct loop *loop;
    struct store *store;
    struct delivery *delivery;
    const struct receipt_log *log; /* says who vouches for it; NULL: nothing is said */
    const char *directory;         /* for sealed temporary files; NULL: /tmp. Borrowed */
    const char *version;           /* borrowed */
    unsigned threads;              /* of the lane: 1; 0 in tests: pumped */
};
struct evidence_desk *evidence_desk_create(const struct evidence_desk_config *config);
/* After the exports are closed; finishes what the lane has. */
void evidence_desk_destroy(struct evidence_desk **desk);
/* Signs manifests from now on: appends the signature lines of a note's text (the log's key).
 * `keys` are its verifier keys, a line each, borrowed. Without it manifests are not signed, and say
 * so. `sign` runs on the lane. */
struct evidence_signer {
    bool (*sign)(void *context, struct slice text, struct buf *to);
    void *context;
    const char *keys;
};
void evidence_desk_sign(struct evidence_desk *desk, const struct evidence_signer *signer);
/* Runs one job of a lane without threads; false: idle. */
bool evidence_desk_pump(struct evidence_desk *desk);

struct evidence_export;
struct evidence_request {
    id incident;
    bool openings;     /* details with salts, and recipient ids: the role allows it */
    const char *actor; /* copied */
    void (*opened)(void *context, enum result result, const struct error *error);
    void (*ready)(void *context);
    void *context;
};
struct evidence_export *evidence_open(struct evidence_desk *desk,
                                      const struct evidence_request *request);
enum { EVIDENCE_END = 0, EVIDENCE_WAIT = -1, EVIDENCE_FAIL = -2 };
/* After opened(RESULT_OK): bytes put into `to`, or one of the above. */
long evidence_pull(struct evidence_export *evidence, char *to, size_t size);
/* "inc_....tar.gz", valid while it is open. */
const char *evidence_name_of(const struct evidence_export *evidence);
void evidence_close(struct evidence_export **evidence);
