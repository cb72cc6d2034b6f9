/* store_request.h - the store itself, and the head of every request to it.
 *
 * Every verb takes a caller-owned request struct whose first member is `struct store_request`. The
 * call is always taken; the callback comes exactly once, on the loop, never from inside the call.
 * RESULT_OK of a write means on disk (SQLite: WAL, synchronous=FULL). Inputs are borrowed until the
 * callback; outputs live in request.arena, which the caller gives (reads) and destroys. Writes that
 * we may have to prove take their receipts and store them in the same transaction. Many requests
 * share one transaction (group commit); one that fails is rolled back alone.
 *
 * Common results: UNAVAILABLE - the store has stopped accepting after a failed fsync or a full disk
 * (nothing happened; the process must be restarted); FULL / IO - this write found it out; UNCERTAIN
 * - re-read by id; NOT_FOUND; CONFLICT. After FULL or IO of a commit the write may still be there
 * after the restart (the bytes were written, the fsync failed): re-read by id. A receipt batch
 * whose id is stored already makes its request EXISTS: the earlier call had its effect. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/id.h"
#include "base/list.h"
#include "base/result.h"
#include "base/sm.h"
#include "base/time.h"
#include "tocsin/loop.h"
#include "tocsin/receipt.h"

struct store;

struct store_config {
    const char *path; /* SQLite file; created when absent; locked against a second process */
    unsigned readers; /* reader threads, default 2; 0 with threads == false: everything is pumped */
    bool threads;     /* false: tests pump with store_pump() */
    unsigned cache_mib; /* page cache of the writer, default 8 */
};
/* Opens, locks, migrates. INVALID: a newer schema or not our file; CONFLICT: another process has
 * it. */
enum result store_open(struct loop *loop, const struct store_config *config,
                       struct store **ret_store, struct error *error);
/* Finishes what was asked (callbacks run inside), checkpoints, closes. */
void store_close(struct store **store);
/* Runs what is queued, on this thread; false when idle. Only with threads == false. */
bool store_pump(struct store *store);
/* Why the store stopped accepting writes, or RESULT_OK. */
enum result store_health(const struct store *store);
/* Requests waiting or running. */
size_t store_pending(const struct store *store);

struct store_request {
    void (*cb)(struct store_request *request);
    struct arena *arena; /* for outputs; may be NULL where a verb has none */
    void *user;          /* the caller's own, where the request is not embedded in its struct */
    enum result result;
    struct error error;
    /* private */
    struct list node;
    struct store *store;
    const struct store_verb *verb;
};

/* Bytes that someone owns. */
struct blob {
    const void *data;
    size_t length;
};
